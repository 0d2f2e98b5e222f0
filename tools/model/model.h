/* A trained network: its graph, weights and what it keeps of its data.
 *
 *   model.c    opening     halve.c  weights in 16 bits     predict.c  rows to predictions     generate.c  text */
#ifndef TOOLS_MODEL_MODEL_H
#define TOOLS_MODEL_MODEL_H

#include <dotgrad/generate.h>
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
    dg_graph_file *copy; /* of one that was trained on text, for the steps of a sequence; else NULL */
    dg_stepper *stepper; /* NULL until something is generated */
    bool is_whole;       /* the stepper computes the whole sequence at every step */
    output_meaning meaning;
    char **classes; /* NULL: none */
    int64_t n_classes;
    int64_t n_features; /* of a row, when one input alone is read; else 0 */
    size_t memory_limit;
};

#endif
