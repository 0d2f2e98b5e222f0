/* Prints loops.c for the build: print_loops FILE writes a loop for each program that the plans of usual networks have:
 * every activation that ships or is often written out, alone and between linear layers, forward and backward, and a
 * step of every optimiser. What a program computes is read from its code (core/program/compiled.h), so a loop is the
 * program that the library makes, and no other text of it exists. FILE is compiled for each instruction set. */
#include <dotgrad/op.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/loss.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/source.h>
#include <dotgrad/optim.h>

#include "core/formula/primitives.h"
#include "core/plan/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the programs ---- */

typedef struct program_code {
    uint8_t bytes[MOST_CODE];
    size_t size;
} program_code;

enum { MOST_LOOPS = 2000 };
static program_code codes[MOST_LOOPS];
static size_t n_codes;

static void stop(const char *what)
{
    fprintf(stderr, "print_loops: %s\n", what);
    exit(1);
}

static void check(dg_status status)
{
    if (status.code != DG_OK)
        stop(status.message);
}

/* Operations whose loops ask the C library for some elements: not for a loop of many. */
static bool is_plain(int op)
{
    return op != P_SIN && op != P_COS && op != P_TAN && op != P_FMOD && op != P_REMAINDER;
}

static void take_program(const dg_program *program)
{
    if (!program || program->code_size == 0)
        return;
    for (size_t at = CODE_HEAD; at < program->code_size; at += CODE_STEP)
        if (!is_plain(program->code[at]))
            return;
    for (size_t i = 0; i < n_codes; i++)
        if (compare_codes(codes[i].bytes, codes[i].size, program->code, program->code_size) == 0)
            return;
    if (n_codes == MOST_LOOPS)
        stop("more programs than there is room for");
    memcpy(codes[n_codes].bytes, program->code, program->code_size);
    codes[n_codes++].size = program->code_size;
}

static void take_programs(const dg_plan *plan)
{
    for (const binding *b = plan->bindings; b; b = b->next)
        for (int32_t t = 0; t < b->n_tasks; t++) {
            const task *one = &b->tasks[t];
            for (int32_t k = 0; one->parts && k < one->n_parts; k++)
                take_program(one->parts[k].program);
            if (one->prologue)
                take_program(one->prologue->program);
        }
}

/* ---- the networks ---- */

enum { ROWS = 64, WIDTH = 48, CLASSES = 10 };

static void run_once(dg_plan *plan, dg_node *x, dg_node *target)
{
    float *zeros = calloc(ROWS * WIDTH, sizeof *zeros);
    int64_t *labels = calloc(ROWS, sizeof *labels);
    if (!zeros || !labels)
        stop("no memory");
    dg_tensor data = dg_tensor_view(DG_FLOAT32, DG_SHAPE(ROWS, WIDTH), zeros);
    dg_tensor wanted = dg_tensor_view(DG_INT64, DG_SHAPE(ROWS), labels);
    const dg_feed feeds[] = {{x, &data}, {target, &wanted}};
    check(dg_plan_run(plan, feeds, target ? 2 : 1));
    take_programs(plan);
    free(zeros);
    free(labels);
}

/* A call as graph files have it: "elu(alpha=2)". */
static dg_node *apply(const char *text, dg_node *x)
{
    dg_value call;
    check(dg_call_parse(dg_graph_arena(dg_node_graph(x)), text, &call));
    return dg_apply(&(dg_application){
        .op = call.s, .at = DG_HERE, .n_inputs = 1, .inputs = &x, .n_attrs = (int)call.count, .attrs = call.items});
}

/* y = f(x), and the sum of it differentiated by x. */
static void take_alone(const char *call)
{
    dg_graph *graph;
    check(dg_graph_new(&graph));
    dg_node *x = dg_input(graph, DG_SHAPE(DG_N, WIDTH)), *y = apply(call, x);
    dg_node *slope = NULL;
    check(dg_grad(dg_sum(y), 1, &x, &slope));
    dg_node *fetched[] = {y, slope};
    for (int n = 1; n <= 2; n++) {
        dg_plan *plan;
        dg_tensors *parameters;
        check(dg_tensors_new(&parameters));
        check(dg_graph_status(graph));
        check(dg_parameters_init(parameters, graph, 1));
        check(dg_plan_new(graph, &(dg_plan_options){.fetch = fetched, .n_fetch = n, .parameters = parameters}, &plan));
        run_once(plan, x, NULL);
        dg_plan_free(plan);
        dg_tensors_free(parameters);
    }
    dg_graph_free(graph);
}

