/* Networks that read a sequence of tokens and say what comes next, taken one step at a time: what is carried along time
 * (the state of a recurrence, keys and values of causal attention) is kept between steps, so that a step costs as much
 * as one place of the sequence, attention as much as the places before it.
 *
 *     DG_TRY(dg_stepper_new(&(dg_stepper_options){.graph = g, .copy = g2, .input = "tokens", .output = "scores",
 *                                                 .parameters = weights}, &stepper));
 *     DG_TRY(dg_stepper_step(stepper, token, &scores));
 *     DG_TRY(dg_sample_token(scores, dg_stepper_classes(stepper), &(dg_sampling){.temperature = 0.8}, 0, &token));
 *
 * dg_model_generate() of <dotgrad/model.h> does all of this for a run that was trained on text. */
#ifndef DOTGRAD_GENERATE_H
#define DOTGRAD_GENERATE_H

#include <dotgrad/graph.h>
#include <dotgrad/random.h>
#include <dotgrad/threads.h>

DG_BEGIN_C

typedef struct dg_stepper dg_stepper;

typedef struct dg_stepper_options {
    dg_graph *graph;
    dg_graph *copy;     /* the same graph, made once more: the nodes of a step are added to it, and after a network that
                           cannot be taken step by step its status is not DG_OK. NULL: the whole sequence is computed
                           again at every step */
    const char *input;  /* the tokens: an input of integers [N, T], T a symbol or a number */
    const char *output; /* a score for each token at each place: [N, T, tokens], or [N, tokens, T] where a loss on
                           classes reads it */
    dg_tensors *parameters; /* must outlive the stepper */
    dg_threads *threads;    /* NULL: one */
    size_t memory_limit;    /* bytes of a plan; 0: none */
} dg_stepper_options;

/* Makes ready for a sequence. When the network cannot be taken step by step, or steps do not give what the whole
 * sequence does (they are compared on 32 tokens: within 1e-4 of the largest score in float32, 1e-9 in float64), the
 * whole sequence is computed at every step: dg_stepper_reason() says why. DG_BAD_ARGUMENT: no such node, or no input or
 * output of that kind; DG_BAD_SHAPE, DG_NO_MEMORY. Free with dg_stepper_free. */
dg_status dg_stepper_new(const dg_stepper_options *options, dg_stepper **stepper);
void dg_stepper_free(dg_stepper *stepper);

/* One more token of the sequence; *scores, dg_stepper_classes() of them, are those of the token after it, good until
 * the next call. When the network takes T tokens at most (T a number, and places are counted: attention, or the whole
 * sequence at every step), and so many have been taken, it goes on with the last half of them. DG_BAD_ARGUMENT: a
 * network of that kind whose scores depend on what comes later; DG_BAD_DATA: a token that its embedding does not have.
 */
dg_status dg_stepper_step(dg_stepper *stepper, int64_t token, const double **scores);
/* Begins a new sequence. */
void dg_stepper_reset(dg_stepper *stepper);
int64_t dg_stepper_classes(const dg_stepper *stepper);
/* Why the whole sequence is computed at every step; NULL: it is not. */
const char *dg_stepper_reason(const dg_stepper *stepper);

typedef struct dg_sampling {
    double temperature; /* scores are divided by it before softmax; 0: the largest score always */
    int64_t top_k;      /* only so many largest scores; 0: all */
    uint64_t seed;
} dg_sampling;
/* Draws a token by the softmax of its scores. Equal seeds and steps give equal draws. DG_BAD_ARGUMENT: a temperature or
 * top_k below 0; DG_NUMERIC: scores that are not numbers. */
dg_status dg_sample_token(const double *scores, int64_t count, const dg_sampling *sampling, uint64_t step,
                          int64_t *token);

DG_END_C

#endif
