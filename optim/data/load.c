/* Specifications of data sets: reading, splitting and scaling. */
#include "data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FASHION_MNIST "/usr/share/datasets/fashion-mnist"
#define DEFAULT_TEST  0.25
#define MAX_CLASSES   1e6
#define MAX_ONE_HOT   100

dg_status data_no_memory(const char *source)
{
    return dg_error(DG_NO_MEMORY, "%s: there is not enough memory for these data", source);
}

dg_status data_set_new(const char *source, data_set **made)
{
    data_set *set = calloc(1, sizeof *set);
    *made = NULL;
    if (!set)
        return data_no_memory(source);
    set->source = strdup(source);
    dg_status status = set->source ? dg_dataset_new(&set->data) : data_no_memory(source);
    if (status.code == DG_OK)
        *made = set;
    else
        data_set_free(set);
    return status;
}

void data_set_free(data_set *set)
{
    if (!set)
        return;
    dg_dataset_release(&set->data);
    for (int64_t k = 0; set->classes && k < set->n_classes; k++)
        free(set->classes[k]);
    free(set->classes);
    free(set->source);
    free(set);
}

int64_t data_count_classes(const dg_tensor *target)
{
    double greatest = -1;
    for (int64_t k = 0; k < dg_tensor_count(target); k++) {
        double value = dg_tensor_get(target, k);
        if (value < 0 || value != floor(value) || value > MAX_CLASSES)
            return 0;
        greatest = fmax(greatest, value);
    }
    return (int64_t)greatest + 1;
}

/* ---- scaling ---- */

void data_scaling_release(data_scaling *scaling)
{
    dg_tensor_release(&scaling->offset);
    dg_tensor_release(&scaling->divisor);
}

static double unit_statistics(const data_set *set, const dg_tensor *features, int64_t first, int64_t width,
                              int64_t stride, double *divisor)
{
    double least = INFINITY, greatest = -INFINITY;
    for (int64_t k = 0; k < set->data.n_train; k++)
        for (int64_t c = 0; c < width; c++) {
            double value = dg_tensor_get(features, set->data.train[k] * stride + first + c);
            least = fmin(least, value);
            greatest = fmax(greatest, value);
        }
    *divisor = greatest - least;
    return least;
}

/* The deviation is that of the population, as in scikit-learn. */
static double standard_statistics(const data_set *set, const dg_tensor *features, int64_t first, int64_t width,
                                  int64_t stride, double *divisor)
{
    double count = (double)set->data.n_train * (double)width, mean = 0, square = 0;
    for (int64_t k = 0; k < set->data.n_train; k++)
        for (int64_t c = 0; c < width; c++)
            mean += dg_tensor_get(features, set->data.train[k] * stride + first + c);
    mean /= count;
    for (int64_t k = 0; k < set->data.n_train; k++)
        for (int64_t c = 0; c < width; c++) {
            double difference = dg_tensor_get(features, set->data.train[k] * stride + first + c) - mean;
            square += difference * difference;
        }
    *divisor = sqrt(square / count);
    return mean;
}

dg_status data_scaling_fit(const data_set *set, const char *kind, data_scaling *scaling)
{
    *scaling = (data_scaling){0};
    if (!strcmp(kind, "none"))
        return dg_ok();
    bool unit = !strcmp(kind, "unit");
    if (!unit && strcmp(kind, "standard"))
        return dg_error(DG_BAD_ARGUMENT, "%s: scale=%s: wants unit, standard or none", set->source, kind);
    const dg_tensor *features = dg_tensors_find(set->data.fields, "features");
    if (!features)
        return dg_error(DG_BAD_ARGUMENT, "%s: scale=%s: there is no field 'features' to scale", set->source, kind);
    int64_t stride = dg_tensor_count(features) / set->count, count = set->is_pixels ? 1 : stride;
    DG_TRY(dg_tensor_make(&scaling->offset, DG_FLOAT64, DG_SHAPE(count)));
    dg_status status = dg_tensor_make(&scaling->divisor, DG_FLOAT64, DG_SHAPE(count));
    for (int64_t k = 0; status.code == DG_OK && k < count; k++) {
        double divisor;
        double offset = (unit ? unit_statistics : standard_statistics)(set, features, k, set->is_pixels ? stride : 1,
                                                                       stride, &divisor);
        dg_tensor_set(&scaling->offset, k, offset);
        dg_tensor_set(&scaling->divisor, k, divisor > 0 ? divisor : 1); /* a constant feature becomes 0 */
    }
    if (status.code != DG_OK)
        data_scaling_release(scaling);
    return status;
}

