/* What a search found, trained: a short study of the best beside ReLU on two tasks, and a paired study of its winner
 * beside ReLU on tasks that nothing was chosen by. */
#include "lab.h"

#include "tools/run/folder.h"
#include "tools/run/stop.h"

#include <dotgrad/file.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The tasks that the winner is chosen by, one of classes and one of numbers; the others are not seen before the
 * verdict. */
static const char seen_tasks[] = "mlp-digits,mlp-sinc";

enum { WANTED_PAIRS = 10 };

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

enum { FIELDS = 17 };

/* Cuts a line of CSV into its fields, in place, and returns how many there are. */
static int cut_fields(char *line, char *fields[FIELDS])
{
    int n = 0;
    for (char *at = line; at && n < FIELDS; n++) {
        bool is_quoted = *at == '"';
        char *to = fields[n] = at;
        at += is_quoted;
        while (*at && (is_quoted ? *at != '"' || at[1] == '"' : *at != ',')) {
            at += is_quoted && *at == '"';
            *to++ = *at++;
        }
        at += is_quoted && *at == '"';
        char *next = *at == ',' ? at + 1 : NULL;
        *to = '\0';
        at = next;
    }
    return n;
}

/* The study's tests, a line a task. */
static dg_status print_tests(const char *folder, FILE *to)
{
    char *path = path_join(folder, "unseen/comparisons.csv"), *text = NULL, *fields[FIELDS];
    size_t size;
    dg_status status = path ? dg_read_file(path, &text, &size) : dg_no_memory("a verdict");
    char *rest = text;
    if (status.code == DG_OK && strsep(&rest, "\n"))
        fprintf(to, "  %-24s %6s  %14s  %14s  %10s\n", "against ReLU, by task", "pairs", "win/tie/loss", "p (Wilcoxon)",
                "p (Holm)");
    for (char *line; status.code == DG_OK && rest && *rest;) {
        char counts[80], p[2][32];
        line = strsep(&rest, "\n");
        if (cut_fields(line, fields) != FIELDS) {
            status = dg_error(DG_BAD_DATA, "%s: a line is no comparison of two methods", path);
            break;
        }
        snprintf(counts, sizeof counts, "%s/%s/%s", fields[5], fields[6], fields[7]);
        for (int k = 0; k < 2; k++)
            snprintf(p[k], sizeof p[k], "%.4g", strtod(fields[k ? 16 : 14], NULL));
        fprintf(to, "  %-24s %6s  %14s  %14s  %10s\n", fields[0], fields[3], counts, strcmp(p[0], "nan") ? p[0] : "-",
                strcmp(p[1], "nan") ? p[1] : "-");
    }
    free(text);
    free(path);
    return status;
}

static void print_ranks(const verdict *v, FILE *to)
{
    fprintf(to, "  on tasks that the search did not see: median rank %.3g, ReLU's %.3g", v->found.median,
            v->relu.median);
    if (!isnan(v->found.mean)) /* of several tasks */
        fprintf(to, ", mean ranks %.3g and %.3g", v->found.mean, v->relu.mean);
    fprintf(to, ", over %lld pairs of task and seed\n", (long long)v->found.pairs);
}

static dg_status print_verdict(const verdict *v, const char *folder, bool timed, FILE *to)
{
    const search_found *w = v->winner;
    double better = isnan(v->found.median) ? 0 : v->relu.median - v->found.median;
    fprintf(to, "\nfound: %s\n  %d node%s, at a distance of %.4f from the nearest published function (%s)\n", w->text,
            w->nodes, w->nodes == 1 ? "" : "s", w->distance, w->nearest);
    print_ranks(v, to);
    DG_TRY(print_tests(folder, to));
    if (v->found.least < WANTED_PAIRS)
        fprintf(
            to,
            "verdict: %lld pair%s on the task that has the fewest, of %d that are wanted, are too few to tell; it is "
            "the best of those that were trained\n",
            (long long)v->found.least, v->found.least == 1 ? "" : "s", WANTED_PAIRS);
    else if (better > 0)
        fprintf(to, "verdict: its median rank beats ReLU's\n");
    else
        fprintf(to, "verdict: its median rank does not beat ReLU's; it is the best of those that were trained\n");
    fprintf(to,
            timed ? "  within --budget or --seconds: how far each part came in its time decides with the seed what is "
                    "found; without them the seed and --formulas do\n"
                  : "  of a search that the seed and --formulas decide: another one finds the same\n");
    return dg_ok();
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
        status = print_verdict(&v, options->folder, options->seconds > 0 || options->search_is_timed, memory);
        bool is_whole = fclose(memory) == 0;
        if (status.code == DG_OK)
            status = is_whole ? dg_write_file(path, text + 1, size - 1) : dg_no_memory("a study");
        fputs(status.code == DG_OK ? text : "", to);
    }
    free(text);
    free(path);
    return status;
}
