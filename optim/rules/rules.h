/* The room of rules: optimisers, schedules, clipping.
 *
 *   optimizer.c   calls of optimisers and their table       optimizers/  a file for each that ships
 *   lines.[ch]    the text of a rule                        schedules/   a file for each that ships
 *   step.c        what a step is refused for                schedule.c   calls of schedules and their table
 *   emit.c        a step as nodes                           groups.c     settings of parameters by their names
 *   clip.c        clipping of gradients */
#ifndef OPTIM_RULES_H
#define OPTIM_RULES_H

#include <dotgrad/rules.h>

/* The hyper-parameters as numbers for formulas. */
int rule_bind(const dg_optimizer *optimizer, dg_binding bindings[DG_MAX_HYPER]);
/* True of rule('…'). */
bool rule_has_own_lines(const dg_optimizer *optimizer);
/* DG_BAD_ARGUMENT, DG_BAD_DTYPE or DG_BAD_SHAPE, with the member or the parameter that is wrong. */
dg_status rule_check_step(const dg_optimizer *optimizer, const dg_optimizer_step *step);

#endif
