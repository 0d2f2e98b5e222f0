/* Layouts. A value of four dimensions, [N, C, H, W], may be kept as N H W C, where convolution is fast, as long as all
 * who touch it agree: an elementwise step takes either layout, but one for all that it reads and writes; some kernels
 * take each of their tensors in either; everybody else takes N C H W. What elementwise steps tie together is one
 * component: if nobody needs it as N C H W, and a kernel would rather have it as N H W C, it becomes that. */
#include "bind.h"

#include <stdlib.h>

typedef struct component {
    int32_t parent; /* a value of the same component; itself: it speaks for all of them */
    bool pinned;    /* N C H W */
    bool wanted;    /* as N H W C */
} component;

typedef struct choosing {
    binding *b;
    component *of; /* by value */
} choosing;

/* Four dimensions whose order in memory matters. */
static bool has_layout(const dg_tensor *tensor)
{
    const int64_t *dims = tensor->shape.dims;
    return tensor->shape.rank == 4 && dims[1] > 1 && dims[2] * dims[3] > 1;
}

static component *component_of(choosing *c, int32_t v)
{
    while (c->of[v].parent != v) {
        c->of[v].parent = c->of[c->of[v].parent].parent;
        v = c->of[v].parent;
    }
    return &c->of[v];
}

/* The value's bytes are read or written in the order of its shape. */
static void pin(choosing *c, int32_t v)
{
    component_of(c, c->b->values[v].root)->pinned = true;
}

static void tie(choosing *c, int32_t v, int32_t w)
{
    component *a = component_of(c, v), *b = component_of(c, w);
    b->pinned |= a->pinned;
    b->wanted |= a->wanted;
    a->parent = b->parent;
}

/* Whether the value is all of its root under the root's own shape. */
static bool is_whole(const choosing *c, int32_t v)
{
    return dg_shape_equal(&c->b->values[v].tensor.shape, &c->b->values[c->b->values[v].root].tensor.shape);
}

/* ---- steps ---- */

static void tie_elementwise(choosing *c, const step *s)
{
    const value *values = c->b->values;
    const dg_tensor *out = &values[s->first_output].tensor;
    for (int k = 0; k < s->n_inputs; k++) {
        int32_t v = s->inputs[k];
        if (v < 0 || !reads_bytes(s, k))
            continue;
        if (dg_shape_equal(&values[v].tensor.shape, &out->shape) && is_whole(c, v)) {
            tie(c, values[v].root, s->first_output);
            continue;
        }
        pin(c, v);
        if (dg_tensor_count(&values[v].tensor) == dg_tensor_count(out)) /* read element by element */
            pin(c, s->first_output);
    }
}

static void ask_kernel(choosing *c, const step *s)
{
    value *values = c->b->values;
    const dg_op *op = s->entry->op;
    const dg_tensor *inputs[DG_MAX_INPUTS];
    dg_tensor *outputs[DG_MAX_OUTPUTS];
    bool any = (op->flags & DG_ANY_LAYOUT) && s->n_inputs <= DG_MAX_INPUTS;
    const dg_kernel kernel = {
        .attrs = s->attrs, .n_inputs = s->n_inputs, .inputs = inputs, .n_outputs = s->n_outputs, .outputs = outputs};
    for (int k = 0; k < s->n_inputs && any; k++)
        inputs[k] = s->inputs[k] < 0 ? NULL : &values[s->inputs[k]].tensor;
    for (int k = 0; k < s->n_outputs && any; k++)
        outputs[k] = &values[s->first_output + k].tensor;
    int32_t alike = -1;
    for (int k = 0; k < s->n_inputs + s->n_outputs; k++) {
        int32_t v = k < s->n_inputs ? s->inputs[k] : s->first_output + k - s->n_inputs;
        if (v < 0 || (k < s->n_inputs && !reads_bytes(s, k)))
            continue;
        dg_layout taste = DG_LAYOUT_PLAIN;
        if (any && has_layout(&values[v].tensor))
            taste = op->layout ? op->layout(&kernel, k) : DG_LAYOUT_ANY;
        if (taste == DG_LAYOUT_PLAIN || !is_whole(c, v))
            pin(c, v);
        if (taste == DG_LAYOUT_CHANNELS_LAST)
            component_of(c, values[v].root)->wanted = true;
        if (taste == DG_LAYOUT_ALIKE && alike >= 0)
            tie(c, values[v].root, alike);
        else if (taste == DG_LAYOUT_ALIKE)
            alike = values[v].root;
    }
    if (any && (op->flags & DG_IN_PLACE) && s->inputs[0] >= 0)
        tie(c, values[s->inputs[0]].root, s->first_output);
}

/* ---- all of a plan ---- */

static void look_at_all(choosing *c, const dg_plan *plan)
{
    binding *b = c->b;
    for (int32_t v = 0; v < b->n_values; v++)
        c->of[v] = (component){.parent = v, .pinned = b->values[v].kind != STORED_IN_ARENA};
    for (int32_t i = 0; i < b->n_steps; i++) {
        if (!b->steps[i].formula)
            ask_kernel(c, &b->steps[i]);
        else if (has_layout(&b->values[b->steps[i].first_output].tensor))
            tie_elementwise(c, &b->steps[i]);
        else
            for (int k = 0; k < b->steps[i].n_inputs; k++)
                if (b->steps[i].inputs[k] >= 0)
                    pin(c, b->steps[i].inputs[k]);
    }
    for (int i = 0; i < plan->options.n_fetch; i++)
        pin(c, b->fetch[i]);
    for (int i = 0; i < b->n_assignments; i++) {
        pin(c, b->assignments[i].value);
        pin(c, b->assignments[i].parameter);
    }
}

static bool has_choice(const binding *b)
{
    for (int32_t i = 0; i < b->n_steps; i++)
        if (!b->steps[i].formula && (b->steps[i].entry->op->flags & DG_ANY_LAYOUT))
            return true;
    return false;
}

dg_status choose_layouts(build *u)
{
    binding *b = u->b;
    if (!plan_does(u->plan, DG_LAYOUTS) || !has_choice(b))
        return dg_ok();
    choosing c = {.b = b, .of = malloc(sizeof *c.of * ((size_t)b->n_values + 1))};
    if (!c.of)
        return dg_no_memory("a plan");
    look_at_all(&c, u->plan);
    for (int32_t v = 0; v < b->n_values; v++) {
        const component *made = component_of(&c, b->values[v].root);
        bool channels_last = made->wanted && !made->pinned && has_layout(&b->values[v].tensor) && is_whole(&c, v);
        b->values[v].tensor.channels_last = channels_last;
    }
    free(c.of);
    return dg_ok();
}

/* ---- operands ---- */

row_pattern operand_pattern(const dg_tensor *in, const dg_tensor *space)
{
    int64_t strides[DG_MAX_RANK];
    dg_shape shape = space->shape;
    operand_strides(&in->shape, &shape, strides);
    if (in->channels_last) { /* then it has the space's shape */
        strides[1] = 1;
        strides[3] = shape.dims[1];
        strides[2] = shape.dims[1] * shape.dims[3];
    }
    if (space->channels_last) {
        const int64_t channels = shape.dims[1], stride = strides[1];
        for (int d = 1; d < 3; d++) {
            shape.dims[d] = shape.dims[d + 1];
            strides[d] = strides[d + 1];
        }
        shape.dims[3] = channels;
        strides[3] = stride;
    }
    return pattern_of(&shape, strides);
}
