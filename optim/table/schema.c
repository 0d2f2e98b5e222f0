/* The columns of a set in a checkpoint: kept as notes and tensors, read again, and met by the columns of another file.
 */
#include "columns.h"
#include "core/base/arena.h"
#include "core/base/null.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_COLUMNS  "data.columns"
#define NOTE_CLASSES  "data.classes"
#define NOTE_WORDS    "data.words"
#define NOTE_TEXT     "data.text"
#define TENSOR_OFFSET "data.offset"
#define TENSOR_SCALE  "data.divisor"
#define TENSOR_LABELS "data.labels"

static const char *const uses[] = {"feature", "target", "left out"}; /* in the order of dg_column_use */

/* ---- keeping ---- */

static bool add_words(cJSON *object, const char *key, const char *const *words, int64_t count)
{
    cJSON *list = cJSON_AddArrayToObject(object, key);
    for (int64_t k = 0; list && k < count; k++) {
        cJSON *word = cJSON_CreateString(words[k]);
        if (!word || !cJSON_AddItemToArray(list, word))
            return false;
    }
    return list != NULL;
}

static bool add_column(cJSON *list, const data_column *column)
{
    cJSON *object = cJSON_CreateObject();
    if (!object || !cJSON_AddItemToArray(list, object))
        return false;
    bool fine = cJSON_AddStringToObject(object, "name", column->is.name) &&
                cJSON_AddStringToObject(object, "use", uses[column->is.use]) &&
                cJSON_AddNumberToObject(object, "first", (double)column->is.first) &&
                cJSON_AddNumberToObject(object, "width", (double)column->is.width) &&
                cJSON_AddNumberToObject(object, "style", (double)column->style);
    if (fine && column->is.n_words)
        fine = add_words(object, "words", column->is.words, column->is.n_words);
    return fine && (isnan(column->is.fill) || cJSON_AddNumberToObject(object, "fill", column->is.fill));
}

static cJSON *print_columns(const dg_data *data)
{
    cJSON *whole = cJSON_CreateObject(), *list = NULL;
    bool fine = whole && cJSON_AddBoolToObject(whole, "named", data->has_names) &&
                cJSON_AddStringToObject(whole, "fill", data->fill) &&
                add_words(whole, "missing", data->missing, data->n_missing) &&
                cJSON_AddNumberToObject(whole, "features", (double)data->n_features) &&
                (list = cJSON_AddArrayToObject(whole, "columns"));
    for (int64_t k = 0; fine && k < data->n_columns; k++)
        fine = add_column(list, &data->columns[k]);
    if (fine)
        return whole;
    cJSON_Delete(whole);
    return NULL;
}

/* Puts the text of `json` as a note and frees it. */
static dg_status put_json(const dg_data *data, dg_tensors *checkpoint, const char *key, cJSON *json)
{
    char *text = json ? cJSON_PrintUnformatted(json) : NULL;
    dg_status status = text ? dg_tensors_set_note(checkpoint, key, text) : data_no_memory(data->source);
    cJSON_free(text);
    cJSON_Delete(json);
    return status;
}

dg_status dg_data_keep(const dg_data *data, dg_tensors *checkpoint)
{
    REFUSE_NULL(data);
    REFUSE_NULL(checkpoint);
    if (data->n_columns)
        DG_TRY(put_json(data, checkpoint, NOTE_COLUMNS, print_columns(data)));
    if (data->classes)
        DG_TRY(put_json(data, checkpoint, NOTE_CLASSES, cJSON_CreateStringArray(data->classes, (int)data->n_classes)));
    if (data->classes && data->has_words)
        DG_TRY(dg_tensors_set_note(checkpoint, NOTE_WORDS, "true"));
    if (data->is_text)
        DG_TRY(dg_tensors_set_note(checkpoint, NOTE_TEXT, "true"));
    if (data->labels) {
        const dg_tensor labels = dg_tensor_view(DG_FLOAT64, DG_SHAPE(data->n_classes), data->labels);
        DG_TRY(dg_tensors_put(checkpoint, TENSOR_LABELS, &labels));
    }
    if (!data->offset.data)
        return dg_ok();
    DG_TRY(dg_tensors_put(checkpoint, TENSOR_OFFSET, &data->offset));
    return dg_tensors_put(checkpoint, TENSOR_SCALE, &data->divisor);
}

