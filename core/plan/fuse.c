/* Fusion: elementwise steps that run over the same elements join, and join the kernel that makes the elements or the
 * reduction that takes them, so that values pass from one to the next in the cache.
 *
 * Steps are looked at in order. Each one joins the group of a step whose result it reads, or else of one that reads
 * what it reads, if either of the two can be moved to the other's place: the step forward, when all that it reads is
 * there already; or the group back, when nobody has read its results yet. */
#include "bind.h"

#include "core/formula/expression.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_WEIGHT = 300, /* expressions of a group: intermediate values have to stay in the cache */
    MOST_MOVED = 32,   /* places that a step is moved forward: its result has to be kept as much longer */
    SMALL = 4096,      /* elements that may be kept longer all the same */
    NOBODY = -1
};

typedef struct fusing {
    build *u;
    binding *b;
    grouping g;
    int32_t *reader; /* by root: the last group that reads all its elements, or NOBODY */
} fusing;

static const value *root_of(const fusing *f, int32_t v)
{
    return &f->b->values[f->b->values[v].root];
}

static int32_t group_of(fusing *f, int32_t s)
{
    int32_t g = s < 0 ? NOBODY : f->g.of[s];
    while (g >= 0 && f->g.groups[g].into >= 0)
        g = f->g.groups[g].into;
    return g;
}

/* The group that makes the value, or NOBODY. */
static int32_t maker(fusing *f, int32_t v)
{
    return group_of(f, root_of(f, v)->producer);
}

/* Where the value is made; −1: it is there from the beginning. */
static int32_t position_of(fusing *f, int32_t v)
{
    int32_t producer = root_of(f, v)->producer, g = group_of(f, producer);
    return g >= 0 ? f->g.groups[g].position : producer;
}

static bool is_read(const step *s, int k)
{
    return s->inputs[k] >= 0 && reads_bytes(s, k);
}

static int64_t elements(const fusing *f, int32_t v)
{
    return dg_tensor_count(&f->b->values[v].tensor);
}

/* ---- who can join whom ---- */

static bool can_fuse(const fusing *f, const step *s)
{
    const dg_tensor *out = &f->b->values[s->first_output].tensor;
    return s->formula && plan_does(f->u->plan, DG_FUSION) && dg_dtype_is_float(s->compute) &&
           (out->dtype == s->compute || out->dtype == DG_BOOL) && dg_tensor_count(out) > 0;
}

/* Whether the value comes from an elementwise step of the group, or is the output whose elements its kernel passes on.
 */
static bool is_within(fusing *f, int32_t g, int32_t v)
{
    const value *root = root_of(f, v);
    if (maker(f, v) != g)
        return false;
    const step *from = &f->b->steps[root->producer];
    return from->formula || root == &f->b->values[from->first_output];
}

/* All that s reads from outside the group is there when the group runs. */
static bool can_move_forward(fusing *f, int32_t g, int32_t s)
{
    const step *moved = &f->b->steps[s];
    const group *to = &f->g.groups[g];
    if (s - to->position > MOST_MOVED && to->count > SMALL)
        return false;
    for (int k = 0; k < moved->n_inputs; k++)
        if (is_read(moved, k) && !is_within(f, g, moved->inputs[k]) && position_of(f, moved->inputs[k]) >= to->position)
            return false;
    return true;
}

static bool can_join(fusing *f, int32_t g, int32_t s)
{
    const group *to = &f->g.groups[g];
    const step *joining = &f->b->steps[s];
    if (to->closed || to->n_steps == MOST_IN_GROUP || to->weight + joining->formula->root->weight > MOST_WEIGHT ||
        to->compute != joining->compute || to->update != joining->update ||
        to->count != elements(f, joining->first_output))
        return false;
    return (to->kernel < 0 && to->n_readers == 0) || can_move_forward(f, g, s);
}

/* ---- groups ---- */

static int32_t new_group(fusing *f, int32_t s, int32_t kernel)
{
    const step *first = &f->b->steps[s];
    int32_t g = f->g.n_groups++;
    f->g.groups[g] = (group){.kernel = kernel,
                             .position = kernel >= 0 ? kernel : s,
                             .first = NOBODY,
                             .last = NOBODY,
                             .into = NOBODY,
                             .consumer = NOBODY,
                             .count = elements(f, first->first_output),
                             .compute = first->compute,
                             .update = first->update,
                             .closed = !can_fuse(f, first)};
    return g;
}

