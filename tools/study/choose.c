/* Which metric is compared, and which of its settings a method is compared with. */
#include "study.h"

#include <dotgrad/optim.h>

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char by_epochs[] = "epochs_to_target";
static const char *const parts[] = {"test_", "validation_", "train_"};
enum { PARTS = sizeof parts / sizeof *parts };

/* "accuracy" of "test_accuracy". */
static const char *bare(const char *metric)
{
    for (size_t k = 0; k < PARTS; k++)
        if (strncmp(metric, parts[k], strlen(parts[k])) == 0)
            return metric + strlen(parts[k]);
    return metric;
}

static bool is_listed(const char *names, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = names + strspn(names, ", \t[]"); *at; at += strspn(at, ", \t[]")) {
        size_t here = strcspn(at, ", \t[]");
        if (here == length && strncmp(at, name, length) == 0)
            return true;
        at += here;
    }
    return false;
}

static dg_status check_metric(const study *s, const char *option, const char *name)
{
    if (!s->metrics || is_listed(s->metrics, bare(name)))
        return dg_ok();
    return dg_error(DG_BAD_ARGUMENT, "--%s: there is no metric '%s'; there are %s (more by metrics= of the graph)",
                    option, name, s->metrics);
}

/* "accuracy" of "accuracy>=0.9", and 0.9. */
static bool read_target(const char *target, char name[64], double *wanted)
{
    const char *equals = strchr(target, '=');
    char *end = NULL;
    size_t length = equals ? (size_t)(equals - target) : 0;
    while (length && strchr("<> ", target[length - 1]))
        length--;
    snprintf(name, 64, "%.*s", (int)length, target);
    *wanted = equals ? strtod(equals + 1, &end) : NAN;
    while (end && *end == ' ')
        end++;
    return length && end && end > equals + 1 && !*end && isfinite(*wanted);
}

dg_status study_check_choices(study *s)
{
    char name[64];
    double wanted;
    int method;
    bool by_target = s->by && strcmp(s->by, by_epochs) == 0;
    bool by_metric = s->by && !by_target && strcmp(s->by, "validation") != 0 && strcmp(s->by, "seconds") != 0;
    bool of_target = s->metric && strcmp(s->metric, by_epochs) == 0;
    if (s->metric && !of_target)
        DG_TRY(check_metric(s, "metric", s->metric));
    if (by_metric)
        DG_TRY(check_metric(s, "by", s->by));
    if ((by_target || of_target) && !s->target)
        return dg_error(DG_BAD_ARGUMENT, "--%s %s needs --target METRIC=NUMBER", by_target ? "by" : "metric",
                        by_epochs);
    if (s->target && !read_target(s->target, name, &wanted))
        return dg_error(DG_BAD_ARGUMENT, "--target is '%s', expected METRIC=NUMBER", s->target);
    if (s->target && strncmp(name, "test_", 5) == 0)
        return dg_error(DG_BAD_ARGUMENT,
                        "--target: '%s' is measured after training; an epoch has '%s' and "
                        "'validation_%s'",
                        name, name + 5, name + 5);
    if (s->target)
        DG_TRY(check_metric(s, "target", name));
    return study_find_baseline(s, &method);
}

/* The first metric beside the loss, of the test part where there is one. */
static const char *usual_metric(study *s, int graph)
{
    for (int64_t k = 0; k < s->n_pairs * s->n_variants; k++)
        for (size_t part = 0; s->variants[k % s->n_variants].graph == graph && s->rows[k] &&
                              study_row_is(s->rows[k], "finished") && part < PARTS;
             part++) {
            const char *name = study_format(s, "%.*s", (int)strlen(parts[part]) - 1, parts[part]);
            const cJSON *metrics = cJSON_GetObjectItemCaseSensitive(s->rows[k], name ? name : "");
            const cJSON *first = metrics ? metrics->child : NULL, *second = first ? first->next : NULL;
            bool has_other = second && strcmp(second->string, "lr") != 0;
            if (first)
                return study_format(s, "%s%s", parts[part], has_other ? second->string : first->string);
        }
    return NULL;
}

dg_status study_metric(study *s, int graph, const char **metric, bool *rises)
{
    *metric = s->metric;
    *rises = false;
    const bool is_epochs = *metric && strcmp(*metric, by_epochs) == 0;
    if (is_epochs || !*metric || bare(*metric) == *metric) {
        const char *usual = usual_metric(s, graph);
        for (int other = 0; !usual && other < s->n_graphs; other++)
            usual = usual_metric(s, other);
        if (!usual)
            return dg_error(DG_BAD_DATA,
                            "%s: no run has finished, so that there is nothing to compare; runs.csv has the "
                            "status of each that has ended, and why",
                            s->folder);
        if (is_epochs)
            return dg_ok();
        *metric = !s->metric ? usual : study_format(s, "%.*s%s", (int)(bare(usual) - usual), usual, s->metric);
    }
    if (!*metric)
        return dg_no_memory("the study");
    *rises = dg_metric_rises(bare(*metric));
    return dg_ok();
}

