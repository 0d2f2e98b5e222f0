/* Optimisers, as tables of formulas. Each line of a rule gives a symbol a new value from those before it:
 *
 *   t         the number of this step, from 1          p        the parameter
 *   lr        the learning rate                        g        its gradient
 *
 * and the rule's hyper-parameters and states by name. A state begins as zeros; what its last line gives is kept for the
 * next step, as is p. The formulas are those of torch.optim (https://pytorch.org/docs/stable/optim.html), the bias
 * corrections 1 − βᵗ written as −expm1(t·ln β). */
#include <dotgrad/op.h>
#include <dotgrad/optim.h>

#include "call.h"

#include <stdio.h>
#include <string.h>

/* The tables below leave out what is NULL or 0. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define MAX_STATES  3
#define MAX_SYMBOLS 16

typedef struct line {
    const char *symbol;
    const char *formula;
    const char *when, *unless; /* a hyper-parameter that must, or must not, be other than 0 */
} line;

struct dg_optimizer_rule {
    const char *name;
    call_arg hypers[DG_MAX_HYPER]; /* after lr */
    double lr;                     /* the default */
    const char *states[MAX_STATES];
    line scalars[4]; /* of t, lr and hyper-parameters alone: once a step, in float64 */
    line lines[8];   /* once a parameter */
};

/* Sutskever, Martens, Dahl, Hinton: "On the importance of initialization and momentum in deep learning" (2013), in
 * torch.optim.SGD's form: the first step's buffer is the gradient itself, undampened. */
static const struct dg_optimizer_rule sgd = {
    .name = "sgd",
    .lr = 1e-3,
    .hypers = {{"momentum", CALL_FRACTION, {0}},
               {"dampening", CALL_FRACTION, {0}},
               {"weight_decay", CALL_NOT_NEGATIVE, {0}},
               {"nesterov", CALL_FLAG, {0}}},
    .states = {"momentum_buffer"},
    .lines = {{"g", "g + weight_decay * p", .when = "weight_decay"},
              {"b", "momentum * momentum_buffer + (1 - dampening) * g", .when = "momentum"},
              {"b", "where(t > 1, b, g)", .when = "dampening"},
              {"momentum_buffer", "b", .when = "momentum"},
              {"g", "g + momentum * b", .when = "nesterov"},
              {"b", "g", .when = "nesterov"},
              {"b", "g", .unless = "momentum"},
              {"p", "p - lr * b"}},
};

/* Tieleman, Hinton: "Lecture 6.5 – RMSProp" (2012); centred: Graves, "Generating sequences with recurrent neural
 * networks" (2013), equations 38–41. */
static const struct dg_optimizer_rule rmsprop = {
    .name = "rmsprop",
    .lr = 1e-2,
    .hypers = {{"alpha", CALL_FRACTION, {0.99}},
               {"eps", CALL_NOT_NEGATIVE, {1e-8}},
               {"weight_decay", CALL_NOT_NEGATIVE, {0}},
               {"momentum", CALL_FRACTION, {0}},
               {"centered", CALL_FLAG, {0}}},
    .states = {"square_avg", "grad_avg", "momentum_buffer"},
    .lines = {{"g", "g + weight_decay * p", .when = "weight_decay"},
              {"square_avg", "alpha * square_avg + (1 - alpha) * g * g"},
              {"grad_avg", "alpha * grad_avg + (1 - alpha) * g", .when = "centered"},
              {"d", "g / (sqrt(square_avg) + eps)", .unless = "centered"},
              {"d", "g / (sqrt(square_avg - grad_avg * grad_avg) + eps)", .when = "centered"},
              {"d", "momentum * momentum_buffer + d", .when = "momentum"},
              {"momentum_buffer", "d", .when = "momentum"},
              {"p", "p - lr * d"}},
};

/* Kingma, Ba: "Adam: a method for stochastic optimization" (2015), algorithm 1; AMSGrad: Reddi, Kale, Kumar, "On the
 * convergence of Adam and beyond" (2018). */