dg_status data_scale(data_set *set, const data_scaling *scaling)
{
    if (!scaling->offset.data)
        return dg_ok();
    dg_tensor *features = dg_tensors_find(set->data.fields, "features");
    if (!features)
        return dg_error(DG_BAD_DATA, "%s: there is no field 'features'", set->source);
    if (!dg_dtype_is_float(features->dtype)) {
        dg_tensor real;
        DG_TRY(dg_tensor_convert(&real, features, DG_FLOAT64));
        dg_status status = dg_tensors_put(set->data.fields, "features", &real);
        dg_tensor_release(&real);
        DG_TRY(status);
        features = dg_tensors_find(set->data.fields, "features");
    }
    int64_t width = dg_tensor_count(features) / set->count, count = dg_tensor_count(&scaling->offset);
    if (count != 1 && count != width)
        return dg_error(DG_BAD_SHAPE, "%s: the rows have %lld features, but the scaling was made for %lld", set->source,
                        (long long)width, (long long)count);
    for (int64_t k = 0; k < set->count * width; k++) {
        int64_t s = count == 1 ? 0 : k % width;
        dg_tensor_set(features, k,
                      (dg_tensor_get(features, k) - dg_tensor_get(&scaling->offset, s)) /
                          dg_tensor_get(&scaling->divisor, s));
    }
    return dg_ok();
}

/* ---- specifications ---- */

typedef struct data_options {
    const char *scale;
    double test; /* negative: not given */
    const dg_value *target;
    int64_t n;
    double noise; /* negative: not given */
} data_options;

static bool ends_in(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && !strcmp(text + length - end_length, end);
}

static bool exists(const char *path)
{
    struct stat about;
    return !stat(path, &about);
}

static bool is_folder(const char *path)
{
    struct stat about;
    return !stat(path, &about) && S_ISDIR(about.st_mode);
}

/* Where rows come from. */
typedef enum data_source { MADE, VALUES, BUILTIN, FOLDER, TENSORS, TABLE } data_source;

static dg_status read_option(const char *name, const dg_value *value, data_source source, data_options *options)
{
    const char *key = value->key;
    double number = 0;
    bool is_number = dg_value_number(value, &number);
    if (!key)
        return dg_error(DG_BAD_ARGUMENT, "data %s: options are written NAME=VALUE", name);
    if (!strcmp(key, "scale")) {
        bool none = value->kind == DG_VALUE_NONE, word = value->kind == DG_VALUE_NAME || value->kind == DG_VALUE_STRING;
        if (!none && !word)
            return dg_error(DG_BAD_ARGUMENT, "data %s: scale wants unit, standard or none", name);
        options->scale = none ? "none" : value->s;
    } else if (!strcmp(key, "test")) {
        if (!is_number || !(number >= 0 && number < 1))
            return dg_error(DG_BAD_ARGUMENT, "data %s: test wants a fraction of the rows, at least 0 and below 1",
                            name);
        options->test = number;
    } else if (source == TABLE && !strcmp(key, "target")) {
        options->target = value;
    } else if (source == MADE && !strcmp(key, "n")) {
        if (value->kind != DG_VALUE_INT || value->i < 1)
            return dg_error(DG_BAD_ARGUMENT, "data %s: n wants a number of rows, at least 1", name);
        options->n = value->i;
    } else if (source == MADE && !strcmp(key, "noise")) {
        if (!is_number || !(number >= 0 && number < INFINITY))
            return dg_error(DG_BAD_ARGUMENT, "data %s: noise wants a number, at least 0", name);
        options->noise = number;
    } else {
        return dg_error(DG_BAD_ARGUMENT, "data %s: there is no option '%s' here: %s", name, key,
                        source == MADE    ? "scale, test, n, noise"
                        : source == TABLE ? "scale, test, target"
                                          : "scale, test");
    }
    return dg_ok();
}

