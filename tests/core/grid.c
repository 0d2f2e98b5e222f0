/* Formulas of activation functions and their kin (tests/formulas/activations.txt) and their derivatives of orders 1 and
 * 2, at numbers from 1e-30 to the largest and at the infinities, in both float types, against mpmath (make_reference.py
 * there).
 *
 * Where there is a value or a limit there is a number. It is as exact as one of an argument that is off by some units
 * in the last place: |got − want| ≤ FACTOR·ε·(|want| + |x·want′|); or it is off by no more than FACTOR·ε, and has the
 * right sign or is 0. GRID=FORMULAS in the environment takes another list (with FORMULAS.safetensors for .txt beside
 * it). */
#include "formula_test.h"

#include <dotgrad/tensor.h>
#include <float.h>

enum { LINE = 1000, NAME = 100 };

/* Of each order. */
static const double factors[] = {16, 32, 512};

typedef struct grid {
    FILE *formulas;
    dg_tensors *wants;
    const dg_tensor *points;
    int64_t n_points, n_single;
    int checked, wrong;
} grid;

static void grid_open(grid *g)
{
    char path[LINE];
    const char *named = getenv("GRID");
    if (named)
        snprintf(path, sizeof path, "%s", named);
    else
        snprintf(path, sizeof path, "%s/formulas/activations.txt", getenv("TESTS"));
    *g = (grid){.formulas = fopen(path, "r")};
    cr_assert(g->formulas, "cannot read %s", path);
    size_t length = strlen(path);
    snprintf(path + length - 4, sizeof path - length + 4, ".safetensors");
    dg_status status = dg_safetensors_read(path, &g->wants);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    g->points = dg_tensors_find(g->wants, "x");
    g->n_points = dg_tensor_count(g->points);
    g->n_single = (int64_t)dg_tensor_get(dg_tensors_find(g->wants, "single"), 0);
}

static void grid_close(grid *g)
{
    fclose(g->formulas);
    dg_tensors_free(g->wants);
}

/* The next formula and the numbers of it: false at the end. */
static bool grid_next(grid *g, char *line, char **name, char **formula, const dg_tensor **wants)
{
    while (fgets(line, LINE, g->formulas)) {
        line[strcspn(line, "\n")] = '\0';
        char *source = strstr(line, " | "), *text = source ? strstr(source + 3, " | ") : NULL, key[NAME];
        if (line[0] == '#' || !text)
            continue;
        *source = '\0';
        snprintf(key, sizeof key, "f.%.90s", line);
        *name = line;
        *formula = text + 3;
        *wants = dg_tensors_find(g->wants, key);
        cr_assert(*wants, "%s has no numbers: run make_reference.py", line);
        return true;
    }
    return false;
}

/* Sums of numbers far larger than they are themselves, as the formula is written: small enough, of either sign. */
static bool may_cancel(const char *name, int order)
{
    static const struct {
        const char *name;
        int order;
    } sums[] = {
        {"sinc", 1},           {"dsu", 0},   {"dsu", 2}, /* sines of multiples of the number that is read for pi */
        {"triple_sigmoid", 2}, {"hoyer", 2},             /* odd: 0 at 0, where its terms are not */
        {"pau_start", 2},      {"eis_2", 2},             /* of order 1/x^3, its terms are of order 1/x */
    };
    for (size_t k = 0; k < sizeof sums / sizeof *sums; k++)
        if (sums[k].order == order && strcmp(sums[k].name, name) == 0)
            return true;
    return false;
}

typedef struct wanted {
    double x, value, slope;
} wanted;

static bool is_right(dg_dtype dtype, const char *name, int order, const wanted *want, double got)
{
    double epsilon = factors[order] * (dtype == DG_FLOAT32 ? (double)FLT_EPSILON : DBL_EPSILON);
    double least = dtype == DG_FLOAT32 ? (double)FLT_MIN : DBL_MIN,
           most = dtype == DG_FLOAT32 ? (double)FLT_MAX : DBL_MAX;
    if (isnan(want->value) || got == want->value)
        return true;
    if (fabs(want->x) < 0.1 && order > 0 && strcmp(name, "sinc") == 0) /* cancels at the hole, which is at 0 */
        return true;
    if (isnan(got))
        return isinf(want->x) && strcmp(name, "tanhsoft_3") == 0; /* a quotient of exponentials of infinity */
    if (fabs(want->value) > most / 4)
        return fabs(got) > most / 8 && (got > 0) == (want->value > 0);
    double off = fabs(got - want->value);
    double moves = isinf(want->x) || isnan(want->slope) ? 0 : fabs(want->x * want->slope);
    if (off <= epsilon * (fabs(want->value) + moves) + least)
        return true;
    return off <= epsilon && (got * want->value >= 0 || may_cancel(name, order));
}

static void check_order(grid *g, dg_dtype dtype, const char *name, const dg_formula *formula, int order,
                        const dg_tensor *wants)
{
    for (int64_t i = 0; i < g->n_points; i++) {
        double x = dg_tensor_get(g->points, i);
        if (dtype == DG_FLOAT32 && i >= g->n_single && isfinite(x))
            continue;
        const wanted want = {x, dg_tensor_get(wants, order * g->n_points + i),
                             dg_tensor_get(wants, (order + 1) * g->n_points + i)};
        double got = evaluate_in(dtype, formula, &x);
        bool right = is_right(dtype, name, order, &want, got);
        g->checked++;
        g->wrong += !right;
        cr_expect(right, "%s, order %d at %.9g, %s: it is %.9g, expected %.9g (%s)", name, order, x,
                  dg_dtype_name(dtype), got, want.value, print(formula));
    }
}

Test(grid, formulas_and_their_derivatives_everywhere, .init = set_up, .fini = tear_down)
{
    grid g;
    char line[LINE], *name, *text;
    const dg_tensor *wants;
    grid_open(&g);
    while (grid_next(&g, line, &name, &text, &wants)) {
        const dg_formula *formula = parse(text);
        for (int order = 0; order < 3; order++) {
            check_order(&g, DG_FLOAT32, name, formula, order, wants);
            check_order(&g, DG_FLOAT64, name, formula, order, wants);
            formula = order < 2 ? derivative(formula, 0) : formula;
        }
    }
    grid_close(&g);
    cr_expect_geq(g.checked, 1000);
}
