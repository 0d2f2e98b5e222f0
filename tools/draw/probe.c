/* Numbers of nodes on data: what --heat shows. One table of probes; each says which nodes it is of, what a plan has to
 * fetch for one, and what number that gives. */
#include "core/base/null.h"
#include "include/dotgrad/draw.h"

#include "text.h"

#include <dotgrad/autograd.h>
#include <dotgrad/optim.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_OWN = 24, TIMED_RUNS = 10 };

/* One node of the picture and what is fetched for it. */
typedef struct probed_node {
    dg_node *node;
    int n_fetch;
    dg_node *fetch[1 + 2 * MOST_OWN];
    const char *names[1 + 2 * MOST_OWN]; /* of what is fetched, for words */
    const dg_tensor *got[1 + 2 * MOST_OWN];
    double value;
    const char *words;
} probed_node;

typedef struct probing {
    const dg_heat_request *request;
    dg_arena *arena;
    dg_graph *graph;
    size_t count;
    probed_node *nodes;
    dg_plan *plan;
    dg_node *const *updates; /* of the probe of updates */
    int n_updates;
} probing;

typedef struct probe {
    const char *name, *title;
    bool is_linear, needs_loss;
    bool (*takes)(const dg_node *node);             /* whether it is of such nodes */
    dg_status (*choose)(probing *p);                /* fills fetch */
    void (*measure)(probing *p, probed_node *node); /* from what was got */
} probe;

/* ---- which nodes ---- */

static bool is_float(const dg_node *node)
{
    return dg_dtype_is_float(dg_node_type(node, 0)->dtype);
}

static bool is_computed(const dg_node *node)
{
    dg_role role = dg_node_op(node)->role;
    return is_float(node) && role != DG_ROLE_CONSTANT && role != DG_ROLE_ASSIGN;
}

static bool is_activation(const dg_node *node)
{
    return is_float(node) && strcmp(dg_node_op(node)->family, "activation") == 0;
}

static bool is_pointwise(const dg_node *node)
{
    return is_activation(node) && dg_node_formula(node) && dg_node_input_count(node) && dg_node_input(node, 0) &&
           is_float(dg_node_input(node, 0));
}

static bool is_own(const dg_node *node, int k)
{
    const dg_node *input = dg_node_input(node, k);
    return input && dg_node_op(input)->role == DG_ROLE_PARAMETER && dg_node_owner(input) == node && is_float(input);
}

static bool has_parameters(const dg_node *node)
{
    bool some = dg_node_op(node)->role == DG_ROLE_PARAMETER;
    for (int k = 0; k < dg_node_input_count(node); k++)
        some |= is_own(node, k);
    return some;
}

static bool is_any(const dg_node *node)
{
    return dg_node_op(node)->role != DG_ROLE_PARAMETER && dg_node_op(node)->role != DG_ROLE_CONSTANT;
}

/* ---- numbers ---- */

static double norm(const dg_tensor *tensor)
{
    double sum = 0;
    for (int64_t k = 0; k < dg_tensor_count(tensor); k++)
        sum += pow(dg_tensor_get(tensor, k), 2);
    return sqrt(sum);
}

/* Three digits. */
static const char *print(dg_arena *arena, double value)
{
    char made[DG_NUMBER_TEXT];
    if (!isfinite(value))
        return isnan(value) ? "NaN" : "∞";
    if (value == 0)
        return "0";
    double power = pow(10, floor(log10(fabs(value))) - 2);
    return text_format(arena, "%s", dg_number_print(round(value / power) * power, DG_FLOAT32, made));
}

static const char *percent(dg_arena *arena, double share)
{
    return text_format(arena, "%s %%", print(arena, round(share * 1000) / 10));
}

/* ---- gradient ---- */

static void add_fetch(probed_node *node, dg_node *fetch, const char *name)
{
    if (node->n_fetch < 1 + 2 * MOST_OWN) {
        node->names[node->n_fetch] = name;
        node->fetch[node->n_fetch++] = fetch;
    }
}

static const char *own_name(const dg_node *node, int k)
{
    const char *name = dg_node_input_name(node, k);
    return name ? name : "parameter";
}

