/* From an order of nodes and real shapes to steps: constants are folded, equal steps merged, what nobody needs dropped.
 */
#include "plan_internal.h"

#include <stdlib.h>
#include <string.h>

typedef struct made_program {
    const dg_formula *formula; /* NULL: a free place */
    dg_dtype compute;
    dg_program *program;
} made_program;

typedef struct build {
    dg_plan *plan;
    binding *b;
    const dg_feed *feeds;
    int n_feeds;
    int32_t *start;   /* by place in the order: first of its results */
    int32_t *results; /* values */
    int64_t *symbols; /* sizes of DG_N, DG_N − 1, …; −1: no feed tells */
    int32_t *slots;   /* of merging: 1 + index of a step, or −1 − value of a view; 0 empty */
    size_t n_slots, used_slots;
    made_program *programs; /* open addressing */
    size_t n_programs, programs_capacity;
} build;

static dg_status no_memory(void)
{
    return dg_error(DG_NO_MEMORY, "no memory for a plan");
}

dg_status at_node(dg_node *node, dg_status status)
{
    if (status.code == DG_OK)
        return status;
    node = speaker(node);
    return dg_prefixed(status, "%s '%s'", node->entry->op->name, dg_node_name(node));
}

static dg_status new_value(binding *b, const dg_type *type, storage_kind kind, int32_t *made)
{
    if (b->n_values == b->values_capacity) {
        int32_t capacity = b->values_capacity ? 2 * b->values_capacity : 64;
        value *values = realloc(b->values, (size_t)capacity * sizeof *values);
        if (!values)
            return no_memory();
        b->values = values;
        b->values_capacity = capacity;
    }
    *made = b->n_values++;
    b->values[*made] = (value){.tensor = {.dtype = type->dtype, .shape = type->shape},
                               .root = *made,
                               .origin = *made,
                               .producer = -1,
                               .source = -1,
                               .kind = kind};
    return dg_ok();
}

static int32_t result_of(const build *u, const dg_node *node, int output)
{
    return u->results[u->start[u->plan->place[node->id]] + output];
}

/* ---- merging ---- */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    return hash ^ (hash >> 29);
}

static uint64_t view_hash(int32_t origin, const dg_shape *shape)
{
    uint64_t hash = mix(17, (uint64_t)origin);
    for (int i = 0; i < shape->rank; i++)
        hash = mix(hash, (uint64_t)shape->dims[i]);
    return hash;
}

static uint64_t step_hash(const step *s)
{
    uint64_t hash = s->formula ? mix(3, (uint64_t)(uintptr_t)s->formula) : mix(5, (uint64_t)(uintptr_t)s->entry);
    for (int k = 0; !s->formula && k < s->entry->n_attrs; k++)
        hash = mix(hash, dg_value_hash(&s->attrs[k]));
    for (int k = 0; k < s->n_inputs; k++)
        hash = mix(hash, (uint64_t)s->inputs[k]);
    return hash;
}

static bool same_step(const step *a, const step *b)
{
    if (a->formula != b->formula || (!a->formula && a->entry != b->entry) || a->n_inputs != b->n_inputs ||
        memcmp(a->inputs, b->inputs, sizeof *a->inputs * (size_t)a->n_inputs) != 0)
        return false;
    for (int k = 0; !a->formula && k < a->entry->n_attrs; k++)
        if (!dg_value_equal(&a->attrs[k], &b->attrs[k]))
            return false;
    return true;
}

static uint64_t slot_hash(const build *u, int32_t slot)
{
    if (slot < 0) {
        const value *v = &u->b->values[-1 - slot];
        return view_hash(v->origin, &v->tensor.shape);
    }
    const step *s = &u->b->steps[slot - 1];
    return step_hash(s);
}

static dg_status grow_slots(build *u)
{
    if (2 * u->used_slots < u->n_slots)
        return dg_ok();
    size_t n_slots = u->n_slots ? 2 * u->n_slots : 64;
    while (!u->n_slots && n_slots < 2 * (size_t)u->plan->n_order) /* at first for all; views may need more */
        n_slots *= 2;
    int32_t *slots = calloc(n_slots, sizeof *slots), *old = u->slots;
    if (!slots)
        return no_memory();
    for (size_t i = 0; i < u->n_slots; i++) {
        if (!old[i])
            continue;
        size_t at = slot_hash(u, old[i]) & (n_slots - 1);
        while (slots[at])
            at = (at + 1) & (n_slots - 1);
        slots[at] = old[i];
    }
    free(old);
    u->slots = slots;
    u->n_slots = n_slots;
    return dg_ok();
}

