/* Attention by blocks of queries and keys: the scores of a block stay in the cache, and none are kept (Dao, Fu, Ermon,
 * Rudra, Ré 2022, "FlashAttention"; the running sums are of Milakov, Gimelshein 2018). Memory grows with the number of
 * queries and keys, not with their product. */
#ifndef OPS_ATTENTION_BLOCKS_H
#define OPS_ATTENTION_BLOCKS_H

#include <dotgrad/op.h>

/* One call's tensors: [batch…, size, size], their batches broadcast. NULL: left out. */
typedef struct attention_inputs {
    const dg_tensor *query, *key, *value; /* [.., L, E], [.., S, E], [.., S, V] */
    const dg_tensor *keep, *added;        /* broadcast to [.., L, S] */
    const dg_tensor *random;              /* of dropout: see attention_key */
    double scale, dropout;
    bool causal;
} attention_inputs;

size_t attention_workspace(const attention_inputs *inputs, const dg_shape *result);
/* y [.., L, V] and the logarithm of each query's sum of exponentials, [.., L]. */
void attention_forward(const attention_inputs *inputs, const dg_kernel *kernel, dg_tensor *y, dg_tensor *log_sum);

size_t attention_gradient_workspace(const attention_inputs *inputs, const dg_shape *result);
/* From y, log_sum and the cotangent g of y those of query, key and value, with the whole batch each. */
void attention_gradients(const attention_inputs *inputs, const dg_kernel *kernel, const dg_tensor *y,
                         const dg_tensor *log_sum, const dg_tensor *g, dg_tensor *const on[3]);

/* What one call of dropout draws by: [seed, stream, step, whether anything is dropped]. */
enum { ATTENTION_KEY = 4 };
/* Factors of weights begin … end − 1, counted over [.., L, S]: 0 with probability p, else 1/(1 − p). */
void attention_factors(const int64_t *random, double p, dg_dtype dtype, int64_t begin, int64_t end, void *factors);

#endif
