/* What a search found, trained: a short study of the best beside ReLU on two tasks, and a paired study of its winner
 * beside ReLU on tasks that nothing was chosen by. */
#include "lab.h"

#include "tools/run/folder.h"

#include <dotgrad/file.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The tasks that the winner is chosen by, one of classes and one of numbers; the others are not seen before the
 * verdict. */
static const char seen_tasks[] = "mlp-digits,mlp-sinc";

typedef struct verdict {
    const search_found *winner;
    method_rank relu, found;
} verdict;

static double middle(const method_rank *rank)
{
    return isnan(rank->mean) ? rank->median : rank->median + 1e-3 * rank->mean;
}

static dg_status choose(const search_result *found, const train_options *options, verdict *v)
{
    const char *calls[MOST_FOUND + 1] = {"relu"};
    method_rank ranks[MOST_FOUND + 1];
    char texts[MOST_FOUND][FOUND_TEXT + 8], budget[32];
    int n = 0;
    for (int k = 0; k < found->n; k++) {
        snprintf(texts[k], sizeof texts[k], "expr(%s)", found->best[k].text);
        calls[k + 1] = texts[k];
    }
    char *folder = path_join(options->folder, "seen");
    if (!folder)
        return dg_no_memory("a study");
    snprintf(budget, sizeof budget, "%.9g", options->seconds / 4);
    train_options first = {.folder = folder,
                           .tasks = seen_tasks,
                           .seeds = 3,
                           .range = "lr=geomspace(1e-3, 3e-2, 3)",
                           .budget = options->seconds > 0 ? budget : NULL};
    dg_status status = train_compare(calls, found->n + 1, &first);
    if (status.code == DG_OK)
        status = train_read_ranks(folder, ranks, MOST_FOUND + 1, &n);
    free(folder);
    DG_TRY(status);
    if (n != found->n + 1)
        return dg_error(DG_BAD_DATA, "%s/seen: another study is in the folder", options->folder);
    v->winner = &found->best[0];
    for (int k = 1, best = 1; k < n; k++)
        if (middle(&ranks[k]) < middle(&ranks[best])) {
            best = k;
            v->winner = &found->best[k - 1];
        }
    return dg_ok();
}

static dg_status compare(const train_options *options, double seconds, verdict *v)
{
    char call[FOUND_TEXT + 8], budget[32];
    method_rank ranks[2];
    int n = 0;
    char *folder = path_join(options->folder, "unseen");
    if (!folder)
        return dg_no_memory("a study");
    snprintf(call, sizeof call, "expr(%s)", v->winner->text);
    snprintf(budget, sizeof budget, "%.9g", fmax(seconds, 1));
    train_options second = *options;
    second.folder = folder;
    second.but = seen_tasks;
    second.budget = options->seconds > 0 ? budget : NULL;
    dg_status status = train_compare((const char *const[]){"relu", call}, 2, &second);
    if (status.code == DG_OK)
        status = train_read_ranks(folder, ranks, 2, &n);
    free(folder);
    DG_TRY(status);
    if (n != 2)
        return dg_error(DG_BAD_DATA, "%s/unseen: another study is in the folder", options->folder);
    v->relu = ranks[0];
    v->found = ranks[1];
    return dg_ok();
}

static void print_verdict(const verdict *v, FILE *to)
{
    const search_found *w = v->winner;
    double better = isnan(v->found.median) ? 0 : v->relu.median - v->found.median;
    fprintf(to, "\nfound: %s\n  %d node%s, at a distance of %.4f from the nearest published function (%s)\n", w->text,
            w->nodes, w->nodes == 1 ? "" : "s", w->distance, w->nearest);
    fprintf(
        to,
        "  on tasks that the search did not see: median rank %.3g, ReLU's %.3g, mean ranks %.3g and %.3g, over %lld "
        "pairs of task and seed\n",
        v->found.median, v->relu.median, v->found.mean, v->relu.mean, (long long)v->found.pairs);
    if (better > 0)
        fprintf(to, "verdict: its median rank beats ReLU's\n");
    else
        fprintf(to, "verdict: its median rank does not beat ReLU's; it is the best of those that were trained\n");
    if (v->found.least < 10)
        fprintf(to, "  (%lld pair%s on the task that has the fewest, of 10 that are wanted: too few to tell)\n",
                (long long)v->found.least, v->found.least == 1 ? "" : "s");
}

dg_status found_compare(const search_result *found, const train_options *options, double spent, FILE *to)
{
    verdict v = {.winner = NULL};
    char *text = NULL, *path = path_join(options->folder, "verdict.txt");
    size_t size;
    if (!path)
        return dg_no_memory("a study");
    double begin = seconds_now();
    dg_status status = choose(found, options, &v);
    if (status.code == DG_OK)
        status = compare(options, options->seconds - spent - (seconds_now() - begin), &v);
    FILE *memory = status.code == DG_OK ? open_memstream(&text, &size) : NULL;
    if (memory) {
        print_verdict(&v, memory);
        status = fclose(memory) == 0 ? dg_write_file(path, text + 1, size - 1) : dg_no_memory("a study");
        fputs(status.code == DG_OK ? text : "", to);
    }
    free(text);
    free(path);
    return status;
}