static dg_status new_view(build *u, int32_t base, const dg_shape *shape, int32_t *view)
{
    int32_t root = u->b->values[base].root;
    dg_type type = {u->b->values[root].tensor.dtype, *shape};
    DG_TRY(new_value(u->b, &type, u->b->values[root].kind, view));
    u->b->values[*view].root = root;
    u->b->values[*view].tensor.data = u->b->values[root].tensor.data;
    return dg_ok();
}

/* The value that is `base` under another shape; its origin itself where the shape is that one's own. */
static dg_status make_view(build *u, int32_t base, const dg_shape *shape, int32_t *view)
{
    int32_t origin = u->b->values[base].origin;
    *view = origin;
    if (dg_shape_equal(&u->b->values[origin].tensor.shape, shape))
        return dg_ok();
    DG_TRY(grow_slots(u));
    size_t at = view_hash(origin, shape) & (u->n_slots - 1);
    for (; u->slots[at]; at = (at + 1) & (u->n_slots - 1)) {
        const value *v = u->slots[at] < 0 ? &u->b->values[-1 - u->slots[at]] : NULL;
        if (v && v->origin == origin && dg_shape_equal(&v->tensor.shape, shape)) {
            *view = -1 - u->slots[at];
            return dg_ok();
        }
    }
    DG_TRY(new_view(u, origin, shape, view));
    u->b->values[*view].origin = origin;
    u->slots[at] = -1 - *view;
    u->used_slots++;
    return dg_ok();
}

/* An earlier step that computes the same, or −1 after remembering this one. */
static dg_status merge(build *u, int32_t index, int32_t *earlier)
{
    *earlier = -1;
    step *s = &u->b->steps[index];
    if (u->plan->options.unoptimized || (s->entry->op->flags & (DG_RANDOM | DG_EFFECT)))
        return dg_ok();
    DG_TRY(grow_slots(u));
    size_t at = step_hash(s) & (u->n_slots - 1);
    for (; u->slots[at]; at = (at + 1) & (u->n_slots - 1)) {
        if (u->slots[at] > 0 && same_step(&u->b->steps[u->slots[at] - 1], s)) {
            *earlier = u->slots[at] - 1;
            return dg_ok();
        }
    }
    u->slots[at] = index + 1;
    u->used_slots++;
    return dg_ok();
}

/* ---- sources ---- */

static dg_status bind_input(build *u, dg_node *node, int32_t *made)
{
    for (int i = 0; i < u->plan->n_inputs; i++) {
        if (u->plan->inputs[i] != node)
            continue;
        for (int k = 0; k < u->n_feeds; k++) {
            if (u->feeds[k].node != node)
                continue;
            dg_type type = type_of(u->feeds[k].tensor);
            DG_TRY(new_value(u->b, &type, STORED_BY_CALLER, made));
            u->b->values[*made].source = i;
            return dg_ok();
        }
    }
    return dg_error(DG_BAD_ARGUMENT, "input '%s' is not fed", dg_node_name(node));
}

static dg_status bind_parameter(build *u, dg_node *node, int32_t *made)
{
    dg_tensors *store = u->plan->options.parameters;
    const dg_tensor *tensor = store ? dg_tensors_find(store, dg_node_name(node)) : NULL;
    if (!tensor)
        return dg_error(DG_BAD_ARGUMENT, "parameter '%s' has no value: initialise it or load its weights",
                        dg_node_name(node));
    if (tensor->dtype != node->types[0].dtype)
        return dg_error(DG_BAD_DTYPE, "parameter '%s' is stored as %s, the graph wants %s", dg_node_name(node),
                        dg_dtype_name(tensor->dtype), dg_dtype_name(node->types[0].dtype));
    if (!dg_shape_equal(&tensor->shape, &node->types[0].shape)) {
        char has[DG_SHAPE_TEXT], wants[DG_SHAPE_TEXT];
        return dg_error(DG_BAD_SHAPE, "parameter '%s' is stored as %s, the graph wants %s", dg_node_name(node),
                        dg_shape_print(&tensor->shape, has, sizeof has),
                        dg_shape_print(&node->types[0].shape, wants, sizeof wants));
    }
    DG_TRY(new_value(u->b, &node->types[0], STORED_AS_PARAMETER, made));
    u->b->values[*made].tensor.data = tensor->data;
    return dg_ok();
}

