/* What the views of a network hold, for every graph file that ships: as many boxes as there are nodes, a mark for every
 * value that backward reads, every step of a plan once, gradients that flow as they do in the graph; and whatever is
 * folded, closed and stacked, the same in all. Long because all of it compares a view with the same graph. */
#include "../sweeps.h"
#include "command.h"

#include "tools/draw/draw.h"

#include <dotgrad/autograd.h>
#include <dotgrad/dotgrad.h>
#include <dotgrad/graphviz.h>

#include <dirent.h>

/* ---- what is drawn ---- */

enum { MOST_FILES = 100 };
static char paths[MOST_FILES][300];
static int n_paths;

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void list_files(void)
{
    static const char *const folders[] = {"examples", "examples/gallery", "examples/tasks"};
    n_paths = 0;
    for (size_t k = 0; k < sizeof folders / sizeof *folders; k++) {
        char path[240];
        snprintf(path, sizeof path, "%s/../tools/%s", getenv("TESTS"), folders[k]);
        DIR *open = opendir(path);
        cr_assert_not_null(open, "%s", path);
        for (struct dirent *one; (one = readdir(open)) && n_paths < MOST_FILES;) {
            size_t length = strlen(one->d_name);
            if (length > 4 && strcmp(one->d_name + length - 4, ".dot") == 0)
                snprintf(paths[n_paths++], sizeof paths[0], "%.200s/%.90s", path, one->d_name);
        }
        closedir(open);
    }
    cr_assert_gt(n_paths, 40);
    qsort(paths, (size_t)n_paths, sizeof paths[0], by_name);
}

static dg_graph_file *read_file(const char *path)
{
    dg_graph_file *file;
    dg_status status = dg_graph_read(path, NULL, &file);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    return file;
}

static const char *const views[] = {"forward", "backward", "joint", "step", "plan"};

/* The nodes that a view has, its closed modules' and folded copies' counted; and parameters. */
typedef struct counted {
    int64_t nodes, parameters;
} counted;

static counted count(const view *v)
{
    counted all = {0};
    for (int b = 0; b < v->n_boxes; b++) {
        const view_box *box = &v->boxes[b];
        int64_t times = box->kind == BOX_MODULE ? v->modules[box->closed].times : 1, owners = times;
        if (box->is_gone || box->kind == BOX_ENTRY)
            continue;
        if (box->kind == BOX_MODULE && v->modules[box->closed].is_shared)
            owners = 1;
        for (int m = box->module; m >= 0; m = v->modules[m].parent) {
            times *= v->modules[m].times;
            owners *= v->modules[m].is_shared ? 1 : v->modules[m].times;
        }
        for (int r = 0; r < box->n_rows; r++) {
            bool is_again = strcmp(box->rows[r].shares, "again") == 0; /* one source, drawn for each reader */
            all.nodes += is_again ? 0 : (box->kind == BOX_MODULE ? box->n_inside : 1) * times;
            all.parameters += box->rows[r].parameters * owners;
        }
    }
    return all;
}

/* False: the file has nothing of that kind. */
static bool prepare(dg_graph_file *file, dg_draw_options *options, drawing_work *work)
{
    options->file = file;
    if (options->view != DG_VIEW_FORWARD && !file->loss)
        return false;
    dg_status status = draw_prepare(work, file->graph, options);
    if (status.code != DG_OK && (strstr(status.message, "a step updates nothing") ||
                                 strstr(status.message, "the loss depends on no parameter")))
        return false;
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    return true;
}

/* A view as it would be drawn; the caller frees v->arena. */
static void make_view(const drawing_work *work, const draw_choice *choice, view *v)
{
    dg_status status = draw_view(work, choice, v);
    if (status.code == DG_OK)
        status = draw_rewrite(work, v, choice);
    cr_assert_eq(status.code, DG_OK, "%s: %s: %s", work->options->file->path, views[work->options->view],
                 status.message);
}

/* ---- the nodes of the gradients, without any view ---- */

