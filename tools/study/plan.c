/* Graphs × settings become variants, variants × seeds × folds runs. */
#include "study.h"

#include "tools/run/folder.h"

#include <dotgrad/data.h>
#include <dotgrad/graphviz.h>
#include <dotgrad/op.h>
#include <dotgrad/optim.h>
#include <dotgrad/random.h>
#include <dotgrad/version.h>

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_VARIANTS = 100000, MOST_RUNS = 10000000 };

const char *study_format(study *s, const char *format, ...)
{
    char *text;
    va_list list;
    va_start(list, format);
    int length = vasprintf(&text, format, list);
    va_end(list);
    if (length < 0)
        return NULL;
    const char *kept = dg_arena_text(s->arena, text, (size_t)length);
    free(text);
    return kept;
}

/* ---- what a run depends on ---- */

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    for (const unsigned char *at = bytes, *end = at + size; at < end; at++)
        hash = (hash ^ *at) * 0x100000001b3u;
    return hash;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return hash_bytes(hash, text, strlen(text) + 1);
}

/* A file's content; of a folder of data, names and content of its files in the order of names. */
static dg_status hash_path(uint64_t *hash, const char *path)
{
    struct stat about;
    struct dirent **names;
    char *bytes;
    size_t size;
    if (stat(path, &about) == 0 && S_ISREG(about.st_mode)) {
        DG_TRY(dg_read_file(path, &bytes, &size));
        *hash = hash_bytes(*hash, bytes, size);
        free(bytes);
        return dg_ok();
    }
    int count = scandir(path, &names, NULL, alphasort);
    dg_status status = dg_ok();
    for (int k = 0; k < count; k++) {
        char *inner = names[k]->d_name[0] == '.' ? NULL : path_join(path, names[k]->d_name);
        *hash = hash_text(*hash, names[k]->d_name);
        if (inner && status.code == DG_OK && stat(inner, &about) == 0 && S_ISREG(about.st_mode))
            status = hash_path(hash, inner);
        free(inner);
        free(names[k]);
    }
    if (count >= 0)
        free(names);
    return status;
}

/* The specification of data with an absolute path, whose content goes into the hash. Sets by name stay as they are. */
static dg_status find_data(study *s, const dg_graph_file *file, const char *graph, study_variant *variant)
{
    const char *spec = dg_graph_file_setting(file, "data"), *slash = strrchr(graph, '/');
    char *folder = slash ? strndup(graph, (size_t)(slash - graph) + (slash == graph)) : NULL, *path = NULL,
         *whole = NULL;
    dg_status status = slash && !folder ? dg_no_memory("the study") : dg_ok();
    if (status.code == DG_OK && spec)
        status = dg_data_path(spec, folder, &path, &whole);
    if (status.code == DG_OK && path)
        status = dg_graph_file_check_path(file, path);
    if (status.code == DG_OK && whole)
        variant->data = study_format(s, "%s", whole);
    if (status.code == DG_OK && whole)
        status = variant->data ? hash_path(&variant->hash, path) : dg_no_memory("the study");
    free(folder);
    free(path);
    free(whole);
    return status;
}

/* ---- variants ---- */

/* What training of the file measures: of metrics=, or what a loss may be judged by, and each of several losses. */
static dg_status note_metrics(study *s, const dg_graph_file *file)
{
    const char *names = dg_graph_file_setting(file, "metrics"), *known = s->metrics ? s->metrics : "loss";
    int scores = file->loss ? (int)dg_node_op(file->loss)->scores : DG_SCORES_NONE;
    const char *usual = scores == DG_SCORES_NONE ? "accuracy, rmse" : scores == DG_SCORES_VALUES ? "rmse" : "accuracy";
    names = names && *names ? names : usual;
    if (!strstr(known, names))
        known = study_format(s, "%s, %s", known, names);
    for (int k = 0; known && file->n_losses > 1 && k < file->n_losses; k++)
        if (!strstr(known, dg_node_name(file->losses[k])))
            known = study_format(s, "%s, %s", known, dg_node_name(file->losses[k]));
    s->metrics = known;
    return known ? dg_ok() : dg_no_memory("the study");
}