/* Room for a constant, kept by the binding. */
static dg_status new_constant(binding *b, const dg_type *type, int32_t *made)
{
    if (b->n_constants == b->constants_capacity) {
        int32_t capacity = b->constants_capacity ? 2 * b->constants_capacity : 16;
        void **constants = realloc(b->constants, (size_t)capacity * sizeof *constants);
        if (!constants)
            return no_memory();
        b->constants = constants;
        b->constants_capacity = capacity;
    }
    dg_tensor tensor;
    DG_TRY(dg_tensor_make(&tensor, type->dtype, type->shape));
    b->constants[b->n_constants++] = tensor.data;
    DG_TRY(new_value(b, type, STORED_AS_CONSTANT, made));
    b->values[*made].tensor.data = tensor.data;
    return dg_ok();
}

static dg_status bind_constant(build *u, dg_node *node, int32_t *made)
{
    if (node->entry->op->role == DG_ROLE_TRAINING) {
        DG_TRY(new_constant(u->b, &node->types[0], made));
        dg_tensor_set(&u->b->values[*made].tensor, 0, u->plan->options.training);
        return dg_ok();
    }
    const dg_tensor *literal = node->attrs[0].tensor;
    DG_TRY(new_constant(u->b, &node->types[0], made));
    dg_tensor *tensor = &u->b->values[*made].tensor;
    if (literal->dtype == tensor->dtype) {
        if (literal->data)
            memcpy(tensor->data, literal->data, dg_tensor_bytes(tensor));
        return dg_ok();
    }
    for (int64_t i = 0; i < dg_tensor_count(tensor); i++)
        dg_tensor_set(tensor, i, dg_tensor_get(literal, i));
    return dg_ok();
}

/* ---- steps ---- */

bool reads_bytes(const step *s, int k)
{
    if (s->formula)
        return dg_formula_uses(s->formula, k);
    int declared = s->entry->n_inputs;
    return !(s->entry->op->inputs[k < declared ? k : declared - 1].flags & DG_SHAPE_ONLY);
}

/* Of real sizes: types of the results, and the step's work. */
static dg_status step_types(build *u, step *s, dg_type *outputs, dg_dtype *compute)
{
    binding *b = u->b;
    dg_type few[DG_MAX_INPUTS], *types = few;
    const dg_type *few_inputs[DG_MAX_INPUTS], **inputs = few_inputs;
    if (s->n_inputs > DG_MAX_INPUTS) {
        types = dg_arena_alloc(b->arena, (sizeof(dg_type) + sizeof(dg_type *)) * (size_t)s->n_inputs);
        if (!types)
            return no_memory();
        inputs = (const dg_type **)(types + s->n_inputs);
    }
    for (int k = 0; k < s->n_inputs; k++) {
        inputs[k] = s->inputs[k] < 0 ? NULL : &types[k];
        if (inputs[k])
            types[k] = type_of(&b->values[s->inputs[k]].tensor);
    }
    if (s->formula)
        return formula_infer(s->formula, s->n_inputs, inputs, outputs, compute);
    dg_infer infer = {.op = s->entry->op,
                      .graph = u->plan->graph,
                      .attrs = s->attrs,
                      .n_inputs = s->n_inputs,
                      .inputs = inputs,
                      .n_outputs = s->n_outputs,
                      .outputs = outputs};
    DG_TRY(s->entry->op->infer(&infer));
    if (s->entry->op->flops)
        s->flops = s->entry->op->flops(&infer);
    return dg_ok();
}

/* Can be computed now, once for all runs. */
static bool is_foldable(const build *u, const step *s, const dg_type *outputs)
{
    size_t bytes;
    enum { MOST_BYTES = 1 << 26 };
    if (u->plan->options.unoptimized || (s->entry->op->flags & (DG_RANDOM | DG_EFFECT)))
        return false;
    for (int k = 0; k < s->n_inputs; k++)
        if (s->inputs[k] >= 0 && reads_bytes(s, k) && u->b->values[s->inputs[k]].kind != STORED_AS_CONSTANT)
            return false;
    for (int k = 0; k < s->n_outputs; k++)
        if (dg_shape_bytes(&outputs[k].shape, outputs[k].dtype, &bytes).code != DG_OK || bytes > MOST_BYTES)
            return false;
    return true;
}

