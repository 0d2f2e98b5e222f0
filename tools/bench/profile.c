/* Where the time of a step goes: a table of the plan's steps, and a picture of the graph. */
#include "bench.h"
#include "tools/run/print.h"

#include <dotgrad/cost.h>
#include <dotgrad/draw.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_NAME = 48, /* columns for a name or a formula */
    TEXT_SIZE = 2 * MOST_NAME
};

/* The steps of a profile, the slowest first, and for every node of the graph the file's node that it belongs to. */
typedef struct profile {
    const bench *b;
    dg_plan_profile_entry *entries;
    size_t count;
    double seconds; /* of all entries */
    int *places;    /* by id: 1 + index of a node of the file that has become this one; 0: none */
    int64_t n_places;
} profile;

static int slower_first(const void *a, const void *b)
{
    const dg_plan_profile_entry *first = a, *second = b;
    if (first->seconds != second->seconds)
        return first->seconds > second->seconds ? -1 : 1;
    int64_t difference = dg_node_id(first->node) - dg_node_id(second->node);
    return difference < 0 ? -1 : difference > 0;
}

static void profile_release(profile *p)
{
    free(p->entries);
    free(p->places);
}

static dg_status profile_take(const bench *b, profile *p)
{
    const dg_graph_file *file = b->session.file;
    *p = (profile){.b = b, .count = dg_plan_profile_entries(b->plan, NULL, 0)};
    p->n_places = dg_graph_node_count(b->session.graph);
    p->entries = calloc(p->count + 1, sizeof *p->entries);
    p->places = calloc((size_t)p->n_places + 1, sizeof *p->places);
    if (!p->entries || !p->places) {
        profile_release(p);
        return dg_no_memory("a profile of %zu step(s)", p->count);
    }
    dg_plan_profile_entries(b->plan, p->entries, p->count);
    qsort(p->entries, p->count, sizeof *p->entries, slower_first);
    for (size_t k = 0; k < p->count; k++)
        p->seconds += p->entries[k].seconds;
    for (int k = 0; k < file->n_nodes; k++)
        for (int i = 0; i < file->nodes[k].n_made; i++)
            p->places[dg_node_id(file->nodes[k].made[i])] = k + 1;
    return dg_ok();
}

/* The index of the file's node that a node belongs to, as its part or its derivative's; −1: none. */
static int place_of(const profile *p, const dg_node *node, bool *is_derivative)
{
    *is_derivative = false;
    while (node && !p->places[dg_node_id(node)]) {
        const dg_node *owner = dg_node_owner(node);
        *is_derivative |= !owner && dg_node_derivative_of(node);
        node = owner ? owner : dg_node_derivative_of(node);
    }
    return node ? p->places[dg_node_id(node)] - 1 : -1;
}

/* Of the optimiser: emitted, and no derivative. */
static bool is_update(const dg_node *node)
{
    while (dg_node_owner(node))
        node = dg_node_owner(node);
    return dg_node_is_emitted(node) && !dg_node_derivative_of(node);
}

/* ---- the table ---- */

/* The op's name, or the formula of a node that has no other op. */
static const char *what_it_does(dg_node *node)
{
    const char *name = dg_node_op(node)->name;
    const dg_formula *formula = dg_node_formula(node);
    const char *text = formula && (dg_node_op(node)->flags & DG_ANY_INPUTS)
                           ? dg_formula_print(dg_graph_formulas(dg_node_graph(node)), formula)
                           : NULL;
    return text ? text : name;
}

/* "conv1 + act1": of all nodes of a step what `tell` says, in one text. */
static void join(const dg_plan_profile_entry *entry, const char *(*tell)(dg_node *), char text[TEXT_SIZE])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t k = 0; k < entry->n_nodes && used < TEXT_SIZE; k++)
        used += (size_t)snprintf(text + used, TEXT_SIZE - used, "%s%s", k ? " + " : "", tell(entry->nodes[k]));
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' '; /* a name is no command to the terminal */
    if (strlen(text) > MOST_NAME)
        memcpy(text + MOST_NAME - 3, "...", 4);
}

/* "conv1", "conv1 gradient", "optimizer": what the user would call it. */
static void print_part(const profile *p, const dg_plan_profile_entry *entry, char text[TEXT_SIZE])
{
    bool is_derivative;
    int place = place_of(p, entry->node, &is_derivative);
    const char *name = place >= 0 ? p->b->session.file->nodes[place].name : "";
    snprintf(text, TEXT_SIZE, "%.*s%s", MOST_NAME, place < 0 && is_update(entry->node) ? "optimizer" : name,
             place >= 0 && is_derivative ? " gradient" : "");
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
}

static int wider(int width, const char *text)
{
    return text_columns(text) > width ? text_columns(text) : width;
}

