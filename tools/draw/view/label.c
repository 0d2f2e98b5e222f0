/* What is written in a row: its head, its arguments and shapes, and what makes two rows the same. */
#include "core/base/arena.h"
#include "view.h"

#include "tools/draw/math/math.h"

#include <string.h>

static void put_shape(text *t, const view *v, const dg_shape *shape)
{
    if (shape->rank == 0)
        text_put(t, "scalar");
    for (int d = 0; d < shape->rank; d++) {
        text_put(t, d ? "×" : "");
        if (shape->dims[d] >= 0)
            text_whole(t, shape->dims[d]);
        else
            text_put(t, shape->dims[d] == DG_UNKNOWN ? "?" : dg_symbol_name(v->graph, shape->dims[d]));
    }
}

const char *label_for_shape(view *v, const dg_shape *shape)
{
    text t = {0};
    put_shape(&t, v, shape);
    const char *kept = text_keep(v->arena, &t);
    text_free(&t);
    return kept;
}

const char *label_shape(view *v, const dg_node *tail, int output)
{
    const dg_type *type = dg_node_type(tail, output);
    const char *shape = label_for_shape(v, &type->shape);
    const dg_type *input =
        dg_node_input_count(tail) && dg_node_input(tail, 0) ? dg_node_type(dg_node_input(tail, 0), 0) : NULL;
    if (type->dtype != (input ? input->dtype : dg_graph_dtype(v->graph)))
        return text_format(v->arena, "%s %s", shape, dg_dtype_name(type->dtype));
    return shape;
}

bool label_changes_shape(const dg_node *node, int output)
{
    const dg_node *input = dg_node_input_count(node) ? dg_node_input(node, 0) : NULL;
    dg_role role = dg_node_op(node)->role;
    if (role == DG_ROLE_PARAMETER || role == DG_ROLE_CONSTANT)
        return false;
    return !input || dg_node_type(input, 0)->dtype != dg_node_type(node, output)->dtype ||
           !dg_shape_equal(&dg_node_type(input, 0)->shape, &dg_node_type(node, output)->shape);
}

/* ---- arguments ---- */

/* Of an op whose formula is "input + other" and the like. */
static const char *sign_of(const dg_node *node)
{
    static const char *const signs[][2] = {{"+", "+"},  {"-", "−"}, {"*", "×"},  {"/", "÷"},  {"^", "^"}, {"<", "<"},
                                           {"<=", "≤"}, {">", ">"}, {">=", "≥"}, {"==", "="}, {"!=", "≠"}};
    const dg_op *op = dg_node_op(node);
    int n = dg_node_input_count(node);
    const char *formula =
        op->formula_for && dg_node_attrs(node) ? op->formula_for(dg_node_attrs(node), n) : op->formula;
    const char *left = op->inputs[0].name, *right = n == 2 ? op->inputs[1].name : NULL;
    size_t length = left ? strlen(left) : 0;
    if (!formula || !left || !right || strncmp(formula, left, length) != 0 || formula[length] != ' ')
        return NULL;
    const char *sign = formula + length + 1;
    size_t width = strcspn(sign, " ");
    for (size_t k = 0; k < sizeof signs / sizeof *signs; k++)
        if (strlen(signs[k][0]) == width && strncmp(sign, signs[k][0], width) == 0)
            return sign[width] == ' ' && strcmp(sign + width + 1, right) == 0 ? signs[k][1] : NULL;
    return NULL;
}

/* By the formula: the values of f(a, b) and f(b, a) at points where most functions differ. */
bool label_is_commutative(view *v, const dg_node *node)
{
    static const double a[] = {0.25, -1.5, 3, 0.75, 2}, b[] = {1.25, 0.5, 2, 0.75, -4};
    enum { POINTS = sizeof a / sizeof *a };
    const dg_formula *formula = dg_node_formula(node);
    dg_arena *arena;
    bool is_equal = false;
    if (dg_node_input_count(node) < 2)
        return true;
    if (!formula || dg_node_input_count(node) != 2)
        return false;
    if (dg_arena_new(&arena).code != DG_OK) {
        arena_fail(v->arena);
        return false;
    }
    dg_program *program;
    dg_dtype types[2] = {DG_FLOAT64, DG_FLOAT64}, compute, result;
    int ranks[2] = {1, 1};
    dg_status status = dg_formula_dtypes(formula, types, ranks, &compute, &result);
    if (status.code == DG_OK)
        status = dg_program_make(arena, formula, DG_FLOAT64, &program);
    if (status.code == DG_NO_MEMORY)
        arena_fail(v->arena);
    if (status.code == DG_OK) {
        dg_shape shape = {.rank = 1, .dims = {POINTS}};
        double values[2][POINTS] = {{0}};
        unsigned char truths[2][POINTS] = {{0}};
        for (int k = 0; k < 2; k++) {
            dg_operand operands[2] = {{DG_FLOAT64, k ? b : a, {1}}, {DG_FLOAT64, k ? a : b, {1}}};
            void *to = result == DG_BOOL ? (void *)truths[k] : (void *)values[k];
            dg_program_run(program, &shape, operands, result, to, 0, POINTS);
        }
        is_equal = memcmp(values[0], values[1], sizeof values[0]) == 0 && memcmp(truths[0], truths[1], POINTS) == 0;
    }
    dg_arena_free(arena);
    return is_equal;
}

