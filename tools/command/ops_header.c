/* Prints <dotgrad/ops.h>. An op becomes an options struct, an inline function that hands its arguments to dg_apply(),
 * and a macro with the defaults. Ops of graph files alone (formula ops and those above ops/) are left out. */
#include "ops_header.h"

#include <dotgrad/op.h>

#include <stdlib.h>
#include <string.h>

static const char preamble[] =
    "/* The builders of all ops. Made from the ops' descriptors by `dotgrad ops --header`; a test keeps them equal.\n"
    " *\n"
    " * Inputs that an op needs come first, then attributes that it cannot do without; all else is an option:\n"
    " * dg_linear(x, 10, .bias = false, .name = \"fc\"). `.name` names the node. An input that may be left out is an "
    "option\n"
    " * too (`.weight = w`); where an attribute has the same name, the input is NAME_node. The graph (first argument "
    "of ops\n"
    " * without inputs) owns what is returned; after a mistake it is NULL and the graph holds the message.\n"
    " *\n"
    " * clang-format off */\n"
    "#ifndef DOTGRAD_OPS_H\n"
    "#define DOTGRAD_OPS_H\n"
    "\n"
    "#include <dotgrad/graph.h>\n";

static bool is_positional(const dg_attr_spec *attr)
{
    return attr->positional || !attr->fallback;
}

static bool has_attr(const dg_op *op, const char *name)
{
    for (int k = 0; k < dg_op_attr_count(op); k++)
        if (strcmp(op->attrs[k].name, name) == 0)
            return true;
    return false;
}

static bool is_list(const dg_attr_spec *attr)
{
    return attr->kind == DG_ATTR_SIZES || attr->kind == DG_ATTR_INTS;
}

/* The option that an input which may be left out becomes: out_proj_weight for out_proj.weight. */
static const char *input_option(const dg_op *op, const dg_input_spec *input, char text[80])
{
    snprintf(text, 80, "%s%s", input->name, has_attr(op, input->name) ? "_node" : "");
    for (char *dot = text; (dot = strchr(dot, '.'));)
        *dot = '_';
    return text;
}

static void print_type(FILE *out, const dg_attr_spec *attr)
{
    static const char *const types[] = {
        [DG_ATTR_BOOL] = "bool ",        [DG_ATTR_INT] = "int64_t ",      [DG_ATTR_FLOAT] = "double ",
        [DG_ATTR_NAME] = "const char *", [DG_ATTR_SIZES] = "dg_ints ",    [DG_ATTR_INTS] = "dg_ints ",
        [DG_ATTR_SHAPE] = "dg_shape ",   [DG_ATTR_DTYPE] = "dg_dtype ",   [DG_ATTR_TENSOR] = "const dg_tensor *",
        [DG_ATTR_INIT] = "const char *", [DG_ATTR_TEXT] = "const char *",
    };
    fprintf(out, "%s%s", types[attr->kind], attr->name);
}

static void print_value(FILE *out, const dg_attr_spec *attr)
{
    static const char *const makers[] = {
        [DG_ATTR_BOOL] = "dg_bool",         [DG_ATTR_INT] = "dg_int",           [DG_ATTR_FLOAT] = "dg_float",
        [DG_ATTR_NAME] = "dg_text",         [DG_ATTR_SIZES] = "dg_ints_value",       [DG_ATTR_INTS] = "dg_ints_value",
        [DG_ATTR_SHAPE] = "dg_shape_value", [DG_ATTR_DTYPE] = "dg_dtype_value", [DG_ATTR_TENSOR] = "dg_tensor_value",
        [DG_ATTR_INIT] = "dg_text",         [DG_ATTR_TEXT] = "dg_text",
    };
    bool by_address = is_list(attr) || attr->kind == DG_ATTR_SHAPE;
    fprintf(out, "%s(%s%s%s)", makers[attr->kind], by_address ? "&" : "", is_positional(attr) ? "" : "options.",
            attr->name);
}

