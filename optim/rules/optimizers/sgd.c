/* Sutskever, Martens, Dahl, Hinton: "On the importance of initialization and momentum in deep learning" (2013), in
 * torch.optim.SGD's form: the first step's buffer is the gradient itself, undampened. */
#include <dotgrad/rules.h>

static dg_status check(const double *hyper)
{
    bool nesterov = hyper[3] != 0, momentum = hyper[0] != 0, dampening = hyper[1] != 0;
    return nesterov && (!momentum || dampening)
               ? dg_error(DG_BAD_ARGUMENT, "nesterov=true needs a momentum above 0 and no dampening")
               : dg_ok();
}

const dg_rule sgd_rule = {
    .name = "sgd",
    .summary = "p − lr·g, with momentum or Nesterov's",
    .source = "Sutskever, Martens, Dahl, Hinton 2013",
    .lr = 1e-3,
    .arguments = {{.name = "momentum", .range = DG_ARGUMENT_FRACTION, .fallback = {0}},
                  {.name = "dampening", .range = DG_ARGUMENT_FRACTION, .fallback = {0}},
                  {.name = "weight_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}},
                  {.name = "nesterov", .range = DG_ARGUMENT_FLAG, .fallback = {0}}},
    .check = check,
    .lines = "g = g + weight_decay * p if weight_decay;"
             "b = g;"
             "b = momentum * momentum_buffer + (1 - dampening) * g if momentum;"
             "b = where(t > 1, b, g) if dampening;"
             "momentum_buffer = b if momentum;"
             "b = g + momentum * b if nesterov;"
             "p = p - lr * b",
};
