/* What the library is made of, for the core, which knows none of it by name: the tables of ops, and of initialisers
 * that look at data. */
#include "core/graph/graph.h"

#include <dotgrad/parameters.h>

#define OP_TABLE(header, table) extern const dg_op_family table;
#include "ops/tables.h"
#undef OP_TABLE
extern const dg_op_family dg_gradient_ops, dg_recompute_ops; /* of autograd/ */
extern const dg_initialiser dg_center_initialisers[], dg_solved_initialisers[], dg_memory_initialisers[],
    dg_pattern_initialisers[];                          /* of optim/fit/ */
extern const dg_initialiser dg_width_initialisers[];    /* of ops/linear/ */
extern const dg_initialiser dg_critical_initialisers[]; /* of optim/activation/ */

dg_status dg_library_init(void)
{
    static const dg_op_family *const tables[] = {
#define OP_TABLE(header, table) &table,
#include "ops/tables.h"
#undef OP_TABLE
        &dg_gradient_ops,
        &dg_recompute_ops,
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        DG_TRY(dg_register_family(tables[i]));
    static const dg_initialiser *const initialisers[] = {dg_center_initialisers,   dg_width_initialisers,
                                                         dg_solved_initialisers,   dg_pattern_initialisers,
                                                         dg_critical_initialisers, dg_memory_initialisers};
    for (size_t i = 0; i < sizeof initialisers / sizeof *initialisers; i++)
        for (const dg_initialiser *one = initialisers[i]; one->name; one++)
            DG_TRY(dg_register_initialiser(one));
    return dg_ok();
}

/* Runs when the library is loaded; the tables are read when an op is first asked for. */
__attribute__((constructor)) static void on_load(void)
{
    registry_filled_by(dg_library_init);
}
