/* One step of an optimiser as nodes. What a rule's text says is found out once for each set of parameters that it says
 * the same of: which statements count, which names are state, what is computed once a step and what once a parameter;
 * then each parameter's formulas become nodes. Long because all of it works on the emission's tables. */
#include "core/base/null.h"
#include "core/base/plain.h"
#include "lines.h"
#include "rules.h"

#include <dotgrad/autograd.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/source.h>
#include <dotgrad/rules.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SYMBOLS = 96, MOST_STATES = 12 };

typedef struct symbols {
    int count;
    dg_named_node at[MOST_SYMBOLS];
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
    if (table->count < MOST_SYMBOLS)
        table->at[table->count++] = (dg_named_node){name, node};
}

/* A name that the statements read or write. */
typedef struct program_name {
    const char *name;
    bool state;  /* read before it is given a value */
    bool own;    /* depends on the parameter or its gradient; else one for all, in float64 */
    bool shaped; /* has the parameter's shape; else it is one number */
} program_name;

/* What is the same for all parameters of one group: the numbers of hyper-parameters, and the rate. */
typedef struct variant {
    double lr, decay; /* NaN: the optimiser's own */
    dg_node *rate;    /* NULL: the step's */
    dg_binding bindings[DG_MAX_HYPER];
    struct variant *next;
} variant;

/* A text made ready: the statements that count, in order. */
typedef struct program {
    const char *text;
    const variant *of;
    struct program *next;
    rule_text lines;
    const dg_formula *formulas[MOST_STATEMENTS]; /* of statements without calls of ops, once parsed */
    dg_node *once[MOST_STATEMENTS];              /* values of what is computed once a step */
    bool is_once[MOST_STATEMENTS];
    bool done_once;
    program_name names[MOST_SYMBOLS];
    int n_names;
} program;

typedef struct emission {
    const dg_optimizer *optimizer;
    const dg_optimizer_step *step;
    const purpose *states;
    symbols once; /* t, lr, moving hyper-parameters, states for all parameters */
    int n_bindings;
    variant *variants;
    program *programs;
    symbols shared; /* states for all: their nodes, once their updates are made */
    dg_node *due;   /* 1 in a run that makes a step, else 0; NULL: every run does */
    dg_node **updates;
    size_t n_updates, room;
    bool names_line; /* the graph's mistake names a line of the rule */
} emission;

struct dg_rule_step {
    emission *e;
    dg_node *parameter;
    dg_type type;
    const variant *of;
    symbols table;
    symbols states;
    int n_temporary;
};

static void add_update(emission *e, dg_node *target, dg_node *value)
{
    dg_graph *graph = e->step->graph;
    if (!target || !value)
        return;
    if (e->n_updates == e->room) {
        size_t room = 2 * e->room + 16;
        dg_node **larger = dg_arena_alloc(dg_graph_arena(graph), room * sizeof *larger);
        if (!larger) {
            dg_graph_fail(graph, dg_no_memory("%zu updates", room));
            return;
        }
        if (e->n_updates)
            memcpy(larger, e->updates, e->n_updates * sizeof *larger);
        e->updates = larger;
        e->room = room;
    }
    const dg_type *has = dg_node_type(value, 0), *wants = dg_node_type(target, 0);
    if (!dg_shape_equal(&has->shape, &wants->shape)) {
        char a[DG_SHAPE_TEXT], b[DG_SHAPE_TEXT];
        dg_graph_fail(graph, dg_error(DG_BAD_SHAPE, "optimizer: the rule gives '%s' of shape %s a value of shape %s",
                                      dg_node_name(target), dg_graph_print_shape(graph, &wants->shape, a, sizeof a),
                                      dg_graph_print_shape(graph, &has->shape, b, sizeof b)));
        return;
    }
    if (has->dtype != wants->dtype)
        value = dg_to(value, wants->dtype);
    if (e->due)
        value = dg_expr("where(due > 0, new, old)", {"due", e->due}, {"new", value}, {"old", target});
    e->updates[e->n_updates++] = dg_assign(target, value);
}

/* ---- states ---- */

