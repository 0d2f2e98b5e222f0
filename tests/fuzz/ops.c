/* Graphs of any ops, from their sample inputs, with attributes that are changed: nothing crashes, what is refused says
 * why, and values and gradients are the same by the default plan, by one without any optimisation, and by one with
 * three threads (to the last bit). Values that are no numbers are not compared. */
#include "fuzz.h"

#include <dotgrad/op.h>

#include <math.h>

enum { MOST_NODES = 6, MOST_INPUTS = 24, MOST_FETCH = 128, MOST_ELEMENTS = 200000, CALL = 700 };

/* ---- choices ---- */

typedef struct choices {
    const uint8_t *bytes;
    size_t left;
} choices;

static uint64_t below(choices *c, uint64_t n)
{
    uint64_t value = 0;
    for (int k = 0; k < 2 && c->left; k++, c->left--)
        value = value << 8 | *c->bytes++;
    return n ? value % n : 0;
}

static int64_t some_int(choices *c)
{
    static const int64_t usual[] = {0, 1, 2, 3, 4, 5, -1, -2, 7, 8, 16},
                         odd[] = {-9, 100, 1000003, 1LL << 31, 1LL << 40, INT64_MAX};
    return below(c, 8) ? usual[below(c, 11)] : odd[below(c, 6)];
}

static const char *one_of(choices *c, const char *const *words, size_t count)
{
    return words[below(c, count)];
}

#define ONE_OF(c, ...)                                                                                                 \
    one_of(c, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void some_list(choices *c, char *text, size_t size)
{
    int count = (int)below(c, 5);
    size_t used = (size_t)snprintf(text, size, "[");
    for (int k = 0; k < count; k++)
        used += (size_t)snprintf(text + used, size - used, "%s%lld", k ? ", " : "", (long long)some_int(c));
    snprintf(text + used, size - used, "]");
}

/* One of the words that "a|b|c" lists. */
static void some_word(choices *c, const char *list, char *text, size_t size)
{
    int count = 1;
    for (const char *at = list; (at = strchr(at, '|')); at++)
        count++;
    for (uint64_t k = below(c, (uint64_t)count); k > 0; k--)
        list = strchr(list, '|') + 1;
    snprintf(text, size, "%.*s", (int)strcspn(list, "|"), list);
}

static void some_value(choices *c, const dg_attr_spec *spec, char *text, size_t size)
{
    switch (spec->kind) {
    case DG_ATTR_BOOL:
        snprintf(text, size, "%s", below(c, 2) ? "true" : "false");
        break;
    case DG_ATTR_INT:
        snprintf(text, size, "%lld", (long long)some_int(c));
        break;
    case DG_ATTR_FLOAT:
        snprintf(text, size, "%s", ONE_OF(c, "0", "1", "0.5", "-1", "2", "1e-8", "1e30", "3", "-0.5", "0.9", "20"));
        break;
    case DG_ATTR_NAME:
        some_word(c, spec->choices ? spec->choices : "x", text, size);
        break;
    case DG_ATTR_DTYPE:
        snprintf(text, size, "%s", ONE_OF(c, "float32", "float64", "int32", "int64", "bool"));
        break;
    case DG_ATTR_TENSOR:
        snprintf(text, size, "%s", ONE_OF(c, "1", "[1, 2]", "[[0.5, 2],[1, 3]]", "true", "[1]", "[0, 1, 0]"));
        break;
    case DG_ATTR_INIT:
        snprintf(text, size, "%s",
                 ONE_OF(c, "zeros", "ones", "orthogonal", "xavier_uniform", "identity", "normal(0, 2)"));
        break;
    case DG_ATTR_SIZES:
    case DG_ATTR_INTS:
    case DG_ATTR_SHAPE:
        if (spec->kind != DG_ATTR_SHAPE && below(c, 2))
            snprintf(text, size, "%lld", (long long)some_int(c));
        else
            some_list(c, text, size);
        break;
    default:
        snprintf(text, size, "%s", ONE_OF(c, "x", "'x * tanh(x)'", "'ij,jk->ik'", "'ii->i'", "'i,i->'"));
    }
}

/* ---- what a graph is made of ---- */

typedef struct fuzz_input {
    bool is_left_out;
    int earlier; /* node number + 1; 0: an input of its own */
    dg_type type;
    int word; /* of its numbers: 0 any, 1 positive, 2 in (0, 1), 3 above 1, 4 positive definite */
    int64_t limit;
} fuzz_input;

typedef struct fuzz_node {
    const dg_op *op;
    char call[CALL];
    int n_inputs;
    fuzz_input inputs[DG_MAX_INPUTS];
} fuzz_node;

typedef struct recipe {
    dg_dtype dtype;
    int count;
    fuzz_node nodes[MOST_NODES];
} recipe;

/* "[2, 3] positive", "[4] int64 below 3", as samples have it. */
static bool read_type(const char *text, dg_dtype dtype, fuzz_input *input)
{
    static const char *const words[] = {"", "positive", "unit", "above 1", "spd"};
    *input = (fuzz_input){.type.dtype = dtype, .is_left_out = strcmp(text, "-") == 0};
    const char *at = strchr(text, '['), *end;
    if (input->is_left_out || !at)
        return input->is_left_out;
    for (at++; *at && *at != ']'; at += strspn(at, ", ")) {
        char *after;
        int64_t size = strtoll(at, &after, 10);
        if (after == at || input->type.shape.rank == DG_MAX_RANK)
            return false;
        input->type.shape.dims[input->type.shape.rank++] = size;
        at = after;
    }
    at += strspn(at, "] ");
    for (int k = 1; k < 5; k++)
        if (strcmp(at, words[k]) == 0)
            input->word = k;
    char name[16];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(at, " "), at);
    dg_dtype_parse(name, &input->type.dtype);
    end = strstr(at, "below ");
    input->limit = end ? strtoll(end + 6, NULL, 10) : 2;
    return true;
}

