/* Optimisers and schedules: the calls that name them, the descriptors they are, and the nodes they become.
 *
 * An optimiser is a descriptor, shipped or your own: lines of text where text will do, a function that emits nodes
 * where it will not (Muon), or an algorithm that runs the training itself (L-BFGS). Lines:
 *
 *     m = 0.9*m + g; p = p - lr*m
 *
 * Statements are separated by ; or line ends and give a name a new value (`p -= lr*m` for short). A statement may end
 * in `if NAME` or `unless NAME`: it then counts when that hyper-parameter is (not) other than 0. Names: p the
 * parameter, g its gradient, lr the learning rate, t the number of the step from 1, and the hyper-parameters. A name
 * that is read before it is given a value is state: it begins as zeros, and the last value it is given is kept for the
 * next step. Expressions are formulas (<dotgrad/formula.h>); ops that are none may be called too, reductions above all:
 * norm(g), mean(p*p), sum(g, dim=0, keepdim=true). Statements that read neither p nor g, however indirectly, are
 * computed once a step in float64. A hyper-parameter named weight_decay is 0 for parameters that are not decayed. */
#ifndef DOTGRAD_RULES_H
#define DOTGRAD_RULES_H

#include <dotgrad/argument.h>
#include <dotgrad/parameters.h>

DG_BEGIN_C

/* ---- optimisers ---- */

#define DG_MAX_HYPER      12
#define DG_RULE_NAME      32
#define DG_RULE_TEXT      1024
#define DG_OPTIMIZER_TEXT 1600

typedef struct dg_rule dg_rule;
typedef struct dg_rule_step dg_rule_step;
typedef struct dg_rule_driver dg_rule_driver;

/* An optimiser's descriptor: `lines`, or `emit`, or `drive`. */
struct dg_rule {
    const char *name;
    const char *summary;                     /* one line, with the formula */
    const char *source;                      /* paper, where there is one */
    double lr;                               /* the default */
    dg_argument arguments[DG_MAX_HYPER + 1]; /* after lr; ended by a NULL name */
    /* What is wrong with these hyper-parameters together. NULL: nothing can be. */
    dg_status (*check)(const double *hyper);
    const char *lines;
    /* Emits one parameter's step by the functions below; the value of p at the end is the parameter's next one. */
    void (*emit)(dg_rule_step *step);
    const dg_rule_driver *drive; /* of those that ship: runs each training step itself */
    bool needs_sampled;          /* reads s: the gradient with targets that are drawn from the network's own output */
};

/* An optimiser call, read and checked: "adam(lr=0.001, betas=[0.9, 0.999])", "rule('p = p - lr*g', lr=0.1)".
 * `dotgrad list optimizers` prints the table. Formulas and defaults of those that PyTorch has are torch.optim's.
 * A plain value: nothing to free. */
typedef struct dg_optimizer {
    const dg_rule *rule;                    /* NULL: not parsed */
    double lr;                              /* the base rate that schedules multiply */
    double hyper[DG_MAX_HYPER];             /* in the rule's order */
    char names[DG_MAX_HYPER][DG_RULE_NAME]; /* of hyper-parameters, where the call itself holds the lines */
    char lines[DG_RULE_TEXT];
} dg_optimizer;

/* DG_BAD_ARGUMENT: an unknown optimiser or keyword (with the known ones), a learning rate that is not positive and
 * finite, a beta outside [0, 1), a negative eps, lines that cannot be read, … */
dg_status dg_optimizer_parse(const char *text, dg_optimizer *optimizer);
#define DG_DEFAULT_OPTIMIZER "adam"     /* of trainings that name none */
#define DG_DEFAULT_SCHEDULE  "constant" /* likewise */
const char *dg_optimizer_name(const dg_optimizer *optimizer);
/* The whole call with every value written out; equal optimisers give equal text. Returns text. */
char *dg_optimizer_print(const dg_optimizer *optimizer, char *text, size_t size);
/* The value of a hyper-parameter; NaN when the optimiser has none of that name. A list has a name for each of its
 * numbers: beta1, beta2. */
double dg_optimizer_hyper(const dg_optimizer *optimizer, const char *name);

/* Adds an optimiser. The descriptor must stay. DG_BAD_ARGUMENT: it is not complete, its name or that of an
 * argument is not letters, digits and _, or one is taken: p, g, s, t and lr are. */
dg_status dg_register_rule(const dg_rule *rule);
const dg_rule *dg_rule_at(size_t index); /* NULL after the last; those that ship first */
const dg_rule *dg_rule_find(const char *name);
const char *dg_optimizer_name_at(size_t index); /* their names; NULL after the last */

