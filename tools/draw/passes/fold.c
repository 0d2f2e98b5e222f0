/* Folding: where equal pieces of a network follow each other, one is shown, as K times.
 *
 * The boxes that compute are put in an order that depends on the structure alone. After some of them, all that later
 * boxes read is that box's value and a set of values that stay in use for long (nothing in a plain network; what an
 * encoder gave, in a decoder). Between two such places with the same set lies a segment: one value enters, one leaves;
 * or two, where a state or a sum goes along with it.
 * Segments are described by their ops, attributes, sizes and wires (never by names); those that are the same in a row,
 * with a period of one or more segments, are a run. Runs are folded one after the other, the one that saves most first,
 * so that runs of runs fold, too. Long because the orders that are searched and the search share what is known of each
 * box. */
#include "passes.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_RUNS = 400, MOST_PERIOD = 64 };

typedef struct folding {
    view *v;
    bool with_sizes, is_deep; /* is_deep: of the order of arguments */
    view_fan in, out;
    int *order, *place; /* boxes that compute, in order; by box its place, −1: a source */
    int n;
    int *last;        /* by place: of the last reader */
    uint64_t *beside; /* by place: what else is in use after it */
    bool *is_cut;     /* by place: its value is in use after it */
    int *second;      /* by place: that of the other value of late that is in use after it; −1: none */
    int source;       /* the box whose value enters the first segment; −1: none */
    int source_last;  /* the place of its last reader */
} folding;

/* Where a segment begins: the place of the value that enters, and of a second one; NONE: there is none. */
typedef struct border {
    int place, second;
} border;

enum { NONE = -2 };