static void change_attribute(choices *c, fuzz_node *node)
{
    char value[160], added[300];
    int count = dg_op_attr_count(node->op);
    if (!count)
        return;
    const dg_attr_spec *spec = &node->op->attrs[below(c, (uint64_t)count)];
    some_value(c, spec, value, sizeof value);
    snprintf(added, sizeof added, "%s=%s", spec->name, value);
    size_t length = strlen(node->call);
    if (length + strlen(added) + 4 > sizeof node->call || strstr(node->call, spec->name))
        return;
    if (node->call[length - 1] == ')')
        sprintf(node->call + length - 1, "%s%s)", node->call[length - 2] == '(' ? "" : ", ", added);
    else
        sprintf(node->call + length, "(%s)", added);
}

static bool choose_node(choices *c, recipe *r)
{
    fuzz_node *node = &r->nodes[r->count];
    *node = (fuzz_node){.op = dg_op_at(below(c, dg_op_count()))};
    size_t n_samples = 0;
    while (node->op->samples && node->op->samples[n_samples].call)
        n_samples++;
    if (!n_samples || node->op->role != DG_ROLE_NONE)
        return false;
    const dg_sample *sample = &node->op->samples[below(c, n_samples)];
    snprintf(node->call, sizeof node->call, "%s", sample->call);
    for (; node->n_inputs < DG_MAX_INPUTS && sample->inputs[node->n_inputs]; node->n_inputs++)
        if (!read_type(sample->inputs[node->n_inputs], r->dtype, &node->inputs[node->n_inputs]))
            return false;
    for (int k = 0; k < node->n_inputs; k++) {
        fuzz_input *input = &node->inputs[k];
        if (r->count && !input->is_left_out && dg_dtype_is_float(input->type.dtype) && below(c, 3))
            input->earlier = 1 + (int)below(c, (uint64_t)r->count);
        else if (input->type.shape.rank && !input->is_left_out && below(c, 6) == 0)
            input->type.shape.dims[below(c, (uint64_t)input->type.shape.rank)] = (int64_t)below(c, 5);
    }
    if (below(c, 3) == 0)
        change_attribute(c, node);
    return true;
}

/* ---- building ---- */

typedef struct built {
    dg_graph *graph;
    dg_node *nodes[MOST_NODES], *inputs[MOST_INPUTS];
    fuzz_input kinds[MOST_INPUTS];
    int n_inputs;
} built;

static dg_node *input_of(built *b, const fuzz_input *input)
{
    char name[32];
    if (input->is_left_out || b->n_inputs == MOST_INPUTS)
        return NULL;
    if (input->earlier)
        return b->nodes[input->earlier - 1];
    snprintf(name, sizeof name, "in%d", b->n_inputs);
    b->kinds[b->n_inputs] = *input;
    return b->inputs[b->n_inputs++] = dg_input(b->graph, input->type.shape, .dtype = input->type.dtype, .name = name);
}

