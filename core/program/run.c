/* Running: tile after tile through all instructions, so that intermediate values stay in the first-level cache; or
 * through the loop that was compiled for them all.
 * Operands that are contiguous and of the right type are read where they are; the others come to a tile of scratch. */
#include "program.h"

#include <math.h>
#include <string.h>

enum { SCRATCH = 32 * 1024, LONGEST_TILE = 512, LONGEST_LOOKED_THROUGH = 2048, TILE_STEP = 16 };

row_pattern pattern_of(const dg_shape *shape, const int64_t *strides)
{
    row_pattern p = {.rank = 0};
    for (int d = 0; d < shape->rank; d++) {
        int64_t size = shape->dims[d], stride = strides[d];
        if (size == 1)
            continue;
        int last = p.rank - 1;
        if (last >= 0 && p.strides[last] == stride * size) {
            p.dims[last] *= size;
            p.strides[last] = stride;
        } else {
            p.dims[p.rank] = size;
            p.strides[p.rank++] = stride;
        }
    }
    return p;
}

operand_access access_of(const dg_program *program, dg_dtype dtype, const row_pattern *p)
{
    if (p->rank == 0 || (p->rank == 1 && p->strides[0] == 0))
        return ONCE;
    return p->rank == 1 && p->strides[0] == 1 && dtype == program->lane_dtype ? IN_PLACE : GATHERED;
}

/* A row that is the same for all positions of the outer dimension, from element `at` on: once by the load, then by
 * copies of what is there. */
static void gather_repeated(const row_pattern *p, vector_load load, size_t lane_size, const char *data, size_t item,
                            char *tile, int64_t at, int64_t n)
{
    int64_t row = p->dims[1], stride = p->strides[1], head = row - at < n ? row - at : n;
    load(tile, data + at * stride * (int64_t)item, stride, (size_t)head);
    int64_t filled = n < row ? n : row;
    if (filled > head)
        load(tile + (size_t)head * lane_size, data, stride, (size_t)(filled - head));
    while (filled < n) {
        int64_t count = filled < n - filled ? filled : n - filled;
        memcpy(tile + (size_t)filled * lane_size, tile, (size_t)count * lane_size);
        filled += count;
    }
}

/* Elements position … position + n − 1 of a broadcast or strided operand, row by row. */
static void gather(const row_pattern *p, vector_load load, size_t lane_size, const char *data, size_t item, char *tile,
                   int64_t position, int64_t n)
{
    if (p->rank == 2 && p->strides[0] == 0) {
        gather_repeated(p, load, lane_size, data, item, tile, position % p->dims[1], n);
        return;
    }
    int64_t at[DG_MAX_RANK], offset = 0;
    for (int d = p->rank - 1; d >= 0; d--) {
        at[d] = position % p->dims[d];
        position /= p->dims[d];
        offset += at[d] * p->strides[d];
    }
    int inner = p->rank - 1;
    int64_t row = p->dims[inner], stride = p->strides[inner];
    while (n > 0) {
        int64_t count = row - at[inner] < n ? row - at[inner] : n;
        load(tile, data + offset * (int64_t)item, stride, (size_t)count);
        tile += (size_t)count * lane_size;
        n -= count;
        offset -= at[inner] * stride;
        at[inner] = 0;
        for (int d = inner - 1; d >= 0; d--) {
            offset += p->strides[d];
            if (++at[d] < p->dims[d])
                break;
            offset -= p->dims[d] * p->strides[d];
            at[d] = 0;
        }
    }
}

/* One run's view of memory. Places are as the instructions number them. */
typedef struct run {
    const dg_program *program;
    const program_operand *operands, *results;
    char *places[MOST_PLACES + 1];
    int first_input, first_result; /* places */
    int64_t origin;                /* the element at the results' beginning */
    int64_t tile;                  /* elements */
    int64_t first;                 /* the first element */
    int64_t row;                   /* tiles are whole rows of operands that repeat a row; 0: they are not */
    bool stores;                   /* a result is stored from scratch */
    bool stored[MOST_RESULTS];     /* that one: not of the lane's type, or over an input that may be read again */
} run;

