/* What dg_separability_find() finds, in words. */
#include "separability.h"

#include "command.h"

#include <math.h>
#include <stdio.h>

/* "2, 3 and 7" of the proof's rows that want one answer, from 1 on; all but a few are counted. */
static void name_rows(const dg_separability *found, double wanted, char *text, size_t size)
{
    int64_t count = 0, named = 0;
    for (int64_t k = 0; k < found->n_proof; k++)
        count += found->proof[k].wanted == wanted;
    int64_t few = count > 6 ? 5 : count;
    size_t at = (size_t)snprintf(text, size, count == 1 ? "row" : "rows");
    for (int64_t k = 0; k < found->n_proof && named < few; k++)
        if (found->proof[k].wanted == wanted && at < size) {
            const char *before = !named ? "" : named == count - 1 ? " and" : ",";
            at += (size_t)snprintf(text + at, size - at, "%s %lld", before, (long long)found->proof[k].row + 1);
            named++;
        }
    if (few < count && at < size)
        snprintf(text + at, size - at, " and %lld more", (long long)(count - few));
}

static void tell_inseparable(const char *name, const dg_separability *found, const char *what)
{
    double least = found->proof[0].wanted, most = least;
    char low[120], high[120], why[400] = "";
    for (int64_t k = 1; k < found->n_proof; k++) {
        least = fmin(least, found->proof[k].wanted);
        most = fmax(most, found->proof[k].wanted);
    }
    name_rows(found, least, low, sizeof low);
    name_rows(found, most, high, sizeof high);
    if (least < most)
        snprintf(why, sizeof why, " (a weighted mean of %s, which should give %g, is one of %s, which should give %g)",
                 high, most, low, least);
    command_warn(
        "%s: the data are not separable: whatever its weights, '%s' errs on one of the %lld %s, however long it "
        "is trained%s",
        name, dg_node_name(found->unit), (long long)found->n_rows, what, why);
}

void tell_separability(const char *name, const dg_task *task, dg_rows rows, const char *what)
{
    dg_separability found;
    if (dg_separability_find(task, rows, &found).code != DG_OK)
        return;
    const char *are = found.n_wrong == 1 ? "is" : "are";
    if (found.verdict == DG_INSEPARABLE)
        tell_inseparable(name, &found, what);
    else if (found.verdict == DG_SEPARABLE && found.n_wrong)
        command_warn(
            "%s: %lld of %lld %s %s wrong, but separable: there are weights for which '%s' answers all as they "
            "should be",
            name, (long long)found.n_wrong, (long long)found.n_rows, what, are, dg_node_name(found.unit));
    else if (found.verdict == DG_SEPARABILITY_TOO_LARGE && found.n_wrong)
        command_warn(
            "%s: %lld of %lld %s %s wrong; whether '%s' could answer all is not looked into, as it has too many "
            "weights for so many rows",
            name, (long long)found.n_wrong, (long long)found.n_rows, what, are, dg_node_name(found.unit));
    dg_separability_release(&found);
}
