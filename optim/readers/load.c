/* Specifications of data sets: found, read, split, filled and scaled. */
#include "core/base/arena.h"
#include "core/base/null.h"
#include "readers.h"

#include <dotgrad/near.h>

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_ONE_HOT 100
#define NAMES_TEXT  400

static bool is_folder(const char *path)
{
    struct stat about;
    return !stat(path, &about) && S_ISDIR(about.st_mode);
}

static bool exists(const char *path)
{
    struct stat about;
    return !stat(path, &about);
}

/* ---- specifications ---- */

static dg_status join_path(dg_arena *arena, const char *folder, const char *name, const char **path)
{
    *path = name;
    if (!folder || *name == '/' || !strcmp(name, "-"))
        return dg_ok();
    size_t size = strlen(folder) + strlen(name) + 2;
    char *joined = dg_arena_alloc(arena, size);
    if (!joined)
        return data_no_memory(name);
    snprintf(joined, size, "%s/%s", folder, name);
    *path = joined;
    return dg_ok();
}

/* "NAME(options)" cut at the bracket `at`: the call, when what stands in the brackets is one. */
static dg_status read_call(dg_arena *arena, const char *spec, const char *at, const char **name, dg_value *call)
{
    char *text = dg_arena_alloc(arena, strlen(at) + 5);
    *name = dg_arena_text(arena, spec, (size_t)(at - spec));
    if (!*name || !text)
        return data_no_memory(spec);
    sprintf(text, "data%s", at);
    return dg_call_parse(arena, text, call);
}

/* A path may have brackets of its own: the options begin at the first bracket before which there is a set or a file. */
static dg_status parse_spec(dg_arena *arena, const char *spec, const char *folder, const char **name, dg_value *call)
{
    char names[NAMES_TEXT];
    size_t length = strlen(spec);
    const char *path, *first = NULL;
    const dg_data_format *format;
    dg_status status;
    *name = spec;
    *call = (dg_value){0};
    if (!*spec || *spec == '(')
        return dg_error(DG_BAD_ARGUMENT, "data: needs a name (%s) or a path", reader_names(names, sizeof names));
    DG_TRY(join_path(arena, folder, spec, &path));
    if (spec[length - 1] != ')' || exists(path))
        return dg_ok();
    for (const char *at = strchr(spec, '('); at; at = strchr(at + 1, '(')) {
        status = read_call(arena, spec, at, name, call);
        if (status.code == DG_NO_MEMORY)
            return status;
        DG_TRY(join_path(arena, folder, *name, &path));
        if (reader_of_name(*name, &format) || exists(path) || !strcmp(*name, "-"))
            return status.code == DG_OK ? status : dg_prefixed(status, "data %s", *name);
        first = first && status.code != DG_OK ? first : at; /* the last that is a call, for the message */
    }
    if (!first)
        return dg_ok();
    status = read_call(arena, spec, first, name, call);
    return status.code == DG_OK ? status : dg_prefixed(status, "data %s", *name);
}

static bool is_path(const dg_value *item)
{
    bool is_text = item->kind == DG_VALUE_NAME || item->kind == DG_VALUE_STRING || item->kind == DG_VALUE_TEXT;
    return is_text && item->s && *item->s && (!item->key || !strcmp(item->key, "path"));
}

