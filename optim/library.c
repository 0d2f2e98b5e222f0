/* What the library is made of, for the core, which knows none of it by name: the tables of ops, their rules for
 * steps of sequences, and initialisers that look at data. */
#include "core/graph/graph.h"

#include <dotgrad/parameters.h>
#include <dotgrad/step.h>

#define OP_TABLE(header, table) extern const dg_op_family table;
#include "ops/tables.h"
#undef OP_TABLE
#define STEP_RULE(rule) extern const dg_step_rule rule;
#include "ops/rules.h"
#undef STEP_RULE
extern const dg_op_family gradient_family, recompute_family; /* of autograd/ */
extern const dg_initialiser center_initialisers[], solved_initialisers[], memory_initialisers[],
    pattern_initialisers[];                          /* of optim/fit/ */
extern const dg_initialiser width_initialisers[];    /* of ops/linear/ */
extern const dg_initialiser critical_initialisers[]; /* of optim/activation/ */

dg_status library_init(void)
{
    static const dg_op_family *const tables[] = {
#define OP_TABLE(header, table) &table,
#include "ops/tables.h"
#undef OP_TABLE
        &gradient_family,
        &recompute_family,
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        DG_TRY(dg_register_family(tables[i]));
    static const dg_step_rule *const rules[] = {
#define STEP_RULE(rule) &rule,
#include "ops/rules.h"
#undef STEP_RULE
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        DG_TRY(dg_register_step(rules[i]));
    static const dg_initialiser *const initialisers[] = {center_initialisers,   width_initialisers,
                                                         solved_initialisers,   pattern_initialisers,
                                                         critical_initialisers, memory_initialisers};
    for (size_t i = 0; i < sizeof initialisers / sizeof *initialisers; i++)
        for (const dg_initialiser *one = initialisers[i]; one->name; one++)
            DG_TRY(dg_register_initialiser(one));
    return dg_ok();
}

/* Runs when the library is loaded; the tables are read when an op is first asked for. */
__attribute__((constructor)) static void on_load(void)
{
    registry_filled_by(library_init);
}