/* The node itself, then the parameters that it owns. */
static void add_own(probed_node *node, bool itself)
{
    if (itself)
        add_fetch(node, node->node, "");
    for (int k = 0; k < dg_node_input_count(node->node); k++)
        if (is_own(node->node, k) && node->n_fetch < MOST_OWN)
            add_fetch(node, dg_node_input(node->node, k), own_name(node->node, k));
}

static dg_status choose_gradient(probing *p)
{
    size_t all = 0;
    for (size_t k = 0; k < p->count; k++) {
        add_own(&p->nodes[k], true);
        all += (size_t)p->nodes[k].n_fetch;
    }
    dg_node **wrt = dg_arena_alloc(p->arena, (all + 1) * sizeof *wrt),
            **grads = dg_arena_alloc(p->arena, (all + 1) * sizeof *grads);
    if (!wrt || !grads)
        return dg_error(DG_NO_MEMORY, "not enough memory to measure gradients");
    size_t used = 0;
    for (size_t k = 0; k < p->count; k++)
        for (int i = 0; i < p->nodes[k].n_fetch; i++)
            wrt[used++] = p->nodes[k].fetch[i];
    DG_TRY(dg_grad(p->request->loss, (int)all, wrt, grads));
    used = 0;
    for (size_t k = 0; k < p->count; k++)
        for (int i = 0; i < p->nodes[k].n_fetch; i++)
            p->nodes[k].fetch[i] = grads[used++];
    return dg_ok();
}

static void measure_gradient(probing *p, probed_node *node)
{
    node->value = norm(node->got[0]);
    node->words = text_format(p->arena, "‖∂‖ %s", print(p->arena, node->value));
    for (int i = 1; i < node->n_fetch; i++)
        node->words =
            text_format(p->arena, "%s · %s %s", node->words, node->names[i], print(p->arena, norm(node->got[i])));
}

/* ---- activation, dead, memory ---- */

static dg_status choose_itself(probing *p)
{
    for (size_t k = 0; k < p->count; k++)
        add_fetch(&p->nodes[k], p->nodes[k].node, "");
    return dg_ok();
}

static void measure_activation(probing *p, probed_node *node)
{
    int64_t count = dg_tensor_count(node->got[0]);
    double sum = 0, squares = 0;
    for (int64_t k = 0; k < count; k++) {
        double value = dg_tensor_get(node->got[0], k);
        sum += value;
        squares += value * value;
    }
    double mean = count ? sum / (double)count : 0, square = count ? squares / (double)count : 0;
    node->value = sqrt(square);
    node->words = text_format(p->arena, "rms %s · mean %s", print(p->arena, node->value), print(p->arena, mean));
}

/* Units are what a row has one of: channels of images, else every element. A unit is dead that is 0 in every row. */
static void measure_dead(probing *p, probed_node *node)
{
    const dg_tensor *got = node->got[0];
    int rank = got->shape.rank;
    int64_t count = dg_tensor_count(got), rows = rank ? got->shape.dims[0] : 1,
            inner = rows ? count / (rows ? rows : 1) : 0;
    int64_t per = 1, units = inner;
    if (rank >= 4) {
        units = got->shape.dims[1];
        per = units ? inner / units : 1;
    }
    int64_t dead = 0;
    for (int64_t unit = 0; unit < units; unit++) {
        bool lives = false;
        for (int64_t row = 0; row < rows && !lives; row++)
            for (int64_t k = 0; k < per && !lives; k++)
                lives = dg_tensor_get(got, row * inner + unit * per + k) != 0;
        dead += !lives;
    }
    node->value = units ? (double)dead / (double)units : 0;
    node->words = text_format(p->arena, "%lld of %lld dead", (long long)dead, (long long)units);
}

static void measure_memory(probing *p, probed_node *node)
{
    static const char *const units[] = {"B", "kB", "MB", "GB"};
    double bytes = (double)dg_tensor_bytes(node->got[0]), shown = bytes;
    int unit = 0;
    for (; shown >= 1000 && unit < 3; unit++)
        shown /= 1000;
    node->value = bytes;
    node->words = text_format(p->arena, "%s %s", print(p->arena, shown), units[unit]);
}

