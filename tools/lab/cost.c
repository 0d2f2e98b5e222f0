/* What a function costs: its kernel and the kernel of its gradient over numbers that stay in the caches, in turns with
 * those that ship, so that a busy machine is busy for all. */
#include "lab.h"

#include <stdlib.h>
#include <string.h>

enum { ELEMENTS = 1 << 15, TURNS = 15, MOST_RIVALS = 6, MOST_TIMED = 32 };

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

static void print(const timed *list, int n, const timed *relu, FILE *to)
{
    fprintf(to, "%-40s  %12s  %12s  %10s  %10s  %10s\n", "one thread, float32", "forward, ns", "gradient, ns",
            "× ReLU fwd", "× ReLU grad", "bytes kept");
    for (int i = 0; i < n; i++)
        fprintf(to, "%-40.40s  %12.3f  %12.3f  %10.2f  %10.2f  %10d\n", list[i].name, median(list[i].times[0]),
                median(list[i].times[1]), ratio(&list[i], relu, 0), ratio(&list[i], relu, 1),
                4 * (list[i].keeps_input || list[i].keeps_output));
}

static dg_status measure(dg_activation *const *functions, int n, timed *list, dg_arena *arena, FILE *to)
{
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
        snprintf(call, sizeof call, "%s(x)", rivals[i]);
        list[n + i].name = rivals[i];
        status = make(arena, pool, call, &list[n + i]);
    }
    if (status.code == DG_OK) {
        take_turns(list, n + MOST_RIVALS, x, x + ELEMENTS, x + 2 * ELEMENTS);
        print(list, n + MOST_RIVALS, &list[n], to);
    }
    free(x);
    dg_formulas_free(pool);
    return status;
}

dg_status cost_print(dg_activation *const *functions, int n, FILE *to)
{
    dg_arena *arena;
    if (n > MOST_TIMED - MOST_RIVALS)
        n = MOST_TIMED - MOST_RIVALS;
    timed *list = calloc(MOST_TIMED, sizeof *list);
    if (!list)
        return dg_no_memory("a measurement");
    dg_status status = dg_arena_new(&arena);
    if (status.code == DG_OK) {
        status = measure(functions, n, list, arena, to);
        dg_arena_free(arena);
    }
    free(list);
    return status;
}
