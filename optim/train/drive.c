/* Training by an optimiser that runs each step itself: its vector of parameters, and loss, gradient and residuals
 * wherever it asks on the batch. */
#include "trainer.h"

#include "core/graph/graph.h"
#include "optim/rules/driver.h"
#include "optim/rules/rules.h"

#include <dotgrad/ops/source.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct driven {
    dg_trainer *trainer;
    objective *of;
    int count;
    dg_node *const *parameters, *const *gradients;
    dg_node *state; /* the parameter that keeps the driver's numbers */
    int n_fetch;    /* of fetch_list, before the gradients */
    int64_t n;
    double *numbers;        /* x, then the gradient */
    dg_node **tangents;     /* inputs, one a parameter */
    dg_plan *jacobian_plan; /* fetches prediction, target and the tangent of the prediction */
    dg_feed *feeds;         /* the batch's, then the tangents */
    dg_tensor *tangent_values;
    double *residuals, *jacobian;
};

void driven_release(driven *d)
{
    if (!d)
        return;
    dg_plan_free(d->jacobian_plan);
    for (int k = 0; d->tangent_values && k < d->count; k++)
        dg_tensor_release(&d->tangent_values[k]);
    free(d->tangent_values);
    free(d->tangents);
    free(d->feeds);
    free(d->numbers);
    free(d->residuals);
    free(d->jacobian);
    free(d);
}

/* ---- making it ---- */

/* The loss must be the mean or the sum of squared differences itself. */
static dg_status check_residuals(const dg_trainer *t, const objective *o)
{
    const dg_node *loss = o->loss;
    const dg_value *reduction = dg_node_attr(loss, "reduction");
    bool squares = dg_node_op(loss)->scores == DG_SCORES_VALUES && dg_node_op(loss)->squares && reduction;
    if (!squares || !t->metrics.prediction || loss != t->options.task.loss)
        return dg_error(
            DG_BAD_ARGUMENT,
            "optimizer %s needs the loss to be the mean or the sum of squared differences (mse_loss), not '%s'",
            dg_optimizer_name(&o->optimizer), dg_node_op(loss)->name);
    return dg_ok();
}

static dg_status make_tangents(dg_trainer *t, driven *d)
{
    d->tangents = calloc((size_t)d->count, sizeof *d->tangents);
    d->tangent_values = calloc((size_t)d->count, sizeof *d->tangent_values);
    if (!d->tangents || !d->tangent_values)
        return dg_no_memory("%d tangents", d->count);
    for (int k = 0; k < d->count; k++) {
        const dg_type *type = dg_node_type(d->parameters[k], 0);
        char name[300];
        snprintf(name, sizeof name, "optimizer/tangent/%.250s", dg_node_name(d->parameters[k]));
        dg_node *known = dg_graph_find(t->options.task.graph, name);
        d->tangents[k] =
            known ? known : dg_input(t->options.task.graph, type->shape, .dtype = type->dtype, .name = name);
        DG_TRY(dg_tensor_make(&d->tangent_values[k], type->dtype, type->shape));
    }
    return dg_graph_status(t->options.task.graph);
}

/* The driver's numbers, which an earlier trainer of the graph may have made. */
static dg_status make_state(driven *d, objective *o, int64_t size)
{
    dg_graph *graph = d->trainer->options.task.graph;
    const char *rule = dg_optimizer_name(&o->optimizer);
    const purpose *states = NULL;
    const dg_optimizer_step step = {
        .graph = graph, .count = d->count, .parameters = d->parameters, .name = o->name, .states = d->trainer->states};
    char name[200];
    DG_TRY(states_choose(&o->optimizer, &step, &states));
    o->states = states->group;
    snprintf(name, sizeof name, "%s%s", states->group, rule);
    d->state = dg_graph_find(graph, name);
    if (d->state && (dg_node_op(d->state)->role != DG_ROLE_PARAMETER || dg_node_type(d->state, 0)->shape.rank != 1 ||
                     dg_node_type(d->state, 0)->shape.dims[0] != size))
        return dg_error(DG_BAD_ARGUMENT,
                        "optimizer %s keeps %lld numbers in '%s', where this graph has something else: train a graph "
                        "of its own, or give the objective another name",
                        rule, (long long)size, name);
    if (!d->state)
        d->state =
            dg_parameter(graph, DG_SHAPE(size), .init = "zeros", .dtype = DG_FLOAT64, .trainable = false, .name = name);
    if (d->state)
        d->state->purpose = states;
    return dg_graph_status(graph);
}