static const struct dg_optimizer_rule adam = {
    .name = "adam",
    .lr = 1e-3,
    .hypers = {{"betas", CALL_FRACTION, {0.9, 0.999}, .symbols = {"beta1", "beta2"}},
               {"eps", CALL_NOT_NEGATIVE, {1e-8}},
               {"weight_decay", CALL_NOT_NEGATIVE, {0}},
               {"amsgrad", CALL_FLAG, {0}}},
    .states = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"},
    .scalars = {{"rate", "-lr / expm1(t * log(beta1))"}, {"scale", "rsqrt(-expm1(t * log(beta2)))"}},
    .lines = {{"g", "g + weight_decay * p", .when = "weight_decay"},
              {"exp_avg", "beta1 * exp_avg + (1 - beta1) * g"},
              {"exp_avg_sq", "beta2 * exp_avg_sq + (1 - beta2) * g * g"},
              {"v", "exp_avg_sq"},
              {"max_exp_avg_sq", "max(max_exp_avg_sq, exp_avg_sq)", .when = "amsgrad"},
              {"v", "max_exp_avg_sq", .when = "amsgrad"},
              {"p", "p - rate * exp_avg / (sqrt(v) * scale + eps)"}},
};

/* Loshchilov, Hutter: "Decoupled weight decay regularization" (2019), algorithm 2. */
static const struct dg_optimizer_rule adamw = {
    .name = "adamw",
    .lr = 1e-3,
    .hypers = {{"betas", CALL_FRACTION, {0.9, 0.999}, .symbols = {"beta1", "beta2"}},
               {"eps", CALL_NOT_NEGATIVE, {1e-8}},
               {"weight_decay", CALL_NOT_NEGATIVE, {1e-2}},
               {"amsgrad", CALL_FLAG, {0}}},
    .states = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"},
    .scalars = {{"rate", "-lr / expm1(t * log(beta1))"},
                {"scale", "rsqrt(-expm1(t * log(beta2)))"},
                {"shrink", "1 - lr * weight_decay", .when = "weight_decay"}},
    .lines = {{"p", "shrink * p", .when = "weight_decay"},
              {"exp_avg", "beta1 * exp_avg + (1 - beta1) * g"},
              {"exp_avg_sq", "beta2 * exp_avg_sq + (1 - beta2) * g * g"},
              {"v", "exp_avg_sq"},
              {"max_exp_avg_sq", "max(max_exp_avg_sq, exp_avg_sq)", .when = "amsgrad"},
              {"v", "max_exp_avg_sq", .when = "amsgrad"},
              {"p", "p - rate * exp_avg / (sqrt(v) * scale + eps)"}},
};

static const struct dg_optimizer_rule *const rules[] = {&sgd, &rmsprop, &adam, &adamw};
#define N_RULES (sizeof rules / sizeof rules[0])

/* ---- reading and printing the call ---- */

const char *dg_optimizer_known(size_t index)
{
    return index < N_RULES ? rules[index]->name : NULL;
}

const char *dg_optimizer_name(const dg_optimizer *optimizer)
{
    return optimizer->rule ? optimizer->rule->name : "";
}

/* The arguments of the call: lr, then the rule's own. */
static void list_arguments(const struct dg_optimizer_rule *rule, call_arg args[DG_MAX_HYPER + 1])
{
    args[0] = (call_arg){.name = "lr", .range = CALL_POSITIVE, .fallback = {rule->lr}};
    memcpy(args + 1, rule->hypers, sizeof rule->hypers);
}

static double hyper_value(const struct dg_optimizer_rule *rule, const double *hyper, const char *symbol)
{
    for (int i = 0; rule->hypers[i].name; i++)
        for (int k = 0; k < call_width(&rule->hypers[i]); k++, hyper++)
            if (strcmp(call_symbol(&rule->hypers[i], k), symbol) == 0)
                return *hyper;
    return 0;
}