static void append(fusing *f, int32_t g, int32_t s)
{
    group *to = &f->g.groups[g];
    f->g.of[s] = g;
    f->g.next[s] = NOBODY;
    if (to->last >= 0)
        f->g.next[to->last] = s;
    else
        to->first = s;
    to->last = s;
    to->n_steps++;
    to->weight += f->b->steps[s].formula->root->weight;
}

/* Members of `from` run before those of `to`, which do not read each other's results. */
static void merge_groups(fusing *f, int32_t from, int32_t to)
{
    group *a = &f->g.groups[from], *b = &f->g.groups[to];
    f->g.next[a->last] = b->first;
    b->first = a->first;
    b->n_steps += a->n_steps;
    b->weight += a->weight;
    a->into = to;
}

/* Once s has joined g: groups that nobody else reads come along. */
static void draw_in(fusing *f, int32_t g, int32_t s)
{
    const step *joined = &f->b->steps[s];
    for (int k = 0; k < joined->n_inputs; k++) {
        int32_t other = is_read(joined, k) ? maker(f, joined->inputs[k]) : NOBODY;
        if (other < 0 || other == g)
            continue;
        const group *from = &f->g.groups[other], *to = &f->g.groups[g];
        if (from->kernel < 0 && from->n_readers == 0 && !from->closed && from->count == to->count &&
            from->compute == to->compute && from->update == to->update &&
            from->n_steps + to->n_steps <= MOST_IN_GROUP && from->weight + to->weight <= MOST_WEIGHT)
            merge_groups(f, other, g);
    }
}

static void note_reads(fusing *f, int32_t g, int32_t s)
{
    const step *reading = &f->b->steps[s];
    for (int k = 0; k < reading->n_inputs; k++) {
        int32_t v = reading->inputs[k], from = is_read(reading, k) ? maker(f, v) : NOBODY;
        if (from >= 0 && from != g)
            f->g.groups[from].n_readers++;
        if (g >= 0 && is_read(reading, k) && elements(f, v) == f->g.groups[g].count)
            f->reader[f->b->values[v].root] = g;
    }
}

/* ---- choosing ---- */

/* A kernel that can run s in its epilogue: s reads all elements of its first output. */
static int32_t kernel_for(fusing *f, int32_t s, int k)
{
    const step *joining = &f->b->steps[s];
    const value *root = root_of(f, joining->inputs[k]);
    if (root->producer < 0 || f->g.of[root->producer] >= 0)
        return NOBODY;
    const step *kernel = &f->b->steps[root->producer];
    bool takes = plan_does(f->u->plan, DG_EPILOGUES) && (kernel->entry->op->flags & DG_EPILOGUE) &&
                 root == &f->b->values[kernel->first_output] && root->tensor.dtype == joining->compute &&
                 !joining->update;
    return takes ? root->producer : NOBODY;
}

static int32_t join_kernel(fusing *f, int32_t s)
{
    const step *joining = &f->b->steps[s];
    for (int k = 0; k < joining->n_inputs; k++) {
        if (!is_read(joining, k) || elements(f, joining->inputs[k]) != elements(f, joining->first_output))
            continue;
        int32_t kernel = kernel_for(f, s, k);
        if (kernel < 0)
            continue;
        int32_t g = new_group(f, s, kernel);
        f->g.of[kernel] = g;
        if (can_join(f, g, s))
            return g;
        f->g.of[kernel] = NOBODY;
        f->g.n_groups--;
    }
    return NOBODY;
}

static int32_t join_maker_or_reader(fusing *f, int32_t s)
{
    const step *joining = &f->b->steps[s];
    int32_t best = NOBODY;
    for (int readers = 0; readers < 2 && best < 0; readers++) {
        for (int k = 0; k < joining->n_inputs; k++) {
            if (!is_read(joining, k) || elements(f, joining->inputs[k]) != elements(f, joining->first_output))
                continue;
            int32_t root = f->b->values[joining->inputs[k]].root;
            int32_t g = readers ? f->reader[root] : maker(f, root);
            while (g >= 0 && f->g.groups[g].into >= 0)
                g = f->g.groups[g].into;
            if (g >= 0 && (best < 0 || f->g.groups[g].position > f->g.groups[best].position) && can_join(f, g, s))
                best = g;
        }
    }
    return best;
}