/* A formula's program in one element type is made once for all steps of the binding. */
static dg_status find_program(build *u, const dg_formula *formula, dg_dtype compute, dg_program **program)
{
    if (2 * u->n_programs >= u->programs_capacity) {
        size_t capacity = u->programs_capacity ? 2 * u->programs_capacity : 64;
        made_program *programs = calloc(capacity, sizeof *programs), *old = u->programs;
        if (!programs)
            return no_memory();
        for (size_t i = 0; i < u->programs_capacity; i++) {
            size_t at = mix((uint64_t)(uintptr_t)old[i].formula, old[i].compute) & (capacity - 1);
            while (old[i].formula && programs[at].formula)
                at = (at + 1) & (capacity - 1);
            if (old[i].formula)
                programs[at] = old[i];
        }
        free(old);
        u->programs = programs;
        u->programs_capacity = capacity;
    }
    size_t at = mix((uint64_t)(uintptr_t)formula, compute) & (u->programs_capacity - 1);
    while (u->programs[at].formula && (u->programs[at].formula != formula || u->programs[at].compute != compute))
        at = (at + 1) & (u->programs_capacity - 1);
    if (!u->programs[at].formula) {
        DG_TRY(dg_program_make(u->b->arena, formula, compute, &u->programs[at].program));
        u->programs[at].formula = formula;
        u->programs[at].compute = compute;
        u->n_programs++;
    }
    *program = u->programs[at].program;
    return dg_ok();
}

static dg_status make_program(build *u, step *s, dg_dtype compute)
{
    binding *b = u->b;
    DG_TRY(find_program(u, s->formula, compute, &s->program));
    s->operands = dg_arena_alloc(b->arena, sizeof(dg_operand) * (size_t)(s->n_inputs + 1));
    if (!s->operands)
        return no_memory();
    const dg_shape *out = &b->values[s->first_output].tensor.shape;
    for (int k = 0; k < s->n_inputs; k++) {
        if (s->inputs[k] < 0)
            continue;
        const dg_tensor *in = &b->values[s->inputs[k]].tensor;
        s->operands[k].dtype = in->dtype;
        int64_t stride = 1;
        for (int d = in->shape.rank - 1; d >= 0; d--) {
            int to = d + out->rank - in->shape.rank;
            s->operands[k].strides[to] = in->shape.dims[d] == 1 ? 0 : stride;
            stride *= in->shape.dims[d];
        }
    }
    return dg_ok();
}

/* Tensors by address, once the array of values no longer moves (folding sets its own and is set again). */
static dg_status point_kernel(const dg_plan *plan, binding *b, step *s)
{
    size_t n = (size_t)(s->n_inputs + s->n_outputs) + 1;
    const dg_tensor **tensors = s->kernel.inputs ? (const dg_tensor **)(uintptr_t)s->kernel.inputs
                                                 : dg_arena_alloc(b->arena, sizeof *tensors * n);
    if (!tensors)
        return no_memory();
    for (int k = 0; k < s->n_inputs; k++)
        tensors[k] = s->inputs[k] < 0 ? NULL : &b->values[s->inputs[k]].tensor;
    dg_tensor **outputs = (dg_tensor **)(uintptr_t)(tensors + s->n_inputs);
    for (int k = 0; k < s->n_outputs; k++)
        outputs[k] = &b->values[s->first_output + k].tensor;
    s->kernel.attrs = s->attrs;
    s->kernel.n_inputs = s->n_inputs;
    s->kernel.inputs = tensors;
    s->kernel.n_outputs = s->n_outputs;
    s->kernel.outputs = outputs;
    s->kernel.threads = plan->options.threads;
    s->kernel.random.seed = plan->options.seed;
    if (s->entry->op->flags & DG_RANDOM)
        s->kernel.random.stream = dg_random_stream(dg_node_name(dg_node_original(s->node)));
    if (s->entry->op->workspace)
        s->workspace_bytes = s->entry->op->workspace(&s->kernel);
    return dg_ok();
}

