/* The room of rules: optimisers, schedules, clipping.
 *
 *   optimizer.c   calls of optimisers and their table       lines.[ch]   the text of a rule
 *   emit.c        a step as nodes                           optimizers/  a file for each that ships
 *   schedule.c    calls of schedules and their table        schedules/   a file for each that ships
 *   clip.c        clipping of gradients                     */
#ifndef OPTIM_RULES_H
#define OPTIM_RULES_H

#include <dotgrad/rules.h>

/* The hyper-parameters as numbers for formulas; a parameter that is not decayed sees weight_decay = 0. */
int rule_bind(const dg_optimizer *optimizer, bool decayed, dg_binding bindings[DG_MAX_HYPER]);
/* True of rule('…'). */
bool rule_has_own_lines(const dg_optimizer *optimizer);

#endif
