/* From an order of nodes and real shapes to steps: constants are folded, equal steps merged, what nobody needs dropped.
 */
#include "bind.h"

#include "core/tensor/tensors.h"

#include <stdlib.h>
#include <string.h>

dg_status at_node(dg_node *node, dg_status status)
{
    if (status.code == DG_OK)
        return status;
    const dg_node *of = node;
    while (!of->derivative_of && of->owner)
        of = of->owner;
    bool derivative = of->derivative_of != NULL;
    node = node_in_messages(derivative ? of->derivative_of : node);
    if (node->emitted && node->entry->op->role == DG_ROLE_ASSIGN)
        return dg_prefixed(status, "update of '%s'", dg_node_name(node->inputs[0]));
    status =
        dg_prefixed(status, "%s%s '%s'", derivative ? "derivative of " : "", node->entry->op->name, dg_node_name(node));
    return node->at.file && node->at.line > 0
               ? dg_error(status.code, "%s (%s:%d)", status.message, node->at.file, node->at.line)
               : status;
}

int32_t node_result(const build *u, const dg_node *node, int output)
{
    return u->results[u->start[u->plan->place[node->id]] + output];
}

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
            return dg_no_memory("a plan");
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
    DG_TRY(op_infer(&infer));
    if (s->entry->op->flops)
        s->flops = s->entry->op->flops(&infer);
    return dg_ok();
}

/* Can be computed now, once for all runs. */
static bool is_foldable(const build *u, const step *s, const dg_type *outputs)
{
    enum { MOST_BYTES = 1 << 26, MOST_MEASURED = 1 << 16 };
    size_t bytes, most = u->plan->options.measuring ? MOST_MEASURED : MOST_BYTES;
    if (!plan_does(u->plan, DG_FOLDING) || (s->entry->op->flags & (DG_RANDOM | DG_EFFECT)))
        return false;
    for (int k = 0; k < s->n_inputs; k++)
        if (s->inputs[k] >= 0 && reads_bytes(s, k) && u->b->values[s->inputs[k]].kind != STORED_AS_CONSTANT)
            return false;
    for (int k = 0; k < s->n_outputs; k++)
        if (dg_shape_bytes(&outputs[k].shape, outputs[k].dtype, &bytes).code != DG_OK || bytes > most)
            return false;
    return true;
}

/* Tensors by address, as long as the array of values does not move. */
dg_status point_kernel(const dg_plan *plan, binding *b, const step *s, dg_kernel *kernel)
{
    size_t n = (size_t)(s->n_inputs + s->n_outputs) + 1;
    const dg_tensor **tensors = dg_arena_alloc(b->arena, sizeof *tensors * n);
    if (!tensors)
        return dg_no_memory("a plan");
    for (int k = 0; k < s->n_inputs; k++)
        tensors[k] = s->inputs[k] < 0 ? NULL : &b->values[s->inputs[k]].tensor;
    dg_tensor **outputs = (dg_tensor **)(uintptr_t)(tensors + s->n_inputs);
    for (int k = 0; k < s->n_outputs; k++)
        outputs[k] = &b->values[s->first_output + k].tensor;
    *kernel = (dg_kernel){.attrs = s->attrs,
                          .n_inputs = s->n_inputs,
                          .inputs = tensors,
                          .n_outputs = s->n_outputs,
                          .outputs = outputs,
                          .threads = plan->options.threads,
                          .random = {.seed = plan->options.seed}};
    if (s->entry->op->flags & DG_RANDOM)
        kernel->random.stream = dg_random_stream(dg_node_name(dg_node_original(s->node)));
    return dg_ok();
}

/* Strides of an input in the shape of the result: 0 where it is repeated. */
void operand_strides(const dg_shape *in, const dg_shape *out, int64_t strides[DG_MAX_RANK])
{
    int64_t stride = 1;
    memset(strides, 0, sizeof *strides * DG_MAX_RANK);
    for (int d = in->rank - 1; d >= 0; d--) {
        strides[d + out->rank - in->rank] = in->dims[d] == 1 ? 0 : stride;
        stride *= in->dims[d];
    }
}

