/* Prints the builders of ops from the ops' descriptors, for the build: print_builders --headers FOLDER writes a header
 * <dotgrad/ops/NAME.h> for each name that the rooms' meson.build give to their tables, --sources FOLDER the functions
 * behind it, builders_NAME.c. An op becomes a struct of options with its defaults, a function that hands its arguments
 * to dg_apply(), and a macro that writes both. Formula ops, whose inputs are the names in a text, have dg_expr().
 *
 * The program links core and ops alone, from objects in which every builder stands for NULL (see stub-builders): so an
 * op's backward may use the op's own builder before it was ever printed. A file that would not change is not written:
 * what includes it is not compiled again. */
#include <dotgrad/op.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OP_TABLE(header, table) extern const dg_op_family table;
#include "ops/tables.h"
#undef OP_TABLE

typedef struct op_table {
    const char *header;
    const dg_op_family *family;
} op_table;
static const op_table tables[] = {
#define OP_TABLE(header, table) {#header, &table},
#include "ops/tables.h"
#undef OP_TABLE
};
enum { TABLES = sizeof tables / sizeof *tables };

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

/* A name of the op's in C: out_proj_weight for out_proj.weight, a for A, since capital letters alone are other people's
 * macros. */
static const char *in_c(const char *name, char text[80])
{
    size_t k = 0;
    for (; name[k] && k + 1 < 80; k++)
        text[k] = name[k] == '.' ? '_' : (char)tolower((unsigned char)name[k]);
    text[k] = '\0';
    return text;
}

/* The option that an input which may be left out becomes. */
static const char *input_option(const dg_op *op, const dg_input_spec *input, char text[80])
{
    in_c(input->name, text);
    if (has_attr(op, input->name))
        strncat(text, "_node", 79 - strlen(text));
    return text;
}

static void print_type(FILE *out, const dg_attr_spec *attr)
{
    static const char *const types[] = {
        [DG_ATTR_BOOL] = "dg_flag ",     [DG_ATTR_INT] = "int64_t ",      [DG_ATTR_FLOAT] = "double ",
        [DG_ATTR_NAME] = "const char *", [DG_ATTR_SIZES] = "dg_ints ",    [DG_ATTR_INTS] = "dg_ints ",
        [DG_ATTR_SHAPE] = "dg_shape ",   [DG_ATTR_DTYPE] = "dg_dtype ",   [DG_ATTR_TENSOR] = "const dg_tensor *",
        [DG_ATTR_INIT] = "const char *", [DG_ATTR_TEXT] = "const char *",
    };
    char name[80];
    fprintf(out, "%s%s", types[attr->kind], in_c(attr->name, name));
}

static void print_value(FILE *out, const dg_attr_spec *attr)
{
    static const char *const makers[] = {
        [DG_ATTR_BOOL] = "dg_bool",         [DG_ATTR_INT] = "dg_int",           [DG_ATTR_FLOAT] = "dg_float",
        [DG_ATTR_NAME] = "dg_text",         [DG_ATTR_SIZES] = "dg_ints_value",  [DG_ATTR_INTS] = "dg_ints_value",
        [DG_ATTR_SHAPE] = "dg_shape_value", [DG_ATTR_DTYPE] = "dg_dtype_value", [DG_ATTR_TENSOR] = "dg_tensor_value",
        [DG_ATTR_INIT] = "dg_text",         [DG_ATTR_TEXT] = "dg_text",
    };
    bool by_address = is_list(attr) || attr->kind == DG_ATTR_SHAPE;
    char name[80];
    fprintf(out, "%s(%s%s%s)", makers[attr->kind], by_address ? "&" : "", is_positional(attr) ? "" : "options.",
            in_c(attr->name, name));
}

