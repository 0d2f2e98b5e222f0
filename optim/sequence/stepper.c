/* Runs a network over a sequence that grows by a token at a time: by the nodes of one step, with what these keep, or by
 * the whole sequence again and again. */
#include "sequence.h"

#include "core/base/null.h"
#include <dotgrad/plan.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COMPARED = 32, FIRST_ROOM = 64 };

struct dg_stepper {
    dg_node *input, *output; /* of the graph over the whole sequence */
    int64_t limit;           /* tokens that it takes; 0: any number */
    int time_axis;           /* of the output */
    dg_plan *whole;
    bool is_causal; /* of a limit: it has been found so */

    step_graph made;
    dg_plan *plan;     /* fetches the output, then what is kept */
    dg_tensor *kept;   /* of the plan's kept values */
    dg_tensor *firsts; /* what they begin with; no data: zeros */
    dg_tensor counts;
    int64_t room; /* places of each past */
    dg_feed *feeds;
    bool by_steps;
    dg_status reason; /* why not */

    int64_t *tokens; /* of the sequence so far, as far as they are still read */
    int64_t n_tokens, tokens_room;
    double *scores;
    int64_t n_scores, scores_room;
};

/* ---- scores ---- */

static dg_status take_scores(dg_stepper *s, const dg_tensor *from, int axis, int64_t place)
{
    int64_t inner = 1, size = axis < 0 ? 1 : from->shape.dims[axis], count = dg_tensor_count(from) / size;
    for (int d = axis + 1; axis >= 0 && d < from->shape.rank; d++)
        inner *= from->shape.dims[d];
    if (count > s->scores_room) {
        double *scores = realloc(s->scores, (size_t)count * sizeof *scores);
        if (!scores)
            return dg_no_memory("%lld scores", (long long)count);
        s->scores = scores;
        s->scores_room = count;
    }
    s->n_scores = count;
    for (int64_t k = 0; k < count; k++)
        s->scores[k] = dg_tensor_get(from, axis < 0 ? k : (k / inner * size + place) * inner + k % inner);
    return dg_ok();
}

/* ---- the whole sequence ---- */

static dg_status run_whole(dg_stepper *s, int64_t filler)
{
    int64_t count = s->limit ? s->limit : s->n_tokens;
    dg_tensor tokens;
    DG_TRY(dg_tensor_make(&tokens, dg_node_type(s->input, 0)->dtype, DG_SHAPE(1, count)));
    for (int64_t k = 0; k < count; k++)
        dg_tensor_set(&tokens, k, (double)(k < s->n_tokens ? s->tokens[k] : filler));
    const dg_feed feed = {s->input, &tokens};
    dg_plan_set_step(s->whole, 0);
    dg_status status = dg_plan_run(s->whole, &feed, 1);
    if (status.code == DG_OK)
        status = take_scores(s, dg_plan_result(s->whole, 0), s->time_axis, s->n_tokens - 1);
    dg_tensor_release(&tokens);
    return status;
}

/* What stands behind a place must not matter: found once, by two different fillers. */
static dg_status check_causal(dg_stepper *s)
{
    DG_TRY(run_whole(s, s->tokens[0] + (s->tokens[0] ? -1 : 1)));
    double *other = malloc(((size_t)s->n_scores + 1) * sizeof *other);
    if (!other)
        return dg_no_memory("%lld scores", (long long)s->n_scores);
    memcpy(other, s->scores, (size_t)s->n_scores * sizeof *other);
    dg_status status = run_whole(s, s->tokens[0]);
    for (int64_t k = 0; status.code == DG_OK && k < s->n_scores; k++)
        if (fabs(other[k] - s->scores[k]) > 1e-4 * (1 + fabs(other[k])))
            status = dg_error(DG_BAD_ARGUMENT,
                              "'%s': the scores at a place depend on what comes after it, which is not there yet: "
                              "attention needs is_causal=true, a recurrence one direction",
                              dg_node_name(s->output));
    free(other);
    s->is_causal = status.code == DG_OK;
    return status;
}

/* ---- steps ---- */