static vector_load load_of(const dg_program *program, const program_input *input, dg_dtype dtype)
{
    const vector_table *vectors = program->vectors;
    return input->is_condition ? vectors->load_condition[program->lane][dtype] : vectors->load[program->lane][dtype];
}

/* Whether elements are computed again where a result is infinite or NaN. */
static bool is_mended(const dg_program *p)
{
    return p->wide && !p->wide->n_watched;
}

/* Whether a result lies over an input that elements which are computed again would need. */
static bool lies_over_input(const run *r, int result)
{
    const dg_program *p = r->program;
    for (int k = 0; is_mended(p) && k < p->n_inputs; k++) {
        const program_operand *operand = &r->operands[p->inputs[k].index];
        if (operand->access == IN_PLACE && *operand->data == *r->results[result].data)
            return true;
    }
    return false;
}

static int count_tiles(run *r)
{
    const dg_program *p = r->program;
    int n = p->loop ? 0 : p->n_registers + p->n_constants;
    for (int k = 0; k < p->n_inputs; k++)
        n += r->operands[p->inputs[k].index].access != IN_PLACE;
    r->stores = false;
    for (int k = 0; k < p->n_results; k++) {
        r->stored[k] = r->results[k].dtype != p->lane_dtype || lies_over_input(r, k);
        n += r->stored[k];
        r->stores |= r->stored[k];
    }
    return n;
}

/* An operand that is one row again and again: a number for each channel of images whose channels lie last. */
static bool repeats_row(const program_operand *operand)
{
    return operand->access == GATHERED && operand->rows->rank == 2 && operand->rows->strides[0] == 0;
}

/* The length of the row of all operands that repeat one, where it is one length and fits a tile; else 0. */
static int64_t common_row(const run *r, int64_t most)
{
    const dg_program *p = r->program;
    int64_t row = 0;
    for (int k = 0; k < p->n_inputs; k++) {
        const program_operand *operand = &r->operands[p->inputs[k].index];
        if (!repeats_row(operand))
            continue;
        int64_t length = operand->rows->dims[1];
        if ((row > 0 && row != length) || length > most)
            return 0;
        row = length;
    }
    return row;
}

/* Gives every register, constant and operand its place, and fills what stays the same for all tiles. */
static void prepare(run *r, char *scratch, int64_t count)
{
    const dg_program *p = r->program;
    int n_tiles = count_tiles(r), used = 0;
    r->first_input = p->n_registers + p->n_constants;
    r->first_result = r->first_input + p->n_inputs;
    int64_t most = n_tiles ? (int64_t)((size_t)SCRATCH / p->element) / n_tiles : count;
    if (n_tiles && most > LONGEST_TILE)
        most = LONGEST_TILE;
    if (p->wide && most > LONGEST_LOOKED_THROUGH)
        most = LONGEST_LOOKED_THROUGH;
    if (most > TILE_STEP)
        most -= most % TILE_STEP;
    r->row = common_row(r, most);
    if (r->row > 0)
        most -= most % r->row;
    r->tile = most < count ? most : count;
    /* Tiles begin at cache lines as long as there is room for that. */
    size_t bytes = (size_t)r->tile * p->element;
    if (most >= TILE_STEP)
        bytes = (bytes + 63) / 64 * 64;
    for (int k = 0; !p->loop && k < r->first_input; k++)
        r->places[k] = scratch + (size_t)used++ * bytes;
    for (int k = 0; !p->loop && k < p->n_constants; k++)
        p->vectors->load[p->lane][p->lane_dtype](r->places[p->n_registers + k], &p->constants[k], 0, (size_t)r->tile);
    for (int k = 0; k < p->n_inputs; k++) {
        const program_input *input = &p->inputs[k];
        const program_operand *operand = &r->operands[input->index];
        if (operand->access == IN_PLACE)
            continue;
        r->places[r->first_input + k] = scratch + (size_t)used++ * bytes;
        if (operand->access == ONCE)
            load_of(p, input, operand->dtype)(r->places[r->first_input + k], *operand->data, 0, (size_t)r->tile);
    }
    for (int k = 0; k < p->n_results; k++)
        if (r->stored[k])
            r->places[r->first_result + k] = scratch + (size_t)used++ * bytes;
}