/* The default of an option, as C writes it; "" where all bytes are zero or mean "left at its default". */
static void default_text(const dg_attr_spec *attr, char text[80])
{
    bool none = strcmp(attr->fallback, "none") == 0 && !attr->choices, number = strpbrk(attr->fallback, "0123456789");
    text[0] = '\0';
    if (attr->kind == DG_ATTR_BOOL && strcmp(attr->fallback, "true") == 0)
        snprintf(text, 80, "true");
    if (attr->kind == DG_ATTR_INT && (none || strtod(attr->fallback, NULL) != 0))
        snprintf(text, 80, "%s", none ? "DG_NONE" : attr->fallback);
    if (attr->kind == DG_ATTR_FLOAT && (none || strtod(attr->fallback, NULL) != 0))
        snprintf(text, 80, "%s", none ? "DG_NO_NUMBER" : attr->fallback);
    if (attr->kind == DG_ATTR_NAME)
        snprintf(text, 80, "\"%s\"", attr->fallback);
    if (is_list(attr))
        snprintf(text, 80, "%s", none || !number || attr->fallback[0] == '[' ? "DG_NONE" : attr->fallback);
}

static void print_comment(FILE *out, const dg_op *op)
{
    char name[80];
    fprintf(out, "/* %s", op->summary);
    for (int k = 0; k < dg_op_input_count(op); k++)
        if (op->inputs[k].doc)
            fprintf(out, "\n *   %s: %s", in_c(op->inputs[k].name, name), op->inputs[k].doc);
    for (int k = 0; k < dg_op_attr_count(op); k++) {
        const dg_attr_spec *attr = &op->attrs[k];
        if (attr->doc || attr->choices)
            fprintf(out, "\n *   %s: %s%s%s%s", in_c(attr->name, name), attr->doc ? attr->doc : "",
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
    char name[80], value[80];
    fprintf(out, "typedef struct DG_BY_NAME dg_%s_options {\n    DG_OPTIONS_BEGIN\n", op->name);
    for (int k = 0; k < dg_op_attr_count(op); k++) {
        if (is_positional(&op->attrs[k]))
            continue;
        fputs("    DG_OPTION ", out);
        print_type(out, &op->attrs[k]);
        default_text(&op->attrs[k], value);
        fprintf(out, " DG_DEFAULT(%s);\n", value);
    }
    for (int k = 0; k < dg_op_input_count(op); k++)
        if (op->inputs[k].flags & DG_OPTIONAL)
            fprintf(out, "    DG_OPTION dg_node *%s DG_DEFAULT();\n", input_option(op, &op->inputs[k], name));
    fprintf(out, "    DG_OPTION const char *name DG_DEFAULT();\n} dg_%s_options;\n", op->name);
    fprintf(out, "extern const dg_%s_options dg_%s_defaults;\n", op->name, op->name);
}

static void print_defaults(FILE *out, const dg_op *op)
{
    char value[80], name[80];
    fputs(".name = NULL", out);
    for (int k = 0; k < dg_op_attr_count(op); k++) {
        const dg_attr_spec *attr = &op->attrs[k];
        value[0] = '\0';
        if (!is_positional(attr))
            default_text(attr, value);
        if (value[0])
            fprintf(out, is_list(attr) ? ", .%s = {.only = %s}" : ", .%s = %s", in_c(attr->name, name), value);
    }
}

static void print_signature(FILE *out, const dg_op *op)
{
    fprintf(out, "dg_node *dg_%s_at(dg_location at", op->name);
    int n = dg_op_input_count(op);
    char name[80];
    if (n == 0)
        fputs(", dg_graph *graph", out);
    for (int k = 0; k < n; k++) {
        if (op->inputs[k].flags & DG_VARIADIC)
            fprintf(out, ", int count, dg_node *const *%s", in_c(op->inputs[k].name, name));
        else if (!(op->inputs[k].flags & DG_OPTIONAL))
            fprintf(out, ", dg_node *%s", in_c(op->inputs[k].name, name));
    }
    for (int k = 0; k < dg_op_attr_count(op); k++) {
        if (!is_positional(&op->attrs[k]))
            continue;
        fputs(", ", out);
        print_type(out, &op->attrs[k]);
    }
    fprintf(out, ", dg_%s_options options)", op->name);
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
                optional ? input_option(op, &op->inputs[k], name) : in_c(op->inputs[k].name, name));
    }
    fputs(fixed ? "};\n" : "", out);
    fprintf(out, "    return dg_apply(&(dg_application){%s.op = \"%s\", .name = options.name, .at = at",
            n_inputs ? "" : ".graph = graph, ", op->name);
    if (variadic)
        fprintf(out, ", .n_inputs = count, .inputs = %s", in_c(op->inputs[n_inputs - 1].name, name));
    else if (fixed)
        fprintf(out, ", .n_inputs = %d, .inputs = inputs", fixed);
    if (n_attrs)
        fprintf(out, ", .n_attrs = %d, .attrs = attrs, .attrs_in_order = true", n_attrs);
    fputs("});\n}\n", out);
}

