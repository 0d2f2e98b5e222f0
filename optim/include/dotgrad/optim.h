/* Training: data sets, optimisers, schedules, clipping, data-driven initialisers, and a trainer that ties them
 * together.
 *
 *     dg_trainer_options options = {
 *         .task = {.graph = g, .loss = loss, .output = scores, .parameters = parameters, .data = &data, .seed = 1},
 *         .optimizer = "adam(lr=0.01)", .epochs = 30};
 *     DG_TRY(dg_trainer_new(&options, &trainer));
 *     DG_TRY(dg_trainer_run(trainer));
 *
 * Everything below the trainer can be used alone: dg_optimizer_emit() turns gradients into update nodes for a plan of
 * your own. */
#ifndef DOTGRAD_OPTIM_H
#define DOTGRAD_OPTIM_H

#include <signal.h>

#include <dotgrad/autograd.h>
#include <dotgrad/data.h>
#include <dotgrad/plan.h>
#include <dotgrad/probe.h>
#include <dotgrad/rules.h>

DG_BEGIN_C

/* ---- optimisers, clipping and schedules: <dotgrad/rules.h> ---- */

/* Trainable parameters of `output` whose names fit one of the patterns, which commas separate: "hidden.*", "*.weight",
 * or the name of a module or layer, which means all in it: "encoder, head". DG_BAD_ARGUMENT: one
 * of them fits none. NULL: all. */
dg_status dg_trainable_matching(dg_node *output, const char *patterns, dg_node *const **parameters, int *count);

/* A plan of one training step: the gradients of the loss, one number, by its trainable parameters, clipped, the
 * optimiser's updates, and whatever is missing in `parameters`:
 *
 *     DG_TRY(dg_training_plan(loss, "adam(lr=1e-3)", parameters, &plan, .seed = 1));
 *     DG_TRY(dg_plan_run(plan, feeds, n_feeds));     // result 0 is the loss, then those of `fetch`
 */
typedef struct DG_BY_NAME dg_training_plan_options {
    DG_OPTIONS_BEGIN
    const char *trains DG_DEFAULT(); /* as in dg_trainable_matching; NULL: all */
    DG_OPTION
    const char *groups DG_DEFAULT(), *freeze DG_DEFAULT();  /* as dg_groups_parse() takes them; NULL: none */
    const char *name DG_DEFAULT();                          /* of the optimiser: see dg_optimizer_step; NULL: none */
    double clip_value DG_DEFAULT(), clip_norm DG_DEFAULT(); /* 0: none */
    int accumulate DG_DEFAULT();                            /* gradients of so many runs make one step; 0: 1 */
    const char *average DG_DEFAULT();   /* of the weights, kept beside them as "optimizer/PARAMETER/average":
                                         * "ema(decay=0.999)", "swa(start=STEP)"; NULL, "none": none */
    dg_node *lr DG_DEFAULT();           /* a scalar; NULL: the optimiser's rate throughout */
    dg_node *const *fetch DG_DEFAULT(); /* beside the loss */
    int n_fetch DG_DEFAULT();
    uint64_t seed DG_DEFAULT(); /* of parameters and random nodes */
    dg_threads *threads DG_DEFAULT();
    size_t memory_limit DG_DEFAULT();
} dg_training_plan_options;
/* `optimizer` NULL: DG_DEFAULT_OPTIMIZER, adam. */
dg_status dg_training_plan_with(dg_node *loss, const char *optimizer, dg_tensors *parameters, dg_plan **plan,
                                dg_training_plan_options options);
#define dg_training_plan(...) dg_training_plan_given(__VA_ARGS__, )
#define dg_training_plan_given(loss, optimizer, parameters, plan, ...)                                                 \
    dg_training_plan_with(DG_NODE_ARGUMENT(loss, "argument loss of dg_training_plan"), (optimizer), (parameters),      \
                          (plan), DG_OPTIONS(dg_training_plan_options, DG_GIVEN(.trains = NULL, ) __VA_ARGS__))

/* The updates of such a step alone, for a plan of your own; `options` may be NULL, and its fetch, seed, threads and
 * memory_limit are not read. The list lives in the graph's arena. DG_BAD_ARGUMENT: an optimiser that drives the
 * training itself (lbfgs, lm), no trainable parameter, or an option that does not fit. */
dg_status dg_training_updates(dg_node *loss, const char *optimizer, const dg_training_plan_options *options,
                              dg_node *const **updates, int *n_updates);

