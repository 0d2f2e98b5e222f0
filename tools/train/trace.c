/* dotgrad eval --trace: each element of a small tensor has a line, net_h[0] = 0.05*0.15 + 0.1*0.2 + 0.35 = 0.3775;
 * larger ones are printed as tables. The backward pass is the nodes that differentiation emits, printed alike. */
#include "trace.h"

#include "tools/run/print.h"

#include <dotgrad/autograd.h>
#include <dotgrad/op.h>
#include <dotgrad/plan.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LINES = 12, MOST_TERMS = 13 /* a bias too */, MOST_TEXT = 1200 };

typedef struct tracing {
    FILE *out;
    dg_graph *graph;
    dg_node **nodes; /* all that is fetched: values, then what derivatives read */
    int count;
    int *place; /* by node id: place in `nodes`, −1: not fetched */
    dg_plan *plan;
} tracing;

static const dg_tensor *value_of(const tracing *t, const dg_node *node)
{
    int at = node ? t->place[dg_node_id(node)] : -1;
    return at >= 0 ? dg_plan_result(t->plan, at) : NULL;
}

/* ---- one element of a node, with the numbers that it is made of ---- */

static void append(char *text, const char *more)
{
    size_t used = strlen(text);
    snprintf(text + used, MOST_TEXT - used, "%s", more);
}

/* In a formula a negative number stands in brackets. */
static void append_number(char *text, const dg_tensor *tensor, int64_t at)
{
    char number[NUMBER_WIDTH];
    print_number(tensor, at, number);
    bool bare = number[0] != '-';
    append(text, bare ? "" : "(");
    append(text, number);
    append(text, bare ? "" : ")");
}

/* Where element `at` of the output reads an input that may be broadcast. */
static int64_t place_in(const dg_shape *input, const dg_shape *output, int64_t at)
{
    int64_t place = 0, step = 1;
    for (int d = output->rank - 1, k = input->rank - 1; d >= 0; d--, k--) {
        int64_t index = at % output->dims[d];
        at /= output->dims[d];
        if (k < 0)
            continue;
        if (input->dims[k] != 1)
            place += index * step;
        step *= input->dims[k];
    }
    return place;
}

static int input_named(const dg_node *node, const dg_formula *formula, const char *name, size_t length)
{
    for (int k = 0; k < dg_formula_input_count(formula) && k < dg_node_input_count(node); k++)
        if (strncmp(dg_formula_input_name(formula, k), name, length) == 0 &&
            dg_formula_input_name(formula, k)[length] == '\0')
            return k;
    return -1;
}

/* The formula's text with numbers for names. */
static bool fill_formula(const tracing *t, const dg_node *node, int64_t at, char *text)
{
    const dg_formula *formula = dg_node_formula(node);
    const char *from = dg_formula_print(dg_graph_formulas(t->graph), formula);
    const dg_shape *shape = &value_of(t, node)->shape;
    while (from && *from && strlen(text) + 60 < MOST_TEXT) {
        size_t length = 0;
        while (isalnum((unsigned char)from[length]) || from[length] == '_')
            length++;
        bool is_name = length && !isdigit((unsigned char)from[0]) && from[length] != '(';
        int k = is_name ? input_named(node, formula, from, length) : -1;
        const dg_tensor *input = k >= 0 ? value_of(t, dg_node_input(node, k)) : NULL;
        if (k >= 0 && !input)
            return false;
        char word[128];
        snprintf(word, sizeof word, "%.*s", (int)(length ? length : 1), from);
        if (input)
            append_number(text, input, place_in(&input->shape, shape, at));
        else
            append(text, word);
        from += length ? length : 1;
    }
    return from != NULL;
}

/* sigmoid(0.3775): a function that has a name. */
static bool fill_call(const tracing *t, const dg_node *node, int64_t at, char *text)
{
    append(text, dg_node_op(node)->name);
    append(text, "(");
    for (int k = 0; k < dg_node_input_count(node); k++) {
        const dg_tensor *input = value_of(t, dg_node_input(node, k));
        if (!input)
            return false;
        append(text, k ? ", " : "");
        append_number(text, input, place_in(&input->shape, &value_of(t, node)->shape, at));
    }
    append(text, ")");
    return true;
}

/* Whether the term is of elements that there are, for an op of a plugin may err. */
static bool is_product(const dg_term *term, const dg_kernel *kernel)
{
    bool is_there = term->n_factors >= 1 && term->n_factors <= DG_MAX_FACTORS;
    for (int k = 0; is_there && k < term->n_factors; k++)
        is_there = term->input[k] >= 0 && term->input[k] < kernel->n_inputs && term->at[k] >= 0 &&
                   term->at[k] < dg_tensor_count(kernel->inputs[term->input[k]]);
    return is_there;
}

