/* The gradient check: every derivative against finite differences. Long because all of it shares one structure. */
#include <dotgrad/autograd.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/source.h>

#include "autograd/walk.h"
#include "probe.h"
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A float input or parameter that the loss is computed from. */
typedef struct leaf {
    dg_node *node;
    dg_tensor *tensor; /* what plans read; held by the check */
    double *origin;    /* its values */
    double *gradient;
    probe_line line;
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
    bool is_searched; /* report->singular has been looked for */
    dg_check_report *report;
} check;

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
    l->line = (probe_line){.data = tensor->data, .origin = l->origin, .count = n, .direction = l->tangent.data};
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
    for (int k = 1; k < c->n_leaves; k++)
        c->leaves[k - 1].line.next = &c->leaves[k].line;
    c->report->tensors = c->n_leaves;
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
    double most_work; /* of the probe */
    int64_t elements; /* of each tensor */
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

/* ---- points without a derivative ---- */

/* Whether the derivative of the node's outputs by its first input is not a number where these are. */
static dg_status is_singular(check *c, dg_node *node, bool *singular)
{
    dg_node *input = dg_node_input(node, 0), *whole = NULL, *fetch[2];
    for (int k = 0; k < dg_node_output_count(node); k++) {
        dg_node *part = dg_sum(dg_output(node, k));
        whole = whole ? dg_add(whole, part) : part;
    }
    DG_TRY(dg_graph_status(c->graph));
    DG_TRY(dg_grad(whole, 1, &input, &fetch[0]));
    fetch[0] = dg_sum(fetch[0]);
    fetch[1] = whole;
    dg_plan *plan = NULL;
    dg_status status = make_plan(c, 2, fetch, &plan);
    if (status.code == DG_OK)
        status = run_plan(c, plan);
    if (status.code == DG_OK)
        *singular =
            isnan(dg_tensor_get(dg_plan_result(plan, 0), 0)) && isfinite(dg_tensor_get(dg_plan_result(plan, 1), 0));
    dg_plan_free(plan);
    return status;
}

/* The first node of an op that says of itself that it has no derivative at some points, which this is one of. */
static dg_status find_singular(check *c)
{
    walk w;
    dg_status status = dg_ok();
    if (c->is_searched)
        return status;
    c->is_searched = true;
    status = walk_make(&w, c->graph, 1, &c->options.loss, 0, NULL, true);
    for (int64_t i = 0; i < w.count && status.code == DG_OK && !c->report->singular; i++) {
        dg_node *node = w.entries[i].node;
        bool singular = false;
        if (dg_node_op(node)->flags & DG_SINGULAR)
            status = is_singular(c, node, &singular);
        if (singular)
            c->report->singular = report_text(c->report, dg_node_name(node));
    }
    walk_release(&w);
    return status;
}

/* As probe_compare(); NaN of a node that has no derivative here is nothing to compare with. */
static dg_status compare(check *c, subject *s, const probe_line *line, double found, double *expected,
                         probe_verdict *verdict)
{
    DG_TRY(probe_compare(&s->probe, line, found, c->options.tolerance, expected, verdict));
    if (*verdict != PROBE_DIFFERS || !isnan(found))
        return dg_ok();
    DG_TRY(find_singular(c));
    if (c->report->singular)
        *verdict = PROBE_NOTHING;
    return dg_ok();
}

/* ---- comparisons ---- */

static dg_status check_elements(check *c, subject *s, const leaf *l, tally *reverse)
{
    probe_line line = l->line;
    line.direction = NULL;
    dg_random key = {.seed = c->options.seed, .stream = dg_random_stream(dg_node_name(l->node)), .step = 2};
    bool all = line.count <= s->elements;
    int64_t n = all ? line.count : s->elements;
    for (int64_t i = 0; i < n; i++) {
        double expected;
        probe_verdict verdict;
        line.element = all ? i : (int64_t)dg_random_below(&key, (uint64_t)i, (uint64_t)line.count);
        double found = l->gradient[line.element];
        DG_TRY(compare(c, s, &line, found, &expected, &verdict));
        tally_count(reverse, verdict, line.element, expected, found);
    }
    return dg_ok();
}