/* "NAME(options)" taken apart; a name may be a path, so only the options go through the grammar of calls. */
static dg_status parse_spec(dg_arena *arena, const char *spec, const char **name, dg_value *call)
{
    size_t length = strlen(spec);
    const char *bracket = ends_in(spec, ")") && !exists(spec) ? strchr(spec, '(') : NULL;
    *call = (dg_value){0};
    *name = dg_arena_text(arena, spec, bracket ? (size_t)(bracket - spec) : length);
    if (!*name)
        return data_no_memory(spec);
    if (!**name)
        return dg_error(DG_BAD_ARGUMENT, "data: wants a name (" DATA_NAMES ") or a path");
    if (!bracket)
        return dg_ok();
    char *options = dg_arena_alloc(arena, length + 5);
    if (!options)
        return data_no_memory(spec);
    snprintf(options, length + 5, "data%s", bracket);
    dg_status status = dg_call_parse(arena, options, call);
    return status.code == DG_OK ? status : dg_prefixed(status, "data %s", *name);
}

static dg_status find_path(dg_arena *arena, const data_request *request, const char *name, const char **path)
{
    *path = name;
    if (request->folder && *name != '/' && strcmp(name, "-")) {
        size_t size = strlen(request->folder) + strlen(name) + 2;
        char *joined = dg_arena_alloc(arena, size);
        if (!joined)
            return data_no_memory(name);
        snprintf(joined, size, "%s/%s", request->folder, name);
        *path = joined;
    }
    if (!strcmp(name, "-") || exists(*path))
        return dg_ok();
    bool word = !strpbrk(name, "/.");
    return word ? dg_error(DG_IO, "%s: there is no such data set (" DATA_NAMES ") and no such file", *path)
                : dg_error(DG_IO, "%s: there is no such file", *path);
}

/* What `name` is; *path of the last three. */
static dg_status find_source(dg_arena *arena, const data_request *request, const char *name, const dg_value *call,
                             data_source *source, const char **path)
{
    bool named = true;
    *path = FASHION_MNIST;
    if (made_is(name))
        *source = MADE;
    else if (!strcmp(name, "values") && call->count > 0)
        *source = VALUES;
    else if (builtin_is(name))
        *source = BUILTIN;
    else if (!strcmp(name, "fashion-mnist"))
        *source = FOLDER;
    else
        named = false;
    if (named && *source == FOLDER && !exists(FASHION_MNIST))
        return dg_error(DG_IO, "fashion-mnist: " FASHION_MNIST " is missing: install Debian's package "
                               "dataset-fashion-mnist");
    if (named)
        return dg_ok();
    DG_TRY(find_path(arena, request, name, path));
    *source = is_folder(*path) ? FOLDER : ends_in(*path, ".safetensors") ? TENSORS : TABLE;
    if (*source == TABLE && (ends_in(*path, ".npz") || ends_in(*path, ".npy")))
        return dg_error(DG_BAD_DATA, "%s: NumPy's files are not read: save the arrays as .safetensors or CSV", *path);
    return dg_ok();
}

static void set_defaults(data_source source, const char *name, data_options *options)
{
    bool noisy = !strcmp(name, "moons") || !strcmp(name, "sinc");
    if (!options->scale)
        options->scale = source == FOLDER ? "unit" : source == BUILTIN || source == TABLE ? "standard" : "none";
    if (options->test < 0 && ((source == MADE && !noisy) || source == VALUES))
        options->test = 0;
}

