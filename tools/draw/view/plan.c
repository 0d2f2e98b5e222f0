/* A view of a plan: a box a step, in the order in which they run, with the nodes that run together, and where in memory
 * the results are and for how long. */
#include "plan.h"

#include <dotgrad/optim.h>
#include <dotgrad/plan.h>

#include <stdlib.h>
#include <string.h>

enum { SYMBOL = 8, MOST_NAMES = 8, MOST_BYTES = 1 << 26 };

typedef struct planning {
    dg_graph *graph;
    const plan_wish *wish;
    dg_tensors *parameters;
    dg_plan *plan;
    bool measuring; /* without memory for tensors; constants of more than 64 KiB are then steps of their own */
    dg_feed *feeds;
    int n_feeds;
} planning;

/* Of the tensor of zeros that stands for a node's value: N is the batch, other symbols are 8. */
static dg_type type_of(const planning *p, dg_node *node)
{
    dg_type type = *dg_node_type(node, 0);
    for (int k = 0; k < type.shape.rank; k++)
        if (type.shape.dims[k] < 0)
            type.shape.dims[k] = type.shape.dims[k] == DG_N ? p->wish->batch : SYMBOL;
    return type;
}

static dg_status make_feeds(planning *p)
{
    int64_t n = dg_graph_node_count(p->graph);
    p->feeds = calloc((size_t)n + 1, sizeof *p->feeds);
    if (!p->feeds)
        return dg_no_memory("a picture");
    for (int64_t id = 0; id < n; id++) {
        dg_node *node = dg_graph_node(p->graph, id);
        if (dg_node_op(node)->role != DG_ROLE_INPUT)
            continue;
        dg_type type = type_of(p, node);
        dg_tensor *tensor = calloc(1, sizeof *tensor);
        if (!tensor)
            return dg_no_memory("a picture");
        p->feeds[p->n_feeds++] = (dg_feed){node, tensor};
        if (p->measuring)
            *tensor = dg_tensor_view(type.dtype, type.shape, NULL);
        else
            DG_TRY(dg_tensor_make(tensor, type.dtype, type.shape));
    }
    return dg_ok();
}

/* A plan is not run, so that parameters need no values: initialisers may need data that a drawing does not have. */
static dg_status make_parameters(planning *p)
{
    DG_TRY(dg_tensors_new(&p->parameters));
    for (int64_t id = 0; id < dg_graph_node_count(p->graph); id++) {
        dg_node *node = dg_graph_node(p->graph, id);
        dg_tensor *zeros;
        if (dg_node_op(node)->role != DG_ROLE_PARAMETER || p->measuring ||
            dg_tensors_find(p->parameters, dg_node_name(node)))
            continue;
        dg_type type = type_of(p, node);
        DG_TRY(dg_tensors_add(p->parameters, dg_node_name(node), type.dtype, type.shape, &zeros));
    }
    return dg_ok();
}

static void release(planning *p)
{
    if (p->plan)
        dg_plan_free(p->plan);
    for (int k = 0; k < p->n_feeds; k++) {
        if (!p->measuring)
            dg_tensor_release((dg_tensor *)(uintptr_t)p->feeds[k].tensor);
        free((void *)(uintptr_t)p->feeds[k].tensor);
    }
    free(p->feeds);
    dg_tensors_free(p->parameters);
    *p = (planning){.graph = p->graph, .wish = p->wish};
}

static dg_status bind(planning *p, bool measuring)
{
    p->measuring = measuring;
    DG_TRY(make_parameters(p));
    DG_TRY(make_feeds(p));
    DG_TRY(dg_plan_new(p->graph,
                       &(dg_plan_options){.fetch = &p->wish->loss,
                                          .n_fetch = 1,
                                          .updates = p->wish->updates,
                                          .n_updates = p->wish->n_updates,
                                          .parameters = p->parameters,
                                          .training = p->wish->n_updates > 0,
                                          .measuring = p->measuring},
                       &p->plan));
    return dg_plan_prepare(p->plan, p->feeds, p->n_feeds);
}

/* All that a plan for the sizes would take. */
static bool is_large(const planning *p)
{
    size_t sum = dg_plan_cost_of(p->plan).arena_bytes, bytes;
    for (int64_t id = 0; id < dg_graph_node_count(p->graph) && sum <= MOST_BYTES; id++) {
        dg_node *node = dg_graph_node(p->graph, id);
        dg_type type = type_of(p, node);
        if (dg_node_op(node)->role == DG_ROLE_PARAMETER || dg_node_op(node)->role == DG_ROLE_INPUT)
            sum += dg_shape_bytes(&type.shape, type.dtype, &bytes).code == DG_OK ? bytes : MOST_BYTES;
    }
    return sum > MOST_BYTES;
}

static const char *bytes_text(dg_arena *arena, size_t bytes)
{
    return text_format(arena, "%s B", text_count(arena, (int64_t)bytes));
}

/* A node of the optimiser: its name is of no use, the parameter's is. */
static bool is_update(const derived_nodes *derived, dg_node *node)
{
    int64_t id = dg_node_id(node);
    return derived->rule && (id >= derived->first_update || (id < derived->n_groups && derived->updated[id]));
}

static const char *op_word(const derived_nodes *derived, dg_node *node)
{
    return is_update(derived, node) ? derived->rule : dg_node_op(node)->name;
}

/* "" for what several parameters' updates read. */
static const char *name_word(const derived_nodes *derived, dg_node *node)
{
    if (is_update(derived, node)) {
        int64_t id = dg_node_id(node);
        return id < derived->n_groups && derived->updated[id] ? dg_node_name((dg_node *)(uintptr_t)derived->updated[id])
                                                              : "";
    }
    for (int k = 0; k < derived->n_gradients; k++)
        if (derived->gradients[k] == node)
            return derived->names[k];
    return dg_node_name(node);
}

