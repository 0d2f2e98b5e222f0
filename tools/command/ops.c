/* `dotgrad ops`: the reference of all ops, printed from their descriptors. */
#include "tools/session/command.h"
#include "tools/session/options.h"

#include <dotgrad/autograd.h>
#include <dotgrad/op.h>

#include <stdio.h>
#include <string.h>

static const char *kind_name(const dg_attr_spec *attr)
{
    static const char *const names[] = {
        [DG_ATTR_BOOL] = "bool",     [DG_ATTR_INT] = "int",   [DG_ATTR_FLOAT] = "float",  [DG_ATTR_NAME] = "name",
        [DG_ATTR_SIZES] = "sizes",   [DG_ATTR_INTS] = "ints", [DG_ATTR_SHAPE] = "shape",  [DG_ATTR_DTYPE] = "dtype",
        [DG_ATTR_TENSOR] = "values", [DG_ATTR_INIT] = "init", [DG_ATTR_TEXT] = "formula",
    };
    return attr->choices ? attr->choices : names[attr->kind];
}

static void print_inputs(const dg_op *op)
{
    for (int k = 0; k < dg_op_input_count(op); k++) {
        const dg_input_spec *input = &op->inputs[k];
        printf("  input      %s", input->name);
        if (input->flags & DG_VARIADIC)
            printf(", one or more");
        if (input->parameter)
            printf(", a parameter of the layer's own when not wired");
        else if (input->flags & DG_OPTIONAL)
            printf(", may be left out");
        if (input->flags & DG_SHAPE_ONLY)
            printf(", read for its shape alone");
        printf("%s%s\n", input->doc ? ": " : "", input->doc ? input->doc : "");
    }
}

static void print_attrs(const dg_op *op)
{
    for (int k = 0; k < dg_op_attr_count(op); k++) {
        const dg_attr_spec *attr = &op->attrs[k];
        printf("  attribute  %s (%s%s)", attr->name, kind_name(attr),
               op->from_input && k >= op->unnamed ? ", by name" : "");
        if (attr->fallback && strcmp(attr->fallback, "none") != 0)
            printf(" = %s", attr->fallback);
        else
            printf(attr->fallback ? ", may be left out" : ", required");
        printf("%s%s\n", attr->doc ? ": " : "", attr->doc ? attr->doc : "");
    }
}

static const char *derivative_of(const dg_op *op)
{
    if (op->role == DG_ROLE_INPUT || op->role == DG_ROLE_PARAMETER || op->role == DG_ROLE_CONSTANT)
        return NULL;
    if (op->flags & DG_NOT_DIFFERENTIABLE)
        return "none: zero wherever it exists, or none exists";
    if (op->formula || op->formula_for || (op->flags & DG_ANY_INPUTS))
        return "symbolic, of any order";
    return op->backward ? "by nodes, of any order" : op->compose ? "of what it is made of, of any order" : NULL;
}

/* A call with the shapes of its inputs and of what comes out. */
static dg_status print_example(const dg_op *op, const dg_sample *sample)
{
    dg_sample_case made;
    char text[DG_SHAPE_TEXT];
    printf("  example    %s", sample->call);
    for (int k = 0; k < DG_MAX_INPUTS && sample->inputs[k]; k++)
        printf("%s %s", k ? "," : " of", sample->inputs[k]);
    dg_status status = dg_sample_make(&made, op, sample, DG_FLOAT32, 1);
    if (status.code == DG_OK)
        for (int k = 0; k < dg_node_output_count(made.node); k++)
            printf("%s %s", k ? "," : " ->", dg_shape_print(&dg_node_type(made.node, k)->shape, text, sizeof text));
    dg_sample_release(&made);
    printf("\n");
    return status;
}

static dg_status print_op(const dg_op *op)
{
    printf("%s  [%s]\n  %s\n", op->name, op->family, op->summary);
    const char *how = op->formula ? op->formula : NULL;
    if (how)
        printf("  formula    %s\n", how);
    print_inputs(op);
    print_attrs(op);
    if (op->outputs[0]) {
        printf("  outputs    ");
        for (int k = 0; k < dg_op_output_count(op); k++)
            printf("%s%s", k ? ", " : "", op->outputs[k]);
        printf("\n");
    }
    if (derivative_of(op))
        printf("  derivative %s\n", derivative_of(op));
    for (const dg_sample *sample = op->samples; sample && sample->call; sample++)
        DG_TRY(print_example(op, sample));
    if (op->source)
        printf("  source     %s\n", op->source);
    return dg_ok();
}

/* The first op of the family is op i. */
static bool begins_family(size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(dg_op_at(k)->family, dg_op_at(i)->family) == 0)
            return false;
    return true;
}

static void print_list(void)
{
    for (size_t i = 0; i < dg_op_count(); i++) {
        if (!begins_family(i))
            continue;
        printf("%s%s\n", i ? "\n" : "", dg_op_at(i)->family);
        for (size_t k = i; k < dg_op_count(); k++)
            if (strcmp(dg_op_at(k)->family, dg_op_at(i)->family) == 0)
                printf("  %-32s %s\n", dg_op_at(k)->name, dg_op_at(k)->summary);
    }
}

int command_ops(int argc, char **argv)
{
    static const command_options options = {
        .command = "ops",
        .usage = "dotgrad ops [NAME ...]",
        .about = "Prints the reference of ops: formula, inputs, attributes with their defaults, source.\n"
                 "Without a name: a line each, by family.",
        .operand = "names of ops",
        .most = INT32_MAX};
    char **names;
    int over = options_take(&options, argc, argv, &names);
    if (over >= 0)
        return over;
    if (!names[0])
        print_list();
    for (int i = 0; names[i]; i++) {
        const dg_op *op = dg_op_find(names[i]);
        if (!op) {
            const char *near = dg_op_nearest(names[i]);
            return command_failed(dg_error(DG_BAD_ARGUMENT, "there is no op '%s'%s%s%s", names[i],
                                           near ? "; did you mean '" : "", near ? near : "", near ? "'?" : ""));
        }
        printf("%s", i ? "\n" : "");
        dg_status status = print_op(op);
        if (status.code != DG_OK)
            return command_failed(status);
    }
    return 0;
}