static dg_shape shape_of(const dg_stepper *s, const kept_value *value)
{
    dg_shape shape = dg_node_type(value->input, 0)->shape;
    for (int d = 0; d < shape.rank; d++)
        if (d == value->axis)
            shape.dims[d] = s->room;
        else if (shape.dims[d] == DG_N)
            shape.dims[d] = 1;
    return shape;
}

static dg_status make_kept(dg_stepper *s, int k, dg_tensor *made)
{
    char text[DG_SHAPE_TEXT];
    dg_shape shape = shape_of(s, &s->made.kept[k]);
    if (!dg_shape_is_known(&shape))
        return dg_error(DG_BAD_SHAPE, "what is kept between steps is %s: sizes are not known",
                        dg_shape_print(&shape, text, sizeof text));
    return dg_tensor_make(made, dg_node_type(s->made.kept[k].input, 0)->dtype, shape);
}

/* Rows of a past: `outer` blocks of `rows` rows of so many bytes. */
static size_t row_bytes(const dg_tensor *tensor, int axis, int64_t *outer)
{
    *outer = 1;
    for (int d = 0; d < axis; d++)
        *outer *= tensor->shape.dims[d];
    return dg_tensor_bytes(tensor) / (size_t)(*outer * tensor->shape.dims[axis]);
}

/* Puts rows 0 … of `from` at `place` of `to`. */
static void copy_rows(const dg_tensor *from, dg_tensor *to, int axis, int64_t place)
{
    int64_t outer, rows = from->shape.dims[axis], room = to->shape.dims[axis];
    size_t bytes = row_bytes(to, axis, &outer);
    for (int64_t o = 0; o < outer; o++)
        memcpy((char *)to->data + (size_t)(o * room + place) * bytes,
               (const char *)from->data + (size_t)(o * rows) * bytes, (size_t)rows * bytes);
}

/* Room for twice as many places in each past. */
static dg_status grow(dg_stepper *s)
{
    s->room = s->room ? 2 * s->room : FIRST_ROOM;
    for (int k = 0; k < s->made.n_kept; k++) {
        dg_tensor larger, *kept = &s->kept[k];
        int axis = s->made.kept[k].axis;
        if (axis < 0)
            continue;
        DG_TRY(make_kept(s, k, &larger));
        if (kept->data)
            copy_rows(kept, &larger, axis, 0);
        dg_tensor_release(kept);
        *kept = larger;
    }
    dg_tensor_release(&s->counts);
    DG_TRY(dg_tensor_make(&s->counts, DG_BOOL, DG_SHAPE(s->room + 1)));
    return dg_ok();
}

static void count_places(dg_stepper *s, int64_t before)
{
    for (int64_t k = 0; s->counts.data && k <= s->room; k++)
        dg_tensor_set(&s->counts, k, k < before || k == s->room);
}

static dg_status run_step(dg_stepper *s, int64_t token, int64_t before)
{
    dg_tensor tokens, place = dg_tensor_view(DG_INT64, DG_SHAPE(1), &before);
    int n = s->made.n_kept, n_feeds = 0;
    if (before >= s->room && s->made.counts)
        DG_TRY(grow(s));
    count_places(s, before);
    DG_TRY(dg_tensor_make(&tokens, dg_node_type(s->made.token, 0)->dtype, DG_SHAPE(1, 1)));
    dg_tensor_set(&tokens, 0, (double)token);
    s->feeds[n_feeds++] = (dg_feed){s->made.token, &tokens};
    s->feeds[n_feeds++] = (dg_feed){s->made.position, &place};
    if (s->made.counts)
        s->feeds[n_feeds++] = (dg_feed){s->made.counts, &s->counts};
    for (int k = 0; k < n; k++)
        s->feeds[n_feeds++] = (dg_feed){s->made.kept[k].input, &s->kept[k]};
    dg_plan_set_step(s->plan, 0);
    dg_status status = dg_plan_run(s->plan, s->feeds, n_feeds);
    dg_tensor_release(&tokens);
    return status;
}