/* ---- saturated ---- */

static dg_status choose_slopes(probing *p)
{
    for (size_t k = 0; k < p->count; k++) {
        dg_node *input = dg_node_input(p->nodes[k].node, 0), *slope;
        DG_TRY(dg_grad(p->nodes[k].node, 1, &input, &slope));
        add_fetch(&p->nodes[k], slope, "");
    }
    return dg_ok();
}

static void measure_saturated(probing *p, probed_node *node)
{
    int64_t count = dg_tensor_count(node->got[0]), flat = 0;
    for (int64_t k = 0; k < count; k++)
        flat += fabs(dg_tensor_get(node->got[0], k)) < 0.01;
    node->value = count ? (double)flat / (double)count : 0;
    node->words = text_format(p->arena, "%s saturated", percent(p->arena, node->value));
}

/* ---- update ---- */

/* What a first step of the optimiser would write into each parameter. */
static dg_status choose_updates(probing *p)
{
    const dg_graph_file *file = p->request->file;
    const char *words = p->request->optimizer ? p->request->optimizer
                        : file                ? dg_graph_file_setting(file, "optimizer")
                                              : NULL;
    dg_optimizer optimizer;
    dg_node *const *parameters;
    int count;
    DG_TRY(dg_optimizer_parse(words ? words : "sgd", &optimizer));
    DG_TRY(dg_trainable_parameters(p->request->loss, &parameters, &count));
    dg_node **gradients = dg_arena_alloc(p->arena, ((size_t)count + 1) * sizeof *gradients);
    if (!gradients)
        return dg_error(DG_NO_MEMORY, "not enough memory to measure updates");
    DG_TRY(dg_grad(p->request->loss, count, parameters, gradients));
    dg_value rate = dg_float(optimizer.lr);
    dg_node *lr =
        dg_apply(&(dg_application){.graph = p->graph, .op = "constant", .at = DG_HERE, .n_attrs = 1, .attrs = &rate});
    DG_TRY(dg_graph_status(p->graph));
    DG_TRY(dg_optimizer_emit(
        &optimizer,
        &(dg_optimizer_step){
            .graph = p->graph, .count = count, .parameters = parameters, .gradients = gradients, .lr = lr},
        &p->updates, &p->n_updates));
    for (size_t k = 0; k < p->count; k++) {
        probed_node *node = &p->nodes[k];
        for (int i = 0; i < dg_node_input_count(node->node) + 1; i++) {
            bool itself = i == dg_node_input_count(node->node);
            dg_node *parameter = itself ? node->node : is_own(node->node, i) ? dg_node_input(node->node, i) : NULL;
            for (int u = 0; parameter && u < p->n_updates; u++)
                if (dg_node_input(p->updates[u], 0) == parameter && node->n_fetch + 1 < 2 * MOST_OWN) {
                    add_fetch(node, parameter, itself ? "" : own_name(node->node, i));
                    add_fetch(node, dg_node_input(p->updates[u], 1), "");
                }
        }
    }
    return dg_ok();
}

static void measure_update(probing *p, probed_node *node)
{
    double change = 0, size = 0;
    for (int i = 0; i + 1 < node->n_fetch; i += 2)
        for (int64_t k = 0; k < dg_tensor_count(node->got[i]); k++) {
            double before = dg_tensor_get(node->got[i], k), after = dg_tensor_get(node->got[i + 1], k);
            change += (after - before) * (after - before);
            size += before * before;
        }
    node->value = node->n_fetch && size > 0 ? sqrt(change / size) : NAN;
    node->words = node->n_fetch ? text_format(p->arena, "‖Δp‖/‖p‖ %s", print(p->arena, node->value)) : NULL;
}

/* ---- time ---- */

static dg_status choose_loss(probing *p)
{
    (void)p;
    return dg_ok();
}

/* The node of the picture that a step works for. */
static const dg_node *user_node(const dg_node *node)
{
    while (node && (dg_node_owner(node) || dg_node_derivative_of(node)))
        node = dg_node_owner(node) ? dg_node_owner(node) : dg_node_derivative_of(node);
    return node;
}

