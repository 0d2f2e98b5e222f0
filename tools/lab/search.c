/* A search over small formulas: random ones first, then changes of the best (tournament, mutation, crossover). The
 * score is the analysis alone: how evenly a deep network at the edge of chaos passes gradients on, whether it bends and
 * still tells x from −x, and whether it is new. What trains well is for a study to say. */
#include "lab.h"
#include "tools/run/stop.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TREE = 32, POPULATION = 60, MOST_KINKS = 8, POINTS = 81, TEXT = FOUND_TEXT };

/* A formula as a tree in prefix order. */
typedef enum token { T_X, T_ONE, T_TWO, T_HALF, T_UNARY, T_BINARY = T_UNARY + 32 } token;

static const char *const unary[] = {"tanh", "sigmoid", "softplus", "erf", "exp",        "atan",  "sin",
                                    "cos",  "abs",     "square",   "neg", "normal_cdf", "asinh", "relu"};
static const char *const binary[] = {"+", "-", "*", "max", "min", "/"};
enum { UNARY = sizeof unary / sizeof unary[0], BINARY = sizeof binary / sizeof binary[0] };

typedef struct candidate {
    uint8_t tokens[TREE];
    int n;
    double score, distance, spread;
    double shape[POINTS]; /* its values, weighted, of mean 0 and square 1 */
    char text[TEXT];
    const char *nearest;
} candidate;

typedef struct searching {
    const search_options *options;
    uint64_t state;
    candidate population[POPULATION];
    int n;
    int64_t tried, valid;
    bool no_memory;
} searching;

static uint32_t draw(searching *s, uint32_t below)
{
    s->state = s->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((s->state >> 33) % below);
}

static int arity(uint8_t t)
{
    return t >= T_BINARY ? 2 : t >= T_UNARY ? 1 : 0;
}

/* Grows a tree of at most `room` nodes at the end of `c`. */
static void grow(searching *s, candidate *c, int room)
{
    if (c->n >= TREE)
        return;
    uint32_t kind = room <= 1 ? 0 : draw(s, 10);
    if (room >= 3 && kind >= 5) {
        c->tokens[c->n++] = (uint8_t)(T_BINARY + draw(s, BINARY));
        int left = 1 + (int)draw(s, (uint32_t)(room - 2));
        grow(s, c, left);
        grow(s, c, room - 1 - left);
    } else if (room >= 2 && kind >= 2) {
        c->tokens[c->n++] = (uint8_t)(T_UNARY + draw(s, UNARY));
        grow(s, c, room - 1);
    } else {
        c->tokens[c->n++] = (uint8_t)(draw(s, 8) ? T_X : T_ONE + draw(s, 3));
    }
}

static int subtree_end(const candidate *c, int at)
{
    int open = 1;
    while (open && at < c->n)
        open += arity(c->tokens[at++]) - 1;
    return at;
}

/* `from` with the subtree at `at` replaced by one of another, or a new one. */
static bool replace(searching *s, const candidate *from, const candidate *other, candidate *made)
{
    int at = (int)draw(s, (uint32_t)from->n), end = subtree_end(from, at);
    candidate part = {.n = 0};
    int begin = other ? (int)draw(s, (uint32_t)other->n) : 0;
    if (other) {
        part.n = subtree_end(other, begin) - begin;
        memcpy(part.tokens, other->tokens + begin, (size_t)part.n);
    } else {
        grow(s, &part, 1 + (int)draw(s, 4));
    }
    if (from->n - (end - at) + part.n > s->options->most_nodes)
        return false;
    *made = (candidate){.n = from->n - (end - at) + part.n};
    memcpy(made->tokens, from->tokens, (size_t)at);
    memcpy(made->tokens + at, part.tokens, (size_t)part.n);
    memcpy(made->tokens + at + part.n, from->tokens + end, (size_t)(from->n - end));
    return true;
}

