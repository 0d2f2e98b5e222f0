/* Parts: what a network without modules, or with too few, is cut into where nothing else makes it fit a page. What
 * hangs together in one module, or in none, comes into one part: first what only one other reads, then what follows on
 * each other. A part reads nothing that comes of it, so that parts are in an order as boxes are. */
#include "passes.h"

#include <string.h>

enum { MOST_ROUNDS = 8, MOST_INPUTS = 12, MOST_OPS = 3 };

/* Each box is in a set. */
typedef struct grouping {
    view *v;
    view_fan in, out;
    int *order, n; /* of the boxes */
    int *set;      /* by box; −1: of none */
    int n_sets;
    int *first, *boxes; /* by set: boxes[first[s]] … boxes[first[s + 1] − 1] */
    int *size;          /* by set: how many boxes */
    bool *is_alone;     /* by set: an input, a loss, or a dot that hands a value on */
    int *sorted;        /* the sets, each after those it reads */
} grouping;

static bool has_memory(const grouping *g)
{
    return g->order && g->set && g->first && g->boxes && g->size && g->is_alone && g->sorted;
}

/* Each is a set of its own. */
static bool begin(grouping *g)
{
    view *v = g->v;
    size_t n = (size_t)v->n_boxes + 2;
    int **arrays[] = {&g->order, &g->set, &g->first, &g->boxes, &g->size, &g->sorted}, inputs = 0;
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        *arrays[k] = dg_arena_alloc(v->arena, n * sizeof **arrays[k]);
    g->is_alone = dg_arena_alloc(v->arena, n);
    if (!has_memory(g) || !view_fan_in(v, &g->in) || !view_fan_out(v, &g->out) ||
        (g->n = view_order(v, &g->in, g->order)) < 0)
        return false;
    for (int b = 0; b < v->n_boxes; b++) {
        g->set[b] = -1;
        inputs += !v->boxes[b].is_gone && v->boxes[b].kind == BOX_INPUT;
    }
    for (int k = 0; k < g->n; k++) {
        box_kind kind = v->boxes[g->order[k]].kind;
        bool is_end = kind == BOX_INPUT ? inputs <= MOST_INPUTS : v->boxes[g->order[k]].rows[0].is_loss;
        g->is_alone[g->n_sets] = is_end || kind == BOX_ENTRY;
        g->set[g->order[k]] = g->n_sets++;
    }
    return true;
}

static int module_of_set(const grouping *g, int s)
{
    return g->v->boxes[g->boxes[g->first[s]]].module;
}

/* Which boxes each set has. */
static void list_boxes(grouping *g)
{
    memset(g->first, 0, ((size_t)g->n_sets + 1) * sizeof *g->first);
    memset(g->size, 0, ((size_t)g->n_sets + 1) * sizeof *g->size);
    for (int k = 0; k < g->n; k++)
        g->first[g->set[g->order[k]] + 1]++;
    for (int s = 0; s < g->n_sets; s++)
        g->first[s + 1] += g->first[s];
    for (int k = 0; k < g->n; k++) {
        int s = g->set[g->order[k]];
        g->boxes[g->first[s] + g->size[s]++] = g->order[k];
    }
}

/* Sets, each after those it reads, and after one of these where it can be; where sets read each other, as they come. */
static bool sort_sets(grouping *g)
{
    view *v = g->v;
    size_t n = (size_t)g->n_sets + 1;
    int *waits = dg_arena_alloc(v->arena, n * sizeof *waits), *ready = dg_arena_alloc(v->arena, n * sizeof *ready);
    bool *is_placed = dg_arena_alloc(v->arena, n);
    int n_ready = 0, next = 0;
    if (!waits || !ready || !is_placed)
        return false;
    for (int w = 0; w < v->n_wires; w++)
        if (!v->wires[w].is_gone && g->set[v->wires[w].from] != g->set[v->wires[w].to])
            waits[g->set[v->wires[w].to]]++;
    for (int s = g->n_sets - 1; s >= 0; s--)
        if (!waits[s])
            ready[n_ready++] = s;
    for (int count = 0; count < g->n_sets;) {
        while (!n_ready && is_placed[next])
            next++;
        int s = n_ready ? ready[--n_ready] : next;
        if (is_placed[s])
            continue;
        is_placed[s] = true;
        g->sorted[count++] = s;
        for (int k = g->first[s]; k < g->first[s + 1]; k++)
            for (int b = g->boxes[k], i = g->out.first[b]; i < g->out.first[b + 1]; i++) {
                int reader = g->set[v->wires[g->out.wires[i]].to];
                if (reader != s && --waits[reader] == 0)
                    ready[n_ready++] = reader;
            }
    }
    return true;
}

