/* What a user may write, in C and C++20, without one warning. */
#include <dotgrad/dotgrad.h>
#include <dotgrad/draw.h>

dg_node *lists(dg_node *a, dg_node *b);
dg_node *lists(dg_node *a, dg_node *b)
{
    dg_node *x = dg_cat(DG_NODES(a, b));
    x = dg_cat(DG_NODES(x, dg_cat(DG_NODES(a, b), .dim = 1)), .dim = 1, .name = "both");
    x = dg_stack(DG_NODES(x, dg_linear(x, 3, .bias = false)));
    return dg_sum(dg_flip(x, DG_INTS(0, 1)), .dim = 1, .keepdim = true);
}

dg_status plans(dg_node *loss, dg_tensors *parameters, dg_plan **plan);
dg_status plans(dg_node *loss, dg_tensors *parameters, dg_plan **plan)
{
    dg_status status = dg_training_plan(loss, "adam", parameters, plan);
    if (status.code == DG_OK)
        status = dg_training_plan(loss, "sgd", parameters, plan, .clip_norm = 1, .seed = 3);
    return status;
}

static void cell(dg_scan_step *step)
{
    step->output = step->next[0] = dg_tanh(dg_add(step->x, step->states[0]));
}

dg_status others(dg_node *x, dg_node *state);
dg_status others(dg_node *x, dg_node *state)
{
    dg_node *y = dg_scan(x, 1, &state, cell), *z = dg_scan(x, 1, &state, cell, .dim = 1, .name = "again");
    dg_node *e = dg_expr("e * pi + y", {"e", y}, {"y", z});
    dg_status status = dg_draw(dg_node_graph(e), "x.svg");
    return status.code == DG_OK ? dg_draw(dg_node_graph(e), "x.svg", .loss = e, .dpi = 100) : status;
}