typedef struct derived {
    int64_t first; /* the graph's nodes from here on are derivatives, or parts that composed ops have got meanwhile */
    int64_t n_nodes;
    bool *is_reached; /* by node: a gradient is computed from it */
    bool *is_read;    /* by node of the user's: a derivative reads its value */
} derived;

/* The node of the user's that a node is, or is part of: of a layer, of a composed op, one of several results. NULL: it
 * is a derivative's. */
static const dg_node *users_node(const derived *d, const dg_node *node)
{
    if (dg_node_original((dg_node *)(uintptr_t)node) != node)
        return NULL; /* computed once more, for the derivative */
    for (const dg_node *outer = node; outer;) {
        node = outer;
        outer = dg_node_op(node)->role == DG_ROLE_OUTPUT ? dg_node_input(node, 0)
                                                         : dg_node_owner((dg_node *)(uintptr_t)node);
    }
    return dg_node_id(node) < d->first ? node : NULL;
}

static bool is_shape_only(const dg_node *node, int input)
{
    const dg_op *op = dg_node_op(node);
    return input < dg_op_input_count(op) && (op->inputs[input].flags & DG_SHAPE_ONLY);
}

static bool differentiate(dg_graph_file *file, derived *d)
{
    int wanted;
    dg_node *const *wrt;
    int at = file->loss ? dg_graph_file_index(file, file->loss) : -1;
    const char *trains = at >= 0 ? dg_file_attribute_find(&file->nodes[at].attributes, "trains") : NULL;
    *d = (derived){.first = dg_graph_node_count(file->graph)};
    if (!file->loss || dg_trainable_matching(file->loss, trains, &wrt, &wanted).code != DG_OK || !wanted)
        return false;
    dg_node **gradients = calloc((size_t)wanted, sizeof *gradients);
    dg_status status = dg_grad(file->loss, wanted, wrt, gradients);
    cr_assert_eq(status.code, DG_OK, "%s: %s", file->path, status.message);
    int64_t n = dg_graph_node_count(file->graph);
    d->is_reached = calloc((size_t)n, 1);
    d->is_read = calloc((size_t)n, 1);
    for (int k = 0; k < wanted; k++)
        d->is_reached[dg_node_id(gradients[k])] = true;
    for (int64_t id = n - 1; id >= d->first; id--) {
        dg_node *node = dg_graph_node(file->graph, id);
        if (!d->is_reached[id] || users_node(d, node))
            continue;
        d->n_nodes += (!dg_node_owner(node) || dg_node_original(node) != node) &&
                      dg_node_op(node)->role != DG_ROLE_OUTPUT; /* those are labels of wires */
        for (int k = 0; k < dg_node_input_count(node); k++) {
            dg_node *input = dg_node_input(node, k);
            if (!input)
                continue;
            const dg_node *user = users_node(d, input);
            d->is_reached[dg_node_id(input)] = true;
            if (user && !is_shape_only(node, k))
                d->is_read[dg_node_id(user)] = true;
        }
    }
    free(gradients);
    return true;
}

Test(draw_views, derivatives_have_the_nodes_that_differentiation_makes)
{
    list_files();
    int drawn = 0;
    for (int k = 0; k < n_paths; k++) {
        dg_graph_file *file = read_file(paths[k]), *other = read_file(paths[k]);
        derived d;
        view v;
        if (!differentiate(other, &d)) {
            dg_graph_file_free(file);
            dg_graph_file_free(other);
            continue;
        }
        dg_draw_options options = {.view = DG_VIEW_BACKWARD};
        drawing_work work;
        cr_assert(prepare(file, &options, &work));
        make_view(&work, &(draw_choice){0}, &v);
        int64_t gradients = 0, forward = 0;
        for (int b = 0; b < v.n_boxes; b++)
            *(dg_node_id(v.boxes[b].rows[0].node) >= d.first ? &gradients : &forward) += 1;
        cr_expect_eq(gradients, d.n_nodes, "%s: backward has %lld of %lld nodes", paths[k], (long long)gradients,
                     (long long)d.n_nodes);
        dg_arena_free(v.arena);
        drawn++;
        free(d.is_reached);
        free(d.is_read);
        dg_graph_file_free(file);
        dg_graph_file_free(other);
    }
    cr_expect_gt(drawn, 30);
}