static void place_step(fusing *f, int32_t s)
{
    int32_t g = NOBODY;
    if (can_fuse(f, &f->b->steps[s])) {
        g = join_maker_or_reader(f, s);
        int32_t kernel = g < 0 || f->g.groups[g].kernel < 0 ? join_kernel(f, s) : NOBODY;
        if (kernel >= 0)
            g = kernel;
    }
    if (g < 0)
        g = new_group(f, s, NOBODY);
    group *joined = &f->g.groups[g];
    if (joined->kernel < 0 && joined->n_readers == 0)
        joined->position = s;
    append(f, g, s);
    draw_in(f, g, s);
    note_reads(f, g, s);
}

/* ---- what leaves a group ---- */

static void mark_outside(fusing *f, const step *s, int32_t own)
{
    for (int k = 0; k < s->n_inputs; k++)
        if (is_read(s, k) && (own < 0 || maker(f, s->inputs[k]) != own))
            f->g.outside[f->b->values[s->inputs[k]].root] = true;
}

static void find_results(fusing *f)
{
    binding *b = f->b;
    for (int32_t s = 0; s < b->n_steps; s++)
        mark_outside(f, &b->steps[s], b->steps[s].formula ? group_of(f, s) : NOBODY);
    for (int i = 0; i < f->u->plan->options.n_fetch; i++)
        f->g.outside[b->values[b->fetch[i]].root] = true;
    for (int i = 0; i < b->n_assignments; i++)
        f->g.outside[b->values[b->assignments[i].value].root] = true;
}

/* A group that one reduction alone reads, and that has no other result, becomes its prologue. */
static void find_prologues(fusing *f)
{
    binding *b = f->b;
    for (int32_t s = 0; s < b->n_steps && plan_does(f->u->plan, DG_PROLOGUES); s++) {
        const step *taking = &b->steps[s];
        if (taking->formula || !(taking->entry->op->flags & DG_PROLOGUE) || taking->inputs[0] < 0)
            continue;
        int32_t g = maker(f, taking->inputs[0]), root = b->values[taking->inputs[0]].root;
        if (g < 0 || f->g.groups[g].kernel >= 0 || f->g.groups[g].closed || f->g.groups[g].n_readers != 1)
            continue;
        int n_results = 0;
        for (int32_t m = f->g.groups[g].first; m >= 0; m = f->g.next[m])
            n_results += f->g.outside[b->steps[m].first_output];
        bool kept = root_of(f, root)->fetched;
        for (int i = 0; i < b->n_assignments && !kept; i++)
            kept = b->values[b->assignments[i].value].root == root;
        if (n_results == 1 && !kept && elements(f, root) == f->g.groups[g].count)
            f->g.groups[g].consumer = s;
    }
}

void grouping_free(grouping *g)
{
    free(g->groups);
    free(g->of);
    free(g->next);
    free(g->outside);
}

dg_status group_steps(build *u, grouping *made)
{
    binding *b = u->b;
    fusing f = {.u = u, .b = b};
    size_t n_steps = (size_t)b->n_steps + 1, n_values = (size_t)b->n_values + 1;
    f.g.groups = malloc(n_steps * sizeof *f.g.groups);
    f.g.of = malloc(n_steps * sizeof *f.g.of);
    f.g.next = malloc(n_steps * sizeof *f.g.next);
    f.g.outside = calloc(1, n_values * sizeof *f.g.outside);
    f.reader = malloc(n_values * sizeof *f.reader);
    *made = f.g;
    if (!f.g.groups || !f.g.of || !f.g.next || !f.g.outside || !f.reader) {
        free(f.reader);
        return dg_no_memory("a plan");
    }
    memset(f.g.of, 0xff, n_steps * sizeof *f.g.of);
    memset(f.reader, 0xff, n_values * sizeof *f.reader);
    for (int32_t s = 0; s < b->n_steps; s++) {
        if (b->steps[s].formula)
            place_step(&f, s);
        else
            note_reads(&f, NOBODY, s);
    }
    find_results(&f);
    find_prologues(&f);
    for (int32_t s = 0; s < b->n_steps; s++)
        f.g.of[s] = group_of(&f, s);
    free(f.reader);
    *made = f.g;
    return dg_ok();
}