static dg_status fold(build *u, step *s)
{
    DG_TRY(point_kernel(u->plan, u->b, s));
    void *workspace = NULL;
    if (s->workspace_bytes && posix_memalign(&workspace, 64, s->workspace_bytes) != 0)
        return no_memory();
    s->kernel.workspace = workspace;
    dg_status status = step_run(u->plan, s);
    s->kernel.workspace = NULL;
    free(workspace);
    return status;
}

static dg_status check_real(const build *u, const dg_type *types, int count)
{
    for (int k = 0; k < count; k++) {
        char text[DG_SHAPE_TEXT];
        size_t bytes;
        if (!dg_shape_is_known(&types[k].shape))
            return dg_error(DG_BAD_SHAPE, "the size of its result stays unknown: %s",
                            dg_graph_print_shape(u->plan->graph, &types[k].shape, text, sizeof text));
        DG_TRY(dg_shape_bytes(&types[k].shape, types[k].dtype, &bytes));
    }
    return dg_ok();
}

/* Puts constants into the formula, where that leaves the result's type alone; *same is the input that the step would
 * only copy, or −1. */
static dg_status simplify_step(build *u, step *s, int32_t *same)
{
    binding *b = u->b;
    dg_type before, after;
    dg_dtype compute;
    *same = -1;
    if (u->plan->options.unoptimized || !s->formula)
        return dg_ok();
    step simpler = *s;
    DG_TRY(formula_with_constants(b, u->plan->graph->formulas, s->formula, s->inputs, &simpler.formula));
    int k = formula_is_input(simpler.formula);
    if (simpler.formula == s->formula && k < 0)
        return dg_ok();
    DG_TRY(step_types(u, s, &before, &compute));
    DG_TRY(step_types(u, &simpler, &after, &compute));
    if (before.dtype != after.dtype)
        return dg_ok();
    s->formula = simpler.formula;
    if (k < 0 || s->inputs[k] < 0)
        return dg_ok();
    const dg_tensor *input = &b->values[s->inputs[k]].tensor;
    if (input->dtype == before.dtype && dg_shape_equal(&input->shape, &before.shape))
        *same = s->inputs[k];
    return dg_ok();
}

static dg_status new_step(build *u, dg_node *node, const dg_value *attrs, const int32_t *inputs, int32_t *results)
{
    binding *b = u->b;
    int32_t index = b->n_steps;
    step *s = &b->steps[index];
    *s = (step){.entry = node->entry,
                .node = node,
                .attrs = attrs,
                .formula = node->formula,
                .n_inputs = node->n_inputs,
                .n_outputs = node->n_outputs,
                .inputs = inputs,
                .alive = true};
    int32_t earlier, same;
    DG_TRY(simplify_step(u, s, &same));
    if (same >= 0) {
        results[0] = same;
        return dg_ok();
    }
    DG_TRY(merge(u, index, &earlier));
    if (earlier >= 0) {
        for (int k = 0; k < node->n_outputs; k++)
            results[k] = b->steps[earlier].first_output + k;
        return dg_ok();
    }
    dg_type types[DG_MAX_OUTPUTS];
    dg_dtype compute = DG_DEFAULT_DTYPE;
    DG_TRY(step_types(u, s, types, &compute));
    DG_TRY(check_real(u, types, node->n_outputs));
    bool now = is_foldable(u, s, types);
    for (int k = 0; k < node->n_outputs; k++) {
        DG_TRY(now ? new_constant(b, &types[k], &results[k]) : new_value(b, &types[k], STORED_IN_ARENA, &results[k]));
        b->values[results[k]].producer = index;
    }
    s->first_output = results[0];
    if (s->formula) {
        DG_TRY(make_program(u, s, compute));
        s->flops = dg_formula_flops(s->formula) * (double)dg_shape_count(&types[0].shape);
    }
    b->n_steps++;
    if (now) {
        DG_TRY(fold(u, s));
        s->alive = false;
    }
    return dg_ok();
}