/* Brings operands and results of the lane's type to their places, and gathers the operands that need it. */
static void fetch(run *r, int64_t position, int64_t n)
{
    const dg_program *p = r->program;
    for (int k = 0; k < p->n_inputs; k++) {
        const program_input *input = &p->inputs[k];
        const program_operand *operand = &r->operands[input->index];
        if (operand->access == IN_PLACE)
            r->places[r->first_input + k] = (char *)*operand->data + (size_t)position * p->element;
        else if (operand->access == GATHERED && (r->row == 0 || position == r->first || !repeats_row(operand)))
            gather(operand->rows, load_of(p, input, operand->dtype), p->element, *operand->data,
                   dg_dtype_size(operand->dtype), r->places[r->first_input + k], position, n);
    }
    for (int k = 0; k < p->n_results; k++)
        if (!r->stored[k])
            r->places[r->first_result + k] = (char *)*r->results[k].data + (size_t)(position - r->origin) * p->element;
}

static void store(const run *r, int64_t position, int64_t n)
{
    const dg_program *p = r->program;
    for (int k = 0; k < p->n_results; k++) {
        dg_dtype dtype = r->results[k].dtype;
        if (r->stored[k])
            p->vectors->store[p->lane][dtype]((char *)*r->results[k].data +
                                                  (size_t)(position - r->origin) * dg_dtype_size(dtype),
                                              r->places[r->first_result + k], (size_t)n);
    }
}

/* ---- elements that are infinite or NaN although their limit may be a number ---- */

static double element_of(const dg_program *p, const char *place, int64_t i)
{
    return p->lane == LANE_F32 ? (double)((const float *)(const void *)place)[i]
                               : ((const double *)(const void *)place)[i];
}

static void set_element(const dg_program *p, char *place, int64_t i, double value)
{
    if (p->lane == LANE_F32)
        ((float *)(void *)place)[i] = (float)value;
    else
        ((double *)(void *)place)[i] = value;
}

/* The arguments of element i of the tile; false where there is no limit: one is NaN, or more than one infinite. */
static bool arguments_of(const run *r, int64_t i, double *inputs, int *n_infinite)
{
    const dg_program *p = r->program;
    *n_infinite = 0;
    for (int k = 0; k < p->n_inputs; k++) {
        double value = element_of(p, r->places[r->first_input + k], i);
        *n_infinite += isinf(value) != 0;
        if (isnan(value) || *n_infinite > 1)
            return false;
        inputs[p->inputs[k].index] = value;
    }
    return true;
}

/* The results of element i where they are infinite or NaN. */
static void mend_element(const run *r, int64_t i, const double *results)
{
    const dg_program *p = r->program;
    for (int k = 0; k < p->n_results; k++)
        if (!isfinite(element_of(p, r->places[r->first_result + k], i)) && !isnan(results[k]))
            set_element(p, r->places[r->first_result + k], i, results[k]);
}

__attribute__((noinline)) static void compute_again(const run *r, int64_t n)
{
    const dg_program *p = r->program;
    double inputs[MOST_PLACES + 1], results[MOST_RESULTS];
    int n_infinite;
    for (int64_t i = 0; i < n; i++) {
        bool any = false;
        for (int k = 0; k < p->n_results; k++)
            any |= !isfinite(element_of(p, r->places[r->first_result + k], i));
        if (!any || !arguments_of(r, i, inputs, &n_infinite))
            continue;
        wide_run(p->wide, inputs, results);
        mend_element(r, i, results);
    }
}