/* The same, with the gradients. Lists live in the graph's arena; a failed call leaves the graph as it was. */
typedef struct dg_training_nodes {
    int count;                  /* parameters that the step trains */
    dg_node *const *parameters; /* `count` */
    dg_node *const *gradients;  /* `count`, as they are derived: before they are clipped */
    int n_updates;              /* to hand to a plan: of parameters and of the optimiser's state */
    dg_node *const *updates;
    int64_t first_update; /* nodes with this id and above clip gradients and update */
} dg_training_nodes;
dg_status dg_training_emit(dg_node *loss, const char *optimizer, const dg_training_plan_options *options,
                           dg_training_nodes *made);

/* ---- tasks: a graph on a data set ---- */

/* Which field an input takes. */
typedef struct dg_input_field {
    dg_node *input;
    const char *field;
} dg_input_field;

/* What is computed, and on which data. Fields reach inputs in this order: `inputs` below; the input's `field`
 * attribute; "target", if losses read it as that and not otherwise too (labels of integer type may; an autoencoder's
 * own input does not); "features" for the one other input; the field of its name. A field takes the input's shape if
 * the elements of a row agree ([N, 784] → [N, 1, 28, 28]) and its dtype; that is done once. */
typedef struct dg_task {
    dg_graph *graph;        /* grows: gradients and updates are nodes of it */
    dg_node *loss;          /* of one element. May be NULL for prediction */
    dg_node *output;        /* what metrics look at when the loss is not a loss op; may be NULL */
    dg_tensors *parameters; /* the trainer makes what is missing; the others need all to be there */
    const dg_dataset *data;
    const dg_input_field *inputs;
    int n_inputs;
    const char *metrics; /* "accuracy, n0": metrics, and nodes of one number; NULL or "": by the loss op. loss is always
                            the first */
    int64_t batch_size;  /* 0: 32 */
    uint64_t seed;
    dg_threads *threads;
    size_t memory_limit; /* bytes beyond which DG_NO_MEMORY says what needs them: of a plan's arena; in a trainer, of
                            parameters, the optimiser's state, the data set and all plans together; 0: none */
} dg_task;

/* Results. names[0] is "loss". accuracy is a fraction. */
#define DG_MAX_METRICS 12
typedef struct dg_metrics {
    int count;
    const char *names[DG_MAX_METRICS]; /* constant text, or names of the graph's nodes */
    double values[DG_MAX_METRICS];
} dg_metrics;

const char *dg_metric_name_at(size_t index); /* the metrics that there are; NULL after the last */
const char *dg_metric_summary(size_t index); /* a line on each */
/* True when more of it is better (accuracy). */
bool dg_metric_rises(const char *name);

/* Loss and metrics over rows, without training: means over rows (a sum-reduced loss: the mean of the batch sums,
 * weighted by batch size). By default cross_entropy and nll_loss have accuracy (largest score against the label),
 * binary_cross_entropy(_with_logits) accuracy (.5, or 0 on logits), mse_loss and l1_loss rmse. */
dg_status dg_evaluate(const dg_task *task, dg_rows rows, dg_metrics *metrics);
/* How often rows of each class are said to be of which: int64 [classes, classes], a row of it for each target, a column
 * for each decision; release with dg_tensor_release. DG_BAD_SHAPE: the loss has neither scores [N, classes] with labels
 * [N] nor one score a decision. */
dg_status dg_confusion(const dg_task *task, dg_rows rows, dg_tensor *counts);
/* Whether a linear classifier can learn rows: whether its threshold unit (the only node between learnt parameters and
 * the loss whose formula has one value below a number and another above it, as `step` and `sign`; of one number a row)
 * can answer each as the loss wants it, where what it looks at is linear in those parameters. Without such a unit, of a
 * loss of margins (hinge, perceptron criterion, logistic), it is the sign of the score: of the first node of one number
 * a row through which alone they reach a row's loss, which for some rows only falls with it and for others only rises.
 * Without one of these it is the highest of scores [N, C] (cross-entropy, with a softmax or without, multi-class
 * margins): of the first such node through which alone they reach a row's loss, which falls with one score, rises with
 * each other, and does not change by the same number added to all; of these, two classes after two are asked about.
 * Either there are such parameters, or rows that show that there are none: the sum of weight · row is the same over
 * those that want one answer and those that want the other, and with a bias the sum of weights, too, so that one of
 * them is always wrong (P. Gordan, 1873). That is found in float64, of rows as the plan computes them; bounds of
 * parameters and frozen ones do not count. */
