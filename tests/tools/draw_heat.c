/* The numbers that pictures show as colours, against plain loops over values and gradients of a second graph: networks
 * that ship, on random rows. */
#include "command.h"

#include <dotgrad/autograd.h>
#include <dotgrad/dotgrad.h>
#include <dotgrad/draw.h>
#include <dotgrad/graphviz.h>

#include <math.h>

TestSuite(draw_heat, .init = make_folder, .fini = remove_folder);

enum { ROWS = 12, MOST_NODES = 400, MOST_FEEDS = 4 };

static const char *const networks[] = {"xor",
                                       "residual-digits",
                                       "saturated-sigmoid",
                                       "tasks/deep-mlp-digits",
                                       "tasks/mlp-digits",
                                       "tasks/cnn-digits",
                                       "transformer-digits",
                                       "autoencoder-digits"};
enum { NETWORKS = sizeof networks / sizeof *networks };

/* A graph, its parameters and rows. */
typedef struct bench {
    dg_graph_file *file;
    dg_tensors *parameters;
    dg_tensor tensors[MOST_FEEDS];
    dg_feed feeds[MOST_FEEDS];
    int n_feeds;
} bench;

static void must(dg_status status)
{
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
}

static double noise(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 40) / (1 << 24);
}

static void set_up(bench *b, const char *network)
{
    char path[400];
    uint64_t state = 5;
    *b = (bench){0};
    snprintf(path, sizeof path, "%s/../tools/examples/%s.dot", getenv("TESTS"), network);
    must(dg_graph_read(path, NULL, &b->file));
    must(dg_tensors_new(&b->parameters));
    for (int k = 0; k < b->file->n_nodes; k++) {
        dg_node *node = b->file->nodes[k].node;
        dg_type type = *dg_node_type(node, 0);
        if (dg_node_op(node)->role != DG_ROLE_INPUT)
            continue;
        type.shape.dims[0] = type.shape.rank ? ROWS : 0;
        cr_assert_lt(b->n_feeds, MOST_FEEDS);
        dg_tensor *made = &b->tensors[b->n_feeds];
        must(dg_tensor_make(made, type.dtype, type.shape));
        for (int64_t i = 0; i < dg_tensor_count(made); i++)
            dg_tensor_set(made, i, dg_dtype_is_float(type.dtype) ? noise(&state) : floor(2 * noise(&state)));
        b->feeds[b->n_feeds++] = (dg_feed){node, made};
    }
}

static void tear_down(bench *b)
{
    for (int k = 0; k < b->n_feeds; k++)
        dg_tensor_release(&b->tensors[k]);
    dg_tensors_free(b->parameters);
    dg_graph_file_free(b->file);
}

static dg_heat *measure(bench *b, const char *what)
{
    dg_heat *heat;
    must(dg_heat_measure(&(dg_heat_request){.what = what,
                                            .loss = b->file->loss,
                                            .parameters = b->parameters,
                                            .feeds = b->feeds,
                                            .n_feeds = b->n_feeds,
                                            .optimizer = "sgd(lr=0.01)",
                                            .seed = 3},
                         &heat));
    cr_assert_gt(heat->count, 0, "%s", what);
    return heat;
}

static double of_node(const dg_heat *heat, const char *name)
{
    for (size_t k = 0; k < heat->count; k++)
        if (strcmp(dg_node_name(heat->nodes[k]), name) == 0)
            return heat->values[k];
    return NAN;
}

/* To three digits: the numbers are of float32 values in another order of summation. */
static void expect_near(double shown, double wanted, const char *network, const char *what, const char *name)
{
    cr_expect(fabs(shown - wanted) <= 1e-3 * fabs(wanted) + 1e-9, "%s: %s of '%s' is %g, not %g", network, what, name,
              shown, wanted);
}

/* Runs a plan of the second graph, which fetches `nodes`. */
static void run(bench *b, dg_node *const *nodes, int count, dg_plan **plan)
{
    must(dg_parameters_init(b->parameters, b->file->graph, 3));
    must(dg_plan_new(b->file->graph,
                     &(dg_plan_options){.fetch = nodes, .n_fetch = count, .parameters = b->parameters, .seed = 3},
                     plan));
    must(dg_plan_run(*plan, b->feeds, b->n_feeds));
}

static double norm_of(const dg_tensor *tensor)
{
    double sum = 0;
    for (int64_t k = 0; k < dg_tensor_count(tensor); k++)
        sum += dg_tensor_get(tensor, k) * dg_tensor_get(tensor, k);
    return sqrt(sum);
}

