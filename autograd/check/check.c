/* The gradient check: every derivative against finite differences. */
#include <dotgrad/autograd.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/source.h>

#include "autograd/walk.h"
#include "probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A float input or parameter that the loss is computed from. */
typedef struct leaf {
    dg_node *node;
    dg_tensor *tensor; /* what plans read; held by the check */
    double *origin;    /* its values */
    double *gradient;
    dg_node *v_node;       /* the fixed direction of second derivatives */
    dg_node *tangent_node; /* the direction of forward mode */
    dg_tensor v, tangent;
} leaf;

typedef struct check {
    dg_check_options options; /* defaults filled in */
    const char *call;
    dg_graph *graph;
    dg_tensors *parameters;
    dg_tensor *fed; /* copies of what is fed */
    dg_feed *feeds;
    int n_feeds;
    leaf *leaves;
    int n_leaves;
    dg_plan_options settings;
    dg_check_report *report;
} check;

/* ---- the report ---- */

static dg_status report_new(dg_check_report **report)
{
    *report = calloc(1, sizeof **report);
    return *report ? dg_arena_new(&(*report)->arena) : dg_no_memory("a gradient check");
}

void dg_check_report_free(dg_check_report *report)
{
    if (report)
        dg_arena_free(report->arena);
    free(report);
}

static const char *report_text(dg_check_report *report, const char *text)
{
    const char *copy = dg_arena_text(report->arena, text, strlen(text));
    return copy ? copy : "";
}

/* Entries are kept in an array that doubles; old ones stay in the arena. */
static dg_status report_add(dg_check_report *report, const dg_check_entry *entry)
{
    if ((report->count & (report->count - 1)) == 0) {
        size_t capacity = report->count ? report->count * 2 : 1;
        dg_check_entry *larger = dg_arena_alloc(report->arena, capacity * sizeof *larger);
        if (!larger)
            return dg_no_memory("a gradient check");
        if (report->count)
            memcpy(larger, report->entries, report->count * sizeof *larger);
        report->entries = larger;
    }
    ((dg_check_entry *)report->entries)[report->count++] = *entry;
    report->checked += entry->checked;
    report->failed += entry->failed;
    report->skipped += entry->skipped;
    return dg_ok();
}

/* One entry while it is being counted. */
typedef struct tally {
    dg_check_entry entry;
    double worst;
} tally;

static void count(tally *t, probe_verdict verdict, int64_t element, double expected, double found)
{
    dg_check_entry *entry = &t->entry;
    if (verdict == PROBE_NOTHING) {
        entry->skipped++;
        return;
    }
    double size = fmax(fabs(expected), fabs(found)), difference = size > 0 ? fabs(expected - found) / size : 0;
    bool fails = verdict == PROBE_DIFFERS, first = fails && entry->failed == 0;
    if (!(difference <= 2))
        difference = 2;
    bool worse = difference > t->worst && (fails || entry->failed == 0);
    if (element < 0 && entry->element >= 0 && entry->failed > 0)
        worse = false; /* an element tells more than a direction */
    if (first || entry->checked == 0 || worse) {
        t->worst = difference;
        entry->element = element;
        entry->expected = expected;
        entry->found = isnan(found) ? fabs(found) : found; /* nan of either sign */
    }
    entry->checked++;
    entry->failed += fails;
}

/* ---- leaves ---- */

static bool is_leaf(const dg_node *node)
{
    dg_role role = dg_node_op(node)->role;
    return (role == DG_ROLE_INPUT || role == DG_ROLE_PARAMETER) && dg_dtype_is_float(dg_node_type(node, 0)->dtype);
}

