/* Descriptors of ops that are not right are refused when they are registered, with a sentence that names op and field.
 */
#include <criterion/criterion.h>
#include <dotgrad/core.h>
#include <dotgrad/ops.h>
#include <math.h>
#include <string.h>

static dg_status infer(const dg_infer *call)
{
    return dg_infer_same(call);
}

static dg_status forward(const dg_kernel *call)
{
    (void)call;
    return dg_ok();
}

static void compose(const dg_compose *call)
{
    call->outputs[0] = dg_relu(call->inputs[0]);
}

static void terms(const dg_kernel *call, int64_t at, dg_terms *sum)
{
    (void)call;
    dg_terms_add(sum, (dg_term){1, {0}, {at}});
}

static const char *formula_for(const dg_value *attrs, int n_inputs)
{
    (void)attrs;
    return n_inputs == 1 ? "x" : NULL;
}

static size_t workspace(const dg_kernel *call)
{
    return dg_tensor_bytes(call->inputs[0]);
}

#define OWN        .name = "own", .family = "own", .summary = "y"
#define X          .inputs = {{.name = "x"}}
#define BY_FORMULA OWN, X, .formula = "x^2"
#define BY_KERNEL  OWN, X, .infer = infer, .forward = forward

static void refused(const dg_op *op, const char *words)
{
    dg_status status = dg_register(op);
    cr_expect_eq(status.code, DG_BAD_ARGUMENT, "'%s' is taken", words);
    cr_expect(strstr(status.message, words), "'%s' is not in: %s", words, status.message);
    cr_expect(!op->name || strchr(op->name, ' ') || strstr(status.message, op->name), "%s", status.message);
}

Test(registering, names)
{
    refused(&(dg_op){.family = "own", .summary = "y", X, .formula = "x"}, "no name");
    refused(&(dg_op){.name = "my op", .family = "own", .summary = "y", X, .formula = "x"}, "'my op'");
    refused(&(dg_op){.name = "2nd", .family = "own", .summary = "y", X, .formula = "x"}, "'2nd'");
    refused(&(dg_op){.name = "own", .summary = "y", X, .formula = "x"}, "no family");
    refused(&(dg_op){.name = "own", .family = "own", X, .formula = "x"}, "no summary");
    refused(&(dg_op){.name = "relu", .family = "own", .summary = "y", X, .formula = "x"}, "registered already");
}

Test(registering, inputs)
{
    refused(&(dg_op){OWN, .infer = infer, .forward = forward, .inputs = {{.doc = "nobody"}}}, "input 0 has no name");
    refused(&(dg_op){OWN, .infer = infer, .forward = forward, .inputs = {[1] = {.name = "x"}}}, "input 0 has no name");
    refused(&(dg_op){OWN, .infer = infer, .forward = forward, .inputs = {{.name = "a b"}}}, "'a b'");
    refused(&(dg_op){OWN, .formula = "x", .inputs = {{.name = "x"}, {.name = "x"}}},
            "inputs 0 and 1 are both called 'x'");
    refused(&(dg_op){OWN, .infer = infer, .forward = forward,
                     .inputs = {{.name = "x", .flags = DG_VARIADIC}, {.name = "y"}}},
            "'x' is DG_VARIADIC");
    refused(&(dg_op){OWN, .infer = infer, .forward = forward,
                     .inputs = {{.name = "x", .flags = DG_TARGET}, {.name = "y", .flags = DG_TARGET}}},
            "2 inputs are DG_TARGET");
    refused(&(dg_op){OWN, .infer = infer, .forward = forward, .inputs = {{.name = "x", .init = "zeros"}}},
            "'x' has an initialiser, but no `parameter`");
}

Test(registering, attributes)
{
    refused(&(dg_op){BY_KERNEL, .attrs = {{.kind = DG_ATTR_INT}}}, "attribute 0 has no name");
    refused(&(dg_op){BY_KERNEL, .attrs = {{.name = "a", .kind = (dg_attr_kind)99, .fallback = "1"}}}, "of kind 99");
    refused(&(dg_op){BY_KERNEL, .attrs = {{.name = "a", .fallback = "true"}, {.name = "a", .fallback = "true"}}},
            "attributes 0 and 1 are both called 'a'");
    refused(&(dg_op){OWN, .formula = "x * 2", X, .attrs = {{.name = "x", .kind = DG_ATTR_FLOAT, .fallback = "1"}}},
            "input 0 and attribute 0, a name in formulas, are both called 'x'");
    refused(&(dg_op){BY_KERNEL, .attrs = {{.name = "n", .kind = DG_ATTR_INT, .fallback = "half"}}}, "default of 'n'");
    refused(&(dg_op){BY_KERNEL, .attrs = {{.name = "n", .kind = DG_ATTR_BOOL, .fallback = "1"}}}, "default of 'n'");
    refused(&(dg_op){BY_KERNEL, .attrs = {{.name = "n", .kind = DG_ATTR_FLOAT, .fallback = "(1"}}}, "default of 'n'");
    refused(&(dg_op){BY_KERNEL, .attrs = {{.name = "w", .kind = DG_ATTR_NAME, .fallback = "up", .choices = "a|b"}}},
            "default of 'w'");
    refused(&(dg_op){BY_KERNEL, .attrs = {{.name = "w", .kind = DG_ATTR_INT, .fallback = "1", .choices = "a|b"}}},
            "'w' has choices");
    refused(&(dg_op){BY_KERNEL, .attrs = {{.name = "a b", .fallback = "true"}}}, "called 'a b'");
    refused(&(dg_op){BY_KERNEL, .attrs = {{.name = "n", .kind = DG_ATTR_INT, .fallback = "1", .may_be_nan = true}}},
            "'n' has may_be_nan");
    refused(
        &(dg_op){BY_KERNEL, .attrs = {{.name = "n", .kind = DG_ATTR_INT, .fallback = "1", .may_be_infinite = true}}},
        "'n' has may_be_infinite");
    refused(&(dg_op){BY_KERNEL, .attrs = {{.name = "n", .kind = DG_ATTR_INT, .fallback = "1", .takes_rest = true}}},
            "'n' has takes_rest");
}

