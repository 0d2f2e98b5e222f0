/* The room of rules: optimisers, schedules, clipping.
 *
 *   optimizer.c   calls of optimisers and their table       lines.[ch]   the text of a rule
 *   emit.c        a step as nodes                           optimizers/  a file for each that ships
 *   schedule.c    calls of schedules and their table        schedules/   a file for each that ships
 *   clip.c        clipping of gradients                     groups.c     settings of parameters by their names */
#ifndef OPTIM_RULES_H
#define OPTIM_RULES_H

#include <dotgrad/rules.h>

/* The hyper-parameters as numbers for formulas. */
int rule_bind(const dg_optimizer *optimizer, dg_binding bindings[DG_MAX_HYPER]);
/* True of rule('…'). */
bool rule_has_own_lines(const dg_optimizer *optimizer);

#endif
