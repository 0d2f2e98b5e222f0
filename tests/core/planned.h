/* Graphs, plans and tensors for tests of plans: made with one call each, or the test fails. */
#ifndef TESTS_CORE_PLANNED_H
#define TESTS_CORE_PLANNED_H

#include <criterion/criterion.h>
#include <dotgrad/autograd.h>
#include <dotgrad/ops.h>
#include <math.h>
#include <string.h>

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        dg_status status_ = (call);                                                                                    \
        cr_assert_eq(status_.code, DG_OK, "%s", status_.message);                                                      \
    } while (0)

/* A failure with that code, whose message has the word in it. */
#define EXPECT_FAILURE(call, wanted, word)                                                                             \
    do {                                                                                                               \
        dg_status status_ = (call);                                                                                    \
        cr_expect_eq(status_.code, (wanted), "code %d: %s", status_.code, status_.message);                            \
        cr_expect(strstr(status_.message, (word)), "no %s in: %s", (word), status_.message);                           \
    } while (0)

static inline dg_graph *new_graph(void)
{
    dg_graph *graph;
    OK(dg_graph_new(&graph));
    return graph;
}

static inline dg_tensors *new_tensors(void)
{
    dg_tensors *set;
    OK(dg_tensors_new(&set));
    return set;
}

static inline dg_plan *new_plan(dg_graph *graph, dg_plan_options options)
{
    dg_plan *plan;
    OK(dg_plan_new(graph, &options, &plan));
    return plan;
}

static inline dg_plan *plan_of(dg_node *fetched, dg_tensors *parameters)
{
    return new_plan(dg_node_graph(fetched),
                    (dg_plan_options){.fetch = &fetched, .n_fetch = 1, .parameters = parameters});
}

static inline double element(const dg_plan *plan, int result, int64_t index)
{
    return dg_tensor_get(dg_plan_result(plan, result), index);
}

#define FLOATS(shape, ...) dg_tensor_view(DG_FLOAT32, (shape), (float[]){__VA_ARGS__})

#endif