static void print_default(FILE *out, const dg_attr_spec *attr)
{
    bool none = strcmp(attr->fallback, "none") == 0 && !attr->choices;
    switch (attr->kind) {
    case DG_ATTR_BOOL:
        if (strcmp(attr->fallback, "true") == 0)
            fprintf(out, ".%s = true, ", attr->name);
        break;
    case DG_ATTR_INT:
        if (none)
            fprintf(out, ".%s = DG_NONE, ", attr->name);
        else if (strtod(attr->fallback, NULL) != 0)
            fprintf(out, ".%s = %s, ", attr->name, attr->fallback);
        break;
    case DG_ATTR_FLOAT:
        if (none)
            fprintf(out, ".%s = DG_NO_NUMBER, ", attr->name);
        else if (strtod(attr->fallback, NULL) != 0)
            fprintf(out, ".%s = %s, ", attr->name, attr->fallback);
        break;
    case DG_ATTR_NAME:
        fprintf(out, ".%s = \"%s\", ", attr->name, attr->fallback);
        break;
    case DG_ATTR_SIZES:
    case DG_ATTR_INTS:
        fprintf(out, ".%s = {.only = %s}, ", attr->name,
                none || strchr("0123456789-", attr->fallback[0]) == NULL ? "DG_NONE" : attr->fallback);
        break;
    default: /* zero bytes say "left at its default" */
        break;
    }
}

static void print_comment(FILE *out, const dg_op *op)
{
    fprintf(out, "/* %s", op->summary);
    for (int k = 0; k < dg_op_input_count(op); k++)
        if (op->inputs[k].doc)
            fprintf(out, "\n *   %s: %s", op->inputs[k].name, op->inputs[k].doc);
    for (int k = 0; k < dg_op_attr_count(op); k++) {
        const dg_attr_spec *attr = &op->attrs[k];
        if (attr->doc || attr->choices)
            fprintf(out, "\n *   %s: %s%s%s%s", attr->name, attr->doc ? attr->doc : "",
                    attr->doc && attr->choices ? " (" : "", attr->choices ? attr->choices : "",
                    attr->doc && attr->choices ? ")" : "");
    }
    if (op->outputs[0]) {
        fprintf(out, "\n *   outputs:");
        for (int k = 0; k < dg_op_output_count(op); k++)
            fprintf(out, "%s %s", k ? "," : "", op->outputs[k]);
    }
    if (op->source)
        fprintf(out, "\n *   Source: %s", op->source);
    fputs(" */\n", out);
}

static void print_options(FILE *out, const dg_op *op)
{
    char name[80];
    fprintf(out, "typedef struct dg_%s_options {\n", op->name);
    for (int k = 0; k < dg_op_attr_count(op); k++) {
        if (is_positional(&op->attrs[k]))
            continue;
        fputs("    ", out);
        print_type(out, &op->attrs[k]);
        fputs(";\n", out);
    }
    for (int k = 0; k < dg_op_input_count(op); k++)
        if (op->inputs[k].flags & DG_OPTIONAL)
            fprintf(out, "    dg_node *%s;\n", input_option(op, &op->inputs[k], name));
    fprintf(out, "    const char *name;\n} dg_%s_options;\n", op->name);
}

static void print_signature(FILE *out, const dg_op *op)
{
    fprintf(out, "static inline dg_node *dg_%s_at(dg_location at", op->name);
    int n = dg_op_input_count(op);
    if (n == 0)
        fputs(", dg_graph *graph", out);
    for (int k = 0; k < n; k++) {
        if (op->inputs[k].flags & DG_VARIADIC)
            fprintf(out, ", int count, dg_node *const *%s", op->inputs[k].name);
        else if (!(op->inputs[k].flags & DG_OPTIONAL))
            fprintf(out, ", dg_node *%s", op->inputs[k].name);
    }
    for (int k = 0; k < dg_op_attr_count(op); k++) {
        if (!is_positional(&op->attrs[k]))
            continue;
        fputs(", ", out);
        print_type(out, &op->attrs[k]);
    }
    fprintf(out, ", dg_%s_options options)\n{\n", op->name);
}

