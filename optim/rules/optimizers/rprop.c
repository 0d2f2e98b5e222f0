/* Riedmiller, Braun: "A direct adaptive method for faster backpropagation learning: the RPROP algorithm" (1993), in
 * torch.optim.Rprop's form: after a change of sign the step is skipped. */
#include <dotgrad/rules.h>

static dg_status check(const double *hyper)
{
    bool etas = hyper[0] < 1 && hyper[1] > 1, sizes = hyper[2] <= hyper[3];
    return etas && sizes ? dg_ok()
                         : dg_error(DG_BAD_ARGUMENT, "needs etas below and above 1, and step_sizes that rise");
}

const dg_rule rprop_rule = {
    .name = "rprop",
    .summary = "steps by the sign of g alone, whose size grows while the sign stays and shrinks when it changes",
    .source = "Riedmiller, Braun 1993",
    .lr = 1e-2,
    .arguments =
        {{.name = "etas", .range = DG_ARGUMENT_POSITIVE, .fallback = {0.5, 1.2}, .symbols = {"eta_minus", "eta_plus"}},
         {.name = "step_sizes",
          .range = DG_ARGUMENT_POSITIVE,
          .fallback = {1e-6, 50},
          .symbols = {"step_min", "step_max"}}},
    .check = check,
    .lines = "c = g * prev;"
             "step_size = where(t > 1, step_size, lr);"
             "step_size = step_size * where(c > 0, eta_plus, where(c < 0, eta_minus, 1));"
             "step_size = min(max(step_size, step_min), step_max);"
             "g = where(c < 0, 0, g);"
             "p = p - sign(g) * step_size;"
             "prev = g",
};
