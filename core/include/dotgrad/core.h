/* dotgrad's core, in the order in which it is best read. */
#ifndef DOTGRAD_CORE_H
#define DOTGRAD_CORE_H

#include <dotgrad/status.h>  /* every function's result */
#include <dotgrad/arena.h>
#include <dotgrad/file.h>
#include <dotgrad/tensor.h>  /* data, and sets of named tensors */
#include <dotgrad/value.h>   /* attributes */
#include <dotgrad/argument.h> /* of optimisers, schedules, initialisers */
#include <dotgrad/formula.h> /* elementwise expressions */
#include <dotgrad/graph.h>   /* nodes */
#include <dotgrad/parameters.h>
#include <dotgrad/plan.h>    /* running */
#include <dotgrad/op.h>      /* ops of your own */
#include <dotgrad/random.h>
#include <dotgrad/threads.h>

#endif
