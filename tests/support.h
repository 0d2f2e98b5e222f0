/* What tests of ops share: a small graph whose inputs carry their values, run in one call. */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <criterion/criterion.h>
#include <dotgrad/autograd.h>
#include <dotgrad/ops.h>
#include <math.h>
#include <string.h>

enum { TRIAL_INPUTS = 16 };

typedef struct trial {
    dg_graph *graph;
    dg_tensors *parameters;
    dg_threads *threads; /* of the next run; NULL: one */
    dg_plan *plan;       /* of the last run */
    dg_feed feeds[TRIAL_INPUTS];
    dg_tensor tensors[TRIAL_INPUTS];
    int n_feeds;
} trial;

static inline void must(dg_status status)
{
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
}

static inline trial *trial_new(dg_dtype dtype)
{
    trial *t = calloc(1, sizeof *t);
    cr_assert(t);
    must(dg_graph_new(&t->graph));
    dg_graph_set_dtype(t->graph, dtype);
    must(dg_tensors_new(&t->parameters));
    return t;
}

static inline void trial_free(trial *t)
{
    dg_plan_free(t->plan);
    for (int k = 0; k < t->n_feeds; k++)
        dg_tensor_release(&t->tensors[k]);
    dg_tensors_free(t->parameters);
    dg_graph_free(t->graph);
    free(t);
}

/* An input node of `type` (which may have symbols) that is fed `values` in `shape`; NULL values: zeros. */
static inline dg_node *trial_feed(trial *t, dg_dtype dtype, dg_shape type, dg_shape shape, const double *values)
{
    cr_assert(t->n_feeds < TRIAL_INPUTS);
    dg_tensor *tensor = &t->tensors[t->n_feeds];
    must(dg_tensor_make(tensor, dtype, shape));
    for (int64_t i = 0; values && i < dg_tensor_count(tensor); i++)
        dg_tensor_set(tensor, i, values[i]);
    dg_node *node = dg_input(t->graph, type, .dtype = dtype);
    t->feeds[t->n_feeds++] = (dg_feed){node, tensor};
    return node;
}

/* A float input of the graph's type; DATA(1, 2, 3) writes its values. */
#define DATA(...) ((const double[]){__VA_ARGS__})
static inline dg_node *trial_input(trial *t, dg_shape shape, const double *values)
{
    return trial_feed(t, dg_graph_dtype(t->graph), shape, shape, values);
}

static inline dg_node *trial_labels(trial *t, dg_shape shape, const double *values)
{
    return trial_feed(t, DG_INT64, shape, shape, values);
}

/* Runs, after making what parameters are missing. Feeds that the node does not depend on are allowed. */
static inline dg_status trial_try(trial *t, dg_node *node)
{
    DG_TRY(dg_graph_status(t->graph));
    dg_plan_free(t->plan);
    t->plan = NULL;
    DG_TRY(dg_parameters_init(t->parameters, t->graph, 1));
    DG_TRY(dg_plan_new(
        t->graph, &(dg_plan_options){.fetch = &node, .n_fetch = 1, .parameters = t->parameters, .threads = t->threads},
        &t->plan));
    return dg_plan_run(t->plan, t->feeds, t->n_feeds);
}

/* The node's value, good until the next run. */
static inline const dg_tensor *trial_run(trial *t, dg_node *node)
{
    must(trial_try(t, node));
    return dg_plan_result(t->plan, 0);
}

static inline dg_node *trial_grad(dg_node *output, dg_node *wrt)
{
    dg_node *grad = NULL;
    must(dg_grad(output, 1, &wrt, &grad));
    return grad;
}

/* For both float types. */
#define EACH_DTYPE(d) for (int d = (int)DG_FLOAT32; d <= (int)DG_FLOAT64; d++)
static inline double precision(int dtype)
{
    return dtype == DG_FLOAT32 ? 2e-6 : 1e-14;
}

/* Absolute for values below 1, else relative. */
static inline void expect_values(const dg_tensor *got, dg_shape shape, double tolerance, const double *wants)
{
    char has[DG_SHAPE_TEXT], want[DG_SHAPE_TEXT];
    cr_assert(dg_shape_equal(&got->shape, &shape), "the shape is %s, expected %s",
              dg_shape_print(&got->shape, has, sizeof has), dg_shape_print(&shape, want, sizeof want));
    for (int64_t i = 0; i < dg_tensor_count(got); i++) {
        double value = dg_tensor_get(got, i), scale = fabs(wants[i]) > 1 ? fabs(wants[i]) : 1;
        bool same =
            value == wants[i] || (isnan(value) && isnan(wants[i])) || fabs(value - wants[i]) <= tolerance * scale;
        cr_expect(same, "element %d is %.17g, expected %.17g", (int)i, value, wants[i]);
    }
}

/* The message of a status holds the text. */
static inline void expect_failure(dg_status status, dg_code code, const char *text)
{
    cr_expect_eq(status.code, code, "code %d: %s", (int)status.code, status.message);
    cr_expect(strstr(status.message, text), "'%s' is not in: %s", text, status.message);
}

#endif