static dg_status find_reader(dg_arena *arena, const char *folder, const char *name, const dg_value *call,
                             const data_reader **reader, const dg_data_format **format, const char **path)
{
    char names[NAMES_TEXT];
    *path = name;
    *reader = reader_of_name(name, format);
    bool has_path = *reader && (*reader)->has_path && call->count > 0;
    if (has_path && !is_path(&call->items[0]))
        return dg_error(DG_BAD_ARGUMENT, "data %s: needs a path first: %s('book.txt')", name, name);
    if (*reader && !has_path && (!((*reader)->has_fields || (*reader)->has_path) || call->count > 0))
        return dg_ok();
    DG_TRY(join_path(arena, folder, has_path ? call->items[0].s : name, path));
    if (strcmp(name, "-") != 0 && !exists(*path)) {
        bool word = !has_path && !strpbrk(name, "/.");
        const char *open = strchr(name, '(') && name[strlen(name) - 1] != ')' ? "; its '(' has no ')' at the end" : "";
        const char *near = word ? dg_name_nearest(name, reader_name_at, NULL) : NULL;
        return word ? dg_error(DG_IO, "%s: there is no such data set (%s) and no such file%s%s%s%s", *path,
                               reader_names(names, sizeof names), near ? "; did you mean '" : "", near ? near : "",
                               near ? "'?" : "", open)
                    : dg_error(DG_IO, "%s: there is no such file%s", *path, open);
    }
    if (has_path)
        return is_folder(*path) ? dg_error(DG_BAD_DATA, "%s: this is a folder", *path) : dg_ok();
    const char *ending = strrchr(*path, '.');
    if (ending && (strcmp(ending, ".dot") == 0 || strcmp(ending, ".gv") == 0) && !is_folder(*path))
        return dg_error(DG_BAD_DATA, "%s: this is a graph file, where data are expected", *path);
    *reader = reader_of_path(*path, is_folder(*path), format);
    return *reader ? dg_ok() : dg_error(DG_BAD_DATA, "%s: this is a folder", *path);
}

/* ---- text ---- */

static dg_status convert(const data_reading *reading, iconv_t converter, char **text, size_t *size)
{
    size_t room, left = *size, space;
    char *from = *text;
    if (__builtin_mul_overflow(*size + 1, (size_t)4, &room))
        return data_no_memory(reading->path);
    DG_TRY(budget_take(reading->budget, reading->path, room - *size));
    char *to = malloc(room), *at = to;
    if (!to)
        return data_no_memory(reading->path);
    space = room - 1;
    if (iconv(converter, &from, &left, &at, &space) == (size_t)-1) {
        free(to);
        return dg_error(DG_BAD_DATA, "%s: byte %zu is not %s", reading->path, *size - left + 1,
                        reading->options->encoding);
    }
    *at = '\0';
    free(*text);
    *text = to;
    budget_give(reading->budget, room - (size_t)(at - to));
    *size = (size_t)(at - to);
    return dg_ok();
}

/* Whole text in UTF-8, without a byte order mark. */
dg_status data_read_text(const data_reading *reading, char **text, size_t *size)
{
    const char *encoding = reading->options->encoding;
    DG_TRY(bytes_read(reading->path, reading->options->max_bytes, reading->budget, text, size));
    dg_status status = *size ? dg_ok() : dg_error(DG_BAD_DATA, "%s: the file is empty", reading->path);
    if (encoding && *size) {
        iconv_t converter = iconv_open("UTF-8", encoding);
        status = converter == (iconv_t)-1 ? dg_error(DG_BAD_ARGUMENT, "data %s: encoding=%s: no such encoding is known",
                                                     reading->name, encoding)
                                          : convert(reading, converter, text, size);
        if (converter != (iconv_t)-1)
            iconv_close(converter);
    }
    if (status.code == DG_OK)
        status = text_check(reading->path, *text, *size);
    if (status.code == DG_OK && *size >= 3 && !memcmp(*text, "\xEF\xBB\xBF", 3)) {
        *size -= 3;
        memmove(*text, *text + 3, *size + 1);
    }
    if (status.code != DG_OK) {
        free(*text);
        *text = NULL;
    }
    return status;
}

static dg_status parse_text(const data_reader *reader, const data_reading *reading, char *text, size_t size,
                            dg_data **set)
{
    data_table table;
    data_table_begin(&table, reading->path, reading, text, size);
    dg_status status = reader->parse(&table, reading, text, size);
    if (status.code == DG_OK)
        status = data_table_to_set(&table, reading, set);
    data_table_free(&table);
    return status;
}

static dg_status read_with(const data_reader *reader, const data_reading *reading, const dg_data_format **format,
                           dg_data **set)
{
    char *text;
    size_t size;
    if (reader->read)
        return reader->read(reading, set);
    DG_TRY(data_read_text(reading, &text, &size));
    reader = reader_of_text(reader, text, size, format);
    return parse_text(reader, reading, text, size, set);
}

