/* Every optimiser over 100 steps in float64 against torch.optim, or its paper's formula where PyTorch has none, on
 * three problems: trajectories.txt, made by trajectories.py. */
#include "small.h"

#include <stdlib.h>

enum { MOST_NUMBERS = 8 };

typedef struct problem {
    dg_graph *graph;
    dg_node *loss;
    dg_node *parameters[2];
    int n_parameters;
} problem;

static dg_node *numbers(dg_graph *graph, dg_shape shape, const double *values)
{
    const dg_tensor tensor = dg_tensor_view(DG_FLOAT64, shape, (void *)values);
    return dg_constant(graph, &tensor, .dtype = DG_FLOAT64);
}

static problem make_problem(const char *name)
{
    problem made = {.n_parameters = 1};
    MUST(dg_graph_new(&made.graph));
    dg_graph_set_dtype(made.graph, DG_FLOAT64);
    dg_graph *g = made.graph;
    if (strcmp(name, "valley") == 0) {
        dg_node *p = dg_parameter(g, DG_SHAPE(2), .init = "constant([-1.2, 1.0])", .name = "p");
        dg_node *x = dg_sum(dg_mul(p, numbers(g, DG_SHAPE(2), (double[]){1, 0})));
        dg_node *y = dg_sum(dg_mul(p, numbers(g, DG_SHAPE(2), (double[]){0, 1})));
        made.parameters[0] = p;
        made.loss = dg_expr("(1 - x)^2 + 5 * (y - x^2)^2", {"x", x}, {"y", y});
    } else if (strcmp(name, "matrix") == 0) {
        dg_node *p =
            dg_parameter(g, DG_SHAPE(2, 3), .init = "constant([[0.5, -0.3, 0.8], [-0.6, 0.2, 0.4]])", .name = "p");
        dg_node *a = numbers(g, DG_SHAPE(3, 3), (double[]){1.0, 0.5, -0.2, 0.3, 2.0, 0.1, -0.4, 0.2, 1.5});
        dg_node *y = numbers(g, DG_SHAPE(2, 3), (double[]){1.0, -1.0, 0.5, 0.2, 0.7, -0.9});
        made.parameters[0] = p;
        made.loss = dg_mse_loss(dg_matmul(p, a), y);
    } else {
        dg_node *w =
            dg_parameter(g, DG_SHAPE(2, 3), .init = "constant([[0.2, -0.4, 0.1], [-0.3, 0.5, 0.6]])", .name = "w");
        dg_node *b = dg_parameter(g, DG_SHAPE(2), .init = "constant([0.1, -0.2])", .name = "b");
        dg_node *x =
            numbers(g, DG_SHAPE(4, 3), (double[]){1.0, 2.0, -1.0, 0.5, -0.3, 0.8, -1.5, 0.4, 0.3, 0.7, 0.9, -0.6});
        const dg_tensor labels = dg_tensor_view(DG_INT64, DG_SHAPE(4), (int64_t[]){0, 1, 1, 0});
        made.parameters[0] = w;
        made.parameters[1] = b;
        made.n_parameters = 2;
        made.loss = dg_cross_entropy(dg_add(dg_matmul(x, dg_transpose(w, 0, 1)), b), dg_constant(g, &labels));
    }
    MUST(dg_graph_status(g));
    return made;
}

typedef struct run {
    problem problem;
    dg_tensors *parameters;
    dg_plan *plan;
    int step;
} run;

static run make_run(const char *name, const char *call)
{
    run r = {.problem = make_problem(name)};
    dg_optimizer optimizer;
    dg_node *gradients[2];
    dg_node *const *updates;
    int n;
    MUST(dg_optimizer_parse(call, &optimizer));
    MUST(dg_tensors_new(&r.parameters));
    MUST(dg_grad(r.problem.loss, r.problem.n_parameters, r.problem.parameters, gradients));
    const dg_optimizer_step step = {.graph = r.problem.graph,
                                    .count = r.problem.n_parameters,
                                    .parameters = r.problem.parameters,
                                    .gradients = gradients,
                                    .sampled = gradients,
                                    .lr = dg_full(r.problem.graph, dg_scalar(), optimizer.lr, .dtype = DG_FLOAT64)};
    MUST(dg_optimizer_emit(&optimizer, &step, &updates, &n));
    MUST(dg_parameters_init(r.parameters, r.problem.graph, 0));
    MUST(dg_plan_new(
        r.problem.graph,
        &(dg_plan_options){.updates = updates, .n_updates = n, .parameters = r.parameters, .training = true}, &r.plan));
    return r;
}

static void free_run(run *r)
{
    dg_plan_free(r->plan);
    dg_tensors_free(r->parameters);
    dg_graph_free(r->problem.graph);
}

static void compare(const run *r, const char *where, const char *expected)
{
    char *rest = NULL;
    for (int i = 0; i < r->problem.n_parameters; i++) {
        const dg_tensor *tensor = dg_tensors_find(r->parameters, dg_node_name(r->problem.parameters[i]));
        for (int64_t k = 0; k < dg_tensor_count(tensor); k++) {
            double wanted = strtod(expected, &rest), found = dg_tensor_get(tensor, k);
            cr_assert(rest != expected, "%s: a number is missing", where);
            expected = rest;
            cr_assert(fabs(found - wanted) <= 1e-10 * fmax(fabs(wanted), 1e-3), "%s: %.17g, expected %.17g", where,
                      found, wanted);
        }
    }
}

Test(trajectories, are_those_of_torch_over_100_steps)
{
    char path[512], line[1000], last[1000] = "";
    snprintf(path, sizeof path, "%s/optim/trajectories.txt", getenv("TESTS"));
    FILE *file = fopen(path, "r");
    cr_assert(file, "%s", path);
    run r = {.plan = NULL};
    int compared = 0;
    while (fgets(line, sizeof line, file)) {
        /* problem;call;step;numbers, where the call may hold semicolons */
        char *call = strchr(line, ';'), *values = strrchr(line, ';');
        *values++ = '\0';
        char *step = strrchr(line, ';');
        *step++ = '\0';
        if (strcmp(line, last) != 0) {
            if (r.plan)
                free_run(&r);
            snprintf(last, sizeof last, "%s", line);
            *call++ = '\0';
            r = make_run(line, call);
        }
        for (; r.step < atoi(step); r.step++)
            MUST(dg_plan_run(r.plan, NULL, 0));
        char where[1100];
        snprintf(where, sizeof where, "%s, step %s", last, step);
        compare(&r, where, values);
        compared++;
    }
    fclose(file);
    if (r.plan)
        free_run(&r);
    cr_assert(compared > 400, "%d lines", compared);
}