/* ---- reading again ---- */

static dg_status not_taken(const dg_data *set, const char *key)
{
    if (arena_failed(set->arena))
        return data_no_memory(set->source);
    return dg_error(DG_BAD_DATA, "the checkpoint's '%s' is damaged", key);
}

/* A list of texts into the set's arena. */
static bool take_words(dg_data *set, const cJSON *list, const char *const **words, int64_t *count)
{
    int size = cJSON_GetArraySize(list), k = 0;
    const char **copies = data_alloc(set, (size_t)size + 1, sizeof *copies);
    const cJSON *item;
    if (!cJSON_IsArray(list) || !copies)
        return false;
    cJSON_ArrayForEach(item, list)
    {
        const char *word = cJSON_GetStringValue(item);
        if (!word || !(copies[k++] = data_text(set, word)))
            return false;
    }
    *words = copies;
    *count = size;
    return true;
}

static bool take_count(const cJSON *object, const char *key, int64_t limit, int64_t *count)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) || item->valuedouble > (double)limit ||
        item->valuedouble != floor(item->valuedouble))
        return false;
    *count = (int64_t)item->valuedouble;
    return true;
}

static bool take_column(dg_data *set, const cJSON *object, data_column *column)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "name"));
    const char *use = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "use"));
    const cJSON *words = cJSON_GetObjectItemCaseSensitive(object, "words");
    const cJSON *fill = cJSON_GetObjectItemCaseSensitive(object, "fill");
    int64_t style;
    int known = 0;
    while (use && known < 3 && strcmp(use, uses[known]) != 0)
        known++;
    if (!name || !use || known == 3 || !take_count(object, "first", INT32_MAX, &column->is.first) ||
        !take_count(object, "width", INT32_MAX, &column->is.width) ||
        !take_count(object, "style", NUMBER_STYLES - 1, &style) || (fill && !cJSON_IsNumber(fill)))
        return false;
    column->is.name = data_text(set, name);
    column->is.use = (dg_column_use)known;
    column->is.fill = fill ? fill->valuedouble : NAN;
    column->style = (number_style)style;
    if (words && !take_words(set, words, &column->is.words, &column->is.n_words))
        return false;
    int64_t limit = known == DG_COLUMN_TARGET ? set->n_columns : set->n_features;
    bool fits = column->is.first + column->is.width <= limit;
    bool wide = known != DG_COLUMN_FEATURE || column->is.width == (words ? column->is.n_words : 1);
    return column->is.name && (known == DG_COLUMN_LEFT_OUT || (fits && wide && column->is.width > 0));
}

static bool take_columns(dg_data *set, const cJSON *whole)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(whole, "columns"), *item;
    const char *fill = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(whole, "fill"));
    int64_t k = 0;
    if (!cJSON_IsArray(list) || !fill || !take_count(whole, "features", INT32_MAX, &set->n_features) ||
        !take_words(set, cJSON_GetObjectItemCaseSensitive(whole, "missing"), &set->missing, &set->n_missing))
        return false;
    set->has_names = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(whole, "named"));
    set->n_columns = cJSON_GetArraySize(list);
    set->fill = data_text(set, fill);
    set->columns = data_alloc(set, (size_t)set->n_columns + 1, sizeof *set->columns);
    if (!set->fill || !set->columns)
        return false;
    cJSON_ArrayForEach(item, list)
    {
        if (!take_column(set, item, &set->columns[k++]))
            return false;
    }
    return true;
}

static bool all_finite(const dg_tensor *numbers)
{
    for (int64_t i = 0; i < dg_tensor_count(numbers); i++)
        if (!isfinite(dg_tensor_get(numbers, i)))
            return false;
    return true;
}