/* A step of a network of two layers. */
static void take_trained(const char *call, const char *optimizer)
{
    dg_graph *graph;
    dg_plan *plan;
    dg_tensors *parameters;
    check(dg_graph_new(&graph));
    check(dg_tensors_new(&parameters));
    dg_node *x = dg_input(graph, DG_SHAPE(DG_N, WIDTH)), *label = dg_input(graph, DG_SHAPE(DG_N), .dtype = DG_INT64),
            *hidden = dg_linear(x, WIDTH);
    dg_node *loss = dg_cross_entropy(dg_linear(apply(call, hidden), CLASSES), label);
    check(dg_graph_status(graph));
    check(dg_training_plan(loss, optimizer, parameters, &plan));
    run_once(plan, x, label);
    dg_plan_free(plan);
    dg_tensors_free(parameters);
    dg_graph_free(graph);
}

/* Elementwise in one input, with defaults for all else. */
static bool is_simple_activation(const dg_op *op)
{
    if ((!op->formula && !op->formula_for) || strcmp(op->family, "activation") != 0 || (op->flags & DG_RANDOM))
        return false;
    for (int k = 1; k < dg_op_input_count(op); k++)
        if (!(op->inputs[k].flags & DG_OPTIONAL))
            return false;
    for (int k = 0; k < dg_op_attr_count(op); k++)
        if (!op->attrs[k].fallback)
            return false;
    return true;
}

/* Its name alone is a call, and makes nodes. */
static bool has_defaults(const dg_rule *rule)
{
    dg_optimizer parsed;
    return !rule->drive && dg_optimizer_parse(rule->name, &parsed).code == DG_OK;
}

/* Activations as they are often written out; numbers are any numbers. */
static const char *const formulas[] = {
    "expr(max(0, x))",
    "expr(where(x > 0, x, 0.01 * x))",
    "expr(max(x, 0.01 * x))",
    "expr(where(x > 0, x, expm1(x)))",
    "expr(where(x > 0, x, 0.7 * expm1(x)))",
    "expr(1.3 * where(x > 0, x, 1.7 * expm1(x)))",
    "expr(log1p(exp(-abs(x))) + max(x, 0))",
    "expr(x * min(max(x + 3, 0), 6) / 6)",
    "expr(min(max(x / 6 + 0.5, 0), 1))",
    "expr(x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2)",
    "expr(x * sigmoid(1.702 * x))",
};

static void take_all(void)
{
    for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++) {
        take_alone(formulas[i]);
        take_trained(formulas[i], "sgd(lr=0.1)");
    }
    for (size_t i = 0; i < dg_op_count(); i++)
        if (is_simple_activation(dg_op_at(i))) {
            take_alone(dg_op_at(i)->name);
            take_trained(dg_op_at(i)->name, "sgd(lr=0.1)");
        }
    static const char *const layers[] = {"rbf(16, init=normal, width=constant(1))", "layer_norm(48)", "batch_norm"};
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        take_trained(layers[i], "sgd(lr=0.1)");
        take_trained(layers[i], "adam");
    }
    for (size_t i = 0; dg_rule_at(i); i++)
        if (has_defaults(dg_rule_at(i)))
            take_trained("relu", dg_rule_at(i)->name);
}

/* ---- printing ---- */

static void print_place(FILE *to, const program_code *code, int place)
{
    int inputs = code->bytes[0], constants = code->bytes[2], registers = code->bytes[3];
    if (place < registers)
        fprintf(to, "r%d", place);
    else if ((place -= registers) < constants)
        fprintf(to, "c%d", place);
    else if ((place -= constants) < inputs)
        fprintf(to, "x%d", place);
    else
        fprintf(to, "y%d", place - inputs);
}

static bool is_constant_place(const program_code *code, int place)
{
    int constants = code->bytes[2], registers = code->bytes[3];
    return place >= registers && place < registers + constants;
}

static bool is_bound(const char *name, size_t length)
{
    return length == 3 && (strncmp(name, "min", 3) == 0 || strncmp(name, "max", 3) == 0);
}

