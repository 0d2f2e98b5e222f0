/* The whole way of a graph file: text to a document to a graph. */
#include "building.h"
#include "count.h"
#include "library.h"
#include "modules.h"
#include "optim/document/replace.h"
#include "optim/document/settings.h"
#include "sizes.h"

#include "core/base/arena.h"
#include "core/base/null.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Ops that stand for another file; NULL: every other op. */
static module_maker *find_maker(const char *op)
{
    static const struct {
        const char *op;
        module_maker *make;
    } makers[] = {{"use", use_build}, {"scan", scan_build}};
    for (size_t k = 0; k < sizeof makers / sizeof *makers; k++)
        if (strcmp(makers[k].op, op) == 0)
            return makers[k].make;
    return NULL;
}

static dg_status check_version(const dg_graph_file *file)
{
    const char *version = dg_graph_file_setting(file, "dotgrad");
    if (version && strcmp(version, "1") != 0)
        return dg_graph_file_error(
            file, 0, dg_error(DG_BAD_DATA, "dotgrad=%s: this program reads version 1 of the dialect", version));
    return dg_ok();
}

static dg_status set_up_graph(dg_graph_file *file, const dg_graph_read_options *options)
{
    const char *dtype_name = dg_graph_file_setting(file, "dtype"), *init = dg_graph_file_setting(file, "init");
    dg_dtype dtype = options->dtype;
    if (dtype == DG_DEFAULT_DTYPE && dtype_name && (!dg_dtype_parse(dtype_name, &dtype) || !dg_dtype_is_float(dtype)))
        return dg_graph_file_error(file, 0,
                                   dg_error(DG_BAD_DTYPE, "dtype=%s: expected float32 or float64", dtype_name));
    if (dtype != DG_DEFAULT_DTYPE)
        dg_graph_set_dtype(file->graph, dtype);
    dg_status status = dg_prefixed(dg_graph_set_init(file->graph, options->init ? options->init : init), "init");
    return options->init ? dg_prefixed(status, "%s", file->path) : dg_graph_file_setting_error(file, status);
}

/* The names in loss="d_loss, g_loss"; without it, a node called loss. */
static dg_status find_losses(dg_graph_file *file)
{
    const char *names = dg_graph_file_setting(file, "loss");
    char name[400];
    names = names ? names : dg_graph_file_find(file, "loss") ? "loss" : "";
    file->losses = dg_arena_alloc(file->arena, (strlen(names) / 2 + 1) * sizeof *file->losses);
    if (!file->losses)
        return document_no_memory(file);
    file->n_losses = 0;
    file->loss = NULL;
    for (const char *at = document_name_in(names, name, sizeof name); at;
         at = document_name_in(at, name, sizeof name)) {
        dg_node *node;
        dg_status status = dg_graph_file_require(file, name, &node);
        if (status.code != DG_OK)
            return dg_graph_file_setting_error(file, dg_prefixed(status, "loss=%s", names));
        file->losses[file->n_losses++] = node;
    }
    file->loss = file->n_losses ? file->losses[0] : NULL;
    return dg_ok();
}

static dg_status find_role(dg_graph_file *file, const char *setting, dg_node **node)
{
    const char *name = dg_graph_file_setting(file, setting);
    if (name)
        return dg_graph_file_setting_error(
            file, dg_prefixed(dg_graph_file_require(file, name, node), "%s=%s", setting, name));
    *node = dg_graph_file_find(file, setting);
    return dg_ok();
}

/* The caller's sizes in the form that use() gives them in. */
static dg_status take_sizes(building *b)
{
    const dg_graph_read_options *options = b->options;
    size_binding *sizes = dg_arena_alloc(b->file->arena, sizeof *sizes * (size_t)(options->n_sizes + 1));
    if (!sizes)
        return document_no_memory(b->file);
    for (int k = 0; k < options->n_sizes; k++)
        sizes[k] = (size_binding){.symbol = options->sizes[k].symbol, .value = dg_int(options->sizes[k].size)};
    b->sizes = sizes;
    b->n_sizes = options->n_sizes;
    return dg_ok();
}

static dg_status check_lists(const dg_graph_read_options *options)
{
    const struct {
        const char *what;
        int count;
        const void *list;
    } lists[] = {{"sizes", options->n_sizes, options->sizes},
                 {"texts", options->n_texts, options->texts},
                 {"roots", options->n_roots, options->roots},
                 {"settings", options->n_set, options->set},
                 {"ops", options->n_ops, options->ops}};
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
        if (lists[k].count && !lists[k].list)
            return dg_error(DG_BAD_ARGUMENT, "the list of %d %s is NULL", lists[k].count, lists[k].what);
    for (int k = 0; k < options->n_sizes; k++)
        if (!options->sizes[k].symbol)
            return dg_error(DG_BAD_ARGUMENT, "the symbol of size %d is NULL", k);
    for (int k = 0; k < options->n_texts; k++)
        if (!options->texts[k].name || !options->texts[k].text)
            return dg_error(DG_BAD_ARGUMENT, "the name or the text of text %d is NULL", k);
    for (int k = 0; k < options->n_set; k++)
        if (!options->set[k].name || !options->set[k].value)
            return dg_error(DG_BAD_ARGUMENT, "the name or the value of setting %d is NULL", k);
    for (int k = 0; k < options->n_ops; k++)
        if (!options->ops[k].name || !options->ops[k].value)
            return dg_error(DG_BAD_ARGUMENT, "the nodes or the call of op %d are NULL", k);
    return dg_ok();
}

