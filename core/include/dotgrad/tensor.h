/* Tensors: an element type, a shape and a row-major buffer. And sets of tensors with names, kept as safetensors. */
#ifndef DOTGRAD_TENSOR_H
#define DOTGRAD_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include <dotgrad/file.h>
#include <dotgrad/status.h>

DG_BEGIN_C

#define DG_MAX_RANK 8

/* Element types, in the order of promotion: of two, the later one wins. */
typedef enum dg_dtype {
    DG_DEFAULT_DTYPE = 0, /* in options only: the graph's float type */
    DG_BOOL,              /* one byte, 0 or 1 */
    DG_INT32,
    DG_INT64,
    DG_FLOAT32,
    DG_FLOAT64,
    DG_FLOAT16, /* these two keep weights alone, see dg_tensors_halve(): no node is of such a type */
    DG_BFLOAT16
} dg_dtype;

size_t dg_dtype_size(dg_dtype dtype);      /* bytes an element */
const char *dg_dtype_name(dg_dtype dtype); /* "float32", … */
bool dg_dtype_is_float(dg_dtype dtype);    /* float32 or float64 */
bool dg_dtype_is_half(dg_dtype dtype);     /* float16 or bfloat16 */
/* false: no such type, or one that keeps weights alone */
bool dg_dtype_parse(const char *name, dg_dtype *dtype);
dg_dtype dg_dtype_promote(dg_dtype a, dg_dtype b);

/* `count` numbers of float16 or bfloat16 as float32. */
void dg_half_widen(dg_dtype type, const void *from, int64_t count, float *to);

/* Sizes. In a graph a size may be a symbol (negative): DG_N is the batch, dg_symbol() makes others, and DG_UNKNOWN
 * stands for a size that follows from symbols. A tensor's sizes are never negative. */
#define DG_UNKNOWN (-1)
#define DG_N       (-2)
typedef struct dg_shape {
    int rank;
    int64_t dims[DG_MAX_RANK];
} dg_shape;

/* DG_SHAPE(DG_N, 64) is [N, 64]; dg_scalar() is []. */
#ifdef __cplusplus
DG_END_C
/* A number of an integer type, of which no fraction is lost. */
template <class number> constexpr int64_t dg_whole(number value)
{
    static_assert(static_cast<number>(0.5) == static_cast<number>(0), "a whole number is needed here: cast this one");
    return static_cast<int64_t>(value);
}
template <class... numbers> constexpr dg_shape dg_shape_of(numbers... sizes)
{
    static_assert(sizeof...(sizes) <= DG_MAX_RANK, "a shape has at most DG_MAX_RANK sizes");
    return dg_shape{static_cast<int>(sizeof...(sizes)), {dg_whole(sizes)...}};
}
#define DG_SHAPE(...) dg_shape_of(__VA_ARGS__)
DG_BEGIN_C
#else
#define DG_SHAPE(...)                                                                                                  \
    ((dg_shape){.rank = (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), .dims = {__VA_ARGS__}})
#endif
static inline dg_shape dg_scalar(void)
{
    dg_shape scalar = {0, {0}};
    return scalar;
}

bool dg_shape_equal(const dg_shape *a, const dg_shape *b);
bool dg_shape_is_known(const dg_shape *shape); /* no symbol in it */
int64_t dg_shape_count(const dg_shape *shape); /* elements; DG_UNKNOWN when a size is a symbol */
dg_status dg_shape_bytes(const dg_shape *shape, dg_dtype dtype, size_t *bytes); /* DG_NO_MEMORY when it overflows */
/* "[N, 64]" into text; symbols other than N print as "?" (a graph prints them by name, see dg_graph_print_shape).
 * Returns text. */
char *dg_shape_print(const dg_shape *shape, char *text, size_t size);
#define DG_SHAPE_TEXT 200 /* enough for dg_shape_print */

/* Broadcasting by NumPy's rules: sizes are aligned at the right; 1 and a missing size stretch. A symbol against a
 * number other than 1 gives the number, two different symbols DG_UNKNOWN (checked in full when sizes are real).
 * DG_BAD_SHAPE with both shapes in the message. */
dg_status dg_shape_broadcast(const dg_shape *a, const dg_shape *b, dg_shape *result);

/* A contiguous row-major buffer, 64-byte aligned when dotgrad made it. A tensor on a buffer of yours:
 * dg_tensor_view(). Rank 0 holds one element; a size of 0 holds none. */
typedef struct dg_tensor {
    dg_dtype dtype;
    dg_shape shape;
    void *data;
    bool owns_data;
    bool channels_last; /* [N, C, H, W] stored as N H W C: inside a plan alone, for kernels of ops with DG_ANY_LAYOUT */
} dg_tensor;

/* A zero-filled tensor; release it with dg_tensor_release. DG_NO_MEMORY, DG_BAD_SHAPE (negative size). */
dg_status dg_tensor_make(dg_tensor *tensor, dg_dtype dtype, dg_shape shape);
dg_status dg_tensor_copy(dg_tensor *copy, const dg_tensor *source);
dg_tensor dg_tensor_view(dg_dtype dtype, dg_shape shape, const void *data);
void dg_tensor_release(dg_tensor *tensor); /* frees what the tensor owns and zeroes it; fine on a zeroed one */
size_t dg_tensor_bytes(const dg_tensor *tensor);
int64_t dg_tensor_count(const dg_tensor *tensor);
double dg_tensor_get(const dg_tensor *tensor, int64_t index);       /* by flat index, as a double; NaN: no such one */
void dg_tensor_set(dg_tensor *tensor, int64_t index, double value); /* rounds to the type; no such one: nothing */
/* Another element type: a copy. A float becomes an integer towards zero; anything but 0 becomes true. */
dg_status dg_tensor_convert(dg_tensor *result, const dg_tensor *source, dg_dtype dtype);