static dg_status add_leaf(check *c, dg_node *node)
{
    const dg_type *type = dg_node_type(node, 0);
    dg_tensor *tensor = NULL;
    if (dg_node_op(node)->role == DG_ROLE_PARAMETER)
        tensor = dg_tensors_find(c->parameters, dg_node_name(node));
    for (int k = 0; k < c->options.n_feeds; k++)
        if (c->feeds[k].node == node)
            tensor = &c->fed[k];
    if (!tensor)
        return dg_error(DG_BAD_ARGUMENT, "'%s' has no value: %s", dg_node_name(node),
                        dg_node_op(node)->role == DG_ROLE_PARAMETER ? "no such parameter is given" : "it is not fed");
    if (tensor->dtype != DG_FLOAT64 || type->dtype != DG_FLOAT64)
        return dg_error(DG_BAD_DTYPE, "'%s' is %s: gradients are checked in float64", dg_node_name(node),
                        dg_dtype_name(type->dtype));
    leaf *l = &c->leaves[c->n_leaves++];
    l->node = node;
    l->tensor = tensor;
    int64_t n = dg_tensor_count(tensor);
    l->origin = calloc((size_t)n + 1, sizeof(double));
    l->gradient = calloc((size_t)n + 1, sizeof(double));
    if (!l->origin || !l->gradient)
        return dg_no_memory("a gradient check");
    memcpy(l->origin, tensor->data, (size_t)n * sizeof(double));
    DG_TRY(dg_tensor_make(&l->v, DG_FLOAT64, tensor->shape));
    DG_TRY(dg_tensor_make(&l->tangent, DG_FLOAT64, tensor->shape));
    dg_random key = {.seed = c->options.seed, .stream = dg_random_stream(dg_node_name(node)), .step = 1};
    dg_random_normal(&key, DG_FLOAT64, l->v.data, 0, n, 0, 1);
    l->v_node = dg_input(c->graph, type->shape, .dtype = DG_FLOAT64);
    l->tangent_node = dg_input(c->graph, type->shape, .dtype = DG_FLOAT64);
    c->feeds[c->n_feeds++] = (dg_feed){l->v_node, &l->v};
    c->feeds[c->n_feeds++] = (dg_feed){l->tangent_node, &l->tangent};
    return dg_graph_status(c->graph);
}

static dg_status find_leaves(check *c)
{
    walk w;
    dg_status status = walk_make(&w, c->graph, 1, &c->options.loss, 0, NULL, true);
    int64_t n = 0;
    for (int64_t i = 0; i < w.count; i++)
        n += is_leaf(w.entries[i].node);
    c->leaves = calloc((size_t)n + 1, sizeof *c->leaves);
    c->feeds = calloc((size_t)(2 * n + c->options.n_feeds) + 1, sizeof *c->feeds);
    c->fed = calloc((size_t)c->options.n_feeds + 1, sizeof *c->fed);
    if (status.code == DG_OK && (!c->leaves || !c->feeds || !c->fed))
        status = dg_no_memory("a gradient check");
    for (; status.code == DG_OK && c->n_feeds < c->options.n_feeds; c->n_feeds++) {
        c->feeds[c->n_feeds] = (dg_feed){c->options.feeds[c->n_feeds].node, &c->fed[c->n_feeds]};
        status = dg_tensor_copy(&c->fed[c->n_feeds], c->options.feeds[c->n_feeds].tensor);
    }
    for (int64_t i = 0; i < w.count && status.code == DG_OK; i++)
        if (is_leaf(w.entries[i].node))
            status = add_leaf(c, w.entries[i].node);
    walk_release(&w);
    return status;
}

static dg_status copy_parameters(check *c)
{
    const dg_tensors *given = c->options.parameters;
    DG_TRY(dg_tensors_new(&c->parameters));
    for (size_t k = 0; given && k < dg_tensors_count(given); k++)
        DG_TRY(dg_tensors_put(c->parameters, dg_tensors_name(given, k), dg_tensors_at(given, k)));
    return dg_ok();
}

static void check_release(check *c)
{
    for (int k = 0; k < c->n_leaves; k++) {
        free(c->leaves[k].origin);
        free(c->leaves[k].gradient);
        dg_tensor_release(&c->leaves[k].v);
        dg_tensor_release(&c->leaves[k].tangent);
    }
    for (int k = 0; c->fed && k < c->options.n_feeds; k++)
        dg_tensor_release(&c->fed[k]);
    free(c->leaves);
    free(c->fed);
    free(c->feeds);
    dg_tensors_free(c->parameters);
}