/* 0.05*0.15 + 0.1*0.2 + 0.35, of a mean (0.05 + 0.1)/2: a sum as its op says that it is made. */
static bool fill_terms(const tracing *t, const dg_node *node, int64_t at, char *text)
{
    const dg_tensor *inputs[DG_MAX_INPUTS] = {NULL};
    dg_tensor *outputs[] = {(dg_tensor *)value_of(t, node)};
    dg_term list[MOST_TERMS];
    dg_terms terms = {.most = MOST_TERMS, .list = list, .divisor = 1};
    const dg_kernel kernel = {.attrs = dg_node_attrs(node),
                              .n_inputs = dg_node_input_count(node),
                              .inputs = inputs,
                              .n_outputs = 1,
                              .outputs = outputs};
    if (kernel.n_inputs > DG_MAX_INPUTS)
        return false;
    for (int k = 0; k < kernel.n_inputs; k++) {
        inputs[k] = value_of(t, dg_node_input(node, k));
        if (dg_node_input(node, k) && !inputs[k])
            return false;
    }
    dg_node_op(node)->terms(&kernel, at, &terms);
    if (terms.count < 1 || terms.count > terms.most || terms.divisor == 0)
        return false;
    for (int64_t i = 0; i < terms.count; i++)
        if (!is_product(&list[i], &kernel))
            return false;
    append(text, terms.divisor != 1 ? "(" : "");
    for (int64_t i = 0; i < terms.count; i++)
        for (int k = 0; k < list[i].n_factors; k++) {
            append(text, k ? "*" : i ? " + " : "");
            append_number(text, inputs[list[i].input[k]], list[i].at[k]);
        }
    char divisor[40];
    snprintf(divisor, sizeof divisor, ")/%lld", (long long)terms.divisor);
    append(text, terms.divisor != 1 ? divisor : "");
    return true;
}

static bool fill(const tracing *t, const dg_node *node, int64_t at, char *text)
{
    const dg_op *op = dg_node_op(node);
    text[0] = '\0';
    if (op->terms)
        return fill_terms(t, node, at, text);
    if (!dg_node_formula(node))
        return false;
    const char *formula = dg_formula_print(dg_graph_formulas(t->graph), dg_node_formula(node));
    bool is_function = !(op->flags & DG_ANY_INPUTS) && formula && strchr(formula, '(');
    return is_function ? fill_call(t, node, at, text) : fill_formula(t, node, at, text);
}

/* ---- nodes ---- */

static void element_name(const char *name, const dg_shape *shape, int64_t at, char text[MOST_TEXT])
{
    int64_t index[DG_MAX_RANK];
    for (int d = shape->rank - 1; d >= 0; d--) {
        index[d] = at % shape->dims[d];
        at /= shape->dims[d];
    }
    snprintf(text, MOST_TEXT, "%s", name);
    for (int d = 0; d < shape->rank; d++) {
        char part[40];
        snprintf(part, sizeof part, "%s%lld%s", d ? "," : "[", (long long)index[d], d + 1 == shape->rank ? "]" : "");
        append(text, part);
    }
}

static void print_computed(const tracing *t, const char *name, const dg_node *node)
{
    const dg_tensor *value = value_of(t, node);
    char text[MOST_TEXT], whole[MOST_TEXT], number[NUMBER_WIDTH];
    int64_t count = dg_tensor_count(value);
    if (count < 1 || count > MOST_LINES || !fill(t, node, 0, text)) {
        print_tensor(t->out, 2, name, value);
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        element_name(name, &value->shape, i, whole);
        bool is_filled = fill(t, node, i, text);
        print_number(value, i, number);
        bool is_plain = !is_filled || strcmp(text, number) == 0;
        fprintf(t->out, "  %s = %s%s%s\n", whole, is_plain ? "" : text, is_plain ? "" : " = ", number);
    }
}

/* "net_h = linear(i, w_ih, b_h)" above its elements. */
static void print_heading(const tracing *t, dg_node *node)
{
    const dg_op *op = dg_node_op(node);
    fprintf(t->out, "%s = %s(", dg_node_name(node), op->name);
    for (int k = 0, shown = 0; k < dg_node_input_count(node); k++)
        if (dg_node_input(node, k))
            fprintf(t->out, "%s%s", shown++ ? ", " : "", dg_node_name(dg_node_input(node, k)));
    fprintf(t->out, ")");
    if (op->flags & DG_ANY_INPUTS)
        fprintf(t->out, ", %s", dg_formula_print(dg_graph_formulas(t->graph), dg_node_formula(node)));
    fputc('\n', t->out);
}

