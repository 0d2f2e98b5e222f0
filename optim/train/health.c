/* Keeping a run healthy: weights that are not finite are found, the last good state is kept, and a run that diverges
 * goes back to it and says which node and which step made the first number that is not finite. */
#include "core/base/plain.h"
#include "core/tensor/tensors.h"
#include "trainer.h"

#include <dotgrad/op.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECKED_BYTES  ((size_t)64 << 10) /* weights beyond this are looked at after every second, third … step */
#define REPLAY_SECONDS 60                 /* a step that took longer to reach than this is not looked for again */

/* ---- numbers that are not finite ---- */

/* An exponent of ones, plus one in its place, carries into the sign: no branch, so that the loops are vectorised. */
static bool finite_f32(const float *x, size_t n)
{
    uint32_t any = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        any |= (bits & 0x7fffffffu) + 0x00800000u;
    }
    return !(any >> 31);
}

static bool finite_f64(const double *x, size_t n)
{
    uint64_t any = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        any |= (bits & 0x7fffffffffffffffu) + 0x0010000000000000u;
    }
    return !(any >> 63);
}

static bool is_finite(const dg_tensor *tensor)
{
    size_t n = (size_t)dg_tensor_count(tensor);
    if (tensor->dtype == DG_FLOAT32)
        return finite_f32(tensor->data, n);
    return tensor->dtype != DG_FLOAT64 || finite_f64(tensor->data, n);
}

static const char *first_bad(const dg_tensor *tensor)
{
    for (int64_t i = 0; i < dg_tensor_count(tensor); i++) {
        double value = dg_tensor_get(tensor, i);
        if (!isfinite(value))
            return isnan(value) ? "nan" : "infinite";
    }
    return "finite";
}

/* The first parameter or optimiser state that is not finite; NULL: none. */
static const kept_tensor *find_bad(const dg_trainer *t)
{
    for (int64_t k = 0; k < t->n_kept; k++)
        if (!t->kept[k].may_be_bad && !is_finite(t->kept[k].live))
            return &t->kept[k];
    return NULL;
}

bool weights_are_finite(dg_trainer *t, bool surely)
{
    if (!surely && t->step % t->check_every != 0)
        return true;
    return !find_bad(t);
}

dg_status health_check_start(const dg_trainer *t)
{
    const kept_tensor *bad = find_bad(t);
    return bad ? dg_error(DG_NUMERIC,
                          "'%s' is %s before the first step: look at its initialiser, or where its weights "
                          "are from",
                          dg_node_name(bad->node), first_bad(bad->live))
               : dg_ok();
}

/* ---- the last good state ---- */

dg_status health_prepare(dg_trainer *t)
{
    const dg_task *task = &t->options.task;
    int64_t nodes = dg_graph_node_count(task->graph);
    size_t bytes = 0;
    t->kept = calloc((size_t)nodes + 1, sizeof *t->kept);
    if (!t->kept)
        return dg_no_memory("a list of %lld nodes", (long long)nodes);
    for (int64_t id = 0; id < nodes; id++) {
        dg_node *node = dg_graph_node(task->graph, id);
        dg_tensor *live =
            dg_node_op(node)->role == DG_ROLE_PARAMETER ? dg_tensors_find(task->parameters, dg_node_name(node)) : NULL;
        if (!live)
            continue;
        const dg_value *trainable = dg_node_attr(node, "trainable");
        bool is_fixed = trainable && trainable->kind == DG_VALUE_BOOL && !trainable->b;
        t->kept[t->n_kept++] = (kept_tensor){.node = node, .live = live, .may_be_bad = is_fixed && !is_finite(live)};
        bytes += dg_tensor_bytes(live);
    }
    t->check_every = 1 + bytes / CHECKED_BYTES;
    t->parameters_state = tensors_state(task->parameters);
    return dg_ok();
}

static dg_status check_live(const kept_tensor *kept, const dg_tensor *live)
{
    const char *name = dg_node_name(kept->node);
    const dg_type *type = dg_node_type(kept->node, 0);
    char now[DG_SHAPE_TEXT], then[DG_SHAPE_TEXT];
    if (!live)
        return dg_error(DG_BAD_ARGUMENT, "parameter '%s' was taken out of the set that is trained: make a new trainer",
                        name);
    if (dg_dtype_is_half(live->dtype))
        return dg_error(DG_BAD_DTYPE, "parameter '%s' is kept in %s, which is for inference: training needs %s", name,
                        dg_dtype_name(live->dtype), dg_dtype_name(type->dtype));
    if (live->dtype != type->dtype)
        return dg_error(DG_BAD_DTYPE, "parameter '%s' has become %s, the graph's is %s", name,
                        dg_dtype_name(live->dtype), dg_dtype_name(type->dtype));
    if (!dg_shape_equal(&live->shape, &type->shape))
        return dg_error(DG_BAD_SHAPE, "parameter '%s' has become %s, the graph's is %s", name,
                        dg_shape_print(&live->shape, now, sizeof now), dg_shape_print(&type->shape, then, sizeof then));
    return dg_ok();
}

