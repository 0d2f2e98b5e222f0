/* Attention by blocks against the same sums as products of whole matrices, over more queries and keys than a block
 * holds, and of widths on either side of two vectors, below which gradients of keys are summed turned round: values,
 * gradients, second derivatives, masks, dropout, keys that several heads share, any number of threads. */
#include "../support.h"

typedef struct heads {
    trial *t;
    dg_node *query, *key, *value, *random;
    double dropout;
} heads;

static dg_node *wave(trial *t, dg_shape shape, double k)
{
    int64_t count = dg_shape_count(&shape);
    double *values = malloc((size_t)count * sizeof *values);
    for (int64_t i = 0; i < count; i++)
        values[i] = sin(0.37 * (double)i * (1 + 0.01 * k) + k);
    dg_node *node = trial_input(t, shape, values);
    free(values);
    return node;
}

/* Of the whole matrices. */
static dg_node *whole(const heads *h, dg_node *keep, dg_node *added, bool causal, dg_node *like)
{
    dg_node *scores = dg_expr("0.3 * s", {"s", dg_matmul(h->query, h->key, .transpose_other = true)});
    if (added)
        scores = dg_add(scores, added);
    if (keep)
        scores = dg_expr("where(k, s, -1e30)", {"k", keep}, {"s", scores});
    if (causal) {
        dg_node *i = dg_unsqueeze(dg_arange_like(h->query, .dim = -2), -1), *j = dg_arange_like(h->key, .dim = -2);
        scores = dg_expr("where(j <= i, s, -1e30)", {"j", j}, {"i", i}, {"s", scores});
    }
    dg_node *weights = dg_softmax(scores, .dim = -1);
    if (h->random)
        weights = dg_mul(weights, dg_attention_factors(h->random, like, h->key, .p = h->dropout));
    return dg_matmul(weights, h->value);
}

static void expect_alike(trial *t, dg_node *a, dg_node *b, const char *what)
{
    dg_node *far = dg_amax(dg_abs(dg_sub(a, b))), *size = dg_amax(dg_abs(b));
    double tolerance = dg_graph_dtype(t->graph) == DG_FLOAT32 ? 3e-5 : 1e-12;
    double distance = dg_tensor_get(trial_run(t, far), 0), most = dg_tensor_get(trial_run(t, size), 0);
    cr_expect(distance <= tolerance * (1 + most), "%s: %g apart, of up to %g", what, distance, most);
    cr_expect(most > 1e-3, "%s: nothing to compare", what);
}

/* y, its gradients for a cotangent that differs by element, and the derivative of a function of the gradients. */
static void expect_all_alike(const heads *h, dg_node *y, dg_node *wanted)
{
    dg_node *inputs[] = {h->query, h->key, h->value}, *one[3], *other[3];
    static const char *const names[] = {"query", "key", "value"};
    expect_alike(h->t, y, wanted, "the value");
    must(dg_grad(dg_sum(dg_expr("sin(3 * y)", {"y", y})), 3, inputs, one));
    must(dg_grad(dg_sum(dg_expr("sin(3 * y)", {"y", wanted})), 3, inputs, other));
    dg_node *of_one = NULL, *of_other = NULL;
    for (int k = 0; k < 3; k++) {
        expect_alike(h->t, one[k], other[k], names[k]);
        dg_node *a = dg_sum(dg_square(one[k])), *b = dg_sum(dg_square(other[k]));
        of_one = of_one ? dg_add(of_one, a) : a;
        of_other = of_other ? dg_add(of_other, b) : b;
    }
    must(dg_grad(of_one, 3, inputs, one));
    must(dg_grad(of_other, 3, inputs, other));
    for (int k = 0; k < 3; k++)
        expect_alike(h->t, one[k], other[k], names[k]);
}

static heads heads_of(int dtype, dg_shape query, dg_shape key, dg_shape value)
{
    heads h = {.t = trial_new((dg_dtype)dtype)};
    h.query = wave(h.t, query, 0.1);
    h.key = wave(h.t, key, 1.3);
    h.value = wave(h.t, value, 2.2);
    return h;
}