static dg_status keep_step(dg_stepper *s, int64_t before)
{
    DG_TRY(take_scores(s, dg_plan_result(s->plan, 0), -1, 0));
    for (int k = 0; k < s->made.n_kept; k++) {
        const dg_tensor *next = dg_plan_result(s->plan, 1 + k);
        int axis = s->made.kept[k].axis;
        if (axis < 0 && dg_tensor_bytes(next) != dg_tensor_bytes(&s->kept[k]))
            return dg_error(DG_BAD_SHAPE, "a state of the sequence changes its size");
        if (axis < 0)
            memcpy(s->kept[k].data, next->data, dg_tensor_bytes(next));
        else
            copy_rows(next, &s->kept[k], axis, before);
    }
    return dg_ok();
}

/* The values before the first step: of nodes that do not depend on the sequence. */
static dg_status find_firsts(dg_stepper *s, const dg_stepper_options *options)
{
    int n = 0;
    dg_node **fetch = calloc((size_t)s->made.n_kept + 1, sizeof(dg_node *));
    dg_plan *plan = NULL;
    if (!fetch)
        return dg_no_memory("the states of a sequence");
    for (int k = 0; k < s->made.n_kept; k++)
        if (s->made.kept[k].first)
            fetch[n++] = s->made.kept[k].first;
    fetch[n++] = s->made.output; /* by its feeds the batch is known */
    dg_status status = dg_plan_new(options->copy,
                                   &(dg_plan_options){.fetch = fetch,
                                                      .n_fetch = n,
                                                      .parameters = options->parameters,
                                                      .threads = options->threads,
                                                      .memory_limit = options->memory_limit},
                                   &plan);
    if (status.code == DG_OK) {
        dg_plan *steps = s->plan;
        s->plan = plan;
        status = run_step(s, 0, 0);
        s->plan = steps;
    }
    for (int k = 0, i = 0; status.code == DG_OK && k < s->made.n_kept; k++)
        if (s->made.kept[k].first) {
            const dg_tensor *value = dg_plan_result(plan, i++);
            status = dg_tensor_bytes(value) == dg_tensor_bytes(&s->kept[k])
                         ? dg_tensor_copy(&s->firsts[k], value)
                         : dg_error(DG_BAD_SHAPE, "a sequence begins with a state of another size than a step's");
        }
    dg_plan_free(plan);
    free(fetch);
    return status;
}

static dg_status make_steps(dg_stepper *s, const dg_stepper_options *options)
{
    dg_node *input = dg_graph_find(options->copy, options->input);
    dg_node *output = dg_graph_find(options->copy, options->output);
    if (!input || !output)
        return dg_error(DG_BAD_ARGUMENT, "the copy of the graph has no nodes '%s' and '%s'", options->input,
                        options->output);
    DG_TRY(step_graph_make(options->copy, input, output, &s->made));
    int n = s->made.n_kept;
    s->kept = calloc((size_t)n + 1, sizeof *s->kept);
    s->firsts = calloc((size_t)n + 1, sizeof *s->firsts);
    s->feeds = calloc((size_t)n + 3, sizeof *s->feeds);
    dg_node **fetch = calloc((size_t)n + 1, sizeof(dg_node *));
    if (!s->kept || !s->firsts || !s->feeds || !fetch) {
        free(fetch);
        return dg_no_memory("the states of a sequence");
    }
    fetch[0] = s->made.output;
    dg_status status = dg_ok();
    for (int k = 0; k < n && status.code == DG_OK; k++) {
        fetch[1 + k] = s->made.kept[k].next;
        if (s->made.kept[k].axis < 0)
            status = make_kept(s, k, &s->kept[k]);
    }
    if (status.code == DG_OK)
        status = dg_plan_new(options->copy,
                             &(dg_plan_options){.fetch = fetch,
                                                .n_fetch = 1 + n,
                                                .parameters = options->parameters,
                                                .threads = options->threads,
                                                .memory_limit = options->memory_limit},
                             &s->plan);
    free(fetch);
    return status.code == DG_OK ? find_firsts(s, options) : status;
}

/* ---- the sequence ---- */

