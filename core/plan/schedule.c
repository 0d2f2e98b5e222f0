/* The order of tasks that takes the least memory. Tasks come in the order in which their nodes were made, which is a
 * good one for most networks. Beside it, another is tried that always takes the task that adds least to what is alive;
 * the one with the lower peak is kept. */
#include "bind.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_TASKS = 4096,    /* the search is quadratic in how many tasks are ready */
    WORTHWHILE = 1 << 16, /* bytes: smaller plans stay as they are */
    WORTH_MOVING = 50     /* the part of the peak that another order has to save */
};

typedef struct schedule {
    build *u;
    binding *b;
    int32_t n;        /* tasks that may move: updates stay at the end */
    int32_t *readers; /* by root: tasks that have yet to read it */
    int32_t *waits;   /* by task: values that have yet to be made */
    int32_t *starts, *readings;
    int32_t *order; /* tasks */
    int32_t *ready;
    int32_t n_ready;
    size_t alive, peak; /* bytes */
} schedule;

/* ---- what a task reads and writes ---- */

typedef struct visit {
    schedule *s;
    int32_t at; /* task */
    void (*see)(struct visit *v, int32_t root);
    size_t bytes;
} visit;

static void see_made(void *user, int32_t root)
{
    visit *v = user;
    const value *made = &v->s->b->values[root];
    if (made->kind == STORED_IN_ARENA && made->producer >= 0) /* others are not in memory: fused away */
        v->see(v, root);
}

/* A root may be seen several times. */
static void see_reads(visit *v)
{
    task_reads(v->s->b, &v->s->b->tasks[v->at], see_made, v);
}

static void see_writes(visit *v)
{
    task_writes(v->s->b, &v->s->b->tasks[v->at], see_made, v);
}

static size_t bytes_of(const schedule *s, int32_t root)
{
    return dg_tensor_bytes(&s->b->values[root].tensor);
}

static void count_reader(visit *v, int32_t root)
{
    v->s->readers[root]++;
}

static void count_wait(visit *v, int32_t root)
{
    v->s->waits[v->at] += v->s->b->values[root].producer != v->at;
}

static void add_bytes(visit *v, int32_t root)
{
    v->bytes += bytes_of(v->s, root);
}

/* Takes one reading away; the last one frees the bytes. */
static void release(visit *v, int32_t root)
{
    if (--v->s->readers[root] == 0)
        v->bytes += bytes_of(v->s, root);
}

static void take_back(visit *v, int32_t root)
{
    v->s->readers[root]++;
}

/* ---- running through an order ---- */

static void prepare(schedule *s)
{
    binding *b = s->b;
    memset(s->readers, 0, sizeof *s->readers * (size_t)(b->n_values + 1));
    memset(s->waits, 0, sizeof *s->waits * (size_t)(b->n_tasks + 1));
    for (int32_t i = 0; i < b->n_tasks; i++) {
        see_reads(&(visit){.s = s, .at = i, .see = count_reader});
        see_reads(&(visit){.s = s, .at = i, .see = count_wait});
    }
    s->alive = s->peak = 0;
}

/* What the caller or an assignment reads at the end is never released. */
static void hold_results(schedule *s)
{
    binding *b = s->b;
    for (int i = 0; i < s->u->plan->options.n_fetch; i++)
        s->readers[b->values[b->fetch[i]].root]++;
    for (int i = 0; i < b->n_assignments; i++)
        s->readers[b->values[b->assignments[i].value].root]++;
}

static size_t made_by(schedule *s, int32_t i)
{
    visit v = {.s = s, .at = i, .see = add_bytes};
    see_writes(&v);
    return v.bytes;
}

static size_t freed_by(schedule *s, int32_t i, bool keep)
{
    visit v = {.s = s, .at = i, .see = release};
    see_reads(&v);
    if (!keep)
        see_reads(&(visit){.s = s, .at = i, .see = take_back});
    return v.bytes;
}

static void run_one(schedule *s, int32_t i)
{
    s->alive += made_by(s, i);
    s->peak = s->alive > s->peak ? s->alive : s->peak;
    s->alive -= freed_by(s, i, true);
}

static size_t peak_as_made(schedule *s)
{
    prepare(s);
    hold_results(s);
    for (int32_t i = 0; i < s->n; i++)
        run_one(s, i);
    return s->peak;
}

/* ---- the other order ---- */

static void list_reading(visit *v, int32_t root)
{
    v->s->readings[v->s->starts[root]++] = v->at;
}

/* Which tasks read a root, once for every reading: readings[starts[root − 1]] up to readings[starts[root]]. */
static bool list_readings(schedule *s)
{
    int32_t n = s->b->n_values, count = 0;
    prepare(s);
    for (int32_t root = 0; root < n; root++) {
        s->starts[root] = count;
        count += s->readers[root];
    }
    s->readings = malloc(sizeof *s->readings * (size_t)(count + 1));
    for (int32_t i = 0; i < s->b->n_tasks && s->readings; i++)
        see_reads(&(visit){.s = s, .at = i, .see = list_reading});
    return s->readings;
}