/* Emits one step as nodes: state tensors become parameters (trainable=false, init=zeros) named
 * "optimizer/PARAMETER/exp_avg" and the like, next to "optimizer/step", a float64 scalar that counts steps. With a name
 * they are "optimizer/NAME/PARAMETER/exp_avg" and "optimizer/NAME/step". States belong to one optimiser and the set of
 * parameters that it steps: the same optimiser of the same set, on this graph or another one with the same tensors,
 * goes on with them, whatever its numbers. Another one without a name is named "2", "3", …, beside those of the graph
 * and of `states`; with a name that is taken it is refused. A note of the tensors ("dotgrad.kept_for.…") says whose the
 * states are: dg_parameters_init() leaves those of another alone, and plans refuse them. `lr` is a scalar node of a
 * float type, usually an input. `updates` receives *n_updates assign nodes for dg_plan_options; they live in the
 * graph's arena. Call dg_parameters_init() afterwards: it makes the state. Parameters whose op says so (DG_NO_DECAY:
 * the slopes of PReLU) are never decayed, nor are those in `no_decay`, nor those that are positive. A positive
 * parameter's rule is given u = log p and g·p for p and g (so that a state is u's); others with min or max end their
 * step at the bound, the averages of `average` are p's in any case. The work is linear in the number of parameters and
 * the size of the graph. DG_BAD_ARGUMENT: an optimiser that drives the training itself; a node that is no parameter, or
 * of another graph; DG_BAD_SHAPE: a gradient that does not have its parameter's shape. */
/* What one parameter has of its own. */
typedef struct dg_parameter_settings {
    double lr;    /* base rate in place of the optimiser's, by whose ratio `lr` of the step is multiplied; NaN: none */
    double decay; /* weight_decay; NaN: the optimiser's */
    dg_range range; /* see dg_parameter_range() */
} dg_parameter_settings;

typedef struct dg_optimizer_step {
    dg_graph *graph;
    int count;
    dg_node *const *parameters;
    dg_node *const *gradients;
    dg_node *lr;
    dg_node *const *no_decay;
    int n_no_decay;
    const dg_parameter_settings *settings; /* one a parameter; NULL: ranges as the graph has them, and no more */
    const char *name;                      /* NULL: none */
    const dg_named_node *moving;           /* hyper-parameters that are scalar nodes, not the optimiser's numbers */
    int n_moving;
    int accumulate;           /* a step is made of the mean gradient of so many runs; 0: 1 */
    const char *average;      /* lines run after the rule's own, where p is the new value; NULL: none */
    dg_node *const *sampled;  /* gradients with sampled targets, for rules that need them; else NULL */
    const dg_tensors *states; /* tensors that the plan will have, where other graphs' optimisers may have states; NULL:
                                 not looked into */
} dg_optimizer_step;
dg_status dg_optimizer_emit(const dg_optimizer *optimizer, const dg_optimizer_step *step, dg_node *const **updates,
                            int *n_updates);

/* Gradients clipped, as nodes; `clipped` may be `gradients`. By value: min(max(g, −limit), limit). By norm
 * (torch.nn.utils.clip_grad_norm_): g·min(1, limit / (‖all g‖₂ + 1e-6)); *norm (may be NULL) is ‖all g‖₂.
 * DG_BAD_ARGUMENT: a limit that is not positive and finite. */
dg_status dg_clip_value(dg_graph *graph, int count, dg_node *const *gradients, double limit, dg_node **clipped);
dg_status dg_clip_norm(dg_graph *graph, int count, dg_node *const *gradients, double limit, dg_node **clipped,
                       dg_node **norm);

/* All trainable parameters that a derivative of `output` reaches, in the graph's order; the list lives in the graph's
 * arena. Those behind `detach` alone are none, as they have no gradient: an optimiser leaves them as they are. */
dg_status dg_trainable_parameters(dg_node *output, dg_node *const **parameters, int *count);

/* Parameters by their names: "[group('hidden.*', lr=0.1, decay=0), group('*.gamma', positive=true)]", or one group. A
 * group takes lr (the base rate, in place of the optimiser's), decay (in place of its weight_decay), freeze=true
 * (trains none of them), positive, min and max (dg_parameter_range()). Of several that fit, the first counts, whole.
 * Patterns as in dg_trainable_matching(). Plain values in an arena of its own. */
typedef struct dg_group {
    const char *pattern;
    bool freeze, has_range;
    dg_parameter_settings settings; /* the range counts with has_range */
} dg_group;
typedef struct dg_groups {
    int count;
    dg_group *at;
    struct dg_arena *arena;
} dg_groups;
/* `freeze`: more patterns ("hidden.gamma, embed"), before all groups; NULL: none, as `text` may be. */
dg_status dg_groups_parse(const char *text, const char *freeze, dg_groups *groups);
void dg_groups_release(dg_groups *groups);
/* The group of the parameter of that name; NULL: none. */
const dg_group *dg_groups_find(const dg_groups *groups, const char *name);
/* DG_BAD_ARGUMENT: a group that no parameter of the list fits. */
dg_status dg_groups_check(const dg_groups *groups, dg_node *const *parameters, int count);
/* Takes the frozen ones out of the list and gives the settings of those that are left. DG_BAD_ARGUMENT: nothing is. */
dg_status dg_groups_apply(const dg_groups *groups, dg_node **parameters, int *count, dg_parameter_settings *settings);
/* True of a name that one of the patterns fits, which commas separate. */
bool dg_name_matches(const char *name, const char *patterns);

