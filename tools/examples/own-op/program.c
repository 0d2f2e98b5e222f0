/* The same op in a program of one's own:
 *
 *     cc program.c $(pkg-config --cflags --libs dotgrad) -o program
 */
#include <dotgrad/dotgrad.h>
#include <stdio.h>

static const dg_op swoosh = {.name = "swoosh",
                             .family = "activation",
                             .summary = "y = x·σ(x)·(1 + x²)",
                             .inputs = {{.name = "input"}},
                             .formula = "input * sigmoid(input) * (1 + input^2)"};

static dg_status run(dg_graph *g, double x_value, double *y_value, double *slope)
{
    dg_node *x = dg_input(g, DG_SHAPE(1), .dtype = DG_FLOAT64, .name = "x");
    dg_node *fetch[2] = {dg_call(DG_HERE, "swoosh", 1, &x)};
    dg_tensor tensor = dg_tensor_view(DG_FLOAT64, DG_SHAPE(1), &x_value);
    dg_plan *plan;
    DG_TRY(dg_graph_status(g));
    DG_TRY(dg_grad(fetch[0], 1, &x, &fetch[1]));
    DG_TRY(dg_plan_new(g, &(dg_plan_options){.fetch = fetch, .n_fetch = 2}, &plan));
    dg_status status = dg_plan_run(plan, &(dg_feed){x, &tensor}, 1);
    if (status.code == DG_OK) {
        *y_value = dg_tensor_get(dg_plan_result(plan, 0), 0);
        *slope = dg_tensor_get(dg_plan_result(plan, 1), 0);
    }
    dg_plan_free(plan);
    return status;
}

int main(void)
{
    dg_graph *graph = NULL;
    double y = 0, slope = 0;
    dg_status status = dg_register(&swoosh);
    if (status.code == DG_OK)
        status = dg_graph_new(&graph);
    if (status.code == DG_OK)
        status = run(graph, 1, &y, &slope);
    dg_graph_free(graph);
    if (status.code != DG_OK) {
        fprintf(stderr, "%s\n", status.message);
        return 1;
    }
    printf("swoosh(1) = %.6f, its slope %.6f\n", y, slope);
    return 0;
}