static void print_forward(const tracing *t, dg_node *node)
{
    dg_role role = dg_node_op(node)->role;
    if (role != DG_ROLE_NONE) {
        print_tensor(t->out, 0, dg_node_name(node), value_of(t, node));
        return;
    }
    print_heading(t, node);
    print_computed(t, dg_node_name(node), node);
}

/* ---- what is fetched ---- */

static bool add_node(tracing *t, dg_node *node)
{
    if (t->place[dg_node_id(node)] >= 0)
        return false;
    t->place[dg_node_id(node)] = t->count;
    t->nodes[t->count++] = node;
    return true;
}

static void mark_needed(const dg_node *node, bool *needed)
{
    needed[dg_node_id(node)] = true;
    for (int64_t id = dg_node_id(node); id >= 0; id--) {
        const dg_node *at = dg_graph_node(dg_node_graph(node), id);
        for (int k = 0; needed[id] && k < dg_node_input_count(at); k++)
            if (dg_node_input(at, k))
                needed[dg_node_id(dg_node_input(at, k))] = true;
    }
}

/* Nodes that the target is made of, as the author wrote them, and layers' parameters. */
static int list_forward(const dg_graph *graph, const dg_node *target, dg_node **list)
{
    int64_t count = dg_graph_node_count(graph);
    bool *needed = calloc((size_t)count + 1, sizeof *needed);
    int n = 0;
    if (!needed)
        return -1;
    mark_needed(target, needed);
    for (int64_t id = 0; id < count; id++) {
        dg_node *node = dg_graph_node(graph, id);
        if (needed[id] && (!dg_node_owner(node) || dg_node_op(node)->role == DG_ROLE_PARAMETER))
            list[n++] = node;
    }
    free(needed);
    return n;
}

/* Those of the list that derivatives reach, in `by`, with their derivatives. */
static dg_status differentiate(dg_node *target, dg_node *const *list, int count, dg_node **by, dg_node **gradients,
                               int *n)
{
    dg_node **wrt = calloc((size_t)count + 1, sizeof(dg_node *));
    bool *reached = calloc((size_t)count + 1, sizeof *reached);
    dg_status status = wrt && reached ? dg_ok() : dg_no_memory("a trace");
    int floats = 0;
    *n = 0;
    for (int k = 0; k < count && status.code == DG_OK; k++)
        if (dg_dtype_is_float(dg_node_type(list[k], 0)->dtype) && list[k] != target &&
            dg_node_op(list[k])->role != DG_ROLE_CONSTANT)
            wrt[floats++] = list[k];
    if (status.code == DG_OK && floats)
        status = dg_depends(target, floats, wrt, reached);
    for (int k = floats; k-- > 0 && status.code == DG_OK;) /* from the loss back */
        if (reached[k])
            by[(*n)++] = wrt[k];
    if (status.code == DG_OK && *n)
        status = dg_grad(target, *n, by, gradients);
    free(wrt);
    free(reached);
    return status;
}

static void print_pages(tracing *t, dg_node *target, dg_node *const *forward, int n, dg_node *const *by,
                        dg_node *const *gradients, int n_by)
{
    char name[MOST_TEXT];
    fprintf(t->out, "forward\n\n");
    for (int k = 0; k < n; k++)
        print_forward(t, forward[k]);
    fprintf(t->out, "\nbackward\n\n");
    for (int k = 0; k < n_by; k++) {
        snprintf(name, sizeof name, "d%.300s/d%.300s", dg_node_name(target), dg_node_name(by[k]));
        print_computed(t, name, gradients[k]);
    }
}

static dg_status run(tracing *t, const graph_session *session, const dg_feed *feeds, int n_feeds, bool training)
{
    DG_TRY(dg_plan_new(session->graph,
                       &(dg_plan_options){.fetch = t->nodes,
                                          .n_fetch = t->count,
                                          .parameters = session->parameters,
                                          .threads = session->threads,
                                          .seed = session->seed,
                                          .training = training,
                                          .memory_limit = session->memory_limit},
                       &t->plan));
    return dg_plan_run(t->plan, feeds, n_feeds);
}

/* Makes the formulas' texts, which the graph keeps: printing then finds them. */
static dg_status print_formulas(const tracing *t)
{
    for (int k = 0; k < t->count; k++)
        if (dg_node_formula(t->nodes[k]) &&
            !dg_formula_print(dg_graph_formulas(t->graph), dg_node_formula(t->nodes[k])))
            return dg_no_memory("a formula");
    return dg_ok();
}

