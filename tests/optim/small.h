/* Small data sets and networks for the tests of training. */
#ifndef TESTS_OPTIM_SMALL_H
#define TESTS_OPTIM_SMALL_H

#include <criterion/criterion.h>
#include <dotgrad/dotgrad.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        dg_status must_ = (call);                                                                                      \
        cr_assert(must_.code == DG_OK, "%s: %s", #call, must_.message);                                                \
    } while (0)

#define MUST_FAIL(wanted, call)                                                                                        \
    do {                                                                                                               \
        dg_status must_ = (call);                                                                                      \
        cr_assert(must_.code == (wanted), "%s: code %d, '%s'", #call, (int)must_.code, must_.message);                 \
        cr_assert(must_.message[0] && !strchr(must_.message, '\n'), "%s: no clear line", #call);                       \
    } while (0)

/* Three well separated clusters in the plane, with their numbers as targets. */
static inline dg_dataset three_clusters(int64_t rows)
{
    static const double middle[3][2] = {{0, 0}, {4, 0}, {0, 4}};
    dg_dataset data;
    dg_tensor *features, *target;
    MUST(dg_dataset_new(&data));
    MUST(dg_tensors_add(data.fields, "features", DG_FLOAT32, DG_SHAPE(rows, 2), &features));
    MUST(dg_tensors_add(data.fields, "target", DG_INT64, DG_SHAPE(rows), &target));
    const dg_random key = {.seed = 5, .stream = 1};
    for (int64_t i = 0; i < rows; i++) {
        dg_tensor_set(target, i, (double)(i % 3));
        for (int64_t k = 0; k < 2; k++)
            dg_tensor_set(features, 2 * i + k, middle[i % 3][k] + dg_random_unit(&key, (uint64_t)(2 * i + k)) - 0.5);
    }
    return data;
}

/* What a test trains: a graph with its loss and scores, and parameters. */
typedef struct network {
    dg_graph *graph;
    dg_node *x, *label, *scores, *loss;
    dg_tensors *parameters;
} network;

/* 2 → 8 (tanh, dropout) → 3, cross-entropy. */
static inline network small_classifier(double dropout)
{
    network net;
    MUST(dg_graph_new(&net.graph));
    MUST(dg_tensors_new(&net.parameters));
    net.x = dg_input(net.graph, DG_SHAPE(DG_N, 2), .name = "x");
    net.label = dg_input(net.graph, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "label");
    dg_node *hidden = dg_tanh(dg_linear(net.x, 8, .name = "fc1"));
    if (dropout > 0)
        hidden = dg_dropout(hidden, .p = dropout, .name = "drop");
    net.scores = dg_linear(hidden, 3, .name = "scores");
    net.loss = dg_cross_entropy(net.scores, net.label, .name = "loss");
    MUST(dg_graph_status(net.graph));
    return net;
}

static inline void network_release(network *net)
{
    dg_tensors_free(net->parameters);
    dg_graph_free(net->graph);
}

static inline dg_trainer_options options_for(const network *net, const dg_dataset *data, const char *optimizer)
{
    return (dg_trainer_options){.task = {.graph = net->graph,
                                         .loss = net->loss,
                                         .output = net->scores,
                                         .parameters = net->parameters,
                                         .data = data,
                                         .batch_size = 16,
                                         .seed = 7},
                                .optimizer = optimizer,
                                .epochs = 3};
}

static inline bool same_bits(const dg_tensor *a, const dg_tensor *b)
{
    return a && b && a->dtype == b->dtype && dg_shape_equal(&a->shape, &b->shape) &&
           memcmp(a->data, b->data, dg_tensor_bytes(a)) == 0;
}

#endif
