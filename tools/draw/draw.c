/* Options to a picture. Long because every option of a picture is read, checked and handed on here. */
#include "draw.h"
#include "core/base/arena.h"
#include "core/base/null.h"
#include "core/base/plain.h"

#include "paint/dot.h"
#include "paint/txt.h"
#include "view/file.h"

#include <dotgrad/cost.h>
#include <dotgrad/file.h>
#include <dotgrad/graphviz.h>
#include <dotgrad/rules.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *dg_draw_format(const char *path)
{
    if (!path)
        return NULL;
    static const char *const endings[][2] = {{".svg", "svg"},   {".pdf", "pdf"},  {".png", "png"},
                                             {".html", "html"}, {".htm", "html"}, {".tex", "tex"},
                                             {".txt", "txt"},   {".dot", "dot"},  {".gv", "dot"}};
    size_t length = strlen(path);
    for (size_t k = 0; k < sizeof endings / sizeof *endings; k++) {
        size_t end = strlen(endings[k][0]);
        if (length > end && plain_same(path + length - end, endings[k][0]))
            return endings[k][1];
    }
    return NULL;
}

/* ---- options ---- */

static dg_status choose(const char *option, const char *given, const char *const *choices, int *choice)
{
    for (*choice = 0; given && choices[*choice]; ++*choice)
        if (strcmp(given, choices[*choice]) == 0)
            return dg_ok();
    *choice = 0;
    if (!given)
        return dg_ok();
    char list[160] = "";
    for (int k = 0; choices[k]; k++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", k ? ", " : "", choices[k]);
    return dg_error(DG_BAD_ARGUMENT, "%s: '%.60s' is not one of %s", option, given, list);
}

static dg_status read_page(const char *given, page_size *page)
{
    static const struct {
        const char *name;
        page_size size;
    } pages[] = {{"a4", {595.28, 841.89}}, {"letter", {612, 792}}, {"none", {0, 0}}};
    char *end;
    *page = pages[0].size;
    if (!given)
        return dg_ok();
    for (size_t k = 0; k < sizeof pages / sizeof *pages; k++)
        if (plain_same(given, pages[k].name)) {
            *page = pages[k].size;
            return dg_ok();
        }
    long width = strtol(given, &end, 10), height = *end == 'x' ? strtol(end + 1, &end, 10) : 0;
    if (*end || width < 72 || height < 72 || width > 14400 || height > 14400)
        return dg_error(DG_BAD_ARGUMENT, "page: '%.60s' is not a4, letter, none or WIDTHxHEIGHT in points (72 … 14400)",
                        given);
    *page = (page_size){(double)width, (double)height};
    return dg_ok();
}

#define MOST_SECONDS 86400

static dg_status check_numbers(const dg_draw_options *options)
{
    if (options->depth < 0 || options->radius < 0)
        return dg_error(DG_BAD_ARGUMENT, "depth is %d and radius %d: expected 1 or more, or 0 for the default",
                        options->depth, options->radius);
    if ((options->old || options->old_file) && options->view != DG_VIEW_FORWARD)
        return dg_error(DG_BAD_ARGUMENT, "a difference is drawn of the networks alone: of the forward view");
    if ((int)options->view < DG_VIEW_FORWARD || (int)options->view > DG_VIEW_PLAN)
        return dg_error(DG_BAD_ARGUMENT, "view: %d is none of enum dg_draw_view", (int)options->view);
    if (options->radius > 0 && !(options->around && *options->around))
        return dg_error(DG_BAD_ARGUMENT, "radius is %d, but no node is named that it is around (option around)",
                        options->radius);
    if (!(options->seconds >= 0) || !(options->seconds <= MOST_SECONDS))
        return dg_error(DG_BAD_ARGUMENT, "seconds is %g: expected a number above 0, at most %d, or 0 for the default",
                        options->seconds, MOST_SECONDS);
    if (!(options->dpi >= 0) || !(options->width >= 0))
        return dg_error(DG_BAD_ARGUMENT, "dpi is %g, width %g: expected numbers above 0, or 0 for the default",
                        options->dpi, options->width);
    return dg_ok();
}

static dg_status read_options(const dg_draw_options *options, drawing_work *work)
{
    static const char *const levels[] = {"auto", "op", "stack", "module", NULL};
    static const char *const folds[] = {"auto", "off", "exact", "sizes", NULL};
    static const char *const shapes[] = {"changes", "all", "none", NULL};
    static const char *const directions[] = {"TB", "LR", "BT", "RL", NULL};
    static const char *const formats[] = {"svg", "pdf", "png", "html", "tex", "txt", "dot", NULL};
    int choice;
    if (options->heat && options->heat->count && (!options->heat->nodes || !options->heat->values))
        return dg_error(DG_BAD_ARGUMENT, "heat: the list of %zu nodes or that of their values is NULL",
                        options->heat->count);
    DG_TRY(choose("level", options->level, levels, &work->level));
    DG_TRY(choose("fold", options->fold, folds, &work->fold));
    DG_TRY(choose("shapes", options->shapes, shapes, &choice));
    work->shapes = (shape_mode)choice;
    DG_TRY(choose("rankdir", options->rankdir, directions, &choice));
    DG_TRY(choose("format", options->format, formats, &choice));
    work->format = formats[choice];
    work->level--;
    work->fold--;
    DG_TRY(read_page(options->page, &work->page));
    work->sheet = style_find(options->style ? options->style : "light");
    if (!work->sheet && strpbrk(options->style, "./")) {
        DG_TRY(style_read(options->style, &work->own));
        work->sheet = &work->own.sheet;
    }
    if (!work->sheet)
        return dg_error(DG_BAD_ARGUMENT,
                        "style: '%.60s' is not one of light, dark, print, nor a file (whose name has a dot)",
                        options->style);
    DG_TRY(check_numbers(options));
    work->who = options->file ? options->file->path : options->title ? options->title : "the graph";
    return dg_ok();
}

dg_status dg_draw_check(const dg_draw_options *options)
{
    REFUSE_NULL(options);
    drawing_work work = {.options = options};
    DG_TRY(read_options(options, &work));
    return options->hide ? pass_hide(&(view){0}, options->hide) : dg_ok();
}

/* ---- the view ---- */

static bool has_batch(const view *v)
{
    for (int b = 0; b < v->n_boxes; b++) {
        const dg_node *node = v->boxes[b].rows[0].node;
        const dg_shape *dims = node ? &dg_node_type(node, 0)->shape : NULL;
        for (int i = 0; v->boxes[b].kind == BOX_INPUT && dims && i < dims->rank; i++)
            if (dims->dims[i] == DG_N)
                return true;
    }
    return false;
}

/* FLOPs of one sample: the same document built once more, with 1 for N. 0: not known. */
static double count_flops(const dg_graph_file *file, dg_arena *arena)
{
    static const dg_symbol_size one = {"N", 1};
    const dg_graph_read_options options = {.dtype = dg_graph_dtype(file->graph), .sizes = &one, .n_sizes = 1};
    dg_graph_file sized = *file;
    dg_node_cost *costs = NULL;
    double flops = 0;
    size_t nodes = (size_t)file->n_nodes * sizeof *sized.nodes, edges = (size_t)file->n_edges * sizeof *sized.edges;
    sized.nodes = dg_arena_alloc(arena, nodes + 1);
    sized.edges = dg_arena_alloc(arena, edges + 1);
    if (!sized.nodes || !sized.edges)
        return 0;
    memcpy(sized.nodes, file->nodes, nodes);
    memcpy(sized.edges, file->edges, edges);
    dg_status status = dg_graph_new(&sized.graph);
    if (status.code != DG_OK) {
        arena_fail(arena);
        return 0;
    }
    status = dg_graph_file_build(&sized, &options);
    if (status.code == DG_OK)
        status = dg_graph_file_costs(&sized, &costs);
    for (int k = 0; status.code == DG_OK && k < file->n_nodes; k++)
        flops += costs[k].flops;
    if (status.code == DG_NO_MEMORY)
        arena_fail(arena);
    free(costs);
    dg_graph_free(sized.graph);
    return isfinite(flops) ? flops : 0;
}

/* Of a graph without a file by way of its text; 0 where it has none. */
static double count_flops_of_graph(const drawing_work *work, dg_arena *arena)
{
    const dg_draw_options *options = work->options;
    dg_graph_file *file = NULL;
    char *words = NULL;
    dg_status status = dg_graph_write(
        work->graph, &(dg_graph_write_options){.loss = options->loss, .output = options->output}, &words);
    if (status.code == DG_OK)
        status = dg_graph_read("graph", &(dg_graph_read_options){.text = words}, &file);
    if (status.code == DG_NO_MEMORY)
        arena_fail(arena);
    double flops = status.code == DG_OK ? count_flops(file, arena) : 0;
    dg_graph_file_free(file);
    free(words);
    return flops;
}

/* The file's work is counted where it is that of the picture. */
static void summarise(const drawing_work *work, view *v, int64_t parameters, bool grown)
{
    char amount[48];
    v->summary = text_format(v->arena, "%s · %s %s", dg_dtype_name(dg_graph_dtype(work->graph)),
                             text_count(v->arena, parameters), parameters == 1 ? "parameter" : "parameters");
    double flops = grown                 ? 0
                   : work->options->file ? count_flops(work->options->file, v->arena)
                                         : count_flops_of_graph(work, v->arena);
    if (flops > 0)
        v->summary =
            text_format(v->arena, "%s · %s%s", v->summary, dg_amount_print(flops, "FLOP", amount, sizeof amount),
                        has_batch(v) ? " / sample" : "");
}

static int64_t count_parameters(const view *v)
{
    int64_t sum = 0;
    for (int b = 0; b < v->n_boxes; b++) {
        int64_t times = 1;
        for (int m = v->boxes[b].module; m >= 0; m = v->modules[m].parent)
            times *= v->modules[m].is_shared ? 1 : v->modules[m].times;
        for (int r = 0; !v->boxes[b].is_gone && r < v->boxes[b].n_rows; r++)
            sum += v->boxes[b].rows[r].parameters * times;
    }
    return sum;
}

/* A step of training with the file's batch size, else 32. */
static dg_status plan_step(drawing_work *work)
{
    const dg_graph_file *file = work->options->file;
    const char *batch = file ? dg_graph_file_setting(file, "batch_size") : NULL;
    long size = batch ? strtol(batch, NULL, 10) : 0;
    return plan_steps_make(work->graph,
                           &(plan_wish){.loss = work->options->loss,
                                        .updates = work->derived.nodes,
                                        .n_updates = work->derived.count,
                                        .batch = size > 0 ? size : 32},
                           &work->plan);
}

/* What the file says of nodes that it knows, in a view of all that the graph has grown to. */
static void mark_ends(view *v, const dg_graph_file *file)
{
    for (int b = 0; b < v->n_boxes; b++) {
        view_row *row = &v->boxes[b].rows[0];
        row->is_output |= row->node == file->output && dg_node_op(row->node)->role != DG_ROLE_INPUT;
        for (int i = 0; i < file->n_losses; i++)
            row->is_loss |= row->node == file->losses[i];
        if (row->is_loss)
            row->style = STYLE_LOSS;
    }
}

/* A view of the graph itself: forward, or with the derivatives that `work` has. */
static dg_status view_of_derivatives(const drawing_work *work, dg_draw_view shown, view *v)
{
    const dg_draw_options *options = work->options;
    graph_wish wish = {.loss = options->loss,
                       .output = options->output,
                       .parameters = options->parameters,
                       .part = shown == DG_VIEW_FORWARD    ? PART_FORWARD
                               : shown == DG_VIEW_BACKWARD ? PART_BACKWARD
                                                           : PART_ALL,
                       .gradients = work->derived.nodes,
                       .n_gradients = shown == DG_VIEW_FORWARD ? 0 : work->derived.count};
    file_modules modules = {.groups = work->derived.groups, .n_groups = work->derived.n_groups};
    wish.first_update = work->derived.first_update;
    wish.n_named = work->derived.n_gradients;
    wish.named = work->derived.gradients;
    wish.names = work->derived.names;
    bool is_whole = shown == DG_VIEW_FORWARD && options->file && wish.loss == options->file->loss;
    if (is_whole)
        wish.loss = wish.output = NULL; /* of a file that has grown: all that there is */
    if (options->file)
        DG_TRY(file_modules_make(&modules, options->file, v->arena));
    wish.module_of = file_module_of;
    wish.user = &modules;
    DG_TRY(view_of_graph(v, work->graph, &wish));
    if (is_whole)
        mark_ends(v, options->file);
    v->title = options->file && options->file->name ? options->file->name : "";
    v->is_ladder = shown == DG_VIEW_JOINT || shown == DG_VIEW_STEP;
    return dg_ok();
}

/* What the files say of the experiment. */
static void compare_settings(view *v, const diff_files *files)
{
    int count = 0;
    const char *words = diff_attributes(v, &files->now->attributes, &files->old->attributes, DG_ON_GRAPH, &count);
    if (!count)
        return;
    v->notes = text_format(v->arena, "~ graph  %s\n%s", words, v->notes ? v->notes : "");
    v->summary = text_format(v->arena, "%s; of the graph: %s", v->summary, text_cut(v->arena, words, 120));
}

/* The old network as a view in the same arena, and the marks. */
static dg_status compare(const drawing_work *work, view *v, diff_counts *counts)
{
    const dg_draw_options *options = work->options;
    view old = {.arena = v->arena};
    graph_wish wish = {.parameters = options->parameters};
    dg_status status = options->old_file
                           ? view_of_file(&old, options->old_file,
                                          &(file_wish){.parameters = options->parameters, .all = true, .names = true})
                           : view_of_graph(&old, options->old, &wish);
    const diff_files files = {options->file, options->old_file};
    if (status.code == DG_OK)
        status = pass_diff(v, &old, files.now && files.old ? &files : NULL, counts);
    if (status.code != DG_OK)
        return status;
    v->summary = text_format(v->arena, "%d added, %d removed, %d changed; %d edges differ", counts->added,
                             counts->removed, counts->changed, counts->wires);
    if (counts->modules)
        v->summary = text_format(v->arena, "%s; %d %s", v->summary, counts->modules,
                                 counts->modules == 1 ? "module differs" : "modules differ");
    if (counts->following)
        v->summary = text_format(v->arena, "%s; %d %s", v->summary, counts->following,
                                 counts->following == 1 ? "layer follows in size" : "layers follow in size");
    if (files.now && files.old)
        compare_settings(v, &files);
    return status;
}

/* Whether the graph has nodes by name that were made after the file was read, and that its document lacks. */
static dg_status has_grown(const drawing_work *work, bool *grown)
{
    const dg_graph_file *file = work->options->file;
    int64_t count = dg_graph_node_count(work->graph);
    *grown = false;
    if (!file || file->graph != work->graph)
        return dg_ok();
    bool *is_known = calloc((size_t)count + 1, sizeof *is_known);
    if (!is_known)
        return dg_no_memory("%lld nodes", (long long)count);
    for (int k = 0; k < file->n_nodes; k++)
        for (int i = 0; i < file->nodes[k].n_made; i++)
            is_known[dg_node_id(file->nodes[k].made[i])] = true;
    for (int64_t id = 0; id < count && !*grown; id++) {
        const dg_node *node = dg_graph_node(work->graph, id);
        *grown = !is_known[id] && dg_node_is_named(node) && !dg_node_owner(node) && !dg_node_is_emitted(node);
    }
    free(is_known);
    return dg_ok();
}

dg_status draw_view(const drawing_work *work, const draw_choice *choice, view *v)
{
    const dg_draw_options *options = work->options;
    dg_draw_view shown = choice->is_mirrored ? DG_VIEW_FORWARD : options->view;
    static const char *const words[] = {"", "backward", "forward and backward", "one training step",
                                        "plan of a training step"};
    diff_counts counts;
    *v = (view){0};
    DG_TRY(dg_arena_new(&v->arena));
    bool grown;
    dg_status status = has_grown(work, &grown);
    if (status.code != DG_OK)
        return status;
    if (options->file && shown == DG_VIEW_FORWARD && !grown) {
        status = view_of_file(v, options->file,
                              &(file_wish){.parameters = options->parameters,
                                           .all = strcmp(work->format, "dot") == 0 || options->old || options->old_file,
                                           .names = options->names || options->old || options->old_file});
    } else if (shown == DG_VIEW_PLAN) {
        status = view_of_plan(v, work->graph, &work->plan, options->loss, &work->derived);
        v->title = options->file && options->file->name ? options->file->name : "";
    } else {
        status = view_of_derivatives(work, shown, v);
    }
    if (status.code != DG_OK)
        return status;
    bool is_idle = options->view == DG_VIEW_PLAN && !work->derived.count;
    if (options->view != DG_VIEW_FORWARD)
        v->title = text_format(v->arena, "%s%s%s", v->title, *v->title ? ": " : "",
                               is_idle ? "plan (a step updates nothing)" : words[options->view]);
    if (options->title)
        v->title = options->title;
    if (options->rankdir)
        v->rankdir = options->rankdir;
    if (!v->rankdir)
        v->rankdir = choice->rankdir ? choice->rankdir : "TB";
    if (options->view == DG_VIEW_PLAN)
        v->summary = work->plan.summary;
    else
        summarise(work, v, count_parameters(v), grown);
    if (work->derived.settings)
        v->summary = text_format(v->arena, "%s · %s", v->summary, work->derived.settings);
    if (options->old || options->old_file)
        DG_TRY(compare(work, v, &counts));
    if (options->heat)
        pass_heat(v, options->heat);
    return draw_check(work, v);
}

dg_status draw_check(const drawing_work *work, const view *v)
{
    const dg_graph *old = work->options->old;
    bool failed = v->failed || arena_failed(v->arena) || dg_graph_status(work->graph).code == DG_NO_MEMORY ||
                  (old && dg_graph_status(old).code == DG_NO_MEMORY); /* what a label asked of a node */
    return failed ? dg_no_memory("a picture of %s", work->who) : dg_ok();
}

dg_status draw_end(const drawing_work *work, view *v, dg_status status)
{
    if (status.code == DG_OK)
        status = draw_check(work, v);
    dg_arena_free(v->arena);
    v->arena = NULL;
    return status;
}

/* A frame takes the height of some rows of a stack: without being asked, nothing is folded that does not save more. */
enum { LEAST_SAVED = 5 };

dg_status draw_rewrite(const drawing_work *work, view *v, const draw_choice *choice)
{
    const dg_draw_options *options = work->options;
    const shape_mode shapes = choice->no_shapes && work->shapes == SHAPES_CHANGES ? SHAPES_NONE : work->shapes;
    if (options->from || options->to)
        DG_TRY(dg_prefixed(pass_between(v, options->from, options->to), "%s", work->who));
    if (options->around)
        DG_TRY(dg_prefixed(pass_around(v, options->around, options->radius ? options->radius : 2), "%s", work->who));
    if (options->hide)
        DG_TRY(pass_hide(v, options->hide));
    DG_TRY(dg_prefixed(pass_check_modules(v, "open", options->open), "%s", work->who));
    DG_TRY(dg_prefixed(pass_check_modules(v, "close", options->close), "%s", work->who));
    if (choice->closed)
        pass_close_these(v, choice->closed);
    else if (choice->depth > 0 || options->close)
        pass_close(v, choice->depth, options->open, options->close);
    pass_repeats(v);
    if (choice->fold)
        v->n_folded = pass_fold(v, choice->fold == 1, work->fold < 0 && choice->is_stacked ? LEAST_SAVED : 2);
    if (choice->is_alike)
        v->n_alike = pass_close_alike(v, choice->more, options->open);
    if (v->is_ladder)
        pass_unsaved(v);
    pass_share(v);
    pass_entries(v);
    pass_skips(v);
    pass_shapes(v, shapes);
    if (choice->is_stacked)
        v->n_stacked = pass_stack(v);
    if (choice->parts && pass_group(v, choice->parts)) {
        pass_skips(v);
        pass_shapes(v, shapes);
    }
    if (choice->is_mirrored)
        DG_TRY(pass_mirror(v, &(mirror_wish){.graph = work->graph,
                                             .derived = &work->derived,
                                             .loss = options->loss,
                                             .plan = options->view == DG_VIEW_PLAN ? &work->plan : NULL,
                                             .is_told = choice->is_told,
                                             .with_network = options->view != DG_VIEW_BACKWARD}));
    return draw_check(work, v);
}

/* ---- formats ---- */

static const char *id_prefix(dg_arena *arena, const char *title)
{
    text t = {0};
    text_put(&t, "dg-");
    for (const char *c = title; *c && t.used < 40; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '_';
        text_bytes(&t, plain ? c : "-", 1);
    }
    const char *kept = text_keep(arena, &t);
    text_free(&t);
    return kept;
}

static double scale_for(const drawing_work *work, double width, double height)
{
    double scale = 1;
    if (work->page.width <= 0)
        return 1;
    bool turned = width > height && width > work->page.width;
    double most_width = turned ? work->page.height : work->page.width,
           most_height = turned ? work->page.width : work->page.height;
    scale = fmin(scale, fmin(most_width / width, most_height / height));
    return fmax(scale, 6 / SIZE_LEAST);
}

static compose_options compose_options_of(const drawing_work *work)
{
    return (compose_options){
        .sheet = work->sheet, .no_title = work->options->no_title, .no_legend = work->options->no_legend};
}

double draw_heading(const drawing_work *work, view *v, double width, scene *s)
{
    compose_options options = compose_options_of(work);
    return scene_heading(s, v, &options, fmax(width, 420));
}

void draw_compose(const drawing_work *work, view *v, const layout *made, scene *s)
{
    *s = (scene){.arena = v->arena};
    s->title = *v->title ? v->title : "network";
    s->prefix = id_prefix(v->arena, s->title);
    int nodes = 0;
    for (int b = 0; b < v->n_boxes; b++)
        nodes += v->boxes[b].is_gone || v->boxes[b].kind == BOX_ENTRY ? 0 : v->boxes[b].n_rows;
    s->about = text_format(v->arena, "A network in %d boxes and rows: %s", nodes, v->summary);
    compose_options options = compose_options_of(work);
    scene_compose(s, v, made, &options);
    s->scale = scale_for(work, s->width, s->height);
}

static dg_status paint(const drawing_work *work, view *v, const layout *made, text *to)
{
    scene s;
    draw_compose(work, v, made, &s);
    bool has_glyphs = strcmp(work->format, "png") == 0 || strcmp(work->format, "pdf") == 0;
    int missing = has_glyphs ? scene_replace_missing(&s) : strcmp(work->format, "tex") == 0 ? tikz_missing(&s) : 0;
    if (missing)
        v->told = text_format(v->arena, "%s%s%d %s shown as %s: %s has no such %s, svg and html show %s", v->told,
                              *v->told ? "; " : "", missing, missing == 1 ? "character" : "characters",
                              missing == 1 ? "its code" : "their codes", work->format,
                              missing == 1 ? "letter" : "letters", missing == 1 ? "it" : "them");
    dg_status status = dg_ok();
    if (strcmp(work->format, "png") == 0)
        status = paint_png(&s,
                           work->options->width > 0 ? 72 * work->options->width / (s.width * s.scale)
                           : work->options->dpi > 0 ? work->options->dpi
                           : v->dpi > 0             ? v->dpi
                                                    : 144,
                           to);
    else if (strcmp(work->format, "tex") == 0)
        paint_tikz(&s, to);
    else if (strcmp(work->format, "pdf") == 0)
        status = paint_pdf(&s, to);
    else
        paint_svg(&s, to);
    if (status.code != DG_OK)
        return dg_prefixed(status, "%s", work->who);
    if (s.failed || to->failed)
        return dg_no_memory("a picture of %s", work->who);
    return status;
}

static dg_status draw_dot(const drawing_work *work, text *to);

/* A graph that is no file's is written as one first. */
static dg_status draw_written(const drawing_work *work, text *to)
{
    const dg_draw_options *options = work->options;
    dg_graph_write_options wanted = {.name = options->title, .loss = options->loss, .output = options->output};
    dg_graph_file *file;
    char *words;
    DG_TRY(dg_graph_write(work->graph, &wanted, &words));
    dg_status status = dg_graph_read(work->who, &(dg_graph_read_options){.text = words}, &file);
    free(words);
    if (status.code != DG_OK)
        return status;
    dg_draw_options with_file = *options;
    drawing_work again = *work;
    with_file.file = file;
    again.graph = file->graph;
    again.options = &with_file;
    status = draw_dot(&again, to);
    dg_graph_file_free(file);
    return status;
}

/* The graph file with the attributes of the drawing: all nodes of it. */
static dg_status draw_dot(const drawing_work *work, text *to)
{
    view v;
    layout made = {0};
    char *bytes = NULL;
    if (work->options->view != DG_VIEW_FORWARD)
        return dg_error(DG_BAD_ARGUMENT,
                        "%s: in a dot file there is the forward view alone: leave the other view out, or draw "
                        "another format",
                        work->who);
    if (!work->options->file)
        return draw_written(work, to);
    dg_status status = draw_view(work, &(draw_choice){0}, &v);
    pass_skips(&v);
    pass_shapes(&v, work->shapes);
    layout_options options = {.rankdir = v.rankdir, .names = work->options->names, .who = work->who};
    if (status.code == DG_OK && !layout_measure(&v, &options, &made))
        status = dg_no_memory("a picture of %s", work->who);
    compose_options looks = compose_options_of(work);
    if (status.code == DG_OK)
        status = paint_dot(work->options->file, &v, &made, &looks, work->options->rankdir, &bytes);
    if (status.code == DG_OK)
        text_put(to, bytes);
    free(bytes);
    return draw_end(work, &v, status);
}

/* Text has room for any size: only what was asked for is folded, stacked or closed, and without being asked, what
 * repeats. */
static dg_status draw_txt(const drawing_work *work, text *to)
{
    view v;
    draw_choice choice = {.fold = work->fold < 0 ? 1 : work->fold, .depth = work->options->depth};
    if (work->level == 2 && !choice.depth)
        choice.depth = 1;
    dg_status status = draw_view(work, &choice, &v);
    if (status.code == DG_OK && (work->options->old || work->options->old_file)) {
        paint_diff(&v, to);
        return draw_end(work, &v, status);
    }
    if (status.code == DG_OK)
        status = draw_rewrite(work, &v, &choice);
    if (status.code == DG_OK)
        status = paint_txt(&v, work->options->no_title, to);
    return draw_end(work, &v, status);
}

static dg_status draw(const drawing_work *work, text *to)
{
    if (strcmp(work->format, "dot") == 0)
        return draw_dot(work, to);
    if (strcmp(work->format, "txt") == 0)
        return draw_txt(work, to);
    if (strcmp(work->format, "html") == 0)
        return draw_html(work, to);
    view v;
    layout made = {0};
    draw_choice choice = {0};
    dg_status status = draw_fit(work, &v, &made, &choice);
    if (status.code == DG_OK)
        status = paint(work, &v, &made, to);
    if (status.code == DG_OK && work->options->told)
        text_copy(work->options->told, v.told ? v.told : "", DG_DRAW_TOLD);
    return draw_end(work, &v, status);
}

dg_status draw_prepare(drawing_work *work, dg_graph *graph, dg_draw_options *options)
{
    *work = (drawing_work){.graph = graph, .options = options};
    DG_TRY(dg_graph_status(graph));
    if (options->told)
        options->told[0] = '\0';
    if (!options->loss && options->file)
        options->loss = options->file->loss;
    if (!options->output && options->file)
        options->output = options->file->output;
    DG_TRY(read_options(options, work));
    if (options->view != DG_VIEW_FORWARD)
        DG_TRY(draw_derive(work));
    return options->view == DG_VIEW_PLAN ? plan_step(work) : dg_ok();
}

dg_status dg_draw_memory(dg_graph *graph, dg_draw_options options, char **bytes, size_t *size)
{
    REFUSE_NULL(graph);
    REFUSE_NULL(bytes);
    REFUSE_NULL(size);
    drawing_work work;
    layout_memo memo = {0};
    text to = {0};
    *bytes = NULL;
    *size = 0;
    DG_TRY(draw_prepare(&work, graph, &options));
    work.memo = &memo;
    dg_status status = draw(&work, &to);
    layout_memo_free(&memo);
    if (status.code == DG_OK && to.failed)
        status = dg_no_memory("a picture of %s", work.who);
    if (status.code != DG_OK) {
        text_free(&to);
        return status;
    }
    *bytes = to.bytes;
    *size = to.used;
    return dg_ok();
}

dg_status dg_draw_file(dg_graph *graph, const char *path, dg_draw_options options)
{
    REFUSE_NULL(graph);
    REFUSE_NULL(path);
    char *bytes;
    size_t size;
    if (!options.format)
        options.format = dg_draw_format(path);
    if (!options.format)
        return dg_error(DG_BAD_ARGUMENT, "%s: the name must end in .svg, .pdf, .png, .html, .tex, .txt or .dot", path);
    DG_TRY(dg_draw_memory(graph, options, &bytes, &size));
    dg_status status = dg_write_file(path, bytes, size);
    free(bytes);
    return status;
}