typedef enum dg_separability_verdict {
    DG_SEPARABILITY_UNKNOWN,   /* no such unit, scores beyond what is looked into, too close to tell, or any two of more
                                  than two classes are separable, which does not make all of them so */
    DG_SEPARABILITY_TOO_LARGE, /* not looked into: beyond 1,000 numbers in its parameters, 2^24 in the rows' derivatives
                                  by them, or 2^31 for rows times the square of the former */
    DG_SEPARABLE,
    DG_INSEPARABLE
} dg_separability_verdict;
typedef struct dg_separability_row {
    int64_t row;   /* of the data set */
    double wanted; /* of the unit; of a score 1 and −1: more and less than 0; of scores of classes the class */
    double weight; /* those of a side have the sum 1, or, without a bias, at most 1 */
} dg_separability_row;
typedef struct dg_separability {
    dg_separability_verdict verdict;
    dg_node *unit;           /* NULL: there is no such unit */
    bool is_score;           /* it is a score */
    bool is_classes;         /* it is scores of classes */
    int64_t classes[2];      /* of these, DG_INSEPARABLE: two that no parameters tell from each other in all rows */
    int64_t n_rows, n_wrong; /* that want an answer, and that do not get it from the parameters as they are; of scores
                                of classes that are inseparable, those of the two */
    dg_separability_row *proof; /* DG_INSEPARABLE: rows that no parameters can answer all, at most two more than
                                 * there are numbers in these */
    int64_t n_proof;
} dg_separability;
/* The graph grows by derivatives. Release *found with dg_separability_release. */
dg_status dg_separability_find(const dg_task *task, dg_rows rows, dg_separability *found);
void dg_separability_release(dg_separability *found); /* frees and zeroes */
/* The value of `node` ([N, …]) for each of the rows, in order; release *result with dg_tensor_release. */
dg_status dg_predict(const dg_task *task, dg_node *node, dg_rows rows, dg_tensor *result);

/* Rows of the task's data as feeds for the inputs that nodes read, for a plan of one's own. */
typedef struct dg_fed_rows dg_fed_rows;
dg_status dg_fed_rows_new(const dg_task *task, dg_node *const *nodes, int n_nodes, dg_rows rows, dg_fed_rows **fed);
const dg_feed *dg_fed_rows_feeds(const dg_fed_rows *fed, int *count);
void dg_fed_rows_free(dg_fed_rows *fed);

/* The same for many data sets, from as many threads as like: plans are kept from call to call. The task's data are not
 * read; all else of it must outlive the predictor, and the graph may not grow meanwhile. */
typedef struct dg_predictor dg_predictor;
dg_status dg_predictor_new(const dg_task *task, dg_node *node, dg_predictor **predictor);
void dg_predictor_free(dg_predictor *predictor);
dg_status dg_predictor_run(dg_predictor *predictor, const dg_dataset *data, dg_rows rows, dg_tensor *result);

/* Fills the parameters whose initialiser looks at data and that are not in `parameters` yet; makes the others that the
 * graph has by dg_parameters_init(). Feeds hold training data.
 *   centers: kmeans(iterations=100)  k-means++ seeds, Lloyd's rule, empty clusters re-seeded at the farthest row
 *            samples                 rows of the data, drawn without replacement
 *            all                     every row, in order
 *            per_class(count)        k-means among the rows of each class
 *            ols                     rows chosen one at a time by how much of the targets they explain
 *   widths:  nearest(p=2)            σ_j = mean distance from centre j to its p nearest centres
 *            mean_distance           σ = mean distance between centres
 *            dmax                    σ = (largest distance between centres)/√(2·centres)
 *   weights: ridge(lambda=1e-3)      |y − t|² + lambda |w|² at its least over all rows, weight and bias together
 *            svd(tolerance=1e-10), lstsq   the same by the pseudo-inverse, by plain least squares
 * and your own (dg_initialiser with needs_data, <dotgrad/parameters.h>). Weights are of layers that feed a loss
 * directly: targets are those of the loss, labels one column a class (0 and 1), decisions of logits −1 and 1; rows are
 * taken a block at a time. Of a layer, those that look at the others come last. Deterministic by seed and name. */
dg_status dg_fit_parameters(dg_tensors *parameters, dg_graph *graph, const dg_feed *feeds, int n_feeds, uint64_t seed,
                            dg_threads *threads);

/* ---- the trainer ---- */

typedef struct dg_trainer dg_trainer;

/* What a progress function receives after each step and after each epoch. */
typedef struct dg_progress {
    bool epoch_done;        /* an epoch is complete; `validation` is filled when there is a validation list */
    int64_t epoch, epochs;  /* epoch: from 1 */
    int64_t batch, batches; /* of this epoch, done so far */
    uint64_t step;          /* steps done since the beginning of training */
    double lr;              /* of the last step */
    double batch_loss;      /* of the last batch */
    dg_metrics train;       /* means over this epoch's rows so far */
    dg_metrics validation;  /* count 0 when not measured */
    bool best;              /* the best epoch so far by validation loss (early stopping) */
} dg_progress;

