/* dotgrad activation --catalogue: what is proved of each published function, and which are the same. */
#include "lab.h"
#include "tools/session/command.h"

#include <stdio.h>
#include <string.h>

static char proved(const dg_activation *a, const char *name, char letter)
{
    const dg_fact *fact = dg_activation_fact(a, name);
    return fact && fact->evidence == DG_PROVED ? letter : '-';
}

typedef struct tally {
    int functions, proved[4], all, nan, checks;
} tally;

static void print_entry(const dg_catalogue_entry *entry, const dg_activation *a, tally *t)
{
    static const char *const names[] = {"range", "parity", "monotone", "lipschitz"};
    char marks[5] = "";
    bool all = true;
    for (int k = 0; k < 4; k++) {
        marks[k] = proved(a, names[k], "rsml"[k]);
        t->proved[k] += marks[k] != '-';
        all &= marks[k] != '-';
    }
    const dg_fact *nan = dg_activation_fact(a, "nan"), *modes = dg_activation_fact(a, "check_modes");
    bool has_nan = nan && nan->lo > 0, wrong = modes && modes->lo > 0;
    t->all += all;
    t->nan += has_nan;
    t->checks += wrong;
    printf("%-24s %s  %s%s%s\n", entry->name, marks, dg_activation_text(a, 0), has_nan ? "  [NaN: " : "",
           has_nan ? nan->text : "");
    for (size_t k = 0; k < dg_activation_count(a); k++) {
        const dg_fact *fact = dg_activation_at(a, k);
        size_t n = strlen(entry->name);
        bool itself = strncmp(fact->text, entry->name, n) == 0 && fact->text[n] == ':';
        if (strcmp(fact->name, "same_as") == 0 && !itself)
            printf("    = %s\n", fact->text);
    }
}

int catalogue_print(void)
{
    tally t = {0};
    int left_out = 0;
    puts("proved: r range, s symmetry, m monotone, l Lipschitz constant; = the same function, up to scaling");
    for (size_t k = 0; k < dg_catalogue_count(); k++) {
        const dg_catalogue_entry *entry = dg_catalogue_at(k);
        dg_activation *a;
        left_out += entry->left_out != NULL;
        if (entry->left_out)
            continue;
        dg_status status = dg_activation_analyse(entry->formula, NULL, &a);
        if (status.code != DG_OK)
            return command_failed(dg_prefixed(status, "%s", entry->name));
        t.functions++;
        print_entry(entry, a, &t);
        dg_activation_free(a);
    }
    puts("\nwithout a formula:");
    for (size_t k = 0; k < dg_catalogue_count(); k++)
        if (dg_catalogue_at(k)->left_out)
            printf("%-24s %s\n", dg_catalogue_at(k)->name, dg_catalogue_at(k)->left_out);
    printf(
        "\n%d functions, %d more without a formula. Proved: range %d, symmetry %d, monotone %d, Lipschitz constant %d, "
        "all four %d. NaN in %d; derivatives that differ: %d.\n",
        t.functions, left_out, t.proved[0], t.proved[1], t.proved[2], t.proved[3], t.all, t.nan, t.checks);
    return 0;
}