/* The node's attributes with real sizes for symbols. */
static dg_status real_attrs(build *u, const dg_node *node, const dg_value **attrs)
{
    *attrs = node->attrs;
    dg_value *copy = NULL;
    for (int k = 0; node->attrs && k < node->entry->n_attrs; k++) {
        if (node->attrs[k].kind != DG_VALUE_SHAPE)
            continue;
        dg_shape shape = *node->attrs[k].shape;
        bool symbolic = false;
        for (int d = 0; d < shape.rank; d++) {
            if (shape.dims[d] < DG_UNKNOWN && u->symbols[DG_N - shape.dims[d]] >= 0) {
                shape.dims[d] = u->symbols[DG_N - shape.dims[d]];
                symbolic = true;
            }
        }
        if (!symbolic)
            continue;
        size_t bytes = sizeof *copy * (size_t)node->entry->n_attrs;
        dg_shape *real = dg_arena_alloc(u->b->arena, sizeof *real);
        if (!copy && (copy = dg_arena_alloc(u->b->arena, bytes)))
            memcpy(copy, node->attrs, bytes);
        if (!copy || !real)
            return no_memory();
        *real = shape;
        copy[k].shape = real;
        *attrs = copy;
    }
    return dg_ok();
}

/* What the feeds tell of symbols; that they agree has been checked. */
static dg_status learn_symbols(build *u)
{
    int count = u->plan->graph->n_symbols + 1;
    u->symbols = malloc(sizeof *u->symbols * (size_t)count);
    if (!u->symbols)
        return no_memory();
    for (int i = 0; i < count; i++)
        u->symbols[i] = -1;
    for (int i = 0; i < u->n_feeds; i++) {
        const dg_shape *shape = &u->feeds[i].node->types[0].shape;
        for (int d = 0; d < shape->rank; d++)
            if (shape->dims[d] < DG_UNKNOWN && d < u->feeds[i].tensor->shape.rank)
                u->symbols[DG_N - shape->dims[d]] = u->feeds[i].tensor->shape.dims[d];
    }
    return dg_ok();
}

static dg_status bind_assignment(build *u, dg_node *node, int32_t *result)
{
    int32_t parameter = result_of(u, node->inputs[0], 0), given = result_of(u, node->inputs[1], 0);
    binding *b = u->b;
    if (b->values[parameter].kind != STORED_AS_PARAMETER)
        return dg_error(DG_BAD_ARGUMENT, "'%s' is not a parameter", dg_node_name(node->inputs[0]));
    const dg_tensor *to = &b->values[parameter].tensor, *from = &b->values[given].tensor;
    if (to->dtype != from->dtype || !dg_shape_equal(&to->shape, &from->shape)) {
        char has[DG_SHAPE_TEXT], wants[DG_SHAPE_TEXT];
        return dg_error(DG_BAD_SHAPE, "the value is %s %s, parameter '%s' is %s %s", dg_dtype_name(from->dtype),
                        dg_shape_print(&from->shape, has, sizeof has), dg_node_name(node->inputs[0]),
                        dg_dtype_name(to->dtype), dg_shape_print(&to->shape, wants, sizeof wants));
    }
    b->assignments[b->n_assignments++] = (assignment){.value = given, .parameter = parameter};
    *result = given;
    return dg_ok();
}

static dg_status bind_node(build *u, dg_node *node, int32_t *results)
{
    const dg_op *op = node->entry->op;
    binding *b = u->b;
    if (node->expansion) {
        for (int k = 0; k < node->n_outputs; k++)
            results[k] = result_of(u, node->expansion[k], 0);
        return dg_ok();
    }
    switch (op->role) {
    case DG_ROLE_INPUT:
        return bind_input(u, node, results);
    case DG_ROLE_PARAMETER:
        return bind_parameter(u, node, results);
    case DG_ROLE_CONSTANT:
    case DG_ROLE_TRAINING:
        return bind_constant(u, node, results);
    case DG_ROLE_ASSIGN:
        return bind_assignment(u, node, results);
    case DG_ROLE_OUTPUT:
        results[0] = result_of(u, node->inputs[0], (int)node->attrs[0].i);
        return dg_ok();
    case DG_ROLE_NONE:
        break;
    }
    int32_t *inputs = dg_arena_alloc(b->arena, sizeof *inputs * (size_t)(node->n_inputs + 1));
    if (!inputs)
        return no_memory();
    for (int k = 0; k < node->n_inputs; k++)
        inputs[k] = node->inputs[k] ? result_of(u, node->inputs[k], 0) : -1;
    const dg_value *attrs;
    DG_TRY(real_attrs(u, node, &attrs));
    if (!(op->flags & DG_VIEW))
        return new_step(u, node, attrs, inputs, results);
    step s = {.entry = node->entry,
              .node = node,
              .attrs = attrs,
              .n_inputs = node->n_inputs,
              .n_outputs = 1,
              .inputs = inputs};
    dg_type type;
    dg_dtype compute;
    DG_TRY(step_types(u, &s, &type, &compute));
    DG_TRY(check_real(u, &type, 1));
    if (dg_shape_count(&type.shape) != dg_tensor_count(&b->values[inputs[0]].tensor)) {
        char has[DG_SHAPE_TEXT], wants[DG_SHAPE_TEXT];
        return dg_error(DG_BAD_SHAPE, "%s has not as many elements as %s",
                        dg_shape_print(&b->values[inputs[0]].tensor.shape, has, sizeof has),
                        dg_shape_print(&type.shape, wants, sizeof wants));
    }
    if (op->flags & DG_FRESH)
        return new_view(u, inputs[0], &type.shape, results);
    return make_view(u, inputs[0], &type.shape, results);
}

