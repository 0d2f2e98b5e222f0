/* The room of rules: optimisers, schedules, clipping.
 *
 *   optimizer.c   calls of optimisers and their table       optimizers/  a file for each that ships
 *   lines.[ch]    the text of a rule                        schedules/   a file for each that ships
 *   step.c        what a step is refused for                schedule.c   calls of schedules and their table
 *   emit.c        a step as nodes                           groups.c     settings of parameters by their names
 *   clip.c        clipping of gradients       states.c     whose an optimiser's states are */
#ifndef OPTIM_RULES_H
#define OPTIM_RULES_H

#include "core/graph/graph.h"

#include <dotgrad/rules.h>

/* The hyper-parameters as numbers for formulas. */
int rule_bind(const dg_optimizer *optimizer, dg_binding bindings[DG_MAX_HYPER]);
/* True of rule('…'). */
bool rule_has_own_lines(const dg_optimizer *optimizer);
/* DG_BAD_ARGUMENT, DG_BAD_DTYPE or DG_BAD_SHAPE, with the member or the parameter that is wrong. */
dg_status rule_check_step(const dg_optimizer *optimizer, const dg_optimizer_step *step);

/* Whether patterns, as of dg_name_matches(), fit a parameter's or layer's name, or that with the names of the modules
 * around it in front, as of a graph file's clusters: "encoder" all in cluster_encoder. */
bool node_matches(const dg_node *node, const char *patterns);
/* The first group that fits a parameter so; NULL: none. */
const dg_group *groups_find(const dg_groups *groups, const dg_node *parameter);

/* The group that an optimiser's states go into, and what they are for. A named optimiser has the one of its name;
 * DG_BAD_ARGUMENT: those there are for other parameters, or another optimiser. One without a name has the first by
 * number that nothing else has. In the graph's arena. */
#define STATES_GROUP 80
dg_status states_choose(const dg_optimizer *optimizer, const dg_optimizer_step *step, const purpose **chosen);

#endif