/* Each word once, with the number of ops that it stands for. */
static const char *join(view *v, const dg_plan_step *step, const derived_nodes *derived, bool names)
{
    text t = {0};
    size_t shown = 0, left_out = 0;
    const char **words = dg_arena_alloc(v->arena, (step->n_nodes + 1) * sizeof *words);
    for (size_t k = 0; words && k < step->n_nodes; k++)
        words[k] = names ? name_word(derived, step->nodes[k]) : op_word(derived, step->nodes[k]);
    for (size_t k = 0; words && k < step->n_nodes; k++) {
        size_t before = 0, times = 0;
        while (before < k && strcmp(words[before], words[k]) != 0)
            before++;
        if (before < k || !*words[k])
            continue;
        if (shown == MOST_NAMES) {
            left_out++;
            continue;
        }
        for (size_t i = k; i < step->n_nodes; i++)
            times += strcmp(words[i], words[k]) == 0;
        text_add(&t, "%s%s", shown++ ? names ? ", " : " + " : "", words[k]);
        if (!names && times > 1 && words[k] != derived->rule)
            text_add(&t, " ×%d", (int)times);
    }
    if (left_out)
        text_add(&t, ", and %d more", (int)left_out);
    const char *kept = shown || !names ? text_keep(v->arena, &t) : "what all updates read";
    text_free(&t);
    return kept;
}

static void add_step(view *v, const dg_plan_step *step, size_t number, size_t count, const derived_nodes *derived)
{
    view_row *row = dg_arena_alloc(v->arena, sizeof *row);
    if (!row) {
        v->failed = true;
        return;
    }
    *row = (view_row){
        .name = join(v, step, derived, true), .op = join(v, step, derived, false), .node = step->node, .shares = ""};
    row->looks.peripheries = -1;
    row->call = row->exact = row->loose = text_format(v->arena, "%lu", (unsigned long)number);
    row->head = text_format(v->arena, "%lu  %s", (unsigned long)number + 1, row->op);
    const char *until =
        step->last >= count ? "to the end" : text_format(v->arena, "until %lu", (unsigned long)step->last + 1);
    const char *where = step->is_in_arena
                            ? text_format(v->arena, "at %s, %s", text_count(v->arena, (int64_t)step->offset),
                                          bytes_text(v->arena, step->bytes))
                            : bytes_text(v->arena, step->bytes);
    row->detail = text_format(
        v->arena, "%s\n%s, %s%s%s", row->name, where, until, step->flops > 0 ? ", " : "",
        step->flops > 0 ? text_format(v->arena, "%s FLOP", text_count(v->arena, (int64_t)step->flops)) : "");
    row->style = is_update(derived, step->node)              ? STYLE_UPDATE
                 : derive_is_derivative(derived, step->node) ? STYLE_GRADIENT
                                                             : style_of(dg_node_op(step->node));
    view_add_box(v, (view_box){.kind = BOX_OP, .n_rows = 1, .rows = row, .module = -1, .partner = -1});
}

/* Of the plan, which ends here, the steps are kept. */
static dg_status take_steps(planning *p, plan_steps *made)
{
    dg_arena *arena = dg_graph_arena(p->graph);
    DG_TRY(dg_plan_steps(p->plan, arena, &made->steps, &made->count));
    for (size_t k = 0; k < made->count; k++) { /* lists that are the plan's */
        dg_plan_step *step = &made->steps[k];
        dg_node **nodes = dg_arena_alloc(arena, (step->n_nodes + 1) * sizeof *nodes);
        size_t *reads = dg_arena_alloc(arena, (step->n_reads + 1) * sizeof *reads);
        if (!nodes || !reads)
            return dg_no_memory("a picture");
        if (step->n_nodes)
            memcpy(nodes, step->nodes, step->n_nodes * sizeof *nodes);
        if (step->n_reads)
            memcpy(reads, step->reads, step->n_reads * sizeof *reads);
        step->nodes = nodes;
        step->reads = reads;
    }
    made->summary = text_format(arena, "%lu step%s · arena of %s · batch %lld", (unsigned long)made->count,
                                made->count == 1 ? "" : "s", bytes_text(arena, dg_plan_cost_of(p->plan).arena_bytes),
                                (long long)p->wish->batch);
    return dg_ok();
}

dg_status plan_steps_make(dg_graph *graph, const plan_wish *wish, plan_steps *made)
{
    planning p = {.graph = graph, .wish = wish};
    dg_status status = bind(&p, true);
    if (status.code == DG_OK && !is_large(&p)) {
        release(&p);
        status = bind(&p, false);
    }
    if (status.code == DG_OK)
        status = take_steps(&p, made);
    release(&p);
    return status;
}

dg_status view_of_plan(view *v, dg_graph *graph, const plan_steps *made, const dg_node *loss,
                       const derived_nodes *derived)
{
    v->graph = graph;
    for (size_t k = 0; k < made->count; k++) {
        add_step(v, &made->steps[k], k, made->count, derived);
        if (v->failed)
            return dg_no_memory("a picture");
        view_last_box(v)->rows[0].is_loss = made->steps[k].node == loss;
    }
    for (size_t k = 0; k < made->count; k++)
        for (size_t i = 0; i < made->steps[k].n_reads; i++)
            view_add_wire(v, (view_wire){.from = (int)made->steps[k].reads[i],
                                         .to = (int)k,
                                         .input = (int)i,
                                         .argument = "",
                                         .result = "",
                                         .shape = "",
                                         .kind = WIRE_DATA});
    return dg_ok();
}