/* The only set that reads what the set has, `into` giving what a set has become; −1: there is none or more than one. */
static int only_reader(const grouping *g, int s, const int *into)
{
    int only = -1;
    for (int k = g->first[s]; k < g->first[s + 1]; k++)
        for (int b = g->boxes[k], i = g->out.first[b]; i < g->out.first[b + 1]; i++) {
            int reader = into[g->set[g->v->wires[g->out.wires[i]].to]];
            if (reader != s && only >= 0 && reader != only)
                return -1;
            only = reader != s ? reader : only;
        }
    return only;
}

/* Sets by their new numbers, without gaps. */
static void renumber(grouping *g, int *into, int *number)
{
    int count = 0;
    for (int k = 0; k < g->n_sets; k++) {
        int s = g->sorted[k];
        if (into[s] == s)
            number[s] = count++;
    }
    for (int s = 0; s < g->n_sets; s++)
        into[s] = number[into[s]];
    for (int k = 0; k < g->n; k++)
        g->set[g->order[k]] = into[g->set[g->order[k]]];
}

/* What only one set reads comes into it, as far as it has room and there are more than `parts`; the number of sets that
 * are left. */
static int join_readers(grouping *g, int parts, int room, int *into, int *number)
{
    int left = g->n_sets;
    for (int s = 0; s < g->n_sets; s++)
        into[s] = s;
    for (int k = g->n_sets - 1; k >= 0 && left > parts; k--) {
        int s = g->sorted[k], reader = g->is_alone[s] ? -1 : only_reader(g, s, into);
        if (reader < 0 || into[reader] != reader || g->is_alone[reader] || g->size[s] + g->size[reader] > room ||
            module_of_set(g, s) != module_of_set(g, reader))
            continue;
        g->size[reader] += g->size[s];
        into[s] = reader;
        left--;
    }
    for (int s = 0; s < g->n_sets; s++)
        while (into[s] != into[into[s]])
            into[s] = into[into[s]];
    renumber(g, into, number);
    return left;
}

/* Those that follow on each other, as far as there is room and there are more than `parts`; the number of sets that are
 * left. */
static int join_runs(const grouping *g, int parts, int room, int *into)
{
    int last = -1, size = 0, left = g->n_sets;
    for (int k = 0; k < g->n_sets; k++) {
        int s = g->sorted[k];
        into[s] = s;
        if (g->is_alone[s])
            continue;
        if (last >= 0 && left > parts && size + g->size[s] <= room && module_of_set(g, s) == module_of_set(g, last)) {
            size += g->size[s];
            into[s] = last;
            left--;
            continue;
        }
        last = s;
        size = g->size[s];
    }
    return left;
}

/* Inputs keep their marks when sets get new numbers. */
static void mark_alone(grouping *g, const int *into, bool *was_alone)
{
    memcpy(was_alone, g->is_alone, (size_t)g->n_sets * sizeof *was_alone);
    memset(g->is_alone, 0, (size_t)g->n_sets * sizeof *g->is_alone);
    for (int s = 0; s < g->n_sets; s++)
        g->is_alone[into[s]] |= was_alone[s];
}