dg_status driven_emit(dg_trainer *t, objective *o, dg_node *const *gradients)
{
    int count = o->n_parameters;
    dg_node *const *parameters = o->parameters;
    const dg_rule_driver *driver = o->optimizer.rule->drive;
    driven *d = o->driven = calloc(1, sizeof *d);
    if (!d)
        return dg_no_memory("an optimizer");
    if (t->options.average || t->options.accumulate > 1 || t->options.n_updates)
        return dg_error(DG_BAD_ARGUMENT, "optimizer %s goes with neither average nor accumulate nor assign",
                        dg_optimizer_name(&o->optimizer));
    for (int k = 0; k < count; k++) {
        const dg_parameter_settings *own = &o->settings[k];
        if (own->range.min > -INFINITY || own->range.max < INFINITY || !isnan(own->lr) || own->decay > 0)
            return dg_error(DG_BAD_ARGUMENT,
                            "optimizer %s steps all parameters together: '%s' can have no min, max, lr or decay of its "
                            "own (positive=true it can)",
                            dg_optimizer_name(&o->optimizer), dg_node_name(parameters[k]));
    }
    d->trainer = t;
    d->of = o;
    d->count = count;
    d->parameters = parameters;
    d->gradients = gradients;
    for (int k = 0; k < count; k++)
        d->n += dg_shape_count(&dg_node_type(parameters[k], 0)->shape);
    if (driver->most && d->n > driver->most)
        return dg_error(DG_NO_MEMORY, "optimizer %s solves for all parameters at once: there are %lld, at most %lld",
                        dg_optimizer_name(&o->optimizer), (long long)d->n, (long long)driver->most);
    size_t size = driver->state_size(&o->optimizer, d->n);
    if (size > SIZE_MAX / 16)
        return dg_error(DG_NO_MEMORY, "optimizer %s: too many numbers to keep for %lld parameters",
                        dg_optimizer_name(&o->optimizer), (long long)d->n);
    DG_TRY(make_state(d, o, (int64_t)size));
    if (driver->residuals) {
        DG_TRY(check_residuals(t, o));
        DG_TRY(make_tangents(t, d));
    }
    return dg_ok();
}

static dg_plan_options plan_options(const dg_trainer *t)
{
    const dg_task *task = &t->options.task;
    return (dg_plan_options){.parameters = task->parameters,
                             .threads = task->threads,
                             .seed = task->seed,
                             .training = true,
                             .memory_limit = memory_rest(t)};
}

/* Values of the prediction for a whole batch. */
static double count_values(const dg_trainer *t)
{
    const dg_shape *shape = &dg_node_type(t->metrics.prediction, 0)->shape;
    double count = 1;
    for (int k = 0; k < shape->rank; k++)
        count *= (double)(shape->dims[k] == DG_N ? t->batch.capacity : shape->dims[k] > 0 ? shape->dims[k] : 1);
    return count;
}

/* What the steps take: the vector and its gradient, the driver's own numbers, residuals and Jacobian. */
static dg_status take_room(dg_trainer *t, const objective *o)
{
    const driven *d = o->driven;
    const dg_rule_driver *driver = o->optimizer.rule->drive;
    double numbers = 2 * (double)d->n + driver->room(&o->optimizer, d->n);
    char what[100];
    if (driver->residuals)
        numbers += count_values(t) * (1 + (double)d->n);
    snprintf(what, sizeof what, "optimizer %s", dg_optimizer_name(&o->optimizer));
    return memory_take(t, 8 * numbers, what);
}