/* A state tensor, which an earlier call of dg_optimizer_emit on the same graph may have made. */
static dg_node *state_node(const emission *e, const char *parameter, const char *state, dg_type type)
{
    char name[512];
    dg_graph *graph = e->step->graph;
    int length = snprintf(name, sizeof name, "%s%s%s%s", e->states->group, parameter, parameter[0] ? "/" : "", state);
    if (length < 0 || (size_t)length >= sizeof name)
        return dg_graph_fail(graph,
                             dg_error(DG_BAD_ARGUMENT, "the name of parameter '%.100s…' is too long", parameter));
    dg_node *known = dg_graph_find(graph, name);
    if (known && dg_node_op(known)->role == DG_ROLE_PARAMETER && dg_node_type(known, 0)->dtype == type.dtype &&
        dg_shape_equal(&dg_node_type(known, 0)->shape, &type.shape)) {
        known->purpose = e->states;
        return known;
    }
    dg_node *made =
        dg_parameter(graph, type.shape, .init = "zeros", .dtype = type.dtype, .trainable = false, .name = name);
    if (made)
        made->purpose = e->states;
    return made;
}

/* A scalar as this parameter's formulas take it: rank 0 does not widen a tensor, but would widen another scalar. */
static dg_node *scalar_for(dg_node *scalar, const dg_type *type)
{
    return type->shape.rank == 0 && scalar && dg_node_type(scalar, 0)->dtype != type->dtype ? dg_to(scalar, type->dtype)
                                                                                            : scalar;
}

dg_node *dg_rule_state(dg_rule_step *step, const char *name, dg_shape shape)
{
    if (!step || !name)
        return NULL;
    dg_node *state = find_symbol(&step->states, name);
    if (state)
        return state;
    state = state_node(step->e, dg_node_name(step->parameter), name, (dg_type){step->type.dtype, shape});
    set_symbol(&step->states, name, state);
    set_symbol(&step->table, name, state);
    return state;
}

/* ---- reading a text ---- */

static bool is_set(const emission *e, const variant *of, const char *name)
{
    for (int i = 0; i < e->step->n_moving; i++)
        if (strcmp(e->step->moving[i].name, name) == 0)
            return true;
    for (int i = 0; i < e->n_bindings; i++)
        if (strcmp(of->bindings[i].name, name) == 0)
            return of->bindings[i].value != 0;
    return false;
}

static program_name *name_of(program *made, const char *name)
{
    for (int i = 0; i < made->n_names; i++)
        if (strcmp(made->names[i].name, name) == 0)
            return &made->names[i];
    if (made->n_names == MOST_SYMBOLS)
        return &made->names[MOST_SYMBOLS - 1];
    made->names[made->n_names] = (program_name){.name = name};
    return &made->names[made->n_names++];
}

/* Which names are state: those read, but not given from outside, before a statement gives them a value. */
static void find_states(const emission *e, const dg_rule_step *step, program *made)
{
    bool assigned[MOST_SYMBOLS] = {false};
    for (int i = 0; i < made->lines.count; i++) {
        const statement *s = &made->lines.at[i];
        for (int k = 0; k < s->n_reads; k++) {
            const char *name = s->reads[k].name;
            bool hyper = false;
            for (int b = 0; b < e->n_bindings; b++)
                hyper = hyper || strcmp(step->of->bindings[b].name, name) == 0;
            if (hyper)
                continue;
            program_name *read = name_of(made, name);
            if (find_symbol(&e->once, name))
                continue;
            if (find_symbol(&step->table, name))
                read->own = read->shaped = true;
            else if (!assigned[read - made->names])
                read->state = true;
        }
        assigned[name_of(made, s->symbol) - made->names] = true;
    }
}

