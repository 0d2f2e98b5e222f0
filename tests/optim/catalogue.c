/* The whole catalogue through the whole analysis: no NaN where there is a limit, derivatives that agree in every mode,
 * and range, symmetry, monotonicity and Lipschitz constants proved for 70 % and more. It takes half a minute of a
 * processor. */
#include <criterion/criterion.h>
#include <dotgrad/dotgrad.h>
#include <stdio.h>
#include <string.h>

static bool proved(const dg_activation *a, const char *name)
{
    const dg_fact *fact = dg_activation_fact(a, name);
    return fact && fact->evidence == DG_PROVED;
}

Test(catalogue, goes_through_the_analysis)
{
    static const char *const facts[] = {"range", "parity", "monotone", "lipschitz"};
    int functions = 0, all = 0, counts[4] = {0};
    for (size_t i = 0; i < dg_catalogue_count(); i++) {
        const dg_catalogue_entry *entry = dg_catalogue_at(i);
        dg_activation *a;
        if (entry->left_out)
            continue;
        dg_status status = dg_activation_analyse(entry->formula, NULL, &a);
        cr_assert_eq(status.code, DG_OK, "%s: %s", entry->name, status.message);
        functions++;
        bool each = true;
        for (int k = 0; k < 4; k++) {
            bool is = proved(a, facts[k]);
            counts[k] += is;
            each &= is;
        }
        all += each;
        const dg_fact *nan = dg_activation_fact(a, "nan"), *modes = dg_activation_fact(a, "check_modes"),
                      *differences = dg_activation_fact(a, "check_differences");
        cr_expect(nan && nan->lo == 0, "%s: NaN: %s", entry->name, nan->text);
        cr_expect(!modes || strncmp(modes->text, "agree", 5) == 0, "%s: %s", entry->name, modes->text);
        cr_expect(!differences || strncmp(differences->text, "agree", 5) == 0, "%s: %s", entry->name,
                  differences->text);
        dg_activation_free(a);
    }
    fprintf(stderr, "%d functions; proved: range %d, symmetry %d, monotone %d, Lipschitz constant %d, all four %d\n",
            functions, counts[0], counts[1], counts[2], counts[3], all);
    cr_expect_geq(functions, 250);
    cr_expect_geq(10 * all, 7 * functions);
}
