/* Sizes from data: ROWS, FEATURES, CLASSES and VOCAB in the calls of nodes become numbers before anything is built, in
 * the document itself, so that drawing, checkpoint and resume follow. The graph's attribute `sizes` keeps them for the
 * files that it uses. */
#include "sizes.h"

#include "core/base/null.h"
#include "core/base/plain.h"
#include "library.h"
#include "optim/document/document.h"
#include "optim/document/settings.h"

#include <dotgrad/near.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- names in calls ---- */

static size_t word_length(const char *text)
{
    size_t length = 0;
    while (isalnum((unsigned char)text[length]) || text[length] == '_' || text[length] == '.')
        length++;
    return length;
}

/* Where the text goes on behind a word, a quoted text or a character. */
static const char *behind(const char *at)
{
    size_t length = word_length(at);
    if (*at == '\'')
        length = 1 + strcspn(at + 1, "'") + (strchr(at + 1, '\'') != NULL);
    return at + (length ? length : 1);
}

/* Whether that word is a size: no keyword (CLASSES=3), no call. */
static bool is_size(const char *at, const char *name)
{
    size_t length = word_length(at);
    const char *next = at + length + strspn(at + length, " ");
    return length == strlen(name) && strncmp(at, name, length) == 0 && *next != '(' && (*next != '=' || next[1] == '=');
}

static bool mentions(const char *text, const char *name)
{
    while (*text && !is_size(text, name))
        text = behind(text);
    return *text;
}

static const char *op_of(const dg_file_node *node)
{
    const char *op = dg_file_attribute_find(&node->attributes, "op");
    return op ? op : "";
}

/* The size of data whose name this one nearly is; NULL: none, or it is one. */
static const char *size_near(const char *word)
{
    const char *near = NULL;
    const dg_data_size *size;
    for (size_t k = 0; isupper((unsigned char)*word) && (size = dg_data_size_at(k)); k++) {
        if (strcmp(word, size->name) == 0)
            return NULL;
        if (dg_name_is_near(word, size->name))
            near = size->name;
    }
    return near;
}

dg_status data_sizes_hint(const dg_graph_file *file, dg_status status)
{
    char word[40];
    for (int k = 0; status.code != DG_OK && k < file->n_nodes; k++)
        for (const char *at = op_of(&file->nodes[k]); *at; at = behind(at)) {
            snprintf(word, sizeof word, "%.*s", (int)word_length(at), at);
            const char *near = size_near(word), *said = near ? strstr(status.message, word) : NULL;
            if (said && word_length(said) == strlen(word))
                return dg_error(status.code, "%s (did you mean %s, a size of the data?)", status.message, near);
        }
    return status;
}

static bool is_input(const dg_file_node *node)
{
    char name[64];
    const char *op = op_of(node);
    snprintf(name, sizeof name, "%.*s", (int)word_length(op), op);
    const dg_op *known = dg_op_find(name);
    return known && known->role == DG_ROLE_INPUT;
}

static dg_status put(dg_graph_file *file, dg_file_attribute *op, const char *name, int64_t size)
{
    char *made = NULL;
    size_t length;
    const char *written = op->written ? op->written : op->value;
    FILE *out = open_memstream(&made, &length);
    if (!out)
        return document_no_memory(file);
    for (const char *at = op->value, *next; *at; at = next) {
        next = behind(at);
        if (is_size(at, name))
            fprintf(out, "%lld", (long long)size);
        else
            fwrite(at, 1, (size_t)(next - at), out);
    }
    dg_status status = fclose(out) == 0 ? document_set_computed(file, op, made) : document_no_memory(file);
    op->written = written;
    free(made);
    return status;
}

/* ---- where they come from ---- */

static const char *folder_of(const dg_graph_file *file)
{
    const char *slash = strrchr(file->path, '/');
    return slash ? dg_arena_text(file->arena, file->path, (size_t)(slash - file->path) + (slash == file->path)) : NULL;
}

static dg_status check_data_path(const dg_graph_file *file, const char *folder, const char *data)
{
    char *path;
    dg_status status = dg_data_path(data, folder, &path, NULL);
    if (status.code == DG_OK && path)
        status = dg_graph_file_check_path(file, path);
    free(path);
    return dg_prefixed(status, "%s: data", file->path);
}

static int64_t number_said(const dg_graph_file *file, const char *name, int64_t usual)
{
    const char *text = dg_graph_file_setting(file, name);
    return text ? strtoll(text, NULL, 10) : usual;
}

