/* Lists and members of values that are NULL where a builder takes them: the mistake sticks to the graph, nothing
 * crashes. */
#include "planned.h"

#include <dotgrad/scan.h>

#define REFUSED(call)                                                                                                  \
    do {                                                                                                               \
        dg_status refused_ = (call);                                                                                   \
        cr_expect_eq(refused_.code, DG_BAD_ARGUMENT, "%s: code %d, '%s'", #call, refused_.code, refused_.message);     \
        cr_expect(refused_.message[0], "%s: no message", #call);                                                       \
    } while (0)
#define EMPTY(call) cr_expect(!(call), "%s is not empty", #call)

static void keep_state(dg_scan_step *step)
{
    (void)step;
}

/* What `building` makes sticks to a graph of its own. */
#define STICKS(building)                                                                                               \
    do {                                                                                                               \
        dg_graph *own = new_graph();                                                                                   \
        dg_node *of_own = dg_input(own, DG_SHAPE(2, 3), .name = "x");                                                  \
        (void)of_own;                                                                                                  \
        EMPTY(building);                                                                                               \
        REFUSED(dg_graph_status(own));                                                                                 \
        dg_graph_free(own);                                                                                            \
    } while (0)

Test(null_lists, scans)
{
    dg_node *none = NULL;
    STICKS(dg_scan(of_own, 1, &of_own, NULL));
    STICKS(dg_scan(of_own, 2, NULL, keep_state));
    STICKS(dg_scan(of_own, 1, &none, keep_state));
}

Test(null_lists, values_of_attributes)
{
    const struct {
        const char *op;
        dg_value value;
    } cases[] = {{"elu", {.key = "alpha", .kind = DG_VALUE_NAME}},
                 {"gelu", {.key = "approximate", .kind = DG_VALUE_NAME}},
                 {"gelu", {.key = "approximate", .kind = DG_VALUE_STRING}},
                 {"sum", {.key = "dims", .kind = DG_VALUE_LIST, .count = 2}},
                 {"reshape", {.key = "shape", .kind = DG_VALUE_SHAPE}},
                 {"reshape", {.key = "shape", .kind = DG_VALUE_LIST, .count = 1}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        STICKS(dg_apply(&(dg_application){
            .op = cases[i].op, .n_inputs = 1, .inputs = &of_own, .n_attrs = 1, .attrs = &cases[i].value}));
    STICKS(dg_apply(&(dg_application){.op = "elu", .n_inputs = 1, .inputs = &of_own, .n_attrs = 2}));
    STICKS(dg_apply(&(dg_application){
        .graph = own, .op = "constant", .n_attrs = 1, .attrs = &(dg_value){.key = "value", .kind = DG_VALUE_TENSOR}}));
}