Test(attention_blocks, agree_with_whole_matrices)
{
    EACH_DTYPE(d)
    {
        heads h = heads_of(d, DG_SHAPE(2, 101, 5), DG_SHAPE(2, 150, 5), DG_SHAPE(2, 150, 37));
        expect_all_alike(&h, dg_scaled_dot_product_attention(h.query, h.key, h.value, .scale = 0.3),
                         whole(&h, NULL, NULL, false, NULL));
        trial_free(h.t);
    }
}

Test(attention_blocks, agree_where_queries_see_what_was_before_them)
{
    EACH_DTYPE(d)
    {
        heads h = heads_of(d, DG_SHAPE(140, 7), DG_SHAPE(140, 7), DG_SHAPE(140, 4));
        dg_node *y = dg_scaled_dot_product_attention(h.query, h.key, h.value, .scale = 0.3, .is_causal = true);
        expect_all_alike(&h, y, whole(&h, NULL, NULL, true, NULL));
        trial_free(h.t);
    }
}

/* Four heads of queries share two of keys and values. */
Test(attention_blocks, agree_with_masks_and_shared_keys)
{
    EACH_DTYPE(d)
    {
        heads h = heads_of(d, DG_SHAPE(2, 2, 60, 6), DG_SHAPE(2, 1, 135, 6), DG_SHAPE(2, 1, 135, 3));
        double keeps[60 * 135];
        for (int i = 0; i < 60 * 135; i++)
            keeps[i] = i * 7 % 5 != 0;
        dg_node *keep = trial_feed(h.t, DG_BOOL, DG_SHAPE(60, 135), DG_SHAPE(60, 135), keeps);
        dg_node *added = wave(h.t, DG_SHAPE(2, 1, 1, 135), 0.5);
        dg_node *y = dg_fused_attention(h.query, h.key, h.value, .keep = keep, .added = added, .scale = 0.3);
        dg_node *wanted = whole(&h, keep, added, false, NULL);
        expect_all_alike(&h, y, wanted);
        expect_alike(h.t, trial_grad(dg_sum(dg_square(y)), added), trial_grad(dg_sum(dg_square(wanted)), added),
                     "the mask");
        trial_free(h.t);
    }
}

Test(attention_blocks, drop_the_same_weights_forward_and_backward)
{
    EACH_DTYPE(d)
    {
        heads h = heads_of(d, DG_SHAPE(3, 50, 36), DG_SHAPE(3, 140, 36), DG_SHAPE(3, 140, 8));
        h.dropout = 0.4;
        h.random = dg_attention_key(trial_input(h.t, DG_SHAPE(), DATA(1)));
        dg_node *y =
            dg_fused_attention(h.query, h.key, h.value, .random = h.random, .scale = 0.3, .dropout_p = h.dropout);
        expect_all_alike(&h, y, whole(&h, NULL, NULL, false, y));
        dg_node *kept = dg_mean(dg_attention_factors(h.random, y, h.key, .p = h.dropout));
        cr_expect_float_eq(dg_tensor_get(trial_run(h.t, kept), 0), 1, 0.02); /* 21,000 weights: 3 sd are 0.017 */
        trial_free(h.t);
    }
}

/* One matrix is cut among threads, many are shared out whole. */
Test(attention_blocks, give_the_same_bits_on_any_number_of_threads)
{
    for (int64_t count = 1; count <= 6; count += 5) {
        heads h = heads_of(DG_FLOAT32, DG_SHAPE(count, 200, 16), DG_SHAPE(count, 260, 16), DG_SHAPE(count, 260, 40));
        dg_node *y = dg_scaled_dot_product_attention(h.query, h.key, h.value), *inputs[] = {h.query, h.key, h.value};
        dg_node *parts[4];
        must(dg_grad(dg_sum(dg_square(y)), 3, inputs, parts));
        parts[3] = y;
        for (int k = 0; k < 4; k++) {
            dg_tensor first;
            h.t->threads = NULL;
            must(dg_tensor_copy(&first, trial_run(h.t, parts[k])));
            dg_threads *threads;
            must(dg_threads_new(3, &threads));
            h.t->threads = threads;
            cr_expect_eq(memcmp(first.data, trial_run(h.t, parts[k])->data, dg_tensor_bytes(&first)), 0);
            h.t->threads = NULL;
            dg_tensor_release(&first);
            trial_run(h.t, y); /* the last plan no longer has the threads */
            dg_threads_free(threads);
        }
        trial_free(h.t);
    }
}