/* Names depend on the parameter, and have its shape, when something does that they are made of. */
static void find_dependence(program *made)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < made->lines.count; i++) {
            const statement *s = &made->lines.at[i];
            program_name *to = name_of(made, s->symbol);
            bool own = to->own, shaped = to->shaped;
            for (int k = 0; k < s->n_reads; k++) {
                const program_name *from = name_of(made, s->reads[k].name);
                own = own || from->own;
                shaped = shaped || (from->shaped && !s->reads[k].reduced);
            }
            changed = changed || own != to->own || shaped != to->shaped;
            to->own = own;
            to->shaped = shaped;
        }
    }
    for (int i = 0; i < made->lines.count; i++)
        made->is_once[i] = !name_of(made, made->lines.at[i].symbol)->own;
}

static program *make_program(emission *e, const dg_rule_step *step, const char *text)
{
    dg_graph *graph = e->step->graph;
    for (program *known = e->programs; known; known = known->next)
        if (known->text == text && known->of == step->of)
            return known;
    program *made = dg_arena_alloc(dg_graph_arena(graph), sizeof *made);
    if (!made) {
        dg_graph_fail(graph, dg_no_memory("the text of a rule"));
        return NULL;
    }
    made->text = text;
    made->of = step->of;
    dg_status status = lines_parse(dg_graph_arena(graph), text, &made->lines);
    if (status.code != DG_OK) {
        dg_graph_fail(graph, dg_prefixed(status, "optimizer %s", dg_optimizer_name(e->optimizer)));
        return NULL;
    }
    int n = 0;
    for (int i = 0; i < made->lines.count; i++) {
        const statement *s = &made->lines.at[i];
        if (!s->flag || is_set(e, step->of, s->flag) != s->unless)
            made->lines.at[n++] = *s;
    }
    made->lines.count = n;
    name_of(made, "p")->own = name_of(made, "p")->shaped = true;
    name_of(made, "lr")->own = step->of->rate != NULL; /* what is made of it is no state of all parameters */
    find_states(e, step, made);
    find_dependence(made);
    made->next = e->programs;
    return e->programs = made;
}

/* ---- expressions ---- */

/* What an expression is emitted from. */
typedef struct scope {
    emission *e;
    symbols *table;
    const variant *of;
    int *n_temporary;
} scope;

static dg_status emit_expression(scope *in, const char *expression, dg_node **node);

static dg_status emit_call(void *user, const op_call *call, const char **name)
{
    scope *in = user;
    dg_graph *graph = in->e->step->graph;
    dg_node *inputs[MOST_PIECES] = {NULL};
    char text[24];
    for (int i = 0; i < call->n_inputs; i++)
        DG_TRY(emit_expression(in, call->inputs[i], &inputs[i]));
    snprintf(text, sizeof text, "r__%d", (*in->n_temporary)++);
    *name = dg_arena_text(dg_graph_arena(graph), text, strlen(text));
    if (!*name)
        return dg_no_memory("a rule");
    set_symbol(in->table, *name,
               dg_apply(&(dg_application){.graph = graph,
                                          .op = call->op->name,
                                          .n_inputs = call->n_inputs,
                                          .inputs = inputs,
                                          .n_attrs = call->n_attrs,
                                          .attrs = call->attrs}));
    return dg_graph_status(graph);
}

static dg_status parse_formula(const scope *in, const char *text, const dg_formula **formula)
{
    dg_binding bindings[DG_MAX_HYPER];
    int n = 0;
    for (int i = 0; i < in->e->n_bindings; i++)
        if (!find_symbol(in->table, in->of->bindings[i].name))
            bindings[n++] = in->of->bindings[i];
    return dg_formula_parse(dg_graph_formulas(in->e->step->graph), text, bindings, n, NULL, 0, formula);
}

/* A formula of numbers alone has no inputs to take a shape from. */
static dg_node *emit_constant(const scope *in, const char *text)
{
    const dg_formula *formula = NULL;
    dg_program *made = NULL;
    double value = 0;
    const dg_shape one = dg_scalar();
    dg_graph *graph = in->e->step->graph;
    dg_status status = parse_formula(in, text, &formula);
    if (status.code == DG_OK)
        status = dg_program_make(dg_graph_arena(graph), formula, DG_FLOAT64, &made);
    if (status.code != DG_OK)
        return dg_graph_fail(graph, status);
    dg_program_run(made, &one, &(dg_operand){.dtype = DG_FLOAT64}, DG_FLOAT64, &value, 0, 1);
    const dg_tensor tensor = dg_tensor_view(DG_FLOAT64, one, &value);
    return dg_constant(graph, &tensor, .dtype = DG_FLOAT64);
}

