/* dotgrad: neural networks as graphs that draw, differentiate and train. The four floors, from below:
 *
 *   core.h      statuses, tensors, formulas, graphs, plans, random numbers, threads, op descriptors
 *   ops.h       a builder for every op
 *   scan.h      a step's nodes repeated along a sequence
 *   autograd.h  derivatives as more graph
 *   optim.h     data sets, optimisers, the trainer
 *   generate.h  networks over sequences, a token at a time
 *   rbf_fit.h   radial basis function networks by closed forms
 *   activation.h  what is known of a function of one variable; the catalogue of activations
 *   graph_file.h  documents of graph files; reading DOT text is <dotgrad/graphviz.h>, in a library of its own
 *   experiment.h  what a graph file says of its training, for a trainer */
#ifndef DOTGRAD_DOTGRAD_H
#define DOTGRAD_DOTGRAD_H

#include <dotgrad/core.h>

#include <dotgrad/ops.h>

#include <dotgrad/scan.h>

#include <dotgrad/autograd.h>

#include <dotgrad/optim.h>

#include <dotgrad/activation.h>

#include <dotgrad/generate.h>

#include <dotgrad/rbf_fit.h>

#include <dotgrad/graph_file.h>

#include <dotgrad/cost.h>

#include <dotgrad/experiment.h>

#endif