static void mend(const run *r, int64_t n)
{
    const dg_program *p = r->program;
    bool any = false;
    for (int k = 0; k < p->n_results; k++)
        any |= p->vectors->any_not_finite[p->lane](r->places[r->first_result + k], (size_t)n);
    if (any)
        compute_again(r, n);
}

static void execute(const run *r, int64_t n)
{
    const dg_program *p = r->program;
    if (p->loop)
        p->loop((void *const *)&r->places[r->first_input], p->constants, (size_t)n);
    for (int i = 0; !p->loop && i < p->n_instructions; i++) {
        const instruction *in = &p->instructions[i];
        in->kernel(r->places[in->result], r->places[in->args[0]], r->places[in->args[1]], r->places[in->args[2]],
                   (size_t)n);
    }
}

/* Whether one of the inputs is infinite, or NaN, by which a limit is lost. */
static bool meets_infinity(const run *r, int64_t n)
{
    const dg_program *p = r->program;
    bool any = false;
    for (int k = 0; k < p->n_inputs; k++)
        for (int w = 0; w < p->wide->n_watched; w++)
            if (p->wide->watched[w] == p->inputs[k].index)
                any |= p->vectors->any_not_finite[p->lane](r->places[r->first_input + k], (size_t)n);
    return any;
}

/* A few elements at a time, their limits before the results go over the inputs. */
__attribute__((noinline)) static void execute_with_limits(run *r, int64_t position, int64_t n)
{
    enum { PART = 16 };
    double inputs[MOST_PLACES + 1], results[PART][MOST_RESULTS];
    bool is_limit[PART];
    for (int64_t begin = 0; begin < n; begin += PART) {
        int64_t count = n - begin < PART ? n - begin : PART;
        fetch(r, position + begin, count);
        for (int64_t i = 0; i < count; i++) {
            int n_infinite;
            is_limit[i] = arguments_of(r, i, inputs, &n_infinite) && n_infinite == 1;
            if (is_limit[i])
                wide_run(r->program->wide, inputs, results[i]);
        }
        execute(r, count);
        for (int64_t i = 0; i < count; i++)
            if (is_limit[i])
                mend_element(r, i, results[i]);
        if (r->stores)
            store(r, position + begin, count);
    }
}

void program_run(const dg_program *program, const program_operand *operands, const program_operand *results,
                 int64_t begin, int64_t end, int64_t origin)
{
    _Alignas(64) char scratch[SCRATCH];
    run r; /* not cleared: it is large */
    r.program = program;
    r.operands = operands;
    r.results = results;
    r.origin = origin;
    if (begin >= end)
        return;
    r.first = begin;
    prepare(&r, scratch, end - begin);
    for (int64_t position = begin; position < end; position += r.tile) {
        int64_t n = end - position < r.tile ? end - position : r.tile;
        fetch(&r, position, n);
        if (program->wide && program->wide->n_watched && meets_infinity(&r, n)) {
            execute_with_limits(&r, position, n);
            continue;
        }
        execute(&r, n);
        if (is_mended(program))
            mend(&r, n);
        if (r.stores)
            store(&r, position, n);
    }
}

void dg_program_run(const dg_program *program, const dg_shape *shape, const dg_operand *operands, dg_dtype result_type,
                    void *result, int64_t begin, int64_t end)
{
    if (!program || !shape || (!operands && program->n_inputs > 0) || !result)
        return;
    program_operand prepared[MOST_OPERANDS];
    row_pattern rows[MOST_OPERANDS];
    for (int k = 0; k < program->n_inputs; k++) {
        int index = program->inputs[k].index;
        const dg_operand *operand = &operands[index];
        rows[index] = pattern_of(shape, operand->strides);
        prepared[index] = (program_operand){.data = (void *const *)(uintptr_t)&operand->data,
                                            .rows = &rows[index],
                                            .dtype = operand->dtype,
                                            .access = (uint8_t)access_of(program, operand->dtype, &rows[index])};
    }
    const program_operand target = {.data = &result, .dtype = result_type};
    program_run(program, prepared, &target, begin, end, 0);
}