static dg_node *emit_formula(const scope *in, const char *text, const dg_formula *formula)
{
    dg_node *inputs[MOST_SYMBOLS] = {NULL};
    int used = 0;
    for (int i = 0; i < dg_formula_input_count(formula) && i < MOST_SYMBOLS; i++)
        if (dg_formula_uses(formula, i)) {
            inputs[i] = find_symbol(in->table, dg_formula_input_name(formula, i));
            used++;
            if (!inputs[i])
                return dg_graph_fail(in->e->step->graph,
                                     dg_error(DG_BAD_ARGUMENT, "optimizer: '%s' reads '%s', which has no value", text,
                                              dg_formula_input_name(formula, i)));
        }
    return used ? dg_formula_node(in->e->step->graph, DG_HERE, formula, inputs) : emit_constant(in, text);
}

static dg_status emit_expression(scope *in, const char *expression, dg_node **node)
{
    const dg_formula *formula = NULL;
    const char *text;
    *node = find_symbol(in->table, expression);
    if (*node)
        return dg_ok();
    DG_TRY(lines_replace_calls(dg_graph_arena(in->e->step->graph), expression, emit_call, in, &text));
    *node = find_symbol(in->table, text);
    if (*node)
        return dg_ok();
    DG_TRY(parse_formula(in, text, &formula));
    *node = emit_formula(in, text, formula);
    return dg_graph_status(in->e->step->graph);
}

/* The node of one statement. A formula that is a symbol alone is that symbol's node. */
static void emit_statement(scope *in, program *of, int i)
{
    const statement *s = &of->lines.at[i];
    dg_graph *graph = in->e->step->graph;
    dg_node *node = find_symbol(in->table, s->formula);
    dg_status status = dg_ok();
    if (!node && !s->calls) {
        if (!of->formulas[i])
            status = parse_formula(in, s->formula, &of->formulas[i]);
        node = status.code == DG_OK ? emit_formula(in, s->formula, of->formulas[i]) : NULL;
    } else if (!node) {
        status = emit_expression(in, s->formula, &node);
    }
    if (status.code == DG_OK)
        status = dg_graph_status(graph);
    if (status.code != DG_OK) {
        dg_graph_recover(graph); /* what sticks does not name the line */
        dg_graph_fail(graph, dg_prefixed(status, "optimizer %s, '%s = %s'", dg_optimizer_name(in->e->optimizer),
                                         s->symbol, s->formula));
        in->e->names_line = true;
    }
    set_symbol(in->table, s->symbol, node);
}

/* ---- a text for one parameter ---- */

/* What is computed once a step; states among it are kept by the first text that has them. */
static void run_once(emission *e, program *of)
{
    symbols table = e->once;
    int n_temporary = 0;
    scope in = {e, &table, of->of, &n_temporary};
    of->done_once = true;
    for (int i = 0; i < of->n_names; i++)
        if (of->names[i].state && !of->names[i].own)
            set_symbol(&table, of->names[i].name,
                       state_node(e, "", of->names[i].name, (dg_type){DG_FLOAT64, dg_scalar()}));
    const symbols before = table;
    for (int i = 0; i < of->lines.count && dg_graph_status(e->step->graph).code == DG_OK; i++)
        if (of->is_once[i]) {
            emit_statement(&in, of, i);
            of->once[i] = find_symbol(&table, of->lines.at[i].symbol);
        }
    for (int i = 0; i < of->n_names; i++) {
        const program_name *name = &of->names[i];
        if (!name->state || name->own || find_symbol(&e->shared, name->name))
            continue;
        dg_node *state = find_symbol(&before, name->name);
        set_symbol(&e->shared, name->name, state);
        add_update(e, state, find_symbol(&table, name->name));
    }
}

