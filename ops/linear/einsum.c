/* einsum: sums of products over labelled dimensions, as products of matrices. */
#include "ops/shared/arguments.h"
#include "ops/shared/rules.h"

#include <ctype.h>
#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <string.h>

/* Labels are letters; what "..." stands for gets labels of its own, aligned at the right. */
enum { ELLIPSIS = 128, MOST_LABELS = ELLIPSIS + DG_MAX_RANK };

typedef struct labels {
    int rank;
    unsigned char of[DG_MAX_RANK];
} labels;

/* One term of the equation, such as "b...j", on a tensor of `rank` dimensions. */
static dg_status read_term(const char *text, size_t length, int rank, const char *what, labels *term)
{
    int letters = 0, dots = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '.' && i + 2 < length && text[i + 1] == '.' && text[i + 2] == '.') {
            dots++;
            i += 2;
        } else if (isalpha((unsigned char)text[i])) {
            letters++;
        } else if (text[i] != ' ') {
            return dg_error(DG_BAD_ARGUMENT, "'%c' in the equation's '%.*s' is neither a letter nor '...'", text[i],
                            (int)length, text);
        }
    }
    if (dots > 1 || letters > rank || (letters < rank && !dots))
        return dg_error(DG_BAD_SHAPE, "%s has %d dimension(s), the equation's '%.*s' labels %d", what, rank,
                        (int)length, text, letters);
    *term = (labels){0};
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '.') {
            for (int d = rank - letters; d > 0; d--)
                term->of[term->rank++] = (unsigned char)(ELLIPSIS + d - 1);
            i += 2;
        } else if (text[i] != ' ') {
            term->of[term->rank++] = (unsigned char)text[i];
        }
    }
    return dg_ok();
}

/* An equation, applied to operands. */
typedef struct plan {
    int count;
    labels *terms; /* of the operands */
    labels result;
} plan;

static bool has_label(const labels *term, int label)
{
    for (int d = 0; d < term->rank; d++)
        if (term->of[d] == label)
            return true;
    return false;
}

/* Without an arrow: what the ellipses stand for, then the labels that appear once, in alphabetical order. */
static dg_status implicit_result(plan *p)
{
    int seen[MOST_LABELS] = {0};
    for (int k = 0; k < p->count; k++)
        for (int d = 0; d < p->terms[k].rank; d++)
            seen[p->terms[k].of[d]]++;
    p->result = (labels){0};
    for (int label = MOST_LABELS - 1; label >= ELLIPSIS; label--)
        if (seen[label])
            p->result.of[p->result.rank++] = (unsigned char)label;
    for (int label = 0; label < ELLIPSIS; label++) {
        if (seen[label] != 1)
            continue;
        if (p->result.rank == DG_MAX_RANK)
            return dg_error(DG_BAD_SHAPE, "the result has more than %d dimensions", DG_MAX_RANK);
        p->result.of[p->result.rank++] = (unsigned char)label;
    }
    return dg_ok();
}

static dg_status explicit_result(plan *p, const char *text)
{
    int letters = 0, ellipsis = 0;
    for (size_t i = 0; text[i]; i++)
        letters += isalpha((unsigned char)text[i]) != 0;
    for (int k = 0; k < p->count; k++)
        for (int d = 0; d < p->terms[k].rank; d++)
            if (p->terms[k].of[d] >= ELLIPSIS && p->terms[k].of[d] - ELLIPSIS >= ellipsis)
                ellipsis = p->terms[k].of[d] - ELLIPSIS + 1;
    int rank = letters + (strchr(text, '.') ? ellipsis : 0);
    if (rank > DG_MAX_RANK)
        return dg_error(DG_BAD_SHAPE, "the result has more than %d dimensions", DG_MAX_RANK);
    DG_TRY(read_term(text, strlen(text), rank, "the result", &p->result));
    for (int d = 0; d < rank; d++) {
        int label = p->result.of[d];
        bool known = label >= ELLIPSIS, twice = false;
        for (int k = 0; k < p->count && !known; k++)
            known = has_label(&p->terms[k], label);
        for (int e = 0; e < d; e++)
            twice = twice || p->result.of[e] == label;
        if (!known || twice)
            return dg_error(DG_BAD_ARGUMENT, "the result's label '%c' %s", label,
                            known ? "is there twice" : "is in no operand");
    }
    return dg_ok();
}