/* The two graphs are of two readings; their nodes have the same numbers. */
static void check_marks(const char *path, dg_draw_view which)
{
    dg_graph_file *file = read_file(path), *other = read_file(path);
    derived d;
    view v;
    dg_draw_options options = {.view = which};
    drawing_work work;
    if (differentiate(other, &d) && prepare(file, &options, &work)) {
        make_view(&work, &(draw_choice){0}, &v);
        bool *marked = calloc((size_t)d.first, 1);
        for (int b = 0; b < v.n_boxes; b++)
            if (!v.boxes[b].is_gone && v.boxes[b].rows[0].mark == MARK_SAVED)
                marked[dg_node_id(v.boxes[b].rows[0].node)] = true;
        for (int64_t id = 0; id < d.first; id++)
            cr_expect_eq(d.is_read[id], marked[id], "%s: %s: node '%s' (%s) is %sread and %smarked", path, views[which],
                         dg_node_name(dg_graph_node(file->graph, id)), dg_node_op(dg_graph_node(file->graph, id))->name,
                         d.is_read[id] ? "" : "not ", marked[id] ? "" : "not ");
        free(marked);
        dg_arena_free(v.arena);
    }
    free(d.is_reached);
    free(d.is_read);
    dg_graph_file_free(file);
    dg_graph_file_free(other);
}

Test(draw_views, what_backward_reads_is_marked_and_nothing_else)
{
    list_files();
    for (int k = 0; k < n_paths; k++) {
        check_marks(paths[k], DG_VIEW_BACKWARD);
        check_marks(paths[k], DG_VIEW_JOINT);
        check_marks(paths[k], DG_VIEW_STEP);
    }
}

static void check_counts(const drawing_work *work, const char *path, const counted *plain, const draw_choice *choice)
{
    view v;
    make_view(work, choice, &v);
    counted now = count(&v);
    const char *which = views[work->options->view];
    cr_expect_eq(now.nodes, plain->nodes, "%s: %s, fold %d, depth %d, stacked %d: %lld nodes of %lld", path, which,
                 choice->fold, choice->depth, choice->is_stacked, (long long)now.nodes, (long long)plain->nodes);
    if (choice->fold < 2) /* else the frame has the sum of what differs */
        cr_expect_eq(now.parameters, plain->parameters,
                     "%s: %s, fold %d, depth %d, stacked %d: %lld parameters of %lld", path, which, choice->fold,
                     choice->depth, choice->is_stacked, (long long)now.parameters, (long long)plain->parameters);
    dg_arena_free(v.arena);
}

static void check_file(dg_graph_file *file, const char *path, dg_draw_view which)
{
    dg_draw_options options = {.view = which};
    drawing_work work;
    counted plain = {0};
    for (int turn = 0; turn < 2 && prepare(file, &options, &work); turn++) {
        view v;
        make_view(&work, &(draw_choice){0}, &v);
        if (turn == 0)
            plain = count(&v);
        dg_arena_free(v.arena);
        /* With 7 each fold and each depth, stacked and not, though not all that go together. */
        int step = sweeps_are_few() ? turn ? 18 : 7 : which == DG_VIEW_PLAN || turn ? 8 : 1;
        for (int choice = 0; choice < 3 * 3 * 2; choice += step)
            check_counts(&work, path, &plain,
                         &(draw_choice){.is_stacked = choice / 9, .fold = choice % 3, .depth = choice / 3 % 3});
    }
}