/* As the graph's attributes say; reading has checked their forms. */
static dg_data_options options_of(const dg_graph_file *file)
{
    const char *limit = dg_graph_file_setting(file, "memory_limit");
    const char *validation = dg_graph_file_setting(file, "validation");
    dg_data_options options = {.seed = (uint64_t)number_said(file, "split_seed", number_said(file, "seed", 0)),
                               .validation = validation ? plain_number(validation, NULL) : 0,
                               .folds = number_said(file, "folds", 0),
                               .fold = number_said(file, "fold", 0)};
    if (limit)
        dg_bytes_parse(limit, &options.memory_limit);
    return options;
}

dg_status dg_graph_file_open_data(const dg_graph_file *file, const dg_data_options *options, dg_data **data)
{
    REFUSE_NULL(file);
    REFUSE_NULL(data);
    const char *spec = dg_graph_file_setting(file, "data");
    dg_data_options all = options ? *options : options_of(file);
    *data = NULL;
    if (!spec || strcmp(spec, "none") == 0)
        return dg_ok();
    all.folder = all.folder ? all.folder : folder_of(file);
    dg_status status = check_data_path(file, all.folder, spec);
    if (status.code == DG_OK)
        status = dg_data_open(spec, &all, data);
    return document_names(file, status) ? status : dg_graph_file_error(file, document_line(file, "data"), status);
}

/* CLASSES=3, ROWS=112 of the attribute `sizes`; 0: it does not say. */
static int64_t size_said(const dg_graph_file *top, const char *name)
{
    const char *text = dg_graph_file_setting(top, "sizes");
    for (const char *at = text ? text : ""; *at; at = behind(at)) {
        size_t length = word_length(at), gap = strspn(at + length, " ");
        if (length == strlen(name) && strncmp(at, name, length) == 0 && at[length + gap] == '=')
            return strtoll(at + length + gap + 1, NULL, 10);
    }
    return 0;
}

static int64_t size_given(const dg_graph_read_options *options, const char *name)
{
    for (int k = 0; k < options->n_sizes; k++)
        if (strcmp(options->sizes[k].symbol, name) == 0)
            return options->sizes[k].size;
    return 0;
}

static dg_status note(dg_graph_file *top, const char *name, int64_t size)
{
    const char *before = dg_graph_file_setting(top, "sizes");
    char *text;
    if (asprintf(&text, "%s%s%s=%lld", before ? before : "", before ? ", " : "", name, (long long)size) < 0)
        return document_no_memory(top);
    const char *written = before ? before : "";
    for (size_t k = 0; k < top->attributes.count; k++)
        if (strcmp(top->attributes.items[k].name, "sizes") == 0 && top->attributes.items[k].written)
            written = top->attributes.items[k].written;
    dg_status status = document_set(top, "sizes", text);
    if (status.code == DG_OK)
        document_note_written(top, "sizes", written);
    free(text);
    return status;
}

/* ---- the whole ---- */

enum { MOST_SIZES = 8 };

typedef struct wanted_size {
    const char *name;
    int64_t value; /* 0: not known */
} wanted_size;

bool data_size_is_given(const dg_value *argument)
{
    bool is_given = false;
    for (size_t k = 0; argument->key && dg_data_size_at(k); k++)
        is_given |= strcmp(argument->key, dg_data_size_at(k)->name) == 0;
    return is_given;
}

/* Whether the file itself says what the name stands for: use() gives it, or an input of the file has it. */
static bool is_own(const dg_graph_file *file, const dg_value *call, const char *name)
{
    bool own = false;
    for (size_t k = 0; call && k < call->count; k++)
        own |= call->items[k].key && strcmp(call->items[k].key, name) == 0;
    for (int k = 0; call && k < file->n_nodes; k++)
        own |= is_input(&file->nodes[k]) && mentions(op_of(&file->nodes[k]), name);
    return own;
}

/* The first node that reads the size, before others one that is no input. NULL: none. */
static const dg_file_node *reader_of(const dg_graph_file *file, const char *name)
{
    const dg_file_node *reader = NULL;
    for (int k = 0; k < file->n_nodes; k++)
        if (mentions(op_of(&file->nodes[k]), name) && (!reader || is_input(reader)))
            reader = &file->nodes[k];
    return reader;
}

static int find_wanted(const dg_graph_file *file, const dg_value *call, wanted_size sizes[MOST_SIZES])
{
    int count = 0;
    for (size_t k = 0; dg_data_size_at(k) && count < MOST_SIZES; k++) {
        const char *name = dg_data_size_at(k)->name;
        if (reader_of(file, name) && !is_own(file, call, name))
            sizes[count++] = (wanted_size){.name = name};
    }
    return count;
}