void dg_rule_lines(dg_rule_step *step, const char *text)
{
    if (!step || !text)
        return;
    program *of = make_program(step->e, step, text);
    if (!of)
        return;
    if (!of->done_once)
        run_once(step->e, of);
    for (int i = 0; i < of->n_names; i++) {
        const program_name *name = &of->names[i];
        if (!name->state)
            continue;
        if (name->own)
            dg_rule_state(step, name->name, name->shaped ? step->type.shape : dg_scalar());
        else
            set_symbol(&step->table, name->name, scalar_for(find_symbol(&step->e->shared, name->name), &step->type));
    }
    scope in = {step->e, &step->table, step->of, &step->n_temporary};
    for (int i = 0; i < of->lines.count && dg_graph_status(step->e->step->graph).code == DG_OK; i++) {
        if (of->is_once[i])
            set_symbol(&step->table, of->lines.at[i].symbol, scalar_for(of->once[i], &step->type));
        else
            emit_statement(&in, of, i);
    }
}

/* ---- what descriptors ask ---- */

dg_graph *dg_rule_graph(const dg_rule_step *step)
{
    return step ? step->e->step->graph : NULL;
}

const dg_type *dg_rule_type(const dg_rule_step *step)
{
    return step ? &step->type : NULL;
}

double dg_rule_hyper(const dg_rule_step *step, const char *name)
{
    if (!step || !name)
        return NAN;
    const emission *e = step->e;
    for (int i = 0; i < e->n_bindings; i++)
        if (strcmp(step->of->bindings[i].name, name) == 0)
            return step->of->bindings[i].value;
    return NAN;
}

dg_node *dg_rule_symbol(const dg_rule_step *step, const char *name)
{
    return step && name ? find_symbol(&step->table, name) : NULL;
}

void dg_rule_set(dg_rule_step *step, const char *name, dg_node *node)
{
    if (!step || !name)
        return;
    set_symbol(&step->table, name, node);
}

/* ---- the step ---- */

/* The mean gradient of the runs that make one step. The sum so far is kept in every run, and begins anew after a step.
 */
static dg_node *accumulate(emission *e, dg_node *parameter, dg_node *gradient)
{
    if (!e->due)
        return gradient;
    char formula[60];
    dg_node *so_far = state_node(e, dg_node_name(parameter), "accumulated", *dg_node_type(parameter, 0));
    dg_node *sum = dg_add(so_far, gradient), *due = e->due;
    e->due = NULL;
    add_update(e, so_far, dg_expr("where(due > 0, 0 * sum, sum)", {"due", due}, {"sum", sum}));
    e->due = due;
    snprintf(formula, sizeof formula, "sum / %d", e->step->accumulate);
    return dg_expr(formula, {"sum", sum});
}

/* ---- settings of one parameter ---- */

static bool is_same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static const variant *find_variant(emission *e, double lr, double decay)
{
    dg_graph *graph = e->step->graph;
    for (variant *known = e->variants; known; known = known->next)
        if (is_same(known->lr, lr) && is_same(known->decay, decay))
            return known;
    variant *made = dg_arena_alloc(dg_graph_arena(graph), sizeof *made);
    if (!made) {
        dg_graph_fail(graph, dg_no_memory("an optimizer"));
        return NULL;
    }
    *made = (variant){.lr = lr, .decay = decay, .next = e->variants};
    e->n_bindings = rule_bind(e->optimizer, made->bindings);
    bool decays = false;
    for (int i = 0; i < e->n_bindings && !isnan(decay); i++)
        if (strcmp(made->bindings[i].name, "weight_decay") == 0) {
            made->bindings[i].value = decay;
            decays = true;
        }
    if (!decays && decay > 0)
        dg_graph_fail(graph,
                      dg_error(DG_BAD_ARGUMENT, "a group has decay=%g, but optimizer %s has no weight_decay: adamw has",
                               decay, dg_optimizer_name(e->optimizer)));
    if (!isnan(lr)) {
        char formula[60];
        plain_print(formula, sizeof formula, "lr * %.17g", lr / e->optimizer->lr);
        made->rate = dg_expr(formula, {"lr", find_symbol(&e->once, "lr")});
    }
    return e->variants = made;
}