/* Twice, since the views of derivatives add to the graph. */
Test(draw_views, folded_closed_and_stacked_there_is_as_much_as_before)
{
    list_files();
    for (int k = 0; k < n_paths; k++)
        for (int which = DG_VIEW_FORWARD; which <= DG_VIEW_PLAN; which++) {
            if (sweeps_are_few() && (k + which) % 2)
                continue;
            dg_graph_file *file = read_file(paths[k]);
            check_file(file, paths[k], (dg_draw_view)which);
            dg_graph_file_free(file);
        }
}

/* Modules that repeat, three of them in a row. */
Test(draw_views, copies_of_copies_are_as_many_as_before)
{
    static const char words[] =
        "digraph g { x [op=\"input([N, 8])\"]; y [op=\"linear(2)\"]; t [op=\"input([N, 2])\"]; loss [op=mse_loss];"
        " subgraph cluster_a { repeat=3; a1 [op=\"linear(8)\"]; a2 [op=relu]; }"
        " subgraph cluster_b { repeat=3; b1 [op=\"linear(8)\"]; b2 [op=relu]; }"
        " subgraph cluster_c { repeat=3; c1 [op=\"linear(8)\"]; c2 [op=relu]; }"
        " x -> a1 -> a2 -> b1 -> b2 -> c1 -> c2 -> y -> loss; t -> loss [arg=target]; }";
    for (int which = DG_VIEW_FORWARD; which <= DG_VIEW_PLAN; which++) {
        dg_graph_file *file;
        cr_assert_eq(dg_graph_read("a.dot", &(dg_graph_read_options){.text = words}, &file).code, DG_OK);
        check_file(file, "copies", (dg_draw_view)which);
        dg_graph_file_free(file);
    }
}

/* ---- how gradients flow ---- */

/* The row of the network's that a node of the user's is shown as, as its number among all boxes' rows; −1: none. */
static int row_of(const view *v, const dg_node *node)
{
    int at = 0;
    for (int b = 0; b < v->n_boxes; b++)
        for (int r = 0; r < v->boxes[b].n_rows; r++, at++) {
            const view_row *row = &v->boxes[b].rows[r];
            bool is_made = false;
            for (int k = 0; k < row->n_made || k < row->n_inner; k++)
                is_made |= row->made[k] == node;
            if (row->node == node || is_made) /* of the backward view all boxes are gone */
                return at;
        }
    return -1;
}

/* The box of gradients that a row of the network's has; −1: none. */
static int gradient_box(const view *v, int wanted)
{
    int at = 0;
    const char *name = "";
    for (int b = 0; b < v->n_boxes; b++)
        for (int r = 0; r < v->boxes[b].n_rows; r++, at++)
            if (at == wanted)
                name = v->boxes[b].rows[r].name;
    for (int b = 0; b < v->n_boxes; b++)
        for (int r = 0; r < v->boxes[b].n_rows && !v->boxes[b].is_gone; r++) {
            const view_row *row = &v->boxes[b].rows[r];
            if (row->style == STYLE_GRADIENT && strncmp(row->name, "∂", 3) == 0 && strcmp(row->name + 3, name) == 0)
                return b;
        }
    return -1;
}

/* Whether a node adds gradients that come from others than what it is the gradient by. */
static bool adds_others(const derived *d, const dg_node *node)
{
    if (strcmp(dg_node_op(node)->name, "add") != 0 || dg_node_owner(node) ||
        dg_node_original((dg_node *)(uintptr_t)node) != node)
        return false;
    for (int k = 0; k < 2; k++) {
        const dg_node *term = dg_node_input(node, k);
        term = dg_node_op(term)->role == DG_ROLE_OUTPUT ? dg_node_input(term, 0) : term;
        if (dg_node_id(term) < d->first ||
            (dg_node_derivative_of(term) == dg_node_derivative_of(node) && !adds_others(d, term)))
            return false;
    }
    return true;
}