/* A parameter of a macro. */
typedef struct parameter {
    char name[80];
    const char *check; /* the macro that takes care of what is given; "": none */
} parameter;
enum { MOST_PARAMETERS = DG_MAX_INPUTS + DG_MAX_ATTRS + 2 };

static const char *checking(dg_attr_kind kind)
{
    static const char *const checks[] = {
        [DG_ATTR_SIZES] = "DG_INTS_ARGUMENT", [DG_ATTR_INTS] = "DG_INTS_ARGUMENT",
        [DG_ATTR_INT] = "DG_INT_ARGUMENT",    [DG_ATTR_SHAPE] = "DG_SHAPE_ARGUMENT",
        [DG_ATTR_NAME] = "DG_TEXT_ARGUMENT",  [DG_ATTR_INIT] = "DG_TEXT_ARGUMENT",
        [DG_ATTR_TEXT] = "DG_TEXT_ARGUMENT",  [DG_ATTR_TENSOR] = "",
    };
    return (size_t)kind < sizeof checks / sizeof *checks && checks[kind] ? checks[kind] : "";
}

static void add_parameter(parameter *parameters, int *count, const char *name, const char *check)
{
    in_c(name, parameters[*count].name);
    parameters[(*count)++].check = check;
}

/* The macro's own parameters, in order. */
static int list_parameters(const dg_op *op, parameter parameters[MOST_PARAMETERS])
{
    int count = 0;
    if (dg_op_input_count(op) == 0)
        add_parameter(parameters, &count, "graph", "DG_GRAPH_ARGUMENT");
    for (int k = 0; k < dg_op_input_count(op); k++) {
        bool list = op->inputs[k].flags & DG_VARIADIC;
        if (list)
            add_parameter(parameters, &count, "count", "");
        if (!(op->inputs[k].flags & DG_OPTIONAL))
            add_parameter(parameters, &count, op->inputs[k].name, list ? "DG_NODES_ARGUMENT" : "DG_NODE_ARGUMENT");
    }
    for (int k = 0; k < dg_op_attr_count(op); k++)
        if (is_positional(&op->attrs[k]))
            add_parameter(parameters, &count, op->attrs[k].name, checking(op->attrs[k].kind));
    return count;
}

static bool names_argument(const char *check)
{
    return strcmp(check, "DG_NODE_ARGUMENT") == 0 || strcmp(check, "DG_GRAPH_ARGUMENT") == 0 ||
           strcmp(check, "DG_TEXT_ARGUMENT") == 0;
}

/* In strict C a macro's `...` needs an argument: an empty one is handed on. */
static void print_macro(FILE *out, const dg_op *op)
{
    parameter parameters[MOST_PARAMETERS];
    int count = list_parameters(op, parameters);
    fprintf(out, "#define dg_%s(...) dg_%s_with(__VA_ARGS__, )\n#define dg_%s_with(", op->name, op->name, op->name);
    for (int k = 0; k < count; k++)
        fprintf(out, "%s, ", parameters[k].name);
    fprintf(out, "...) dg_%s_at(DG_HERE", op->name);
    for (int k = 0; k < count; k++) {
        fprintf(out, ", %s(%s", parameters[k].check, parameters[k].name);
        if (names_argument(parameters[k].check))
            fprintf(out, ", \"argument %s of dg_%s\"", parameters[k].name, op->name);
        fputs(")", out);
    }
    fprintf(out, ", DG_OPTIONS(dg_%s_options, DG_GIVEN(", op->name);
    print_defaults(out, op);
    fputs(", ) __VA_ARGS__))\n", out);
}