/* Whether minima and maxima of a step, "min", "max_add" or "mul_max", are of something and a constant. */
static bool has_known_bounds(const program_code *code, const uint8_t *one)
{
    const char *name = primitives[one[0]].name, *second = strchr(name, '_');
    bool first_bounds = is_bound(name, second ? (size_t)(second - name) : strlen(name));
    bool second_bounds = second && is_bound(second + 1, strlen(second + 1));
    return (first_bounds || second_bounds) && (!first_bounds || is_constant_place(code, one[3])) &&
           (!second_bounds || is_constant_place(code, one[4]));
}

static void print_steps(FILE *to, const program_code *code)
{
    for (size_t at = CODE_HEAD; at < code->size; at += CODE_STEP) {
        const uint8_t *one = &code->bytes[at];
        fputs("        ", to);
        print_place(to, code, one[1]);
        bool copies = one[0] == PRIMITIVE_COUNT + 2;
        fprintf(to, " = %sof_%s(", !copies && has_known_bounds(code, one) ? "known_" : "",
                copies ? "copy" : primitives[one[0]].name);
        for (int k = 0; k < 3; k++) {
            fputs(k ? ", " : "", to);
            print_place(to, code, one[2 + k]);
        }
        fputs(");\n", to);
    }
}

static void print_loop(FILE *to, size_t number)
{
    const program_code *code = &codes[number];
    int inputs = code->bytes[0], results = code->bytes[1], constants = code->bytes[2], registers = code->bytes[3];
    fprintf(to, "static void loop_%zu(void *const *places, const double *constants, size_t n)\n{\n", number);
    for (int k = 0; k < inputs; k++)
        fprintf(to, "    const float *from_%d = places[%d];\n", k, k);
    for (int k = 0; k < results; k++)
        fprintf(to, "    float *to_%d = places[%d];\n", k, inputs + k);
    fputs(constants ? "" : "    (void)constants;\n", to);
    for (int k = 0; k < constants; k++)
        fprintf(to, "    const float c%d = constant(&constants[%d]);\n", k, k);
    fputs("    INDEPENDENT\n    for (size_t i = 0; i < n; i++) {\n        float ", to);
    for (int k = 0; k < registers; k++)
        fprintf(to, "r%d, ", k);
    for (int k = 0; k < results; k++)
        fprintf(to, "%sy%d", k ? ", " : "", k);
    fputs(";\n", to);
    for (int k = 0; k < inputs; k++)
        fprintf(to, "        const float x%d = from_%d[i];\n", k, k);
    print_steps(to, code);
    for (int k = 0; k < results; k++)
        fprintf(to, "        to_%d[i] = y%d;\n", k, k);
    fputs("    }\n}\n\n", to);
}

static int compare(const void *a, const void *b)
{
    const program_code *one = a, *other = b;
    return compare_codes(one->bytes, one->size, other->bytes, other->size);
}

static void print_all(FILE *to)
{
    qsort(codes, n_codes, sizeof codes[0], compare);
    fputs("/* Printed by print_loops. */\n#include \"core/program/loops.h\"\n\n", to);
    for (size_t i = 0; i < n_codes; i++)
        print_loop(to, i);
    for (size_t i = 0; i < n_codes; i++) {
        fprintf(to, "static const uint8_t code_%zu[] = {", i);
        for (size_t k = 0; k < codes[i].size; k++)
            fprintf(to, "%s%d", k ? ", " : "", codes[i].bytes[k]);
        fputs("};\n", to);
    }
    fputs("\nstatic const compiled_program programs[] = {\n", to);
    for (size_t i = 0; i < n_codes; i++)
        fprintf(to, "    {code_%zu, sizeof code_%zu, loop_%zu},\n", i, i, i);
    fputs("};\n\nconst compiled_programs DG_ISA_NAME(compiled) = {ISA_NAME, sizeof programs / sizeof *programs, "
          "programs};\n",
          to);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        stop("needs the name of the file to write");
    take_all();
    FILE *to = fopen(argv[1], "w");
    if (!to)
        stop("the file cannot be written");
    print_all(to);
    if (fclose(to) != 0)
        stop("the file cannot be written");
    return 0;
}
