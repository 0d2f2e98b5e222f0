/* From tasks to memory. Every buffer lives from the task that writes it to the last that reads it; elementwise work
 * writes over an operand that dies; one sweep over the tasks hands out places in one arena (best fit). */
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

/* Bytes with a lifetime: [first, last] in tasks. */
typedef struct block {
    size_t size, offset;
    int32_t first, last;
    int32_t next;  /* of those that end at the same task */
    int32_t holds; /* value that it was made for; −1: workspace */
} block;

typedef struct gap {
    size_t offset, size;
} gap;

/* The last task that reads a root, and what of it: the number of the one part, or BESIDE. */
typedef struct reader {
    int32_t task, part;
} reader;

/* Where in its task a value is made. */
typedef struct maker {
    int32_t part, result;
} maker;

enum { BESIDE = -1 }; /* a kernel, a prologue, or several parts */

typedef struct placing {
    const dg_plan *plan;
    binding *b;
    int32_t *last;      /* by root: the last task that reads or writes it */
    reader *readers;    /* by root */
    maker *makers;      /* by value */
    int32_t *block_of;  /* by root; −1: none */
    int32_t *workspace; /* by task: block, or −1 */
    block *blocks;
    int32_t n_blocks;
    int32_t *ending; /* by task: first block that ends there */
    gap *gaps;       /* free, by offset */
    size_t n_gaps, gaps_capacity;
    size_t top;
} placing;

static int32_t root_of(const binding *b, int32_t v)
{
    return b->values[v].root;
}

typedef struct sighting {
    placing *p;
    int32_t at; /* task */
} sighting;

/* `last` never goes down: tasks are visited in order. */
static void note_last(void *user, int32_t root)
{
    const sighting *seen = user;
    seen->p->last[root] = seen->at;
}

static void note_reader(placing *p, int32_t root, int32_t at, int32_t part)
{
    reader *r = &p->readers[root];
    *r = (reader){at, r->task == at && r->part != part ? BESIDE : part};
}

static void note_readers(placing *p, int32_t i)
{
    const binding *b = p->b;
    const task *t = &b->tasks[i];
    for (int32_t k = 0; t->kernel && k < t->of->n_inputs; k++)
        if (t->of->inputs[k] >= 0 && reads_bytes(t->of, k))
            note_reader(p, root_of(b, t->of->inputs[k]), i, BESIDE);
    for (int32_t k = 0; t->prologue && k < t->prologue->n_operands; k++)
        note_reader(p, root_of(b, t->prologue->operands[k]), i, BESIDE);
    for (int32_t k = 0; k < t->n_parts; k++) {
        for (int32_t j = 0; j < t->parts[k].n_operands; j++)
            note_reader(p, root_of(b, t->parts[k].operands[j]), i, k);
        for (int32_t r = 0; r < t->parts[k].n_results; r++)
            p->makers[t->parts[k].results[r]] = (maker){k, r};
    }
}

static void measure_lifetimes(placing *p)
{
    binding *b = p->b;
    for (int32_t i = 0; i < b->n_tasks; i++) {
        sighting seen = {p, i};
        task_writes(b, &b->tasks[i], note_last, &seen);
        task_reads(b, &b->tasks[i], note_last, &seen);
        note_readers(p, i);
    }
    for (int i = 0; i < p->plan->options.n_fetch; i++)
        p->last[root_of(b, b->fetch[i])] = b->n_tasks;
    for (int i = 0; i < b->n_assignments; i++)
        p->last[root_of(b, b->assignments[i].value)] = b->n_tasks;
    for (int i = 0; i < b->n_savings; i++)
        p->last[root_of(b, b->savings[i].from)] = b->n_tasks;
}

static bool same_type(const dg_tensor *a, const dg_tensor *b)
{
    return a->dtype == b->dtype && dg_shape_equal(&a->shape, &b->shape);
}

/* Whether result r may be written over `root`: every way in which the work reads root is element by element, and over
 * by the time. */
