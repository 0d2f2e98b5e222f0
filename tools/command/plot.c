/* dotgrad plot: curves of several runs in one picture, with bands over seeds. */
#include "command.h"
#include "options.h"
#include "tools/run/curves.h"
#include "tools/run/folder.h"
#include "tools/run/plane.h"

#include <dotgrad/file.h>
#include <dotgrad/random.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_GROUPS = 20 };

static const option_row own[] = {
    {.name = "what",
     .form = DG_FORM_NAME,
     .value = "COLUMN",
     .doc = "loss, accuracy, lr, or any other column: a node that is named as a metric (loss). With loss the\n"
            "same on validation data is dashed, where there is such a column"},
    {.name = "boundary",
     .form = DG_FORM_FLAG,
     .against = "what",
     .doc = "what one run's network decides over the plane of its two features, with the data on it"},
    {.name = "data", .form = DG_FORM_CALL, .needs = "boundary", .doc = "other data than the run's on it"},
    {.name = "single", .form = DG_FORM_FLAG, .against = "boundary", .doc = "a curve for each run, no bands"},
    {.name = "linear", .form = DG_FORM_FLAG, .against = "boundary", .doc = "never a logarithmic axis"},
    {.name = "title", .form = DG_FORM_TEXT, .doc = "over the picture"},
    {.name = "out", .letter = 'o', .form = DG_FORM_FILE, .doc = "a .svg or .png file (curves.svg, boundary.svg)"},
    {0}};

static const command_options known = {.command = "plot",
                                      .usage = "dotgrad plot RUN … [--what loss] [-o curves.svg]\n"
                                               "dotgrad plot RUN --boundary [-o boundary.svg]",
                                      .about = "Draws a column of the runs' metrics.csv by epoch. Runs of one graph, "
                                               "which differ in seed or fold, become one\n"
                                               "curve with a band: mean and standard deviation.",
                                      .own = own,
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

static dg_status add_run(group *groups, int *n_groups, const asked *a, int k, const char *column, bool optional)
{
    uint64_t graph = a->single ? (uint64_t)k : graph_of(a->runs[k], k);
    group *g = NULL;
    curve made;
    dg_status status = curve_read(a->runs[k], column, &made);
    if (optional && status.code == DG_BAD_ARGUMENT)
        return dg_ok();
    DG_TRY(status);
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
        return dg_error(DG_NO_MEMORY, "not enough memory");
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
        return dg_error(DG_NO_MEMORY, "not enough memory");
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
                           .y_label = a->what,
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

int command_plot(int argc, char **argv)
{
    char **operands;
    int over = options_take(&known, argc, argv, &operands);
    if (over >= 0)
        return over;
    asked a = {.what = option_given("what") ? option_text("what") : "loss",
               .title = option_text("title"),
               .out = option_given("out")        ? option_text("out")
                      : option_given("boundary") ? "boundary.svg"
                                                 : "curves.svg",
               .linear = option_given("linear"),
               .single = option_given("single"),
               .runs = operands};
    while (operands[a.n_runs])
        a.n_runs++;
    size_t length = strlen(a.out);
    if (length < 5 || (strcmp(a.out + length - 4, ".svg") != 0 && strcmp(a.out + length - 4, ".png") != 0))
        return command_misused(argv[0], "-o needs a name that ends in .svg or .png, not '%s'", a.out);
    bool png = strcmp(a.out + length - 4, ".png") == 0;
    if (option_given("boundary") && a.n_runs > 1)
        return command_misused(argv[0], "--boundary needs the folder of one run");
    dg_status status = option_given("boundary")
                           ? plane_draw(a.runs[0], option_text("data"), a.title, png ? NULL : a.out, png ? a.out : NULL)
                           : plot(&a);
    if (status.code != DG_OK)
        return command_failed(status);
    fprintf(stderr, "wrote %s\n", a.out);
    return 0;
}
