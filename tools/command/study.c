/* dotgrad study: every combination of settings, paired, resumable, with statistics. */
#include "tools/study/study.h"
#include "tools/run/print.h"
#include "tools/session/command.h"
#include "tools/session/graph_options.h"
#include "tools/session/options.h"

#include <dotgrad/version.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_TEXTS = 200 };

static const option_row own[] = {
    {.name = "set", .form = DG_FORM_SETTINGS, .value = "'NAME=A|B|C'", .doc = "values to compare", .is_many = true},
    {.name = "replace",
     .form = DG_FORM_SETTINGS,
     .value = "'NODES=OP|OP'",
     .doc =
         "ops to compare in the place of those of nodes, 'act1,block.*=original|mish|expr(x*tanh(exp(x)))'; original\n"
         "leaves the graph's own",
     .is_many = true},
    {.name = "range",
     .form = DG_FORM_SETTINGS,
     .value = "'NAME=R'",
     .doc = "geomspace(1e-4, 1e-1, 5), linspace(0, 1, 11), arange(1, 10, 2)",
     .is_many = true},
    {.name = "sample",
     .form = DG_FORM_SETTINGS,
     .value = "'NAME=D'",
     .doc = "random search: loguniform(1e-4, 1e-1), uniform(0, 1), randint(16, 129), choice(a, b)",
     .is_many = true},
    {.name = "trials",
     .form = DG_FORM_COUNT,
     .doc = "draws of all that --sample varies (20)",
     .most = 10000,
     .needs = "sample"},
    {.name = "seeds",
     .form = DG_FORM_COUNT,
     .doc = "runs with the seeds 0 … N-1; the split keeps the graph's split_seed (5)",
     .most = 10000},
    {.name = "folds",
     .form = DG_FORM_COUNT,
     .doc = "cross-validation: each of N parts, 2 or more, tests in its turn",
     .most = 10000},
    {.name = "select",
     .form = DG_FORM_LIST,
     .doc = "not compared: each method takes the value that is best on validation data"},
    {.name = "by",
     .form = DG_FORM_NAME,
     .needs = "select|sample|halving|report|repeat",
     .doc = "what is best: validation (the metric compared), validation_loss …, or epochs_to_target"},
    {.name = "halving",
     .form = DG_FORM_POSITIVE,
     .doc = "successive halving over what is chosen: 1 of X goes on, with X times the epochs"},
    {.name = "metric",
     .form = DG_FORM_NAME,
     .doc = "what is compared (the first metric beside the loss, on the test part); or epochs_to_target"},
    {.name = "target",
     .form = DG_FORM_SETTINGS,
     .value = "METRIC=X",
     .doc = "also counts the epochs until validation_accuracy=0.9, say"},
    {.name = "baseline",
     .form = DG_FORM_TEXT,
     .value = "METHOD",
     .doc = "the method that the others are compared with (the first)"},
    {.name = "budget",
     .form = DG_FORM_TEXT,
     .value = "TIME",
     .doc = "drops whole pairs (seeds, folds) that would take longer: 90s, 15m, 2h"},
    {.name = "limit",
     .form = DG_FORM_TEXT,
     .value = "TIME",
     .doc = "ends a run that takes longer, which is then a row that says so"},
    {.name = "jobs", .form = DG_FORM_COUNT, .doc = "runs at a time (all processors over --threads)", .most = 4096},
    {.name = "threads", .form = DG_FORM_COUNT, .doc = "of each run (1)", .most = 1024},
    {.name = "shard",
     .form = DG_FORM_TEXT,
     .value = "I/N",
     .doc = "does every N-th run only; --report joins the parts of a shared folder"},
    {.name = "retry", .form = DG_FORM_FLAG, .doc = "also does runs again that failed or took too long"},
    {.name = "dry-run", .form = DG_FORM_FLAG, .doc = "says what would be run"},
    {.name = "report",
     .form = DG_FORM_FILE,
     .value = "STUDY/",
     .doc = "the comparison again, from the rows that are there",
     .alone = "by|metric|target|baseline|dry-run|out|set|replace|range|sample"},
    {.name = "repeat",
     .form = DG_FORM_FILE,
     .value = "STUDY/manifest",
     .doc = "all of a study again, within its limits and budget",
     .alone = "by|metric|target|baseline|dry-run|out|jobs|threads|budget|limit|shard|retry|set|replace|range|sample"},
    {.name = "out", .form = DG_FORM_FILE, .value = "STUDY/", .doc = "the folder (study)", .letter = 'o'},
    {0}};

