/* What the views of a network hold, for every graph file that ships: as many boxes as there are nodes, a mark for every
 * value that backward reads, every step of a plan once; and whatever is folded, closed and stacked, the same in all. */
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
        for (int choice = 0; choice < 3 * 3 * 2; choice += which == DG_VIEW_PLAN || turn ? 8 : 1)
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
