/* Tokens by their scores. */
#include "core/base/null.h"
#include "sequence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct scored {
    double score;
    int64_t token;
} scored;

/* The largest first; of equal ones the first. */
static int by_score(const void *a, const void *b)
{
    const scored *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return (x->token > y->token) - (x->token < y->token);
}

/* The token at which the sum of exp((score − largest)/temperature) reaches `share` of the whole. */
static int64_t draw(scored *tokens, int64_t count, double temperature, double share)
{
    double sum = 0, until = 0;
    for (int64_t k = count - 1; k >= 0; k--) {
        tokens[k].score = exp((tokens[k].score - tokens[0].score) / temperature);
        sum += tokens[k].score;
    }
    for (int64_t k = 0; k < count; k++) {
        until += tokens[k].score;
        if (share * sum < until)
            return tokens[k].token;
    }
    return tokens[0].token;
}

dg_status dg_sample_token(const double *scores, int64_t count, const dg_sampling *sampling, uint64_t step,
                          int64_t *token)
{
    REFUSE_NULL(scores);
    REFUSE_NULL(sampling);
    REFUSE_NULL(token);
    *token = 0;
    if (count < 1)
        return dg_error(DG_BAD_ARGUMENT, "there are no scores to draw a token by");
    if (!(sampling->temperature >= 0) || isinf(sampling->temperature))
        return dg_error(DG_BAD_ARGUMENT, "temperature is %g, expected a number from 0 on", sampling->temperature);
    if (sampling->top_k < 0)
        return dg_error(DG_BAD_ARGUMENT, "top_k is %lld, expected 1 or more, or 0 for all", (long long)sampling->top_k);
    scored *tokens = calloc((size_t)count, sizeof *tokens);
    if (!tokens)
        return dg_no_memory("%lld scores", (long long)count);
    for (int64_t k = 0; k < count; k++) {
        tokens[k] = (scored){scores[k], k};
        if (!isfinite(scores[k]) && scores[k] != -INFINITY) {
            free(tokens);
            return dg_error(DG_NUMERIC, "the score of token %lld is not a number", (long long)k);
        }
    }
    const dg_random key = {.seed = sampling->seed, .stream = dg_random_stream("generate")};
    int64_t kept = sampling->top_k > 0 && sampling->top_k < count ? sampling->top_k : count;
    qsort(tokens, (size_t)count, sizeof *tokens, by_score);
    bool is_largest = !(sampling->temperature > 0) || tokens[0].score == -INFINITY;
    *token = is_largest ? tokens[0].token : draw(tokens, kept, sampling->temperature, dg_random_unit(&key, step));
    free(tokens);
    return dg_ok();
}