/* ---- what is needed ---- */

static void mark_alive(binding *b, const dg_plan *plan)
{
    for (int i = 0; i < plan->options.n_fetch; i++) {
        value *root = &b->values[b->values[b->fetch[i]].root];
        root->needed = root->fetched = true;
    }
    for (int i = 0; i < b->n_assignments; i++)
        b->values[b->values[b->assignments[i].value].root].needed = true;
    for (int32_t i = b->n_steps - 1; i >= 0; i--) {
        step *s = &b->steps[i];
        bool needed = false;
        for (int k = 0; s->alive && k < s->n_outputs; k++)
            needed |= b->values[s->first_output + k].needed;
        s->alive = needed;
        for (int k = 0; needed && k < s->n_inputs; k++)
            if (s->inputs[k] >= 0 && reads_bytes(s, k))
                b->values[b->values[s->inputs[k]].root].needed = true;
    }
}

/* Elementwise steps that only assignments read go to the end: when they run, no kernel can fail any more, so that they
 * may write into the parameters themselves. */
static dg_status order_steps(binding *b, const dg_plan *plan)
{
    bool *held = calloc((size_t)b->n_values + 1, sizeof *held); /* roots that another step reads */
    if (!held)
        return no_memory();
    int32_t n_updates = 0, count = 0;
    for (int32_t i = b->n_steps - 1; i >= 0; i--) {
        step *s = &b->steps[i];
        if (!s->alive)
            continue;
        s->update =
            s->formula && !plan->options.unoptimized && !held[s->first_output] && !b->values[s->first_output].fetched;
        n_updates += s->update;
        for (int k = 0; !s->update && k < s->n_inputs; k++)
            if (s->inputs[k] >= 0 && reads_bytes(s, k))
                held[b->values[s->inputs[k]].root] = true;
    }
    free(held);
    step *updates = malloc(sizeof *updates * (size_t)(n_updates + 1));
    if (!updates)
        return no_memory();
    n_updates = 0;
    for (int32_t i = 0; i < b->n_steps; i++) {
        if (b->steps[i].alive && b->steps[i].update)
            updates[n_updates++] = b->steps[i];
        else if (b->steps[i].alive)
            b->steps[count++] = b->steps[i];
    }
    memcpy(b->steps + count, updates, sizeof *updates * (size_t)n_updates);
    free(updates);
    b->n_steps = count + n_updates;
    for (int32_t i = 0; i < b->n_steps; i++)
        for (int k = 0; k < b->steps[i].n_outputs; k++)
            b->values[b->steps[i].first_output + k].producer = i;
    return dg_ok();
}

static dg_status finish_steps(binding *b, const dg_plan *plan)
{
    b->random_steps = dg_arena_alloc(b->arena, sizeof *b->random_steps * (size_t)(b->n_steps + 1));
    if (!b->random_steps)
        return no_memory();
    for (int32_t i = 0; i < b->n_steps; i++) {
        DG_TRY(point_kernel(plan, b, &b->steps[i]));
        if (b->steps[i].entry->op->flags & DG_RANDOM)
            b->random_steps[b->n_random_steps++] = i;
    }
    return dg_ok();
}