static dg_status read_equation(const char *text, int count, const dg_type *const *inputs, plan *p, labels *terms)
{
    const char *arrow = strstr(text, "->"), *at = text, *end = arrow ? arrow : text + strlen(text);
    *p = (plan){.count = count, .terms = terms};
    for (int k = 0; k < count; k++) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end;
        if (!comma != (k == count - 1))
            return dg_error(DG_BAD_ARGUMENT, "the equation '%s' is not one of %d operand(s)", text, count);
        DG_TRY(read_term(at, (size_t)(stop - at), inputs[k]->shape.rank, "an operand", &terms[k]));
        at = stop + 1;
    }
    return arrow ? explicit_result(p, arrow + 2) : implicit_result(p);
}

/* ---- the type ---- */

static dg_status join_size(const labels *term, int d, int64_t size, int64_t *known)
{
    if (*known == 1 || *known == size)
        *known = size;
    else if (size != 1 && sizes_differ(*known, size) && term->of[d] >= ELLIPSIS)
        return dg_error(DG_BAD_SHAPE, "'...' stands for sizes %lld and %lld", (long long)*known, (long long)size);
    else if (size != 1 && sizes_differ(*known, size))
        return dg_error(DG_BAD_SHAPE, "label '%c' has sizes %lld and %lld", term->of[d], (long long)*known,
                        (long long)size);
    else if (size != 1)
        *known = common_size(*known, size);
    return dg_ok();
}

static dg_status check_diagonals(const labels *term, const dg_shape *shape)
{
    for (int d = 0; d < term->rank; d++)
        for (int e = d + 1; e < term->rank; e++)
            if (term->of[d] == term->of[e] && sizes_differ(shape->dims[d], shape->dims[e]))
                return dg_error(DG_BAD_SHAPE, "label '%c' has sizes %lld and %lld in one operand", term->of[d],
                                (long long)shape->dims[d], (long long)shape->dims[e]);
    return dg_ok();
}

static dg_status einsum_infer(const dg_infer *infer)
{
    enum { MOST_OPERANDS = 64 };
    labels terms[MOST_OPERANDS];
    plan p;
    int64_t sizes[MOST_LABELS];
    if (infer->n_inputs > MOST_OPERANDS)
        return dg_error(DG_BAD_ARGUMENT, "%d operand(s), at most %d are possible", infer->n_inputs, MOST_OPERANDS);
    for (int k = 0; k < infer->n_inputs; k++)
        if (!dg_dtype_is_float(infer->inputs[k]->dtype) || infer->inputs[k]->dtype != infer->inputs[0]->dtype)
            return dg_error(DG_BAD_DTYPE, "operand %d is %s and operand 0 is %s: they must have the same float type", k,
                            dg_dtype_name(infer->inputs[k]->dtype), dg_dtype_name(infer->inputs[0]->dtype));
    DG_TRY(read_equation(infer->attrs[0].s, infer->n_inputs, infer->inputs, &p, terms));
    for (int label = 0; label < MOST_LABELS; label++)
        sizes[label] = 1;
    for (int k = 0; k < p.count; k++)
        DG_TRY(check_diagonals(&terms[k], &infer->inputs[k]->shape));
    for (int k = 0; k < p.count; k++)
        for (int d = 0; d < terms[k].rank; d++)
            DG_TRY(join_size(&terms[k], d, infer->inputs[k]->shape.dims[d], &sizes[terms[k].of[d]]));
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, {.rank = p.result.rank}};
    for (int d = 0; d < p.result.rank; d++)
        infer->outputs[0].shape.dims[d] = sizes[p.result.of[d]];
    return dg_ok();
}

