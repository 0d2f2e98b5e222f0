/* Weights made by PyTorch load by name, and the graph gives PyTorch's outputs, loss and gradients. The cases in
 * tests/pytorch are written by make_cases.py there.
 *
 * An element may be off by 1e-5 of the largest magnitude in its tensor: both sides compute in float32 and add up in
 * different orders, so that elements which nearly cancel have no more digits than the largest one lends them. */
#include "command.h"

#include <criterion/parameterized.h>
#include <dotgrad/dotgrad.h>
#include <math.h>

enum { NAMES = 4000 };
static const double tolerance = 1e-5;

typedef struct model_case {
    const char *graph; /* GRAPH.dot and GRAPH.weights.safetensors */
    const char *name;  /* NAME.in.safetensors and NAME.out.safetensors */
    const char *options;
} model_case;

static const model_case cases[] = {
    {"lstm", "lstm", ""},
    {"transformer", "transformer", ""},
    {"resnet", "resnet.eval", ""},
    {"resnet", "resnet.train", "--training"},
};

TestSuite(pytorch, .init = make_folder, .fini = remove_folder);

static dg_tensors *read_set(const char *folder_path, const char *name, const char *kind)
{
    char path[512];
    dg_tensors *set;
    snprintf(path, sizeof path, "%s%s%s.safetensors", folder_path, name, kind);
    dg_status status = dg_safetensors_read(path, &set);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    return set;
}

static void append(char *list, const char *name)
{
    size_t used = strlen(list);
    cr_assert_lt(used + strlen(name) + 2, NAMES);
    snprintf(list + used, NAMES - used, "%s%s", used ? "," : "", name);
}

static void compare(const char *name, const dg_tensor *got, const dg_tensor *want)
{
    double largest = 0, worst = 0;
    cr_assert_not_null(got, "%s is missing", name);
    cr_assert(got->dtype == want->dtype && dg_shape_equal(&got->shape, &want->shape), "%s: another type or shape",
              name);
    for (int64_t i = 0; i < dg_tensor_count(want); i++) {
        double difference = fabs(dg_tensor_get(got, i) - dg_tensor_get(want, i));
        largest = fmax(largest, fabs(dg_tensor_get(want, i)));
        worst = fmax(worst, isnan(difference) ? INFINITY : difference);
    }
    cr_expect(worst <= tolerance * largest, "%s: off by %g where the largest element is %g", name, worst, largest);
}

/* Every float of the state_dict but running statistics has a gradient in the case: none is left out by its name. */
static void expect_all_weights(const char *data, const model_case *c, const dg_tensors *want)
{
    dg_tensors *weights = read_set(data, c->graph, ".weights");
    for (size_t i = 0; i < dg_tensors_count(weights); i++) {
        const char *name = dg_tensors_name(weights, i);
        char grad[256];
        snprintf(grad, sizeof grad, "grad:%s", name);
        if (dg_dtype_is_float(dg_tensors_at(weights, i)->dtype) && !strstr(name, "running_"))
            cr_expect(dg_tensors_find(want, grad), "%s has no gradient", name);
    }
    dg_tensors_free(weights);
}

enum { CASES = sizeof cases / sizeof *cases };

ParameterizedTestParameters(pytorch, weights_outputs_and_gradients_agree)
{
    static int which[CASES];
    for (int k = 0; k < CASES; k++)
        which[k] = k;
    return cr_make_param_array(int, which, CASES);
}

ParameterizedTest(int *which, pytorch, weights_outputs_and_gradients_agree)
{
    const model_case *c = &cases[*which];
    char fetch[NAMES] = "", wrt[NAMES] = "", data[300];
    snprintf(data, sizeof data, "%s/pytorch/", getenv("TESTS"));
    dg_tensors *want = read_set(data, c->name, ".out");
    expect_all_weights(data, c, want);
    for (size_t i = 0; i < dg_tensors_count(want); i++) {
        const char *name = dg_tensors_name(want, i);
        if (strncmp(name, "grad:", 5) == 0)
            append(wrt, name + 5);
        else
            append(fetch, name);
    }
    expect_fine(dotgrad("eval '%s%s.dot' --weights '%s%s.weights.safetensors' --feed '%s%s.in.safetensors' --fetch %s "
                        "--grad loss --wrt %s %s --out out.safetensors",
                        data, c->graph, data, c->graph, data, c->name, fetch, wrt, c->options));
    dg_tensors *got = read_set("", "out", "");
    for (size_t i = 0; i < dg_tensors_count(want); i++)
        compare(dg_tensors_name(want, i), dg_tensors_find(got, dg_tensors_name(want, i)), dg_tensors_at(want, i));
    dg_tensors_free(got);
    dg_tensors_free(want);
}