static const command_options known = {
    .command = "study",
    .usage = "dotgrad study G.dot … --set 'act=relu|mish' --seeds 10 -o STUDY/ [options]\n"
             "dotgrad study --report STUDY/ [options]\n"
             "dotgrad study --repeat STUDY/manifest -o STUDY2/",
    .about =
        "Trains every combination on the same seeds and folds, each run as a process of its own, and compares them.\n"
        "What is varied is a setting of the graph (graph [set=\"act=relu\"], op=\"$act\") or an attribute of the\n"
        "experiment. Killed and started again, it goes on; runs that have ended are not repeated.",
    .own = own,
    .use = DG_USE_ALWAYS,
    .footer = "STUDY/ then has manifest, runs/KEY/ with row.json, runs.csv, curves.csv, summary.csv, comparisons.csv, "
              "ranks.csv,\n"
              "table.tex, report.html and its figures.",
    .operand = "a graph file",
    .most = INT32_MAX};

typedef struct asked {
    study_options is;
    const char *report, *repeat;
    bool is_misused;
    const char *texts[6][MOST_TEXTS]; /* of the lists in `is` */
    char *command_line;
} asked;

static volatile sig_atomic_t stop_asked;

static void ask_to_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

static bool take_duration(const char *command, const char *option, const char *text, double *seconds)
{
    if (duration_parse(text, seconds))
        return true;
    command_misused(command, "%s: '%s' is not a time such as 90s, 15m or 2h", option, text);
    return false;
}

static bool take_shard(const char *command, const char *text, study_options *is)
{
    char rest;
    long long shard, shards;
    if (sscanf(text, "%lld/%lld%c", &shard, &shards, &rest) == 2 && shard >= 1 && shards >= shard) {
        is->shard = shard;
        is->shards = shards;
        return true;
    }
    command_misused(command, "--shard needs I/N with I from 1 to N, not '%s'", text);
    return false;
}

static bool add_text(const char *command, study_texts *texts, const char *text)
{
    if (texts->count == MOST_TEXTS) {
        command_misused(command, "more than %d of them", MOST_TEXTS);
        return false;
    }
    texts->items[texts->count++] = text;
    return true;
}

/* Those that may be given several times. */
static bool take_lists(const char *command, asked *a)
{
    static const char *const names[] = {"set", "replace", "range", "sample"};
    study_texts *const lists[] = {&a->is.set, &a->is.replace, &a->is.range, &a->is.sample};
    const char *text;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        for (int i = 0; (text = option_text_at(names[k], i)); i++)
            if (!add_text(command, lists[k], text))
                return false;
    return true;
}

static bool take_options(const char *command, asked *a)
{
    study_options *is = &a->is;
    const char *budget = option_text("budget"), *limit = option_text("limit"), *shard = option_text("shard");
    a->report = option_text("report");
    a->repeat = option_text("repeat");
    is->folder = option_text("out");
    is->select = option_text("select");
    is->by = option_text("by");
    is->metric = option_text("metric");
    is->target = option_text("target");
    is->baseline = option_text("baseline");
    is->trials = option_whole("trials", 20);
    is->seeds = option_whole("seeds", 5);
    is->folds = option_whole("folds", is->folds);
    is->jobs = option_whole("jobs", 0);
    is->threads = option_whole("threads", 1);
    is->halving = option_number("halving", 0);
    is->is_dry = option_given("dry-run");
    is->retries = option_given("retry");
    return take_lists(command, a) && (!budget || take_duration(command, "--budget", budget, &is->budget)) &&
           (!limit || take_duration(command, "--limit", limit, &is->limit)) &&
           (!shard || take_shard(command, shard, is));
}