dg_status health_check_parameters(dg_trainer *t)
{
    const dg_tensors *parameters = t->options.task.parameters;
    uint64_t state = tensors_state(parameters);
    if (state == t->parameters_state)
        return dg_ok();
    for (int64_t k = 0; k < t->n_kept; k++) {
        dg_tensor *live = dg_tensors_find(parameters, dg_node_name(t->kept[k].node));
        DG_TRY(check_live(&t->kept[k], live));
        t->kept[k].live = live;
    }
    t->parameters_state = state;
    return dg_ok();
}

static void copy_bytes(dg_tensor *to, const dg_tensor *from)
{
    if (dg_tensor_bytes(from))
        memcpy(to->data, from->data, dg_tensor_bytes(from));
}

static dg_status make_copies(dg_trainer *t)
{
    for (int64_t k = 0; k < t->n_kept; k++) {
        kept_tensor *kept = &t->kept[k];
        if (!kept->good.data && dg_tensor_bytes(kept->live))
            DG_TRY(dg_tensor_copy(&kept->good, kept->live));
    }
    return dg_ok();
}

dg_status keep_good(dg_trainer *t)
{
    DG_TRY(health_check_parameters(t));
    DG_TRY(make_copies(t));
    for (int64_t k = 0; k < t->n_kept; k++)
        copy_bytes(&t->kept[k].good, t->kept[k].live);
    t->good = (progress_state){t->epoch, t->batch_done, t->step, t->sums};
    t->good_is_saved = false;
    return dg_ok();
}

static dg_status restore_good(dg_trainer *t)
{
    dg_tensors *saved;
    DG_TRY(health_check_parameters(t));
    if (!t->good_is_saved) {
        for (int64_t k = 0; k < t->n_kept; k++)
            copy_bytes(t->kept[k].live, &t->kept[k].good);
        t->epoch = t->good.epoch;
        t->batch_done = t->good.batch_done;
        t->step = t->good.step;
        t->sums = t->good.sums;
        t->history.shape.dims[0] = t->epoch;
        return dg_ok();
    }
    DG_TRY(dg_safetensors_read(t->checkpoint, &saved));
    dg_status status = checkpoint_restore(t, saved);
    dg_tensors_free(saved);
    return status;
}

void health_release(dg_trainer *t)
{
    for (int64_t k = 0; k < t->n_kept; k++) {
        dg_tensor_release(&t->kept[k].good);
        dg_tensor_release(&t->kept[k].before);
    }
    free(t->kept);
}

/* ---- which node ---- */

/* The nodes that the loss, and the updates, are computed from, each after its inputs. */
typedef struct ancestry {
    dg_node **nodes;
    int32_t count;
    int32_t *place; /* by id: index + 1; 0: not there yet; −1: begun */
} ancestry;

typedef struct visit {
    dg_node *node;
    int next; /* input */
} visit;

/* Depth first without recursion: chains are as long as graphs. */
static void add_ancestors(ancestry *a, visit *stack, dg_node *root)
{
    int64_t depth = 0;
    if (a->place[dg_node_id(root)])
        return;
    stack[depth++] = (visit){root, 0};
    a->place[dg_node_id(root)] = -1;
    while (depth > 0) {
        visit *top = &stack[depth - 1];
        if (top->next == dg_node_input_count(top->node)) {
            a->nodes[a->count++] = top->node;
            a->place[dg_node_id(top->node)] = a->count;
            depth--;
            continue;
        }
        dg_node *input = dg_node_input(top->node, top->next++);
        if (input && !a->place[dg_node_id(input)]) {
            a->place[dg_node_id(input)] = -1;
            stack[depth++] = (visit){input, 0};
        }
    }
}

static void ancestry_release(ancestry *a)
{
    free(a->nodes);
    free(a->place);
}

