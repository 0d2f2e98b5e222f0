/* The axes of a contour: numbers of parameters, ways to the weights of other runs, random directions. */
#include "axes.h"

#include <dotgrad/random.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Adds a tensor of zeros like `like` to a direction. */
static dg_status add_zeros(dg_tensors *direction, const char *name, const dg_tensor *like, dg_tensor **made)
{
    return dg_tensors_add(direction, name, DG_FLOAT64, like->shape, made);
}

/* "NAME[i, j]": the element of a parameter. */
static dg_status take_number(const contour_axes *a, axis *to)
{
    char text[DG_SHAPE_TEXT], *bracket = strchr(to->name, '['), parameter[200];
    int64_t flat = 0;
    int rank = 0;
    snprintf(parameter, sizeof parameter, "%.*s", (int)strcspn(to->name, "["), to->name);
    dg_tensor *tensor = dg_tensors_find(a->base, parameter), *made;
    if (!tensor)
        return dg_error(DG_BAD_ARGUMENT, "%s: there is no parameter '%s', and no run of that name", a->path, parameter);
    const dg_shape *shape = &tensor->shape;
    bool fits = true;
    for (char *at = bracket; at && *at != ']' && fits; rank++) {
        char *behind;
        long long index = strtoll(at + 1, &behind, 10);
        fits = behind > at + 1 && rank < shape->rank && index >= 0 && index < shape->dims[rank];
        flat = fits ? flat * shape->dims[rank] + index : 0;
        at = behind + strspn(behind, " ");
        fits = fits && (*at == ',' || (*at == ']' && !at[1]));
    }
    if (!fits || rank != shape->rank)
        return dg_error(DG_BAD_ARGUMENT, "%s: '%s' is no number of '%s' %s", a->path, to->name, parameter,
                        dg_shape_print(shape, text, sizeof text));
    DG_TRY(add_zeros(to->direction, parameter, tensor, &made));
    dg_tensor_set(made, flat, 1);
    to->origin = dg_tensor_get(tensor, flat);
    return dg_ok();
}

/* The way to the weights of another run: 1 is there. */
static dg_status take_run(const contour_axes *a, axis *to)
{
    dg_tensors *other = NULL;
    dg_status status = checkpoint_read(to->name, &other);
    for (size_t k = 0; status.code == DG_OK && k < dg_tensors_count(a->base); k++) {
        const char *name = dg_tensors_name(a->base, k);
        const dg_tensor *here = dg_tensors_at(a->base, k), *there = dg_tensors_find(other, name);
        dg_tensor *made;
        if (!dg_dtype_is_float(here->dtype))
            continue;
        status = there && dg_shape_equal(&there->shape, &here->shape)
                     ? add_zeros(to->direction, name, here, &made)
                     : dg_error(DG_BAD_SHAPE, "%s: '%s' is not as in %s", to->name, name, a->path);
        for (int64_t i = 0; status.code == DG_OK && i < dg_tensor_count(here); i++)
            dg_tensor_set(made, i, dg_tensor_get(there, i) - dg_tensor_get(here, i));
    }
    dg_tensors_free(other);
    return status;
}

static double norm_of(const dg_tensor *tensor, int64_t begin, int64_t count)
{
    double sum = 0;
    for (int64_t i = begin; i < begin + count; i++)
        sum += dg_tensor_get(tensor, i) * dg_tensor_get(tensor, i);
    return sqrt(sum);
}

/* Normal numbers, each filter (row of a weight) scaled to the norm of the parameter's own; vectors stay (Li and others,
 * Visualizing the loss landscape of neural nets, 2018, section 4). */
static dg_status take_random(const contour_axes *a, int d, axis *to)
{
    dg_random key = {.seed = (uint64_t)d};
    for (size_t k = 0; k < dg_tensors_count(a->base); k++) {
        const char *name = dg_tensors_name(a->base, k);
        const dg_tensor *here = dg_tensors_at(a->base, k);
        dg_tensor *made;
        if (!dg_dtype_is_float(here->dtype) || here->shape.rank < 2)
            continue;
        DG_TRY(add_zeros(to->direction, name, here, &made));
        key.stream = dg_random_stream(name);
        int64_t count = dg_tensor_count(here), row = count / here->shape.dims[0];
        dg_random_normal(&key, DG_FLOAT64, made->data, 0, count, 0, 1);
        for (int64_t begin = 0; begin < count; begin += row) {
            double scale = norm_of(here, begin, row) / fmax(norm_of(made, begin, row), 1e-300);
            for (int64_t i = begin; i < begin + row; i++)
                dg_tensor_set(made, i, scale * dg_tensor_get(made, i));
        }
    }
    return dg_tensors_count(to->direction)
               ? dg_ok()
               : dg_error(DG_BAD_ARGUMENT, "%s: there are no weights of two dimensions or more", a->path);
}

/* The comma outside brackets. */
static const char *find_comma(const char *text)
{
    int depth = 0;
    for (; *text; text++) {
        depth += (*text == '[') - (*text == ']');
        if (*text == ',' && depth == 0)
            return text;
    }
    return NULL;
}