/* What would be wrong with every run of the variant alike. */
static dg_status check_training(const dg_graph_file *file)
{
    const char *optimizer = dg_graph_file_setting(file, "optimizer"),
               *schedule = dg_graph_file_setting(file, "schedule");
    const char *groups = dg_graph_file_setting(file, "groups"), *freeze = dg_graph_file_setting(file, "freeze");
    dg_optimizer rule;
    dg_schedule rate = {0};
    dg_groups read = {0};
    dg_node *const *parameters;
    int count;
    if (optimizer)
        DG_TRY(dg_optimizer_parse(optimizer, &rule));
    if (schedule)
        DG_TRY(dg_schedule_parse(schedule, &rate));
    dg_schedule_release(&rate);
    DG_TRY(dg_groups_parse(groups, freeze, &read));
    bool has_names = read.count > 0 && file->loss && file->n_losses < 2;
    dg_status status = has_names ? dg_trainable_parameters(file->loss, &parameters, &count) : dg_ok();
    if (status.code == DG_OK && has_names)
        status = dg_groups_check(&read, parameters, count);
    dg_groups_release(&read);
    return status;
}

/* A part of the rows tests in its turn. Data that cannot be opened make rows of runs that failed. */
static dg_status check_folds(const study *s, const dg_graph_file *file)
{
    dg_data *data = NULL;
    if (s->folds < 2 || !dg_graph_file_setting(file, "data"))
        return dg_ok();
    dg_status status = dg_graph_file_open_data(file, NULL, &data);
    int64_t rows = status.code == DG_OK && data ? dg_data_rows(data) : s->folds;
    dg_data_free(data);
    return rows >= s->folds ? dg_ok()
                            : dg_error(DG_BAD_ARGUMENT, "--folds=%lld, but the data have %lld row(s)",
                                       (long long)s->folds, (long long)rows);
}

/* What is measured on validation data needs such. */
static dg_status check_validation(const study *s, const dg_graph_file *file)
{
    const char *part = dg_graph_file_setting(file, "validation"), *of = NULL;
    if (part && strtod(part, NULL) > 0)
        return dg_ok();
    if (s->n_configurations > 1)
        return dg_error(DG_BAD_ARGUMENT, "choosing by validation data needs some: --set validation=0.2");
    if (s->target && strncmp(s->target, "validation_", 11) == 0)
        of = "--target";
    if (s->metric && strncmp(s->metric, "validation_", 11) == 0)
        of = "--metric";
    return of ? dg_error(DG_BAD_ARGUMENT, "%s is of validation data, and there are none: --set validation=0.2", of)
              : dg_ok();
}

static dg_status read_variant(study *s, const study_options *options, const char *path, study_variant *variant,
                              const char *epochs)
{
    dg_file_setting *set = dg_arena_alloc(s->arena, 2 * ((size_t)s->n_axes + 1) * sizeof *set),
                    *ops = set ? set + s->n_axes + 1 : NULL;
    dg_graph_read_options reading = options->reading;
    dg_graph_file *file;
    char *text = NULL;
    if (!set)
        return dg_no_memory("the study");
    reading.n_set = reading.n_ops = 0;
    for (int k = 0; k < s->n_axes; k++) {
        bool keeps = strcmp(variant->choices[k], STUDY_AS_IT_IS) == 0;
        if (s->axes[k].is_op)
            ops[reading.n_ops++] = (dg_file_setting){s->axes[k].name, keeps ? "" : variant->choices[k]};
        else
            set[reading.n_set++] = (dg_file_setting){s->axes[k].name, variant->choices[k]};
    }
    if (epochs)
        set[reading.n_set++] = (dg_file_setting){"epochs", epochs};
    reading.set = set;
    reading.ops = ops;
    DG_TRY(dg_graph_read(path, &reading, &file));
    const char *seed = dg_graph_file_setting(file, "split_seed"), *count = dg_graph_file_setting(file, "epochs");
    seed = seed ? seed : dg_graph_file_setting(file, "seed");
    variant->split_seed = seed ? strtoull(seed, NULL, 10) : 0;
    variant->epochs = count ? strtoll(count, NULL, 10) : 10;
    variant->hash = dg_random_stream("study");
    dg_status status = check_validation(s, file);
    if (status.code == DG_OK)
        status = check_training(file);
    if (status.code == DG_OK && variant->method == 0 && variant->configuration == 0)
        status = check_folds(s, file);
    if (status.code != DG_OK)
        status = dg_prefixed(status, "%s", path);
    else
        status = find_data(s, file, path, variant);
    if (status.code == DG_OK && variant->rung + 1 == s->n_rungs)
        status = note_metrics(s, file);
    if (status.code == DG_OK)
        status = dg_graph_file_bundle(file, &text);
    if (status.code == DG_OK) {
        variant->text = dg_arena_text(s->arena, text, strlen(text));
        variant->hash = variant->text ? hash_text(variant->hash, text) : 0;
        status = variant->text ? dg_ok() : dg_no_memory("the study");
    }
    free(text);
    dg_graph_file_free(file);
    return status;
}