static bool may_overwrite(const binding *b, const elementwise *work, int32_t r, int32_t root)
{
    const dg_tensor *out = &b->values[work->results[r]].tensor;
    bool reads = false;
    for (int32_t k = 0; k < work->n_operands; k++) {
        const dg_tensor *in = &b->values[work->operands[k]].tensor;
        if (root_of(b, work->operands[k]) != root)
            continue;
        reads = true;
        if (in->dtype != out->dtype || in->dtype != program_dtype(work->program) ||
            dg_tensor_count(in) != dg_tensor_count(out) || in->channels_last != out->channels_last ||
            !program_may_overwrite(work->program, r, k))
            return false;
    }
    return reads;
}

static bool reads_root(const binding *b, int32_t n, const int32_t *values, int32_t root)
{
    for (int32_t k = 0; k < n; k++)
        if (values[k] >= 0 && root_of(b, values[k]) == root)
            return true;
    return false;
}

/* Whether the task's kernel reads root by an input from number `first` on. */
static bool kernel_reads(const binding *b, const task *t, int32_t first, int32_t root)
{
    for (int32_t k = first; t->kernel && k < t->of->n_inputs; k++)
        if (t->of->inputs[k] >= 0 && root_of(b, t->of->inputs[k]) == root && reads_bytes(t->of, k))
            return true;
    return false;
}

/* Whether anything of task i, after which nothing reads root, but its part number `but` reads it. */
static bool read_beside(const placing *p, int32_t i, int32_t but, int32_t root)
{
    return p->readers[root].task == i && p->readers[root].part != but;
}

/* ---- updates that write into the parameter ---- */

/* The update that computes `from` may write it over the parameter `to`: nobody reads the old value later. */
static bool may_update(const placing *p, int32_t from, int32_t to)
{
    const binding *b = p->b;
    const int32_t i = b->values[from].producer, part = p->makers[from].part;
    const task *t = &b->tasks[i];
    if (!t->update || p->last[to] > i || part < 0 || read_beside(p, i, part, to))
        return false;
    return !reads_root(b, t->parts[part].n_operands, t->parts[part].operands, to) ||
           may_overwrite(b, &t->parts[part], p->makers[from].result, to);
}

/* How many assignments have this parameter or value, by root. */
static dg_status place_updates(placing *p)
{
    binding *b = p->b;
    if (!plan_does(p->plan, DG_REUSE))
        return dg_ok();
    int32_t *writers = calloc((size_t)b->n_values + 1, sizeof *writers);
    if (!writers)
        return dg_no_memory("a plan");
    for (int i = 0; i < b->n_assignments; i++) {
        writers[root_of(b, b->assignments[i].value)]++;
        writers[root_of(b, b->assignments[i].parameter)]++;
    }
    for (int i = 0; i < b->n_assignments; i++) {
        assignment *a = &b->assignments[i];
        int32_t from = root_of(b, a->value), to = root_of(b, a->parameter);
        const value *v = &b->values[from];
        if (v->kind != STORED_IN_ARENA || v->fetched || writers[from] != 1 || writers[to] != 1 || v->producer < 0 ||
            !same_type(&v->tensor, &b->values[to].tensor) || !may_update(p, from, to))
            continue;
        a->in_place = true;
        b->values[from].kind = STORED_AS_PARAMETER;
        b->values[from].source = b->values[to].source;
        b->values[from].tensor.data = b->values[to].tensor.data;
    }
    free(writers);
    return dg_ok();
}

/* ---- blocks ---- */

static int32_t add_block(placing *p, int32_t holds, size_t size, int32_t first, int32_t last)
{
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    p->blocks[p->n_blocks] = (block){.size = size ? size : ALIGNMENT, .first = first, .last = last, .holds = holds};
    return p->n_blocks++;
}

static bool dies_at(const placing *p, int32_t root, int32_t i)
{
    return p->block_of[root] >= 0 && p->b->values[root].kind == STORED_IN_ARENA && p->last[root] == i &&
           p->blocks[p->block_of[root]].last == i;
}