static dg_status no_size(const dg_graph_file *file, const char *name, const char *source)
{
    const dg_file_node *reader = reader_of(file, name);
    const char *what = source ? source
                       : strcmp(name, "CLASSES") == 0
                           ? "the target of the data is not classes, or there is none (target=… chooses its column)"
                       : strcmp(name, "VOCAB") == 0
                           ? "the features of the data are not tokens, whole numbers from 0 on "
                             "(scale=none leaves them as they are)"
                           : "the data have no field 'features'";
    return dg_graph_file_error(
        file, reader->line,
        dg_error(DG_BAD_ARGUMENT,
                 "node '%s', op=\"%.60s\" needs %s from data: %s; the graph's attribute sizes=\"%s=10\" gives it, too",
                 reader->name, op_of(reader), name, what, name));
}

/* From the data, opened once for all. */
static dg_status ask_data(dg_graph_file *top, const dg_graph_file *file, const dg_graph_read_options *options,
                          wanted_size *sizes, int count)
{
    const dg_data *data = options->data;
    dg_data *own = NULL;
    if (!data && options->find_data) {
        DG_TRY(options->find_data(options->find_argument, top, &data));
    } else if (!data) {
        DG_TRY(dg_graph_file_open_data(top, NULL, &own));
        data = own;
    }
    dg_status status = dg_ok();
    for (int k = 0; k < count && status.code == DG_OK; k++) {
        if (sizes[k].value || (!data && is_input(reader_of(file, sizes[k].name)))) /* a symbol */
            continue;
        sizes[k].value = dg_data_size_of(data, sizes[k].name);
        if (!sizes[k].value)
            status = no_size(file, sizes[k].name,
                             data ? NULL
                                  : "there are none: give --set data=… (.data in C; train has --data), or give the "
                                    "graph the attribute data");
    }
    dg_data_free(own);
    return status;
}

dg_status data_sizes_put(dg_graph_file *top, dg_graph_file *file, const dg_graph_read_options *options,
                         const dg_value *call)
{
    wanted_size sizes[MOST_SIZES];
    int count = find_wanted(file, call, sizes);
    bool is_complete = true;
    for (int k = 0; k < count; k++) {
        int64_t given = size_given(options, sizes[k].name);
        sizes[k].value = given > 0 ? given : size_said(top, sizes[k].name);
        is_complete &= sizes[k].value > 0;
    }
    if (!is_complete)
        DG_TRY(ask_data(top, file, options, sizes, count));
    for (int k = 0; k < count; k++) {
        if (sizes[k].value && !size_said(top, sizes[k].name))
            DG_TRY(note(top, sizes[k].name, sizes[k].value));
        for (int i = 0; sizes[k].value && i < file->n_nodes; i++) {
            const dg_file_attributes *attributes = &file->nodes[i].attributes;
            for (size_t a = 0; a < attributes->count; a++)
                if (strcmp(attributes->items[a].name, "op") == 0 && mentions(attributes->items[a].value, sizes[k].name))
                    DG_TRY(put(file, &attributes->items[a], sizes[k].name, sizes[k].value));
        }
    }
    return dg_ok();
}

/* ---- which there are ---- */

/* A capitalised word that is a size, from `at` on; NULL: there is none more. */
static const char *next_size(const char *at, char name[80])
{
    for (; *at; at = behind(at)) {
        size_t length = word_length(at);
        snprintf(name, 80, "%.*s", (int)length, at);
        if (length && length < 80 && isupper((unsigned char)*at) && is_size(at, name))
            return at + length;
    }
    return NULL;
}

/* Whether a node before this one, or the text of this one before `end`, has the name. */
static bool was_met(const dg_graph_file *file, int node, const char *end, const char *name)
{
    char other[80];
    for (int k = 0; k < node; k++)
        if (mentions(op_of(&file->nodes[k]), name))
            return true;
    for (const char *at = next_size(op_of(&file->nodes[node]), other); at && at < end; at = next_size(at, other))
        if (strcmp(other, name) == 0)
            return true;
    return false;
}

const char *dg_graph_file_size_at(const dg_graph_file *file, size_t k)
{
    char name[80];
    if (!file)
        return NULL;
    for (int node = 0; node < file->n_nodes; node++)
        for (const char *at = next_size(op_of(&file->nodes[node]), name); at; at = next_size(at, name))
            if (!was_met(file, node, at, name) && k-- == 0)
                return dg_arena_text(file->arena, name, strlen(name));
    for (size_t i = 0; dg_data_size_at(i); i++)
        if (size_said(file, dg_data_size_at(i)->name) && k-- == 0)
            return dg_data_size_at(i)->name;
    return NULL;
}