static dg_status list_ancestors(const dg_trainer *t, bool with_updates, ancestry *made)
{
    size_t n = (size_t)dg_graph_node_count(t->options.task.graph) + 1;
    const objective *now = objective_now(t);
    visit *stack = calloc(n, sizeof *stack);
    *made = (ancestry){.nodes = calloc(n, sizeof(dg_node *)), .place = calloc(n, sizeof(int32_t))};
    bool fine = stack && made->nodes && made->place;
    if (fine)
        add_ancestors(made, stack, now->loss);
    for (int k = 0; fine && with_updates && k < now->n_updates; k++)
        add_ancestors(made, stack, dg_node_input(now->updates[k], 1));
    free(stack);
    return fine ? dg_ok() : dg_no_memory("a search for the node");
}

static bool inputs_are_finite(const ancestry *a, dg_plan *plan, dg_node *node)
{
    for (int i = 0; i < dg_node_input_count(node); i++) {
        dg_node *input = dg_node_input(node, i);
        if (input && !is_finite(dg_plan_result(plan, a->place[dg_node_id(input)] - 1)))
            return false;
    }
    return true;
}

/* The first node whose value is not finite though all that it reads is. */
typedef struct blamed {
    dg_node *node; /* NULL: there is none */
    const char *what;
    dg_node *reads; /* its first input of numbers; NULL: none */
    double least, most;
} blamed;

static void tell_reads(const ancestry *a, dg_plan *plan, blamed *found)
{
    for (int i = 0; !found->reads && i < dg_node_input_count(found->node); i++) {
        dg_node *input = dg_node_input(found->node, i);
        const dg_tensor *value = input ? dg_plan_result(plan, a->place[dg_node_id(input)] - 1) : NULL;
        if (!value || !dg_dtype_is_float(value->dtype) || dg_tensor_count(value) == 0)
            continue;
        found->reads = input;
        found->least = found->most = dg_tensor_get(value, 0);
        for (int64_t k = 1; k < dg_tensor_count(value); k++) {
            found->least = fmin(found->least, dg_tensor_get(value, k));
            found->most = fmax(found->most, dg_tensor_get(value, k));
        }
    }
}

/* With the parameters, batch and random numbers of the step that failed. */
static dg_status find_node(dg_trainer *t, const ancestry *a, blamed *found)
{
    const dg_task *task = &t->options.task;
    dg_plan *plan = NULL;
    dg_status status = dg_plan_new(task->graph,
                                   &(dg_plan_options){.fetch = a->nodes,
                                                      .n_fetch = a->count,
                                                      .parameters = task->parameters,
                                                      .threads = task->threads,
                                                      .seed = task->seed,
                                                      .training = true},
                                   &plan);
    *found = (blamed){0};
    if (status.code == DG_OK) {
        dg_plan_set_step(plan, t->step);
        status = dg_plan_run(plan, t->batch.feeds, t->batch.n_feeds);
    }
    for (int k = 0; status.code == DG_OK && !found->node && k < a->count; k++) {
        const dg_tensor *value = dg_plan_result(plan, k);
        if (dg_node_op(a->nodes[k])->role == DG_ROLE_CONSTANT || is_finite(value) ||
            !inputs_are_finite(a, plan, a->nodes[k]))
            continue;
        *found = (blamed){.node = a->nodes[k], .what = first_bad(value)};
        tell_reads(a, plan, found);
    }
    dg_plan_free(plan);
    return status;
}

/* The node of the graph file that this one is a part of, or is emitted for the derivative of. */
static dg_node *written_node(dg_node *node, bool *is_derivative)
{
    for (;;) {
        dg_node *of = dg_node_derivative_of(node), *owner = of ? of : dg_node_owner(node);
        if (!owner)
            return node;
        *is_derivative = *is_derivative || of;
        node = owner;
    }
}

/* What to try. Before the first step no learning rate has done anything but to what that step writes. */
static void advise(const dg_trainer *t, const blamed *found, bool is_derivative, char *text, size_t size)
{
    bool is_update = !is_derivative && dg_node_is_emitted(found->node);
    bool wants_probabilities = dg_node_op(found->node)->scores == DG_SCORES_PROBABILITIES && found->reads &&
                               found->reads == dg_node_input(found->node, 0);
    char reads[300] = "";
    if (found->reads && !is_derivative)
        plain_print(reads, sizeof reads, "; it reads '%.200s', from %.4g to %.4g", dg_node_name(found->reads),
                    found->least, found->most);
    if (wants_probabilities && (found->least < 0 || found->most > 1))
        snprintf(text, size,
                 "%s, where probabilities are from 0 to 1: op=sigmoid makes such of any numbers, or use a loss on "
                 "logits",
                 reads);
    else if (t->step > 0 || is_update)
        snprintf(text, size, "; try a smaller learning rate or clip_norm");
    else
        snprintf(text, size,
                 "%s; it was so before any step of training: look at the formula, the scaling of the data and the "
                 "initial weights",
                 reads);
}