static void print_body(FILE *out, const dg_op *op)
{
    int n_inputs = dg_op_input_count(op), n_attrs = dg_op_attr_count(op), fixed = 0;
    bool variadic = n_inputs > 0 && (op->inputs[n_inputs - 1].flags & DG_VARIADIC);
    char name[80];
    for (int k = 0; k < n_attrs; k++) {
        fputs(k ? ", " : "    const dg_value attrs[] = {", out);
        print_value(out, &op->attrs[k]);
    }
    fputs(n_attrs ? "};\n" : "", out);
    for (int k = 0; k < n_inputs && !variadic; k++, fixed++) {
        bool optional = op->inputs[k].flags & DG_OPTIONAL;
        fprintf(out, "%s%s%s", k ? ", " : "    dg_node *const inputs[] = {", optional ? "options." : "",
                optional ? input_option(op, &op->inputs[k], name) : op->inputs[k].name);
    }
    fputs(fixed ? "};\n" : "", out);
    fprintf(out, "    return dg_apply(&(dg_application){%s.op = \"%s\", .name = options.name, .at = at",
            n_inputs ? "" : ".graph = graph, ", op->name);
    if (variadic)
        fprintf(out, ", .n_inputs = count, .inputs = %s", op->inputs[n_inputs - 1].name);
    else if (fixed)
        fprintf(out, ", .n_inputs = %d, .inputs = inputs", fixed);
    if (n_attrs)
        fprintf(out, ", .n_attrs = %d, .attrs = attrs, .attrs_in_order = true", n_attrs);
    fputs("});\n}\n", out);
}

/* The macro's own parameters, in order. */
static int list_parameters(const dg_op *op, const char *names[DG_MAX_INPUTS + DG_MAX_ATTRS + 2],
                           bool lists[DG_MAX_INPUTS + DG_MAX_ATTRS + 2])
{
    int count = 0;
    if (dg_op_input_count(op) == 0)
        names[count++] = "graph";
    for (int k = 0; k < dg_op_input_count(op); k++) {
        if (op->inputs[k].flags & DG_VARIADIC)
            names[count++] = "count";
        if (!(op->inputs[k].flags & DG_OPTIONAL))
            names[count++] = op->inputs[k].name;
    }
    for (int k = 0; k < dg_op_attr_count(op); k++)
        if (is_positional(&op->attrs[k])) {
            lists[count] = is_list(&op->attrs[k]);
            names[count++] = op->attrs[k].name;
        }
    return count;
}

static void print_macro(FILE *out, const dg_op *op)
{
    const char *names[DG_MAX_INPUTS + DG_MAX_ATTRS + 2];
    bool lists[DG_MAX_INPUTS + DG_MAX_ATTRS + 2] = {false};
    int count = list_parameters(op, names, lists);
    fprintf(out, "#define dg_%s(", op->name);
    for (int k = 0; k < count; k++)
        fprintf(out, "%s, ", names[k]);
    fprintf(out, "...) dg_%s_at(DG_HERE", op->name);
    for (int k = 0; k < count; k++)
        fprintf(out, ", %s(%s)", lists[k] ? "DG_INTS_ARGUMENT" : "", names[k]);
    fprintf(out, ", DG_OPTIONS(dg_%s_options, ", op->name);
    for (int k = 0; k < dg_op_attr_count(op); k++)
        if (!is_positional(&op->attrs[k]))
            print_default(out, &op->attrs[k]);
    fputs("__VA_ARGS__))\n", out);
}

void print_ops_header(FILE *out)
{
    const char *family = "";
    fputs(preamble, out);
    for (size_t i = 0; i < dg_op_count(); i++) {
        const dg_op *op = dg_op_at(i);
        if ((op->flags & DG_ANY_INPUTS) || strcmp(op->family, "gradient") == 0)
            continue;
        if (strcmp(op->family, family) != 0)
            fprintf(out, "\n/* ---- %s ---- */\n", op->family);
        family = op->family;
        fputc('\n', out);
        print_comment(out, op);
        print_options(out, op);
        print_signature(out, op);
        print_body(out, op);
        print_macro(out, op);
    }
    fputs("\n#endif\n", out);
}
