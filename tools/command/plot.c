/* dotgrad plot: curves of several runs in one picture, with bands over seeds. */
#include "tools/plot/curves.h"
#include "tools/plot/pictures.h"
#include "tools/plot/plane.h"
#include "tools/run/folder.h"
#include "tools/session/command.h"
#include "tools/session/graph_options.h"
#include "tools/session/options.h"

#include <dotgrad/file.h>
#include <dotgrad/random.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_GROUPS = 20 };

/* Options each of which is a picture of its own. */
#define PICTURES "boundary|contour|filters|maps|latent|samples|recall|confusion"

static const option_row own[] = {
    {.name = "what",
     .form = DG_FORM_NAME,
     .value = "COLUMN",
     .doc = "loss, accuracy, lr, or any other column: a node that is named as a metric (loss). With loss the\n"
            "same on validation data is dashed, where there is such a column. fc1.std: a layer's figure in\n"
            "the watch.csv of runs that were trained with --watch"},
    {.name = "boundary",
     .form = DG_FORM_FLAG,
     .against = "what|contour|filters|maps|latent|samples|recall|confusion",
     .doc = "what one run's network decides over the plane of its two features, with the data on it"},
    {.name = "contour",
     .form = DG_FORM_TEXT,
     .value = "'A, B'",
     .against = "what|boundary|filters|maps|latent|samples|recall|confusion",
     .doc = "the loss of the first run over a plane of its parameters, and on it the paths of all runs, by their\n"
            "snapshots (train --snapshot-every 1). An axis is a number, fc.weight[0,3], the way to another run's\n"
            "weights, runs/b, or random"},
    {.name = "range",
     .form = DG_FORM_TEXT,
     .value = "'X0, X1, Y0, Y1'",
     .needs = "contour",
     .doc = "of the two axes (what the paths reach)"},
    {.name = "filters",
     .form = DG_FORM_NODE,
     .may_be_bare = true,
     .against = "what|boundary|contour|maps|latent|samples|recall|confusion",
     .doc = "weights of a layer as pictures; bare: of the first that can be drawn"},
    {.name = "maps",
     .form = DG_FORM_NODE,
     .against = "what|boundary|contour|filters|latent|samples|recall|confusion",
     .doc = "a node's channels for one row of the data"},
    {.name = "row", .form = DG_FORM_NATURAL, .needs = "maps", .doc = "which row, from 0 (0)"},
    {.name = "latent",
     .form = DG_FORM_NODE,
     .against = "what|boundary|contour|filters|maps|samples|recall|confusion",
     .doc = "a node [rows, 2] as points, coloured by the class of the target"},
    {.name = "samples",
     .form = DG_FORM_NODE,
     .against = "what|boundary|contour|filters|maps|latent|recall|confusion",
     .doc = "what a generator's node gives after more and more steps, by snapshots: points beside the data, or\n"
            "pictures"},
    {.name = "recall",
     .form = DG_FORM_LIST,
     .against = "what|boundary|contour|filters|maps|latent|samples|confusion",
     .doc = "values of nodes as pictures, a line for each: what a memory is shown, and what it recalls"},
    {.name = "confusion",
     .form = DG_FORM_FLAG,
     .against = "what|boundary|contour|filters|maps|latent|samples|recall",
     .doc = "which class is taken for which, on the test rows or on all of --data"},
    {.name = "data",
     .form = DG_FORM_CALL,
     .needs = "boundary|contour|maps|latent|samples|recall|confusion",
     .doc = "other data than the run's"},
    {.name = "single", .form = DG_FORM_FLAG, .against = PICTURES, .doc = "a curve for each run, no bands"},
    {.name = "linear", .form = DG_FORM_FLAG, .against = PICTURES, .doc = "never a logarithmic axis"},
    {.name = "title", .form = DG_FORM_TEXT, .doc = "over the picture"},
    {.name = "out", .letter = 'o', .form = DG_FORM_FILE, .doc = "a .svg or .png file (curves.svg, boundary.svg, …)"},
    {0}};

static const command_options known = {.command = "plot",
                                      .usage = "dotgrad plot RUN … [--what loss] [-o curves.svg]\n"
                                               "dotgrad plot RUN --boundary [-o boundary.svg]\n"
                                               "dotgrad plot RUN … --contour 'w[0], w[1]' [-o contour.svg]\n"
                                               "dotgrad plot RUN|G.dot --filters | --maps NODE | --latent NODE | "
                                               "--samples NODE | --recall A,B | --confusion",
                                      .about = "Draws a column of the runs' metrics.csv by epoch. Runs of one graph, "
                                               "which differ in seed or fold, become one\n"
                                               "curve with a band: mean and standard deviation. Or a picture of what "
                                               "a network has learnt and how, which the\n"
                                               "options name; a graph file by itself is taken with the parameters that "
                                               "its seed gives.",
                                      .own = own,
                                      .use = DG_USE_ALWAYS,
                                      .operand = "the folders of runs",
                                      .least = 1,
                                      .most = INT32_MAX};