/* Options of every command that the runs have to be given, too: main() has taken them out of argv. */
static dg_status find_passed(asked *a)
{
    static const char *const names[] = {"--plugin", "--allow-path", "--max-nodes", "--max-bytes"};
    FILE *file = fopen("/proc/self/cmdline", "re");
    size_t room = 0;
    bool is_value = false;
    char *text = NULL;
    if (!file)
        return dg_error(DG_IO, "/proc/self/cmdline: cannot read the command's own options");
    while (getdelim(&text, &room, '\0', file) > 0) {
        bool is_one = is_value;
        is_value = false;
        for (size_t k = 0; !is_one && k < sizeof names / sizeof *names; k++) {
            size_t length = strlen(names[k]);
            is_one = strncmp(text, names[k], length) == 0 && (!text[length] || text[length] == '=');
            is_value |= is_one && !text[length];
        }
        const char *copy = is_one && a->is.passed.count < MOST_TEXTS ? strdup(text) : NULL;
        if (copy)
            a->is.passed.items[a->is.passed.count++] = copy;
    }
    free(text);
    fclose(file);
    return dg_ok();
}

/* -1: go on. */
static int check(const char *name, asked *a, char **graphs)
{
    for (; *graphs; graphs++)
        if (!add_text(name, &a->is.graphs, *graphs))
            return EXIT_USAGE;
    if (option_given("folds") && a->is.folds < 2)
        return command_misused(name, "--folds needs 2 parts or more");
    if (option_given("halving") && !(a->is.halving > 1))
        return command_misused(name, "--halving needs a number above 1: one of so many goes on");
    if (a->report && a->is.folder)
        return command_misused(name, "--report writes into the folder that it reads; -o is of no use with it");
    if ((a->report || a->repeat) &&
        (a->is.graphs.count || a->is.set.count || a->is.replace.count || a->is.range.count || a->is.sample.count))
        return command_misused(name, "%s takes all from the manifest", a->report ? "--report" : "--repeat");
    if (!a->report && !a->repeat && !a->is.graphs.count)
        return command_misused(name, "needs a graph file");
    if (a->is.target && !strchr(a->is.target, '='))
        return command_misused(name, "--target needs a metric and its value: validation_accuracy=0.9");
    if (a->is.halving > 0 && a->is.shards > 1)
        return command_misused(name, "--halving compares all runs of a rung: it cannot be cut into shards");
    if (!a->is.folder)
        a->is.folder = a->report ? a->report : "study";
    return -1;
}

static int64_t jobs_for(int64_t threads)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors > threads ? processors / threads : 1;
}

static int parse(int argc, char **argv, asked *a)
{
    study_texts *lists[] = {&a->is.graphs, &a->is.set, &a->is.replace, &a->is.range, &a->is.sample, &a->is.passed};
    char **graphs;
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
        lists[k]->items = a->texts[k];
    int over = options_take(&known, argc, argv, &graphs);
    if (over >= 0)
        return over;
    a->is.reading = graph_options();
    if (!take_options(argv[0], a))
        return EXIT_USAGE;
    if (!a->is.jobs)
        a->is.jobs = jobs_for(a->is.threads);
    return check(argv[0], a, graphs);
}

/* ---- doing it ---- */

static void watch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction ask = {.sa_handler = ask_to_stop};
    for (size_t k = 0; k < sizeof signals / sizeof *signals; k++) {
        struct sigaction before;
        if (sigaction(signals[k], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[k], &ask, NULL);
    }
}

static void print_plan(study *s)
{
    int64_t last = 0;
    for (int v = 0; v < s->n_variants; v++)
        last += s->variants[v].rung + 1 == s->n_rungs;
    int64_t runs = last * s->n_pairs;
    printf("%d graph%s, %d method%s, %d configuration%s of each, %lld pair%s (seeds and folds): %lld run%s",
           s->n_graphs, plural(s->n_graphs), s->n_methods, plural(s->n_methods), s->n_configurations,
           plural(s->n_configurations), (long long)s->n_pairs, plural(s->n_pairs), (long long)runs, plural(runs));
    printf(s->n_rungs > 1 ? ", or fewer by halving in %d rungs\n" : "\n", s->n_rungs);
    for (int v = 0; v < s->n_variants; v++) {
        const study_variant *variant = &s->variants[v];
        const char *chosen = study_label(s, variant, true);
        printf("  %s: %s%s%s", s->graphs[variant->graph], study_label(s, variant, false), *chosen ? "; " : "", chosen);
        printf(s->n_rungs > 1 ? " (rung %d, %lld epoch%s)\n" : "\n", variant->rung + 1, (long long)variant->epochs,
               plural(variant->epochs));
    }
}