/* How far b's elements are from a's, which are as many: the largest |b − a| by the largest |a|, or the former alone
 * where a is 0 throughout. NaN: an element is none, or infinite, in one of them alone. */
double dg_tensor_difference(const dg_tensor *a, const dg_tensor *b);

/* An ordered set of named tensors with text notes beside them: parameters, checkpoints, feeds and results. */
typedef struct dg_tensors dg_tensors;

dg_status dg_tensors_new(dg_tensors **set);
void dg_tensors_free(dg_tensors *set);
size_t dg_tensors_count(const dg_tensors *set);
const char *dg_tensors_name(const dg_tensors *set, size_t index);
dg_tensor *dg_tensors_at(const dg_tensors *set, size_t index);
/* NULL when there is none. The pointer and its buffer stay where they are until that name is removed or the set freed;
 * dg_tensors_put of the same type and shape writes into the same buffer. */
dg_tensor *dg_tensors_find(const dg_tensors *set, const char *name);
dg_status dg_tensors_put(dg_tensors *set, const char *name, const dg_tensor *tensor); /* copies; replaces */
/* Adds a zero-filled one; `made` may be NULL. DG_BAD_ARGUMENT: the name is there already. */
dg_status dg_tensors_add(dg_tensors *set, const char *name, dg_dtype dtype, dg_shape shape, dg_tensor **made);
void dg_tensors_remove(dg_tensors *set, const char *name);
const char *dg_tensors_note(const dg_tensors *set, const char *key); /* NULL when there is none */
dg_status dg_tensors_set_note(dg_tensors *set, const char *key, const char *text);
size_t dg_tensors_note_count(const dg_tensors *set);
const char *dg_tensors_note_key(const dg_tensors *set, size_t index);

/* What keeping weights in 16 bits has changed. */
typedef struct dg_halving {
    dg_dtype type;              /* what they are kept in now */
    size_t count;               /* tensors that are kept so */
    size_t bytes_before, bytes; /* of these */
    double error;               /* the largest |w₁₆ − w|, by the largest |w| of the same tensor */
    const char *name;           /* of the tensor that has it, the set's; NULL: there is none */
    int64_t vanished;           /* numbers that have become 0 */
} dg_halving;
/* Keeps the weights of a set in `type`, DG_FLOAT16 or DG_BFLOAT16: half the memory, for inference. Weights are tensors
 * of float32 with two dimensions or more; vectors (biases, gains, running statistics) stay, and so do other types, what
 * is in 16 bits already among them. NaN and infinities are kept as such. Plans read such a set as one of float32:
 * numbers are widened where they are multiplied, and sums are float32's, so results are those of rounded weights in
 * float32, to the bit. Plans that update such a weight are refused; dg_weights_take() makes another set, of float32, of
 * this one. DG_NUMERIC names a weight that is beyond the type's range: then nothing has changed. `told` may be NULL. */
dg_status dg_tensors_halve(dg_tensors *set, dg_dtype type, dg_halving *told);

/* safetensors (https://github.com/huggingface/safetensors): little-endian 64-bit header length, JSON header, bytes.
 * Notes are the "__metadata__". Types: BOOL, I32, I64, F32, F64 (F16 and BF16 are read as float32; U8, I8, U16 and I16
 * as int32; U32 and U64 as int64; float16 and bfloat16 are written as F16 and BF16); tensors of other types are left
 * unread. Reading checks every offset: DG_BAD_DATA for a truncated or damaged file. Writing is whole or not at all: a
 * temporary file in the same folder, fsync, rename; the bytes depend on the content alone. "-" is standard input or
 * output. Messages begin with the path. */
dg_status dg_safetensors_read(const char *path, dg_tensors **set);
dg_status dg_safetensors_write(const char *path, const dg_tensors *set);

/* A set of tensors in whatever format the bytes are: safetensors, or NumPy's .npz (arrays by name) and .npy (one, named
 * "array"), in either byte order, with unsigned and half types as above; arrays of texts become the numbers (int64) of
 * their different texts in order, which the note "words.NAME" lists as JSON. DG_BAD_DATA: something else; for pickles,
 * PyTorch's .pt and HDF5 the message says how to convert them. Messages of dg_tensors_read begin with the path. */
dg_status dg_tensors_read(const char *path, dg_tensors **set);
/* limit: bytes that unpacking an .npz may make, beyond which DG_NO_MEMORY; 0: 64 MiB or 100 times its size. */
dg_status dg_tensors_parse(const void *bytes, size_t size, size_t limit, dg_tensors **set);
/* The type of a tensor that the file has but that no element type here can hold ("C64"); NULL: there is none such. */
const char *dg_tensors_unread(const dg_tensors *set, const char *name);

DG_END_C

#endif