/* ---- derivatives of one scalar ---- */

/* A scalar node, its derivatives, and the plans that compute them. */
typedef struct subject {
    int order;
    dg_node *root;
    dg_node **gradients;
    dg_plan *forward; /* of its tangent; NULL: forward mode is left out */
    probe probe;
} subject;

static dg_status make_plan(check *c, int n_fetch, dg_node *const *fetch, dg_plan **plan)
{
    dg_plan_options options = c->settings;
    options.fetch = fetch;
    options.n_fetch = n_fetch;
    return dg_plan_new(c->graph, &options, plan);
}

static dg_status run_plan(check *c, dg_plan *plan)
{
    dg_plan_set_step(plan, 0);
    return dg_plan_run(plan, c->feeds, c->n_feeds);
}

static dg_status compute_gradients(check *c, dg_node *const *gradients)
{
    dg_plan *plan = NULL;
    dg_status status = make_plan(c, c->n_leaves, gradients, &plan);
    if (status.code == DG_OK)
        status = run_plan(c, plan);
    for (int k = 0; k < c->n_leaves && status.code == DG_OK; k++) {
        const dg_tensor *gradient = dg_plan_result(plan, k);
        if (!dg_shape_equal(&gradient->shape, &c->leaves[k].tensor->shape)) {
            char a[DG_SHAPE_TEXT], b[DG_SHAPE_TEXT];
            status = dg_error(DG_BAD_SHAPE, "the gradient of '%s' is %s, but the node is %s",
                              dg_node_name(c->leaves[k].node), dg_shape_print(&gradient->shape, a, sizeof a),
                              dg_shape_print(&c->leaves[k].tensor->shape, b, sizeof b));
            break;
        }
        memcpy(c->leaves[k].gradient, gradient->data, dg_tensor_bytes(gradient));
    }
    dg_plan_free(plan);
    return status;
}

/* Where first derivatives by reverse mode are there, and others are not. */
static dg_status with_remedy(dg_status status)
{
    return status.code == DG_BAD_ARGUMENT
               ? dg_error(status.code,
                          "%s; --order 1 --reverse (.order = 1, .no_forward in C) checks the first derivatives alone, "
                          "by reverse mode",
                          status.message)
               : status;
}

static dg_status emit(check *c, subject *s)
{
    dg_node **nodes = calloc((size_t)c->n_leaves * 2 + 2, sizeof(dg_node *)), *tangent = NULL;
    if (!nodes)
        return dg_no_memory("a gradient check");
    for (int k = 0; k < c->n_leaves; k++) {
        nodes[k] = c->leaves[k].node;
        nodes[c->n_leaves + k] = c->leaves[k].tangent_node;
    }
    s->gradients = calloc((size_t)c->n_leaves + 1, sizeof(dg_node *));
    dg_status status =
        s->gradients ? dg_grad(s->root, c->n_leaves, nodes, s->gradients) : dg_no_memory("a gradient check");
    if (s->order > 1)
        status = with_remedy(status);
    if (status.code == DG_OK && !c->options.no_forward) {
        status = with_remedy(dg_jacobian_vector(1, &s->root, c->n_leaves, nodes, nodes + c->n_leaves, &tangent));
        if (status.code == DG_OK)
            status = make_plan(c, 1, &tangent, &s->forward);
    }
    free(nodes);
    return status;
}

static probe_line line_of(const leaf *l)
{
    return (probe_line){.data = l->tensor->data, .origin = l->origin, .count = dg_tensor_count(l->tensor)};
}

static dg_status check_elements(check *c, subject *s, const leaf *l, tally *reverse)
{
    probe_line line = line_of(l);
    dg_random key = {.seed = c->options.seed, .stream = dg_random_stream(dg_node_name(l->node)), .step = 2};
    bool all = line.count <= c->options.elements;
    int64_t n = all ? line.count : c->options.elements;
    for (int64_t i = 0; i < n; i++) {
        double expected;
        probe_verdict verdict;
        line.element = all ? i : (int64_t)dg_random_below(&key, (uint64_t)i, (uint64_t)line.count);
        double found = l->gradient[line.element];
        DG_TRY(probe_compare(&s->probe, &line, found, c->options.tolerance, &expected, &verdict));
        count(reverse, verdict, line.element, expected, found);
    }
    return dg_ok();
}