typedef struct flow {
    const view *v;
    const derived *d;
    dg_graph *graph, *drawn; /* the users' nodes of both have the same numbers */
    int64_t n;
    int *box;         /* by node of a derivative: the box of gradients that it is in; −1 */
    bool *from_nodes; /* by node: a gradient in the box that is asked for flows there */
    bool *from_boxes; /* by box, in the picture */
    int *sources;     /* of all derivatives, one behind another: the derivatives that they are computed from */
    int *ends;        /* by node: where its sources end */
    int *wires;       /* those of gradients in the picture, by the box that they come from */
    int *wire_ends;   /* by box: where its wires end */
    int *stack;
} flow;

static void find_sources(flow *f)
{
    int count = 0;
    size_t most = 1;
    for (int64_t id = f->d->first; id < f->n; id++)
        most += (size_t)dg_node_input_count(dg_graph_node(f->graph, id));
    f->sources = calloc(most, sizeof *f->sources);
    f->ends = calloc((size_t)f->n + 1, sizeof *f->ends);
    for (int64_t id = f->d->first; id < f->n; id++) {
        const dg_node *node = dg_graph_node(f->graph, id);
        for (int k = 0; k < dg_node_input_count(node); k++) {
            const dg_node *input = dg_node_input(node, k);
            if (input && dg_node_id(input) >= f->d->first && !is_shape_only(node, k))
                f->sources[count++] = (int)dg_node_id(input);
        }
        f->ends[id] = count;
    }
}

static void find_wires(flow *f)
{
    int count = 0;
    f->wires = calloc((size_t)f->v->n_wires + 1, sizeof *f->wires);
    f->wire_ends = calloc((size_t)f->v->n_boxes + 2, sizeof *f->wire_ends);
    f->stack = calloc((size_t)f->v->n_boxes + 1, sizeof *f->stack);
    for (int w = 0; w < f->v->n_wires; w++)
        if (!f->v->wires[w].is_gone && f->v->wires[w].kind == WIRE_GRADIENT)
            f->wire_ends[f->v->wires[w].from + 1]++;
    for (int b = 0; b < f->v->n_boxes; b++) {
        int own = f->wire_ends[b + 1];
        f->wire_ends[b + 1] = count; /* for now where they begin */
        count += own;
    }
    for (int w = 0; w < f->v->n_wires; w++)
        if (!f->v->wires[w].is_gone && f->v->wires[w].kind == WIRE_GRADIENT)
            f->wires[f->wire_ends[f->v->wires[w].from + 1]++] = w;
}

static void find_boxes(flow *f)
{
    int *known = calloc((size_t)f->d->first, sizeof *known); /* by node of the user's: 2 + its box of gradients */
    for (int64_t id = f->d->first; id < f->n; id++) {
        const dg_node *node = dg_graph_node(f->graph, id), *of = dg_node_derivative_of(node);
        f->box[id] = -1;
        if (!of || adds_others(f->d, node) || dg_node_original((dg_node *)(uintptr_t)node) != node)
            continue;
        const dg_node *user = users_node(f->d, of);
        int64_t at = user ? dg_node_id(user) : -1;
        if (at >= 0 && !known[at]) {
            int row = row_of(f->v, dg_graph_node(f->drawn, at));
            known[at] = 2 + (row < 0 ? -1 : gradient_box(f->v, row));
        }
        f->box[id] = at >= 0 ? known[at] - 2 : -1;
    }
    free(known);
}

static void flow_from(flow *f, int box)
{
    int at = 0, depth = 1;
    for (int64_t id = f->d->first; id < f->n; id++) {
        bool flows = f->box[id] == box && f->d->is_reached[id];
        for (; at < f->ends[id]; at++)
            flows |= f->from_nodes[f->sources[at]];
        f->from_nodes[id] = flows;
    }
    memset(f->from_boxes, 0, (size_t)f->v->n_boxes);
    f->from_boxes[box] = true;
    f->stack[0] = box;
    while (depth) {
        int from = f->stack[--depth];
        for (int w = f->wire_ends[from]; w < f->wire_ends[from + 1]; w++) {
            int to = f->v->wires[f->wires[w]].to;
            if (!f->from_boxes[to])
                f->stack[depth++] = to;
            f->from_boxes[to] = true;
        }
    }
}