dg_status trace_print(FILE *out, const graph_session *session, dg_node *target, const dg_feed *feeds, int n_feeds,
                      bool training)
{
    int64_t count = dg_graph_node_count(session->graph);
    dg_node **lists = calloc(3 * (size_t)count + 3, sizeof(dg_node *)), **by = lists + count + 1,
            **gradients = by + count + 1;
    tracing t = {.out = out, .graph = session->graph};
    int n_by = 0, n = lists ? list_forward(session->graph, target, lists) : -1;
    dg_status status = n < 0 ? dg_no_memory("a trace") : differentiate(target, lists, n, by, gradients, &n_by);
    size_t all = (size_t)dg_graph_node_count(session->graph) + 1;
    if (status.code == DG_OK) {
        t.nodes = calloc(all, sizeof(dg_node *));
        t.place = malloc(all * sizeof *t.place);
        status = t.nodes && t.place ? dg_ok() : dg_no_memory("a trace");
    }
    if (status.code == DG_OK) {
        for (size_t k = 0; k < all; k++)
            t.place[k] = -1;
        for (int k = 0; k < n; k++)
            add_node(&t, lists[k]);
        for (int k = 0; k < n_by; k++) {
            add_node(&t, gradients[k]);
            for (int i = 0; i < dg_node_input_count(gradients[k]); i++)
                if (dg_node_input(gradients[k], i))
                    add_node(&t, dg_node_input(gradients[k], i));
        }
        status = run(&t, session, feeds, n_feeds, training);
    }
    if (status.code == DG_OK)
        status = print_formulas(&t);
    if (status.code == DG_OK)
        print_pages(&t, target, lists, n, by, gradients, n_by);
    dg_plan_free(t.plan);
    free(t.nodes);
    free(t.place);
    free(lists);
    return status;
}

/* ---- steps of training ---- */

/* The network's own parameters that training changes. */
static bool is_trained(dg_node *node, const dg_tensor *before, const dg_tensor *after)
{
    return strncmp(dg_node_name(node), "optimizer/", 10) != 0 && after &&
           memcmp(before->data, after->data, dg_tensor_bytes(after)) != 0;
}

static void print_weights(FILE *out, dg_node *node, const dg_tensor *before, const dg_tensor *after)
{
    char name[MOST_TEXT], was[NUMBER_WIDTH], is[NUMBER_WIDTH];
    int64_t count = dg_tensor_count(after);
    if (count > MOST_LINES) {
        print_tensor(out, 2, dg_node_name(node), after);
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        element_name(dg_node_name(node), &after->shape, i, name);
        fprintf(out, "  %s: %s -> %s\n", name, print_number(before, i, was), print_number(after, i, is));
    }
}

static dg_status step_and_compare(FILE *out, const graph_session *session, dg_trainer *trainer, bool *done)
{
    dg_node **parameters;
    int count;
    DG_TRY(session_nodes(session, DG_ROLE_PARAMETER, &parameters, &count));
    dg_tensor *before = calloc((size_t)count + 1, sizeof *before);
    dg_status status = before ? dg_ok() : dg_no_memory("a trace");
    for (int k = 0; k < count && status.code == DG_OK; k++) {
        const dg_tensor *now = dg_tensors_find(session->parameters, dg_node_name(parameters[k]));
        if (now)
            status = dg_tensor_copy(&before[k], now);
    }
    if (status.code == DG_OK)
        status = dg_trainer_step(trainer, done);
    if (status.code == DG_OK)
        fprintf(out, "\nnew weights\n\n");
    for (int k = 0; k < count && status.code == DG_OK; k++) {
        const dg_tensor *now = dg_tensors_find(session->parameters, dg_node_name(parameters[k]));
        if (before[k].data && is_trained(parameters[k], &before[k], now))
            print_weights(out, parameters[k], &before[k], now);
    }
    for (int k = 0; before && k < count; k++)
        dg_tensor_release(&before[k]);
    free(before);
    free(parameters);
    return status;
}

dg_status trace_steps(FILE *out, const graph_session *session, const dg_task *task, dg_trainer *trainer, int64_t steps,
                      int64_t batch_size)
{
    dg_fed_rows *fed;
    const dg_rows rows = {task->data->train, task->data->n_train};
    dg_node *target = task->loss;
    bool done = false;
    int count;
    if (rows.count > batch_size)
        return dg_error(DG_BAD_ARGUMENT, "--trace needs steps that see all rows: --batch-size %lld",
                        (long long)rows.count);
    DG_TRY(dg_fed_rows_new(task, &target, 1, rows, &fed));
    const dg_feed *feeds = dg_fed_rows_feeds(fed, &count);
    dg_status status = dg_ok();
    for (int64_t step = 1; step <= steps && status.code == DG_OK && !done; step++) {
        fprintf(out, "%sstep %lld\n\n", step > 1 ? "\n" : "", (long long)step);
        status = trace_print(out, session, target, feeds, count, true);
        if (status.code == DG_OK)
            status = step_and_compare(out, session, trainer, &done);
    }
    dg_fed_rows_free(fed);
    return status;
}