/* ---- what it is made of ---- */

/* A tensor whose dimensions have labels, none of them twice. */
typedef struct operand {
    dg_node *node;
    labels term;
} operand;

static int64_t size_of(const operand *x, int d)
{
    const dg_type *type = x->node ? dg_node_type(x->node, 0) : NULL;
    return type ? type->shape.dims[d] : 1;
}

static void drop_label(labels *term, int d)
{
    for (term->rank--; d < term->rank; d++)
        term->of[d] = term->of[d + 1];
}

/* A label that is there twice: the diagonal. */
static void take_diagonals(operand *x)
{
    for (int d = 0; d < x->term.rank; d++)
        for (int e = d + 1; e < x->term.rank; e++)
            if (x->term.of[d] == x->term.of[e]) {
                unsigned char label = x->term.of[d];
                x->node = dg_diagonal(x->node, .dim1 = d, .dim2 = e);
                drop_label(&x->term, e);
                drop_label(&x->term, d);
                x->term.of[x->term.rank++] = label;
                d = -1;
                break;
            }
}

/* Sums over the labels that are not in `kept`. */
static void sum_out(operand *x, const bool kept[MOST_LABELS])
{
    dg_ints dims = {.only = DG_NONE};
    labels left = {0};
    for (int d = 0; d < x->term.rank; d++) {
        if (kept[x->term.of[d]])
            left.of[left.rank++] = x->term.of[d];
        else
            dims.at[dims.count++] = d;
    }
    if (dims.count)
        x->node = dg_sum(x->node, .dim = dims);
    x->term = left;
}

/* In the order of `order`, with a dimension of size 1 for a label that x does not have where `fill`. */
static void arrange(operand *x, const labels *order, bool fill)
{
    dg_ints dims = {.only = DG_NONE};
    bool moved = false;
    for (int k = 0; k < order->rank; k++)
        for (int d = 0; d < x->term.rank; d++)
            if (x->term.of[d] == order->of[k]) {
                moved = moved || d != dims.count;
                dims.at[dims.count++] = d;
            }
    if (moved)
        x->node = dg_permute(x->node, dims);
    labels before = x->term;
    x->term = (labels){0};
    for (int k = 0; k < order->rank; k++) {
        if (!has_label(&before, order->of[k])) {
            if (!fill)
                continue;
            x->node = dg_unsqueeze(x->node, k);
        }
        x->term.of[x->term.rank++] = order->of[k];
    }
}

static void append(labels *list, int label)
{
    if (list->rank < DG_MAX_RANK && !has_label(list, label))
        list->of[list->rank++] = (unsigned char)label;
}

/* Which part a label plays in a product of two. */
typedef struct parts {
    labels batch, left, right, inner;
} parts;

static parts part_labels(const operand *a, const operand *b, const bool kept[MOST_LABELS])
{
    parts p = {0};
    for (int d = 0; d < a->term.rank; d++) {
        int label = a->term.of[d];
        append(!has_label(&b->term, label) ? &p.left : kept[label] ? &p.batch : &p.inner, label);
    }
    for (int e = 0; e < b->term.rank; e++)
        if (!has_label(&a->term, b->term.of[e]))
            append(&p.right, b->term.of[e]);
    return p;
}

/* One dimension for `count` from `first` on. */
static dg_node *merge(dg_node *x, int first, int count)
{
    if (count == 0)
        return dg_unsqueeze(x, first);
    return count == 1 ? x : dg_flatten(x, .start_dim = first, .end_dim = first + count - 1);
}

static labels joined(const labels *a, const labels *b, const labels *c)
{
    labels all = {0};
    const labels *const lists[] = {a, b, c};
    for (int k = 0; k < 3; k++)
        for (int d = 0; lists[k] && d < lists[k]->rank; d++)
            append(&all, lists[k]->of[d]);
    return all;
}