static void name_axis(axis *to, const char *text, size_t length)
{
    while (length && *text == ' ')
        text++, length--;
    while (length && text[length - 1] == ' ')
        length--;
    snprintf(to->name, sizeof to->name, "%.*s", (int)length, text);
}

static double product(const dg_tensors *a, const dg_tensors *b)
{
    double sum = 0;
    for (size_t k = 0; k < dg_tensors_count(a); k++) {
        const dg_tensor *x = dg_tensors_at(a, k), *y = dg_tensors_find(b, dg_tensors_name(a, k));
        for (int64_t i = 0; y && i < dg_tensor_count(x); i++)
            sum += dg_tensor_get(x, i) * dg_tensor_get(y, i);
    }
    return sum;
}

dg_status axes_read(contour_axes *a, const plot_source *s, const char *text)
{
    const char *comma = find_comma(text), *second = comma ? comma + 1 : NULL;
    *a = (contour_axes){.path = s->path};
    if (!comma || find_comma(second))
        return dg_error(DG_BAD_ARGUMENT,
                        "contour '%s': expected two of: a number of a parameter, w[0]; a run, runs/b; random", text);
    name_axis(&a->at[0], text, (size_t)(comma - text));
    name_axis(&a->at[1], second, strlen(second));
    DG_TRY(dg_tensors_new(&a->base));
    for (size_t k = 0; k < dg_tensors_count(s->parameters); k++)
        DG_TRY(dg_tensors_put(a->base, dg_tensors_name(s->parameters, k), dg_tensors_at(s->parameters, k)));
    for (int d = 0; d < 2; d++) {
        axis *to = &a->at[d];
        DG_TRY(dg_tensors_new(&to->direction));
        if (strcmp(to->name, "random") == 0)
            DG_TRY(take_random(a, d, to));
        else if (access(to->name, F_OK) == 0)
            DG_TRY(take_run(a, to));
        else
            DG_TRY(take_number(a, to));
    }
    for (int i = 0; i < 4; i++)
        a->gram[i / 2][i % 2] = product(a->at[i / 2].direction, a->at[i % 2].direction);
    double volume = a->gram[0][0] * a->gram[1][1] - a->gram[0][1] * a->gram[1][0];
    if (!(volume > 1e-12 * a->gram[0][0] * a->gram[1][1]))
        return dg_error(DG_BAD_ARGUMENT, "contour '%s': the two axes are one direction", text);
    return dg_ok();
}

/* Where weights are in the plane: of those beside it, the nearest point (by least squares). */
dg_status axes_project(const contour_axes *a, const char *file, const dg_tensors *set, double at[2])
{
    double along[2] = {0, 0};
    for (int d = 0; d < 2; d++)
        for (size_t k = 0; k < dg_tensors_count(a->at[d].direction); k++) {
            const char *name = dg_tensors_name(a->at[d].direction, k);
            const dg_tensor *direction = dg_tensors_at(a->at[d].direction, k), *there = dg_tensors_find(set, name),
                            *base = dg_tensors_find(a->base, name);
            if (!there || dg_tensor_count(there) != dg_tensor_count(direction))
                return dg_error(DG_BAD_ARGUMENT, "%s: parameter '%s' is not as in %s", file, name, a->path);
            for (int64_t i = 0; i < dg_tensor_count(direction); i++)
                along[d] += dg_tensor_get(direction, i) * (dg_tensor_get(there, i) - dg_tensor_get(base, i));
        }
    double volume = a->gram[0][0] * a->gram[1][1] - a->gram[0][1] * a->gram[1][0];
    at[0] = a->at[0].origin + (along[0] * a->gram[1][1] - along[1] * a->gram[0][1]) / volume;
    at[1] = a->at[1].origin + (along[1] * a->gram[0][0] - along[0] * a->gram[1][0]) / volume;
    return dg_ok();
}

/* The parameters at a place of the plane. */
void axes_move(const contour_axes *a, dg_tensors *parameters, const double at[2])
{
    for (int d = 0; d < 2; d++) /* back to the base */
        for (size_t k = 0; k < dg_tensors_count(a->at[d].direction); k++) {
            const char *name = dg_tensors_name(a->at[d].direction, k);
            const dg_tensor *base = dg_tensors_find(a->base, name);
            memcpy(dg_tensors_find(parameters, name)->data, base->data, dg_tensor_bytes(base));
        }
    for (int d = 0; d < 2; d++)
        for (size_t k = 0; k < dg_tensors_count(a->at[d].direction); k++) {
            const dg_tensor *direction = dg_tensors_at(a->at[d].direction, k);
            dg_tensor *tensor = dg_tensors_find(parameters, dg_tensors_name(a->at[d].direction, k));
            for (int64_t i = 0; i < dg_tensor_count(direction); i++)
                dg_tensor_set(tensor, i,
                              dg_tensor_get(tensor, i) + (at[d] - a->at[d].origin) * dg_tensor_get(direction, i));
        }
}

void axes_release(contour_axes *a)
{
    for (int d = 0; d < 2; d++)
        dg_tensors_free(a->at[d].direction);
    dg_tensors_free(a->base);
    *a = (contour_axes){0};
}