typedef struct asked {
    const char *what, *title, *out;
    bool linear, single;
    char **runs;
    int n_runs;
} asked;

/* Runs of one graph: they differ in seed or fold. */
typedef struct group {
    uint64_t graph;
    char *title;
    int n_runs, colour;
    curve *curves;
    curve_band band;
} group;

/* The graph that has trained; runs without one are groups of their own. */
static uint64_t graph_of(const char *run, int place)
{
    char *path = path_join(run, "graph.dot"), *text;
    size_t size;
    uint64_t hash = (uint64_t)place;
    if (path && dg_read_file(path, &text, &size).code == DG_OK) {
        hash = dg_random_stream(text);
        free(text);
    }
    free(path);
    return hash;
}

static bool has_number(const curve *c)
{
    for (int64_t e = 0; e < c->count; e++)
        if (isfinite(c->values[e]))
            return true;
    return false;
}

static dg_status add_run(group *groups, int *n_groups, const asked *a, int k, const char *column, bool optional)
{
    uint64_t graph = a->single ? (uint64_t)k : graph_of(a->runs[k], k);
    group *g = NULL;
    curve made;
    dg_status status = curve_read(a->runs[k], column, &made);
    if (optional && status.code == DG_BAD_ARGUMENT)
        return dg_ok();
    DG_TRY(status);
    if (!has_number(&made)) {
        free(made.values);
        if (!optional)
            command_warn("%s: no epoch has a number for '%s': there is no curve of it", a->runs[k], column);
        return dg_ok();
    }
    for (int i = 0; i < *n_groups; i++)
        if (groups[i].graph == graph)
            g = &groups[i];
    if (!g && *n_groups == MOST_GROUPS) {
        free(made.values);
        return dg_error(DG_BAD_ARGUMENT, "at most %d curves fit one picture; runs of one graph are one curve",
                        MOST_GROUPS);
    }
    if (!g) {
        g = &groups[(*n_groups)++];
        *g = (group){.graph = graph, .colour = *n_groups - 1, .title = strdup(a->runs[k])};
        g->curves = calloc((size_t)a->n_runs, sizeof *g->curves);
    }
    if (!g->curves || !g->title) {
        free(made.values);
        return dg_no_memory("a plot");
    }
    g->curves[g->n_runs++] = made;
    return dg_ok();
}

/* By the settings of their graph where it has some. */
static dg_status name_group(group *g)
{
    static const char mark[] = "was_set=\"";
    char *title, *path = g->n_runs > 1 ? path_join(g->title, "graph.dot") : NULL, *text = NULL;
    size_t size;
    if (g->n_runs == 1)
        return dg_ok();
    const char *set = path && dg_read_file(path, &text, &size).code == DG_OK ? strstr(text, mark) : NULL;
    set = set ? set + sizeof mark - 1 : NULL;
    int length = set ? asprintf(&title, "%.*s (%d runs)", (int)strcspn(set, "\""), set, g->n_runs)
                     : asprintf(&title, "%s and %d more", g->title, g->n_runs - 1);
    free(text);
    free(path);
    if (length < 0)
        return dg_no_memory("a plot");
    free(g->title);
    g->title = title;
    return dg_ok();
}

static dg_status draw(const asked *a, group *groups, int n_groups, int n_solid)
{
    chart_series series[2 * MOST_GROUPS];
    curve_band bands[2 * MOST_GROUPS];
    size_t length = strlen(a->out);
    bool png = length > 4 && strcmp(a->out + length - 4, ".png") == 0;
    char label[120];
    snprintf(label, sizeof label, n_groups > n_solid ? "%s (dashed: on validation data)" : "%s", a->what);
    for (int k = 0; k < n_groups; k++) {
        group *g = &groups[k];
        bool solid = k < n_solid;
        DG_TRY(curve_band_make(g->curves, g->n_runs, &g->band));
        DG_TRY(solid ? name_group(g) : dg_ok());
        bands[k] = g->band;
        series[k] = (chart_series){.title = solid ? g->title : NULL,
                                   .style = solid ? CHART_LINE : CHART_DASHES,
                                   .colour = g->colour,
                                   .count = g->band.count,
                                   .x = g->band.x,
                                   .y = g->band.mean,
                                   .low = g->band.low,
                                   .high = g->band.high};
    }
    const chart picture = {.title = a->title,
                           .x_label = "epoch",
                           .y_label = label,
                           .series = series,
                           .n_series = n_groups,
                           .log_y = !a->linear && curve_band_for_log(bands, n_groups)};
    return chart_draw(&picture, png ? NULL : a->out, png ? a->out : NULL);
}

