/* Defaults that a builder of C passes are those of a graph file that leaves them alone. */
#include <criterion/criterion.h>
#include <dotgrad/dotgrad.h>
#include <dotgrad/graphviz.h>
#include <stdlib.h>
#include <string.h>

/* What a builder of C passes for an attribute that its caller leaves alone. */
static dg_value left_alone(dg_arena *arena, const dg_attr_spec *spec)
{
    static const dg_ints absent = {.only = DG_NONE};
    bool is_none = strcmp(spec->fallback, "none") == 0;
    dg_value value;
    cr_assert_eq(dg_value_parse(arena, spec->fallback, &value).code, DG_OK);
    value.source = NULL;
    if (spec->kind == DG_ATTR_DTYPE)
        value = dg_int(DG_DEFAULT_DTYPE);
    else if (spec->kind == DG_ATTR_NAME || spec->kind == DG_ATTR_TEXT)
        value = dg_text(spec->fallback);
    else if (is_none && (spec->kind == DG_ATTR_SIZES || spec->kind == DG_ATTR_INTS))
        value = dg_ints_value(&absent);
    else if (is_none && spec->kind == DG_ATTR_INT)
        value = dg_int(DG_NONE);
    else if (is_none && spec->kind == DG_ATTR_FLOAT)
        value = dg_float(DG_NO_NUMBER);
    value.key = spec->name;
    return value;
}

/* Makes the sample's node again in its graph, with all defaults that it leaves alone as C passes them. */
static dg_node *make_again(dg_sample_case *made, const dg_op *op, const char *call)
{
    dg_value parsed, attrs[2 * DG_MAX_ATTRS];
    dg_node *inputs[DG_MAX_INPUTS];
    dg_arena *arena = dg_graph_arena(made->graph);
    int n = 0, n_inputs = 0;
    cr_assert_eq(dg_call_parse(arena, call, &parsed).code, DG_OK);
    for (size_t k = 0; k < parsed.count; k++)
        attrs[n++] = parsed.items[k];
    for (int k = 0; k < dg_op_attr_count(op); k++)
        if (op->attrs[k].fallback && !dg_call_argument(&parsed, (size_t)k, op->attrs[k].name))
            attrs[n++] = left_alone(arena, &op->attrs[k]);
    for (int k = 0; k < dg_node_input_count(made->node) && k < DG_MAX_INPUTS; k++) {
        dg_node *input = dg_node_input(made->node, k);
        inputs[n_inputs++] = input && dg_node_owner(input) == made->node ? NULL : input;
    }
    return dg_apply(&(dg_application){.graph = made->graph,
                                      .op = op->name,
                                      .name = "again",
                                      .n_inputs = n_inputs,
                                      .inputs = inputs,
                                      .n_attrs = n,
                                      .attrs = attrs});
}

/* The defaults of each op, passed by a builder, are those of a file that leaves them alone. */
Test(write_defaults, defaults_are_not_written_and_are_no_values)
{
    const dg_op *op;
    int count = 0;
    for (size_t i = 0; (op = dg_op_at(i)); i++) {
        dg_sample_case made;
        if (!op->samples || !op->samples->call || op->flags & DG_ANY_INPUTS)
            continue;
        cr_assert_eq(dg_sample_make(&made, op, op->samples, DG_FLOAT32, 1).code, DG_OK, "%s", op->name);
        dg_node *again = make_again(&made, op, op->samples->call);
        cr_assert_not_null(again, "%s: %s", op->name, dg_graph_status(made.graph).message);
        for (int k = 0; k < dg_op_attr_count(op); k++, count++)
            cr_expect(dg_value_equal(&dg_node_attrs(made.node)[k], &dg_node_attrs(again)[k]), "%s: %s", op->name,
                      op->attrs[k].name);
        dg_sample_release(&made);
    }
    cr_expect_gt(count, 200, "%d attributes", count);
    dg_graph *g;
    char *text;
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 4, 8, 8), .name = "x");
    dg_gelu(dg_batch_norm(x, .name = "b"), .name = "y");
    dg_zeros(g, DG_SHAPE(2), .name = "z");
    cr_assert_eq(dg_graph_write(g, NULL, &text).code, DG_OK);
    cr_expect_not_null(strstr(text, "b [op=batch_norm]"), "%s", text);
    cr_expect_not_null(strstr(text, "y [op=gelu]"), "%s", text);
    cr_expect_not_null(strstr(text, "z [op=\"zeros([2])\"]"), "%s", text);
    free(text);
    dg_graph_free(g);
}
