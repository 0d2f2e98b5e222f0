/* The example graphs train, and reach the published figures. */
#include "command.h"

#include <dotgrad/dotgrad.h>

#include <math.h>

#define EXAMPLES "\"$TESTS\"/../tools/examples/"

TestSuite(examples, .init = make_folder, .fini = remove_folder);

static dg_tensors *read_tensors(const char *path)
{
    dg_tensors *set;
    dg_status status = dg_safetensors_read(path, &set);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    return set;
}

static double element(const dg_tensors *set, const char *name, int64_t index)
{
    const dg_tensor *tensor = dg_tensors_find(set, name);
    cr_assert_not_null(tensor, "%s is missing", name);
    cr_assert_eq(tensor->dtype, DG_FLOAT64);
    return dg_tensor_get(tensor, index);
}

/* Every digit that is printed: half a unit of the last one. */
static void expect_digits(double found, double printed, double half)
{
    cr_expect_float_eq(found, printed, half, "found %.12g, the published figure is %.12g", found, printed);
}

static dg_tensors *after_steps(int steps)
{
    expect_fine(dotgrad("train " EXAMPLES "worked-2-2-2.dot --epochs %d -o run", steps));
    expect_fine(
        dotgrad("eval " EXAMPLES "worked-2-2-2.dot --weights run/checkpoint.safetensors --fetch error,out --out e"));
    return read_tensors("e");
}

Test(examples, worked_backpropagation_step_one)
{
    expect_fine(dotgrad("eval " EXAMPLES "worked-2-2-2.dot --fetch error --out first"));
    dg_tensors *first = read_tensors("first"), *then = after_steps(1),
               *weights = read_tensors("run/checkpoint.safetensors");
    expect_digits(element(first, "error", 0), .298371109, .5e-9);
    expect_digits(element(then, "error", 0), .2910277737, .5e-10);
    expect_digits(element(weights, "w_ho", 0), .35891648, .5e-8);
    expect_digits(element(weights, "w_ih", 0), .149780716, .5e-9);
    dg_tensors_free(first);
    dg_tensors_free(then);
    dg_tensors_free(weights);
}

Test(examples, worked_backpropagation_step_ten_thousand)
{
    dg_tensors *then = after_steps(10000);
    expect_digits(element(then, "error", 0), 3.51019e-5, .5e-10);
    expect_digits(element(then, "out", 0), .015913620, .5e-9);
    expect_digits(element(then, "out", 1), .984064274, .5e-9);
    dg_tensors_free(then);
}

static double accuracy_of(const char *example)
{
    outcome run = dotgrad("train " EXAMPLES "%s.dot -o run", example);
    expect_fine(run);
    return number_after(run.out, " accuracy: ");
}

Test(examples, rbf_network_reads_digits)
{
    cr_expect_geq(accuracy_of("rbf-digits"), 97.5);
}

Test(examples, rbf_network_is_solved_for)
{
    cr_expect_geq(accuracy_of("rbf-digits-solved"), 97.5);
}

Test(examples, surfaces_and_curves_without_a_gradient)
{
    outcome franke = dotgrad("train " EXAMPLES "franke.dot -o franke");
    expect_fine(franke);
    /* SciPy's RBFInterpolator on the same rows */
    cr_expect_float_eq(number_after(franke.out, "rmse: "), 0.012247687235, 1e-9);
    expect_fine(dotgrad("check " EXAMPLES "franke.dot"));
    outcome grnn = dotgrad("train " EXAMPLES "grnn-sinc.dot -o grnn");
    expect_fine(grnn);
    cr_expect_lt(number_after(grnn.out, "rmse: "), 0.15);
}

Test(examples, scanned_cell_reads_digits_row_by_row)
{
    cr_expect_geq(accuracy_of("scan-rnn"), 94);
}

Test(examples, repeated_blocks_read_digits)
{
    cr_expect_geq(accuracy_of("residual-digits"), 97);
}

Test(examples, hidden_layer_learns_exclusive_or)
{
    cr_expect_eq(accuracy_of("xor"), 100);
}

Test(examples, logistic_regression_tells_irises)
{
    cr_expect_geq(accuracy_of("logistic-iris"), 90);
}

Test(examples, formula_activation_trains_its_parameter)
{
    cr_expect_geq(accuracy_of("custom-activation"), 95);
    dg_tensors *weights = read_tensors("run/checkpoint.safetensors");
    const dg_tensor *beta = dg_tensors_find(weights, "act1.beta");
    cr_assert_not_null(beta);
    cr_expect_neq(dg_tensor_get(beta, 0), 1, "beta stayed where it began");
    dg_tensors_free(weights);
}

Test(examples, perceptrons_are_gates)
{
    static const struct {
        const char *name;
        double wants[4];
    } gates[] = {{"perceptron-and", {0, 0, 0, 1}}, {"perceptron-or", {0, 1, 1, 1}}};
    for (size_t k = 0; k < 2; k++) {
        expect_fine(dotgrad("eval " EXAMPLES "%s.dot --fetch fires --out gate", gates[k].name));
        dg_tensors *set = read_tensors("gate");
        for (int row = 0; row < 4; row++)
            cr_expect_eq(dg_tensor_get(dg_tensors_find(set, "fires"), row), gates[k].wants[row]);
        dg_tensors_free(set);
    }
}

Test(examples, network_solves_the_differential_equation)
{
    expect_fine(dotgrad("train " EXAMPLES "ode.dot -o run"));
    expect_fine(dotgrad("eval " EXAMPLES "ode.dot --weights run/checkpoint.safetensors --fetch t,u --out solution"));
    dg_tensors *set = read_tensors("solution");
    for (int64_t k = 0; k < dg_tensor_count(dg_tensors_find(set, "t")); k++) {
        double t = element(set, "t", k);
        cr_expect_float_eq(element(set, "u", k), sin(t), 0.02, "u(%g) is %g, sin is %g", t, element(set, "u", k),
                           sin(t));
    }
    dg_tensors_free(set);
}