/* A random direction of length 1 in the tangents of `count` leaves; that of every other leaf is 0. Returns the
 * derivative along it. */
static double choose_direction(const check *c, const leaf *leaves, int count, int number)
{
    double square = 0, slope = 0;
    for (int k = 0; k < c->n_leaves; k++)
        memset(c->leaves[k].tangent.data, 0, dg_tensor_bytes(&c->leaves[k].tangent));
    for (const leaf *l = leaves; l < leaves + count; l++) {
        double *direction = l->tangent.data;
        dg_random key = {
            .seed = c->options.seed, .stream = dg_random_stream(dg_node_name(l->node)), .step = 3 + (uint64_t)number};
        dg_random_normal(&key, DG_FLOAT64, direction, 0, l->line.count, 0, 1);
        for (int64_t i = 0; i < l->line.count; i++)
            square += direction[i] * direction[i];
    }
    for (const leaf *l = leaves; l < leaves + count; l++) {
        double *direction = l->tangent.data;
        for (int64_t i = 0; i < l->line.count; i++) {
            direction[i] /= sqrt(square);
            slope += direction[i] * l->gradient[i];
        }
    }
    return slope;
}

/* Along directions of `count` leaves together. */
static dg_status check_directions(check *c, subject *s, const leaf *leaves, int count, tally *reverse, tally *forward)
{
    probe_line line = leaves->line;
    line.next = count > 1 ? line.next : NULL;
    for (int number = 0; number < c->options.directions; number++) {
        if (number > 0 && s->probe.work >= s->most_work)
            break; /* one of them tells something of all */
        double found = choose_direction(c, leaves, count, number), expected;
        probe_verdict verdict;
        DG_TRY(compare(c, s, &line, found, &expected, &verdict));
        tally_count(reverse, verdict, -1, expected, found);
        if (!s->forward)
            continue;
        DG_TRY(run_plan(c, s->forward));
        double again = dg_tensor_get(dg_plan_result(s->forward, 0), 0);
        if (!(fabs(again - found) <= 1e-3 * c->options.tolerance * fabs(found))) /* else it stands as the other does */
            DG_TRY(compare(c, s, &line, again, &expected, &verdict));
        tally_count(forward, verdict, -1, expected, again);
    }
    return dg_ok();
}

static dg_status check_leaves(check *c, subject *s, const leaf *leaves, int count)
{
    tally reverse = {.entry = {.call = c->call, .order = s->order, .element = -1}};
    reverse.entry.node = count == 1 ? report_text(c->report, dg_node_name(leaves->node)) : "all together";
    tally forward = reverse;
    forward.entry.forward = true;
    if (count == 1)
        DG_TRY(check_elements(c, s, leaves, &reverse));
    if (count > 1 || leaves->line.count > 0)
        DG_TRY(check_directions(c, s, leaves, count, &reverse, &forward));
    DG_TRY(report_add(c->report, &reverse.entry));
    return s->forward ? report_add(c->report, &forward.entry) : dg_ok();
}

/* ---- what a large network leaves time for ---- */

/* Fewer elements of each tensor, down to one, where all take more work than there may be. Whether that is so. */
static bool choose_elements(const check *c, subject *s)
{
    double one = PROBE_LEAST * s->probe.flops, directions = c->options.directions, all = 0;
    s->most_work = c->options.most_work > 0 ? c->options.most_work / c->options.order : INFINITY;
    s->elements = c->options.elements;
    for (int k = 0; k < c->n_leaves; k++) {
        int64_t count = c->leaves[k].line.count;
        all += one * (directions + (double)(count < s->elements ? count : s->elements));
    }
    if (all <= s->most_work || c->n_leaves < 2)
        return false;
    double rest = (s->most_work - one * directions) / (one * c->n_leaves) - directions;
    if (rest < (double)s->elements)
        s->elements = rest > 1 ? (int64_t)rest : 1;
    return true;
}