/* The float nodes of a file that its loss reads, where the heat has a number for them. */
static int choose(const bench *b, const dg_heat *heat, dg_node **nodes, bool activations)
{
    int count = 0;
    for (int k = 0; k < b->file->n_nodes; k++)
        for (int i = 0; i < b->file->nodes[k].n_made; i++) {
            dg_node *node = b->file->nodes[k].made[i];
            bool fits =
                !activations || (strcmp(dg_node_op(node)->family, "activation") == 0 && dg_node_input_count(node) == 1);
            if (fits && dg_dtype_is_float(dg_node_type(node, 0)->dtype) && !isnan(of_node(heat, dg_node_name(node))) &&
                count < MOST_NODES)
                nodes[count++] = node;
        }
    return count;
}

Test(draw_heat, gradients_and_values_are_those_of_the_network)
{
    for (int n = 0; n < NETWORKS; n++) {
        bench shown, plain;
        dg_node *nodes[MOST_NODES], *all[2 * MOST_NODES];
        dg_plan *plan;
        set_up(&shown, networks[n]);
        set_up(&plain, networks[n]);
        dg_heat *gradient = measure(&shown, "gradient"), *activation = measure(&shown, "activation");
        int count = choose(&plain, gradient, nodes, false);
        cr_assert_gt(count, 2, "%s", networks[n]);
        memcpy(all, nodes, (size_t)count * sizeof *all);
        must(dg_grad(plain.file->loss, count, nodes, all + count));
        run(&plain, all, 2 * count, &plan);
        for (int k = 0; k < count; k++) {
            const char *name = dg_node_name(nodes[k]);
            const dg_tensor *value = dg_plan_result(plan, k);
            expect_near(of_node(gradient, name), norm_of(dg_plan_result(plan, count + k)), networks[n], "gradient",
                        name);
            expect_near(of_node(activation, name), norm_of(value) / sqrt((double)dg_tensor_count(value)), networks[n],
                        "activation", name);
        }
        dg_plan_free(plan);
        dg_heat_free(gradient);
        dg_heat_free(activation);
        tear_down(&shown);
        tear_down(&plain);
    }
}

/* Units that are 0 in every row, of channels in images. */
static double share_of_dead(const dg_tensor *value)
{
    int64_t units = 1, inner = 1;
    const dg_shape *shape = &value->shape;
    for (int k = 1; k < shape->rank; k++)
        units *= shape->dims[k];
    if (shape->rank == 4) {
        inner = shape->dims[2] * shape->dims[3];
        units /= inner;
    }
    int64_t rows = dg_tensor_count(value) / units / inner, dead = 0;
    for (int64_t u = 0; u < units; u++) {
        bool lives = false;
        for (int64_t r = 0; r < rows; r++)
            for (int64_t i = 0; i < inner; i++)
                lives |= dg_tensor_get(value, (r * units + u) * inner + i) != 0;
        dead += !lives;
    }
    return (double)dead / (double)units;
}

Test(draw_heat, dead_and_saturated_units_are_those_of_the_network)
{
    int checked = 0;
    for (int n = 0; n < NETWORKS; n++) {
        bench shown, plain;
        dg_node *nodes[MOST_NODES], *all[2 * MOST_NODES];
        dg_plan *plan;
        set_up(&shown, networks[n]);
        set_up(&plain, networks[n]);
        dg_heat *dead = measure(&shown, "dead"), *saturated = measure(&shown, "saturated");
        int count = choose(&plain, saturated, nodes, true);
        for (int k = 0; k < count; k++) { /* the slope of each element: the derivative of the sum */
            dg_node *input = dg_node_input(nodes[k], 0);
            all[k] = nodes[k];
            must(dg_grad(dg_sum(nodes[k]), 1, &input, &all[count + k]));
        }
        if (count)
            run(&plain, all, 2 * count, &plan);
        for (int k = 0; k < count; k++) {
            const char *name = dg_node_name(nodes[k]);
            const dg_tensor *slope = dg_plan_result(plan, count + k);
            int64_t flat = 0, elements = dg_tensor_count(slope);
            for (int64_t i = 0; i < elements; i++)
                flat += fabs(dg_tensor_get(slope, i)) < 0.01;
            expect_near(of_node(saturated, name), (double)flat / (double)elements, networks[n], "saturated", name);
            expect_near(of_node(dead, name), share_of_dead(dg_plan_result(plan, k)), networks[n], "dead", name);
            checked++;
        }
        if (count)
            dg_plan_free(plan);
        dg_heat_free(dead);
        dg_heat_free(saturated);
        tear_down(&shown);
        tear_down(&plain);
    }
    cr_expect_gt(checked, 10);
}

