/* From steps to memory. Every buffer lives from the step that writes it to the last that reads it; elementwise steps
 * write over an input that dies; one sweep over the steps hands out places in one arena (best fit). */
#include "plan_internal.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

/* Bytes with a lifetime: [first, last] in steps. */
typedef struct block {
    size_t size, offset;
    int32_t first, last;
    int32_t next; /* of those that end at the same step */
} block;

typedef struct gap {
    size_t offset, size;
} gap;

typedef struct placing {
    const dg_plan *plan;
    binding *b;
    int32_t *last;      /* by root: the last step that reads it */
    int32_t *block_of;  /* by root; −1: none */
    int32_t *workspace; /* by step: block, or −1 */
    block *blocks;
    int32_t n_blocks;
    int32_t *ending; /* by step: first block that ends there */
    gap *gaps;       /* free, by offset */
    size_t n_gaps, gaps_capacity;
    size_t top;
} placing;

static dg_status no_memory(void)
{
    return dg_error(DG_NO_MEMORY, "no memory for a plan");
}

static int32_t root_of(const binding *b, int32_t v)
{
    return b->values[v].root;
}

static void measure_lifetimes(placing *p)
{
    binding *b = p->b;
    for (int32_t i = 0; i < b->n_steps; i++) {
        const step *s = &b->steps[i];
        for (int k = 0; k < s->n_outputs; k++)
            if (p->last[s->first_output + k] < i)
                p->last[s->first_output + k] = i;
        for (int k = 0; k < s->n_inputs; k++)
            if (s->inputs[k] >= 0 && b->values[root_of(b, s->inputs[k])].needed)
                p->last[root_of(b, s->inputs[k])] = i; /* also where the shape alone is read: rare, and safe */
    }
    for (int i = 0; i < p->plan->options.n_fetch; i++)
        p->last[root_of(b, b->fetch[i])] = b->n_steps;
    for (int i = 0; i < b->n_assignments; i++)
        p->last[root_of(b, b->assignments[i].value)] = b->n_steps;
}

static bool same_type(const dg_tensor *a, const dg_tensor *b)
{
    return a->dtype == b->dtype && dg_shape_equal(&a->shape, &b->shape);
}

/* Whether step s may write its output over `root`: every way in which it reads root is element by element. */
static bool reads_in_step(const binding *b, const step *s, int32_t root)
{
    const dg_tensor *out = &b->values[s->first_output].tensor;
    for (int k = 0; k < s->n_inputs; k++) {
        if (s->inputs[k] < 0 || root_of(b, s->inputs[k]) != root)
            continue;
        if (!same_type(&b->values[s->inputs[k]].tensor, out) || (!s->formula && k > 0))
            return false;
    }
    return true;
}

/* ---- updates that write into the parameter ---- */

/* How many assignments have this parameter or value, by root. */
static dg_status place_updates(placing *p)
{
    binding *b = p->b;
    if (p->plan->options.unoptimized)
        return dg_ok();
    int32_t *writers = calloc((size_t)b->n_values + 1, sizeof *writers);
    if (!writers)
        return no_memory();
    for (int i = 0; i < b->n_assignments; i++) {
        writers[root_of(b, b->assignments[i].value)]++;
        writers[root_of(b, b->assignments[i].parameter)]++;
    }
    for (int i = 0; i < b->n_assignments; i++) {
        assignment *a = &b->assignments[i];
        int32_t from = root_of(b, a->value), to = root_of(b, a->parameter);
        const value *v = &b->values[from];
        if (v->kind != STORED_IN_ARENA || v->fetched || writers[from] != 1 || writers[to] != 1 || v->producer < 0)
            continue;
        const step *s = &b->steps[v->producer];
        if (!s->update || p->last[to] > v->producer || !reads_in_step(b, s, to) ||
            !same_type(&v->tensor, &b->values[to].tensor))
            continue;
        a->in_place = true;
        b->values[from].kind = STORED_AS_PARAMETER;
        b->values[from].tensor.data = b->values[to].tensor.data;
    }
    free(writers);
    return dg_ok();
}

/* ---- blocks ---- */

static int32_t add_block(placing *p, size_t size, int32_t first, int32_t last)
{
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    p->blocks[p->n_blocks] = (block){.size = size ? size : ALIGNMENT, .first = first, .last = last};
    return p->n_blocks++;
}