/* A number for a box that has nothing to do with others'. */
static uint64_t scatter(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* What the first box reads enters the first segment, as what a segment leaves enters the next. */
static void find_source(folding *f)
{
    int first = f->n ? f->order[0] : -1;
    f->source = -1;
    if (first < 0 || f->in.first[first] == f->in.first[first + 1])
        return;
    int source = f->v->wires[f->in.wires[f->in.first[first]]].from;
    if (f->v->boxes[source].kind == BOX_INPUT)
        f->source = source;
}

/* Of an order, the box that is read from the furthest away, not for the first time: what an encoder gives, in a
 * decoder. −1: there is none. */
static int find_far(const folding *of)
{
    int furthest = 1, far = -1;
    for (int k = 0; k < of->n; k++) {
        int b = of->order[k], reach = of->last[k] - k;
        if (of->out.first[b + 1] - of->out.first[b] < 2 || reach <= furthest)
            continue;
        furthest = reach;
        far = b;
    }
    return far;
}

/* Arguments by how much is before them, the most first: a state before what is read of the input at its step. */
static view_fan put_deep_first(view *v, const view_fan *in, const int *rank)
{
    view_fan deep = {in->first, dg_arena_alloc(v->arena, ((size_t)v->n_wires + 1) * sizeof *deep.wires)};
    for (int b = 0; deep.wires && b < v->n_boxes; b++)
        for (int i = in->first[b]; i < in->first[b + 1]; i++) {
            int k = i, height = rank[v->wires[in->wires[i]].from];
            for (; k > in->first[b] && rank[v->wires[deep.wires[k - 1]].from] < height; k--)
                deep.wires[k] = deep.wires[k - 1];
            deep.wires[k] = in->wires[i];
        }
    return deep;
}

/* The deepest box comes first: what nothing reads may not tear apart what is before it. With another order, what is
 * read from afar in that comes before it. */
static int find_order(const folding *f, const folding *other, int *order)
{
    view *v = f->v;
    const int *rank = view_ranks(v);
    int firsts[2], n = 0, last = -1, far = other ? find_far(other) : -1, count = -1;
    if (rank) {
        for (int b = 0; b < v->n_boxes; b++)
            if (!v->boxes[b].is_gone && (last < 0 || rank[b] > rank[last]))
                last = b;
        if (far >= 0)
            firsts[n++] = far;
        if (last >= 0)
            firsts[n++] = last;
        view_fan in = f->is_deep ? put_deep_first(v, &f->in, rank) : f->in;
        count = in.wires ? view_order_to(v, &in, firsts, n, order) : -1;
    }
    return count;
}

/* The values in use, as they come, in a list: what is before the last of them. */
static bool find_seconds(folding *f)
{
    int *before = malloc(((size_t)f->n + 1) * sizeof *before), *after = malloc(((size_t)f->n + 1) * sizeof *after);
    int tail = -1;
    bool fine = before && after;
    for (int k = 0; fine && k < f->n; k++) {
        int b = f->order[k];
        for (int i = f->in.first[b]; i < f->in.first[b + 1]; i++) {
            int from = f->place[f->v->wires[f->in.wires[i]].from];
            if (from < 0 || f->last[from] != k)
                continue;
            f->last[from] = -1 - k; /* taken out once */
            if (before[from] >= 0)
                after[before[from]] = after[from];
            if (after[from] >= 0)
                before[after[from]] = before[from];
            else
                tail = before[from];
        }
        f->second[k] = tail;
        if (f->last[k] <= k)
            continue;
        before[k] = tail;
        after[k] = -1;
        if (tail >= 0)
            after[tail] = k;
        tail = k;
    }
    for (int k = 0; k < f->n; k++)
        f->last[k] = f->last[k] < 0 ? -1 - f->last[k] : f->last[k];
    free(before);
    free(after);
    return fine || !(f->v->failed = true);
}

static bool prepare(folding *f, const folding *other)
{
    view *v = f->v;
    size_t n = (size_t)v->n_boxes + 1;
    int *all = malloc(n * sizeof *all);
    f->order = malloc(n * sizeof *f->order);
    f->place = malloc(n * sizeof *f->place);
    f->last = malloc(n * sizeof *f->last);
    f->beside = malloc(n * sizeof *f->beside);
    f->is_cut = calloc(n, 1);
    f->second = malloc(n * sizeof *f->second);
    if (!all || !f->second || !f->order || !f->place || !f->last || !f->beside || !f->is_cut ||
        !view_fan_in(v, &f->in) || !view_fan_out(v, &f->out)) {
        free(all);
        return !(v->failed = true);
    }
    int count = find_order(f, other, all);
    v->failed |= count < 0;
    f->n = 0;
    for (int b = 0; b < v->n_boxes; b++)
        f->place[b] = -1;
    for (int k = 0; k < count; k++)
        if (!view_is_source(&v->boxes[all[k]]))
            f->order[f->place[all[k]] = f->n++] = all[k];
    free(all);
    for (int k = 0; k < f->n; k++) {
        int b = f->order[k];
        f->last[k] = k;
        for (int i = f->out.first[b]; i < f->out.first[b + 1]; i++) {
            int reader = f->place[v->wires[f->out.wires[i]].to];
            f->last[k] = reader > f->last[k] ? reader : f->last[k];
        }
    }
    find_source(f);
    return find_seconds(f);
}

/* Sums of the values in use after each place: a value is in use from its place on, until its last reader's. */
static bool find_cuts(folding *f)
{
    uint64_t *ends = calloc((size_t)f->n + 1, sizeof *ends), active = 0;
    if (!ends)
        return !(f->v->failed = true);
    if (f->source >= 0) { /* in use from the beginning until its last reader's place */
        int last = 0;
        for (int i = f->out.first[f->source]; i < f->out.first[f->source + 1]; i++) {
            int reader = f->place[f->v->wires[f->out.wires[i]].to];
            last = reader > last ? reader : last;
        }
        active = scatter((uint64_t)f->source);
        f->source_last = last;
        ends[last] = active;
    }
    for (int k = 0; k < f->n; k++) {
        uint64_t id = scatter((uint64_t)f->order[k]);
        active -= ends[k];
        f->is_cut[k] = f->last[k] > k;
        f->beside[k] = active;
        if (f->is_cut[k]) {
            active += id;
            ends[f->last[k]] += id;
        }
    }
    free(ends);
    return true;
}

/* How often a box stands for a node: of the folds and repeats around it. */
static uint64_t hash_times(const view *v, int module, uint64_t hash)
{
    for (; module >= 0; module = v->modules[module].parent)
        if (v->modules[module].times > 1)
            hash = hash * 31 + scatter((uint64_t)v->modules[module].times);
    return hash;
}

static uint64_t hash_row(const folding *f, const view_row *row, uint64_t hash)
{
    const char *kind = f->with_sizes ? row->exact : row->loose;
    hash = text_hash(hash, kind ? kind : row->op);
    hash = text_hash(hash, row->shares);
    hash = text_hash(hash, row->old ? row->old : "");
    hash = text_hash(hash, row->looks.label ? row->looks.label : "");
    hash = text_hash(hash, row->looks.fill ? row->looks.fill : "");
    return hash * 8 + (uint64_t)(row->is_output * 4 + row->is_loss * 2) + (uint64_t)row->mark * 64;
}

/* Whether all that read a source are in the segment. */
static bool is_own(const folding *f, int source, int begin, int end)
{
    for (int i = f->out.first[source]; i < f->out.first[source + 1]; i++) {
        int reader = f->place[f->v->wires[f->out.wires[i]].to];
        if (reader <= begin || reader > end)
            return false;
    }
    return true;
}

/* Of the boxes behind place `begin` up to `end`. A second value that is none of the segment's makes it like no other.
 */
static uint64_t hash_segment(const folding *f, border at, border next)
{
    const view *v = f->v;
    int begin = at.place, end = next.place;
    uint64_t hash = TEXT_HASH;
    if (next.second != NONE)
        hash += next.second > begin ? scatter((uint64_t)(end - next.second)) : scatter((uint64_t)end << 32);
    for (int k = begin + 1; k <= end; k++) {
        int b = f->order[k];
        const view_box *box = &v->boxes[b];
        hash = hash_times(v, box->module, hash * 31 + (uint64_t)box->kind);
        for (int r = 0; r < box->n_rows; r++)
            hash = hash_row(f, &box->rows[r], hash);
        for (int i = f->in.first[b]; i < f->in.first[b + 1]; i++) {
            const view_wire *wire = &v->wires[f->in.wires[i]];
            int from = f->place[wire->from];
            uint64_t source;
            if (from > begin)
                source = (uint64_t)(end - from) * 4; /* inside */
            else if (from == begin && (from >= 0 || (wire->from == f->source && is_own(f, wire->from, begin, end))))
                source = 1;
            else if (from >= 0 && from == at.second)
                source = 5;
            else if (from < 0 && is_own(f, wire->from, begin, end))
                source = hash_row(f, &v->boxes[wire->from].rows[0], 2);
            else
                source = scatter((uint64_t)wire->from) | 3;
            hash = scatter(hash ^ source) + (uint64_t)wire->input * 131 + (uint64_t)wire->output * 8191 +
                   (uint64_t)(wire->from_row * 17 + wire->to_row) + (uint64_t)wire->mark * 65537;
        }
    }
    return hash;
}

/* ---- runs ---- */

typedef struct group_place {
    uint64_t beside;
    border at;
} group_place;

/* Places with the same set in use beside them, and the segments between them. */
typedef struct group {
    const group_place *places;
    int count;
    uint64_t beside;
    const uint64_t *hashes;
} group;

static int by_beside(const void *a, const void *b)
{
    const group_place *one = a, *two = b;
    if (one->beside != two->beside)
        return one->beside < two->beside ? -1 : 1;
    return (one->at.place > two->at.place) - (one->at.place < two->at.place);
}

/* The outermost module around a box that is inside `outer`; −1: none. */
static int module_below(const view *v, int box, int outer)
{
    int top = -1;
    for (int m = v->boxes[box].module; m >= 0 && m != outer; m = v->modules[m].parent)
        top = m;
    return top;
}

/* Whether each module that the run touches is whole in one of its copies: what the author has drawn around nodes is not
 * cut. */
static bool is_clean(folding *f, const fold_run *run)
{
    view *v = f->v;
    int outer = v->boxes[f->order[run->begin]].module, size = run->copies * run->length;
    if (!v->n_modules)
        return true;
    int *copy = calloc((size_t)v->n_modules, sizeof *copy), *missing = calloc((size_t)v->n_modules, sizeof *missing);
    bool clean = copy && missing;
    v->failed |= !clean;
    for (int k = 1; k < size; k++)
        outer = view_common_module(v, outer, v->boxes[f->order[run->begin + k]].module);
    for (int k = 0; clean && k < f->n; k++) {
        int top = module_below(v, f->order[k], outer), in = (k - run->begin) / run->length + 1;
        bool is_in_run = k >= run->begin && k < run->begin + size;
        if (top < 0)
            continue;
        missing[top] += !is_in_run;
        if (is_in_run && copy[top] && copy[top] != in)
            clean = false;
        if (is_in_run)
            copy[top] = in;
    }
    for (int m = 0; clean && m < v->n_modules; m++)
        clean = !copy[m] || !missing[m];
    free(copy);
    free(missing);
    return clean;
}

/* Whether the rows of two boxes are. */
static bool is_same_kind(const folding *f, int a, int b)
{
    const view_box *one = &f->v->boxes[a], *two = &f->v->boxes[b];
    return one->n_rows == two->n_rows && hash_row(f, &one->rows[0], 1) == hash_row(f, &two->rows[0], 1);
}

/* Whether behind the segment one more copy of it follows, in which values of the set are read for the last time: the
 * last layer of a decoder. */
static bool is_extended(const folding *f, border begin, border end, uint64_t beside)
{
    int length = end.place - begin.place;
    border next = {end.place + length, end.second == NONE ? NONE : end.second + length};
    if (next.place >= f->n || !is_same_kind(f, f->order[begin.place + 1], f->order[end.place + 1]) ||
        !(f->is_cut[next.place] || next.place == f->n - 1) ||
        (end.second != NONE && next.second != f->second[next.place]) ||
        hash_segment(f, begin, end) != hash_segment(f, end, next))
        return false;
    for (int k = 0; k < end.place; k++) /* values of the set that are no longer in use */
        if (k != end.second && f->last[k] > end.place && f->last[k] <= next.place)
            beside -= scatter((uint64_t)f->order[k]);
    if (f->source >= 0 && end.place >= 0 && f->source_last > end.place && f->source_last <= next.place)
        beside -= scatter((uint64_t)f->source);
    uint64_t after = f->beside[next.place];
    return after - (next.second == NONE ? 0 : scatter((uint64_t)f->order[next.second])) == beside;
}

/* Of `count` segments from number `first` on, of which each is as that `period` before it, the largest run that cuts no
 * module, if it saves more. */
static void take_run(folding *f, const group *g, int first, int count, int period, fold_run *best, int *most_saved)
{
    for (int shift = 0; shift < period && count - shift >= period; shift++) {
        int copies = (count - shift) / period, end = first + shift + copies * period;
        border before = g->places[first + shift].at;
        copies +=
            end + period > g->count - 1 && is_extended(f, g->places[end - period].at, g->places[end].at, g->beside);
        int size = g->places[first + shift + period].at.place - before.place, saved = (copies - 1) * size;
        const fold_run run = {.begin = before.place + 1,
                              .length = size,
                              .copies = copies,
                              .entry = before.place >= 0 ? f->order[before.place] : f->source,
                              .second_entry = before.second >= 0 ? f->order[before.second] : -1};
        if (copies < 2 || saved <= *most_saved || !is_clean(f, &run))
            continue;
        *most_saved = saved;
        *best = run;
    }
}

/* The best run among the segments between a group's places. */
static void search_group(folding *f, const group *g, fold_run *best, int *most_saved)
{
    int m = g->count - 1; /* segments */
    for (int period = 1; period <= MOST_PERIOD && period <= m; period++) {
        int length = 0; /* of equal pairs */
        for (int i = 0; i + period <= m; i++) {
            if (i + period < m && g->hashes[i] == g->hashes[i + period]) {
                length++;
                continue;
            }
            take_run(f, g, i - length, length + period, period, best, most_saved);
            length = 0;
        }
    }
}

/* Places after which the set is in use beside one value, or two. Returns how many. */
static int list_places(const folding *f, group_place *places)
{
    int count = 0;
    if (f->source >= 0)
        places[count++] = (group_place){0, {-1, NONE}}; /* before the first box */
    for (int k = 0; k < f->n; k++) {
        if (f->is_cut[k] || k == f->n - 1)
            places[count++] = (group_place){f->beside[k], {k, NONE}};
        if (f->is_cut[k] && f->second[k] >= 0) {
            uint64_t others = f->beside[k] - scatter((uint64_t)f->order[f->second[k]]);
            places[count++] = (group_place){scatter(others), {k, f->second[k]}};
        }
    }
    return count;
}

/* How much the best run saves, 0 if less than `least`. No memory: the view has failed. */
static int find_run(folding *f, int least, fold_run *best)
{
    group_place *places = malloc((2 * (size_t)f->n + 2) * sizeof *places);
    uint64_t *hashes = malloc((2 * (size_t)f->n + 2) * sizeof *hashes);
    int saved = least - 1;
    f->v->failed |= !places || !hashes;
    if (places && hashes && find_cuts(f)) {
        int count = list_places(f, places);
        qsort(places, (size_t)count, sizeof *places, by_beside);
        for (int first = 0, next; first < count; first = next) {
            for (next = first + 1; next < count && places[next].beside == places[first].beside; next++)
                hashes[next - 1] = hash_segment(f, places[next - 1].at, places[next].at);
            uint64_t beside = places[first].beside;
            if (places[first].at.second != NONE) /* the set itself */
                beside = f->beside[places[first].at.place] - scatter((uint64_t)f->order[places[first].at.second]);
            const group g = {places + first, next - first, beside, hashes + first};
            search_group(f, &g, best, &saved);
        }
    }
    free(places);
    free(hashes);
    return saved >= least ? saved : 0;
}

void pass_repeats(view *v)
{
    for (int m = 0, modules = v->n_modules; m < modules; m++) {
        int n = v->n_boxes, *readers = NULL;
        if (v->modules[m].times < 2 || v->modules[m].is_fold)
            continue;
        if (!(readers = dg_arena_alloc(v->arena, ((size_t)n + 1) * sizeof *readers)))
            return;
        for (int w = 0; w < v->n_wires; w++)
            readers[v->wires[w].from] += !v->wires[w].is_gone && view_is_inside(v, v->boxes[v->wires[w].to].module, m);
        for (int b = 0; b < n; b++)
            if (readers[b] > 1 && !view_is_source(&v->boxes[b]) && !view_is_inside(v, v->boxes[b].module, m))
                fold_add_entry(v, m, b);
    }
}

static void end(folding *f)
{
    free(f->order);
    free(f->place);
    free(f->last);
    free(f->beside);
    free(f->is_cut);
    free(f->second);
}

/* One run, in that of three orders of the boxes in which most can be saved. */
static bool fold_once(view *v, bool with_sizes, int least)
{
    enum { WAYS = 3 };
    folding ways[WAYS] = {{.v = v}, {.v = v}, {.v = v, .is_deep = true}};
    fold_run runs[WAYS] = {{0}, {0}, {0}};
    int saved[WAYS] = {0, 0, 0}, best = 0;
    for (int k = 0; k < WAYS && !v->failed; k++) {
        bool is_new = true;
        ways[k].with_sizes = with_sizes;
        if (!prepare(&ways[k], k == 1 ? &ways[0] : NULL))
            break;
        for (int i = 0; i < k; i++)
            is_new &= memcmp(ways[i].order, ways[k].order, (size_t)ways[0].n * sizeof *ways[0].order) != 0;
        if (is_new)
            saved[k] = find_run(&ways[k], least, &runs[k]);
        best = saved[k] > saved[best] ? k : best;
    }
    if (saved[best] && !v->failed) {
        runs[best].is_loose = !with_sizes;
        fold_apply(v, ways[best].order, &runs[best]);
    }
    for (int k = 0; k < WAYS; k++)
        end(&ways[k]);
    return saved[best] > 0;
}

int pass_fold(view *v, bool with_sizes, int least)
{
    int runs = 0;
    while (runs < MOST_RUNS && !v->failed && fold_once(v, with_sizes, least))
        runs++;
    return runs;
}
