/* Literals in options live as long as the caller's block: a plan fetches nodes of one, a picture has the heat of one.
 */
#include <dotgrad/dotgrad.h>
#include <dotgrad/draw.h>
#include <stdio.h>

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        dg_status must = (call);                                                                                       \
        if (must.code != DG_OK) {                                                                                      \
            printf("%s\n", must.message);                                                                              \
            return 1;                                                                                                  \
        }                                                                                                              \
    } while (0)

int main(void)
{
    static const float values[] = {1, 2, 3};
    const dg_tensor rows = dg_tensor_view(DG_FLOAT32, DG_SHAPE(3, 1), values);
    dg_graph *g;
    dg_tensors *parameters;
    dg_plan *plan;
    MUST(dg_graph_new(&g));
    MUST(dg_tensors_new(&parameters));
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 1), .name = "x");
    dg_node *y = dg_add(x, dg_expr("a * a", {"a", x}), .name = "y"), *s = dg_sum(y, .dim = DG_INTS(0, 1));
    dg_node *loss = dg_mean(dg_linear(y, 1, .name = "fc"));
    MUST(dg_training_plan(loss, "sgd(lr=0.1)", parameters, &plan, .fetch = (dg_node *[]){y, s}, .n_fetch = 2));
    MUST(dg_plan_run(plan, &(dg_feed){x, &rows}, 1));
    const dg_tensor *all = dg_plan_result(plan, 1), *sum = dg_plan_result(plan, 2);
    printf("%g %g %g, %g", dg_tensor_get(all, 0), dg_tensor_get(all, 1), dg_tensor_get(all, 2), dg_tensor_get(sum, 0));
    MUST(dg_draw(
        g, "heat.svg", .loss = loss,
        .heat = &(dg_heat){.title = "warm", .count = 2, .nodes = (dg_node *[]){x, y}, .values = (double[]){1, 1000}}));
    puts("");
    dg_plan_free(plan);
    dg_tensors_free(parameters);
    dg_graph_free(g);
    return 0;
}
