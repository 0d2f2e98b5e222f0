/* Data sets that are computed. Points are float64; equal seeds give equal points. */
#include "readers.h"

#include <dotgrad/random.h>

#include <math.h>
#include <string.h>

/* Draws in hand for one set: two standard normals a row, and a uniform number in [0, 1). */
typedef struct made_draws {
    double (*normal)[2];
    double *unit;
} made_draws;

/* Row k of n: the point and its class (or, for a function, its value). */
typedef struct made_set {
    const char *name;
    int n_features;
    int64_t n_classes; /* 0: the target is a number */
    int64_t n;         /* rows by default */
    double noise;      /* by default */
    void (*point)(int64_t k, int64_t n, double unit, double point[2], double *target);
} made_set;

static void xor_point(int64_t k, int64_t n, double unit, double point[2], double *target)
{
    (void)n, (void)unit;
    int64_t corner = k % 4;
    point[0] = (double)(corner / 2);
    point[1] = (double)(corner % 2);
    *target = point[0] != point[1];
}

/* Lang and Witbrock, "Learning to tell two spirals apart", 1988 (the CMU benchmark): 97 points an arm,
 * angle iπ/16, radius 6.5(104 − i)/104, the second arm opposite the first. */
static void spirals_point(int64_t k, int64_t n, double unit, double point[2], double *target)
{
    (void)unit;
    int64_t arm_length = n / 2 + n % 2;
    double i = arm_length > 1 ? 96.0 * (double)(k / 2) / (double)(arm_length - 1) : 0.0;
    double angle = i * M_PI / 16, radius = 6.5 * (104 - i) / 104, side = k % 2 == 0 ? 1 : -1;
    point[0] = side * radius * sin(angle);
    point[1] = side * radius * cos(angle);
    *target = k % 2 == 0;
}

/* Two interleaved half circles, as scikit-learn's make_moons. */
static void moons_point(int64_t k, int64_t n, double unit, double point[2], double *target)
{
    (void)unit;
    int64_t arm_length = n / 2 + n % 2;
    double angle = arm_length > 1 ? M_PI * (double)(k / 2) / (double)(arm_length - 1) : 0.0;
    bool inner = k % 2 == 1;
    point[0] = inner ? 1 - cos(angle) : cos(angle);
    point[1] = inner ? 0.5 - sin(angle) : sin(angle);
    *target = inner;
}

/* Eight modes on a circle of radius 2. */
static void ring_point(int64_t k, int64_t n, double unit, double point[2], double *target)
{
    (void)n, (void)unit;
    double angle = 2 * M_PI * (double)(k % 8) / 8;
    point[0] = 2 * cos(angle);
    point[1] = 2 * sin(angle);
    *target = (double)(k % 8);
}

/* 25 modes at −4, −2, 0, 2, 4 in both directions. */
static void grid_point(int64_t k, int64_t n, double unit, double point[2], double *target)
{
    (void)n, (void)unit;
    point[0] = (double)(k % 25 / 5) * 2 - 4;
    point[1] = (double)(k % 5) * 2 - 4;
    *target = (double)(k % 25);
}

/* sin(x)/x, x uniform in [−10, 10). */
static void sinc_point(int64_t k, int64_t n, double unit, double point[2], double *target)
{
    (void)k, (void)n;
    point[0] = 20 * unit - 10;
    *target = fabs(point[0]) < 1e-12 ? 1 : sin(point[0]) / point[0];
}

/* Nothing to read: for graphs that are trained without data. */
static void none_point(int64_t k, int64_t n, double unit, double point[2], double *target)
{
    (void)k, (void)n, (void)unit;
    point[0] = *target = 0;
}

static const made_set sets[] = {
    {"none", 1, 0, 1, 0, none_point},         {"xor", 2, 2, 4, 0, xor_point},
    {"spirals", 2, 2, 194, 0, spirals_point}, {"moons", 2, 2, 200, 0.1, moons_point},
    {"ring", 2, 8, 2500, 0.02, ring_point},   {"grid", 2, 25, 2500, 0.05, grid_point},
    {"sinc", 1, 0, 200, 0.1, sinc_point},
};

