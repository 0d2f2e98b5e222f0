/* Two ops of one's own, in a plugin for the command:
 *
 *     cc -shared -fPIC own_op.c $(pkg-config --cflags dotgrad) -o own_op.so
 *     dotgrad check net.dot --order 1 --reverse --plugin ./own_op.so
 *
 * The first is a formula: one line, with derivatives of every order. The second has kernels of its own, forward and
 * backward; the backward one is an op, too, to be drawn, planned and, had it a `backward`, differentiated again. */
#include <dotgrad/dotgrad.h>
#include <math.h>

static const dg_op swoosh = {.name = "swoosh",
                             .family = "activation",
                             .summary = "y = x·σ(x)·(1 + x²)",
                             .inputs = {{.name = "input"}},
                             .formula = "input * sigmoid(input) * (1 + input^2)"};

static dg_status cube_kernel(const dg_kernel *k)
{
    for (int64_t i = 0; i < dg_tensor_count(k->outputs[0]); i++)
        dg_tensor_set(k->outputs[0], i, pow(dg_tensor_get(k->inputs[0], i), 3));
    return dg_ok();
}
static dg_status cube_grad_kernel(const dg_kernel *k)
{
    for (int64_t i = 0; i < dg_tensor_count(k->outputs[0]); i++)
        dg_tensor_set(k->outputs[0], i, 3 * pow(dg_tensor_get(k->inputs[0], i), 2) * dg_tensor_get(k->inputs[1], i));
    return dg_ok();
}
static void cube_backward(const dg_backward *b)
{
    b->grad_inputs[0] = dg_call(DG_HERE, "cube_grad", 2, (dg_node *[]){b->inputs[0], b->grad_output});
}
static const dg_op cube_grad = {.name = "cube_grad",
                                .family = "activation",
                                .summary = "dx = 3·x²·dy",
                                .inputs = {{.name = "input"}, {.name = "grad"}},
                                .infer = dg_infer_same,
                                .forward = cube_grad_kernel};
static const dg_op cube = {.name = "cube",
                           .family = "activation",
                           .summary = "y = x³",
                           .inputs = {{.name = "input"}},
                           .infer = dg_infer_same,
                           .forward = cube_kernel,
                           .backward = cube_backward};

const dg_op *const dotgrad_plugin[] = {&swoosh, &cube, &cube_grad, NULL};