static bool is_owned(const dg_node *head, int input)
{
    const dg_node *source = dg_node_input(head, input);
    return source && dg_node_op(source)->role == DG_ROLE_PARAMETER && dg_node_owner(source) == head;
}

const char *label_argument(view *v, const dg_node *head, int input)
{
    const dg_op *op = dg_node_op(head);
    int n = dg_node_input_count(head), n_wired = 0;
    const char *name = dg_node_input_name(head, input);
    bool is_variadic = false;
    for (int k = 0; k < n; k++) {
        n_wired += dg_node_input(head, k) && !is_owned(head, k);
        is_variadic |= k != input && name && dg_node_input_name(head, k) == name;
    }
    if (n_wired < 2 && !(op->flags & DG_ANY_INPUTS && name && strcmp(name, "x") != 0) && input == 0)
        return "";
    if (n_wired < 2 && !name)
        return "";
    if (dg_node_formula(head) && n_wired == 2 && !(op->flags & DG_ANY_INPUTS) && label_is_commutative(v, head))
        return "";
    if (is_variadic || !name)
        return text_format(v->arena, "arg %d", input);
    if (input == 0 && (strcmp(name, "input") == 0 || strcmp(name, "x") == 0) && !(op->flags & DG_ANY_INPUTS))
        return "";
    return name;
}

const char *label_result(view *v, const dg_node *tail, int output)
{
    const dg_op *op = dg_node_op(tail);
    if (output == 0)
        return dg_node_output_count(tail) > 1 && !op->outputs[0] ? "out 0" : "";
    if (output < DG_MAX_OUTPUTS && op->outputs[output])
        return op->outputs[output];
    return text_format(v->arena, "out %d", output);
}

/* ---- rows ---- */

/* A formula is its own head. */
static const char *formula_of(const dg_node *node)
{
    const dg_op *op = dg_node_op(node);
    for (int k = 0; op->flags & DG_ANY_INPUTS && op->attrs[k].name; k++)
        if (op->attrs[k].kind == DG_ATTR_TEXT && dg_node_attrs(node) &&
            (dg_node_attrs(node)[k].kind == DG_VALUE_TEXT || dg_node_attrs(node)[k].kind == DG_VALUE_STRING ||
             dg_node_attrs(node)[k].kind == DG_VALUE_NAME))
            return dg_node_attrs(node)[k].s;
    return NULL;
}

static int64_t owned_parameters(const dg_node *node)
{
    int64_t sum = 0;
    for (int k = 0; k < dg_node_input_count(node); k++)
        if (is_owned(node, k) && dg_shape_is_known(&dg_node_type(dg_node_input(node, k), 0)->shape))
            sum += dg_shape_count(&dg_node_type(dg_node_input(node, k), 0)->shape);
    return sum;
}

/* Groups of channels: one for each channel, mostly, and then a size. One group is another kind. */
static bool is_many(const dg_attr_spec *attr, const dg_value *value)
{
    return strcmp(attr->name, "groups") == 0 && value->kind == DG_VALUE_INT && value->i > 1;
}

/* Of a window with gaps, how wide they are, and the padding that makes up for it; one without gaps is another kind. */
static bool is_gap(const dg_op *op, const dg_attr_spec *attr, const dg_value *attrs)
{
    bool is_dilation = strcmp(attr->name, "dilation") == 0;
    if (!is_dilation && strcmp(attr->name, "padding") != 0)
        return false;
    for (int k = 0; k < dg_op_attr_count(op); k++) {
        const dg_value *value = &attrs[k];
        int64_t least = 1;
        if (strcmp(op->attrs[k].name, "dilation") != 0)
            continue;
        for (size_t i = 0; value->kind == DG_VALUE_LIST && i < (size_t)value->count; i++)
            least = i == 0 || value->items[i].i < least ? value->items[i].i : least;
        return value->kind == DG_VALUE_LIST ? least > 1 : value->kind == DG_VALUE_INT && value->i > 1;
    }
    return false;
}