/* The graph of the recipe; false when an op refuses, with the graph freed. */
static bool build(const recipe *r, built *b)
{
    *b = (built){0};
    MUST(dg_graph_new(&b->graph));
    dg_graph_set_dtype(b->graph, r->dtype);
    for (int k = 0; k < r->count; k++) {
        const fuzz_node *node = &r->nodes[k];
        dg_node *inputs[DG_MAX_INPUTS] = {NULL};
        dg_value call;
        char name[32];
        for (int i = 0; i < node->n_inputs; i++)
            inputs[i] = input_of(b, &node->inputs[i]);
        snprintf(name, sizeof name, "n%d", k);
        dg_status status = dg_call_parse(dg_graph_arena(b->graph), node->call, &call);
        if (status.code == DG_OK) {
            b->nodes[k] = dg_apply(&(dg_application){.graph = b->graph,
                                                     .op = call.s,
                                                     .name = name,
                                                     .n_inputs = node->n_inputs,
                                                     .inputs = inputs,
                                                     .n_attrs = (int)call.count,
                                                     .attrs = call.items});
            status = dg_graph_status(b->graph);
            CHECK(status.code != DG_OK || b->nodes[k], "%s is no node and no error", node->call);
        }
        if (status.code != DG_OK) {
            CHECK_REFUSAL(status);
            dg_graph_free(b->graph);
            return false;
        }
    }
    return true;
}

static bool is_small(const dg_graph *graph)
{
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++) {
        const dg_shape *shape = &dg_node_type(dg_graph_node((dg_graph *)(uintptr_t)graph, id), 0)->shape;
        if (dg_shape_is_known(shape) && dg_shape_count(shape) > MOST_ELEMENTS)
            return false;
    }
    return true;
}

/* ---- running ---- */

static double unit(uint64_t *state)
{
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)(*state >> 11) / 9007199254740992.0;
}

static dg_status fill(dg_tensor *tensor, const fuzz_input *kind)
{
    DG_TRY(dg_tensor_make(tensor, kind->type.dtype, kind->type.shape));
    int64_t count = dg_tensor_count(tensor);
    uint64_t state = (uint64_t)count * 77 + 5 + (uint64_t)kind->word;
    for (int64_t i = 0; i < count; i++) {
        double u = unit(&state);
        bool is_float = dg_dtype_is_float(kind->type.dtype);
        dg_tensor_set(tensor, i,
                      !is_float         ? floor(u * (double)kind->limit)
                      : kind->word == 1 ? 0.3 + 1.7 * u
                      : kind->word == 2 ? 0.1 + 0.8 * u
                      : kind->word == 3 ? 1.2 + 1.8 * u
                                        : 4 * u - 2);
    }
    int rank = kind->type.shape.rank;
    int64_t n = rank >= 2 ? kind->type.shape.dims[rank - 1] : 0;
    for (int64_t b = 0; kind->word == 4 && n && kind->type.shape.dims[rank - 2] == n && b < count / (n * n); b++)
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j <= i; j++) {
                double value = i == j ? (double)n + 2 : 0.3 * dg_tensor_get(tensor, (b * n + i) * n + j);
                dg_tensor_set(tensor, (b * n + i) * n + j, value);
                dg_tensor_set(tensor, (b * n + j) * n + i, value);
            }
    return dg_ok();
}

typedef struct trial {
    const recipe *recipe;
    built built;
    dg_node *fetch[MOST_FETCH];
    int n_fetch;
    dg_tensors *parameters;
    dg_tensor tensors[MOST_INPUTS];
    dg_feed feeds[MOST_INPUTS];
    dg_tensor first[MOST_FETCH]; /* of the default plan */
} trial;

static void show(const trial *t)
{
    for (int k = 0; k < t->recipe->count; k++)
        fprintf(stderr, "\n  n%d: %s", k, t->recipe->nodes[k].call);
}

#define CHECK_TRIAL(t, condition, ...)                                                                                 \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            show(t);                                                                                                   \
        CHECK(condition, __VA_ARGS__);                                                                                 \
    } while (0)

/* The nodes, and the gradients of the last float one by all inputs and parameters. */
static bool choose_fetches(trial *t)
{
    dg_graph *graph = t->built.graph;
    dg_node *by[MOST_FETCH], *gradients[MOST_FETCH], *last = NULL;
    int n = 0;
    for (int k = 0; k < t->recipe->count; k++) {
        t->fetch[t->n_fetch++] = t->built.nodes[k];
        if (dg_dtype_is_float(dg_node_type(t->built.nodes[k], 0)->dtype))
            last = t->built.nodes[k];
    }
    for (int64_t id = 0; id < dg_graph_node_count(graph) && n < MOST_FETCH - MOST_NODES; id++) {
        dg_node *node = dg_graph_node(graph, id);
        dg_role role = dg_node_op(node)->role;
        if ((role == DG_ROLE_INPUT || role == DG_ROLE_PARAMETER) && dg_dtype_is_float(dg_node_type(node, 0)->dtype))
            by[n++] = node;
    }
    if (!last || !n)
        return true;
    dg_status status = dg_grad(last, n, by, gradients);
    for (int k = 0; status.code == DG_OK && k < n; k++)
        t->fetch[t->n_fetch++] = gradients[k];
    if (status.code != DG_OK)
        CHECK_REFUSAL(status);
    return dg_graph_status(graph).code == DG_OK;
}