static dg_status take_scaling(const dg_tensors *checkpoint, dg_data *set)
{
    const dg_tensor *offset = dg_tensors_find(checkpoint, TENSOR_OFFSET);
    const dg_tensor *divisor = dg_tensors_find(checkpoint, TENSOR_SCALE);
    if (!offset && !divisor)
        return dg_ok();
    if (!offset || !divisor || offset->dtype != DG_FLOAT64 || divisor->dtype != DG_FLOAT64 || offset->shape.rank != 1 ||
        !dg_shape_equal(&offset->shape, &divisor->shape) || offset->shape.dims[0] < 1 || !all_finite(offset) ||
        !all_finite(divisor))
        return dg_error(DG_BAD_DATA, "the checkpoint's scaling (" TENSOR_OFFSET ", " TENSOR_SCALE ") is damaged");
    DG_TRY(dg_tensor_copy(&set->offset, offset));
    return dg_tensor_copy(&set->divisor, divisor);
}

static dg_status take_classes(const dg_tensors *checkpoint, dg_data *set)
{
    const char *text = dg_tensors_note(checkpoint, NOTE_CLASSES);
    const dg_tensor *labels = dg_tensors_find(checkpoint, TENSOR_LABELS);
    if (!text)
        return dg_ok();
    cJSON *json = cJSON_Parse(text);
    bool fine = take_words(set, json, &set->classes, &set->n_classes);
    cJSON_Delete(json);
    set->has_words = dg_tensors_note(checkpoint, NOTE_WORDS) != NULL;
    set->is_text = dg_tensors_note(checkpoint, NOTE_TEXT) != NULL;
    if (!fine ||
        (labels && (labels->dtype != DG_FLOAT64 || dg_tensor_count(labels) != set->n_classes || !all_finite(labels))))
        return not_taken(set, NOTE_CLASSES);
    double *copy = labels ? data_alloc(set, (size_t)set->n_classes, sizeof *copy) : NULL;
    if (labels && !copy)
        return data_no_memory(set->source);
    if (copy)
        memcpy(copy, labels->data, (size_t)set->n_classes * sizeof *copy);
    set->labels = copy;
    return dg_ok();
}

static dg_status read_all(const dg_tensors *checkpoint, dg_data *set)
{
    const char *text = dg_tensors_note(checkpoint, NOTE_COLUMNS);
    DG_TRY(take_scaling(checkpoint, set));
    DG_TRY(take_classes(checkpoint, set));
    if (!text)
        return dg_ok();
    cJSON *json = cJSON_Parse(text);
    bool fine = take_columns(set, json);
    cJSON_Delete(json);
    return fine ? dg_ok() : not_taken(set, NOTE_COLUMNS);
}

dg_status schema_read(const dg_tensors *checkpoint, dg_data **like)
{
    dg_data *set;
    *like = NULL;
    DG_TRY(data_set_new("the checkpoint", &set));
    dg_status status = read_all(checkpoint, set);
    if (status.code == DG_OK)
        *like = set;
    else
        dg_data_free(set);
    return status;
}

bool dg_data_kept_text(const dg_tensors *checkpoint)
{
    return checkpoint && dg_tensors_note(checkpoint, NOTE_TEXT) != NULL;
}

static dg_status copy_classes(const dg_data *like, char ***classes, int64_t *count)
{
    if (!like->classes)
        return dg_ok();
    char **copies = calloc((size_t)like->n_classes + 1, sizeof *copies);
    bool fine = copies != NULL;
    for (int64_t k = 0; fine && k < like->n_classes; k++)
        fine = (copies[k] = strdup(like->classes[k])) != NULL;
    *classes = copies;
    *count = like->n_classes;
    return fine ? dg_ok() : data_no_memory(like->source);
}

dg_status dg_data_kept_classes(const dg_tensors *checkpoint, char ***classes, int64_t *count)
{
    dg_data *like;
    REFUSE_NULL(checkpoint);
    REFUSE_NULL(classes);
    REFUSE_NULL(count);
    *classes = NULL;
    *count = 0;
    DG_TRY(schema_read(checkpoint, &like));
    dg_status status = copy_classes(like, classes, count);
    dg_data_free(like);
    return status;
}