/* The block of a dying input 0 that a kernel may write its output over; −1: none. */
static int32_t block_for_output(const placing *p, const task *t, int32_t i)
{
    const binding *b = p->b;
    const step *s = t->of;
    if (!plan_does(p->plan, DG_REUSE) || !(s->entry->op->flags & DG_IN_PLACE) || s->inputs[0] < 0 || t->prologue)
        return -1;
    int32_t root = root_of(b, s->inputs[0]);
    bool over = dies_at(p, root, i) && !kernel_reads(b, t, 1, root) &&
                same_type(&b->values[s->inputs[0]].tensor, &b->values[s->first_output].tensor);
    for (int32_t k = 0; k < t->n_parts; k++)
        over &= !reads_root(b, t->parts[k].n_operands, t->parts[k].operands, root);
    return over ? p->block_of[root] : -1;
}

/* The block of a dying operand that result r may be written over; −1: none. */
static int32_t block_for_result(const placing *p, const task *t, int32_t part, int32_t r, int32_t i)
{
    const elementwise *work = &t->parts[part];
    for (int32_t k = 0; k < work->n_operands && plan_does(p->plan, DG_REUSE); k++) {
        int32_t root = root_of(p->b, work->operands[k]);
        if (dies_at(p, root, i) && may_overwrite(p->b, work, r, root) && !read_beside(p, i, part, root))
            return p->block_of[root];
    }
    return -1;
}

static void make_block(placing *p, int32_t v, int32_t over, int32_t i)
{
    if (over >= 0)
        p->blocks[over].last = p->last[v];
    else
        over = add_block(p, v, dg_tensor_bytes(&p->b->values[v].tensor), i, p->last[v]);
    p->block_of[v] = over;
}

static void make_blocks(placing *p)
{
    binding *b = p->b;
    for (int32_t i = 0; i < b->n_tasks; i++) {
        const task *t = &b->tasks[i];
        for (int k = 0; t->kernel && k < t->of->n_outputs; k++) {
            int32_t v = t->of->first_output + k;
            if (b->values[v].kind == STORED_IN_ARENA)
                make_block(p, v, k == 0 ? block_for_output(p, t, i) : -1, i);
        }
        for (int32_t k = 0; k < t->n_parts; k++) {
            for (int32_t r = 0; r < t->parts[k].n_results; r++) {
                int32_t v = t->parts[k].results[r];
                bool is_own = t->kernel && v == t->of->first_output;
                if (b->values[v].kind == STORED_IN_ARENA && !is_own)
                    make_block(p, v, block_for_result(p, t, k, r, i), i);
            }
        }
        p->workspace[i] = t->workspace_bytes ? add_block(p, -1, t->workspace_bytes, i, i) : -1;
    }
}