const char *study_by(study *s, const char *metric, bool *rises)
{
    bool is_part = !s->by || strcmp(s->by, "validation") == 0;
    if (is_part && strcmp(metric, by_epochs) == 0) {
        *rises = false;
        return metric;
    }
    const char *by = is_part ? study_format(s, "validation_%s", bare(metric)) : s->by;
    *rises = dg_metric_rises(bare(by ? by : metric));
    return by ? by : metric;
}

/* The mean over its pairs, and how many there are. */
static double mean_of(const study *s, int variant, const char *by, int64_t *count)
{
    double sum = 0;
    *count = 0;
    for (int64_t pair = 0; pair < s->n_pairs; pair++) {
        const cJSON *row = s->rows[pair * s->n_variants + variant];
        const study_run run = study_run_at(s, pair * s->n_variants + variant);
        double value = row && study_row_is(row, "finished") ? study_run_number(s, &run, by) : NAN;
        if (!isnan(value)) {
            sum += value;
            ++*count;
        }
    }
    return *count ? sum / (double)*count : NAN;
}

/* A setting with which a run diverged gives way to one with which fewer did. */
dg_status study_choose(study *s, int **chosen)
{
    int cells = s->n_graphs * s->n_methods;
    double *best = dg_arena_alloc(s->arena, (size_t)cells * sizeof *best);
    int64_t *most = dg_arena_alloc(s->arena, (size_t)cells * sizeof *most);
    *chosen = dg_arena_alloc(s->arena, (size_t)cells * sizeof **chosen);
    if (!*chosen || !best || !most)
        return dg_no_memory("the study");
    for (int k = 0; k < cells; k++)
        (*chosen)[k] = -1;
    for (int v = 0; v < s->n_variants; v++) {
        const study_variant *variant = &s->variants[v];
        int cell = variant->graph * s->n_methods + variant->method;
        int64_t count;
        const char *metric;
        bool rises;
        if (variant->rung + 1 < s->n_rungs || !study_goes_on(s, variant))
            continue;
        DG_TRY(study_metric(s, variant->graph, &metric, &rises));
        const char *by = study_by(s, metric, &rises);
        double value = mean_of(s, v, s->n_configurations > 1 ? by : metric, &count);
        bool better = (*chosen)[cell] < 0 || count > most[cell] ||
                      (count == most[cell] && (rises ? value > best[cell] : value < best[cell]));
        if ((count || s->n_configurations == 1) && better) {
            (*chosen)[cell] = v;
            best[cell] = value;
            most[cell] = count;
        }
    }
    return dg_ok();
}

/* The place of a column in the first line, −1: there is none. */
static int column_of(const char *line, const char *name)
{
    for (int k = 0;; k++) {
        size_t length = strcspn(line, ",\n");
        if (strlen(name) == length && strncmp(line, name, length) == 0)
            return k;
        if (line[length] != ',')
            return -1;
        line += length + 1;
    }
}

static double cell_of(const char *line, int column)
{
    for (int k = 0; k < column && line; k++) {
        line = strchr(line, ',');
        line = line ? line + 1 : NULL;
    }
    return line ? strtod(line, NULL) : NAN;
}

double study_epochs_to_target(const study *s, const study_run *run)
{
    char name[64], *path, *text, *rest, *line;
    size_t size;
    double wanted, epoch = NAN;
    if (!s->target || !read_target(s->target, name, &wanted) ||
        asprintf(&path, "%s/runs/%s/metrics.csv", s->folder, run->key) < 0)
        return NAN;
    bool fine = dg_read_file(path, &text, &size).code == DG_OK;
    free(path);
    if (!fine)
        return NAN;
    rest = text;
    line = strsep(&rest, "\n");
    int column = column_of(line, name);
    while (column > 0 && isnan(epoch) && rest && *rest) {
        line = strsep(&rest, "\n");
        double value = cell_of(line, column);
        if (dg_metric_rises(bare(name)) ? value >= wanted : value <= wanted)
            epoch = strtod(line, NULL);
    }
    free(text);
    return epoch;
}

double study_run_number(const study *s, const study_run *run, const char *name)
{
    return strcmp(name, by_epochs) == 0 ? study_epochs_to_target(s, run) : study_row_number(s->rows[run->index], name);
}