static int write_tree(const candidate *c, int at, char *text, size_t *used)
{
    static const char *const leaves[] = {"x", "1", "2", "0.5"};
    uint8_t t = c->tokens[at++];
    if (t < T_UNARY) {
        *used += (size_t)snprintf(text + *used, TEXT - *used, "%s", leaves[t]);
        return at;
    }
    if (t < T_BINARY) {
        bool neg = strcmp(unary[t - T_UNARY], "neg") == 0;
        *used += (size_t)snprintf(text + *used, TEXT - *used, neg ? "(-" : "%s(", unary[t - T_UNARY]);
        at = write_tree(c, at, text, used);
        *used += (size_t)snprintf(text + *used, TEXT - *used, ")");
        return at;
    }
    const char *op = binary[t - T_BINARY];
    bool call = strlen(op) > 1;
    *used += (size_t)snprintf(text + *used, TEXT - *used, call ? "%s(" : "(", op);
    at = write_tree(c, at, text, used);
    *used += (size_t)snprintf(text + *used, TEXT - *used, call ? ", " : " %s ", op);
    at = write_tree(c, at, text, used);
    *used += (size_t)snprintf(text + *used, TEXT - *used, ")");
    return at;
}

static double number(const dg_activation *a, const char *fact)
{
    const dg_fact *found = dg_activation_fact(a, fact);
    return found ? found->lo : NAN;
}

/* Weighted as under N(0, 4). */
static void keep_shape(candidate *c, const double *x, const double *f)
{
    double total = 0, mean = 0, square = 0;
    for (int k = 0; k < POINTS; k++) {
        c->shape[k] = exp(-x[k] * x[k] / 8);
        total += c->shape[k];
        mean += c->shape[k] * f[k];
    }
    for (int k = 0; k < POINTS; k++) {
        c->shape[k] = sqrt(c->shape[k]) * (f[k] - mean / total);
        square += c->shape[k] * c->shape[k];
    }
    for (int k = 0; k < POINTS; k++)
        c->shape[k] /= square > 0 ? sqrt(square) : 1;
}

/* Whether the two are the same up to 0.1 of their deviation, scaled and shifted. */
static bool are_alike(const candidate *a, const candidate *b)
{
    double r = 0;
    for (int k = 0; k < POINTS; k++)
        r += a->shape[k] * b->shape[k];
    return r * r > 1 - 0.1 * 0.1;
}

/* Higher is better; −∞: of no use. */
static double score(const dg_activation *a, candidate *c)
{
    dg_edge edge;
    double x[POINTS], f[POINTS], worst = 0;
    for (int k = 0; k < POINTS; k++)
        x[k] = (k - POINTS / 2) * 0.25 + 1e-3;
    for (int order = 0; order < 2; order++) {
        dg_activation_values(a, order, x, f, POINTS);
        for (int k = 0; k < POINTS; k++) {
            if (!isfinite(f[k]))
                return -INFINITY;
            worst = order ? fmax(worst, fabs(f[k])) : worst;
        }
        if (order == 0)
            keep_shape(c, x, f);
    }
    c->spread = number(a, "isometry");
    double slope = number(a, "slope_second"), second = number(a, "second"), mean = number(a, "mean");
    if (!isfinite(c->spread) || !(slope > 0.02) || !(second > 0.02) || worst > 8)
        return -INFINITY;
    /* The share of the variance that is a line (E f·x is E f′ by Stein; the first Hermite coefficient): 1 does not
     * bend, 0 loses the sign of x. Of the activations that ship and train well it is 0.72 (gelu) to 0.94 (elu). */
    double line = number(a, "slope"), variance = second - mean * mean, share = line * line / variance;
    if (!(variance > 0.02) || !(share < 0.99))
        return -INFINITY;
    double off = fmax(0, fmax(0.72 - share, share - 0.94)), kinks[MOST_KINKS];
    double unstable = dg_activation_edge(a, 0, &edge).code == DG_OK ? fmax(0, edge.q_slope - 1) : 1;
    return -c->spread - 4 * off - 2 * unstable - 0.05 * worst - 0.3 * mean * mean / second -
           0.1 * dg_activation_breaks(a, kinks, MOST_KINKS);
}