/* [batch, left] or [batch, right]: the sizes that a merged result is given back. An unknown one may be only once. */
static bool sizes_back(const operand *a, const operand *b, const labels *order, dg_shape *shape)
{
    int open = 0;
    *shape = (dg_shape){.rank = order->rank};
    for (int k = 0; k < order->rank; k++) {
        int64_t size = 1;
        for (int d = 0; d < a->term.rank; d++)
            if (a->term.of[d] == order->of[k])
                size = size_of(a, d);
        for (int d = 0; d < b->term.rank; d++)
            if (b->term.of[d] == order->of[k] && size_of(b, d) != 1)
                size = size_of(b, d);
        open += size == DG_UNKNOWN;
        shape->dims[k] = size;
    }
    return open < 2;
}

/* As a matrix product [batch.., left, inner]·[batch.., inner, right]. */
static bool multiply_matrices(operand *a, const operand *other, const parts *p)
{
    operand b = *other;
    labels order = joined(&p->batch, &p->left, &p->right);
    labels a_order = joined(&p->batch, &p->left, &p->inner), b_order = joined(&p->batch, &p->inner, &p->right);
    dg_shape shape;
    if (p->inner.rank == 0 || order.rank < p->batch.rank + p->left.rank + p->right.rank ||
        p->batch.rank + 2 > DG_MAX_RANK || !sizes_back(a, &b, &order, &shape))
        return false;
    arrange(a, &a_order, false);
    arrange(&b, &b_order, false);
    int batch = p->batch.rank;
    dg_node *left = p->left.rank ? merge(merge(a->node, batch + p->left.rank, p->inner.rank), batch, p->left.rank)
                                 : dg_unsqueeze(merge(a->node, batch, p->inner.rank), batch);
    dg_node *right = p->right.rank ? merge(merge(b.node, batch + p->inner.rank, p->right.rank), batch, p->inner.rank)
                                   : dg_unsqueeze(merge(b.node, batch, p->inner.rank), batch + 1);
    a->node = dg_matmul(left, right);
    if (p->left.rank != 1 || p->right.rank != 1)
        a->node = dg_reshape(a->node, shape);
    a->term = order;
    return true;
}

/* Element by element, then summed. */
static void multiply_elements(operand *a, const operand *other, const bool kept[MOST_LABELS])
{
    operand b = *other;
    labels order = joined(&a->term, &b.term, NULL);
    for (int d = 0; d < b.term.rank; d++)
        if (a->node && !has_label(&order, b.term.of[d])) {
            dg_graph_fail(
                dg_node_graph(a->node),
                dg_error(DG_BAD_SHAPE, "einsum: a product on the way has more than %d dimensions", DG_MAX_RANK));
            return;
        }
    arrange(a, &order, true);
    arrange(&b, &order, true);
    a->node = dg_mul(a->node, b.node);
    sum_out(a, kept);
}

/* A label of size 1 in one operand, and summed over, is dropped from it, so that the rest is a matrix product. */
static void drop_singles(operand *a, const operand *b, const bool kept[MOST_LABELS])
{
    dg_ints dims = {.only = DG_NONE};
    labels left = {0};
    for (int d = 0; d < a->term.rank; d++) {
        bool single = false;
        for (int e = 0; e < b->term.rank; e++)
            single = single || (b->term.of[e] == a->term.of[d] && size_of(a, d) == 1 && size_of(b, e) != 1);
        if (single && !kept[a->term.of[d]] && dims.count < DG_MAX_RANK)
            dims.at[dims.count++] = d;
        else if (left.rank < DG_MAX_RANK)
            left.of[left.rank++] = a->term.of[d];
    }
    if (dims.count)
        a->node = dg_squeeze(a->node, .dim = dims);
    a->term = left;
}

