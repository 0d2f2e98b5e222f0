/* grad: a derivative as a node, so that graph files can write one and go on computing with it. */
#include <dotgrad/autograd.h>
#include <dotgrad/op.h>

/* ---- grad: g = d(Σ output)/d input, of input's shape ---- */

static dg_status grad_infer(const dg_infer *infer)
{
    static const char *const names[] = {"output", "input"};
    for (int k = 0; k < 2; k++)
        if (!dg_dtype_is_float(infer->inputs[k]->dtype))
            return dg_error(DG_BAD_DTYPE, "%s is %s: only floats have derivatives", names[k],
                            dg_dtype_name(infer->inputs[k]->dtype));
    infer->outputs[0] = *infer->inputs[1];
    return dg_ok();
}

static void grad_compose(const dg_compose *compose)
{
    dg_status status = dg_grad(compose->inputs[0], 1, &compose->inputs[1], &compose->outputs[0]);
    if (status.code != DG_OK)
        dg_graph_fail(compose->graph, dg_prefixed(status, "grad '%s'", dg_node_name(compose->node)));
}

static const dg_sample grad_samples[] = {
    {.call = "grad", .inputs = {"[2, 3]", "[3]"}},
    {.call = NULL},
};

static const dg_op gradient_ops[] = {{
    .name = "grad",
    .family = "gradient",
    .summary = "g = d(sum of output)/d(input), of input's shape; 0 where output does not depend on it",
    .inputs = {{.name = "output", .doc = "what is differentiated; the sum of its elements, when it has several"},
               {.name = "input", .doc = "any node: an input, a parameter, or one in between"}},
    .infer = grad_infer,
    .compose = grad_compose,
    .samples = grad_samples,
}};

const dg_op_family gradient_family = DG_FAMILY(gradient_ops);