/* The values of axes of one kind by a number: the last axis moves fastest. Drawn axes move together. */
static int decode(const study *s, bool chosen, int64_t number, const char **choices)
{
    int64_t trials = 1, size = 1;
    for (int k = 0; k < s->n_axes; k++)
        if (s->axes[k].is_drawn && s->axes[k].is_chosen == chosen)
            trials = s->axes[k].values.count;
    for (int k = s->n_axes - 1; k >= 0; k--) {
        const study_axis *axis = &s->axes[k];
        if (axis->is_chosen != chosen || axis->is_drawn)
            continue;
        choices[k] = axis->values.items[number / size % axis->values.count];
        size *= axis->values.count;
        if (size > MOST_VARIANTS)
            return MOST_VARIANTS + 1;
    }
    for (int k = 0; k < s->n_axes; k++)
        if (s->axes[k].is_chosen == chosen && s->axes[k].is_drawn)
            choices[k] = s->axes[k].values.items[number / size % trials];
    return size * trials > MOST_VARIANTS ? MOST_VARIANTS + 1 : (int)(size * trials);
}

/* Rungs of successive halving: each has `halving` times the epochs of the one before, the last all. */
static dg_status fill_rung(study *s, const study_options *options, study_variant *variant, const char *path,
                           const study_variant *whole)
{
    int64_t epochs = whole->epochs;
    for (int k = variant->rung; k + 1 < s->n_rungs; k++)
        epochs = (int64_t)ceil((double)epochs / s->halving);
    const char *text = variant->rung + 1 < s->n_rungs ? study_format(s, "%" PRId64, epochs) : NULL;
    return read_variant(s, options, path, variant, text);
}

static dg_status make_variants(study *s, const study_options *options)
{
    int per_graph = s->n_methods * s->n_configurations;
    for (int g = 0; g < s->n_graphs; g++)
        for (int k = 0; k < per_graph; k++) {
            study_variant whole = {.graph = g,
                                   .method = k / s->n_configurations,
                                   .configuration = k % s->n_configurations,
                                   .rung = s->n_rungs - 1};
            whole.choices = dg_arena_alloc(s->arena, ((size_t)s->n_axes + 1) * sizeof *whole.choices);
            if (!whole.choices)
                return dg_no_memory("the study");
            decode(s, false, whole.method, whole.choices);
            decode(s, true, whole.configuration, whole.choices);
            dg_status status = read_variant(s, options, options->graphs.items[g], &whole, NULL);
            for (int r = 0; r < s->n_rungs && status.code == DG_OK; r++) {
                study_variant *variant = &s->variants[s->n_variants++];
                *variant = whole;
                variant->rung = r;
                if (r + 1 < s->n_rungs)
                    status = fill_rung(s, options, variant, options->graphs.items[g], &whole);
            }
            if (status.code != DG_OK)
                return status;
        }
    return dg_ok();
}