static void judge(searching *s, candidate *c)
{
    dg_activation *a;
    size_t used = 0;
    c->score = -INFINITY;
    write_tree(c, 0, c->text, &used);
    s->tried++;
    if (used >= TEXT - 1)
        return;
    dg_status status =
        dg_activation_analyse(c->text, &(dg_activation_options){.sections = DG_SECTION_MEAN_FIELD, .sigma_b = -1}, &a);
    s->no_memory |= status.code == DG_NO_MEMORY;
    if (status.code != DG_OK)
        return;
    c->score = score(a, c);
    dg_relative nearest;
    int n = isfinite(c->score) ? dg_activation_relatives(a, &nearest, 1) : 0;
    s->no_memory |= n < 0;
    if (n == 1) {
        c->distance = nearest.distance;
        c->nearest = nearest.entry->title;
        if (c->distance < 0.05)
            c->score -= 3 * (0.05 - c->distance) / 0.05;
        s->valid++;
    }
    dg_activation_free(a);
}

static bool is_there(const searching *s, const candidate *c)
{
    for (int k = 0; k < s->n; k++)
        if (fabs(s->population[k].score - c->score) < 1e-9)
            return true; /* the same numbers: the same function, most likely */
    return false;
}

/* Keeps the population sorted, best first. */
static void enter(searching *s, const candidate *c)
{
    if (!isfinite(c->score) || is_there(s, c) || (s->n == POPULATION && c->score <= s->population[s->n - 1].score))
        return;
    int k = s->n < POPULATION ? s->n++ : s->n - 1;
    for (; k > 0 && s->population[k - 1].score < c->score; k--)
        s->population[k] = s->population[k - 1];
    s->population[k] = *c;
}

static void one_step(searching *s)
{
    candidate c = {.n = 0};
    bool young = s->n < POPULATION / 2 || draw(s, 5) == 0;
    if (young) {
        grow(s, &c, 2 + (int)draw(s, (uint32_t)s->options->most_nodes - 1));
    } else {
        uint32_t p = draw(s, (uint32_t)s->n), q = draw(s, (uint32_t)s->n);
        const candidate *better = &s->population[p < q ? p : q], *other = &s->population[draw(s, (uint32_t)s->n)];
        if (!replace(s, better, draw(s, 2) ? other : NULL, &c))
            return;
    }
    if (c.n > s->options->most_nodes)
        return;
    judge(s, &c);
    enter(s, &c);
}

#define CLOSE_BEHIND 0.3 /* a score: what is further behind may do in shallow networks alone */

/* The best that are new enough, and not like each other: training tells more of different ones. */
static void keep_new(const searching *s, search_result *result)
{
    const candidate *kept[MOST_FOUND];
    for (int k = 0; k < s->n && result->n < MOST_FOUND; k++) {
        const candidate *c = &s->population[k];
        bool is_new = c->distance >= 0.05;
        if (result->n > 0 && c->score < kept[0]->score - CLOSE_BEHIND)
            break;
        for (int i = 0; i < result->n; i++)
            is_new &= !are_alike(kept[i], c);
        if (!is_new)
            continue;
        kept[result->n] = c;
        search_found *found = &result->best[result->n++];
        *found = (search_found){.nodes = c->n, .distance = c->distance, .nearest = c->nearest};
        memcpy(found->text, c->text, TEXT);
    }
}

dg_status search_print(const search_options *options, FILE *to, search_result *result)
{
    searching *s = calloc(1, sizeof *s);
    if (!s)
        return dg_no_memory("a search");
    s->options = options;
    s->state = options->seed * 2 + 1;
    double end = options->seconds > 0 ? seconds_now() + options->seconds : INFINITY;
    while (s->tried < options->formulas && seconds_now() < end && !s->no_memory)
        one_step(s);
    if (s->no_memory) {
        free(s);
        return dg_no_memory("a search");
    }
    fprintf(to,
            "%lld formulas tried, %lld of use; best first. Score: even gradients in depth, bending, smoothness, "
            "stability, novelty.\n",
            (long long)s->tried, (long long)s->valid);
    fprintf(to, "%8s  %8s  %-22s  %s\n", "score", "distance", "nearest published", "formula");
    for (int k = 0; k < s->n && k < options->keep; k++)
        fprintf(to, "%8.4f  %8.4f  %-22.22s  %s\n", s->population[k].score, s->population[k].distance,
                s->population[k].nearest ? s->population[k].nearest : "–", s->population[k].text);
    if (s->n == 0)
        fputs("none\n", to);
    keep_new(s, result);
    free(s);
    return dg_ok();
}
