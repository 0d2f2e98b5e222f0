/* The blocks' products, their cutting into pieces by sizes alone, and the packing of keys and values. */
#include "blocks.h"

#include <math.h>
#include <string.h>

#include "ops/gemm/gemm.h"
#include "ops/shared/chunks.h"
#include "rows.h"

/* Of a block: its scores, of 48 queries by 128 keys in float32 or 64 in float64, take 24 KB, which stay in the first
 * cache. Matrices from FUSED_MATRICES on are shared out whole. */
enum { QUERIES = 48, ROW_BYTES = 512, PIECE_WORK = 2000000, FUSED_MATRICES = 4 };
typedef struct block_room {
    _Alignas(64) char bytes[QUERIES * ROW_BYTES];
} block_room;

/* How the matrices of a tensor go with those of the result: by place in the batch. */
typedef struct matrices {
    const char *data;
    int64_t steps[DG_MAX_RANK]; /* matrices from one place to the next; 0 broadcasts */
    int64_t count;              /* that there are */
    int64_t bytes;              /* of one */
} matrices;

typedef struct attention {
    const attention_inputs *in;
    const gemm_functions *gemm;
    const attention_rows *rows;
    dg_dtype dtype;
    int64_t size;  /* bytes of an element */
    int64_t block; /* keys of one */
    dg_shape batch;
    int64_t count, queries, keys, width, value_width; /* count: of matrices */
    matrices q, k, v;
    const char *packed_keys, *packed_values; /* turned round, in panels */
    /* of the forward pass: y and log_sum; of the backward one: what is read and what is written */
    char *y, *log_sum, *dots;
    const char *g;
    char *on_query, *on_key, *on_value;
    int64_t query_parts, key_parts; /* pieces of a matrix */
} attention;

