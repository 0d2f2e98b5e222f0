/* FOLDER/manifest: the study as a text, from which it can be repeated; and the documents that train. */
#include "study.h"

#include "tools/run/folder.h"

#include <dotgrad/version.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* ---- writing ---- */

static void add_texts(cJSON *to, const char *name, const study_texts *texts)
{
    cJSON *list = cJSON_AddArrayToObject(to, name);
    for (int k = 0; k < texts->count; k++)
        cJSON_AddItemToArray(list, cJSON_CreateString(texts->items[k]));
}

static void add_text(cJSON *to, const char *name, const char *text)
{
    if (text)
        cJSON_AddStringToObject(to, name, text);
}

static void add_machine(cJSON *to)
{
    struct utsname about;
    char now[40] = "";
    time_t time_now = time(NULL);
    struct tm parts;
    cJSON *machine = cJSON_AddObjectToObject(to, "machine");
    if (uname(&about) == 0) {
        add_text(machine, "host", about.nodename);
        add_text(machine, "system", about.sysname);
        add_text(machine, "release", about.release);
        add_text(machine, "architecture", about.machine);
    }
    cJSON_AddNumberToObject(machine, "processors", (double)sysconf(_SC_NPROCESSORS_ONLN));
    if (gmtime_r(&time_now, &parts))
        strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", &parts);
    add_text(to, "planned", now);
}

static void add_variants(const study *s, cJSON *to)
{
    cJSON *list = cJSON_AddArrayToObject(to, "variants");
    for (int v = 0; v < s->n_variants; v++) {
        const study_variant *variant = &s->variants[v];
        cJSON *one = cJSON_CreateObject(), *choices = cJSON_AddArrayToObject(one, "choices");
        char hash[17];
        snprintf(hash, sizeof hash, "%016" PRIx64, variant->hash);
        cJSON_AddItemToArray(list, one);
        cJSON_AddNumberToObject(one, "graph", variant->graph);
        cJSON_AddNumberToObject(one, "method", variant->method);
        cJSON_AddNumberToObject(one, "configuration", variant->configuration);
        cJSON_AddNumberToObject(one, "rung", variant->rung);
        cJSON_AddNumberToObject(one, "split_seed", (double)variant->split_seed);
        cJSON_AddNumberToObject(one, "epochs", (double)variant->epochs);
        for (int k = 0; k < s->n_axes; k++)
            cJSON_AddItemToArray(choices, cJSON_CreateString(variant->choices[k]));
        add_text(one, "hash", hash);
        add_text(one, "data", variant->data);
        add_text(one, "text", variant->text);
    }
}

static char *print_manifest(const study *s, const study_options *options)
{
    cJSON *json = cJSON_CreateObject(), *axes;
    const study_texts graphs = {s->graphs, s->n_graphs};
    add_text(json, "dotgrad", dg_version());
    add_machine(json);
    add_texts(json, "graphs", &graphs);
    axes = cJSON_AddArrayToObject(json, "axes");
    for (int k = 0; k < s->n_axes; k++) {
        cJSON *axis = cJSON_CreateObject();
        cJSON_AddItemToArray(axes, axis);
        add_text(axis, "name", s->axes[k].name);
        cJSON_AddBoolToObject(axis, "chosen", s->axes[k].is_chosen);
        cJSON_AddBoolToObject(axis, "drawn", s->axes[k].is_drawn);
        add_texts(axis, "values", &s->axes[k].values);
    }
    cJSON_AddNumberToObject(json, "seeds", (double)s->seeds);
    cJSON_AddNumberToObject(json, "folds", (double)s->folds);
    cJSON_AddNumberToObject(json, "rungs", s->n_rungs);
    cJSON_AddNumberToObject(json, "halving", s->halving);
    cJSON_AddNumberToObject(json, "budget_seconds", options->budget);
    cJSON_AddNumberToObject(json, "limit_seconds", options->limit);
    cJSON_AddNumberToObject(json, "threads", (double)options->threads);
    cJSON_AddNumberToObject(json, "methods", s->n_methods);
    cJSON_AddNumberToObject(json, "configurations", s->n_configurations);
    add_text(json, "by", s->by);
    add_text(json, "metric", s->metric);
    add_text(json, "target", s->target);
    add_text(json, "baseline", s->baseline);
    add_texts(json, "passed", &s->passed);
    add_variants(s, json);
    char *text = cJSON_Print(json);
    cJSON_Delete(json);
    return text;
}