void dg_stepper_reset(dg_stepper *s)
{
    if (!s)
        return;
    s->n_tokens = 0;
    for (int k = 0; s->by_steps && k < s->made.n_kept; k++) {
        size_t bytes = dg_tensor_bytes(&s->kept[k]);
        if (s->made.kept[k].axis >= 0 || bytes == 0)
            continue;
        if (s->firsts[k].data)
            memcpy(s->kept[k].data, s->firsts[k].data, bytes);
        else
            memset(s->kept[k].data, 0, bytes);
    }
}

static dg_status note_token(dg_stepper *s, int64_t token)
{
    if (s->n_tokens == s->tokens_room) {
        int64_t room = 2 * s->tokens_room + 64;
        int64_t *tokens = realloc(s->tokens, (size_t)room * sizeof *tokens);
        if (!tokens)
            return dg_no_memory("%lld tokens", (long long)room);
        s->tokens = tokens;
        s->tokens_room = room;
    }
    s->tokens[s->n_tokens++] = token;
    return dg_ok();
}

static dg_status take(dg_stepper *s, int64_t token)
{
    int64_t before = s->n_tokens;
    DG_TRY(note_token(s, token));
    if (s->by_steps) {
        DG_TRY(run_step(s, token, before));
        return keep_step(s, before);
    }
    if (s->limit && !s->is_causal && s->n_tokens < s->limit)
        DG_TRY(check_causal(s));
    return run_whole(s, 0);
}

/* Goes on with the last half of the tokens. */
static dg_status drop_half(dg_stepper *s)
{
    int64_t rest = s->limit / 2, *tokens = malloc(((size_t)rest + 1) * sizeof *tokens);
    if (!tokens)
        return dg_no_memory("%lld tokens", (long long)rest);
    memcpy(tokens, s->tokens + s->n_tokens - rest, (size_t)rest * sizeof *tokens);
    dg_stepper_reset(s);
    dg_status status = dg_ok();
    for (int64_t k = 0; status.code == DG_OK && k < rest; k++)
        status = s->by_steps ? take(s, tokens[k]) : note_token(s, tokens[k]);
    free(tokens);
    return status;
}

dg_status dg_stepper_step(dg_stepper *s, int64_t token, const double **scores)
{
    REFUSE_NULL(s);
    REFUSE_NULL(scores);
    *scores = NULL;
    bool is_limited = s->limit && (!s->by_steps || s->made.is_placed);
    if (is_limited && s->n_tokens == s->limit)
        DG_TRY(drop_half(s));
    else if (s->by_steps && !s->made.is_placed && s->n_tokens == FIRST_ROOM)
        s->n_tokens = 0; /* tokens are counted for nobody */
    DG_TRY(take(s, token));
    *scores = s->scores;
    return dg_ok();
}

/* ---- beginning ---- */

static dg_status check_input(const dg_stepper_options *options, dg_stepper *s)
{
    char text[DG_SHAPE_TEXT];
    s->input = dg_graph_find(options->graph, options->input);
    s->output = dg_graph_find(options->graph, options->output);
    if (!s->input || !s->output)
        return dg_error(DG_BAD_ARGUMENT, "there is no node '%s'", s->input ? options->output : options->input);
    const dg_type *type = dg_node_type(s->input, 0);
    if (dg_node_op(s->input)->role != DG_ROLE_INPUT || dg_dtype_is_float(type->dtype) || type->shape.rank != 2)
        return dg_error(DG_BAD_ARGUMENT, "'%s' is %s %s, expected an input of tokens, int64 [N, T]", options->input,
                        dg_dtype_name(type->dtype),
                        dg_graph_print_shape(options->graph, &type->shape, text, sizeof text));
    s->limit = type->shape.dims[1] > 0 ? type->shape.dims[1] : 0;
    return dg_ok();
}