/* Of the ready tasks the one that adds least to what is alive; of equals the first. */
static int32_t take_best(schedule *s)
{
    int32_t best = 0;
    ptrdiff_t least = PTRDIFF_MAX;
    for (int32_t k = 0; k < s->n_ready; k++) {
        ptrdiff_t added = (ptrdiff_t)made_by(s, s->ready[k]) - (ptrdiff_t)freed_by(s, s->ready[k], false);
        if (added < least || (added == least && s->ready[k] < s->ready[best])) {
            least = added;
            best = k;
        }
    }
    int32_t taken = s->ready[best];
    s->ready[best] = s->ready[--s->n_ready];
    return taken;
}

/* What has waited for the root waits no more. */
static void make_known(visit *v, int32_t root)
{
    schedule *s = v->s;
    for (int32_t k = root ? s->starts[root - 1] : 0; k < s->starts[root]; k++) {
        int32_t reader = s->readings[k];
        if (reader != v->at && --s->waits[reader] == 0 && reader < s->n)
            s->ready[s->n_ready++] = reader;
    }
}

static dg_status peak_of_other(schedule *s, size_t *peak)
{
    prepare(s);
    hold_results(s);
    s->n_ready = 0;
    for (int32_t i = 0; i < s->n; i++)
        if (s->waits[i] == 0)
            s->ready[s->n_ready++] = i;
    for (int32_t i = 0; i < s->n; i++) {
        if (s->n_ready == 0)
            return dg_error(DG_BAD_ARGUMENT, "%d step(s) of the plan wait for each other", (int)(s->n - i));
        s->order[i] = take_best(s);
        run_one(s, s->order[i]);
        see_writes(&(visit){.s = s, .at = s->order[i], .see = make_known});
    }
    *peak = s->peak;
    return dg_ok();
}

static dg_status apply_order(schedule *s)
{
    task *tasks = malloc(sizeof *tasks * (size_t)s->n);
    if (!tasks)
        return dg_no_memory("a plan");
    for (int32_t i = 0; i < s->n; i++)
        tasks[i] = s->b->tasks[s->order[i]];
    memcpy(s->b->tasks, tasks, sizeof *tasks * (size_t)s->n);
    free(tasks);
    note_producers(s->b);
    return dg_ok();
}

/* ---- the rule that any order keeps ---- */

typedef struct order_check {
    const binding *b;
    int32_t at, late; /* task; a root that it reads and a later one makes, or −1 */
} order_check;

static void see_late(void *user, int32_t root)
{
    order_check *check = user;
    const value *made = &check->b->values[root];
    if (made->kind == STORED_IN_ARENA && made->producer > check->at)
        check->late = root;
}

/* Every task reads what earlier ones have made. Groups that had been joined in a circle would break this. */
static dg_status check_order(const binding *b)
{
    for (int32_t i = 0; i < b->n_tasks; i++) {
        order_check check = {.b = b, .at = i, .late = -1};
        task_reads(b, &b->tasks[i], see_late, &check);
        if (check.late < 0)
            continue;
        dg_node *reader = node_in_messages(b->tasks[i].of->node),
                *maker = node_in_messages(b->tasks[b->values[check.late].producer].of->node);
        return dg_error(DG_BAD_ARGUMENT, "the plan would run '%s' before '%s', which it reads", dg_node_name(reader),
                        dg_node_name(maker));
    }
    return dg_ok();
}

dg_status schedule_tasks(build *u)
{
    binding *b = u->b;
    schedule s = {.u = u, .b = b};
    DG_TRY(check_order(b));
    while (s.n < b->n_tasks && !b->tasks[s.n].update)
        s.n++;
    if (!plan_does(u->plan, DG_SCHEDULING) || s.n < 3 || s.n > MOST_TASKS)
        return dg_ok();
    size_t values = (size_t)b->n_values + 2, tasks = (size_t)b->n_tasks + 1;
    s.readers = malloc(sizeof *s.readers * values);
    s.starts = malloc(sizeof *s.starts * values);
    s.waits = malloc(sizeof *s.waits * tasks);
    s.order = malloc(sizeof *s.order * tasks);
    s.ready = malloc(sizeof *s.ready * tasks);
    dg_status status = dg_ok();
    if (!s.readers || !s.starts || !s.waits || !s.order || !s.ready || !list_readings(&s))
        status = dg_no_memory("a plan");
    if (status.code == DG_OK) {
        size_t as_made = peak_as_made(&s), other = as_made;
        if (as_made >= WORTHWHILE)
            status = peak_of_other(&s, &other);
        if (status.code == DG_OK && other < as_made - as_made / WORTH_MOVING)
            status = apply_order(&s);
    }
    free(s.readers);
    free(s.starts);
    free(s.readings);
    free(s.waits);
    free(s.order);
    free(s.ready);
    return status;
}