static void measure_time(probing *p, probed_node *node)
{
    size_t count = dg_plan_profile_entries(p->plan, NULL, 0);
    dg_plan_profile_entry *entries = dg_arena_alloc(p->arena, (count + 1) * sizeof *entries);
    double seconds = 0;
    dg_plan_profile_entries(p->plan, entries, entries ? count : 0);
    for (size_t k = 0; entries && k < count; k++)
        if (user_node(entries[k].node) == node->node && entries[k].calls)
            seconds += entries[k].seconds / (double)entries[k].calls;
    node->value = seconds > 0 ? seconds : NAN;
    node->words = seconds > 0 ? text_format(p->arena, "%s µs", print(p->arena, seconds * 1e6)) : NULL;
}

static const probe probes[] = {
    {"gradient", "norm of the loss's gradient by each value", false, true, is_computed, choose_gradient,
     measure_gradient},
    {"activation", "root mean square of each value", false, false, is_computed, choose_itself, measure_activation},
    {"dead", "units that are 0 in every row", true, false, is_activation, choose_itself, measure_dead},
    {"saturated", "elements where the slope is below 0.01", true, false, is_pointwise, choose_slopes,
     measure_saturated},
    {"update", "change of the parameters in a step, relative to their size", false, true, has_parameters,
     choose_updates, measure_update},
    {"time", "time of the loss and its gradients", false, true, is_any, choose_loss, measure_time},
    {"memory", "bytes of each value", false, false, is_any, choose_itself, measure_memory}};
enum { PROBES = sizeof probes / sizeof *probes };

const char *dg_probe_name(size_t index)
{
    return index < PROBES ? probes[index].name : NULL;
}

/* ---- the whole ---- */

static bool *mark_ancestors(probing *p, const dg_node *loss)
{
    int64_t n = dg_graph_node_count(p->graph);
    bool *marks = dg_arena_alloc(p->arena, (size_t)n + 1);
    if (!marks)
        return NULL;
    marks[dg_node_id(loss)] = true;
    for (int64_t id = n - 1; id >= 0; id--) {
        const dg_node *node = dg_graph_node(p->graph, id);
        for (int k = 0; marks[id] && k < dg_node_input_count(node); k++)
            if (dg_node_input(node, k))
                marks[dg_node_id(dg_node_input(node, k))] = true;
    }
    return marks;
}

/* The user's nodes that the loss is computed from and the probe is of. */
static dg_status list_nodes(probing *p, const probe *of)
{
    int64_t n = dg_graph_node_count(p->graph);
    bool *marks = mark_ancestors(p, p->request->loss);
    p->nodes = dg_arena_alloc(p->arena, ((size_t)n + 1) * sizeof *p->nodes);
    if (!p->nodes || !marks)
        return dg_error(DG_NO_MEMORY, "not enough memory to measure");
    for (int64_t id = 0; id < n; id++) {
        dg_node *node = dg_graph_node(p->graph, id);
        if (marks[id] && !dg_node_owner(node) && dg_node_op(node)->role != DG_ROLE_OUTPUT && of->takes(node))
            p->nodes[p->count++].node = node;
    }
    return dg_ok();
}