static bool make_feeds(trial *t)
{
    MUST(dg_tensors_new(&t->parameters));
    if (dg_parameters_init(t->parameters, t->built.graph, 7).code != DG_OK)
        return false;
    for (int k = 0; k < t->built.n_inputs; k++) {
        if (fill(&t->tensors[k], &t->built.kinds[k]).code != DG_OK)
            return false;
        t->feeds[k] = (dg_feed){t->built.inputs[k], &t->tensors[k]};
    }
    return true;
}

static void compare(const trial *t, int k, const dg_tensor *result, const char *plan, bool to_the_bit)
{
    const dg_tensor *first = &t->first[k];
    double largest = 0, tolerance = t->recipe->dtype == DG_FLOAT64 ? 1e-7 : 2e-3;
    CHECK_TRIAL(t, dg_shape_equal(&first->shape, &result->shape) && first->dtype == result->dtype, "%s, result %d",
                plan, k);
    size_t bytes = dg_tensor_bytes(result);
    if (to_the_bit) {
        CHECK_TRIAL(t, !bytes || memcmp(first->data, result->data, bytes) == 0, "%s, result %d", plan, k);
        return;
    }
    for (int64_t i = 0; i < dg_tensor_count(first); i++)
        if (isfinite(dg_tensor_get(first, i)))
            largest = fmax(largest, fabs(dg_tensor_get(first, i)));
    for (int64_t i = 0; i < dg_tensor_count(first); i++) {
        double a = dg_tensor_get(first, i), b = dg_tensor_get(result, i);
        CHECK_TRIAL(t, !isfinite(a) || !isfinite(b) || fabs(a - b) <= tolerance * (largest + 1e-3),
                    "%s, result %d [%lld]: %.17g and %.17g", plan, k, (long long)i, a, b);
    }
}

static void run_plans(trial *t, bool training, unsigned one)
{
    static dg_threads *three;
    const struct {
        const char *name;
        unsigned without;
        bool threads;
    } plans[] = {{"the default", 0, false},
                 {"three threads", 0, true},
                 {"without all", DG_ALL_OPTIMIZATIONS, false},
                 {"without one", one, false}};
    bool ran = false;
    if (!three)
        MUST(dg_threads_new(3, &three));
    for (int v = 0; v < 4; v++) {
        dg_plan *plan = NULL;
        dg_status status = dg_plan_new(t->built.graph,
                                       &(dg_plan_options){.fetch = t->fetch,
                                                          .n_fetch = t->n_fetch,
                                                          .parameters = t->parameters,
                                                          .threads = plans[v].threads ? three : NULL,
                                                          .seed = 3,
                                                          .training = training,
                                                          .without = plans[v].without,
                                                          .memory_limit = (size_t)400 << 20},
                                       &plan);
        if (status.code == DG_OK)
            status = dg_plan_run(plan, t->feeds, t->built.n_inputs);
        if (status.code != DG_OK)
            CHECK_REFUSAL(status);
        CHECK_TRIAL(t, status.code == DG_OK || v == 0 || status.code == DG_NO_MEMORY, "%s: %s", plans[v].name,
                    status.message);
        for (int k = 0; status.code == DG_OK && k < t->n_fetch; k++) {
            if (v == 0)
                MUST(dg_tensor_copy(&t->first[k], dg_plan_result(plan, k)));
            else
                compare(t, k, dg_plan_result(plan, k), plans[v].name, plans[v].threads);
        }
        ran = ran || status.code == DG_OK;
        dg_plan_free(plan);
        if (!ran)
            return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    choices c = {bytes, size};
    recipe r = {.dtype = below(&c, 3) ? DG_FLOAT64 : DG_FLOAT32};
    int wanted = 1 + (int)below(&c, MOST_NODES);
    for (int attempt = 0; r.count < wanted && attempt < 4 * wanted; attempt++) {
        built b;
        if (!choose_node(&c, &r))
            continue;
        r.count++;
        if (build(&r, &b))
            dg_graph_free(b.graph);
        else
            r.count--;
    }
    trial t = {.recipe = &r};
    if (!r.count || !build(&r, &t.built))
        return 0;
    if (is_small(t.built.graph) && choose_fetches(&t) && is_small(t.built.graph) && make_feeds(&t))
        run_plans(&t, below(&c, 2), 1u << below(&c, 10));
    for (int k = 0; k < MOST_FETCH; k++)
        dg_tensor_release(&t.first[k]);
    for (int k = 0; k < t.built.n_inputs; k++)
        dg_tensor_release(&t.tensors[k]);
    dg_tensors_free(t.parameters);
    dg_graph_free(t.built.graph);
    return 0;
}
