/* The experiment of a graph file: what its attributes say of data and training, as the options of a trainer. It trains
 * as `dotgrad train` does, to the last bit.
 *
 *     DG_TRY(dg_graph_read("net.dot", NULL, &file));                     // <dotgrad/graphviz.h>
 *     DG_TRY(dg_experiment_new(file, NULL, &experiment));
 *     experiment->options.checkpoint = "net.safetensors";                // opens with dg_model_open()
 *     DG_TRY(dg_trainer_new(&experiment->options, &trainer));
 *     DG_TRY(dg_trainer_run(trainer));
 *     DG_TRY(dg_trainer_evaluate(trainer, dg_experiment_test_rows(experiment), &metrics));
 *
 * To change what the file says: .set of dg_graph_read_options, or `options` before the trainer is made. */
#ifndef DOTGRAD_EXPERIMENT_H
#define DOTGRAD_EXPERIMENT_H

#include <dotgrad/graph_file.h>
#include <dotgrad/optim.h>

DG_BEGIN_C

/* Everything may be 0 or NULL. */
typedef struct dg_experiment_options {
    dg_data *data;       /* the caller's; made to fit by dg_data_suit(). NULL: the data that the graph names, */
    bool no_data;        /* or, with this, none */
    int64_t batch_size;  /* 0: the file's */
    const char *loss;    /* "d_loss, g_loss"; NULL: the file's */
    const char *output;  /* NULL: the file's */
    dg_threads *threads; /* the caller's; NULL: as many as the attribute `threads` says */
} dg_experiment_options;

typedef struct dg_experiment {
    dg_trainer_options options; /* to be changed as you like */
    dg_data *data;              /* suited; of the caller or of the experiment */
    dg_tensors *parameters;     /* empty at first */
    dg_arena *arena;            /* private, as what follows */
    dg_threads *own_threads;
    dg_data *own_data;
    char *text;
} dg_experiment;

/* `file` must outlive the experiment, and the experiment its trainer. options: NULL for none. DG_BAD_ARGUMENT, with the
 * path: the graph names no loss, a node that is not there, or no data though it has inputs; else the errors of
 * dg_graph_file_open_data() and dg_data_suit(). (Attributes' own forms were checked when the file was read.) */
dg_status dg_experiment_new(dg_graph_file *file, const dg_experiment_options *options, dg_experiment **experiment);
void dg_experiment_free(dg_experiment *experiment); /* NULL is fine */
/* The rows that were kept for testing; none: those of training. */
dg_rows dg_experiment_test_rows(const dg_experiment *experiment);

DG_END_C

#endif