static dg_status fold_formula(build *u, const step *s)
{
    binding *b = u->b;
    dg_program *program;
    dg_operand *operands = dg_arena_alloc(b->arena, sizeof *operands * (size_t)(s->n_inputs + 1));
    if (!operands)
        return dg_no_memory("a plan");
    DG_TRY(dg_program_make(b->arena, s->formula, s->compute, &program));
    dg_tensor *result = &b->values[s->first_output].tensor;
    for (int k = 0; k < s->n_inputs; k++) {
        const dg_tensor *in = s->inputs[k] < 0 ? NULL : &b->values[s->inputs[k]].tensor;
        if (in)
            operands[k] = (dg_operand){.dtype = in->dtype, .data = in->data};
        if (in)
            operand_strides(&in->shape, &result->shape, operands[k].strides);
    }
    dg_program_run(program, &result->shape, operands, result->dtype, result->data, 0, dg_tensor_count(result));
    return dg_ok();
}

static dg_status fold(build *u, const step *s)
{
    dg_kernel kernel;
    if (s->formula)
        return fold_formula(u, s);
    DG_TRY(point_kernel(u->plan, u->b, s, &kernel));
    size_t bytes = s->entry->op->workspace ? s->entry->op->workspace(&kernel) : 0;
    if (bytes && posix_memalign(&kernel.workspace, 64, bytes) != 0)
        return dg_no_memory("a plan");
    dg_status status = s->entry->op->forward(&kernel);
    free(kernel.workspace);
    return status;
}

