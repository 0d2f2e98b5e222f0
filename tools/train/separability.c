/* What dg_separability_find() finds, in words. */
#include "separability.h"

#include "tools/session/command.h"

#include <dotgrad/op.h>

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

static void name_wanted(const dg_separability *found, double wanted, char *text, size_t size)
{
    if (found->is_classes)
        snprintf(text, size, "of class %g", wanted);
    else if (found->is_score)
        snprintf(text, size, "where it should be %s 0", wanted > 0 ? "above" : "below");
    else
        snprintf(text, size, "which should give %g", wanted);
}

/* Why: with a bias both sides have one weighted mean; without, no weights are right for the rows of both sides. */
static void write_proof(const dg_separability *found, double least, double most, char *why, size_t size)
{
    double sum[2] = {0};
    char low[120], high[120], gives_low[60], gives_high[60];
    for (int64_t k = 0; k < found->n_proof; k++)
        sum[found->proof[k].wanted == most] += found->proof[k].weight;
    name_rows(found, least, low, sizeof low);
    name_rows(found, most, high, sizeof high);
    name_wanted(found, least, gives_low, sizeof gives_low);
    name_wanted(found, most, gives_high, sizeof gives_high);
    if (fabs(sum[1] - sum[0]) <= 1e-6)
        snprintf(why, size, " (a weighted mean of %s, %s, is one of %s, %s)", high, gives_high, low, gives_low);
    else
        snprintf(why, size, " (no weights are right for %s, %s, and %s, %s)", high, gives_high, low, gives_low);
}

/* Whether the loss goes on falling where rows are right already, as that of logistic regression and softmax does. It
 * then has a least value on noisy data, and the weights that it is at: nothing is wrong. */
static bool is_likelihood(const dg_task *task)
{
    for (int64_t id = 0; id <= dg_node_id(task->loss); id++)
        switch (dg_node_op(dg_graph_node(task->graph, id))->scores) {
        case DG_SCORES_CLASSES:
        case DG_SCORES_LOG_PROBABILITIES:
        case DG_SCORES_LOGITS:
        case DG_SCORES_PROBABILITIES:
            return true;
        default:
            break;
        }
    return false;
}

static void note_inseparable(const char *name, const dg_separability *found, const char *what)
{
    char of[80] = "";
    if (found->is_classes)
        snprintf(of, sizeof of, " of classes %lld and %lld", (long long)found->classes[0],
                 (long long)found->classes[1]);
    fprintf(stderr, "dotgrad: %s: not separable: whatever its weights, '%s' errs on one of the %lld %s%s\n", name,
            dg_node_name(found->unit), (long long)found->n_rows, what, of);
}

static void tell_inseparable(const char *name, const dg_separability *found, const char *what)
{
    double least = found->proof[0].wanted, most = least;
    char why[500] = "", which[80] = "";
    for (int64_t k = 1; k < found->n_proof; k++) {
        least = fmin(least, found->proof[k].wanted);
        most = fmax(most, found->proof[k].wanted);
    }
    if (least < most)
        write_proof(found, least, most, why, sizeof why);
    if (found->is_classes)
        snprintf(which, sizeof which, " of classes %lld and %lld", (long long)found->classes[0],
                 (long long)found->classes[1]);
    command_warn(
        "%s: the data are not separable: whatever its weights, '%s' errs on one of the %lld %s%s, however long it "
        "is trained%s",
        name, dg_node_name(found->unit), (long long)found->n_rows, what, which, why);
}

/* Scores are fitted for their loss, not for the fewest errors: that they could have fewer is no news. */
static void tell_wrong(const char *name, const dg_separability *found, const char *what)
{
    const char *are = found->n_wrong == 1 ? "is" : "are";
    if (found->is_score || found->is_classes || !found->n_wrong)
        return;
    if (found->verdict == DG_SEPARABLE)
        command_warn(
            "%s: %lld of %lld %s %s wrong, but separable: there are weights for which '%s' answers all as they "
            "should be",
            name, (long long)found->n_wrong, (long long)found->n_rows, what, are, dg_node_name(found->unit));
    else if (found->verdict == DG_SEPARABILITY_TOO_LARGE)
        command_warn(
            "%s: %lld of %lld %s %s wrong; whether '%s' could answer all is not looked into, as it has too many "
            "weights for so many rows",
            name, (long long)found->n_wrong, (long long)found->n_rows, what, are, dg_node_name(found->unit));
}

void tell_separability(const char *name, const dg_task *task, dg_rows rows, const char *what)
{
    dg_separability found;
    if (dg_separability_find(task, rows, &found).code != DG_OK)
        return;
    bool is_usual = (found.is_score || found.is_classes) && is_likelihood(task);
    if (found.verdict == DG_INSEPARABLE && is_usual)
        note_inseparable(name, &found, what);
    else if (found.verdict == DG_INSEPARABLE)
        tell_inseparable(name, &found, what);
    else
        tell_wrong(name, &found, what);
    dg_separability_release(&found);
}
