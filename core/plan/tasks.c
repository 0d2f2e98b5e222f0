/* From groups of steps to tasks: the formulas of a group become one program. */
#include "bind.h"

#include "core/formula/expression.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One more than a group's elementwise steps can have inputs. */
enum { MOST_OPERANDS_OF_GROUP = MOST_IN_GROUP * 64 };

/* The expressions of a group on their way to a program. */
typedef struct joining {
    build *u;
    dg_formulas *pool;
    int32_t kernel_output; /* root; −1: none */
    int n_made;
    int32_t made[MOST_IN_GROUP]; /* roots that have expressions */
    const expression *images[MOST_IN_GROUP];
    int n_operands;
    int32_t operands[MOST_OPERANDS_OF_GROUP], spaces[MOST_OPERANDS_OF_GROUP];
    bool conditions[MOST_OPERANDS_OF_GROUP];
    const char *names[MOST_OPERANDS_OF_GROUP];
} joining;

/* ---- expressions ---- */

/* Two ways to read a value are one, when it is all elements or broadcasts to one shape. */
static bool reads_alike(const binding *b, int32_t v, int32_t space, int32_t other)
{
    const dg_tensor *one = &b->values[space].tensor, *two = &b->values[other].tensor;
    return one->channels_last == two->channels_last &&
           (dg_shape_equal(&one->shape, &two->shape) || dg_tensor_count(one) == dg_tensor_count(&b->values[v].tensor));
}

static const expression *operand(joining *j, int32_t v, int32_t space, bool condition)
{
    for (int k = 0; k < j->n_operands; k++)
        if (j->operands[k] == v && j->conditions[k] == condition && reads_alike(j->u->b, v, space, j->spaces[k]))
            return make_input(j->pool, j->names[k]);
    char name[24];
    int k = j->n_operands++;
    j->operands[k] = v;
    j->spaces[k] = space;
    j->conditions[k] = condition;
    j->names[k] = pool_name(j->pool, name, (size_t)snprintf(name, sizeof name, "#%d", k));
    return j->names[k] ? make_input(j->pool, j->names[k]) : NULL;
}

/* What input k of the step is in the group. */
static const expression *image_of(joining *j, const step *s, int k)
{
    const binding *b = j->u->b;
    int32_t v = s->inputs[k], root = b->values[v].root;
    for (int i = 0; i < j->n_made; i++)
        if (j->made[i] == root)
            return j->images[i];
    return operand(j, v, s->first_output, s->formula->uses[k] == USED_AS_CONDITION);
}

/* The step's formula, as it is, over the group's operands. */
static const expression *rename_formula(joining *j, const step *s)
{
    const dg_formula *formula = s->formula;
    dg_formulas *pool = j->pool;
    const expression *images[64];
    for (int k = 0; k < formula->n_inputs; k++) {
        images[k] = dg_formula_uses(formula, k) && s->inputs[k] >= 0 ? image_of(j, s, k) : NULL;
        if (dg_formula_uses(formula, k) && !images[k])
            return NULL;
    }
    if (!pass_begin(pool, formula->root))
        return NULL;
    for (size_t i = 0; i < pool->n_order; i++) {
        expression *e = (expression *)pool->order[i];
        e->image = e;
        for (int k = 0; e->op == OP_INPUT && k < formula->n_inputs; k++)
            if (formula->names[k] == e->name)
                e->image = images[k];
        if (e->arity)
            e->image = expression_intern(pool, e->op, e->args[0]->image, e->arity > 1 ? e->args[1]->image : NULL,
                                         e->arity > 2 ? e->args[2]->image : NULL);
        if (!e->image)
            return NULL;
    }
    return formula->root->image;
}

/* ---- programs ---- */

static uint64_t program_hash(int n, const expression *const *roots, dg_dtype compute)
{
    uint64_t hash = hash_mix(7, compute);
    for (int k = 0; k < n; k++)
        hash = hash_mix(hash, (uint64_t)(uintptr_t)roots[k]);
    return hash;
}