static int64_t last_size(const dg_tensor *x, int from_end)
{
    return x->shape.dims[x->shape.rank - from_end];
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Of empty tensors there is no address, and nothing to be moved by. */
static const char *moved(const char *data, int64_t by)
{
    return by ? data + by : data;
}

static char *moved_to(char *data, int64_t by)
{
    return by ? data + by : data;
}

static matrices matrices_of(const attention *a, const dg_tensor *x)
{
    matrices m = {.data = x->data, .count = 1, .bytes = last_size(x, 1) * last_size(x, 2) * a->size};
    int missing = a->batch.rank - (x->shape.rank - 2);
    for (int d = a->batch.rank - 1; d >= missing; d--) {
        int64_t own = x->shape.dims[d - missing];
        m.steps[d] = own > 1 ? m.count : 0;
        m.count *= own;
    }
    return m;
}

static int64_t matrix_at(const attention *a, const matrices *m, int64_t index)
{
    int64_t at = 0;
    for (int d = a->batch.rank - 1; d >= 0; d--) {
        at += index % a->batch.dims[d] * m->steps[d];
        index /= a->batch.dims[d];
    }
    return at;
}

static const char *matrix(const attention *a, const matrices *m, int64_t index)
{
    return moved(m->data, matrix_at(a, m, index) * m->bytes);
}

static attention attention_of(const attention_inputs *in, const dg_shape *result)
{
    attention a = {.in = in, .dtype = in->query->dtype, .batch = *result};
    a.gemm = gemm_for(a.dtype);
    a.rows = a.dtype == DG_FLOAT32 ? &attention_kernels()->float32 : &attention_kernels()->float64;
    a.size = (int64_t)dg_dtype_size(a.dtype);
    a.block = ROW_BYTES / a.size;
    a.batch.rank -= 2;
    a.count = a.batch.rank ? dg_shape_count(&a.batch) : 1;
    a.queries = last_size(in->query, 2);
    a.keys = last_size(in->key, 2);
    a.width = last_size(in->query, 1);
    a.value_width = last_size(in->value, 1);
    a.q = matrices_of(&a, in->query);
    a.k = matrices_of(&a, in->key);
    a.v = matrices_of(&a, in->value);
    return a;
}

/* ---- panels: keys and values turned round ---- */

static size_t aligned(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* Elements of one matrix [keys, width] in panels. */
static int64_t panel_elements(const attention *a, int64_t width)
{
    return (a->keys + a->gemm->panel - 1) / a->gemm->panel * a->gemm->panel * width;
}

static size_t panel_bytes(const attention *a, const matrices *m, int64_t width)
{
    return aligned((size_t)(m->count * panel_elements(a, width) * a->size));
}

typedef struct packing {
    const attention *a;
    const matrices *m;
    int64_t width;
    char *to;
} packing;

static void pack_matrix(void *argument, int64_t index)
{
    const packing *p = argument;
    const attention *a = p->a;
    const char *from = moved(p->m->data, index * p->m->bytes);
    char *to = moved_to(p->to, index * panel_elements(a, p->width) * a->size);
    for (int64_t j = 0, panel = a->gemm->panel; j < a->keys; j += panel)
        a->gemm->pack_panel(p->width, least(panel, a->keys - j), moved(from, j * p->width * a->size), 1, p->width,
                            moved_to(to, j * p->width * a->size));
}

static const char *pack(const attention *a, const matrices *m, int64_t width, char *to, dg_threads *threads)
{
    dg_threads_run(threads, m->count, pack_matrix, &(packing){a, m, width, to});
    return to;
}

/* ---- one block ---- */

/* Queries i … i + rows − 1 of a matrix by keys j … j + columns − 1. */
typedef struct place {
    int64_t matrix, i, rows, j, columns;
} place;

/* c [rows, columns] = a [rows, width]·packed keys or values */
static void multiply_packed(const attention *a, const place *p, const char *x, int64_t width, const char *packed,
                            const matrices *m, char *c)
{
    packed = moved(packed, (matrix_at(a, m, p->matrix) * panel_elements(a, width) + p->j * width) * a->size);
    a->gemm->multiply_panels(&(gemm){.m = p->rows,
                                     .n = p->columns,
                                     .k = width,
                                     .a = moved(x, p->i * width * a->size),
                                     .a_row = width,
                                     .a_column = 1,
                                     .b = packed,
                                     .b_panel = width * a->gemm->panel,
                                     .c = c,
                                     .c_row = a->block});
}

/* c += weights·b, or of the turned weights. The rows of b and c lie without gaps. */
static void add_product(const attention *a, const char *weights, bool turned, int64_t rows, int64_t depth,
                        const char *b, int64_t width, char *c, bool adds)
{
    a->gemm->multiply(&(gemm){.m = rows,
                              .n = width,
                              .k = depth,
                              .a = weights,
                              .a_row = turned ? 1 : a->block,
                              .a_column = turned ? a->block : 1,
                              .b = b,
                              .b_row = width,
                              .c = c,
                              .c_row = width,
                              .start = adds ? c : NULL,
                              .start_row = width});
}

/* The element of a mask that goes with the block's first score, and the strides there. */
static const void *mask_at(const attention *a, const place *p, const dg_tensor *mask, int64_t *row, int64_t *column)
{
    if (!mask)
        return NULL;
    int rank = mask->shape.rank, missing = a->batch.rank + 2 - rank;
    int64_t index = p->matrix, at = 0, step = 1, strides[DG_MAX_RANK];
    for (int d = rank - 1; d >= 0; step *= mask->shape.dims[d--])
        strides[d] = mask->shape.dims[d] > 1 ? step : 0;
    *column = rank > 0 ? strides[rank - 1] : 0;
    *row = rank > 1 ? strides[rank - 2] : 0;
    for (int d = a->batch.rank - 1; d >= 0; d--) {
        at += d >= missing ? index % a->batch.dims[d] * strides[d - missing] : 0;
        index /= a->batch.dims[d];
    }
    at += p->i * *row + p->j * *column;
    return (const char *)mask->data + at * (int64_t)dg_dtype_size(mask->dtype);
}

/* What the rows' functions need to know of the block; factors: room for those of dropout. */
static attention_block block_of(const attention *a, const place *p, void *scores, void *factors)
{
    attention_block b = {
        .rows = p->rows, .columns = p->columns, .scores = scores, .row = a->block, .scale = a->in->scale};
    b.seen = a->in->causal ? p->i + 1 - p->j : p->rows + p->columns;
    b.keep = mask_at(a, p, a->in->keep, &b.keep_row, &b.keep_column);
    b.added = mask_at(a, p, a->in->added, &b.added_row, &b.added_column);
    const int64_t *random = a->in->random ? a->in->random->data : NULL;
    for (int64_t r = 0; random && r < p->rows; r++) {
        int64_t at = (p->matrix * a->queries + p->i + r) * a->keys + p->j;
        attention_factors(random, a->in->dropout, a->dtype, at, at + p->columns, (char *)factors + r * ROW_BYTES);
    }
    b.factors = random ? factors : NULL;
    return b;
}

/* The keys that queries up to `end` − 1 may see. */
static int64_t keys_before(const attention *a, int64_t end)
{
    return a->in->causal ? least(a->keys, end) : a->keys;
}

/* ---- forward ---- */

static void forward_queries(const attention *a, int64_t index, int64_t i)
{
    block_room scores, factors;
    double top[QUERIES], sum[QUERIES] = {0};
    place p = {.matrix = index, .i = i, .rows = least(QUERIES, a->queries - i)};
    char *y = moved_to(a->y, (index * a->queries + i) * a->value_width * a->size);
    const char *q = matrix(a, &a->q, index), *v = matrix(a, &a->v, index);
    int64_t end = keys_before(a, i + p.rows);
    if (end == 0 && a->value_width > 0)
        memset(y, 0, (size_t)(p.rows * a->value_width * a->size));
    for (p.j = 0; p.j < end; p.j += a->block) {
        p.columns = least(a->block, end - p.j);
        multiply_packed(a, &p, q, a->width, a->packed_keys, &a->k, scores.bytes);
        attention_block b = block_of(a, &p, scores.bytes, factors.bytes);
        a->rows->exponentials(&b, p.j == 0, top, sum, y, a->value_width);
        add_product(a, scores.bytes, false, p.rows, p.columns, moved(v, p.j * a->value_width * a->size), a->value_width,
                    y, p.j > 0);
    }
    a->rows->finish(p.rows, top, sum, y, a->value_width, a->log_sum + (index * a->queries + i) * a->size);
}

static void forward_piece(void *argument, int64_t piece)
{
    const attention *a = argument;
    int64_t blocks = (a->queries + QUERIES - 1) / QUERIES, part = piece % a->query_parts;
    for (int64_t b = part * blocks / a->query_parts; b < (part + 1) * blocks / a->query_parts; b++)
        forward_queries(a, piece / a->query_parts, b * QUERIES);
}

/* Pieces that a side of a matrix is cut into. */
static int64_t parts_of(const attention *a, int64_t side, int64_t block)
{
    double work = (double)a->queries * (double)a->keys * (double)(a->width + a->value_width);
    int64_t blocks = (side + block - 1) / block, wanted = (int64_t)(work / PIECE_WORK);
    return wanted < 1 ? 1 : least(blocks, wanted);
}

size_t attention_workspace(const attention_inputs *inputs, const dg_shape *result)
{
    attention a = attention_of(inputs, result);
    return panel_bytes(&a, &a.k, a.width);
}

void attention_forward(const attention_inputs *inputs, const dg_kernel *kernel, dg_tensor *y, dg_tensor *log_sum)
{
    attention a = attention_of(inputs, &y->shape);
    if (a.count == 0 || a.queries == 0)
        return;
    a.packed_keys = pack(&a, &a.k, a.width, kernel->workspace, kernel->threads);
    a.y = y->data;
    a.log_sum = log_sum->data;
    a.query_parts = parts_of(&a, a.queries, QUERIES);
    dg_threads_run(kernel->threads, a.count * a.query_parts, forward_piece, &a);
}

/* ---- backward ---- */

typedef struct gradient_room {
    block_room weights, on_scores, factors;
    block_room on_key, on_value; /* turned round: see is_narrow */
} gradient_room;

/* Of less than two vectors, so of less than QUERIES elements: gradients of such keys or values are summed turned round,
 * [width, keys], because tiles whose columns are keys take fewer loads for a multiplication. */
static bool is_narrow(const attention *a, int64_t width)
{
    return width < 2 * a->gemm->lanes;
}

/* Weights of the block, dropped ones 0, and the cotangent of its products q·kᵀ. */
static void block_gradients(const attention *a, const place *p, gradient_room *room)
{
    multiply_packed(a, p, matrix(a, &a->q, p->matrix), a->width, a->packed_keys, &a->k, room->weights.bytes);
    multiply_packed(a, p, moved(a->g, p->matrix * a->queries * a->value_width * a->size), a->value_width,
                    a->packed_values, &a->v, room->on_scores.bytes);
    attention_block b = block_of(a, p, room->weights.bytes, room->factors.bytes);
    int64_t at = (p->matrix * a->queries + p->i) * a->size;
    a->rows->gradients(&b, a->log_sum + at, a->dots + at, room->on_scores.bytes);
}

/* c [keys, width] += the turned weights·b, or in `turned` where that is narrow. */
static void add_to_rows(const attention *a, const place *p, const char *weights, const char *b, int64_t width, char *c,
                        char *turned)
{
    if (!is_narrow(a, width)) {
        add_product(a, weights, true, p->columns, p->rows, b, width, moved_to(c, p->j * width * a->size), true);
        return;
    }
    a->gemm->multiply(&(gemm){.m = width,
                              .n = p->columns,
                              .k = p->rows,
                              .a = b,
                              .a_row = 1,
                              .a_column = width,
                              .b = weights,
                              .b_row = a->block,
                              .c = turned,
                              .c_row = a->block,
                              .start = turned,
                              .start_row = a->block});
}

static void add_to_keys(const attention *a, const place *p, gradient_room *room)
{
    int64_t keys = p->matrix * a->keys, query = p->matrix * a->queries + p->i;
    add_to_rows(a, p, room->weights.bytes, moved(a->g, query * a->value_width * a->size), a->value_width,
                moved_to(a->on_value, keys * a->value_width * a->size), room->on_value.bytes);
    add_to_rows(a, p, room->on_scores.bytes, moved(matrix(a, &a->q, p->matrix), p->i * a->width * a->size), a->width,
                moved_to(a->on_key, keys * a->width * a->size), room->on_key.bytes);
}

/* What was summed turned round goes to keys j … of its matrix. */
static void turn_back(const attention *a, int64_t index, int64_t j, int64_t width, const char *turned, char *c)
{
    if (width > 0 && is_narrow(a, width))
        a->gemm->transpose(width, least(a->block, a->keys - j), turned, a->block,
                           c + (index * a->keys + j) * width * a->size, width, false);
}

static void add_to_queries(const attention *a, const place *p, const gradient_room *room)
{
    add_product(a, room->on_scores.bytes, false, p->rows, p->columns,
                moved(matrix(a, &a->k, p->matrix), p->j * a->width * a->size), a->width,
                moved_to(a->on_query, (p->matrix * a->queries + p->i) * a->width * a->size), true);
}

/* Keys j … of one block by all queries that see them. */
static void backward_keys(const attention *a, int64_t index, int64_t j, bool with_queries)
{
    gradient_room room;
    place p = {.matrix = index, .j = j};
    memset(room.on_key.bytes, 0, is_narrow(a, a->width) ? (size_t)(a->width * ROW_BYTES) : 0);
    memset(room.on_value.bytes, 0, is_narrow(a, a->value_width) ? (size_t)(a->value_width * ROW_BYTES) : 0);
    for (p.i = a->in->causal ? j / QUERIES * QUERIES : 0; p.i < a->queries; p.i += QUERIES) {
        p.rows = least(QUERIES, a->queries - p.i);
        p.columns = least(a->block, keys_before(a, p.i + p.rows) - j);
        if (p.columns <= 0)
            continue;
        block_gradients(a, &p, &room);
        add_to_keys(a, &p, &room);
        if (with_queries)
            add_to_queries(a, &p, &room);
    }
    turn_back(a, index, j, a->width, room.on_key.bytes, a->on_key);
    turn_back(a, index, j, a->value_width, room.on_value.bytes, a->on_value);
}

static void backward_matrix(void *argument, int64_t index)
{
    const attention *a = argument;
    for (int64_t j = 0; j < a->keys; j += a->block)
        backward_keys(a, index, j, true);
}

static void backward_key_piece(void *argument, int64_t piece)
{
    const attention *a = argument;
    int64_t blocks = (a->keys + a->block - 1) / a->block, part = piece % a->key_parts;
    for (int64_t b = part * blocks / a->key_parts; b < (part + 1) * blocks / a->key_parts; b++)
        backward_keys(a, piece / a->key_parts, b * a->block, false);
}

static void backward_query_piece(void *argument, int64_t piece)
{
    const attention *a = argument;
    gradient_room room;
    int64_t blocks = (a->queries + QUERIES - 1) / QUERIES, part = piece % a->query_parts;
    for (int64_t b = part * blocks / a->query_parts; b < (part + 1) * blocks / a->query_parts; b++) {
        place p = {.matrix = piece / a->query_parts, .i = b * QUERIES};
        p.rows = least(QUERIES, a->queries - p.i);
        int64_t end = keys_before(a, p.i + p.rows);
        for (; p.j < end; p.j += a->block) {
            p.columns = least(a->block, end - p.j);
            block_gradients(a, &p, &room);
            add_to_queries(a, &p, &room);
        }
    }
}

static void dot_rows(void *argument, int64_t begin, int64_t end)
{
    const attention *a = argument;
    int64_t row = a->value_width * a->size;
    a->rows->dots(end - begin, a->value_width, moved(a->y, begin * row), moved(a->g, begin * row),
                  a->dots + begin * a->size);
}

size_t attention_gradient_workspace(const attention_inputs *inputs, const dg_shape *result)
{
    attention a = attention_of(inputs, result);
    return panel_bytes(&a, &a.k, a.width) + panel_bytes(&a, &a.v, a.value_width) +
           aligned((size_t)(a.count * a.queries * a.size));
}

void attention_gradients(const attention_inputs *inputs, const dg_kernel *kernel, const dg_tensor *y,
                         const dg_tensor *log_sum, const dg_tensor *g, dg_tensor *const on[3])
{
    attention a = attention_of(inputs, &y->shape);
    char *room = kernel->workspace, **const results[] = {&a.on_query, &a.on_key, &a.on_value};
    for (int k = 0; k < 3; k++) {
        *results[k] = on[k]->data;
        if (dg_tensor_bytes(on[k]) > 0)
            memset(on[k]->data, 0, dg_tensor_bytes(on[k]));
    }
    if (a.count == 0 || a.queries == 0 || a.keys == 0)
        return;
    a.packed_keys = pack(&a, &a.k, a.width, room, kernel->threads);
    room += panel_bytes(&a, &a.k, a.width);
    a.packed_values = pack(&a, &a.v, a.value_width, room, kernel->threads);
    a.dots = room + panel_bytes(&a, &a.v, a.value_width);
    a.y = y->data;
    a.log_sum = log_sum->data;
    a.g = g->data;
    chunks_run(kernel->threads, a.count * a.queries, CHUNK / (a.value_width > 0 ? a.value_width : 1), dot_rows, &a);
    /* Few matrices are cut: then keys and queries are gone through for themselves, and scores made twice. */
    if (a.count >= FUSED_MATRICES) {
        dg_threads_run(kernel->threads, a.count, backward_matrix, &a);
        return;
    }
    a.query_parts = parts_of(&a, a.queries, QUERIES);
    a.key_parts = parts_of(&a, a.keys, a.block);
    if (a.query_parts == 1 && a.key_parts == 1) {
        dg_threads_run(NULL, a.count, backward_matrix, &a);
        return;
    }
    dg_threads_run(kernel->threads, a.count * a.key_parts, backward_key_piece, &a);
    dg_threads_run(kernel->threads, a.count * a.query_parts, backward_query_piece, &a);
}

/* ---- dropout ---- */

void attention_factors(const int64_t *random, double p, dg_dtype dtype, int64_t begin, int64_t end, void *factors)
{
    enum { WORDS = 256 };
    const dg_random key = {(uint64_t)random[0], (uint64_t)random[1], (uint64_t)random[2]};
    const bool drops = random[3] != 0;
    const double kept = !drops ? 1 : p < 1 ? 1 / (1 - p) : 0;
    const uint32_t limit = drops ? (uint32_t)fmin(p * 0x1p32, 0x1p32 - 1) : 0; /* words below it are dropped */
    float *floats = factors;
    double *doubles = factors;
    for (int64_t at = begin; at < end; at += WORDS) {
        uint32_t words[WORDS] = {0};
        int64_t n = least(WORDS, end - at);
        if (drops)
            dg_random_words(&key, at, at + n, words);
        for (int64_t i = 0; dtype == DG_FLOAT32 && i < n; i++)
            floats[at - begin + i] = words[i] < limit ? 0 : (float)kept;
        for (int64_t i = 0; dtype == DG_FLOAT64 && i < n; i++)
            doubles[at - begin + i] = words[i] < limit ? 0 : kept;
    }
}