static dg_status make_jacobian_plan(dg_trainer *t, driven *d)
{
    dg_node *fetch[3] = {t->metrics.prediction, t->metrics.target, NULL};
    dg_plan_options options = plan_options(t);
    DG_TRY(dg_jacobian_vector(1, &t->metrics.prediction, d->count, d->parameters, d->tangents, &fetch[2]));
    options.fetch = fetch;
    options.n_fetch = 3;
    d->feeds = calloc((size_t)t->batch.n_feeds + (size_t)d->count, sizeof *d->feeds);
    if (!d->feeds)
        return dg_no_memory("the feeds of %d tangents", d->count);
    memcpy(d->feeds, t->batch.feeds, (size_t)t->batch.n_feeds * sizeof *d->feeds);
    for (int k = 0; k < d->count; k++)
        d->feeds[t->batch.n_feeds + k] = (dg_feed){d->tangents[k], &d->tangent_values[k]};
    DG_TRY(dg_plan_new(t->options.task.graph, &options, &d->jacobian_plan));
    return memory_prepare(t, d->jacobian_plan, d->feeds, t->batch.n_feeds + d->count);
}

dg_status driven_plan(dg_trainer *t, objective *o, dg_node *const *fetch, int n_fetch)
{
    driven *d = o->driven;
    DG_TRY(take_room(t, o));
    dg_plan_options options = plan_options(t);
    dg_node **all = calloc((size_t)n_fetch + (size_t)d->count, sizeof *all);
    d->numbers = calloc(2 * (size_t)d->n + 1, sizeof *d->numbers);
    if (!all || !d->numbers) {
        free(all);
        return dg_no_memory("%lld parameters in a row", (long long)d->n);
    }
    d->n_fetch = n_fetch;
    memcpy(all, fetch, (size_t)n_fetch * sizeof *all);
    memcpy(all + n_fetch, d->gradients, (size_t)d->count * sizeof *all);
    options.fetch = all;
    options.n_fetch = n_fetch + d->count;
    dg_status status = dg_plan_new(t->options.task.graph, &options, &o->plan);
    free(all);
    DG_TRY(status);
    DG_TRY(memory_prepare(t, o->plan, t->batch.feeds, t->batch.n_feeds));
    return o->optimizer.rule->drive->residuals ? make_jacobian_plan(t, d) : status;
}

/* ---- a step ---- */

/* Where a parameter is positive the vector has its logarithm. */
static bool is_positive(const driven *d, int k)
{
    return d->of->settings[k].range.positive;
}

static dg_tensor *value_of(const driven *d, int k)
{
    return dg_tensors_find(d->trainer->options.task.parameters, dg_node_name(d->parameters[k]));
}

static void put_parameters(const driven *d, const double *x)
{
    for (int k = 0; k < d->count; k++) {
        dg_tensor *tensor = value_of(d, k);
        int64_t count = dg_tensor_count(tensor);
        for (int64_t i = 0; i < count; i++, x++)
            dg_tensor_set(tensor, i, is_positive(d, k) ? exp(*x) : *x);
    }
}

static void take_parameters(const driven *d, double *x)
{
    for (int k = 0; k < d->count; k++) {
        const dg_tensor *tensor = value_of(d, k);
        int64_t count = dg_tensor_count(tensor);
        for (int64_t i = 0; i < count; i++) {
            double value = dg_tensor_get(tensor, i);
            *x++ = is_positive(d, k) ? log(value) : value;
        }
    }
}

static void take_results(const driven *d, double *loss, double *gradient)
{
    *loss = dg_tensor_get(dg_plan_result(d->of->plan, 0), 0);
    for (int k = 0; k < d->count; k++) {
        const dg_tensor *result = dg_plan_result(d->of->plan, d->n_fetch + k);
        int64_t count = dg_tensor_count(result);
        const dg_tensor *value = value_of(d, k);
        for (int64_t i = 0; i < count; i++)
            *gradient++ = dg_tensor_get(result, i) * (is_positive(d, k) ? dg_tensor_get(value, i) : 1);
    }
}