/* A program is made once for all groups of the binding that compute the same. */
static dg_status find_program(joining *j, int n, const expression *const *roots, const group *g,
                              const dg_program **program)
{
    build *u = j->u;
    dg_dtype compute = g->compute;
    uint64_t hash = program_hash(n, roots, compute);
    size_t at = 0;
    for (const made_program *there; (there = table_next(&u->programs, hash, &at));)
        if (there->n_roots == n && there->compute == compute && there->is_update == g->update &&
            memcmp(there->roots, roots, sizeof *roots * (size_t)n) == 0) {
            *program = there->program;
            return dg_ok();
        }
    made_program *made = dg_arena_alloc(u->b->arena, sizeof *made);
    const expression **kept = dg_arena_alloc(u->b->arena, sizeof *kept * (size_t)n);
    if (!made || !kept)
        return dg_no_memory("a plan");
    memcpy(kept, roots, sizeof *kept * (size_t)n);
    const joint_formula formula = {.pool = j->pool,
                                   .n_roots = n,
                                   .roots = kept,
                                   .n_inputs = j->n_operands,
                                   .names = j->names,
                                   .compute = compute,
                                   .for_speed = plan_does(u->plan, DG_ALGEBRA),
                                   .compiled = plan_does(u->plan, DG_COMPILED),
                                   .is_update = g->update};
    dg_program *program_made;
    DG_TRY(program_make_joint(u->b->arena, &formula, vector_tables(), &program_made));
    *made = (made_program){kept, n, compute, g->update, program_made};
    if (!table_add(&u->programs, hash, made))
        return dg_no_memory("a plan");
    *program = program_made;
    return dg_ok();
}

static const int32_t *copy_values(build *u, int n, const int32_t *values)
{
    int32_t *copy = dg_arena_alloc(u->b->arena, sizeof *copy * (size_t)(n + 1));
    if (copy && n)
        memcpy(copy, values, sizeof *copy * (size_t)n);
    return copy;
}

/* The elementwise work of group g; of a prologue the one result is the consumer's input. */
static dg_status make_elementwise(build *u, const grouping *all, const group *g, elementwise *made)
{
    const binding *b = u->b;
    joining j; /* not cleared: it is large */
    const expression *roots[MOST_IN_GROUP];
    int32_t results[MOST_IN_GROUP];
    int n_results = 0;
    j.u = u;
    j.pool = u->plan->graph->formulas;
    j.n_made = j.n_operands = 0;
    for (int32_t m = g->first; m >= 0; m = all->next[m]) {
        const step *s = &b->steps[m];
        const expression *root = rename_formula(&j, s);
        if (!root)
            return dg_no_memory("a plan");
        j.made[j.n_made] = s->first_output;
        j.images[j.n_made++] = root;
        if (!all->outside[s->first_output])
            continue;
        roots[n_results] = root;
        results[n_results++] = s->first_output;
    }
    DG_TRY(find_program(&j, n_results, roots, g, &made->program));
    made->n_operands = j.n_operands;
    made->n_results = n_results;
    made->operands = copy_values(u, j.n_operands, j.operands);
    made->spaces = copy_values(u, j.n_operands, j.spaces);
    made->results = copy_values(u, n_results, results);
    return made->operands && made->spaces && made->results ? dg_ok() : dg_no_memory("a plan");
}

/* ---- tasks ---- */

/* Adds the nodes of a group's elementwise steps to those of the task. */
static dg_status list_nodes(build *u, const grouping *all, const group *g, task *t)
{
    dg_node **nodes = dg_arena_alloc(u->b->arena, sizeof *nodes * (size_t)(t->n_nodes + g->n_steps));
    if (!nodes)
        return dg_no_memory("a plan");
    if (t->n_nodes)
        memcpy(nodes, t->nodes, sizeof *nodes * (size_t)t->n_nodes);
    for (int32_t m = g->first; m >= 0; m = all->next[m]) {
        nodes[t->n_nodes++] = u->b->steps[m].node;
        t->flops += u->b->steps[m].flops;
    }
    t->nodes = nodes;
    return dg_ok();
}

static dg_status make_kernel_task(build *u, int32_t s, task *t)
{
    t->of = &u->b->steps[s];
    t->flops = t->of->flops;
    t->nodes = (dg_node **)(uintptr_t)&t->of->node;
    t->n_nodes = 1;
    t->kernel = dg_arena_alloc(u->b->arena, sizeof *t->kernel);
    if (!t->kernel)
        return dg_no_memory("a plan");
    return point_kernel(u->plan, u->b, t->of, t->kernel);
}

static dg_status make_group_task(build *u, const grouping *all, const group *g, task *t)
{
    if (g->kernel >= 0)
        DG_TRY(make_kernel_task(u, g->kernel, t));
    else
        t->of = &u->b->steps[g->first];
    t->update = g->update;
    t->parts = dg_arena_alloc(u->b->arena, sizeof *t->parts);
    t->n_parts = 1;
    if (!t->parts)
        return dg_no_memory("a plan");
    DG_TRY(list_nodes(u, all, g, t));
    return make_elementwise(u, all, g, &t->parts[0]);
}

static dg_status add_prologue(build *u, const grouping *all, const group *g, task *t)
{
    t->prologue = dg_arena_alloc(u->b->arena, sizeof *t->prologue);
    if (!t->prologue)
        return dg_no_memory("a plan");
    DG_TRY(list_nodes(u, all, g, t));
    return make_elementwise(u, all, g, t->prologue);
}

