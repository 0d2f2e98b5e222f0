/* What a function costs: its kernel and the kernel of its gradient over numbers that stay in the caches, in turns with
 * those that ship, so that a busy machine is busy for all. */
#include "lab.h"
#include "tools/run/print.h"
#include "tools/run/stop.h"

#include <stdlib.h>
#include <string.h>

enum { ELEMENTS = 1 << 15, TURNS = 15, MOST_RIVALS = 6 };

static const char *const rivals[MOST_RIVALS] = {"relu", "tanh", "silu", "gelu", "mish", "elu"};

typedef struct timed {
    const char *name;
    dg_program *forward, *backward;
    bool keeps_input, keeps_output;
    double times[2][TURNS];
} timed;

static dg_status make(dg_arena *arena, dg_formulas *pool, const char *formula, timed *t)
{
    const dg_formula *f, *vjp;
    const char *names[1] = {"x"};
    DG_TRY(dg_formula_parse(pool, formula, NULL, 0, names, 1, &f));
    DG_TRY(dg_formula_vjp(pool, f, 0, &vjp)); /* over x, output and cotangent */
    t->keeps_input = dg_formula_uses(vjp, 0);
    t->keeps_output = dg_formula_uses(vjp, 1);
    DG_TRY(dg_program_make(arena, f, DG_FLOAT32, &t->forward));
    return dg_program_make(arena, vjp, DG_FLOAT32, &t->backward);
}

static void run(const dg_program *program, const float *x, const float *y, float *result)
{
    dg_shape shape = DG_SHAPE(ELEMENTS);
    dg_operand operands[3] = {{.dtype = DG_FLOAT32, .data = x, .strides = {1}},
                              {.dtype = DG_FLOAT32, .data = y, .strides = {1}},
                              {.dtype = DG_FLOAT32, .data = x, .strides = {1}}};
    dg_program_run(program, &shape, operands, DG_FLOAT32, result, 0, ELEMENTS);
}

static int compare_times(const void *a, const void *b)
{
    double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}

static void take_turns(timed *list, int n, const float *x, const float *y, float *result)
{
    for (int turn = -1; turn < TURNS; turn++) /* the first warms up */
        for (int i = 0; i < n; i++)
            for (int way = 0; way < 2; way++) {
                double begin = seconds_now();
                for (int k = 0; k < 8; k++)
                    run(way ? list[i].backward : list[i].forward, x, y, result);
                if (turn >= 0)
                    list[i].times[way][turn] = (seconds_now() - begin) / (8.0 * ELEMENTS) * 1e9;
            }
}

/* The median over turns of the ratio to the first rival's time in the same turn. */
static double ratio(const timed *t, const timed *to, int way)
{
    double ratios[TURNS];
    for (int k = 0; k < TURNS; k++)
        ratios[k] = t->times[way][k] / to->times[way][k];
    qsort(ratios, TURNS, sizeof *ratios, compare_times);
    return ratios[TURNS / 2];
}

static double median(const double *times)
{
    double sorted[TURNS];
    memcpy(sorted, times, sizeof sorted);
    qsort(sorted, TURNS, sizeof *sorted, compare_times);
    return sorted[TURNS / 2];
}

static int bytes_kept(const timed *t)
{
    return (t->keeps_input + t->keeps_output) * (int)sizeof(float);
}

/* The figures of the functions, then of those that ship and are not among them. */
static dg_status tell(const timed *list, int n, int n_functions, const timed *relu, cost_table **table)
{
    cost_table *made = malloc(sizeof *made + (size_t)n * sizeof made->rows[0]);
    if (!made)
        return dg_no_memory("a measurement");
    *made = (cost_table){.n = n, .n_functions = n_functions};
    for (int i = 0; i < n; i++) {
        const timed *t = &list[i];
        made->rows[i] = (cost_row){.name = t->name,
                                   .forward = median(t->times[0]),
                                   .gradient = median(t->times[1]),
                                   .forward_to_relu = ratio(t, relu, 0),
                                   .gradient_to_relu = ratio(t, relu, 1),
                                   .bytes_kept = bytes_kept(t)};
    }
    *table = made;
    return dg_ok();
}

static const timed *named(const timed *list, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

/* Those that ship follow the functions, unless they are among them. */
static dg_status measure(dg_activation *const *functions, int n, timed *list, dg_arena *arena, cost_table **table)
{
    const int n_functions = n;
    dg_formulas *pool;
    float *x = malloc(3 * ELEMENTS * sizeof *x);
    dg_status status = dg_formulas_new(&pool);
    if (!x || status.code != DG_OK) {
        free(x);
        return status.code != DG_OK ? status : dg_no_memory("a measurement");
    }
    dg_random key = {.seed = 1};
    dg_random_normal(&key, DG_FLOAT32, x, 0, 2 * ELEMENTS, 0, 1.5);
    for (int i = 0; i < n && status.code == DG_OK; i++) {
        list[i].name = report_title(functions[i]);
        status = make(arena, pool, dg_activation_text(functions[i], 0), &list[i]);
    }
    for (int i = 0; i < MOST_RIVALS && status.code == DG_OK; i++) {
        char call[40];
        if (named(list, n, rivals[i]))
            continue;
        snprintf(call, sizeof call, "%s(x)", rivals[i]);
        list[n].name = rivals[i];
        status = make(arena, pool, call, &list[n++]);
    }
    if (status.code == DG_OK) {
        take_turns(list, n, x, x + ELEMENTS, x + 2 * ELEMENTS);
        status = tell(list, n, n_functions, named(list, n, "relu"), table);
    }
    free(x);
    dg_formulas_free(pool);
    return status;
}

dg_status cost_measure(dg_activation *const *functions, int n, cost_table **table)
{
    dg_arena *arena;
    *table = NULL;
    timed *list = calloc((size_t)n + MOST_RIVALS, sizeof *list);
    if (!list)
        return dg_no_memory("a measurement");
    dg_status status = dg_arena_new(&arena);
    if (status.code == DG_OK) {
        status = measure(functions, n, list, arena, table);
        dg_arena_free(arena);
    }
    free(list);
    return status;
}

/* ---- as text and CSV ---- */

void cost_print(const cost_table *table, FILE *to)
{
    fprintf(to, "%-40s  %12s  %12s  %10s  %11s  %10s\n", "one thread, float32", "forward, ns", "gradient, ns",
            "× ReLU fwd", "× ReLU grad", "bytes kept");
    for (int i = 0; i < table->n; i++) {
        const cost_row *row = &table->rows[i];
        char name[160];
        report_cut(row->name, 40, name, sizeof name);
        fprintf(to, "%s%*s  %12.3f  %12.3f  %10.2f  %11.2f  %10d\n", name, 40 - text_columns(name), "", row->forward,
                row->gradient, row->forward_to_relu, row->gradient_to_relu, row->bytes_kept);
    }
}

void cost_csv(const cost_table *table, FILE *to)
{
    fputs("function,forward_ns,gradient_ns,forward_to_relu,gradient_to_relu,bytes_kept\n", to);
    for (int i = 0; i < table->n; i++) {
        const cost_row *row = &table->rows[i];
        report_quoted(to, row->name);
        fprintf(to, ",%.4g,%.4g,%.4g,%.4g,%d\n", row->forward, row->gradient, row->forward_to_relu,
                row->gradient_to_relu, row->bytes_kept);
    }
}