static dg_status name_graphs(study *s, const study_options *options)
{
    s->n_graphs = options->graphs.count;
    s->graphs = dg_arena_alloc(s->arena, ((size_t)s->n_graphs + 1) * sizeof *s->graphs);
    for (int k = 0; s->graphs && k < s->n_graphs; k++) {
        const char *path = options->graphs.items[k], *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        const char *dot = strrchr(name, '.');
        s->graphs[k] = study_format(s, "%.*s", dot && dot > name ? (int)(dot - name) : (int)strlen(name), name);
        if (!s->graphs[k])
            return dg_no_memory("the study");
        for (int other = 0; other < k; other++)
            if (strcmp(s->graphs[other], s->graphs[k]) == 0)
                return dg_error(DG_BAD_ARGUMENT,
                                "two graphs are named '%s': a study distinguishes graphs by their names", s->graphs[k]);
    }
    return s->graphs ? dg_ok() : dg_no_memory("the study");
}

static const char *keep(study *s, const char *text)
{
    return text ? dg_arena_text(s->arena, text, strlen(text)) : NULL;
}

dg_status study_plan(const study_options *options, study *s)
{
    *s = (study){.seeds = options->seeds, .folds = options->folds, .halving = options->halving};
    DG_TRY(dg_arena_new(&s->arena));
    s->folder = keep(s, options->folder);
    s->by = keep(s, options->by);
    s->metric = keep(s, options->metric);
    s->target = keep(s, options->target);
    s->baseline = keep(s, options->baseline);
    s->passed = options->passed;
    DG_TRY(name_graphs(s, options));
    DG_TRY(study_axes_read(s, options));
    const char **choices = dg_arena_alloc(s->arena, ((size_t)s->n_axes + 1) * sizeof *choices);
    if (!choices)
        return dg_no_memory("the study");
    s->n_methods = decode(s, false, 0, choices);
    s->n_configurations = decode(s, true, 0, choices);
    s->n_pairs = s->seeds * (s->folds ? s->folds : 1);
    s->n_rungs = 1;
    for (double left = s->n_configurations; s->halving > 1 && left > 1; left = ceil(left / s->halving))
        s->n_rungs++;
    double all = (double)s->n_graphs * s->n_methods * s->n_configurations * s->n_rungs;
    if (all > MOST_VARIANTS || all * (double)s->n_pairs > MOST_RUNS)
        return dg_error(DG_BAD_ARGUMENT, "that is %.3g variants and %.3g runs, at most %d and %d are planned", all,
                        all * (double)s->n_pairs, MOST_VARIANTS, MOST_RUNS);
    s->variants = dg_arena_alloc(s->arena, ((size_t)all + 1) * sizeof *s->variants);
    s->rows = calloc((size_t)(all * (double)s->n_pairs) + 1, sizeof(cJSON *));
    return s->variants && s->rows ? make_variants(s, options) : dg_no_memory("the study");
}

void study_free(study *s)
{
    for (int64_t k = 0; s->rows && k < s->n_pairs * s->n_variants; k++)
        cJSON_Delete(s->rows[k]);
    free(s->rows);
    dg_arena_free(s->arena);
    *s = (study){0};
}

study_run study_run_at(const study *s, int64_t index)
{
    int64_t pair = index / s->n_variants, folds = s->folds ? s->folds : 1;
    study_run run = {
        .index = index, .pair = pair, .seed = pair / folds, .variant = &s->variants[index % s->n_variants]};
    char text[160];
    run.fold = s->folds ? pair % folds + 1 : 0;
    snprintf(text, sizeof text, "%016" PRIx64 " %s %" PRId64 " %" PRIu64 " %" PRId64 "/%" PRId64, run.variant->hash,
             dg_version(), run.seed, run.variant->split_seed, run.fold, s->folds);
    snprintf(run.key, sizeof run.key, "%016" PRIx64, dg_random_stream(text));
    return run;
}

const char *study_label(study *s, const study_variant *variant, bool chosen)
{
    const char *text = "";
    bool several = false;
    for (int k = 0; k < s->n_axes; k++)
        several |= s->axes[k].values.count > 1 && s->axes[k].is_chosen == chosen;
    for (int k = 0; text && k < s->n_axes; k++)
        if (s->axes[k].is_chosen == chosen && (s->axes[k].values.count > 1 || !several))
            text = study_format(s, "%s%s%s=%s", text, *text ? ", " : "", s->axes[k].name, variant->choices[k]);
    return !text ? "" : *text || chosen ? text : s->graphs[variant->graph];
}