static dg_parameter_settings settings_of(const emission *e, int i)
{
    if (e->step->settings)
        return e->step->settings[i];
    return (dg_parameter_settings){.lr = NAN, .decay = NAN, .range = dg_parameter_range(e->step->parameters[i])};
}

/* What the rule steps: of a positive parameter the logarithm, whose gradient is g·p. */
static dg_node *to_logarithm(dg_rule_step *step, dg_node *gradient)
{
    set_symbol(&step->table, "p", dg_expr("log(p)", {"p", step->parameter}));
    return dg_expr("g * p", {"g", gradient}, {"p", step->parameter});
}

/* From what the rule has made of it to the parameter's next value. What is no number stays none. */
static void bring_into(const dg_range *range, dg_rule_step *step)
{
    double min = range->min, least = step->type.dtype == DG_FLOAT32 ? 1e-37 : 1e-300;
    dg_node *p = find_symbol(&step->table, "p");
    char formula[120];
    if (range->positive) {
        min = min > least ? min : least; /* so that the logarithm is finite */
        p = dg_expr("exp(u)", {"u", p});
    }
    if (min > -INFINITY) {
        plain_print(formula, sizeof formula, "where(p < %.17g, %.17g, p)", min, min);
        p = dg_expr(formula, {"p", p});
    }
    if (range->max < INFINITY) {
        plain_print(formula, sizeof formula, "where(p > %.17g, %.17g, p)", range->max, range->max);
        p = dg_expr(formula, {"p", p});
    }
    set_symbol(&step->table, "p", p);
}

/* By the rule's own function, which says what the next value is, or why there is none. */
static void emit_by_function(dg_rule_step *step)
{
    dg_graph *graph = step->e->step->graph;
    const char *name = dg_optimizer_name(step->e->optimizer);
    step->e->optimizer->rule->emit(step);
    dg_node *next = find_symbol(&step->table, "p");
    dg_status status = dg_graph_status(graph);
    if (status.code == DG_OK && (!next || next == step->parameter))
        status = dg_error(DG_BAD_ARGUMENT, "its function gives p, the parameter, no new value");
    if (status.code == DG_OK || step->e->names_line)
        return;
    dg_graph_recover(graph);
    dg_graph_fail(graph, dg_prefixed(status, "optimizer %s, parameter '%s'", name, dg_node_name(step->parameter)));
}

static void emit_parameter(emission *e, int i, bool decayed)
{
    const dg_optimizer_step *all = e->step;
    const dg_parameter_settings settings = settings_of(e, i);
    bool positive = settings.range.positive;
    dg_node *parameter = all->parameters[i], *gradient = all->gradients[i];
    dg_rule_step step = {.e = e,
                         .parameter = parameter,
                         .type = *dg_node_type(parameter, 0),
                         .of = find_variant(e, settings.lr, decayed && !positive ? settings.decay : 0)};
    if (!step.of || dg_graph_status(all->graph).code != DG_OK)
        return;
    if (dg_node_type(gradient, 0)->dtype != step.type.dtype)
        gradient = dg_to(gradient, step.type.dtype);
    gradient = accumulate(e, parameter, gradient);
    set_symbol(&step.table, "p", parameter);
    set_symbol(&step.table, "g", positive ? to_logarithm(&step, gradient) : gradient);
    if (all->sampled)
        set_symbol(&step.table, "s", positive ? to_logarithm(&step, all->sampled[i]) : all->sampled[i]);
    for (int k = 0; k < e->once.count; k++)
        set_symbol(&step.table, e->once.at[k].name, scalar_for(e->once.at[k].node, &step.type));
    if (step.of->rate)
        set_symbol(&step.table, "lr", scalar_for(step.of->rate, &step.type));
    if (e->optimizer->rule->emit)
        emit_by_function(&step);
    else
        dg_rule_lines(&step, rule_has_own_lines(e->optimizer) ? e->optimizer->lines : e->optimizer->rule->lines);
    bring_into(&settings.range, &step);
    if (all->average)
        dg_rule_lines(&step, all->average);
    if (dg_graph_status(all->graph).code != DG_OK)
        return;
    add_update(e, parameter, find_symbol(&step.table, "p"));
    for (int k = 0; k < step.states.count; k++)
        add_update(e, step.states.at[k].node, find_symbol(&step.table, step.states.at[k].name));
}