static dg_status parse(dg_arena *arena, const char *text, dg_optimizer *optimizer)
{
    dg_value call;
    DG_TRY(dg_call_parse(arena, text, &call));
    const struct dg_optimizer_rule *rule = NULL;
    for (size_t i = 0; i < N_RULES; i++)
        if (strcmp(rules[i]->name, call.s) == 0)
            rule = rules[i];
    if (!rule) {
        char known[200] = "";
        size_t used = 0;
        for (size_t i = 0; i < N_RULES; i++)
            used = text_append(known, sizeof known, used, "%s%s", i ? ", " : "", rules[i]->name);
        return dg_error(DG_BAD_ARGUMENT, "unknown optimizer '%s'; there are %s", call.s, known);
    }
    call_arg args[DG_MAX_HYPER + 1];
    double values[DG_MAX_HYPER + 1] = {0};
    list_arguments(rule, args);
    DG_TRY(call_read(arena, rule->name, &call, args, values));
    optimizer->rule = rule;
    optimizer->lr = values[0];
    memcpy(optimizer->hyper, values + 1, sizeof optimizer->hyper);
    if (hyper_value(rule, optimizer->hyper, "nesterov") != 0 &&
        (hyper_value(rule, optimizer->hyper, "momentum") == 0 || hyper_value(rule, optimizer->hyper, "dampening") != 0))
        return dg_error(DG_BAD_ARGUMENT, "%s: nesterov=true wants a momentum above 0 and no dampening", rule->name);
    return dg_ok();
}

dg_status dg_optimizer_parse(const char *text, dg_optimizer *optimizer)
{
    *optimizer = (dg_optimizer){0};
    dg_arena *arena = NULL;
    DG_TRY(dg_arena_new(&arena));
    dg_status status = dg_prefixed(parse(arena, text, optimizer), "optimizer");
    dg_arena_free(arena);
    return status;
}

char *dg_optimizer_print(const dg_optimizer *optimizer, char *text, size_t size)
{
    if (size)
        text[0] = '\0';
    if (!optimizer->rule)
        return text;
    call_arg args[DG_MAX_HYPER + 1];
    double values[DG_MAX_HYPER + 1];
    list_arguments(optimizer->rule, args);
    values[0] = optimizer->lr;
    memcpy(values + 1, optimizer->hyper, sizeof optimizer->hyper);
    size_t used = text_append(text, size, 0, "%s(", optimizer->rule->name);
    used = call_print(args, values, text, size, used);
    text_append(text, size, used, ")");
    return text;
}

/* ---- emitting a step ---- */

typedef struct symbols {
    int count;
    dg_named_node at[MAX_SYMBOLS];
} symbols;

static dg_node *find_symbol(const symbols *table, const char *name)
{
    for (int i = 0; i < table->count; i++)
        if (strcmp(table->at[i].name, name) == 0)
            return table->at[i].node;
    return NULL;
}

static void set_symbol(symbols *table, const char *name, dg_node *node)
{
    for (int i = 0; i < table->count; i++)
        if (strcmp(table->at[i].name, name) == 0) {
            table->at[i].node = node;
            return;
        }
    if (table->count < MAX_SYMBOLS)
        table->at[table->count++] = (dg_named_node){name, node};
}

/* The hyper-parameters as numbers for formulas; a parameter that is not decayed sees weight_decay = 0. */
static int bind(const dg_optimizer *optimizer, bool decayed, dg_binding bindings[DG_MAX_HYPER])
{
    int n = 0;
    for (int i = 0; optimizer->rule->hypers[i].name; i++)
        for (int k = 0; k < call_width(&optimizer->rule->hypers[i]); k++, n++) {
            const char *symbol = call_symbol(&optimizer->rule->hypers[i], k);
            bool off = !decayed && strcmp(symbol, "weight_decay") == 0;
            bindings[n] = (dg_binding){symbol, off ? 0 : optimizer->hyper[n]};
        }
    return n;
}

static bool is_set(const dg_binding *bindings, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(bindings[i].name, name) == 0)
            return bindings[i].value != 0;
    return false;
}

static bool applies(const line *rule_line, const dg_binding *bindings, int n)
{
    return (!rule_line->when || is_set(bindings, n, rule_line->when)) &&
           (!rule_line->unless || !is_set(bindings, n, rule_line->unless));
}