static dg_status one_number(const dg_infer *call, dg_shape *shape, bool *present)
{
    (void)call;
    *shape = dg_scalar();
    *present = true;
    return dg_ok();
}

static dg_status count_one(const dg_infer *call, int *count)
{
    (void)call;
    *count = 1;
    return dg_ok();
}

Test(registering, initialisers_and_outputs)
{
    static const dg_input_spec named = {.name = "w", .parameter = one_number, .init_attr = "start"};
    refused(&(dg_op){OWN, .infer = infer, .forward = forward, .inputs = {{.name = "x"}, named}},
            "'start', and there is no such attribute");
    refused(&(dg_op){OWN, .infer = infer, .forward = forward, .inputs = {{.name = "x"}, named},
                     .attrs = {{.name = "start", .kind = DG_ATTR_INT, .fallback = "1"}}},
            "which is no DG_ATTR_INIT");
    refused(&(dg_op){BY_KERNEL, .outputs = {"first one"}}, "output 0 is called 'first one'");
    refused(&(dg_op){BY_KERNEL, .outputs = {"a", "b"}, .output_count = count_one},
            "outputs that are counted have no names");
}

Test(registering, ways_to_compute)
{
    refused(&(dg_op){OWN, X, .forward = forward}, "no shape rule (infer)");
    refused(&(dg_op){OWN, X, .compose = compose}, "no shape rule (infer)");
    refused(&(dg_op){OWN, X, .infer = infer}, "neither formula nor forward nor compose");
    refused(&(dg_op){BY_FORMULA, .forward = forward}, "a formula and forward");
    refused(&(dg_op){BY_KERNEL, .compose = compose}, "forward and compose");
    refused(&(dg_op){OWN, X, .formula = "x * "}, "formula 'x * '");
    refused(&(dg_op){OWN, X, .formula = "x * beta"}, "there is no 'beta'");
    refused(&(dg_op){OWN, X, .formula = "x * unheard(x)"}, "unheard");
    refused(&(dg_op){OWN, .formula = "2"}, "no inputs");
    refused(&(dg_op){BY_FORMULA, .flags = DG_EPILOGUE}, "no forward");
    refused(&(dg_op){BY_KERNEL, .samples = (const dg_sample[]){{"other", {"[2]"}}, {0}}}, "a call of another op");
    refused(&(dg_op){BY_KERNEL, .samples = (const dg_sample[]){{"own(", {"[2]"}}, {0}}}, "sample 'own('");
    refused(&(dg_op){BY_KERNEL, .outputs = {"a", NULL, "b"}}, "output 1 has no name");
    refused(&(dg_op){BY_KERNEL, .scores = DG_SCORES_CLASSES}, "DG_TARGET");
    refused(&(dg_op){BY_KERNEL, .scores = (dg_scores)77}, "scores is 77");
    refused(&(dg_op){BY_KERNEL, .role = DG_ROLE_PARAMETER}, "engine's own");
    refused(&(dg_op){BY_FORMULA, .terms = terms}, "terms, but a formula too");
    refused(&(dg_op){OWN, .infer = infer, .forward = forward, .terms = terms}, "terms, but no inputs");
    refused(&(dg_op){BY_FORMULA, .formula_for = formula_for}, "a formula and a formula_for");
    refused(&(dg_op){OWN, X, .infer = infer, .compose = compose, .workspace = workspace},
            "a workspace, but no forward");
    refused(&(dg_op){OWN, .infer = infer, .forward = forward, .flags = DG_VIEW}, "but it has no inputs");
    refused(&(dg_op){BY_KERNEL, .role = (dg_role)50}, "its role is 50");
    dg_status status = dg_register(&(dg_op){BY_KERNEL, .version = DG_OP_VERSION + 1}); /* its name may be elsewhere */
    cr_expect(status.code == DG_BAD_ARGUMENT && strstr(status.message, "compiled for another version"), "%s",
              status.message);
}

/* After all that: what is right is taken, once, and works. */
Test(registering, what_was_refused_may_come_again_right)
{
    static const dg_op own = {OWN, .inputs = {{.name = "e"}, {.name = "other"}},
                              .attrs = {{.name = "beta", .kind = DG_ATTR_FLOAT, .fallback = "2"}},
                              .formula = "relu(e) * beta + other"};
    dg_graph *g;
    refused(&(dg_op){OWN, X, .formula = "x * beta"}, "there is no 'beta'");
    cr_assert_eq(dg_register(&own).code, DG_OK);
    refused(&own, "registered already");
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    dg_node *x = dg_input(g, DG_SHAPE(2));
    cr_expect_not_null(dg_call(DG_HERE, "own", 2, (dg_node *[]){x, x}));
    static const dg_op late = {.name = "late", .family = "own", .summary = "y", X, .formula = "x"};
    refused(&late, "comes too late");
    dg_graph_free(g);
}