static dg_status read_named(dg_arena *arena, const data_request *request, const char *name, const dg_value *call,
                            data_options *options, data_set **set)
{
    const char *path;
    data_source source;
    DG_TRY(find_source(arena, request, name, call, &source, &path));
    for (size_t k = 0; k < call->count; k++)
        if (source != VALUES || call->items[k].kind != DG_VALUE_LIST || !call->items[k].key)
            DG_TRY(read_option(name, &call->items[k], source, options));
    set_defaults(source, name, options);
    const csv_options reading = {options->target, request->n_features, request->classes, request->n_classes};
    switch (source) {
    case MADE:
        return made_make(name, options->n, options->noise, request->seed, set);
    case VALUES:
        DG_TRY(data_set_new(name, set));
        return values_take(call, *set);
    case BUILTIN:
        return builtin_read(name, set);
    case FOLDER:
        return idx_read(path, set);
    case TENSORS:
        return tensors_read(path, set);
    case TABLE:
        break;
    }
    return csv_read(path, &reading, set);
}

static dg_status split(const data_request *request, double test, data_set *set)
{
    dg_status status;
    if (request->whole)
        return dg_dataset_split_at(&set->data, set->count);
    if (set->published) {
        if (test >= 0)
            return dg_error(DG_BAD_ARGUMENT, "%s: test=%g: this set keeps its published split", set->source, test);
        status = dg_dataset_split_at(&set->data, set->published);
        if (status.code == DG_OK && request->validation > 0)
            status = dg_dataset_take_validation(&set->data, request->validation, request->seed);
    } else {
        status = dg_dataset_split(&set->data, test >= 0 ? test : DEFAULT_TEST, request->validation, request->seed);
    }
    return status.code == DG_OK ? status : dg_prefixed(status, "%s", set->source);
}

static dg_status add_one_hot(data_set *set)
{
    const dg_tensor *target = dg_tensors_find(set->data.fields, "target");
    dg_tensor *one_hot;
    if (!target || target->shape.rank != 1 || set->n_classes < 2 || set->n_classes > MAX_ONE_HOT ||
        dg_tensors_find(set->data.fields, "one_hot"))
        return dg_ok();
    DG_TRY(dg_tensors_add(set->data.fields, "one_hot", DG_FLOAT32, DG_SHAPE(set->count, set->n_classes), &one_hot));
    for (int64_t k = 0; k < set->count; k++)
        dg_tensor_set(one_hot, k * set->n_classes + (int64_t)dg_tensor_get(target, k), 1);
    return dg_ok();
}

static dg_status load(dg_arena *arena, const data_request *request, data_set **set, data_scaling *scaling)
{
    data_options options = {.test = -1, .noise = -1};
    data_scaling fitted = {0};
    const char *name;
    dg_value call;
    DG_TRY(parse_spec(arena, request->spec, &name, &call));
    DG_TRY(read_named(arena, request, name, &call, &options, set));
    DG_TRY(add_one_hot(*set));
    DG_TRY(split(request, options.test, *set));
    if (request->whole)
        return dg_ok();
    DG_TRY(data_scaling_fit(*set, options.scale, &fitted));
    dg_status status = data_scale(*set, &fitted);
    if (scaling && status.code == DG_OK)
        *scaling = fitted;
    else
        data_scaling_release(&fitted);
    return status;
}

dg_status data_load(const data_request *request, data_set **set, data_scaling *scaling)
{
    dg_arena *arena;
    *set = NULL;
    if (scaling)
        *scaling = (data_scaling){0};
    DG_TRY(dg_arena_new(&arena));
    dg_status status = load(arena, request, set, scaling);
    dg_arena_free(arena);
    if (status.code != DG_OK) {
        data_set_free(*set);
        *set = NULL;
    }
    return status;
}