/* ---- what follows reading ---- */

static dg_status split(const dg_data_options *asked, double test, double usual, dg_data *set)
{
    dg_status status;
    if (asked->fold > 1 && !asked->folds)
        return dg_error(DG_BAD_ARGUMENT, "%s: fold=%lld without folds: give the number of folds", set->source,
                        (long long)asked->fold);
    if (asked->whole || asked->as_in)
        return dg_dataset_split_at(&set->data, set->count);
    if (asked->folds) {
        if (test >= 0)
            return dg_error(DG_BAD_ARGUMENT, "%s: test=%g: with folds, each fold tests in its turn: leave test out",
                            set->source, test);
        status =
            dg_dataset_fold(&set->data, asked->folds, asked->fold ? asked->fold : 1, asked->validation, asked->seed);
    } else if (set->in_order[0]) {
        status = dg_dataset_split_in_order(&set->data, set->in_order[0], set->in_order[1]);
    } else if (set->published) {
        if (test >= 0)
            return dg_error(DG_BAD_ARGUMENT, "%s: test=%g: this set keeps its published split", set->source, test);
        status = dg_dataset_split_at(&set->data, set->published);
        if (status.code == DG_OK && asked->validation > 0)
            status = dg_dataset_take_validation(&set->data, asked->validation, asked->seed);
    } else {
        status = dg_dataset_split(&set->data, test >= 0 ? test : usual, asked->validation, asked->seed);
    }
    return status.code == DG_OK ? status : dg_prefixed(status, "%s", set->source);
}

static dg_status make_one_hot(dg_data *set)
{
    const dg_tensor *target = dg_tensors_find(set->data.fields, "target");
    dg_tensor *one_hot;
    if (!target || target->shape.rank != 1 || set->n_classes < 2 || set->n_classes > MAX_ONE_HOT ||
        dg_tensors_find(set->data.fields, "one_hot"))
        return dg_ok();
    DG_TRY(dg_tensors_add(set->data.fields, "one_hot", DG_FLOAT32, DG_SHAPE(set->count, set->n_classes), &one_hot));
    for (int64_t k = 0; k < set->count; k++) {
        int64_t class = data_class_of(set, dg_tensor_get(target, k));
        if (class >= 0)
            dg_tensor_set(one_hot, k * set->n_classes + class, 1);
    }
    return dg_ok();
}

/* Classes and scaling of training, in place of the set's own. */
static dg_status take_over(const dg_data *like, dg_data *set)
{
    const char **names = like->classes ? data_alloc(set, (size_t)like->n_classes + 1, sizeof *names) : NULL;
    double *labels = like->labels ? data_alloc(set, (size_t)like->n_classes + 1, sizeof *labels) : NULL;
    if ((like->classes && !names) || (like->labels && !labels))
        return data_no_memory(set->source);
    for (int64_t k = 0; names && k < like->n_classes; k++)
        if (!(names[k] = data_text(set, like->classes[k])))
            return data_no_memory(set->source);
    if (labels)
        memcpy(labels, like->labels, (size_t)like->n_classes * sizeof *labels);
    if (names) {
        set->classes = names;
        set->labels = labels;
        set->n_classes = like->n_classes;
        set->has_words = like->has_words;
    }
    if (!like->offset.data)
        return dg_ok();
    DG_TRY(dg_tensor_copy(&set->offset, &like->offset));
    return dg_tensor_copy(&set->divisor, &like->divisor);
}

static dg_status finish(const data_reading *reading, const dg_data_format *format, dg_data *set)
{
    const data_options *options = reading->options;
    if (reading->like)
        DG_TRY(take_over(reading->like, set));
    DG_TRY(make_one_hot(set));
    DG_TRY(split(reading->asked, options->test, format->test, set));
    DG_TRY(data_fill(set));
    if (!reading->asked->as_in && *format->paths) /* not of sets by name, which are known to be as they are */
        DG_TRY(data_tell_columns(set));
    if (!reading->asked->as_in && !reading->asked->whole)
        DG_TRY(data_scaling_fit(set, options->scale ? options->scale : format->scale));
    return data_scale(set);
}

