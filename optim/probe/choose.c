/* What each probe is of, and what a plan has to fetch for it. */
#include "probe.h"

#include <dotgrad/autograd.h>
#include <dotgrad/op.h>
#include <dotgrad/ops/source.h>
#include <dotgrad/rules.h>

#include <string.h>

/* ---- which nodes ---- */

static bool is_float(const dg_node *node)
{
    return dg_dtype_is_float(dg_node_type(node, 0)->dtype);
}

bool is_computed(const dg_node *node)
{
    dg_role role = dg_node_op(node)->role;
    return is_float(node) && role != DG_ROLE_CONSTANT && role != DG_ROLE_ASSIGN;
}

bool is_activation(const dg_node *node)
{
    return is_float(node) && strcmp(dg_node_op(node)->family, "activation") == 0;
}

bool is_pointwise(const dg_node *node)
{
    return is_activation(node) && dg_node_formula(node) && dg_node_input_count(node) && dg_node_input(node, 0) &&
           is_float(dg_node_input(node, 0));
}

static bool is_own(const dg_node *node, int k)
{
    const dg_node *input = dg_node_input(node, k);
    return input && dg_node_op(input)->role == DG_ROLE_PARAMETER && dg_node_owner(input) == node && is_float(input);
}

bool has_parameters(const dg_node *node)
{
    bool some = dg_node_op(node)->role == DG_ROLE_PARAMETER;
    for (int k = 0; k < dg_node_input_count(node); k++)
        some |= is_own(node, k);
    return some;
}

bool is_any(const dg_node *node)
{
    return dg_node_op(node)->role != DG_ROLE_PARAMETER && dg_node_op(node)->role != DG_ROLE_CONSTANT;
}

/* Layers and activations: what one speaks of in a network. */
bool is_layer(const dg_node *node)
{
    return is_computed(node) && (is_activation(node) || has_parameters(node)) &&
           dg_node_op(node)->role != DG_ROLE_PARAMETER;
}

/* ---- what is fetched ---- */

static void add_fetch(probed_node *node, dg_node *fetch, const char *name)
{
    if (node->n_fetch < 1 + 2 * MOST_OWN) {
        node->names[node->n_fetch] = name;
        node->fetch[node->n_fetch++] = fetch;
    }
}

static const char *own_name(const dg_node *node, int k)
{
    const char *name = dg_node_input_name(node, k);
    return name ? name : "parameter";
}

/* The node itself, then the parameters that it owns. */
static void add_own(probed_node *node, bool itself)
{
    if (itself)
        add_fetch(node, node->node, "");
    for (int k = 0; k < dg_node_input_count(node->node); k++)
        if (is_own(node->node, k) && node->n_fetch < MOST_OWN)
            add_fetch(node, dg_node_input(node->node, k), own_name(node->node, k));
}

static dg_status fetch_gradients(dg_probing *p, bool of_itself)
{
    size_t all = 0;
    for (size_t k = 0; k < p->count; k++) {
        add_own(&p->nodes[k], of_itself || dg_node_op(p->nodes[k].node)->role == DG_ROLE_PARAMETER);
        all += (size_t)p->nodes[k].n_fetch;
    }
    dg_node **wrt = dg_arena_alloc(p->arena, (all + 1) * sizeof *wrt),
            **grads = dg_arena_alloc(p->arena, (all + 1) * sizeof *grads);
    if (!wrt || !grads)
        return dg_no_memory("measuring gradients");
    size_t used = 0;
    for (size_t k = 0; k < p->count; k++)
        for (int i = 0; i < p->nodes[k].n_fetch; i++)
            wrt[used++] = p->nodes[k].fetch[i];
    DG_TRY(dg_grad(p->loss, (int)all, wrt, grads));
    used = 0;
    for (size_t k = 0; k < p->count; k++)
        for (int i = 0; i < p->nodes[k].n_fetch; i++)
            p->nodes[k].fetch[i] = grads[used++];
    return dg_ok();
}

/* By the value, then by the parameters that it owns. */
dg_status choose_gradient(dg_probing *p)
{
    return fetch_gradients(p, true);
}

dg_status choose_own_gradients(dg_probing *p)
{
    return fetch_gradients(p, false);
}

dg_status choose_itself(dg_probing *p)
{
    for (size_t k = 0; k < p->count; k++)
        add_fetch(&p->nodes[k], p->nodes[k].node, "");
    return dg_ok();
}

dg_status choose_slopes(dg_probing *p)
{
    for (size_t k = 0; k < p->count; k++) {
        dg_node *input = dg_node_input(p->nodes[k].node, 0), *slope;
        DG_TRY(dg_grad(p->nodes[k].node, 1, &input, &slope));
        add_fetch(&p->nodes[k], slope, "");
    }
    return dg_ok();
}

/* What a first step of the optimiser would write into each parameter. */
static dg_status emit_updates(dg_probing *p)
{
    dg_optimizer optimizer;
    dg_node *const *parameters;
    int count;
    DG_TRY(dg_optimizer_parse(p->optimizer ? p->optimizer : DG_DEFAULT_OPTIMIZER, &optimizer));
    DG_TRY(dg_trainable_parameters(p->loss, &parameters, &count));
    dg_node **gradients = dg_arena_alloc(p->arena, ((size_t)count + 1) * sizeof *gradients);
    if (!gradients)
        return dg_no_memory("measuring updates");
    DG_TRY(dg_grad(p->loss, count, parameters, gradients));
    const dg_tensor rate = dg_tensor_view(DG_FLOAT64, dg_scalar(), &optimizer.lr);
    dg_node *lr = dg_constant(p->graph, &rate);
    DG_TRY(dg_graph_status(p->graph));
    return dg_optimizer_emit(
        &optimizer,
        &(dg_optimizer_step){
            .graph = p->graph, .count = count, .parameters = parameters, .gradients = gradients, .lr = lr},
        &p->updates, &p->n_updates);
}

dg_status choose_updates(dg_probing *p)
{
    if (!p->updates)
        DG_TRY(emit_updates(p));
    for (size_t k = 0; k < p->count; k++) {
        probed_node *node = &p->nodes[k];
        for (int i = 0; i < dg_node_input_count(node->node) + 1; i++) {
            bool itself = i == dg_node_input_count(node->node);
            dg_node *parameter = itself ? node->node : is_own(node->node, i) ? dg_node_input(node->node, i) : NULL;
            for (int u = 0; parameter && u < p->n_updates; u++)
                if (dg_node_input(p->updates[u], 0) == parameter && node->n_fetch + 1 < 2 * MOST_OWN) {
                    add_fetch(node, parameter, itself ? "" : own_name(node->node, i));
                    add_fetch(node, dg_node_input(p->updates[u], 1), "");
                }
        }
    }
    return dg_ok();
}

/* The gradients of all parameters, for the time that they take. */
dg_status choose_gradients(dg_probing *p)
{
    dg_node *const *parameters;
    DG_TRY(dg_trainable_parameters(p->loss, &parameters, &p->n_beside));
    p->beside = dg_arena_alloc(p->arena, ((size_t)p->n_beside + 1) * sizeof *p->beside);
    if (!p->beside)
        return dg_no_memory("measuring time");
    return dg_grad(p->loss, p->n_beside, parameters, p->beside);
}