static bool in_one_repeat(const view *v, int a, int b)
{
    for (int m = view_common_module(v, v->boxes[a].module, v->boxes[b].module); m >= 0; m = v->modules[m].parent)
        if (v->modules[m].times > 1)
            return true;
    return false;
}

/* Returns how many pairs of boxes have been compared. */
static int compare_flow(flow *f, const char *path, const draw_choice *choice)
{
    int compared = 0;
    find_boxes(f);
    find_sources(f);
    find_wires(f);
    for (int b = 0; b < f->v->n_boxes; b++) {
        const view_box *box = &f->v->boxes[b];
        if (box->is_gone || box->rows[0].style != STYLE_GRADIENT || strcmp(box->rows[0].head, "+") == 0)
            continue;
        flow_from(f, b);
        bool *reached = calloc((size_t)f->v->n_boxes, 1);
        for (int64_t id = f->d->first; id < f->n; id++)
            if (f->box[id] >= 0 && f->from_nodes[id] && f->d->is_reached[id])
                reached[f->box[id]] = true;
        for (int to = 0; to < f->v->n_boxes; to++) {
            const view_box *other = &f->v->boxes[to];
            if (to == b || other->is_gone || other->rows[0].style != STYLE_GRADIENT ||
                strcmp(other->rows[0].head, "+") == 0 || in_one_repeat(f->v, b, to))
                continue;
            cr_expect_eq(f->from_boxes[to], reached[to], "%s, stacked %d: from %s to %s there is %s way, drawn is %s",
                         path, choice->is_stacked, box->rows[0].name, other->rows[0].name, reached[to] ? "a" : "no",
                         f->from_boxes[to] ? "one" : "none");
            compared++;
        }
        free(reached);
    }
    return compared;
}

/* A sum adds what several boxes give, and hands it on. */
static void check_sums(const view *v, const char *path, int least)
{
    for (int b = 0; b < v->n_boxes; b++) {
        int in = 0, out = 0;
        if (v->boxes[b].is_gone || strcmp(v->boxes[b].rows[0].head, "+") != 0 ||
            v->boxes[b].rows[0].style != STYLE_GRADIENT)
            continue;
        for (int w = 0; w < v->n_wires; w++) {
            in += !v->wires[w].is_gone && v->wires[w].to == b;
            out += !v->wires[w].is_gone && v->wires[w].from == b;
        }
        const char *words = v->boxes[b].rows[0].looks.tooltip; /* without updates; or it goes to the copy before */
        bool is_end = strstr(words, "parameters of") || strstr(words, "what enters here");
        cr_expect(in >= least && (out > 0 || is_end), "%s: the sum %s has %d wires in and %d out", path,
                  v->boxes[b].rows[0].looks.tooltip, in, out);
    }
}

/* Derivatives of derivatives are in the box of what both are of: whatever comes to it seems to reach what leaves it. */
static bool has_second_order(const dg_graph_file *file)
{
    for (int k = 0; k < file->n_nodes; k++)
        if (strcmp(file->nodes[k].call.s, "grad") == 0)
            return true;
    return false;
}

/* In a view in the large, the plan's among them, what has gradients is not cut off: a box of gradients but the loss's
 * reads one. */
static void check_connected(const view *v, const char *path, const char *which)
{
    int cut = 0, n = 0;
    for (int b = 0; b < v->n_boxes; b++) {
        bool reads = false;
        if (v->boxes[b].is_gone || v->boxes[b].rows[0].style != STYLE_GRADIENT)
            continue;
        for (int w = 0; w < v->n_wires && !reads; w++)
            reads = !v->wires[w].is_gone && v->wires[w].to == b && v->wires[w].kind == WIRE_GRADIENT;
        cut += !reads;
        n++;
    }
    cr_expect(cut <= 1 || n < 2, "%s: %s: %d of %d boxes of gradients read none", path, which, cut, n);
}