static bool is_uniform(const dg_tensor *tensor)
{
    size_t bytes = dg_tensor_bytes(tensor), element = dg_dtype_size(tensor->dtype);
    return bytes > 0 && memcmp(tensor->data, (const char *)tensor->data + element, bytes - element) == 0;
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
    if (!plan_does(u->plan, DG_ALGEBRA) || !s->formula)
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

/* Constants in a computation in float64 have the digits that they were written with: inputs of the step that are such
 * constants, kept in float32 for others, become constants in float64. */
static dg_status widen_literals(build *u, step *s, int32_t *inputs)
{
    binding *b = u->b;
    dg_type type;
    bool any = false;
    for (int k = 0; s->formula && k < s->n_inputs; k++)
        any |= inputs[k] >= 0 && b->values[b->values[inputs[k]].root].literal;
    if (!any)
        return dg_ok();
    DG_TRY(step_types(u, s, &type, &s->compute));
    for (int k = 0; s->compute == DG_FLOAT64 && k < s->n_inputs; k++) {
        int32_t made, from = inputs[k];
        const dg_tensor *literal = from >= 0 ? b->values[b->values[from].root].literal : NULL;
        if (!literal)
            continue;
        DG_TRY(new_constant(b, &(dg_type){DG_FLOAT64, b->values[from].tensor.shape}, &made));
        memcpy(b->values[made].tensor.data, literal->data, dg_tensor_bytes(literal));
        inputs[k] = made;
    }
    return dg_ok();
}

dg_status add_step(build *u, const step *made, int32_t *inputs, int32_t *results)
{
    binding *b = u->b;
    int32_t index = b->n_steps;
    step *s = &b->steps[index];
    *s = *made;
    s->inputs = inputs;
    s->alive = true;
    int32_t earlier, same;
    DG_TRY(widen_literals(u, s, inputs));
    DG_TRY(simplify_step(u, s, &same));
    if (same >= 0) {
        results[0] = same;
        return dg_ok();
    }
    DG_TRY(merge(u, index, &earlier));
    if (earlier >= 0) {
        for (int k = 0; k < s->n_outputs; k++)
            results[k] = b->steps[earlier].first_output + k;
        return dg_ok();
    }
    dg_type types[DG_MAX_OUTPUTS];
    DG_TRY(step_types(u, s, types, &s->compute));
    DG_TRY(check_real(u, types, s->n_outputs));
    bool now = is_foldable(u, s, types);
    for (int k = 0; k < s->n_outputs; k++) {
        DG_TRY(now ? new_constant(b, &types[k], &results[k]) : new_value(b, &types[k], STORED_IN_ARENA, &results[k]));
        b->values[results[k]].producer = now ? -1 : index;
    }
    s->first_output = results[0];
    if (s->formula)
        s->flops = dg_formula_flops(s->formula) * (double)dg_shape_count(&types[0].shape);
    b->n_steps++;
    if (now) {
        DG_TRY(fold(u, s));
        s->alive = false;
        for (int k = 0; k < s->n_outputs; k++)
            b->values[results[k]].uniform = is_uniform(&b->values[results[k]].tensor);
    }
    return dg_ok();
}

static dg_status new_step(build *u, dg_node *node, const dg_value *attrs, int32_t *inputs, int32_t *results)
{
    const step made = {.entry = node->entry,
                       .node = node,
                       .attrs = attrs,
                       .formula = node->formula,
                       .n_inputs = node->n_inputs,
                       .n_outputs = node->n_outputs};
    return add_step(u, &made, inputs, results);
}

/* The type of what a node reads; where the binding does not compute it, as far as the symbols tell. */
static dg_type input_type(const build *u, const dg_node *node)
{
    int32_t place = node->id < u->plan->n_places ? u->plan->place[node->id] : -1;
    if (place >= 0 && u->wanted[place])
        return type_of(&u->b->values[node_result(u, node, 0)].tensor);
    dg_type type = node->types[0];
    for (int d = 0; d < type.shape.rank; d++)
        if (type.shape.dims[d] < DG_UNKNOWN && u->symbols[DG_N - type.shape.dims[d]] >= 0)
            type.shape.dims[d] = u->symbols[DG_N - type.shape.dims[d]];
    return type;
}

/* Whether a declared type, whose sizes may be symbols, allows the real one. */
static bool allows(const dg_type *declared, const dg_tensor *has)
{
    bool fits = declared->dtype == type_of(has).dtype && declared->shape.rank == has->shape.rank;
    for (int d = 0; fits && d < has->shape.rank; d++)
        fits = declared->shape.dims[d] < 0 || declared->shape.dims[d] == has->shape.dims[d];
    return fits;
}

/* Of a composed op: its own shape rule holds for the real sizes, and the nodes it stands for have kept to it. */
static dg_status check_composed(build *u, dg_node *node, const int32_t *results)
{
    dg_type outputs[DG_MAX_OUTPUTS];
    dg_type *types = dg_arena_alloc(u->b->arena, (sizeof(dg_type) + sizeof(dg_type *)) * (size_t)(node->n_inputs + 1));
    if (!types)
        return dg_no_memory("a plan");
    const dg_type **inputs = (const dg_type **)(types + node->n_inputs);
    for (int k = 0; k < node->n_inputs; k++) {
        inputs[k] = node->inputs[k] ? &types[k] : NULL;
        if (inputs[k])
            types[k] = input_type(u, node->inputs[k]);
    }
    dg_infer infer = {.op = node->entry->op,
                      .graph = u->plan->graph,
                      .n_inputs = node->n_inputs,
                      .inputs = inputs,
                      .n_outputs = node->n_outputs,
                      .outputs = outputs};
    DG_TRY(real_attrs(u, node, &infer.attrs));
    DG_TRY(op_infer(&infer));
    for (int k = 0; k < node->n_outputs; k++) {
        char has[DG_SHAPE_TEXT], wants[DG_SHAPE_TEXT];
        const dg_tensor *made = &u->b->values[results[k]].tensor;
        if (!allows(&outputs[k], made))
            return dg_error(DG_BAD_SHAPE, "its nodes make %s %s, its shape rule says %s %s", dg_dtype_name(made->dtype),
                            dg_shape_print(&made->shape, has, sizeof has), dg_dtype_name(outputs[k].dtype),
                            dg_graph_print_shape(u->plan->graph, &outputs[k].shape, wants, sizeof wants));
    }
    return dg_ok();
}

static dg_status bind_node(build *u, dg_node *node, int32_t *results)
{
    const dg_op *op = node->entry->op;
    binding *b = u->b;
    if (node->expansion) {
        for (int k = 0; k < node->n_outputs; k++)
            results[k] = node_result(u, node->expansion[k], 0);
        return check_composed(u, node, results);
    }
    switch (op->role) {
    case DG_ROLE_INPUT:
        return dg_error(DG_BAD_ARGUMENT, "input '%s' is not fed", dg_node_name(node));
    case DG_ROLE_PARAMETER:
        return bind_parameter(u, node, results);
    case DG_ROLE_CONSTANT:
    case DG_ROLE_TRAINING:
        return bind_constant(u, node, results);
    case DG_ROLE_ASSIGN:
        return bind_assignment(u, node, results);
    case DG_ROLE_OUTPUT:
        results[0] = node_result(u, node->inputs[0], (int)node->attrs[0].i);
        return dg_ok();
    case DG_ROLE_NONE:
        break;
    }
    int32_t *inputs = dg_arena_alloc(b->arena, sizeof *inputs * (size_t)(node->n_inputs + 1));
    if (!inputs)
        return dg_no_memory("a plan");
    for (int k = 0; k < node->n_inputs; k++)
        inputs[k] = node->inputs[k] ? node_result(u, node->inputs[k], 0) : -1;
    const dg_value *attrs;
    DG_TRY(real_attrs(u, node, &attrs));
    if (!(op->flags & DG_VIEW)) {
        DG_TRY(widen_inputs(u, node, inputs));
        return new_step(u, node, attrs, inputs, results);
    }
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
        return dg_error(DG_BAD_SHAPE, "%s does not have as many elements as %s",
                        dg_shape_print(&b->values[inputs[0]].tensor.shape, has, sizeof has),
                        dg_shape_print(&type.shape, wants, sizeof wants));
    }
    if (op->flags & DG_FRESH)
        return new_view(u, inputs[0], &type.shape, results);
    return make_view(u, inputs[0], &type.shape, results);
}

