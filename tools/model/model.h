/* A trained network: its graph, weights and what it keeps of its data.
 *
 *   model.c    opening     predict.c  rows to predictions */
#ifndef TOOLS_MODEL_MODEL_H
#define TOOLS_MODEL_MODEL_H

#include <dotgrad/model.h>

/* What the numbers of the output are, by the loss that reads them. */
typedef enum output_meaning { VALUES, SCORES, LOG_PROBABILITIES, LOGITS, PROBABILITIES } output_meaning;

struct dg_model {
    char *path; /* for messages */
    dg_graph_file *file;
    dg_tensors *checkpoint, *parameters;
    dg_threads *threads;
    dg_node *output;
    dg_predictor *predictor;
    output_meaning meaning;
    char **classes; /* NULL: none */
    int64_t n_classes;
    int64_t n_features; /* of a row, when one input alone is read; else 0 */
    size_t memory_limit;
};

#endif