/* The optimiser is sgd with 0.01: a step takes 0.01·∂loss/∂p. */
Test(draw_heat, updates_are_those_of_a_step)
{
    for (int n = 0; n < NETWORKS; n++) {
        bench shown, plain;
        dg_node *const *wrt, *gradients[MOST_NODES];
        dg_plan *plan;
        int count, checked = 0;
        set_up(&shown, networks[n]);
        set_up(&plain, networks[n]);
        dg_heat *update = measure(&shown, "update");
        must(dg_trainable_parameters(plain.file->loss, &wrt, &count));
        cr_assert(count > 0 && count < MOST_NODES);
        must(dg_grad(plain.file->loss, count, wrt, gradients));
        run(&plain, gradients, count, &plan);
        for (int k = 0; k < count; k++) {
            const dg_node *owner = dg_node_owner(wrt[k]) ? dg_node_owner(wrt[k]) : wrt[k];
            double step = 0, size = 0;
            bool is_first = true;
            for (int i = 0; i < count; i++) {
                const dg_node *other = dg_node_owner(wrt[i]) ? dg_node_owner(wrt[i]) : wrt[i];
                if (other != owner)
                    continue;
                is_first &= i >= k;
                step += pow(0.01 * norm_of(dg_plan_result(plan, i)), 2);
                size += pow(norm_of(dg_tensors_find(plain.parameters, dg_node_name(wrt[i]))), 2);
            }
            const char *name = dg_node_name((dg_node *)(uintptr_t)owner);
            if (!is_first || isnan(of_node(update, name)) || size == 0)
                continue;
            expect_near(of_node(update, name), sqrt(step / size), networks[n], "update", name);
            checked++;
        }
        cr_expect_gt(checked, 0, "%s", networks[n]);
        dg_plan_free(plan);
        dg_heat_free(update);
        tear_down(&shown);
        tear_down(&plain);
    }
}

/* float32: four bytes an element. */
Test(draw_heat, memory_and_time_are_of_each_value)
{
    bench b;
    set_up(&b, "xor");
    dg_heat *memory = measure(&b, "memory"), *time = measure(&b, "time");
    cr_expect_eq(of_node(memory, "hidden"), 4 * 4 * ROWS);
    cr_expect_eq(of_node(memory, "score"), 4 * ROWS);
    cr_expect_gt(of_node(time, "hidden"), 0);
    dg_heat_free(memory);
    dg_heat_free(time);
    tear_down(&b);
}

/* Copies that are folded show the least and the largest, in the unit of the numbers; so does the scale. */
Test(draw_heat, ranges_have_the_unit_of_their_numbers)
{
    static const struct {
        const char *unit, *range, *scale;
        double values[3];
    } cases[] = {{"s", "15.2 µs … 2 ms", ">2 ms<", {15.2e-6, 1e-4, 2e-3}},
                 {"B", "512 B … 1.05 MB", ">1.05 MB<", {512, 2048, 1048576}},
                 {"%", "0 % … 25 %", ">25 %<", {0, 0.25, 0.125}},
                 {NULL, "0.1 … 3", ">3<", {3, 0.1, 0.5}},
                 {"s", ">1 ms<", ">1 ms<", {1e-3, 1.0001e-3, 1e-3}}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        dg_graph *g;
        dg_node *nodes[3], *x;
        char *svg, name[8];
        size_t size;
        must(dg_graph_new(&g));
        x = dg_input(g, DG_SHAPE(DG_N, 8), .name = "x");
        for (int i = 0; i < 3; i++) {
            snprintf(name, sizeof name, "a.%d", i);
            x = nodes[i] = dg_linear(x, 8, .name = name);
        }
        must(dg_graph_status(g));
        const dg_heat heat = {.title = "numbers",
                              .count = 3,
                              .nodes = nodes,
                              .values = cases[k].values,
                              .is_linear = strcmp(cases[k].unit ? cases[k].unit : "", "%") == 0,
                              .unit = cases[k].unit};
        must(dg_draw_bytes(g, &svg, &size, .format = "svg", .fold = "exact", .heat = &heat));
        cr_expect_not_null(strstr(svg, cases[k].range), "%s: %s", cases[k].range, svg);
        cr_expect_not_null(strstr(svg, cases[k].scale), "%s: %s", cases[k].scale, svg);
        cr_expect_null(strstr(svg, "1 ms … 1 ms"), "both ends are the same to three digits");
        free(svg);
        dg_graph_free(g);
    }
}
