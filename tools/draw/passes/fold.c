/* Folding: where equal pieces of a network follow each other, one is shown, as K times.
 *
 * The boxes that compute are put in an order that depends on the structure alone. After some of them, all that later
 * boxes read is that box's value and a set of values that stay in use for long (nothing in a plain network; what an
 * encoder gave, in a decoder). Between two such places with the same set lies a segment: one value enters, one leaves.
 * Segments are described by their ops, attributes, sizes and wires (never by names); those that are the same in a row,
 * with a period of one or more segments, are a run. Runs are folded one after the other, the one that saves most first,
 * so that runs of runs fold, too. */
#include "passes.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_RUNS = 400, MOST_PERIOD = 64 };

typedef struct folding {
    view *v;
    bool with_sizes;
    view_fan in, out;
    int *order, *place; /* boxes that compute, in order; by box its place, −1: a source */
    int n;
    int *last;        /* by place: of the last reader */
    uint64_t *beside; /* by place: what else is in use after it */
    bool *is_cut;     /* by place: its value is in use after it */
    int source;       /* the box whose value enters the first segment; −1: none */
} folding;

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

static bool prepare(folding *f)
{
    view *v = f->v;
    size_t n = (size_t)v->n_boxes + 1;
    int *all = malloc(n * sizeof *all);
    f->order = malloc(n * sizeof *f->order);
    f->place = malloc(n * sizeof *f->place);
    f->last = malloc(n * sizeof *f->last);
    f->beside = malloc(n * sizeof *f->beside);
    f->is_cut = calloc(n, 1);
    if (!all || !f->order || !f->place || !f->last || !f->beside || !f->is_cut || !view_fan_in(v, &f->in) ||
        !view_fan_out(v, &f->out)) {
        free(all);
        return !(v->failed = true);
    }
    int count = view_order(v, &f->in, all);
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
    return true;
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

/* Of the boxes behind place `begin` up to `end`. */
static uint64_t hash_segment(const folding *f, int begin, int end)
{
    const view *v = f->v;
    uint64_t hash = TEXT_HASH;
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
    int place;
} group_place;

static int by_beside(const void *a, const void *b)
{
    const group_place *one = a, *two = b;
    if (one->beside != two->beside)
        return one->beside < two->beside ? -1 : 1;
    return (one->place > two->place) - (one->place < two->place);
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

/* Of `count` segments from number `first` on, of which each is as that `period` before it, the largest run that cuts no
 * module, if it saves more. */
static void take_run(folding *f, const group_place *places, int first, int count, int period, fold_run *best,
                     int *most_saved)
{
    for (int shift = 0; shift < period && (count - shift) / period >= 2; shift++) {
        int copies = (count - shift) / period, before = places[first + shift].place;
        int size = places[first + shift + period].place - before, saved = (copies - 1) * size;
        const fold_run run = {
            .begin = before + 1, .length = size, .copies = copies, .entry = before >= 0 ? f->order[before] : f->source};
        if (saved <= *most_saved || !is_clean(f, &run))
            continue;
        *most_saved = saved;
        *best = run;
        return;
    }
}

/* The best run among the segments between `count` places. */
static void search_group(folding *f, const group_place *places, int count, const uint64_t *hashes, fold_run *best,
                         int *most_saved)
{
    int m = count - 1; /* segments */
    for (int period = 1; period <= MOST_PERIOD && 2 * period <= m; period++) {
        int length = 0; /* of equal pairs */
        for (int i = 0; i + period <= m; i++) {
            if (i + period < m && hashes[i] == hashes[i + period]) {
                length++;
                continue;
            }
            take_run(f, places, i - length, length + period, period, best, most_saved);
            length = 0;
        }
    }
}

/* False: there is none, or no memory, and the view has failed. */
static bool find_run(folding *f, int least, fold_run *best)
{
    group_place *places = malloc(((size_t)f->n + 2) * sizeof *places);
    uint64_t *hashes = malloc(((size_t)f->n + 2) * sizeof *hashes);
    int count = 0, saved = least - 1;
    f->v->failed |= !places || !hashes;
    if (places && hashes && find_cuts(f)) {
        if (f->source >= 0)
            places[count++] = (group_place){0, -1}; /* before the first box */
        for (int k = 0; k < f->n; k++)
            if (f->is_cut[k] || k == f->n - 1)
                places[count++] = (group_place){f->beside[k], k};
        qsort(places, (size_t)count, sizeof *places, by_beside);
        for (int first = 0, next; first < count; first = next) {
            for (next = first + 1; next < count && places[next].beside == places[first].beside; next++)
                hashes[next - 1] = hash_segment(f, places[next - 1].place, places[next].place);
            search_group(f, places + first, next - first, hashes + first, best, &saved);
        }
    }
    free(places);
    free(hashes);
    return saved >= least;
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

int pass_fold(view *v, bool with_sizes, int least)
{
    int runs = 0;
    for (bool found = true; found && runs < MOST_RUNS && !v->failed;) {
        folding f = {.v = v, .with_sizes = with_sizes};
        fold_run run = {0};
        found = prepare(&f) && find_run(&f, least, &run);
        if (found) {
            run.is_loose = !with_sizes;
            fold_apply(v, f.order, &run);
            runs++;
        }
        free(f.order);
        free(f.place);
        free(f.last);
        free(f.beside);
        free(f.is_cut);
    }
    return runs;
}