/* Marks by node id parameters that are not decayed. */
static dg_status mark_no_decay(const dg_optimizer_step *step, bool **marks)
{
    int64_t count = dg_graph_node_count(step->graph);
    bool *no_decay = *marks = calloc((size_t)count + 1, sizeof *no_decay);
    if (!no_decay)
        return dg_no_memory("an optimizer's look at %lld nodes", (long long)count);
    for (int i = 0; i < step->n_no_decay; i++)
        if (step->no_decay[i] && dg_node_graph(step->no_decay[i]) == step->graph)
            no_decay[dg_node_id(step->no_decay[i])] = true;
    for (int64_t id = 0; id < count; id++) {
        const dg_node *node = dg_graph_node(step->graph, id);
        const dg_op *op = dg_node_op(node);
        int declared = dg_op_input_count(op);
        for (int k = 0; k < dg_node_input_count(node) && k < declared; k++)
            if ((op->inputs[k].flags & DG_NO_DECAY) && dg_node_input(node, k))
                no_decay[dg_node_id(dg_node_input(node, k))] = true;
    }
    return dg_ok();
}

static dg_status emit_all(emission *e, const bool *no_decay)
{
    const dg_optimizer_step *step = e->step;
    DG_TRY(states_choose(e->optimizer, step, &e->states));
    if (step->accumulate > 1) {
        char formula[60];
        dg_node *runs = state_node(e, "", "runs", (dg_type){DG_FLOAT64, dg_scalar()});
        snprintf(formula, sizeof formula, "where(runs >= %d - 1, 0, runs + 1)", step->accumulate);
        dg_node *next = dg_expr(formula, {"runs", runs});
        add_update(e, runs, next);
        e->due = dg_expr("where(next == 0, 1, 0 * next)", {"next", next});
    }
    dg_node *steps = state_node(e, "", "step", (dg_type){DG_FLOAT64, dg_scalar()});
    dg_node *now = dg_expr("steps + 1", {"steps", steps});
    add_update(e, steps, now);
    set_symbol(&e->once, "t", now);
    set_symbol(&e->once, "lr", dg_node_type(step->lr, 0)->dtype == DG_FLOAT64 ? step->lr : dg_to(step->lr, DG_FLOAT64));
    for (int i = 0; i < step->n_moving; i++)
        set_symbol(&e->once, step->moving[i].name, step->moving[i].node);
    for (int i = 0; i < step->count && dg_graph_status(step->graph).code == DG_OK; i++)
        emit_parameter(e, i, !no_decay[dg_node_id(step->parameters[i])]);
    return dg_graph_status(step->graph);
}

dg_status dg_optimizer_emit(const dg_optimizer *optimizer, const dg_optimizer_step *step, dg_node *const **updates,
                            int *n_updates)
{
    bool *no_decay = NULL;
    REFUSE_NULL(optimizer);
    REFUSE_NULL(step);
    REFUSE_NULL(updates);
    REFUSE_NULL(n_updates);
    DG_TRY(rule_check_step(optimizer, step));
    emission *e = dg_arena_alloc(dg_graph_arena(step->graph), sizeof *e);
    if (!e)
        return dg_no_memory("an optimizer's step");
    e->optimizer = optimizer;
    e->step = step;
    const dg_graph_point before = dg_graph_mark(step->graph);
    bool emitting = dg_graph_emit(step->graph, true);
    dg_status status = mark_no_decay(step, &no_decay);
    if (status.code == DG_OK)
        status = emit_all(e, no_decay);
    dg_graph_emit(step->graph, emitting);
    free(no_decay);
    DG_TRY(dg_graph_undo(step->graph, before, status));
    *updates = e->updates;
    *n_updates = (int)e->n_updates;
    return dg_ok();
}