/* Which values change address with each feed. */
static dg_status list_fed_views(binding *b, const dg_plan *plan)
{
    b->feed_starts = dg_arena_alloc(b->arena, sizeof *b->feed_starts * (size_t)(plan->n_inputs + 2));
    b->fed_views = dg_arena_alloc(b->arena, sizeof *b->fed_views * (size_t)(b->n_values + 1));
    if (!b->feed_starts || !b->fed_views)
        return no_memory();
    for (int32_t i = 0; i < b->n_values; i++)
        if (b->values[b->values[i].root].kind == STORED_BY_CALLER)
            b->feed_starts[b->values[b->values[i].root].source + 1]++;
    for (int k = 0; k < plan->n_inputs; k++)
        b->feed_starts[k + 1] += b->feed_starts[k];
    int32_t *next = dg_arena_alloc(b->arena, sizeof *next * (size_t)(plan->n_inputs + 1));
    if (!next)
        return no_memory();
    memcpy(next, b->feed_starts, sizeof *next * (size_t)plan->n_inputs);
    for (int32_t i = 0; i < b->n_values; i++)
        if (b->values[b->values[i].root].kind == STORED_BY_CALLER)
            b->fed_views[next[b->values[b->values[i].root].source]++] = i;
    return dg_ok();
}

static dg_status bind_all(build *u)
{
    dg_plan *plan = u->plan;
    binding *b = u->b;
    int64_t n_results = 0;
    DG_TRY(learn_symbols(u));
    u->start = malloc(sizeof *u->start * (size_t)(plan->n_order + 1));
    if (!u->start)
        return no_memory();
    for (int64_t i = 0; i < plan->n_order; i++) {
        u->start[i] = (int32_t)n_results;
        n_results += plan->order[i]->n_outputs;
    }
    u->results = malloc(sizeof *u->results * (size_t)(n_results + 1));
    b->steps = malloc(sizeof *b->steps * (size_t)(plan->n_order + 1));
    b->assignments = dg_arena_alloc(b->arena, sizeof *b->assignments * (size_t)(plan->n_order + 1));
    b->fetch = dg_arena_alloc(b->arena, sizeof *b->fetch * (size_t)(plan->options.n_fetch + 1));
    b->feeds = dg_arena_alloc(b->arena, sizeof *b->feeds * (size_t)(plan->n_inputs + 1));
    b->values_capacity = (int32_t)n_results + 16;
    b->values = malloc(sizeof *b->values * (size_t)b->values_capacity);
    if (!b->values || !u->results || !b->steps || !b->assignments || !b->fetch || !b->feeds)
        return no_memory();
    for (int64_t i = 0; i < plan->n_order; i++)
        DG_TRY(at_node(plan->order[i], bind_node(u, plan->order[i], u->results + u->start[i])));
    for (int i = 0; i < plan->options.n_fetch; i++)
        b->fetch[i] = result_of(u, plan->options.fetch[i], 0);
    for (int i = 0; i < plan->n_inputs; i++)
        b->feeds[i] = b->values[result_of(u, plan->inputs[i], 0)].tensor.shape;
    mark_alive(b, plan);
    DG_TRY(order_steps(b, plan));
    DG_TRY(finish_steps(b, plan));
    return list_fed_views(b, plan);
}

dg_status plan_bind(dg_plan *plan, const dg_feed *feeds, int n_feeds, binding **made)
{
    *made = NULL;
    build u = {.plan = plan, .feeds = feeds, .n_feeds = n_feeds, .b = calloc(1, sizeof(binding))};
    if (!u.b)
        return no_memory();
    dg_status status = dg_arena_new(&u.b->arena);
    if (status.code == DG_OK)
        status = bind_all(&u);
    if (status.code == DG_OK)
        status = plan_place(plan, u.b);
    free(u.start);
    free(u.results);
    free(u.slots);
    free(u.symbols);
    free(u.programs);
    if (status.code != DG_OK)
        binding_free(u.b);
    else
        *made = u.b;
    return status;
}

void binding_free(binding *b)
{
    if (!b)
        return;
    for (int32_t i = 0; i < b->n_constants; i++)
        free(b->constants[i]);
    free(b->constants);
    free(b->memory);
    free(b->seconds);
    free(b->values);
    free(b->steps);
    dg_arena_free(b->arena);
    free(b);
}