/* The node of one line's formula. A formula that is a symbol alone is that symbol's node. */
static dg_node *emit_line(dg_graph *graph, const line *rule_line, const dg_binding *bindings, int n_bindings,
                          const symbols *table)
{
    dg_node *same = find_symbol(table, rule_line->formula);
    if (same)
        return same;
    const dg_formula *formula = NULL;
    dg_status status =
        dg_formula_parse(dg_graph_formulas(graph), rule_line->formula, bindings, n_bindings, NULL, 0, &formula);
    if (status.code != DG_OK)
        return dg_graph_fail(graph, status);
    dg_node *inputs[MAX_SYMBOLS + 1] = {NULL};
    for (int i = 0; i < dg_formula_input_count(formula) && i <= MAX_SYMBOLS; i++)
        if (dg_formula_uses(formula, i))
            inputs[i] = find_symbol(table, dg_formula_input_name(formula, i));
    return dg_formula_node(graph, DG_HERE, formula, inputs);
}

static void emit_lines(dg_graph *graph, const line *lines, size_t capacity, const dg_binding *bindings, int n_bindings,
                       symbols *table)
{
    for (size_t i = 0; i < capacity && lines[i].symbol; i++)
        if (applies(&lines[i], bindings, n_bindings))
            set_symbol(table, lines[i].symbol, emit_line(graph, &lines[i], bindings, n_bindings, table));
}

static bool keeps_state(const struct dg_optimizer_rule *rule, const char *state, const dg_binding *bindings, int n)
{
    for (size_t i = 0; i < sizeof rule->lines / sizeof rule->lines[0] && rule->lines[i].symbol; i++)
        if (strcmp(rule->lines[i].symbol, state) == 0 && applies(&rule->lines[i], bindings, n))
            return true;
    return false;
}

/* A state tensor, which an earlier call of dg_optimizer_emit on the same graph may have made. */
static dg_node *state_node(dg_graph *graph, const char *parameter, const char *state, dg_type type)
{
    char name[512];
    int length = snprintf(name, sizeof name, "optimizer/%s%s%s", parameter, parameter[0] ? "/" : "", state);
    if (length < 0 || (size_t)length >= sizeof name)
        return dg_graph_fail(graph,
                             dg_error(DG_BAD_ARGUMENT, "the name of parameter '%.100s…' is too long", parameter));
    dg_node *known = dg_graph_find(graph, name);
    if (known && dg_node_op(known)->role == DG_ROLE_PARAMETER && dg_node_type(known, 0)->dtype == type.dtype &&
        dg_shape_equal(&dg_node_type(known, 0)->shape, &type.shape))
        return known;
    return dg_parameter(graph, type.shape, .init = "zeros", .dtype = type.dtype, .trainable = false, .name = name);
}

/* A scalar as this parameter's formulas take it: rank 0 does not widen a tensor, but would widen another scalar. */
static dg_node *scalar_for(dg_node *scalar, const dg_type *type)
{
    return type->shape.rank == 0 && scalar && dg_node_type(scalar, 0)->dtype != type->dtype ? dg_to(scalar, type->dtype)
                                                                                            : scalar;
}

typedef struct emission {
    const dg_optimizer *optimizer;
    const dg_optimizer_step *step;
    symbols scalars;
    dg_node **updates;
    int n_updates;
} emission;

static void emit_parameter(emission *e, dg_node *parameter, dg_node *gradient, bool decayed)
{
    const struct dg_optimizer_rule *rule = e->optimizer->rule;
    dg_graph *graph = e->step->graph;
    const dg_type *type = dg_node_type(parameter, 0);
    dg_binding bindings[DG_MAX_HYPER];
    int n = bind(e->optimizer, decayed, bindings);
    symbols table = {0};
    dg_node *states[MAX_STATES] = {NULL};
    set_symbol(&table, "p", parameter);
    set_symbol(&table, "g", gradient);
    for (int i = 0; i < e->scalars.count; i++)
        set_symbol(&table, e->scalars.at[i].name, scalar_for(e->scalars.at[i].node, type));
    for (int i = 0; i < MAX_STATES && rule->states[i]; i++)
        if (keeps_state(rule, rule->states[i], bindings, n)) {
            states[i] = state_node(graph, dg_node_name(parameter), rule->states[i], *type);
            set_symbol(&table, rule->states[i], states[i]);
        }
    emit_lines(graph, rule->lines, sizeof rule->lines / sizeof rule->lines[0], bindings, n, &table);
    e->updates[e->n_updates++] = dg_assign(parameter, find_symbol(&table, "p"));
    for (int i = 0; i < MAX_STATES; i++)
        if (states[i])
            e->updates[e->n_updates++] = dg_assign(states[i], find_symbol(&table, rule->states[i]));
}