/* What the binding needs of one place in the order. */
static dg_status bind_place(build *u, int64_t place)
{
    int32_t *results = u->results + u->start[place], fed = u->fed_at[place];
    dg_node *node = u->plan->order[place];
    if (u->wanted[place] == COMPUTED)
        DG_TRY(bind_node(u, node, results));
    return u->wanted[place] && fed >= 0 ? bind_fed(u, fed, results) : dg_ok();
}

/* Result i is of the node's type. */
static dg_status bind_fetch(build *u, int i)
{
    int32_t v = node_result(u, u->plan->options.fetch[i], 0);
    DG_TRY(widen(u, &v));
    u->b->fetch[i] = v;
    return dg_ok();
}

static dg_status bind_all(build *u)
{
    dg_plan *plan = u->plan;
    binding *b = u->b;
    int64_t n_results = 0;
    DG_TRY(take_feeds(u));
    b->stored = plan->options.parameters ? tensors_state(plan->options.parameters) : 0;
    u->start = malloc(sizeof *u->start * (size_t)(plan->n_order + 1));
    if (!u->start)
        return dg_no_memory("a plan");
    for (int64_t i = 0; i < plan->n_order; i++) {
        u->start[i] = (int32_t)n_results;
        n_results += plan->order[i]->n_outputs;
    }
    u->results = malloc(sizeof *u->results * (size_t)(n_results + 1));
    b->steps = malloc(sizeof *b->steps * (size_t)(plan->n_order + (keeps_halves(plan) ? n_results : 0) + 1));
    b->assignments = dg_arena_alloc(b->arena, sizeof *b->assignments * (size_t)(plan->n_order + 1));
    b->fetch = dg_arena_alloc(b->arena, sizeof *b->fetch * (size_t)(plan->options.n_fetch + 1));
    b->parameters = dg_arena_alloc(b->arena, sizeof(dg_node *) * (size_t)(plan->n_parameters + 1));
    b->kept_in = dg_arena_alloc(b->arena, sizeof *b->kept_in * (size_t)(plan->n_parameters + 1));
    b->values_capacity = (int32_t)n_results + 16;
    b->values = malloc(sizeof *b->values * (size_t)b->values_capacity);
    if (!b->values || !u->results || !b->steps || !b->assignments || !b->fetch || !b->parameters || !b->kept_in)
        return dg_no_memory("a plan");
    for (int64_t i = 0; i < plan->n_order; i++)
        DG_TRY(at_node(plan->order[i], bind_place(u, i)));
    for (int i = 0; i < plan->options.n_fetch; i++)
        DG_TRY(bind_fetch(u, i));
    DG_TRY(check_assignments(u));
    DG_TRY(save_old_values(u));
    grouping g = {0};
    mark_alive(b, plan);
    DG_TRY(split_steps(u));
    DG_TRY(order_steps(b, plan));
    DG_TRY(choose_layouts(u));
    dg_status status = group_steps(u, &g);
    if (status.code == DG_OK)
        status = make_tasks(u, &g);
    grouping_free(&g);
    DG_TRY(status);
    DG_TRY(schedule_tasks(u));
    DG_TRY(finish_tasks(u));
    return list_fed_views(b);
}

dg_status plan_bind(dg_plan *plan, const dg_feed *feeds, int n_feeds, binding **made)
{
    *made = NULL;
    build u = {.plan = plan, .feeds = feeds, .n_feeds = n_feeds, .b = calloc(1, sizeof(binding))};
    if (!u.b)
        return dg_no_memory("a plan");
    dg_status status = dg_arena_new(&u.b->arena);
    if (status.code == DG_OK)
        status = bind_all(&u);
    if (status.code == DG_OK)
        status = plan_place(plan, u.b);
    free(u.start);
    free(u.results);
    free(u.slots);
    free(u.symbols);
    free(u.fed_at);
    free(u.wanted);
    table_free(&u.programs);
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
    free(b->seconds);
    free(b->values);
    free(b->steps);
    free(b->tasks);
    dg_arena_free(b->arena);
    free(b);
}