/* ": 'p' (exp) is the first node that is nan", and what to try; no node when none can be blamed. */
static void blame(dg_trainer *t, bool with_updates, char *text, size_t size)
{
    ancestry a = {0};
    blamed found = {0};
    char advice[500];
    snprintf(text, size, "; try a smaller learning rate or clip_norm");
    dg_status status = list_ancestors(t, with_updates, &a);
    if (status.code == DG_OK)
        status = find_node(t, &a, &found);
    ancestry_release(&a);
    if (status.code != DG_OK || !found.node)
        return;
    bool is_derivative = false;
    dg_node *written = written_node(found.node, &is_derivative);
    advise(t, &found, is_derivative, advice, sizeof advice);
    if (dg_node_op(found.node)->role == DG_ROLE_INPUT)
        snprintf(text, size, ": the data of input '%s' is %s; take such rows out of them, or put numbers in",
                 dg_node_name(found.node), found.what);
    else
        snprintf(text, size, ": %s'%s' (%s) is the first node that is %s%s", is_derivative ? "the derivative of " : "",
                 dg_node_name(written), dg_node_op(written)->name, found.what, advice);
}

/* ---- which step ---- */

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static dg_status remember_before(dg_trainer *t)
{
    for (int64_t k = 0; k < t->n_kept; k++) {
        kept_tensor *kept = &t->kept[k];
        if (!kept->before.data && dg_tensor_bytes(kept->live))
            DG_TRY(dg_tensor_copy(&kept->before, kept->live));
        copy_bytes(&kept->before, kept->live);
    }
    return dg_ok();
}

static void return_before(dg_trainer *t)
{
    for (int64_t k = 0; k < t->n_kept; k++)
        copy_bytes(t->kept[k].live, &t->kept[k].before);
}

/* Says what went wrong in the step after t->batch_done, whose numbers are still in the batch. */
static dg_status describe(dg_trainer *t, double loss, const kept_tensor *bad)
{
    char node[900], place[80];
    const char *what = bad ? first_bad(bad->live) : "";
    snprintf(place, sizeof place, "epoch %lld, step %lld of %lld", (long long)t->epoch + 1,
             (long long)t->batch_done + 1, (long long)t->batches);
    return_before(t);
    blame(t, bad != NULL, node, sizeof node);
    if (!bad)
        return dg_error(DG_NUMERIC, "the loss '%s' is %s in %s%s", dg_node_name(objective_now(t)->loss),
                        isnan(loss) ? "nan" : "infinite", place, node);
    return dg_error(DG_NUMERIC, "'%s' becomes %s in %s, where the loss is still %g%s", dg_node_name(bad->node), what,
                    place, loss, node);
}

/* Runs again from the last good state, bit for bit, up to the step that fails. DG_OK: none did in time. */
static dg_status replay(dg_trainer *t, uint64_t until)
{
    double begin = seconds_now();
    DG_TRY(restore_good(t));
    while (t->step <= until && seconds_now() - begin < REPLAY_SECONDS && !(t->options.stop && *t->options.stop)) {
        double loss;
        DG_TRY(remember_before(t));
        DG_TRY(run_batch(t, &loss));
        const kept_tensor *bad = isfinite(loss) ? find_bad(t) : NULL;
        if (!isfinite(loss) || bad)
            return describe(t, loss, bad);
        t->step++;
        if (++t->batch_done == t->batches) {
            t->batch_done = 0;
            t->epoch++;
        }
    }
    return dg_ok();
}

dg_status diverged(dg_trainer *t, const char *what)
{
    long long epoch = (long long)t->epoch + 1, step = (long long)t->batch_done + 1, steps = (long long)t->batches;
    dg_status found = replay(t, t->step);
    if (found.code != DG_NUMERIC)
        found = dg_error(DG_NUMERIC, "%s in epoch %lld, step %lld of %lld; try a smaller learning rate or clip_norm",
                         what, epoch, step, steps);
    DG_TRY(restore_good(t));
    if (t->checkpoint && !t->good_is_saved)
        DG_TRY(dg_trainer_save(t, t->checkpoint));
    return found;
}