static bool make_sets(grouping *g, int parts)
{
    size_t n = (size_t)g->v->n_boxes + 1;
    int *into = dg_arena_alloc(g->v->arena, n * sizeof *into),
        *number = dg_arena_alloc(g->v->arena, n * sizeof *number);
    bool *was_alone = dg_arena_alloc(g->v->arena, n);
    int room = g->n / parts + 1, left;
    if (!into || !number || !was_alone)
        return false;
    for (int round = 0; round < MOST_ROUNDS && g->n_sets > parts; round++) {
        list_boxes(g);
        if (!sort_sets(g))
            return false;
        left = join_readers(g, parts, room, into, number);
        mark_alone(g, into, was_alone);
        if (left == g->n_sets)
            break;
        g->n_sets = left;
    }
    list_boxes(g);
    if (!sort_sets(g))
        return false;
    for (left = join_runs(g, parts, room, into); left > parts && room < g->n; left = join_runs(g, parts, room, into))
        room += room / 8 + 1;
    renumber(g, into, number);
    g->n_sets = left;
    list_boxes(g);
    return true;
}

/* "linear ×4, add ×3, tanh": the most frequent ops of a part. */
static const char *tell_ops(const grouping *g, int s)
{
    const char *ops[64], *told = "";
    int counts[64], n = 0, rest = 0;
    for (int k = g->first[s]; k < g->first[s + 1]; k++) {
        const view_box *box = &g->v->boxes[g->boxes[k]];
        for (int r = 0; r < box->n_rows && !view_is_source(box); r++) {
            const char *op = box->kind == BOX_MODULE ? box->rows[r].head : box->rows[r].op;
            int at = 0;
            while (at < n && strcmp(ops[at], op) != 0)
                at++;
            if (at == 64)
                continue;
            if (at == n) {
                ops[n] = op;
                counts[n++] = 0;
            }
            counts[at]++;
        }
    }
    for (int told_ops = 0; told_ops < MOST_OPS && told_ops < n; told_ops++) {
        int best = 0;
        for (int k = 1; k < n; k++)
            best = counts[k] > counts[best] ? k : best;
        told = text_format(g->v->arena, "%s%s%s", told, *told ? ", " : "", ops[best]);
        if (counts[best] > 1)
            told = text_format(g->v->arena, "%s ×%d", told, counts[best]);
        counts[best] = 0;
    }
    for (int k = 0; k < n; k++)
        rest += counts[k];
    return rest ? text_format(g->v->arena, "%s, …", told) : told;
}

int pass_group(view *v, int parts)
{
    grouping g = {.v = v};
    int first_new = v->n_modules, made = 0, first_box = v->n_boxes;
    const char **ops = NULL;
    if (begin(&g) && make_sets(&g, parts))
        ops = dg_arena_alloc(v->arena, ((size_t)g.n_sets + 1) * sizeof *ops);
    v->failed |= !ops;
    if (v->failed)
        return 0;
    for (int s = 0; s < g.n_sets; s++) {
        if (g.size[s] < 2)
            continue;
        ops[made] = tell_ops(&g, s);
        const char *name = text_format(v->arena, "part %d", ++made);
        int part = view_add_module(v, (view_module){.name = name,
                                                    .label = "",
                                                    .content = name,
                                                    .parent = module_of_set(&g, s),
                                                    .times = 1,
                                                    .sizes = "",
                                                    .is_fold = true,
                                                    .instead = -1});
        for (int k = g.first[s]; k < g.first[s + 1]; k++)
            v->boxes[g.boxes[k]].module = part;
    }
    bool *closed = dg_arena_alloc(v->arena, (size_t)v->n_modules + 1);
    v->failed |= !closed;
    if (v->failed)
        return 0;
    for (int m = first_new; m < v->n_modules; m++)
        closed[m] = true;
    pass_close_these(v, closed);
    for (int b = first_box; b < v->n_boxes; b++)
        v->boxes[b].rows[0].detail =
            text_format(v->arena, "%s\n%s", v->boxes[b].rows[0].detail, ops[v->boxes[b].closed - first_new]);
    for (int w = 0; w < v->n_wires; w++)
        if (v->wires[w].to >= first_box) /* a part has no arguments of its own */
            v->wires[w].argument = "";
    return v->n_parts = made;
}