/* A random direction of length 1 in l->tangent; that of every other leaf is 0. Returns the derivative along it. */
static double choose_direction(const check *c, const leaf *l, int number)
{
    double *direction = l->tangent.data, square = 0, slope = 0;
    int64_t n = dg_tensor_count(&l->tangent);
    dg_random key = {
        .seed = c->options.seed, .stream = dg_random_stream(dg_node_name(l->node)), .step = 3 + (uint64_t)number};
    for (int k = 0; k < c->n_leaves; k++)
        memset(c->leaves[k].tangent.data, 0, dg_tensor_bytes(&c->leaves[k].tangent));
    dg_random_normal(&key, DG_FLOAT64, direction, 0, n, 0, 1);
    for (int64_t i = 0; i < n; i++)
        square += direction[i] * direction[i];
    for (int64_t i = 0; i < n; i++) {
        direction[i] /= sqrt(square);
        slope += direction[i] * l->gradient[i];
    }
    return slope;
}

static dg_status check_directions(check *c, subject *s, const leaf *l, tally *reverse, tally *forward)
{
    probe_line line = line_of(l);
    line.direction = l->tangent.data;
    for (int number = 0; number < c->options.directions; number++) {
        double found = choose_direction(c, l, number), expected;
        probe_verdict verdict;
        DG_TRY(probe_compare(&s->probe, &line, found, c->options.tolerance, &expected, &verdict));
        count(reverse, verdict, -1, expected, found);
        if (!s->forward)
            continue;
        DG_TRY(run_plan(c, s->forward));
        found = dg_tensor_get(dg_plan_result(s->forward, 0), 0);
        DG_TRY(probe_compare(&s->probe, &line, found, c->options.tolerance, &expected, &verdict));
        count(forward, verdict, -1, expected, found);
    }
    return dg_ok();
}

static dg_status check_leaf(check *c, subject *s, const leaf *l)
{
    tally reverse = {.entry = {.call = c->call, .order = s->order, .element = -1}};
    reverse.entry.node = report_text(c->report, dg_node_name(l->node));
    tally forward = reverse;
    forward.entry.forward = true;
    if (dg_tensor_count(l->tensor) > 0) {
        DG_TRY(check_elements(c, s, l, &reverse));
        DG_TRY(check_directions(c, s, l, &reverse, &forward));
    }
    DG_TRY(report_add(c->report, &reverse.entry));
    return s->forward ? report_add(c->report, &forward.entry) : dg_ok();
}

/* Checks s->root and gives the next order's: Σ gradient · v. */
static dg_status check_subject(check *c, subject *s, dg_node **next)
{
    DG_TRY(emit(c, s));
    DG_TRY(compute_gradients(c, s->gradients));
    DG_TRY(probe_make(&s->probe, s->root, &c->settings, c->feeds, c->n_feeds));
    for (int k = 0; k < c->n_leaves; k++)
        DG_TRY(check_leaf(c, s, &c->leaves[k]));
    *next = NULL;
    for (int k = 0; k < c->n_leaves; k++) {
        dg_node *part = dg_sum(dg_mul(s->gradients[k], c->leaves[k].v_node));
        *next = *next ? dg_add(*next, part) : part;
    }
    return dg_graph_status(c->graph);
}

static dg_status check_orders(check *c)
{
    DG_TRY(copy_parameters(c));
    DG_TRY(find_leaves(c));
    c->settings = (dg_plan_options){.parameters = c->parameters,
                                    .threads = c->options.threads,
                                    .seed = c->options.seed,
                                    .training = c->options.training};
    dg_node *root = c->options.loss;
    if (dg_node_type(root, 0)->shape.rank > 0)
        root = dg_sum(root);
    DG_TRY(dg_graph_status(c->graph));
    for (int order = 1; order <= c->options.order && c->n_leaves > 0; order++) {
        subject s = {.order = order, .root = root};
        dg_status status = check_subject(c, &s, &root);
        probe_release(&s.probe);
        dg_plan_free(s.forward);
        free(s.gradients);
        if (order > 1 && status.code == DG_NUMERIC && c->report->failed > 0)
            break; /* of derivatives that are no numbers, as the report tells */
        DG_TRY(status);
    }
    return dg_ok();
}

