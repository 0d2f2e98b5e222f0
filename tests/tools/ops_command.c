/* dotgrad ops: the reference. */
#include "command.h"

#include <dotgrad/core.h>

TestSuite(ops_command, .init = make_folder, .fini = remove_folder);

Test(ops_command, prints_formula_attributes_and_derivative)
{
    outcome run = dotgrad("ops elu linear");
    expect_fine(run);
    static const char *const words[] = {"elu", "alpha", "= 1", "symbolic", "linear", "weight", "bias", "out_features"};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        cr_expect(strstr(run.out, words[k]), "'%s' is not in: %s", words[k], run.out);
}

Test(ops_command, has_an_entry_for_every_op)
{
    enum { TOGETHER = 4 };
    char names[TOGETHER * 64];
    size_t count = dg_op_count();
    for (size_t i = 0; i < count; i += TOGETHER) {
        int used = 0;
        for (size_t k = i; k < i + TOGETHER && k < count; k++)
            used += snprintf(names + used, sizeof names - (size_t)used, " %s", dg_op_at(k)->name);
        outcome run = dotgrad("ops%s", names);
        expect_fine(run);
        for (size_t k = i; k < i + TOGETHER && k < count; k++)
            cr_expect(strstr(run.out, dg_op_at(k)->summary), "%s", dg_op_at(k)->name);
    }
}

Test(ops_command, suggests_the_nearest_name)
{
    outcome run = dotgrad("ops sigmiod");
    cr_expect_eq(run.status, 1);
    cr_expect(strstr(run.err, "'sigmoid'"), "%s", run.err);
}