/* The block of an input that dies at step i and that the output may be written over; −1: none. */
static int32_t dying_block(const placing *p, const step *s, int32_t i)
{
    const binding *b = p->b;
    const dg_op *op = s->entry->op;
    if (p->plan->options.unoptimized || (!s->formula && !(op->flags & DG_IN_PLACE)))
        return -1;
    int candidates = s->formula ? s->n_inputs : 1;
    for (int k = 0; k < candidates; k++) {
        int32_t root = s->inputs[k] < 0 ? -1 : root_of(b, s->inputs[k]);
        if (root < 0 || p->block_of[root] < 0 || b->values[root].kind != STORED_IN_ARENA)
            continue;
        if (p->blocks[p->block_of[root]].last != i || p->last[root] != i)
            continue;
        if (same_type(&b->values[s->inputs[k]].tensor, &b->values[s->first_output].tensor) && reads_in_step(b, s, root))
            return p->block_of[root];
    }
    return -1;
}

static void make_blocks(placing *p)
{
    binding *b = p->b;
    for (int32_t i = 0; i < b->n_steps; i++) {
        const step *s = &b->steps[i];
        for (int k = 0; k < s->n_outputs; k++) {
            int32_t v = s->first_output + k;
            if (b->values[v].kind != STORED_IN_ARENA)
                continue;
            int32_t over = k == 0 ? dying_block(p, s, i) : -1;
            if (over >= 0)
                p->blocks[over].last = p->last[v];
            else
                over = add_block(p, dg_tensor_bytes(&b->values[v].tensor), i, p->last[v]);
            p->block_of[v] = over;
        }
        p->workspace[i] = s->workspace_bytes ? add_block(p, s->workspace_bytes, i, i) : -1;
    }
}

/* A parameter that is given to another one while it changes itself must be saved before the copying starts. */
static void make_snapshots(placing *p)
{
    binding *b = p->b;
    for (int i = 0; i < b->n_assignments; i++) {
        assignment *a = &b->assignments[i];
        if (a->in_place || b->values[root_of(b, a->value)].kind != STORED_AS_PARAMETER)
            continue;
        int32_t block_index = add_block(p, dg_tensor_bytes(&b->values[a->value].tensor), b->n_steps, b->n_steps);
        a->snapshot = 1 + (size_t)block_index;
    }
}

/* ---- places ---- */

static void remove_gap(placing *p, size_t at)
{
    memmove(p->gaps + at, p->gaps + at + 1, (p->n_gaps - at - 1) * sizeof *p->gaps);
    p->n_gaps--;
}