static const dg_data_format formats[] = {
    {"none", "", "none", 0, "rows without a content, for graphs that read no data"},
    {"xor", "", "none", 0, "the four points of exclusive or"},
    {"spirals", "", "none", 0, "two spirals, 97 points each"},
    {"moons", "", "none", 0.25, "two half circles that reach into each other, with noise"},
    {"ring", "", "none", 0, "eight modes on a circle"},
    {"grid", "", "none", 0, "25 modes on a grid"},
    {"sinc", "", "none", 0.25, "sin(x)/x with noise; the field truth has none"},
};

static const made_set *find(const char *name)
{
    for (size_t k = 0; k < sizeof sets / sizeof sets[0]; k++)
        if (!strcmp(sets[k].name, name))
            return &sets[k];
    return NULL;
}

/* Noise goes on the point of a class, and on the value of a function. */
static dg_status fill(const made_set *made, int64_t n, double noise, const made_draws *draws, dg_data *set)
{
    dg_tensor *features, *target, *truth;
    DG_TRY(dg_tensors_add(set->data.fields, "features", DG_FLOAT64, DG_SHAPE(n, made->n_features), &features));
    DG_TRY(dg_tensors_add(set->data.fields, "target", made->n_classes ? DG_INT64 : DG_FLOAT64, DG_SHAPE(n), &target));
    if (!made->n_classes)
        DG_TRY(dg_tensors_add(set->data.fields, "truth", DG_FLOAT64, DG_SHAPE(n), &truth));
    for (int64_t k = 0; k < n; k++) {
        double point[2] = {0}, value;
        made->point(k, n, draws->unit[k], point, &value);
        if (!made->n_classes) {
            dg_tensor_set(truth, k, value);
            value += noise * draws->normal[k][0];
        }
        dg_tensor_set(target, k, value);
        for (int f = 0; f < made->n_features; f++)
            dg_tensor_set(features, k * made->n_features + f,
                          point[f] + (made->n_classes ? noise * draws->normal[k][f] : 0));
    }
    set->count = n;
    set->n_classes = made->n_classes;
    return dg_ok();
}

static dg_status made_read(const data_reading *reading, dg_data **result)
{
    const char *name = reading->name;
    const made_set *made = find(name);
    dg_data *set = NULL;
    dg_tensor normal = {0}, unit = {0};
    *result = NULL;
    if (!made)
        return dg_error(DG_BAD_ARGUMENT, "%s: there is no such data set", name);
    int64_t n = reading->options->n ? reading->options->n : made->n;
    double noise = reading->options->noise >= 0 ? reading->options->noise : made->noise;
    uint64_t seed = reading->asked->seed;
    if (n > INT64_MAX / 64)
        return data_no_memory(name);
    DG_TRY(budget_take(reading->budget, name, (size_t)n * 6 * sizeof(double))); /* draws, points and targets */
    dg_status status = dg_tensor_make(&normal, DG_FLOAT64, DG_SHAPE(n, 2));
    if (status.code == DG_OK)
        status = dg_tensor_make(&unit, DG_FLOAT64, DG_SHAPE(n));
    if (status.code == DG_OK)
        status = data_set_new(name, &set);
    if (status.code == DG_OK) {
        dg_random key = {.seed = seed, .stream = dg_random_stream("data noise")};
        dg_random_normal(&key, DG_FLOAT64, normal.data, 0, 2 * n, 0, 1);
        key.stream = dg_random_stream("data points");
        dg_random_uniform(&key, DG_FLOAT64, unit.data, 0, n, 0, 1);
        status = fill(made, n, noise, &(made_draws){normal.data, unit.data}, set);
    }
    dg_tensor_release(&normal);
    dg_tensor_release(&unit);
    if (status.code == DG_OK)
        *result = set;
    else
        dg_data_free(set);
    return status;
}

const data_reader made_reader = {
    .formats = formats, .n_formats = sizeof formats / sizeof formats[0], .kinds = SETS_MADE, .read = made_read};
