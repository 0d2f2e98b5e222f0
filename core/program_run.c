/* Running: tile after tile through all instructions, so that intermediate values stay in the first-level cache.
 * Operands that are contiguous and of the right type are read where they are; the others come to a tile of scratch. */
#include "program.h"

#include <string.h>

enum { SCRATCH = 32 * 1024, LONGEST_TILE = 512, TILE_STEP = 16 };

/* How an operand comes in. */
typedef enum access {
    IN_PLACE, /* contiguous, of the lane's type */
    ONCE,     /* one element for all: a tile filled at the start */
    GATHERED  /* anything else: a tile filled for every tile */
} access;

/* An operand's dimensions, those of size 1 left out and those that step alike joined. */
typedef struct pattern {
    int rank;
    int64_t dims[DG_MAX_RANK], strides[DG_MAX_RANK];
} pattern;

static pattern pattern_of(const dg_shape *shape, const dg_operand *operand)
{
    pattern p = {.rank = 0};
    for (int d = 0; d < shape->rank; d++) {
        int64_t size = shape->dims[d], stride = operand->strides[d];
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

static access access_of(const dg_program *program, const dg_shape *shape, const dg_operand *operand)
{
    pattern p = pattern_of(shape, operand);
    if (p.rank == 0 || (p.rank == 1 && p.strides[0] == 0))
        return ONCE;
    return p.rank == 1 && p.strides[0] == 1 && operand->dtype == program->lane_dtype ? IN_PLACE : GATHERED;
}

/* A row that is the same for all positions of the outer dimension, from element `at` on: once by the load, then by
 * copies of what is there. */
static void gather_repeated(const pattern *p, vector_load load, size_t lane_size, const char *data, size_t item,
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
static void gather(const pattern *p, vector_load load, size_t lane_size, const char *data, size_t item, char *tile,
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
    const dg_shape *shape;
    const dg_operand *operands;
    char *places[MOST_PLACES + 1];
    unsigned char accesses[MOST_PLACES];
    int first_input; /* place */
    int64_t tile;    /* elements */
} run;

static vector_load load_of(const dg_program *program, const program_input *input, dg_dtype dtype)
{
    const vector_table *vectors = program->vectors;
    return input->is_condition ? vectors->load_condition[program->lane][dtype] : vectors->load[program->lane][dtype];
}

/* Gives every register, constant and operand its place, and fills what stays the same for all tiles. */
static void prepare(run *r, char *scratch, bool result_in_place, int64_t count)
{
    const dg_program *p = r->program;
    int n_tiles = p->n_registers + p->n_constants + !result_in_place, used = 0;
    r->first_input = p->n_registers + p->n_constants;
    for (int k = 0; k < p->n_inputs; k++) {
        const program_input *input = &p->inputs[k];
        r->accesses[k] = (unsigned char)access_of(p, r->shape, &r->operands[input->index]);
        n_tiles += r->accesses[k] != IN_PLACE;
    }
    int64_t most = n_tiles ? (int64_t)((size_t)SCRATCH / p->element) / n_tiles : count;
    if (n_tiles && most > LONGEST_TILE)
        most = LONGEST_TILE;
    if (most > TILE_STEP)
        most -= most % TILE_STEP;
    r->tile = most < count ? most : count;
    /* Tiles begin at cache lines as long as there is room for that. */
    size_t bytes = (size_t)r->tile * p->element;
    if (most >= TILE_STEP)
        bytes = (bytes + 63) / 64 * 64;
    int n_own = r->first_input;
    for (int k = 0; k < n_own; k++)
        r->places[k] = scratch + (size_t)used++ * bytes;
    for (int k = 0; k < p->n_constants; k++)
        p->vectors->load[p->lane][p->lane_dtype](r->places[p->n_registers + k], &p->constants[k], 0, (size_t)r->tile);
    for (int k = 0; k < p->n_inputs; k++) {
        const program_input *input = &p->inputs[k];
        const dg_operand *operand = &r->operands[input->index];
        if (r->accesses[k] == IN_PLACE)
            continue;
        r->places[n_own + k] = scratch + (size_t)used++ * bytes;
        if (r->accesses[k] == ONCE)
            load_of(p, input, operand->dtype)(r->places[n_own + k], operand->data, 0, (size_t)r->tile);
    }
    r->places[n_own + p->n_inputs] = scratch + (size_t)used * bytes;
}

static void fetch(run *r, int64_t position, int64_t n)
{
    const dg_program *p = r->program;
    for (int k = 0; k < p->n_inputs; k++) {
        const program_input *input = &p->inputs[k];
        const dg_operand *operand = &r->operands[input->index];
        if (r->accesses[k] == IN_PLACE) {
            r->places[r->first_input + k] = (char *)operand->data + (size_t)position * p->element;
        } else if (r->accesses[k] == GATHERED) {
            pattern rows = pattern_of(r->shape, operand);
            gather(&rows, load_of(p, input, operand->dtype), p->element, operand->data, dg_dtype_size(operand->dtype),
                   r->places[r->first_input + k], position, n);
        }
    }
}

void dg_program_run(const dg_program *program, const dg_shape *shape, const dg_operand *operands, dg_dtype result_type,
                    void *result, int64_t begin, int64_t end)
{
    _Alignas(64) char scratch[SCRATCH];
    run r; /* not cleared: it is large */
    r.program = program;
    r.shape = shape;
    r.operands = operands;
    bool in_place = result_type == program->lane_dtype;
    int last = program->n_registers + program->n_constants + program->n_inputs;
    vector_store store = program->vectors->store[program->lane][result_type];
    if (begin >= end)
        return;
    prepare(&r, scratch, in_place, end - begin);
    for (int64_t position = begin; position < end; position += r.tile) {
        int64_t n = end - position < r.tile ? end - position : r.tile;
        char *target = (char *)result + (size_t)position * dg_dtype_size(result_type);
        fetch(&r, position, n);
        if (in_place)
            r.places[last] = target;
        for (int i = 0; i < program->n_instructions; i++) {
            const instruction *in = &program->instructions[i];
            in->kernel(r.places[in->result], r.places[in->args[0]], r.places[in->args[1]], r.places[in->args[2]],
                       (size_t)n);
        }
        if (!in_place)
            store(target, r.places[last], (size_t)n);
    }
}