dg_status dg_graph_file_build(dg_graph_file *file, const dg_graph_read_options *options)
{
    REFUSE_NULL(file);
    REFUSE_NULL(options);
    DG_TRY(check_lists(options));
    building b = {.file = file,
                  .graph = file->graph,
                  .options = options,
                  .find_maker = find_maker,
                  .library = file->library,
                  .prefix = ""};
    DG_TRY(check_version(file));
    DG_TRY(set_up_graph(file, options));
    DG_TRY(take_sizes(&b));
    for (int k = 0; k < file->n_nodes; k++)
        file->nodes[k].n_made = 0;
    library_count_anew(file->library);
    dg_status status = building_begin(&b);
    if (status.code == DG_OK && count_is_too_large(&b))
        status = library_too_many(file);
    for (int item = 0; status.code == DG_OK && item < b.base[file->n_nodes]; item++)
        status = build_item(&b, item);
    building_free(&b);
    DG_TRY(data_sizes_hint(file, status));
    DG_TRY(find_losses(file));
    DG_TRY(find_role(file, "output", &file->output));
    if (file->output && file->output == file->loss && dg_graph_file_setting(file, "output"))
        return dg_graph_file_error(
            file, 0,
            dg_error(DG_BAD_ARGUMENT,
                     "output=%s: this is the loss, which training minimises; output names the node "
                     "whose values are the predictions",
                     dg_graph_file_setting(file, "output")));
    return dg_ok();
}

/* A file without a document yet. */
static dg_status new_file(const char *path, dg_document_parser *parse, const dg_graph_read_options *options,
                          dg_graph_file **file)
{
    dg_arena *arena;
    DG_TRY(dg_arena_new(&arena));
    dg_graph_file *made = dg_arena_alloc(arena, sizeof *made);
    const char *copy = dg_arena_text(arena, path, strlen(path));
    if (!made || !copy) {
        dg_arena_free(arena);
        return dg_no_memory("%s", path);
    }
    *made = (dg_graph_file){.arena = arena, .path = copy};
    made->library = library_new(made, parse, options);
    dg_status status = made->library ? dg_graph_new(&made->graph) : document_no_memory(made);
    if (status.code != DG_OK)
        dg_graph_file_free(made);
    else
        *file = made;
    return status;
}

static dg_status read_text(dg_document_parser *parse, const char *path, const char *text,
                           const dg_graph_read_options *options, dg_graph_file **file)
{
    dg_graph_file *made = NULL;
    DG_TRY(new_file(path, parse, options, &made));
    dg_status status = parse(made, text, strlen(text));
    const char *scope = NULL;
    if (status.code == DG_OK)
        status = settings_put(
            made, &(settings_given){.settings = options->set, .count = options->n_set, .is_top = true}, &scope);
    library_set_scope(made->library, scope);
    if (status.code == DG_OK)
        status = replace_ops(made, options);
    if (status.code == DG_OK)
        status = document_check(made, made);
    if (status.code == DG_OK)
        status = data_sizes_put(made, made, options, NULL);
    if (status.code == DG_OK)
        status = dg_graph_file_build(made, options);
    if (status.code == DG_OK)
        document_warn_of_idle(made);
    if (status.code == DG_OK)
        status = document_check_order(made);
    library_forget_texts(made->library);
    if (arena_failed(made->arena)) /* whatever was made of the missing piece */
        status = document_no_memory(made);
    if (status.code == DG_OK)
        *file = made;
    else
        dg_graph_file_free(made);
    return status;
}

dg_status dg_graph_file_text(const char *path, const dg_graph_read_options *options, char **text)
{
    REFUSE_NULL(path);
    REFUSE_NULL(text);
    size_t size, most = options && options->most_bytes ? options->most_bytes : MOST_BYTES;
    char graph[1000];
    *text = NULL;
    dg_status status = dg_read_file_up_to(path, most, text, &size);
    int length = snprintf(graph, sizeof graph, "%s/graph.dot", path);
    bool is_run = status.code == DG_IO && length > 0 && (size_t)length < sizeof graph && access(graph, F_OK) == 0;
    if (is_run)
        return dg_error(DG_IO, "%s: this is the folder of a run: its graph is %s", path, graph);
    if (status.code != DG_OK || strlen(*text) == size)
        return status;
    free(*text);
    *text = NULL;
    return dg_error(DG_BAD_DATA, "%s: this is not text: it has a byte 0", path);
}

dg_status dg_document_read(dg_document_parser *parse, const char *path, const dg_graph_read_options *options,
                           dg_graph_file **file)
{
    static const dg_graph_read_options usual = {0};
    char *text;
    REFUSE_NULL(parse);
    REFUSE_NULL(path);
    REFUSE_NULL(file);
    options = options ? options : &usual;
    *file = NULL;
    DG_TRY(check_lists(options));
    if (options->text)
        return read_text(parse, path, options->text, options, file);
    DG_TRY(dg_graph_file_text(path, options, &text));
    dg_status status = read_text(parse, path, text, options, file);
    free(text);
    return status;
}

void dg_graph_file_free(dg_graph_file *file)
{
    if (!file)
        return;
    library_free(file->library);
    dg_graph_free(file->graph);
    dg_arena_free(file->arena);
}