static dg_status make_study(const asked *a, study *s)
{
    char *path;
    if (!a->report && !a->repeat)
        return study_plan(&a->is, s);
    if (asprintf(&path, "%s%s", a->report ? a->report : a->repeat, a->report ? "/manifest" : "") < 0)
        return dg_no_memory("the study");
    dg_status status = study_from_manifest(path, a->is.folder, s);
    free(path);
    if (status.code != DG_OK)
        return status;
    if (a->repeat && s->version && strcmp(s->version, dg_version()) != 0)
        command_warn("%s was written by dotgrad %s, this is %s: numbers may differ", a->repeat, s->version,
                     dg_version());
    s->by = a->is.by ? a->is.by : s->by;
    s->metric = a->is.metric ? a->is.metric : s->metric;
    s->target = a->is.target ? a->is.target : s->target;
    s->baseline = a->is.baseline ? a->is.baseline : s->baseline;
    return status;
}

static dg_status report(study *s, const study_progress *progress)
{
    study_result result;
    dg_status pictures;
    DG_TRY(study_write_tables(s));
    DG_TRY(study_compare(s, &result));
    result.progress = *progress;
    DG_TRY(study_write_results(s, &result));
    study_print(s, &result, stdout);
    DG_TRY(study_write_report(s, &result, &pictures));
    if (pictures.code != DG_OK)
        command_warn("a picture is missing in the report: %s", pictures.message);
    fprintf(stderr,
            "files in %s: report.html summary.csv comparisons.csv ranks.csv table.tex runs.csv curves.csv manifest\n",
            s->folder);
    return dg_ok();
}

/* A repeated study keeps to the limits of the first, but for those that the command line gives. */
static void keep_limits(study_options *is, const study *s)
{
    is->budget = option_text("budget") ? is->budget : s->budget;
    is->limit = option_text("limit") ? is->limit : s->limit;
    is->threads = option_text("threads") || !s->threads ? is->threads : s->threads;
    is->jobs = option_text("jobs") ? is->jobs : jobs_for(is->threads);
}

static dg_status run(asked *a, study *s)
{
    study_progress progress = {0};
    DG_TRY(make_study(a, s));
    if (a->repeat)
        keep_limits(&a->is, s);
    dg_status choices = study_check_choices(s);
    a->is_misused = choices.code != DG_OK;
    DG_TRY(choices);
    if (a->is.is_dry) {
        print_plan(s);
        return dg_ok();
    }
    if (!a->report)
        DG_TRY(study_prepare(s, &a->is));
    DG_TRY(study_read_rows(s));
    if (a->report)
        return report(s, &progress);
    watch_signals();
    dg_status status = study_run_all(s, &a->is, &stop_asked, &progress);
    if (status.code == DG_INTERRUPTED)
        return dg_error(DG_INTERRUPTED, "%s: interrupted; the same command goes on", s->folder);
    DG_TRY(status);
    DG_TRY(study_read_rows(s)); /* of other shards, too */
    return report(s, &progress);
}

int command_study(int argc, char **argv)
{
    asked *a = calloc(1, sizeof *a);
    study s = {0};
    if (!a)
        return command_failed(dg_no_memory("the study"));
    int over = parse(argc, argv, a);
    dg_status status = dg_ok();
    if (over < 0) {
        status = find_passed(a);
        if (status.code == DG_OK)
            status = run(a, &s);
        if (a->is_misused)
            over = command_misused("study", "%s", status.message);
        study_free(&s);
    }
    for (int k = 0; k < a->is.passed.count; k++)
        free((void *)(uintptr_t)a->is.passed.items[k]);
    free(a);
    return over >= 0 ? over : status.code == DG_OK ? 0 : command_failed(status);
}