static dg_status load(dg_arena *arena, const char *spec, const dg_data_options *asked, const dg_data *like,
                      dg_data **set)
{
    const char *name, *path;
    dg_value call;
    data_options options;
    data_budget budget = {.limit = asked->memory_limit};
    const data_reader *reader;
    const dg_data_format *format;
    DG_TRY(parse_spec(arena, spec, asked->folder, &name, &call));
    DG_TRY(find_reader(arena, asked->folder, name, &call, &reader, &format, &path));
    DG_TRY(options_read(name, &call, reader->has_path, reader->kinds, reader->has_fields, &options));
    const data_reading reading = {.name = name,
                                  .path = path,
                                  .call = &call,
                                  .options = &options,
                                  .asked = asked,
                                  .like = like,
                                  .budget = &budget};
    DG_TRY(read_with(reader, &reading, &format, set));
    return finish(&reading, format, *set);
}

/* The specification with another path in it: "/d/a.csv(target=y)", "text('/d/a.txt', length=9)". */
static dg_status print_spec(dg_arena *arena, const char *spec, const char *name, const dg_value *call,
                            const data_reader *reader, const char *path, char **printed)
{
    if (!reader->has_path || call->count == 0)
        return asprintf(printed, "%s%s", path, spec + strlen(name)) < 0 ? data_no_memory(spec) : dg_ok();
    dg_value whole = {.kind = DG_VALUE_CALL, .s = name, .count = call->count};
    dg_value *items = dg_arena_alloc(arena, call->count * sizeof *items);
    if (!items)
        return data_no_memory(spec);
    memcpy(items, call->items, call->count * sizeof *items);
    items[0] = (dg_value){.kind = DG_VALUE_STRING, .s = path};
    whole.items = items;
    const char *text = dg_value_print(arena, &whole);
    *printed = text ? strdup(text) : NULL;
    return *printed ? dg_ok() : data_no_memory(spec);
}

dg_status dg_data_path(const char *spec, const char *folder, char **path, char **whole_spec)
{
    dg_arena *arena;
    const char *name = spec, *found = NULL;
    dg_value call = {0};
    const data_reader *reader = NULL;
    const dg_data_format *format;
    REFUSE_NULL(spec);
    REFUSE_NULL(path);
    *path = NULL;
    if (whole_spec)
        *whole_spec = NULL;
    DG_TRY(dg_arena_new(&arena));
    dg_status status = parse_spec(arena, spec, folder, &name, &call);
    if (status.code == DG_OK)
        status = find_reader(arena, folder, name, &call, &reader, &format, &found);
    if (status.code != DG_NO_MEMORY) /* what is wrong is told when the data are opened */
        status = dg_ok();
    bool is_file = found && found != name && exists(found);
    bool is_plain = found && found == name && !reader_of_name(name, &format) && exists(found);
    if ((is_file || is_plain) && !(*path = strdup(found)))
        status = data_no_memory(spec);
    char *real = *path && whole_spec ? realpath(*path, NULL) : NULL;
    if (real && reader)
        status = print_spec(arena, spec, name, &call, reader, real, whole_spec);
    free(real);
    dg_arena_free(arena);
    if (status.code != DG_OK) {
        free(*path);
        *path = NULL;
    }
    return status;
}

dg_status dg_data_open(const char *spec, const dg_data_options *options, dg_data **data)
{
    static const dg_data_options none;
    dg_arena *arena;
    dg_data *like = NULL;
    if (!data || !spec)
        return dg_error(DG_BAD_ARGUMENT, "dg_data_open needs a specification and a place for the data");
    *data = NULL;
    options = options ? options : &none;
    DG_TRY(dg_arena_new(&arena));
    dg_status status = options->as_in ? schema_read(options->as_in, &like) : dg_ok();
    if (status.code == DG_OK)
        status = load(arena, spec, options, like, data);
    if (status.code == DG_OK && arena_failed((*data)->arena))
        status = data_no_memory(spec);
    dg_data_free(like);
    dg_arena_free(arena);
    if (status.code != DG_OK) {
        dg_data_free(*data);
        *data = NULL;
    }
    return status;
}