/* One of several objectives, which take turns: k of the first, then of the second, and so on from the beginning. A turn
 * is a step of training, with a batch and random numbers of its own; an epoch is one pass through the data by all of
 * them. States are "optimizer/NAME/PARAMETER/exp_avg", "optimizer/NAME/step" counts its steps; schedules go by the
 * steps of all. */
typedef struct dg_objective {
    dg_node *loss;
    const char *trains;               /* patterns as in dg_trainable_matching(): "d.*"; NULL: all */
    const char *name;                 /* NULL: the loss's */
    const char *optimizer, *schedule; /* NULL: the trainer's, as clip_value and clip_norm where they are 0 */
    double clip_value, clip_norm;
    int turns; /* 0: 1 */
} dg_objective;

/* What probes say before a step, on its batch. */
typedef struct dg_watched {
    uint64_t step; /* that comes next, from 0 */
    int64_t epoch; /* it is in, from 1 */
    int n_probes;
    const char *const *probes;
    size_t n_layers;
    dg_node *const *layers;   /* in the graph's order */
    const double *values;     /* [n_layers, n_probes]; NaN: the probe is of other nodes */
    const char *const *words; /* the same in words; NULL: none */
} dg_watched;

typedef struct dg_trainer_options {
    dg_task task;                   /* loss needed; with objectives the first one's */
    const dg_objective *objectives; /* metrics have the loss of each, under its name, the first's as "loss" */
    int n_objectives;               /* 0: the loss of the task, trained with all that it depends on */
    dg_node *const *updates;        /* assign nodes of the graph's own, which take effect with each step; their
                                       parameters are not trained (trainable=false) */
    int n_updates;
    const char *monitor;          /* the metric that early stopping and the schedule plateau look at; NULL: the loss */
    const char *optimizer;        /* NULL: "adam" */
    const char *schedule;         /* NULL: "constant" */
    int64_t epochs;               /* 0: 10; DG_NONE: none, for a network whose parameters are only solved for */
    double clip_value, clip_norm; /* 0: none */
    const char *refit;      /* layers, as in dg_trainable_matching(), whose initialisers that look at data run again
                               after each epoch; NULL: none */
    bool drop_last;         /* an epoch leaves out the rows that fill no whole batch: other ones each time */
    int accumulate;         /* batches whose gradients make one step of the optimiser; 0: 1 */
    const char *average;    /* "ema(decay=0.999)", "swa(start=5)": averages of the weights over steps, which take their
                               place at the end of training; NULL: none */
    const char *groups;     /* "[group('hidden.*', lr=0.1, decay=0)]": see dg_groups_parse(); NULL: none */
    const char *freeze;     /* patterns of parameters that are not trained, "hidden.gamma, embed"; NULL: none */
    int64_t early_stopping; /* stop after this many epochs without a better validation loss (or `monitor`) and keep the
                               best weights; 0: never. Needs validation rows */
    const char *checkpoint; /* path, written at the start, after each epoch, at the end and when stopped; a symbolic
                               link there is replaced. NULL: none */
    double checkpoint_seconds; /* epochs that end sooner after the last checkpoint write none; 0: each writes one */
    const char *graph_text;    /* kept in the checkpoint; resuming asks for the same. NULL: what dg_graph_write makes of
                                  the graph, with loss and output, so that dg_model_open opens the checkpoint; a graph
                                  that it refuses trains without `checkpoint`. "": none is kept */
    const dg_tensors *extra; /* tensors and notes that go into the checkpoint as they are (a scaling of your own, …) */
    const dg_tensors *resume; /* a checkpoint as dg_safetensors_read() gives it: go on from there, bit for bit */
    bool (*progress)(void *argument, const dg_progress *progress); /* false: stop. May be NULL */
    const char *watch;   /* probes (<dotgrad/probe.h>): "grad_norm, dead"; NULL: none. Measured by a plan of their own
                            before   the step, they change no bit of the result */
    int64_t watch_every; /* steps; 0: 100 */
    dg_status (*watched)(void *argument, const dg_watched *now); /* without it nothing is measured */
    void *argument;                                              /* of progress and watched */
    const volatile sig_atomic_t *stop; /* set by a signal handler to stop after the step. May be NULL */
} dg_trainer_options;