/* Without the lines that tell when and where it was made. */
static bool is_same(const char *a, const char *b)
{
    cJSON *x = cJSON_Parse(a), *y = cJSON_Parse(b);
    static const char *const skipped[] = {"machine", "planned", "budget_seconds", "limit_seconds", "threads"};
    for (size_t k = 0; k < sizeof skipped / sizeof *skipped; k++) {
        cJSON_DeleteItemFromObject(x, skipped[k]);
        cJSON_DeleteItemFromObject(y, skipped[k]);
    }
    bool same = x && y && cJSON_Compare(x, y, true);
    cJSON_Delete(x);
    cJSON_Delete(y);
    return same;
}

static dg_status write_manifest(const study *s, const study_options *options)
{
    char *path = path_join(s->folder, "manifest"), *text = print_manifest(s, options), *there = NULL;
    size_t size;
    dg_status status = path && text ? dg_ok() : dg_no_memory("the study");
    bool keeps = status.code == DG_OK && access(path, F_OK) == 0 && dg_read_file(path, &there, &size).code == DG_OK &&
                 is_same(text, there);
    if (status.code == DG_OK && !keeps)
        status = dg_write_file(path, text, strlen(text));
    free(there);
    free(text);
    free(path);
    return status;
}

dg_status study_prepare(study *s, const study_options *options)
{
    const char *graphs = study_format(s, "%s/graphs", s->folder), *runs = study_format(s, "%s/runs", s->folder);
    if (!graphs || !runs)
        return dg_no_memory("the study");
    DG_TRY(run_folder_make(graphs));
    DG_TRY(run_folder_make(runs));
    DG_TRY(write_manifest(s, options));
    for (int v = 0; v < s->n_variants; v++) {
        study_variant *variant = &s->variants[v];
        variant->file = study_format(s, "%s/%016" PRIx64 ".dot", graphs, variant->hash);
        if (!variant->file)
            return dg_no_memory("the study");
        if (access(variant->file, F_OK) != 0)
            DG_TRY(dg_write_file(variant->file, variant->text, strlen(variant->text)));
    }
    return dg_ok();
}

/* ---- reading ---- */

static const char *text_of(study *s, const cJSON *from, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(from, name);
    return cJSON_IsString(item) ? dg_arena_text(s->arena, item->valuestring, strlen(item->valuestring)) : NULL;
}