/* Steps against the whole, on the first tokens of a sequence that has no order. */
static dg_status compare(dg_stepper *s)
{
    int64_t count = s->limit && s->limit < COMPARED ? s->limit : COMPARED;
    bool is_double = dg_node_type(s->output, 0)->dtype == DG_FLOAT64;
    const dg_random key = {.seed = 1, .stream = dg_random_stream("stepper")};
    dg_stepper_reset(s);
    DG_TRY(take(s, 0));
    int64_t classes = s->n_scores;
    dg_stepper_reset(s);
    for (int64_t k = 0; k < count; k++) {
        double largest = 1, apart = 0;
        int64_t token = (int64_t)dg_random_below(&key, (uint64_t)k, (uint64_t)classes);
        DG_TRY(take(s, token));
        double *by_steps = malloc((size_t)classes * sizeof *by_steps);
        if (!by_steps)
            return dg_no_memory("%lld scores", (long long)classes);
        memcpy(by_steps, s->scores, (size_t)classes * sizeof *by_steps);
        dg_status status = run_whole(s, 0);
        bool is_one = s->n_scores == classes;
        for (int64_t c = 0; c < classes && is_one && status.code == DG_OK; c++) {
            largest = fmax(largest, fabs(s->scores[c]));
            apart = fmax(apart, fabs(s->scores[c] - by_steps[c]));
        }
        free(by_steps);
        DG_TRY(status);
        if (!is_one || !(apart <= (is_double ? 1e-9 : 1e-4) * largest))
            return dg_error(DG_BAD_ARGUMENT, "at token %lld steps give other scores than the whole sequence, by %g",
                            (long long)k + 1, apart);
    }
    return dg_ok();
}

static dg_status open_stepper(dg_stepper *s, const dg_stepper_options *options)
{
    DG_TRY(dg_graph_status(options->graph));
    DG_TRY(check_input(options, s));
    DG_TRY(find_time_axis(s->input, s->output, &s->time_axis));
    DG_TRY(dg_plan_new(options->graph,
                       &(dg_plan_options){.fetch = &s->output,
                                          .n_fetch = 1,
                                          .parameters = options->parameters,
                                          .threads = options->threads,
                                          .memory_limit = options->memory_limit},
                       &s->whole));
    dg_status steps = options->copy ? dg_graph_status(options->copy) : dg_error(DG_BAD_ARGUMENT, "so it was asked for");
    if (steps.code == DG_OK)
        steps = make_steps(s, options);
    s->by_steps = steps.code == DG_OK;
    if (s->by_steps)
        steps = compare(s);
    if (steps.code == DG_NO_MEMORY)
        return steps;
    s->by_steps = steps.code == DG_OK;
    s->reason = steps;
    dg_stepper_reset(s);
    if (s->by_steps)
        return dg_ok();
    DG_TRY(take(s, 0)); /* how many tokens there are */
    dg_stepper_reset(s);
    return dg_ok();
}

dg_status dg_stepper_new(const dg_stepper_options *options, dg_stepper **stepper)
{
    REFUSE_NULL(options);
    REFUSE_NULL(stepper);
    *stepper = NULL;
    if (!options->graph || !options->input || !options->output)
        return dg_error(DG_BAD_ARGUMENT, "dg_stepper_new needs a graph and the names of its input and output");
    dg_stepper *s = calloc(1, sizeof *s);
    if (!s)
        return dg_no_memory("a stepper");
    dg_status status = open_stepper(s, options);
    if (status.code == DG_OK)
        *stepper = s;
    else
        dg_stepper_free(s);
    return status;
}

void dg_stepper_free(dg_stepper *s)
{
    if (!s)
        return;
    dg_plan_free(s->whole);
    dg_plan_free(s->plan);
    for (int k = 0; k < s->made.n_kept; k++) {
        if (s->kept)
            dg_tensor_release(&s->kept[k]);
        if (s->firsts)
            dg_tensor_release(&s->firsts[k]);
    }
    step_graph_release(&s->made);
    dg_tensor_release(&s->counts);
    free(s->kept);
    free(s->firsts);
    free(s->feeds);
    free(s->tokens);
    free(s->scores);
    free(s);
}

int64_t dg_stepper_classes(const dg_stepper *stepper)
{
    return stepper ? stepper->n_scores : 0;
}

const char *dg_stepper_reason(const dg_stepper *stepper)
{
    return stepper && !stepper->by_steps ? stepper->reason.message : NULL;
}
