/* What is known of ops and graphs for those who take sequences step by step: rules, and scans. */
#include <dotgrad/step.h>

#include "core/base/null.h"
#include "graph.h"

#include <pthread.h>
#include <string.h>

enum { MOST_RULES = 256 };

static struct {
    pthread_mutex_t lock;
    int count;
    const dg_step_rule *at[MOST_RULES];
} rules = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const dg_step_rule *find(const char *op)
{
    for (int k = 0; k < rules.count; k++)
        if (strcmp(rules.at[k]->op, op) == 0)
            return rules.at[k];
    return NULL;
}

dg_status dg_register_step(const dg_step_rule *rule)
{
    REFUSE_NULL(rule);
    if (!rule->op || !rule->emit)
        return dg_error(DG_BAD_ARGUMENT, "a rule for steps needs an op and what it emits");
    pthread_mutex_lock(&rules.lock);
    const dg_step_rule *there = find(rule->op);
    dg_status status = there == rule ? dg_ok()
                       : there       ? dg_error(DG_BAD_ARGUMENT, "op '%s' has a rule for steps already", rule->op)
                       : rules.count == MOST_RULES
                           ? dg_error(DG_BAD_ARGUMENT, "op '%s': there are %d rules for steps", rule->op, MOST_RULES)
                           : dg_ok();
    if (status.code == DG_OK && !there)
        rules.at[rules.count++] = rule;
    pthread_mutex_unlock(&rules.lock);
    return status;
}

const dg_step_rule *dg_step_rule_of(const dg_op *op)
{
    pthread_mutex_lock(&rules.lock);
    const dg_step_rule *rule = op ? find(op->name) : NULL;
    pthread_mutex_unlock(&rules.lock);
    return rule;
}

dg_node *dg_node_again(dg_node *node, dg_node *const *inputs, const char *name, dg_location at, dg_node *owner)
{
    const dg_op *op = node->entry->op;
    if (op->flags & DG_ANY_INPUTS) /* its formula holds numbers that the attributes do not */
        return dg_formula_node(node->graph, at, node->formula, inputs);
    return dg_apply(&(dg_application){.graph = node->graph,
                                      .op = op->name,
                                      .name = name,
                                      .at = at,
                                      .n_inputs = node->n_inputs,
                                      .inputs = inputs,
                                      .n_attrs = dg_op_attr_count(op),
                                      .attrs = dg_node_attrs(node),
                                      .attrs_in_order = true,
                                      .owner = owner});
}

/* ---- scans ---- */

typedef struct scan_list {
    struct scan_list *next;
    dg_scan_record is;
} scan_list;

dg_status dg_graph_keep_scan(dg_graph *graph, const dg_scan_record *record)
{
    REFUSE_NULL(graph);
    REFUSE_NULL(record);
    scan_list *kept = dg_arena_alloc(graph->arena, sizeof *kept);
    if (!kept)
        return dg_no_memory("a scan");
    *kept = (scan_list){.next = graph->scans, .is = *record};
    graph->scans = kept;
    return dg_ok();
}

const dg_scan_record *dg_graph_scan_of(const dg_graph *graph, const dg_node *output)
{
    for (const scan_list *scan = graph ? graph->scans : NULL; scan; scan = scan->next)
        if (scan->is.output == output)
            return &scan->is;
    return NULL;
}