static void print_entries(const profile *p)
{
    char name[TEXT_SIZE], op[TEXT_SIZE], part[TEXT_SIZE], time[32], bytes[32];
    int names = (int)strlen("node"), ops = (int)strlen("op"), parts = (int)strlen("part of");
    for (size_t k = 0; k < p->count; k++) {
        join(&p->entries[k], dg_node_name, name);
        join(&p->entries[k], what_it_does, op);
        print_part(p, &p->entries[k], part);
        names = wider(names, name);
        ops = wider(ops, op);
        parts = wider(parts, part);
    }
    printf("\n%-*s  %-*s  %-*s  share      time     calls    GFLOP/s       GB/s   bytes a call\n", names, "node", ops,
           "op", parts, "part of");
    for (size_t k = 0; k < p->count; k++) {
        const dg_plan_profile_entry *entry = &p->entries[k];
        double one = entry->seconds / (double)entry->calls;
        join(entry, dg_node_name, name);
        join(entry, what_it_does, op);
        print_part(p, entry, part);
        printf("%-*s  %-*s  %-*s  %4.1f%%  %8s  %8llu  %9.3g  %9.3g  %13s\n", text_width(name, names), name,
               text_width(op, ops), op, text_width(part, parts), part,
               p->seconds > 0 ? 100 * entry->seconds / p->seconds : 0, dg_seconds_print(one, time, sizeof time),
               (unsigned long long)entry->calls, one > 0 ? entry->flops / one / 1e9 : 0,
               one > 0 ? entry->bytes / one / 1e9 : 0, dg_amount_print(entry->bytes, "B", bytes, sizeof bytes));
    }
}

dg_status bench_print_profile(const bench *b)
{
    profile p;
    DG_TRY(profile_take(b, &p));
    print_entries(&p);
    profile_release(&p);
    return dg_ok();
}

/* ---- the picture ---- */

/* By node of the file: the time of a step goes to the node it is named for; what runs along has a host. */
typedef struct heat_places {
    double *seconds;
    int *hosts; /* 1 + a node; 0: none */
    double whole, optimizer;
} heat_places;

static void fill_heat(const profile *p, heat_places *heat)
{
    bool is_derivative;
    for (size_t k = 0; k < p->count; k++) {
        const dg_plan_profile_entry *entry = &p->entries[k];
        double seconds = entry->seconds / (double)entry->calls;
        int place = place_of(p, entry->node, &is_derivative);
        heat->whole += seconds;
        if (place >= 0)
            heat->seconds[place] += seconds;
        else if (is_update(entry->node))
            heat->optimizer += seconds;
        for (size_t i = 0; i < entry->n_nodes && place >= 0; i++) {
            int other = place_of(p, entry->nodes[i], &is_derivative);
            if (other >= 0 && other != place && !heat->hosts[other])
                heat->hosts[other] = place + 1;
        }
    }
}

/* "1.2 ms · 56 %", "runs in conv1", or NULL. */
static char *heat_words(const dg_graph_file *file, const heat_places *heat, int k)
{
    char time[48], *words = NULL;
    double share = heat->whole > 0 ? heat->seconds[k] / heat->whole : 0;
    int length = -1;
    if (heat->seconds[k] > 0)
        length = asprintf(&words,
                          share < 0.0005   ? "%s · under 0.1 %%"
                          : share < 0.0995 ? "%s · %.1f %%"
                                           : "%s · %.0f %%",
                          dg_seconds_print(heat->seconds[k], time, sizeof time), 100 * share);
    else if (heat->hosts[k])
        length = asprintf(&words, "runs in %s", file->nodes[heat->hosts[k] - 1].name);
    return length < 0 ? NULL : words;
}

static void make_title(const profile *p, const heat_places *heat, char *title, size_t size)
{
    static const char *const works[BENCH_MODES] = {"forward pass", "loss and gradient", "training step"};
    const bench *b = p->b;
    char time[48];
    int threads = dg_threads_count(b->session.threads);
    double rest = heat->whole - heat->optimizer;
    for (int k = 0; k < b->session.file->n_nodes; k++)
        rest -= heat->seconds[k];
    snprintf(title, size, "%s of %s, batch size %lld, %d thread%s", works[b->given->mode],
             dg_seconds_print(heat->whole, time, sizeof time), (long long)b->batch, threads, threads == 1 ? "" : "s");
    if (heat->optimizer > 0)
        snprintf(title + strlen(title), size - strlen(title), " · optimizer %.1f %%",
                 100 * heat->optimizer / heat->whole);
    if (rest > 0.001 * heat->whole)
        snprintf(title + strlen(title), size - strlen(title), " · elsewhere %.1f %%", 100 * rest / heat->whole);
}

static dg_status draw(const profile *p, const char *path)
{
    const dg_graph_file *file = p->b->session.file;
    size_t n = (size_t)file->n_nodes + 1;
    char title[300];
    heat_places places = {.seconds = calloc(n, sizeof(double)), .hosts = calloc(n, sizeof(int))};
    dg_node **nodes = calloc(n, sizeof *nodes);
    double *values = calloc(n, sizeof *values);
    char **texts = calloc(n, sizeof *texts);
    dg_status status = dg_no_memory("%s", file->path);
    if (places.seconds && places.hosts && nodes && values && texts) {
        fill_heat(p, &places);
        make_title(p, &places, title, sizeof title);
        for (int k = 0; k < file->n_nodes; k++) {
            nodes[k] = file->nodes[k].node;
            values[k] = places.seconds[k] > 0 ? places.seconds[k] : NAN;
            texts[k] = heat_words(file, &places, k);
        }
        dg_heat heat = {title, (size_t)file->n_nodes, nodes, values, (const char *const *)texts, false, "s"};
        status = dg_draw(file->graph, path, .file = file, .names = true, .heat = &heat);
    }
    for (int k = 0; texts && k < file->n_nodes; k++)
        free(texts[k]);
    free(texts);
    free(values);
    free(nodes);
    free(places.seconds);
    free(places.hosts);
    return status;
}

dg_status bench_draw_profile(const bench *b, const char *path)
{
    profile p;
    DG_TRY(profile_take(b, &p));
    dg_status status = draw(&p, path);
    profile_release(&p);
    return status;
}