static dg_status give_back(placing *p, size_t offset, size_t size)
{
    size_t low = 0, high = p->n_gaps;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (p->gaps[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    bool joins_before = low > 0 && p->gaps[low - 1].offset + p->gaps[low - 1].size == offset;
    bool joins_after = low < p->n_gaps && offset + size == p->gaps[low].offset;
    if (joins_before) {
        p->gaps[low - 1].size += size;
        if (joins_after) {
            p->gaps[low - 1].size += p->gaps[low].size;
            remove_gap(p, low);
        }
        return dg_ok();
    }
    if (joins_after) {
        p->gaps[low].offset = offset;
        p->gaps[low].size += size;
        return dg_ok();
    }
    if (p->n_gaps == p->gaps_capacity) {
        size_t capacity = p->gaps_capacity ? 2 * p->gaps_capacity : 64;
        gap *gaps = realloc(p->gaps, capacity * sizeof *gaps);
        if (!gaps)
            return no_memory();
        p->gaps = gaps;
        p->gaps_capacity = capacity;
    }
    memmove(p->gaps + low + 1, p->gaps + low, (p->n_gaps - low) * sizeof *p->gaps);
    p->gaps[low] = (gap){offset, size};
    p->n_gaps++;
    return dg_ok();
}

static size_t take(placing *p, size_t size)
{
    size_t best = p->n_gaps;
    for (size_t i = 0; i < p->n_gaps; i++)
        if (p->gaps[i].size >= size && (best == p->n_gaps || p->gaps[i].size < p->gaps[best].size))
            best = i;
    if (best < p->n_gaps) {
        size_t offset = p->gaps[best].offset;
        p->gaps[best].offset += size;
        p->gaps[best].size -= size;
        if (p->gaps[best].size == 0)
            remove_gap(p, best);
        return offset;
    }
    size_t offset = p->top;
    if (p->n_gaps && p->gaps[p->n_gaps - 1].offset + p->gaps[p->n_gaps - 1].size == p->top) {
        offset = p->gaps[p->n_gaps - 1].offset; /* the last gap grows */
        p->n_gaps--;
    }
    p->top = offset + size;
    return offset;
}

/* Blocks are in the order of their first step. */
static dg_status sweep(placing *p)
{
    int32_t next = 0, end = p->b->n_steps;
    for (int32_t i = 0; i <= end; i++)
        p->ending[i] = -1;
    for (int32_t i = 0; i <= end; i++) {
        for (; next < p->n_blocks && p->blocks[next].first == i; next++) {
            block *made = &p->blocks[next];
            made->offset = take(p, made->size);
            made->next = p->ending[made->last];
            p->ending[made->last] = next;
        }
        for (int32_t k = p->ending[i]; k >= 0 && !p->plan->options.unoptimized; k = p->blocks[k].next)
            DG_TRY(give_back(p, p->blocks[k].offset, p->blocks[k].size));
    }
    return dg_ok();
}

static dg_status allocate(placing *p)
{
    binding *b = p->b;
    size_t limit = p->plan->options.memory_limit;
    if (limit && p->top > limit) {
        const block *largest = p->blocks;
        for (int32_t i = 0; i < p->n_blocks; i++)
            largest = p->blocks[i].size > largest->size ? &p->blocks[i] : largest;
        dg_node *node = speaker(b->steps[largest->first < b->n_steps ? largest->first : b->n_steps - 1].node);
        return dg_error(DG_NO_MEMORY, "the plan needs %zu bytes, the limit is %zu; most (%zu) go to %s '%s'", p->top,
                        limit, largest->size, node->entry->op->name, dg_node_name(node));
    }
    b->memory_bytes = p->top;
    void *memory = NULL;
    if (p->top && posix_memalign(&memory, ALIGNMENT, p->top) != 0)
        return dg_error(DG_NO_MEMORY, "no memory for the plan's %zu bytes", p->top);
    b->memory = memory;
    for (int32_t v = 0; v < b->n_values; v++)
        if (b->values[v].root == v && b->values[v].kind == STORED_IN_ARENA && p->block_of[v] >= 0)
            b->values[v].tensor.data = b->memory + p->blocks[p->block_of[v]].offset;
    for (int32_t v = 0; v < b->n_values; v++)
        b->values[v].tensor.data = b->values[b->values[v].root].tensor.data;
    for (int32_t i = 0; i < b->n_steps; i++)
        if (p->workspace[i] >= 0)
            b->steps[i].kernel.workspace = b->memory + p->blocks[p->workspace[i]].offset;
    for (int i = 0; i < b->n_assignments; i++)
        if (b->assignments[i].snapshot)
            b->assignments[i].snapshot = 1 + p->blocks[b->assignments[i].snapshot - 1].offset;
    return dg_ok();
}

dg_status plan_place(dg_plan *plan, binding *b)
{
    placing p = {.plan = plan, .b = b};
    size_t values = (size_t)b->n_values + 1, steps = (size_t)b->n_steps + 2;
    dg_status status = no_memory();
    p.last = malloc(values * sizeof *p.last);
    p.block_of = malloc(values * sizeof *p.block_of);
    p.workspace = malloc(steps * sizeof *p.workspace);
    p.ending = malloc(steps * sizeof *p.ending);
    p.blocks = malloc((values + steps + (size_t)b->n_assignments) * sizeof *p.blocks);
    if (!p.last || !p.block_of || !p.workspace || !p.ending || !p.blocks)
        goto done;
    memset(p.last, 0xff, values * sizeof *p.last);
    memset(p.block_of, 0xff, values * sizeof *p.block_of);
    measure_lifetimes(&p);
    status = place_updates(&p);
    if (status.code != DG_OK)
        goto done;
    make_blocks(&p);
    make_snapshots(&p);
    status = sweep(&p);
    if (status.code == DG_OK)
        status = allocate(&p);
done:
    free(p.last);
    free(p.block_of);
    free(p.workspace);
    free(p.ending);
    free(p.blocks);
    free(p.gaps);
    return status;
}