/* Everything that makes two nodes the same kind; the sizes that a network's stages differ in only in `exact`. */
static void sign_row(view *v, view_row *row)
{
    const dg_node *node = row->node;
    const dg_op *op = dg_node_op(node);
    const dg_value *attrs = dg_node_attrs(node);
    text exact = {0}, loose = {0};
    text_two(&exact, row->op, "(");
    text_two(&loose, row->op, "(");
    for (int k = 0; attrs && k < dg_op_attr_count(op); k++) {
        const char *words = label_value(v, node, k);
        dg_attr_kind kind = op->attrs[k].kind;
        bool is_size = kind == DG_ATTR_SHAPE || (kind == DG_ATTR_INT && !label_is_shown(op, &op->attrs[k], true)) ||
                       strcmp(op->attrs[k].name, "normalized_shape") == 0 || is_many(&op->attrs[k], &attrs[k]) ||
                       is_gap(op, &op->attrs[k], attrs) || op->attrs[k].is_place;
        text_two(&exact, words, ",");
        if (!is_size)
            text_two(&loose, words, ",");
    }
    row->call = exact.used > 1 && exact.bytes[exact.used - 1] == ','
                    ? text_format(v->arena, "%.*s)", (int)exact.used - 1, exact.bytes)
                    : row->op;
    for (int k = 0; k < dg_node_output_count(node); k++) {
        const dg_type *type = dg_node_type(node, k);
        text_two(&exact, ":", dg_dtype_name(type->dtype));
        put_shape(&exact, v, &type->shape);
        text_two(&loose, ":", dg_dtype_name(type->dtype));
        text_whole(&loose, type->shape.rank);
    }
    for (int k = 0; k < dg_node_input_count(node); k++) {
        const dg_node *input = dg_node_input(node, k);
        const char *kind = !input ? "-" : is_owned(node, k) ? "o" : "i";
        text_put(&exact, kind);
        if (input)
            put_shape(&exact, v, &dg_node_type(input, 0)->shape);
        text_put(&loose, kind);
    }
    row->exact = text_keep(v->arena, &exact);
    row->loose = text_keep(v->arena, &loose);
    text_free(&exact);
    text_free(&loose);
}

static const char *constant_words(view *v, const view_row *row)
{
    const dg_value *value = dg_node_attrs(row->node);
    const char *words = value ? dg_value_print(v->arena, value) : NULL;
    words = words ? label_numbers(v, dg_node_type(row->node, 0)->dtype, words) : NULL;
    if (words && text_length(words) <= 24)
        return words;
    return text_format(v->arena, "constant %s", label_for_shape(v, &dg_node_type(row->node, 0)->shape));
}

/* A formula of one input that is a straight line in it is arithmetic. */
static view_style style_of_formula(view *v, const dg_node *node)
{
    const dg_formula *formula = dg_node_formula(node), *slope;
    dg_formulas *pool = dg_graph_formulas(dg_node_graph(node));
    int n_wired = 0;
    for (int k = 0; k < dg_node_input_count(node); k++)
        n_wired += dg_node_input(node, k) && !is_owned(node, k);
    if (!formula || n_wired != 1)
        return STYLE_ELEMENTWISE;
    dg_status status = dg_formula_derivative(pool, formula, 0, &slope);
    if (status.code == DG_NO_MEMORY)
        arena_fail(v->arena);
    return status.code == DG_OK && dg_formula_uses(slope, 0) ? STYLE_ACTIVATION : STYLE_ELEMENTWISE;
}

void label_row(view *v, view_row *row)
{
    const dg_op *op = dg_node_op(row->node);
    const char *formula = formula_of(row->node);
    text t = {0};
    row->style = style_of(op);
    row->shares = label_shares(v, row->node);
    row->parameters = owned_parameters(row->node);
    row->sign = sign_of(row->node);
    row->detail = "";
    row->head = row->op;
    row->looks.peripheries = -1;
    row->is_commutative = label_is_commutative(v, row->node);
    if (op->role == DG_ROLE_INPUT || op->role == DG_ROLE_PARAMETER) {
        row->head = *row->name ? row->name : row->op;
        if (op->role == DG_ROLE_PARAMETER) {
            row->detail = label_for_shape(v, &dg_node_type(row->node, 0)->shape);
            row->parameters = dg_shape_is_known(&dg_node_type(row->node, 0)->shape)
                                  ? dg_shape_count(&dg_node_type(row->node, 0)->shape)
                                  : 0;
        }
    } else if (op->role == DG_ROLE_CONSTANT) {
        row->head = constant_words(v, row);
    } else {
        label_details(v, row->node, &t);
        const char *detail = text_keep(v->arena, &t), *written = formula;
        dg_dtype dtype = dg_node_type(row->node, 0)->dtype;
        row->detail = label_numbers(v, dtype, detail);
        formula = formula ? label_numbers(v, dtype, formula) : NULL;
        row->is_rounded = row->detail != detail || formula != written;
        if (formula) {
            row->head = math_line(v->arena, formula);
            row->math = math_parse(v->arena, formula);
            row->style =
                row->math && math_is_polynomial(row->math) ? STYLE_ELEMENTWISE : style_of_formula(v, row->node);
        }
    }
    text_free(&t);
    sign_row(v, row);
}