static bool has_builder(const dg_op *op)
{
    return !(op->flags & DG_ANY_INPUTS);
}

static void print_header(FILE *out, const char *header)
{
    char guard[80] = "";
    for (size_t i = 0; header[i] && i + 1 < sizeof guard; i++)
        guard[i] = (char)toupper((unsigned char)header[i]);
    fprintf(out,
            "/* Builders of ops: %s. Printed by the build from the ops' descriptors; <dotgrad/ops.h> tells how they\n"
            " * read, `dotgrad ops NAME` more of each. */\n"
            "#ifndef DOTGRAD_OPS_%s_H\n#define DOTGRAD_OPS_%s_H\n\n#include <dotgrad/graph.h>\n\nDG_BEGIN_C\n",
            header, guard, guard);
    for (int t = 0; t < TABLES; t++)
        for (size_t i = 0; strcmp(tables[t].header, header) == 0 && i < tables[t].family->count; i++) {
            const dg_op *op = &tables[t].family->ops[i];
            if (!has_builder(op))
                continue;
            fputc('\n', out);
            print_comment(out, op);
            print_options(out, op);
            print_signature(out, op);
            fputs(";\n#ifdef DG_BUILDERS\n", out);
            print_macro(out, op);
            fputs("#endif\n", out);
        }
    fputs("\nDG_END_C\n\n#endif\n", out);
}

static void print_source(FILE *out, const char *header)
{
    fprintf(out, "/* The functions of <dotgrad/ops/%s.h>, printed with it. */\n#include <dotgrad/ops/%s.h>\n", header,
            header);
    for (int t = 0; t < TABLES; t++)
        for (size_t i = 0; strcmp(tables[t].header, header) == 0 && i < tables[t].family->count; i++) {
            const dg_op *op = &tables[t].family->ops[i];
            if (!has_builder(op))
                continue;
            fprintf(out, "\nconst dg_%s_options dg_%s_defaults = {", op->name, op->name);
            print_defaults(out, op);
            fputs("};\n\n", out);
            print_signature(out, op);
            fputs("\n{\n", out);
            print_body(out, op);
        }
}

/* ---- files ---- */

static bool same_content(const char *path, const char *text, size_t length)
{
    FILE *file = fopen(path, "rb");
    char *old = file ? malloc(length + 1) : NULL;
    bool same = old && fread(old, 1, length + 1, file) == length && memcmp(old, text, length) == 0;
    free(old);
    if (file)
        fclose(file);
    return same;
}

static int write_file(const char *path, void (*print)(FILE *out, const char *header), const char *header)
{
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    if (!memory)
        return 1;
    print(memory, header);
    if (fclose(memory) != 0)
        return 1;
    bool failed = false;
    if (!same_content(path, text, length)) {
        FILE *file = fopen(path, "wb");
        failed = !file || fwrite(text, 1, length, file) != length;
        failed = (file && fclose(file) != 0) || failed;
    }
    if (failed)
        fprintf(stderr, "print_builders: %s: %s\n", path, strerror(errno));
    free(text);
    return failed;
}

int main(int argc, char **argv)
{
    bool headers = argc == 3 && strcmp(argv[1], "--headers") == 0;
    if (!headers && !(argc == 3 && strcmp(argv[1], "--sources") == 0)) {
        fputs("usage: print_builders --headers | --sources FOLDER\n", stderr);
        return 2;
    }
    int failed = 0;
    for (int t = 0; t < TABLES; t++) {
        char path[4096];
        bool before = false;
        for (int k = 0; k < t; k++)
            before = before || strcmp(tables[k].header, tables[t].header) == 0;
        if (before)
            continue;
        snprintf(path, sizeof path, headers ? "%s/%s.h" : "%s/builders_%s.c", argv[2], tables[t].header);
        failed |= write_file(path, headers ? print_header : print_source, tables[t].header);
    }
    return failed;
}