/* Copies what it needs of the options, but the graph, parameters, data, extra, stop and threads must outlive it;
 * `resume` need not. Emits gradients and updates, makes (and fits) parameters, converts the data once, and binds both
 * plans to a whole batch, so that shapes that do not fit and the memory limit are errors of this function.
 * DG_BAD_ARGUMENT for options that make no sense, for a graph_text that is none, for parameters named as what
 * checkpoints keep beside them
 * ("optimizer/…", "trainer/…", "best/…", "data.offset", tensors of `extra`) and for a checkpoint of another graph,
 * optimiser, schedule, seed, batch size, clipping or number of rows (epochs may grow); DG_BAD_DATA for one that lacks
 * something. */
dg_status dg_trainer_new(const dg_trainer_options *options, dg_trainer **trainer);
void dg_trainer_free(dg_trainer *trainer);

/* Trains to the last epoch or until early stopping. DG_INTERRUPTED after `stop` or a progress function's false, the
 * checkpoint saved at that very batch. DG_NUMERIC: the loss, a parameter or a state of the optimiser is NaN or
 * infinite; the message names epoch, step and the first node that is so, found by running the epoch again. Parameters,
 * history and checkpoint are then those of the last epoch that ended well. After early stopping's end the parameters
 * are the best ones. */
dg_status dg_trainer_run(dg_trainer *trainer);
/* One batch; validation and checkpoint at the end of an epoch. *done after the last. */
dg_status dg_trainer_step(dg_trainer *trainer, bool *done);
dg_status dg_trainer_save(dg_trainer *trainer, const char *path);
dg_status dg_trainer_evaluate(dg_trainer *trainer, dg_rows rows, dg_metrics *metrics);

/* Finished epochs × columns, float64: a row an epoch, column k named by dg_trainer_history_column: "loss", "accuracy",
 * …, "validation_loss", …, "lr". Resumed epochs are in it. Belongs to the trainer. */
const dg_tensor *dg_trainer_history(const dg_trainer *trainer);
const char *dg_trainer_history_column(const dg_trainer *trainer, int64_t column); /* NULL after the last */
/* What trains and is hardly meant, a sentence each; NULL behind the last, and they belong to the trainer. From the
 * beginning: layers that neither the losses nor the output depend on, and a graph that dg_graph_write() refuses, so
 * that checkpoints will not open by themselves. After the last epoch, of a trainer with one loss: scores that are what
 * the loss makes of them itself (a softmax before cross_entropy, a sigmoid before a loss on logits) or no logarithms of
 * probabilities where it takes these, a last function that cannot give what the loss asks for, and a loss whose
 * derivatives have all become 0. */
const char *dg_trainer_warning_at(const dg_trainer *trainer, size_t index);
/* The training plan's cost for a whole batch. */
dg_plan_cost dg_trainer_cost(const dg_trainer *trainer);

/* Checkpoints. One safetensors file: each parameter under its name, optimiser state under "optimizer/…", the best
 * weights under "best/…" (early stopping), counters and history under "trainer/…", what dg_data_keep() keeps of data
 * that dg_data_open() made, the caller's `extra`. Notes:
 * "dotgrad.format" ("1"), "dotgrad.graph", "dotgrad.optimizer", "dotgrad.schedule", "dotgrad.metrics", "dotgrad.seed",
 * "dotgrad.epochs", "dotgrad.batch_size", "dotgrad.clip_value", "dotgrad.clip_norm", "dotgrad.early_stopping",
 * "dotgrad.drop_last", "dotgrad.epoch" (epochs done), "dotgrad.batch" (batches done in the epoch begun),
 * "dotgrad.step", "dotgrad.rows", "dotgrad.history" (its columns, by commas). Nothing in it depends on time or on how
 * often the run was stopped. */
/* Copies the weights to predict with (the best where kept) from a checkpoint, or from any set of tensors, into
 * `parameters`. */
dg_status dg_checkpoint_weights(const dg_tensors *checkpoint, dg_tensors *parameters);
/* Fills `parameters` with every parameter of the graph from a checkpoint or any set of tensors, by name; with the state
 * of an optimiser where the graph has some and the set does, too (else it begins anew). float32 and
 * float64 become each other, float16 and bfloat16 (see dg_tensors_halve) either, int32 becomes int64; tensors that no
 * parameter is named after do not matter. DG_BAD_DATA names a parameter that is missing, or a number beyond float32;
 * DG_BAD_SHAPE and DG_BAD_DTYPE one that does not fit. */
dg_status dg_weights_take(const dg_graph *graph, const dg_tensors *weights, dg_tensors *parameters);

DG_END_C

#endif