/* ---- the same data again ---- */

static bool same_words(const char *const *a, int64_t n_a, const char *const *b, int64_t n_b)
{
    bool same = n_a == n_b;
    for (int64_t k = 0; same && k < n_a; k++)
        same = strcmp(a[k], b[k]) == 0;
    return same;
}

static bool same_column(const data_column *a, const data_column *b)
{
    return strcmp(a->is.name, b->is.name) == 0 && a->is.use == b->is.use && a->is.first == b->is.first &&
           a->is.width == b->is.width && a->style == b->style &&
           same_words(a->is.words, a->is.n_words, b->is.words, b->is.n_words);
}

static dg_status compare_columns(const dg_data *kept, const dg_data *now)
{
    if (kept->n_columns != now->n_columns)
        return dg_error(DG_BAD_ARGUMENT, "the checkpoint was made with %lld columns, %s has %lld",
                        (long long)kept->n_columns, now->source, (long long)now->n_columns);
    for (int64_t k = 0; k < now->n_columns; k++)
        if (!same_column(&kept->columns[k], &now->columns[k]))
            return dg_error(DG_BAD_ARGUMENT, "the checkpoint was made with another column %lld: '%s', in %s '%s'%s",
                            (long long)k + 1, kept->columns[k].is.name, now->source, now->columns[k].is.name,
                            strcmp(kept->columns[k].is.name, now->columns[k].is.name) ? "" : " with other cells");
    return dg_ok();
}

/* What dg_data_keep() would have written. */
static dg_status has_notes_of(const dg_data *data, const dg_tensors *checkpoint)
{
    const char *missing = data->n_columns && !dg_tensors_note(checkpoint, NOTE_COLUMNS) ? NOTE_COLUMNS
                          : data->classes && !dg_tensors_note(checkpoint, NOTE_CLASSES) ? NOTE_CLASSES
                                                                                        : NULL;
    return missing ? dg_error(DG_BAD_DATA,
                              "the checkpoint has no '%s': whether it was made with the columns and classes of %s "
                              "cannot be told",
                              missing, data->source)
                   : dg_ok();
}

dg_status dg_data_check_kept(const dg_data *data, const dg_tensors *checkpoint)
{
    dg_data *kept;
    REFUSE_NULL(data);
    REFUSE_NULL(checkpoint);
    DG_TRY(schema_read(checkpoint, &kept));
    dg_status status = has_notes_of(data, checkpoint);
    if (status.code == DG_OK && dg_tensors_note(checkpoint, NOTE_COLUMNS))
        status = compare_columns(kept, data);
    if (status.code == DG_OK && dg_tensors_note(checkpoint, NOTE_CLASSES) &&
        !same_words(kept->classes, kept->n_classes, data->classes, data->classes ? data->n_classes : 0))
        status = dg_error(DG_BAD_ARGUMENT, "the checkpoint was made with other classes than %s has", data->source);
    dg_data_free(kept);
    return status;
}

/* ---- the columns of another file ---- */

static dg_status copy_schema(const dg_data *like, dg_data *set)
{
    set->n_columns = like->n_columns;
    set->n_features = like->n_features;
    set->has_names = like->has_names;
    set->columns = data_alloc(set, (size_t)like->n_columns + 1, sizeof *set->columns);
    if (!set->columns)
        return data_no_memory(set->source);
    /* Texts stay those of `like`, which is kept as long as the set is being read: copied here for later. */
    for (int64_t k = 0; k < like->n_columns; k++) {
        const data_column *from = &like->columns[k];
        const char **words = data_alloc(set, (size_t)from->is.n_words + 1, sizeof *words);
        set->columns[k] = *from;
        set->columns[k].is.name = data_text(set, from->is.name);
        for (int64_t w = 0; words && w < from->is.n_words; w++)
            if (!(words[w] = data_text(set, from->is.words[w])))
                return data_no_memory(set->source);
        if (!words || !set->columns[k].is.name)
            return data_no_memory(set->source);
        set->columns[k].is.words = from->is.n_words ? words : NULL;
    }
    const char **missing = data_alloc(set, (size_t)like->n_missing + 1, sizeof *missing);
    set->fill = data_text(set, like->fill);
    for (int64_t k = 0; missing && k < like->n_missing; k++)
        if (!(missing[k] = data_text(set, like->missing[k])))
            return data_no_memory(set->source);
    set->missing = missing;
    set->n_missing = like->n_missing;
    return missing && set->fill ? dg_ok() : data_no_memory(set->source);
}

