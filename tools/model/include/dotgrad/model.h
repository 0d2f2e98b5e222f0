/* Trained networks, opened with one call: what `dotgrad train` leaves behind becomes predictions. In the library
 * dotgrad-graphviz, for the graph in a checkpoint is DOT text.
 *
 *     DG_TRY(dg_model_open("runs/flowers", NULL, &model));
 *     DG_TRY(dg_model_read(model, "new.csv", &data));                  // columns by name, scaled as in training
 *     DG_TRY(dg_model_predict(model, dg_data_set(data), &result));     // [rows, classes]: probabilities
 *
 * Once opened, a model may be read and predicted with from as many threads as like. */
#ifndef DOTGRAD_MODEL_H
#define DOTGRAD_MODEL_H

#include <dotgrad/generate.h>
#include <dotgrad/graphviz.h>
#include <dotgrad/optim.h>

DG_BEGIN_C

typedef struct dg_model dg_model;

typedef struct dg_model_options {
    const char *weights; /* of a graph file: a run, a checkpoint, .safetensors or .npz; NULL for runs */
    const char *output;  /* the node that is computed; NULL: the output of training, or of the graph */
    int threads;         /* 0: DG_NUM_THREADS, or all processors */
    int64_t batch_size;  /* rows at a time; 0: 256 */
    size_t memory_limit; /* bytes of plan, parameters and data together, and of data while they are read; 0: none */
    const dg_graph_read_options *reading; /* settings, folders and bounds for the graph; NULL: none */
} dg_model_options;

/* Opens a run's folder, its checkpoint, or a graph file (.dot, .gv) with weights. `options` may be NULL. DG_IO: no such
 * file; DG_BAD_DATA: no checkpoint of dotgrad train; DG_BAD_ARGUMENT, DG_BAD_SHAPE, …: graph and weights do not go
 * together. Free with dg_model_free. */
dg_status dg_model_open(const char *path, const dg_model_options *options, dg_model **model);
void dg_model_free(dg_model *model);

/* What keeping the weights in 16 bits has changed. */
typedef struct dg_model_halving {
    dg_halving weights;
    double outputs; /* the largest difference of the output's numbers, by the largest of them, … */
    int64_t rows;   /* … over so many rows; 0: no data were given */
} dg_model_halving;
/* Keeps the weights in `type`, DG_FLOAT16 or DG_BFLOAT16, from now on: see dg_tensors_halve(). `data`, as for
 * dg_model_predict, or NULL, is computed in both types, 256 rows at most; `told` may be NULL. Before other threads use
 * the model. DG_NUMERIC names a weight that is beyond the type's range; the model is then as before. */
dg_status dg_model_halve(dg_model *model, dg_dtype type, const dg_dataset *data, dg_model_halving *told);

/* What is computed. */
typedef enum dg_model_kind {
    DG_MODEL_VALUES,  /* the output's own values [rows, …] */
    DG_MODEL_CLASSES, /* float64 [rows, classes]: the probability of each class (softmax of scores) */
    DG_MODEL_CHANCES  /* float64 [rows, …]: the probability of class 1, or of each label (sigmoid of scores) */
} dg_model_kind;
dg_model_kind dg_model_kind_of(const dg_model *model);
dg_node *dg_model_output(const dg_model *model);
dg_graph_file *dg_model_file(const dg_model *model); /* with the graph; the model's */
const dg_tensors *dg_model_parameters(const dg_model *model);
/* Classes of training, by name; count 0: they have none but their numbers. */
int64_t dg_model_class_count(const dg_model *model);
const char *dg_model_class(const dg_model *model, int64_t index); /* NULL: none */

/* Rows of a file or set (see dg_data_open) as training read its own: columns are found by their names, words, missing
 * cells, scaling and classes are those of training. A target is read where there is one, and may be missing. */
dg_status dg_model_read(const dg_model *model, const char *spec, dg_data **data);
/* The output for every row of `data`, whose features are scaled already (dg_model_read does it). *result is released
 * with dg_tensor_release. DG_NUMERIC: scores that are not numbers. */
dg_status dg_model_predict(dg_model *model, const dg_dataset *data, dg_tensor *result);
/* The same for features [rows, …] of a float type as they are in files: columns in the order of training, words as
 * columns of 0 and 1. They are scaled as in training. */
dg_status dg_model_predict_features(dg_model *model, const dg_tensor *features, dg_tensor *result);

/* ---- text ---- */

typedef struct dg_generate_options {
    const char *prompt;   /* UTF-8; what the text goes on from. NULL or "": a line end, or the first character */
    int64_t length;       /* characters that are made */
    dg_sampling sampling; /* all 0: the most likely character always */
    bool whole;           /* the whole sequence is computed for every character: slow, to compare with */
    /* Receives each character as soon as it is made, UTF-8 that ends with 0; false ends the text. */
    bool (*take)(void *argument, const char *character);
    void *argument;
} dg_generate_options;
/* Makes text, a character at a time, with a network that was trained on data="text('…')". What the network carries
 * along is kept between characters (see <dotgrad/generate.h>). By one thread at a time. DG_BAD_ARGUMENT: the network
 * was trained on other data, has not one input of tokens, or looks ahead; a character of the prompt was not in the text
 * of training. DG_NUMERIC: scores that are not numbers. */
dg_status dg_model_generate(dg_model *model, const dg_generate_options *options);
/* Why the last text was computed by the whole sequence for every character; NULL: it was not. */
const char *dg_model_generate_reason(const dg_model *model);

DG_END_C

#endif