static double number_of(const cJSON *from, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(from, name);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static bool read_texts(study *s, const cJSON *list, study_texts *texts)
{
    const cJSON *item;
    *texts = (study_texts){dg_arena_alloc(s->arena, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof(char *)), 0};
    cJSON_ArrayForEach(item, list)
    {
        if (!texts->items || !cJSON_IsString(item))
            return false;
        texts->items[texts->count++] = dg_arena_text(s->arena, item->valuestring, strlen(item->valuestring));
    }
    return texts->items != NULL;
}

static bool read_variants(study *s, const cJSON *list)
{
    const cJSON *item;
    s->variants = dg_arena_alloc(s->arena, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof *s->variants);
    cJSON_ArrayForEach(item, list)
    {
        study_variant *variant = &s->variants[s->n_variants];
        study_texts choices;
        const char *hash = text_of(s, item, "hash");
        if (!s->variants || !hash || !read_texts(s, cJSON_GetObjectItemCaseSensitive(item, "choices"), &choices))
            return false;
        *variant = (study_variant){.graph = (int)number_of(item, "graph"),
                                   .method = (int)number_of(item, "method"),
                                   .configuration = (int)number_of(item, "configuration"),
                                   .rung = (int)number_of(item, "rung"),
                                   .choices = choices.items,
                                   .text = text_of(s, item, "text"),
                                   .data = text_of(s, item, "data"),
                                   .split_seed = (uint64_t)number_of(item, "split_seed"),
                                   .epochs = (int64_t)number_of(item, "epochs"),
                                   .hash = strtoull(hash, NULL, 16)};
        if (!variant->text || choices.count != s->n_axes || variant->graph < 0 || variant->graph >= s->n_graphs ||
            variant->method < 0 || variant->method >= s->n_methods || variant->configuration < 0 ||
            variant->configuration >= s->n_configurations)
            return false;
        s->n_variants++;
    }
    return s->n_variants > 0;
}

static bool read_all(study *s, const cJSON *json)
{
    study_texts graphs;
    const cJSON *axis, *axes = cJSON_GetObjectItemCaseSensitive(json, "axes");
    s->axes = dg_arena_alloc(s->arena, ((size_t)cJSON_GetArraySize(axes) + 1) * sizeof *s->axes);
    if (!s->axes || !read_texts(s, cJSON_GetObjectItemCaseSensitive(json, "graphs"), &graphs) ||
        !read_texts(s, cJSON_GetObjectItemCaseSensitive(json, "passed"), &s->passed))
        return false;
    s->graphs = graphs.items;
    s->n_graphs = graphs.count;
    cJSON_ArrayForEach(axis, axes)
    {
        study_axis *made = &s->axes[s->n_axes++];
        *made = (study_axis){.name = text_of(s, axis, "name"),
                             .is_chosen = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(axis, "chosen")),
                             .is_drawn = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(axis, "drawn"))};
        if (!made->name || !read_texts(s, cJSON_GetObjectItemCaseSensitive(axis, "values"), &made->values))
            return false;
    }
    s->version = text_of(s, json, "dotgrad");
    s->seeds = (int64_t)number_of(json, "seeds");
    s->folds = (int64_t)number_of(json, "folds");
    s->n_rungs = (int)number_of(json, "rungs");
    s->halving = number_of(json, "halving");
    s->budget = number_of(json, "budget_seconds");
    s->limit = number_of(json, "limit_seconds");
    s->threads = (int64_t)number_of(json, "threads");
    s->n_methods = (int)number_of(json, "methods");
    s->n_configurations = (int)number_of(json, "configurations");
    s->by = text_of(s, json, "by");
    s->metric = text_of(s, json, "metric");
    s->target = text_of(s, json, "target");
    s->baseline = text_of(s, json, "baseline");
    s->n_pairs = s->seeds * (s->folds ? s->folds : 1);
    return s->seeds > 0 && s->folds >= 0 && s->threads >= 0 && s->threads <= 1024 && s->n_rungs > 0 &&
           s->n_methods > 0 && s->n_configurations > 0 && s->seeds < 100000 && s->folds < 100000 &&
           read_variants(s, cJSON_GetObjectItemCaseSensitive(json, "variants"));
}

dg_status study_from_manifest(const char *path, const char *folder, study *s)
{
    char *text;
    size_t size;
    *s = (study){0};
    DG_TRY(dg_arena_new(&s->arena));
    DG_TRY(dg_read_file(path, &text, &size));
    cJSON *json = cJSON_Parse(text);
    free(text);
    bool fine = json && read_all(s, json);
    cJSON_Delete(json);
    if (!fine)
        return dg_error(DG_BAD_DATA, "%s: this is not a manifest of a study", path);
    s->folder = dg_arena_text(s->arena, folder, strlen(folder));
    s->rows = calloc((size_t)(s->n_pairs * s->n_variants) + 1, sizeof(cJSON *));
    return s->rows && s->folder ? dg_ok() : dg_no_memory("the study");
}