static dg_status run_plan(probing *p, const probe *of)
{
    size_t all = 1;
    for (size_t k = 0; k < p->count; k++)
        all += (size_t)p->nodes[k].n_fetch;
    dg_node **fetch = dg_arena_alloc(p->arena, (all + MOST_OWN) * sizeof *fetch);
    dg_node *const *parameters = NULL;
    dg_node **grads = NULL;
    int n_parameters = 0;
    size_t used = 0;
    if (!fetch)
        return dg_error(DG_NO_MEMORY, "not enough memory to measure");
    fetch[used++] = p->request->loss;
    for (size_t k = 0; k < p->count; k++)
        for (int i = 0; i < p->nodes[k].n_fetch; i++)
            fetch[used++] = p->nodes[k].fetch[i];
    bool timed = of->measure == measure_time;
    if (timed) {
        DG_TRY(dg_trainable_parameters(p->request->loss, &parameters, &n_parameters));
        grads = dg_arena_alloc(p->arena, ((size_t)n_parameters + 1) * sizeof *grads);
        fetch = dg_arena_alloc(p->arena, ((size_t)n_parameters + 2) * sizeof *fetch);
        if (!grads || !fetch)
            return dg_error(DG_NO_MEMORY, "not enough memory to measure");
        DG_TRY(dg_grad(p->request->loss, n_parameters, parameters, grads));
        fetch[0] = p->request->loss;
        memcpy(fetch + 1, grads, (size_t)n_parameters * sizeof *grads);
        used = 1 + (size_t)n_parameters;
    }
    DG_TRY(dg_parameters_init(p->request->parameters, p->graph, p->request->seed));
    DG_TRY(dg_plan_new(
        p->graph,
        &(dg_plan_options){
            .fetch = fetch, .n_fetch = (int)used, .parameters = p->request->parameters, .seed = p->request->seed},
        &p->plan));
    DG_TRY(dg_plan_run(p->plan, p->request->feeds, p->request->n_feeds));
    if (timed)
        dg_plan_profile(p->plan, true);
    for (int k = 0; timed && k < TIMED_RUNS; k++)
        DG_TRY(dg_plan_run(p->plan, p->request->feeds, p->request->n_feeds));
    used = 1;
    for (size_t k = 0; k < p->count; k++)
        for (int i = 0; i < p->nodes[k].n_fetch; i++)
            p->nodes[k].got[i] = dg_plan_result(p->plan, (int)used++);
    return dg_ok();
}

typedef struct owned_heat {
    dg_heat heat; /* the first: freed as what it is in */
    dg_arena *arena;
} owned_heat;

static dg_status fill_heat(probing *p, const probe *of, dg_heat **heat)
{
    owned_heat *made = dg_arena_alloc(p->arena, sizeof *made);
    dg_node **nodes = dg_arena_alloc(p->arena, (p->count + 1) * sizeof *nodes);
    double *values = dg_arena_alloc(p->arena, (p->count + 1) * sizeof *values);
    const char **words = dg_arena_alloc(p->arena, (p->count + 1) * sizeof *words);
    if (!made || !nodes || !values || !words)
        return dg_error(DG_NO_MEMORY, "not enough memory to measure");
    for (size_t k = 0; k < p->count; k++) {
        of->measure(p, &p->nodes[k]);
        nodes[k] = p->nodes[k].node;
        values[k] = p->nodes[k].value;
        words[k] = p->nodes[k].words;
    }
    const char *title = p->request->data ? text_format(p->arena, "%s: %s, %s", of->name, of->title, p->request->data)
                                         : text_format(p->arena, "%s: %s", of->name, of->title);
    *made = (owned_heat){{title, p->count, nodes, values, words, of->is_linear}, p->arena};
    *heat = &made->heat;
    return dg_ok();
}

dg_status dg_heat_measure(const dg_heat_request *request, dg_heat **heat)
{
    REFUSE_NULL(request);
    REFUSE_NULL(heat);
    const probe *of = NULL;
    *heat = NULL;
    for (size_t k = 0; k < PROBES; k++)
        if (request->what && strcmp(request->what, probes[k].name) == 0)
            of = &probes[k];
    if (!of)
        return dg_error(DG_BAD_ARGUMENT,
                        "heat: '%.60s' is not one of gradient, activation, dead, saturated, update, time, memory",
                        request->what ? request->what : "");
    if (!request->loss || !request->parameters)
        return dg_error(DG_BAD_ARGUMENT, "heat: %s wants a loss (or another last node) and parameters", of->name);
    probing p = {.request = request, .graph = dg_node_graph(request->loss)};
    DG_TRY(dg_arena_new(&p.arena));
    dg_status status = list_nodes(&p, of);
    if (status.code == DG_OK)
        status = of->choose(&p);
    if (status.code == DG_OK)
        status = run_plan(&p, of);
    if (status.code == DG_OK)
        status = fill_heat(&p, of, heat);
    if (p.plan)
        dg_plan_free(p.plan);
    if (status.code != DG_OK)
        dg_arena_free(p.arena);
    return status;
}

void dg_heat_free(dg_heat *heat)
{
    if (heat)
        dg_arena_free(((owned_heat *)(void *)heat)->arena);
}