/* a becomes the product of a and b, with the labels that later operands or the result need. */
static void contract(operand *a, operand *b, const bool kept[MOST_LABELS])
{
    bool own[MOST_LABELS], others[MOST_LABELS];
    drop_singles(a, b, kept);
    drop_singles(b, a, kept);
    for (int label = 0; label < MOST_LABELS; label++) {
        own[label] = kept[label] || has_label(&b->term, label);
        others[label] = kept[label] || has_label(&a->term, label);
    }
    sum_out(a, own);
    sum_out(b, others);
    parts p = part_labels(a, b, kept);
    if (!multiply_matrices(a, b, &p))
        multiply_elements(a, b, kept);
}

static void einsum_compose(const dg_compose *compose)
{
    dg_arena *arena = dg_graph_arena(compose->graph);
    size_t count = (size_t)compose->n_inputs;
    const dg_type **types = dg_arena_alloc(arena, count * sizeof *types);
    labels *terms = dg_arena_alloc(arena, count * sizeof *terms);
    plan p;
    if (!types || !terms) {
        dg_graph_fail(compose->graph, dg_no_memory("%zu operands", count));
        return;
    }
    for (size_t k = 0; k < count; k++)
        types[k] = dg_node_type(compose->inputs[k], 0);
    dg_status status = read_equation(compose->attrs[0].s, compose->n_inputs, types, &p, terms);
    if (status.code != DG_OK) {
        dg_graph_fail(compose->graph, status);
        return;
    }
    operand result = {0};
    for (int k = 0; k < p.count; k++) {
        bool kept[MOST_LABELS] = {false};
        for (int label = 0; label < MOST_LABELS; label++) {
            kept[label] = has_label(&p.result, label);
            for (int later = k + 1; later < p.count && !kept[label]; later++)
                kept[label] = has_label(&terms[later], label);
        }
        operand next = {compose->inputs[k], terms[k]};
        take_diagonals(&next);
        if (k == 0) {
            sum_out(&next, kept);
            result = next;
        } else {
            contract(&result, &next, kept);
        }
    }
    arrange(&result, &p.result, true);
    compose->outputs[0] = result.node == compose->inputs[0] ? dg_identity(result.node) : result.node;
}

static const dg_sample einsum_samples[] = {
    {"einsum('ij,jk->ik')", {"[2, 3]", "[3, 4]"}},
    {"einsum('bij,bkj->bik')", {"[2, 3, 4]", "[2, 2, 4]"}},
    {"einsum('ii->i')", {"[3, 3]"}},
    {"einsum('ii')", {"[3, 3]"}},
    {"einsum('ijk->kj')", {"[2, 3, 4]"}},
    {"einsum('bhqd,bhkd->bhqk')", {"[2, 2, 2, 3]", "[2, 2, 3, 3]"}},
    {"einsum('i,j,k->ijk')", {"[2]", "[3]", "[2]"}},
    {"einsum('...ij,...jk')", {"[2, 2, 3]", "[2, 1, 3, 2]"}},
    {"einsum('ij,ij,kj->k')", {"[2, 3]", "[2, 3]", "[4, 3]"}},
    {"einsum('iij,jk->ki')", {"[2, 2, 3]", "[3, 2]"}},
    {"einsum('i,i->')", {"[3]", "[3]"}},
    {"einsum('ab,cb,c,d->ad')", {"[2, 3]", "[2, 1]", "[2]", "[3]"}},
    {.call = NULL},
};

static const dg_op einsum_ops[] = {
    {
        .name = "einsum",
        .family = "linear",
        .summary = "sums of products over labelled dimensions: 'bij,bjk->bik'",
        .inputs = {{.name = "operands", .flags = DG_VARIADIC}},
        .attrs = {{.name = "equation",
                   .kind = DG_ATTR_TEXT,
                   .positional = true,
                   .doc =
                       "a letter a dimension, '...' for several; labels that are not in the result are summed over"}},
        .infer = einsum_infer,
        .compose = einsum_compose,
        .samples = einsum_samples,
    },
};

const dg_op_family einsum_family = DG_FAMILY(einsum_ops);