/* Whether the work reads a value that is marked with this number. */
static bool reads_marked(const binding *b, const elementwise *work, const int32_t *marks, int32_t number)
{
    for (int32_t k = 0; k < work->n_operands; k++)
        if (marks[b->values[work->operands[k]].root] == number)
            return true;
    return false;
}

static void mark_results(const elementwise *work, int32_t *marks, int32_t number)
{
    for (int32_t r = 0; r < work->n_results; r++)
        marks[work->results[r]] = number;
}

/* The end of the updates from task i on that run the same program, none on what another computes. `marks`, by value,
 * has no number above i. */
static int32_t end_of_updates(const binding *b, int32_t i, int32_t *marks)
{
    const task *first = &b->tasks[i];
    int32_t end = i + 1;
    if (!first->update)
        return end;
    mark_results(&first->parts[0], marks, i + 1);
    for (; end < b->n_tasks; end++) {
        const task *t = &b->tasks[end];
        if (!t->update || t->n_parts != 1 || t->parts[0].program != first->parts[0].program ||
            reads_marked(b, &t->parts[0], marks, i + 1))
            break;
        mark_results(&t->parts[0], marks, i + 1);
    }
    return end;
}

/* The tasks from i to end as one. */
static dg_status join_tasks(const binding *b, int32_t i, int32_t end, task *joined)
{
    int32_t n_nodes = 0, at = 0;
    *joined = b->tasks[i];
    if (end == i + 1)
        return dg_ok();
    for (int32_t k = i; k < end; k++)
        n_nodes += b->tasks[k].n_nodes;
    elementwise *parts = dg_arena_alloc(b->arena, sizeof *parts * (size_t)(end - i));
    dg_node **nodes = dg_arena_alloc(b->arena, sizeof *nodes * (size_t)n_nodes);
    if (!parts || !nodes)
        return dg_no_memory("a plan");
    for (int32_t k = i; k < end; k++) {
        const task *from = &b->tasks[k];
        parts[k - i] = from->parts[0];
        memcpy(nodes + at, from->nodes, sizeof *nodes * (size_t)from->n_nodes);
        at += from->n_nodes;
        joined->flops += k == i ? 0 : from->flops;
    }
    joined->parts = parts;
    joined->n_parts = end - i;
    joined->nodes = nodes;
    joined->n_nodes = n_nodes;
    return dg_ok();
}

/* Updates that run the same program become the parts of one task: one optimiser pass over all parameters. */
static dg_status join_updates(build *u)
{
    binding *b = u->b;
    int32_t *marks = calloc((size_t)b->n_values + 1, sizeof *marks), count = 0;
    dg_status status = marks ? dg_ok() : dg_no_memory("a plan");
    for (int32_t i = 0; i < b->n_tasks && status.code == DG_OK;) {
        task joined;
        int32_t end = end_of_updates(b, i, marks);
        status = join_tasks(b, i, end, &joined);
        b->tasks[count++] = joined;
        i = end;
    }
    free(marks);
    if (status.code == DG_OK)
        b->n_tasks = count;
    return status;
}

static void see_each(const binding *b, int32_t n, const int32_t *values, see_root *see, void *user)
{
    for (int32_t k = 0; k < n; k++)
        see(user, b->values[values[k]].root);
}

void task_reads(const binding *b, const task *t, see_root *see, void *user)
{
    for (int32_t k = 0; t->kernel && k < t->of->n_inputs; k++)
        if (t->of->inputs[k] >= 0 && reads_bytes(t->of, k))
            see_each(b, 1, &t->of->inputs[k], see, user);
    if (t->prologue)
        see_each(b, t->prologue->n_operands, t->prologue->operands, see, user);
    for (int32_t k = 0; k < t->n_parts; k++)
        see_each(b, t->parts[k].n_operands, t->parts[k].operands, see, user);
}

void task_writes(const binding *b, const task *t, see_root *see, void *user)
{
    for (int32_t k = 0; t->kernel && k < t->of->n_outputs; k++)
        see(user, b->values[t->of->first_output + k].root);
    for (int32_t k = 0; k < t->n_parts; k++)
        see_each(b, t->parts[k].n_results, t->parts[k].results, see, user);
}

void note_producers(binding *b)
{
    for (int32_t v = 0; v < b->n_values; v++)
        b->values[v].producer = -1;
    for (int32_t i = 0; i < b->n_tasks; i++) {
        const task *t = &b->tasks[i];
        for (int32_t k = 0; t->kernel && k < t->of->n_outputs; k++)
            b->values[t->of->first_output + k].producer = i;
        for (int32_t k = 0; k < t->n_parts; k++)
            for (int32_t r = 0; r < t->parts[k].n_results; r++)
                b->values[t->parts[k].results[r]].producer = i;
    }
}