static int check_flow(const char *path, dg_draw_view which)
{
    dg_graph_file *file = read_file(path), *other = read_file(path);
    derived d;
    dg_draw_options options = {.view = which};
    drawing_work work;
    int compared = 0;
    if (differentiate(other, &d) && prepare(file, &options, &work))
        for (int k = 0; k < 5; k++) {
            const draw_choice choice = {.is_mirrored = true, .is_stacked = k != 0, .fold = k > 1 ? k - 2 : 0};
            view v;
            make_view(&work, &choice, &v);
            check_sums(&v, path, choice.fold ? 1 : 2);
            check_connected(&v, path, views[which]);
            int64_t n = dg_graph_node_count(other->graph);
            flow f = {.v = &v,
                      .d = &d,
                      .graph = other->graph,
                      .drawn = file->graph,
                      .n = n,
                      .box = calloc((size_t)n, sizeof *f.box),
                      .from_nodes = calloc((size_t)n, 1),
                      .from_boxes = calloc((size_t)v.n_boxes, 1)};
            if (!choice.fold && k < 2 && !has_second_order(file))
                compared += compare_flow(&f, path, &choice);
            free(f.box);
            free(f.from_nodes);
            free(f.from_boxes);
            free(f.sources);
            free(f.ends);
            free(f.wires);
            free(f.wire_ends);
            free(f.stack);
            dg_arena_free(v.arena);
        }
    free(d.is_reached);
    free(d.is_read);
    dg_graph_file_free(file);
    dg_graph_file_free(other);
    return compared;
}

Test(draw_views, gradients_flow_as_they_do_in_the_graph)
{
    list_files();
    int compared = 0;
    for (int k = 0; k < n_paths; k++)
        for (int which = DG_VIEW_BACKWARD; which <= DG_VIEW_PLAN; which++)
            compared += check_flow(paths[k], (dg_draw_view)which);
    cr_expect_gt(compared, 20000);
}

/* Values that are read once, twice and three times, by layers with weights of their own and with those of others. */
static void write_random_network(FILE *to)
{
    enum { NODES = 16 };
    static const char *const singles[] = {"relu", "linear(4)", "tanh", "flip(1)", "softmax(1)", "cumsum(1)"};
    static const char *const pairs[] = {"add", "mul", "sub", "expr(p - 0.5 * q)", "maximum"};
    int first_layer = -1;
    fputs("digraph g { graph [loss=loss]; x [op=\"input([N, 4])\"]; n0 [op=\"linear(4)\"]; x -> n0;\n", to);
    for (int k = 1; k < NODES; k++) {
        int one = rand() % 3 ? k - 1 : rand() % k, two = rand() % k, kind = rand() % 6;
        if (rand() % 2) {
            fprintf(to, "n%d [op=\"%s\"", k, singles[kind]);
            if (kind == 1 && first_layer >= 0 && rand() % 2)
                fprintf(to, ", share=n%d", first_layer);
            else if (kind == 1 && first_layer < 0)
                first_layer = k;
            fprintf(to, "]; n%d -> n%d;\n", one, k);
        } else {
            bool is_formula = kind % 5 == 3;
            fprintf(to, "n%d [op=\"%s\"]; n%d -> n%d%s; n%d -> n%d%s;\n", k, pairs[kind % 5], one, k,
                    is_formula ? " [arg=p]" : "", two, k, is_formula ? " [arg=q]" : "");
        }
    }
    fprintf(to, "loss [op=mean]; n%d -> loss; }\n", NODES - 1);
}

Test(draw_views, gradients_of_random_networks_flow_as_they_do_in_the_graph, .init = make_folder, .fini = remove_folder)
{
    int compared = 0;
    srand(11);
    for (int round = 0; round < 60; round++) {
        FILE *file = fopen("random.dot", "w");
        write_random_network(file);
        fclose(file);
        compared += check_flow("random.dot", DG_VIEW_STEP);
    }
    cr_expect_gt(compared, 2000);
}