static dg_status check_into(dg_check_report *report, const dg_check_options *options, const char *call)
{
    check c = {.options = *options, .call = report_text(report, call), .report = report};
    DG_TRY(walk_check(&c.graph, 1, &options->loss, 0, NULL));
    if (options->order < 0 || options->order > 2 || options->elements < 0 || options->directions < 0 ||
        !(options->tolerance >= 0))
        return dg_error(DG_BAD_ARGUMENT, "a gradient check of order %d, %d element(s), %d directions, tolerance %g",
                        options->order, options->elements, options->directions, options->tolerance);
    c.options.order = options->order ? options->order : 2;
    c.options.elements = options->elements ? options->elements : 50;
    c.options.directions = options->directions ? options->directions : 2;
    c.options.tolerance = options->tolerance > 0 ? options->tolerance : 1e-6;
    const dg_graph_point before = dg_graph_mark(c.graph);
    bool emitting = dg_graph_emit(c.graph, true);
    dg_status status = check_orders(&c);
    dg_graph_emit(c.graph, emitting);
    check_release(&c);
    return dg_graph_undo(c.graph, before, status);
}

dg_status dg_check_gradients(const dg_check_options *options, dg_check_report **report)
{
    if (!options || !report || !options->loss)
        return dg_error(DG_BAD_ARGUMENT, "a check of gradients needs %s", report ? "a loss" : "a place for its report");
    if (options->n_feeds < 0 || (options->n_feeds && !options->feeds))
        return dg_error(DG_BAD_ARGUMENT, "the list of %d feeds is NULL", options->n_feeds);
    for (int k = 0; k < options->n_feeds; k++)
        if (!options->feeds[k].node || !options->feeds[k].tensor)
            return dg_error(DG_BAD_ARGUMENT, "the node or the tensor of feed %d is NULL", k);
    dg_status status = report_new(report);
    if (status.code == DG_OK)
        status = check_into(*report, options, "");
    if (status.code != DG_OK) {
        dg_check_report_free(*report);
        *report = NULL;
    }
    return status;
}

static dg_status check_sample(dg_check_report *report, const dg_op *op, const dg_sample *sample,
                              dg_check_options options)
{
    dg_sample_case made;
    dg_status status = dg_sample_make(&made, op, sample, DG_FLOAT64, options.seed);
    if (status.code == DG_OK && made.loss) {
        options.loss = made.loss;
        options.parameters = made.parameters;
        options.feeds = made.feeds;
        options.n_feeds = made.n_feeds;
        status = check_into(report, &options, sample->call);
    }
    dg_sample_release(&made);
    return dg_prefixed(status, "%s", sample->call);
}

dg_status dg_check_op(const dg_op *op, const dg_check_options *options, dg_check_report **report)
{
    if (!op || !report)
        return dg_error(DG_BAD_ARGUMENT, "a check of an op needs %s", op ? "a place for its report" : "the op");
    dg_status status = report_new(report);
    bool differentiable = !(op->flags & (DG_NOT_DIFFERENTIABLE | DG_CUSTOM_GRADIENT)) && op->role == DG_ROLE_NONE;
    if (status.code == DG_OK && differentiable && !op->samples)
        status = dg_error(DG_BAD_ARGUMENT, "op '%s' has no samples to check its derivative with", op->name);
    for (const dg_sample *sample = op->samples; differentiable && status.code == DG_OK && sample->call; sample++)
        status = check_sample(*report, op, sample, options ? *options : (dg_check_options){0});
    if (status.code != DG_OK) {
        dg_check_report_free(*report);
        *report = NULL;
    }
    return status;
}