static dg_status plot(const asked *a)
{
    group groups[2 * MOST_GROUPS] = {0};
    int n_solid = 0, n_dashed = 0;
    char validation[80];
    dg_status status = dg_ok();
    for (int k = 0; k < a->n_runs && status.code == DG_OK; k++)
        status = add_run(groups, &n_solid, a, k, a->what, false);
    snprintf(validation, sizeof validation, "validation_%s", a->what);
    for (int k = 0; k < a->n_runs && status.code == DG_OK; k++)
        status = add_run(groups + n_solid, &n_dashed, a, k, validation, true);
    for (int k = 0; k < n_dashed; k++) /* the colour of the run's other curve */
        for (int i = 0; i < n_solid; i++)
            if (groups[i].graph == groups[n_solid + k].graph)
                groups[n_solid + k].colour = groups[i].colour;
    if (status.code == DG_OK && !n_solid)
        status = dg_error(DG_BAD_DATA, "%s: nothing to draw: no epoch was trained, or none has a number", a->runs[0]);
    if (status.code == DG_OK)
        status = draw(a, groups, n_solid + n_dashed, n_solid);
    for (int k = 0; k < n_solid + n_dashed; k++) {
        for (int i = 0; i < groups[k].n_runs; i++)
            free(groups[k].curves[i].values);
        free(groups[k].curves);
        free(groups[k].title);
        curve_band_release(&groups[k].band);
    }
    return status;
}

/* ---- pictures ---- */

/* The option that names a picture; NULL: curves are drawn. */
static const char *picture_asked(void)
{
    static const char *const names[] = {"boundary", "contour", "filters", "maps",
                                        "latent",   "samples", "recall",  "confusion"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (option_given(names[k]))
            return names[k];
    return NULL;
}

static dg_status draw_source(const plot_source *s, const picture_target *to)
{
    if (option_given("filters"))
        return filters_draw(s, option_text("filters"), to);
    if (option_given("maps"))
        return maps_draw(s, option_text("maps"), option_whole("row", 0), to);
    if (option_given("latent"))
        return latent_draw(s, option_text("latent"), to);
    if (option_given("samples"))
        return samples_draw(s, option_text("samples"), to);
    if (option_given("recall"))
        return recall_draw(s, option_text("recall"), to);
    return confusion_draw(s, to);
}

static dg_status draw_picture(const asked *a, const picture_target *to)
{
    const dg_graph_read_options reading = graph_options();
    const char *data = option_text("data");
    plot_source source;
    if (option_given("contour"))
        return contour_draw(a->runs, a->n_runs, option_text("contour"), option_text("range"), data, &reading, to);
    if (option_given("boundary"))
        return plane_draw(a->runs[0], data, &reading, to);
    dg_status status = plot_source_open(&source, a->runs[0], data, &reading);
    if (status.code == DG_OK)
        status = draw_source(&source, to);
    plot_source_close(&source);
    return status;
}

int command_plot(int argc, char **argv)
{
    char **operands, usual[64];
    int over = options_take(&known, argc, argv, &operands);
    if (over >= 0)
        return over;
    const char *asked_for = picture_asked();
    snprintf(usual, sizeof usual, "%s.svg", asked_for ? asked_for : "curves");
    asked a = {.what = option_given("what") ? option_text("what") : "loss",
               .title = option_text("title"),
               .out = option_given("out") ? option_text("out") : usual,
               .linear = option_given("linear"),
               .single = option_given("single"),
               .runs = operands};
    while (operands[a.n_runs])
        a.n_runs++;
    size_t length = strlen(a.out);
    if (length < 5 || (strcmp(a.out + length - 4, ".svg") != 0 && strcmp(a.out + length - 4, ".png") != 0))
        return command_misused(argv[0], "-o needs a name that ends in .svg or .png, not '%s'", a.out);
    bool png = strcmp(a.out + length - 4, ".png") == 0;
    if (asked_for && strcmp(asked_for, "contour") != 0 && a.n_runs > 1)
        return command_misused(argv[0], "--%s needs a single run", asked_for);
    const picture_target to = {.title = a.title, .svg = png ? NULL : a.out, .png = png ? a.out : NULL};
    dg_status status = asked_for ? draw_picture(&a, &to) : plot(&a);
    if (status.code != DG_OK)
        return command_failed(status);
    fprintf(stderr, "wrote %s\n", a.out);
    return 0;
}