/* For `emit` of a descriptor. Symbols are what lines read and write: p, g, lr, t, hyper-parameters, states. */
dg_graph *dg_rule_graph(const dg_rule_step *step);
const dg_type *dg_rule_type(const dg_rule_step *step);            /* the parameter's */
double dg_rule_hyper(const dg_rule_step *step, const char *name); /* as a number; weight_decay as for this parameter */
dg_node *dg_rule_symbol(const dg_rule_step *step, const char *name); /* NULL: not set */
void dg_rule_set(dg_rule_step *step, const char *name, dg_node *node);
/* A state of this shape, zeros at first. It is a symbol, whose value at the end is kept. */
dg_node *dg_rule_state(dg_rule_step *step, const char *name, dg_shape shape);
void dg_rule_lines(dg_rule_step *step, const char *lines);

/* ---- schedules ---- */

#define DG_SCHEDULE_TEXT 1000

typedef struct dg_schedule_rule dg_schedule_rule;

/* A schedule call, read and checked: "cosine(t_max=none, eta_min=0, warmup=5)". Every one but sequential and chain
 * takes warmup=0 and per=epoch|step, the unit in which its sizes count. Warm-up rises linearly over that many units;
 * the schedule proper starts after it. `dotgrad list schedules` prints the table. A text that is no call of a known
 * schedule but a formula is formula('…'). */
typedef struct dg_schedule {
    const dg_schedule_rule *rule;
    double values[DG_MOST_ARGUMENTS]; /* in the rule's order */
    double warmup;
    bool per_step;
    struct dg_schedule_inside *inside; /* lists, formulas, inner schedules; NULL for most */
} dg_schedule;

dg_status dg_schedule_parse(const char *text, dg_schedule *schedule);
void dg_schedule_release(dg_schedule *schedule); /* frees and zeroes; needed by schedules with lists or formulas */
const char *dg_schedule_name_at(size_t index);   /* NULL after the last */
/* The whole call with every value written out. Returns text. */
char *dg_schedule_print(const dg_schedule *schedule, char *text, size_t size);
/* The learning rate of step `step` (from 0). A schedule that looks at losses (plateau) has the base rate here: see
 * dg_schedule_follow(). */
double dg_schedule_rate(const dg_schedule *schedule, double base, uint64_t step, uint64_t steps_per_epoch,
                        uint64_t epochs);

/* Where in training a schedule is asked. */
typedef struct dg_schedule_point {
    double base;   /* the rate that the optimiser was given */
    double t;      /* units done since warm-up; of a schedule by epochs with the fraction done */
    double whole;  /* all units after warm-up; 0 when the end is not known */
    double unit;   /* steps in a unit */
    uint64_t step; /* steps done since the beginning */
    uint64_t steps, epochs, steps_per_epoch; /* of the whole run */
    int n_losses;                            /* of the epochs done, for schedules that look at them */
    const double *losses;                    /* validation's where there is validation, else training's */
} dg_schedule_point;

/* A schedule's descriptor. Formulas are those of torch.optim.lr_scheduler in closed form. */
struct dg_schedule_rule {
    const char *name;
    const char *summary; /* one line, with the formula */
    dg_argument arguments[DG_MOST_ARGUMENTS - 2];
    dg_status (*check)(const dg_schedule *schedule); /* NULL: nothing to check */
    double (*rate)(const dg_schedule *schedule, const dg_schedule_point *at);
    /* The momentum (or the first beta) at that point. NULL: the optimiser's own, throughout. */
    double (*momentum)(const dg_schedule *schedule, const dg_schedule_point *at);
    bool follows_losses;
    bool composite; /* takes neither warmup nor per */
};
/* As dg_register_rule(); names that arguments cannot have are warmup and per. */
dg_status dg_register_schedule(const dg_schedule_rule *rule);
const dg_schedule_rule *dg_schedule_rule_at(size_t index); /* NULL after the last */

/* Rate and momentum with all that is known; `momentum` is NaN where the schedule leaves it to the optimiser. */
double dg_schedule_follow(const dg_schedule *schedule, double base, uint64_t step, uint64_t steps_per_epoch,
                          uint64_t epochs, int n_losses, const double *losses, double *momentum);
bool dg_schedule_moves_momentum(const dg_schedule *schedule);
/* True when the rate depends on how many epochs the run has (cosine without t_max, one-cycle, …). */
bool dg_schedule_knows_the_end(const dg_schedule *schedule);

/* For descriptors: the numbers of a list argument and the value of a formula argument at this point. */
int dg_schedule_list(const dg_schedule *schedule, const char *argument, const double **numbers);
double dg_schedule_formula(const dg_schedule *schedule, const char *argument, const dg_schedule_point *at);

DG_END_C

#endif