/* What is saved lasts from the last task to the next run. */
static void make_savings(placing *p)
{
    binding *b = p->b;
    for (int i = 0; i < b->n_savings; i++) {
        int32_t to = b->savings[i].to;
        p->block_of[to] = add_block(p, to, dg_tensor_bytes(&b->values[to].tensor), b->n_tasks, b->n_tasks);
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
            return dg_no_memory("a plan");
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

/* Blocks are in the order of their first task. */
static dg_status sweep(placing *p)
{
    int32_t next = 0, end = p->b->n_tasks;
    for (int32_t i = 0; i <= end; i++)
        p->ending[i] = -1;
    for (int32_t i = 0; i <= end; i++) {
        for (; next < p->n_blocks && p->blocks[next].first == i; next++) {
            block *made = &p->blocks[next];
            made->offset = take(p, made->size);
            made->next = p->ending[made->last];
            p->ending[made->last] = next;
        }
        for (int32_t k = p->ending[i]; k >= 0 && plan_does(p->plan, DG_REUSE); k = p->blocks[k].next)
            DG_TRY(give_back(p, p->blocks[k].offset, p->blocks[k].size));
    }
    return dg_ok();
}

/* The node that a block is for: of its first task; of what is saved, the parameter. */
static dg_node *holder(const placing *p, const block *held)
{
    const binding *b = p->b;
    if (held->first < b->n_tasks)
        return node_in_messages(b->tasks[held->first].of->node);
    for (int i = 0; i < b->n_savings; i++)
        if (b->savings[i].to == held->holds)
            return node_in_messages(b->parameters[b->values[root_of(b, b->savings[i].from)].source]);
    return NULL;
}

static dg_status over_limit(const placing *p)
{
    const binding *b = p->b;
    size_t needs = p->top + b->constant_bytes, limit = p->plan->options.memory_limit;
    const block *largest = p->blocks;
    for (int32_t i = 0; i < p->n_blocks; i++)
        largest = p->blocks[i].size > largest->size ? &p->blocks[i] : largest;
    dg_node *node = p->n_blocks ? holder(p, largest) : NULL;
    if (!node || largest->size < b->constant_bytes)
        return dg_error(DG_NO_MEMORY, "the plan needs %zu byte(s), %zu of them for constants, the limit is %zu", needs,
                        b->constant_bytes, limit);
    char what[DG_SHAPE_TEXT + 16] = "workspace";
    if (largest->holds >= 0) {
        const dg_tensor *tensor = &b->values[largest->holds].tensor;
        char shape[DG_SHAPE_TEXT];
        snprintf(what, sizeof what, "%s %s", dg_dtype_name(tensor->dtype),
                 dg_shape_print(&tensor->shape, shape, sizeof shape));
    }
    return dg_error(DG_NO_MEMORY,
                    "the plan needs %zu byte(s), the limit is %zu; the largest buffer (%s, %zu byte(s)) is for %s '%s'",
                    needs, limit, what, largest->size, node->entry->op->name, dg_node_name(node));
}

/* Offsets in the arena. The addresses follow once the binding has it: keep.c. */
static dg_status note_offsets(placing *p)
{
    binding *b = p->b;
    size_t limit = p->plan->options.memory_limit;
    if (limit && p->top + b->constant_bytes > limit)
        return over_limit(p);
    b->memory_bytes = p->top;
    for (int32_t v = 0; v < b->n_values; v++)
        if (b->values[v].root == v && b->values[v].kind == STORED_IN_ARENA && p->block_of[v] >= 0)
            b->values[v].offset = p->blocks[p->block_of[v]].offset;
    for (int32_t v = 0; v < b->n_values; v++) /* of updates in place, their parameter's */
        b->values[v].tensor.data = b->values[b->values[v].root].tensor.data;
    for (int32_t i = 0; i < b->n_tasks; i++)
        if (p->workspace[i] >= 0)
            b->tasks[i].workspace_offset = p->blocks[p->workspace[i]].offset;
    return dg_ok();
}

dg_status plan_place(dg_plan *plan, binding *b)
{
    placing p = {.plan = plan, .b = b};
    size_t values = (size_t)b->n_values + 1, tasks = (size_t)b->n_tasks + 2;
    dg_status status = dg_no_memory("a plan");
    p.last = malloc(values * sizeof *p.last);
    p.readers = malloc(values * sizeof *p.readers);
    p.makers = malloc(values * sizeof *p.makers);
    p.block_of = malloc(values * sizeof *p.block_of);
    p.workspace = malloc(tasks * sizeof *p.workspace);
    p.ending = malloc(tasks * sizeof *p.ending);
    p.blocks = malloc((values + tasks + (size_t)b->n_savings) * sizeof *p.blocks);
    if (!p.last || !p.readers || !p.makers || !p.block_of || !p.workspace || !p.ending || !p.blocks)
        goto done;
    memset(p.last, 0xff, values * sizeof *p.last);
    memset(p.readers, 0xff, values * sizeof *p.readers);
    memset(p.makers, 0xff, values * sizeof *p.makers);
    memset(p.block_of, 0xff, values * sizeof *p.block_of);
    measure_lifetimes(&p);
    status = place_updates(&p);
    if (status.code != DG_OK)
        goto done;
    make_blocks(&p);
    make_savings(&p);
    status = sweep(&p);
    if (status.code == DG_OK)
        status = note_offsets(&p);
done:
    free(p.last);
    free(p.readers);
    free(p.makers);
    free(p.block_of);
    free(p.workspace);
    free(p.ending);
    free(p.blocks);
    free(p.gaps);
    return status;
}