dg_status make_tasks(build *u, const grouping *all)
{
    binding *b = u->b;
    int32_t *at = malloc(sizeof *at * (size_t)(b->n_steps + 1)),
            *before = malloc(sizeof *before * (size_t)(b->n_steps + 1));
    dg_status status = at && before ? dg_ok() : dg_no_memory("a plan");
    for (int32_t s = 0; s <= b->n_steps && at && before; s++)
        at[s] = before[s] = -1;
    int32_t count = 0;
    for (int32_t g = 0; g < all->n_groups && status.code == DG_OK; g++) {
        const group *made = &all->groups[g];
        if (made->into < 0)
            (made->consumer >= 0 ? before : at)[made->consumer >= 0 ? made->consumer : made->position] = g;
    }
    for (int32_t s = 0; s < b->n_steps && status.code == DG_OK; s++)
        count += at[s] >= 0 || all->of[s] < 0;
    if (status.code == DG_OK && !(b->tasks = calloc(1, ((size_t)count + 1) * sizeof *b->tasks)))
        status = dg_no_memory("a plan");
    for (int32_t s = 0; s < b->n_steps && status.code == DG_OK; s++) {
        if (at[s] < 0 && all->of[s] >= 0)
            continue;
        task *t = &b->tasks[b->n_tasks++];
        status = at[s] >= 0 ? make_group_task(u, all, &all->groups[at[s]], t) : make_kernel_task(u, s, t);
        if (status.code == DG_OK && before[s] >= 0)
            status = add_prologue(u, all, &all->groups[before[s]], t);
    }
    free(at);
    free(before);
    DG_TRY(status);
    DG_TRY(join_updates(u));
    note_producers(b);
    return dg_ok();
}

/* ---- addresses ---- */

static dg_status point_elementwise(build *u, const elementwise *work, dg_fused *run)
{
    binding *b = u->b;
    program_operand *all = dg_arena_alloc(b->arena, sizeof *all * (size_t)(work->n_operands + work->n_results + 1));
    if (!all)
        return dg_no_memory("a plan");
    for (int32_t k = 0; k < work->n_operands; k++) {
        dg_tensor *tensor = &b->values[work->operands[k]].tensor;
        row_pattern rows = operand_pattern(tensor, &b->values[work->spaces[k]].tensor), *kept = NULL;
        all[k] = (program_operand){.data = &tensor->data,
                                   .dtype = tensor->dtype,
                                   .access = (uint8_t)access_of(work->program, tensor->dtype, &rows)};
        if (all[k].access == GATHERED) {
            if (!(kept = dg_arena_alloc(b->arena, sizeof *kept)))
                return dg_no_memory("a plan");
            *kept = rows;
            all[k].rows = kept;
        }
    }
    for (int32_t r = 0; r < work->n_results; r++) {
        dg_tensor *tensor = &b->values[work->results[r]].tensor;
        all[work->n_operands + r] = (program_operand){.data = &tensor->data, .dtype = tensor->dtype};
    }
    *run = (dg_fused){.program = work->program,
                      .operands = all,
                      .results = all + work->n_operands,
                      .count = dg_tensor_count(&b->values[work->results[0]].tensor)};
    return dg_ok();
}

/* A value that only the prologue's consumer reads is never in memory: its tensor has no data. */
static dg_status point_prologue(build *u, task *t)
{
    dg_fused *run = dg_arena_alloc(u->b->arena, sizeof *run);
    if (!run)
        return dg_no_memory("a plan");
    DG_TRY(point_elementwise(u, t->prologue, run));
    t->kernel->prologue = run;
    return dg_ok();
}

dg_status finish_tasks(build *u)
{
    binding *b = u->b;
    b->random_kernels = dg_arena_alloc(b->arena, sizeof(dg_kernel *) * (size_t)(b->n_tasks + 1));
    if (!b->random_kernels)
        return dg_no_memory("a plan");
    for (int32_t i = 0; i < b->n_tasks; i++) {
        task *t = &b->tasks[i];
        if (t->n_parts && !(t->fused = dg_arena_alloc(b->arena, sizeof *t->fused * (size_t)t->n_parts)))
            return dg_no_memory("a plan");
        for (int32_t k = 0; k < t->n_parts; k++)
            DG_TRY(point_elementwise(u, &t->parts[k], &t->fused[k]));
        fused_number_pieces(t->fused, t->n_parts);
        if (t->prologue)
            DG_TRY(point_prologue(u, t));
        if (!t->kernel)
            continue;
        t->kernel->epilogue = t->fused;
        const dg_op *op = t->of->entry->op;
        if (op->workspace)
            t->workspace_bytes = op->workspace(t->kernel);
        if (op->flags & DG_RANDOM)
            b->random_kernels[b->n_random_kernels++] = t->kernel;
    }
    return dg_ok();
}