/* One element of the leaf, the steepest of a few by the seed: rounding hides least of it, and one small step of one
 * number crosses few kinks. Where that says nothing, the next one. */
static dg_status check_briefly(check *c, subject *s, const leaf *l)
{
    enum { LOOKED_AT = 16, TRIED = 3 };
    tally reverse = {.entry = {.call = c->call, .order = s->order, .element = -1}};
    const dg_random key = {.seed = c->options.seed, .stream = dg_random_stream(dg_node_name(l->node)), .step = 2};
    probe_verdict verdict = PROBE_NOTHING;
    double above = INFINITY;
    reverse.entry.node = report_text(c->report, dg_node_name(l->node));
    for (int k = 0; k < TRIED && verdict == PROBE_NOTHING && l->line.count > 0; k++) {
        probe_line line = l->line;
        double expected, steepest = -1;
        bool agrees;
        line.direction = NULL;
        for (uint64_t i = 0; i < LOOKED_AT; i++) {
            int64_t element = (int64_t)dg_random_below(&key, i, (uint64_t)line.count);
            double slope = fabs(l->gradient[element]);
            if (!(slope <= steepest) && !(slope >= above)) { /* NaN, too, which is wrong */
                steepest = slope;
                line.element = element;
            }
        }
        if (steepest == -1)
            break;
        above = steepest;
        double found = l->gradient[line.element];
        DG_TRY(probe_glance(&s->probe, &line, found, c->options.tolerance, &expected, &agrees));
        verdict = PROBE_AGREES;
        if (!agrees)
            DG_TRY(compare(c, s, &line, found, &expected, &verdict));
        tally_count(&reverse, verdict, line.element, expected, found);
    }
    return report_add(c->report, &reverse.entry);
}

/* All leaves together, then one by one in an order by the seed, for as long as there may be work; the rest briefly. */
static dg_status check_some(check *c, subject *s)
{
    int64_t *order = calloc((size_t)c->n_leaves, sizeof *order), done = 0;
    if (!order)
        return dg_no_memory("a gradient check");
    const dg_random key = {.seed = c->options.seed, .stream = dg_random_stream("tensors"), .step = (uint64_t)s->order};
    dg_random_permutation(&key, c->n_leaves, order);
    dg_status status = check_leaves(c, s, c->leaves, c->n_leaves);
    for (; status.code == DG_OK && done < c->n_leaves && s->probe.work < s->most_work; done++)
        status = check_leaves(c, s, &c->leaves[order[done]], 1);
    int64_t left_out = c->n_leaves - done;
    for (; status.code == DG_OK && done < c->n_leaves; done++)
        status = check_briefly(c, s, &c->leaves[order[done]]);
    free(order);
    c->report->left_out = left_out > c->report->left_out ? left_out : c->report->left_out;
    return status;
}

static dg_status check_all(check *c, subject *s)
{
    for (int k = 0; k < c->n_leaves; k++)
        DG_TRY(check_leaves(c, s, &c->leaves[k], 1));
    return dg_ok();
}

/* Checks s->root and gives the next order's: Σ gradient · v. */
static dg_status check_subject(check *c, subject *s, dg_node **next)
{
    DG_TRY(emit(c, s));
    DG_TRY(compute_gradients(c, s->gradients));
    DG_TRY(probe_make(&s->probe, s->root, &c->settings, c->feeds, c->n_feeds));
    DG_TRY(choose_elements(c, s) ? check_some(c, s) : check_all(c, s));
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
        if (order > 1 && status.code == DG_NUMERIC && (c->report->failed > 0 || c->report->singular))
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
        !(options->tolerance >= 0) || !(options->most_work >= 0))
        return dg_error(DG_BAD_ARGUMENT,
                        "a gradient check of order %d, %d element(s), %d directions, tolerance %g, %g FLOPs",
                        options->order, options->elements, options->directions, options->tolerance, options->most_work);
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