static dg_status other_columns(const dg_data *set, short_list *missing, short_list *unseen)
{
    bool both = missing->count && unseen->count;
    return dg_error(DG_BAD_DATA, "%s: the columns are not those of training: missing here: %s%s%s", set->source,
                    short_list_text(missing), both ? "; not seen in training: " : "",
                    both ? short_list_text(unseen) : "");
}

static dg_status match_names(const data_table *table, dg_data *set, int64_t *places)
{
    short_list missing = {0}, unseen = {0};
    word_index index = {0};
    bool *used = data_alloc(set, (size_t)table->n_columns, sizeof *used);
    const char **names = data_alloc(set, (size_t)table->n_columns, sizeof *names);
    if (!used || !names)
        return data_no_memory(set->source);
    for (int64_t k = 0; k < table->n_columns; k++)
        names[k] = table->columns[k].name;
    DG_TRY(word_index_make(names, table->n_columns, set->source, &index));
    for (int64_t k = 0; k < set->n_columns; k++) {
        const dg_column *column = &set->columns[k].is;
        /* in most files a column stands where it stood in training; those without names are told by that alone */
        bool is_there = k < table->n_columns && !used[k] && !strcmp(names[k], column->name);
        places[k] = is_there ? k : word_index_find(&index, column->name);
        if (places[k] >= 0 && used[places[k]])
            places[k] = -1;
        if (places[k] >= 0)
            used[places[k]] = true;
        else if (column->use == DG_COLUMN_FEATURE)
            short_list_add(&missing, "'%s'", column->name);
    }
    word_index_free(&index);
    for (int64_t place = 0; place < table->n_columns; place++)
        if (!used[place])
            short_list_add(&unseen, "'%s'", names[place]);
    if (missing.count)
        return other_columns(set, &missing, &unseen);
    return unseen.count ? data_notice(set, "columns that training had not are not read: %s", short_list_text(&unseen))
                        : dg_ok();
}

/* By place: all columns of training, those without the target, or the features alone. */
static dg_status match_places(const data_table *table, dg_data *set, int64_t *places)
{
    int64_t counts[3] = {0}, n = table->n_columns, next = 0;
    for (int64_t k = 0; k < set->n_columns; k++)
        counts[set->columns[k].is.use]++;
    bool all = n == set->n_columns, no_target = !all && n == set->n_columns - counts[DG_COLUMN_TARGET];
    if (!all && !no_target && n != counts[DG_COLUMN_FEATURE])
        return dg_error(DG_BAD_DATA,
                        "%s: the file has %lld column(s), but training had %lld, of which %lld are feature(s)",
                        set->source, (long long)n, (long long)set->n_columns, (long long)counts[DG_COLUMN_FEATURE]);
    for (int64_t k = 0; k < set->n_columns; k++) {
        dg_column_use use = set->columns[k].is.use;
        bool here = all || use == DG_COLUMN_FEATURE || (no_target && use == DG_COLUMN_LEFT_OUT);
        places[k] = here ? next++ : -1;
    }
    if (set->has_names == table->has_names)
        return dg_ok();
    return data_notice(set, "%s had no header: columns are taken by their place",
                       set->has_names ? "the file" : "training");
}

dg_status schema_match(const data_table *table, const data_reading *reading, dg_data *set, int64_t *places)
{
    DG_TRY(copy_schema(reading->like, set));
    if (set->has_names && table->has_names)
        return match_names(table, set, places);
    return match_places(table, set, places);
}