/* The weight of a PReLU is never decayed: decay would pull the slope to 0 (He et al. 2015, section 2.1). */
static bool is_decayed(const dg_optimizer_step *step, const dg_node *parameter)
{
    for (int i = 0; i < step->n_no_decay; i++)
        if (step->no_decay[i] == parameter)
            return false;
    for (int64_t id = 0; id < dg_graph_node_count(step->graph); id++) {
        const dg_node *node = dg_graph_node(step->graph, id);
        for (int k = 1; strcmp(dg_node_op(node)->name, "prelu") == 0 && k < dg_node_input_count(node); k++)
            if (dg_node_input(node, k) == parameter)
                return false;
    }
    return true;
}

static dg_status check_step(const dg_optimizer_step *step)
{
    DG_TRY(dg_graph_status(step->graph));
    if (!step->lr || dg_node_type(step->lr, 0)->shape.rank != 0 || !dg_dtype_is_float(dg_node_type(step->lr, 0)->dtype))
        return dg_error(DG_BAD_ARGUMENT, "optimizer: the learning rate must be a scalar node of a float type");
    for (int i = 0; i < step->count; i++) {
        if (!step->parameters[i] || dg_node_op(step->parameters[i])->role != DG_ROLE_PARAMETER)
            return dg_error(DG_BAD_ARGUMENT, "optimizer: '%s' is not a parameter",
                            step->parameters[i] ? dg_node_name(step->parameters[i]) : "NULL");
        if (!dg_dtype_is_float(dg_node_type(step->parameters[i], 0)->dtype))
            return dg_error(DG_BAD_DTYPE, "optimizer: parameter '%s' is %s, wants a float type",
                            dg_node_name(step->parameters[i]),
                            dg_dtype_name(dg_node_type(step->parameters[i], 0)->dtype));
        if (!step->gradients[i])
            return dg_error(DG_BAD_ARGUMENT, "optimizer: parameter '%s' has no gradient",
                            dg_node_name(step->parameters[i]));
    }
    return dg_ok();
}

dg_status dg_optimizer_emit(const dg_optimizer *optimizer, const dg_optimizer_step *step, dg_node *const **updates,
                            int *n_updates)
{
    if (!optimizer->rule)
        return dg_error(DG_BAD_ARGUMENT, "optimizer: not read with dg_optimizer_parse");
    DG_TRY(check_step(step));
    dg_graph *graph = step->graph;
    emission e = {.optimizer = optimizer, .step = step};
    if (step->count < 0 || step->count > 1000000)
        return dg_error(DG_BAD_ARGUMENT, "optimizer: %d parameters", step->count);
    size_t room = (size_t)step->count * (1 + MAX_STATES) + 1;
    e.updates = dg_arena_alloc(dg_graph_arena(graph), room * sizeof *e.updates);
    if (!e.updates)
        return dg_error(DG_NO_MEMORY, "optimizer: no memory for %zu updates", room);

    dg_node *steps = state_node(graph, "", "step", (dg_type){DG_FLOAT64, dg_scalar()});
    dg_node *now = dg_expr("steps + 1", {"steps", steps});
    e.updates[e.n_updates++] = dg_assign(steps, now);
    set_symbol(&e.scalars, "t", now);
    set_symbol(&e.scalars, "lr",
               dg_node_type(step->lr, 0)->dtype == DG_FLOAT64 ? step->lr : dg_to(step->lr, DG_FLOAT64));
    dg_binding bindings[DG_MAX_HYPER];
    int n = bind(optimizer, true, bindings);
    emit_lines(graph, optimizer->rule->scalars, sizeof optimizer->rule->scalars / sizeof optimizer->rule->scalars[0],
               bindings, n, &e.scalars);
    for (int i = 0; i < step->count && dg_graph_status(graph).code == DG_OK; i++)
        emit_parameter(&e, step->parameters[i], step->gradients[i], is_decayed(step, step->parameters[i]));
    DG_TRY(dg_graph_status(graph));
    *updates = e.updates;
    *n_updates = e.n_updates;
    return dg_ok();
}