static dg_status evaluate(void *user, const double *at, double *loss, double *gradient)
{
    driven *d = user;
    dg_trainer *t = d->trainer;
    put_parameters(d, at);
    dg_plan_set_step(d->of->plan, t->step);
    DG_TRY(dg_plan_run(d->of->plan, t->batch.feeds, t->batch.n_feeds));
    take_results(d, loss, gradient);
    return dg_ok();
}

/* One run for column `column` of the Jacobian; the first makes room and takes the residuals. */
static dg_status take_column(driven *d, int64_t column, int64_t *rows)
{
    dg_trainer *t = d->trainer;
    dg_plan_set_step(d->jacobian_plan, t->step);
    DG_TRY(dg_plan_run(d->jacobian_plan, d->feeds, t->batch.n_feeds + d->count));
    const dg_tensor *prediction = dg_plan_result(d->jacobian_plan, 0), *target = dg_plan_result(d->jacobian_plan, 1),
                    *tangent = dg_plan_result(d->jacobian_plan, 2);
    *rows = dg_tensor_count(prediction);
    if (dg_tensor_count(target) != *rows)
        return dg_error(DG_BAD_SHAPE, "optimizer %s needs a target in the prediction's shape",
                        dg_optimizer_name(&d->of->optimizer));
    if (column == 0) {
        free(d->residuals);
        free(d->jacobian);
        d->residuals = calloc((size_t)*rows + 1, sizeof(double));
        d->jacobian =
            (double)*rows * (double)d->n < 1e11 ? calloc((size_t)*rows * (size_t)d->n + 1, sizeof(double)) : NULL;
        if (!d->residuals || !d->jacobian)
            return dg_no_memory("the Jacobian of %lld values by %lld parameters", (long long)*rows, (long long)d->n);
        for (int64_t i = 0; i < *rows; i++)
            d->residuals[i] = dg_tensor_get(prediction, i) - dg_tensor_get(target, i);
    }
    for (int64_t i = 0; i < *rows; i++)
        d->jacobian[i * d->n + column] = dg_tensor_get(tangent, i);
    return dg_ok();
}

static dg_status residuals(void *user, int64_t *rows, const double **r, const double **jacobian, double *scale)
{
    driven *d = user;
    dg_trainer *t = d->trainer;
    int64_t column = 0;
    memcpy(d->feeds, t->batch.feeds, (size_t)t->batch.n_feeds * sizeof *d->feeds);
    for (int k = 0; k < d->count; k++)
        for (int64_t i = 0; i < dg_tensor_count(&d->tangent_values[k]); i++) {
            dg_tensor_set(&d->tangent_values[k], i, is_positive(d, k) ? dg_tensor_get(value_of(d, k), i) : 1);
            dg_status status = take_column(d, column++, rows);
            dg_tensor_set(&d->tangent_values[k], i, 0);
            DG_TRY(status);
        }
    *r = d->residuals;
    *jacobian = d->jacobian;
    *scale = (double)*rows;
    return dg_ok();
}

dg_status driven_step(dg_trainer *t, objective *o)
{
    driven *d = o->driven;
    drive given = {.optimizer = &o->optimizer,
                   .lr = o->rate,
                   .n = d->n,
                   .x = d->numbers,
                   .g = d->numbers + d->n,
                   .state = dg_tensors_find(t->options.task.parameters, dg_node_name(d->state))->data,
                   .user = d,
                   .evaluate = evaluate,
                   .residuals = residuals};
    take_parameters(d, given.x);
    take_results(d, &given.loss, given.g);
    dg_status status = o->optimizer.rule->drive->step(&given);
    put_parameters(d, given.x);
    return status.code == DG_OK ? status : dg_prefixed(status, "optimizer");
}
