/* dotgrad's core, in the order in which it is best read. */
#ifndef DOTGRAD_CORE_H
#define DOTGRAD_CORE_H

#include <dotgrad/arena.h>
#include <dotgrad/argument.h> /* of optimisers, schedules, initialisers */
#include <dotgrad/file.h>
#include <dotgrad/formula.h> /* elementwise expressions */
#include <dotgrad/graph.h>   /* nodes */
#include <dotgrad/interval.h>
#include <dotgrad/op.h> /* ops of your own */
#include <dotgrad/parameters.h>
#include <dotgrad/plan.h> /* running */
#include <dotgrad/random.h>
#include <dotgrad/status.h> /* every function's result */
#include <dotgrad/tensor.h> /* data, and sets of named tensors */
#include <dotgrad/threads.h>
#include <dotgrad/value.h> /* attributes */
#include <dotgrad/version.h>

#endif

/* NULL. An argument may be NULL only where its function says so, and things to be freed may always be. Anywhere else a
 * NULL is a mistake that is answered and never a crash: a function that returns a dg_status returns DG_BAD_ARGUMENT,
 * one that returns a pointer returns NULL, one that returns a number 0 (a size or index −1; NaN for an element, a
 * hyper-parameter or a formula's value), one that returns a bool false, and one that returns nothing does nothing. That
 * a pointer which is not NULL leads to something is the caller's word. All headers of dotgrad keep to this. */
