/* dotgrad study: every combination of settings, paired, resumable, with statistics. */
#include "tools/study/study.h"
#include "command.h"
#include "graph_options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum option_value {
    HELP = 'h',
    OUT = 'o',
    SET = 256,
    RANGE,
    SAMPLE,
    TRIALS,
    SEEDS,
    FOLDS,
    SELECT,
    BY,
    METRIC,
    TARGET,
    BASELINE,
    HALVING,
    BUDGET,
    LIMIT,
    JOBS,
    THREADS,
    SHARD,
    DRY_RUN,
    RETRY,
    REPORT,
    REPEAT
};

enum { MOST_TEXTS = 200 };

static const struct option options[] = {
    {"help", no_argument, NULL, HELP},
    {"out", required_argument, NULL, OUT},
    {"set", required_argument, NULL, SET},
    {"range", required_argument, NULL, RANGE},
    {"sample", required_argument, NULL, SAMPLE},
    {"trials", required_argument, NULL, TRIALS},
    {"seeds", required_argument, NULL, SEEDS},
    {"folds", required_argument, NULL, FOLDS},
    {"select", required_argument, NULL, SELECT},
    {"by", required_argument, NULL, BY},
    {"metric", required_argument, NULL, METRIC},
    {"target", required_argument, NULL, TARGET},
    {"baseline", required_argument, NULL, BASELINE},
    {"halving", required_argument, NULL, HALVING},
    {"budget", required_argument, NULL, BUDGET},
    {"limit", required_argument, NULL, LIMIT},
    {"jobs", required_argument, NULL, JOBS},
    {"threads", required_argument, NULL, THREADS},
    {"shard", required_argument, NULL, SHARD},
    {"dry-run", no_argument, NULL, DRY_RUN},
    {"retry", no_argument, NULL, RETRY},
    {"report", required_argument, NULL, REPORT},
    {"repeat", required_argument, NULL, REPEAT},
    {0},
};

typedef struct asked {
    study_options is;
    const char *report, *repeat;
    const char *texts[5][MOST_TEXTS]; /* of the lists in `is` */
    char *command_line;
} asked;

static volatile sig_atomic_t stop_asked;

static void ask_to_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

static int help(void)
{
    puts("usage: dotgrad study G.dot … --set 'act=relu|mish' --seeds 10 -o STUDY/ [options]\n"
         "       dotgrad study --report STUDY/ [options]      the comparison again, from the rows that are there\n"
         "       dotgrad study --repeat STUDY/manifest -o STUDY2/\n\n"
         "Trains every combination on the same seeds and folds, each run as a process of its own, and compares them.\n"
         "What is varied is a setting of the graph (graph [set=\"act=relu\"], op=\"$act\") or an attribute of the\n"
         "experiment. Killed and started again, it goes on; runs that have ended are not repeated.\n\n"
         "  --set 'NAME=A|B|C'     values to compare\n"
         "  --range 'NAME=R'       geomspace(1e-4, 1e-1, 5), linspace(0, 1, 11), arange(1, 10, 2)\n"
         "  --sample 'NAME=D'      random search: loguniform(1e-4, 1e-1), uniform(0, 1), randint(16, 129), choice(a, "
         "b)\n"
         "  --trials N             draws of all that --sample varies (20)\n"
         "  --seeds N              runs with the seeds 0 … N-1; the split keeps the graph's split_seed (5)\n"
         "  --folds K              cross-validation: each of K parts tests in its turn\n"
         "  --select A,B           not compared: each method takes the value that is best on validation data\n"
         "  --by M                 what is best: validation (the metric compared), or validation_loss …\n"
         "  --halving R            successive halving over what is chosen: 1 of R goes on, with R times the epochs\n"
         "  --metric M             what is compared (the first metric beside the loss, on the test part)\n"
         "  --target M=V           also counts the epochs until validation_accuracy=0.9, say\n"
         "  --baseline V           the method that the others are compared with (the first)\n"
         "  --budget T             drops whole pairs (seeds, folds) that would take longer: 90s, 15m, 2h\n"
         "  --limit T              ends a run that takes longer, which is then a row that says so\n"
         "  --jobs N               runs at a time (all processors over --threads)\n"
         "  --threads N            of each run (1)\n"
         "  --shard I/N            does every N-th run only; --report joins the parts of a shared folder\n"
         "  --retry                also does runs again that failed or took too long\n"
         "  --dry-run              says what would be run\n"
         "  -o, --out STUDY/       the folder (study)\n\n"
         "STUDY/ then has manifest, runs/KEY/ with row.json, runs.csv, curves.csv, summary.csv, comparisons.csv,\n"
         "table.tex, report.html and its figures.");
    return 0;
}

/* 90, 90s, 15m, 2h. */
static bool take_duration(const char *command, const char *option, const char *text, double *seconds)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}};
    char *end;
    double number = strtod(text, &end);
    for (size_t k = 0; k < sizeof units / sizeof *units; k++)
        if (end != text && strcmp(end, units[k].unit) == 0 && number > 0 && isfinite(number)) {
            *seconds = number * units[k].seconds;
            return true;
        }
    command_misused(command, "%s: '%s' is no time such as 90s, 15m or 2h", option, text);
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
    command_misused(command, "--shard wants I/N with I from 1 to N, not '%s'", text);
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

static bool take_number(const char *name, int option, study_options *is)
{
    double halving;
    switch (option) {
    case TRIALS:
        return command_int(name, "--trials", optarg, 1, 10000, &is->trials);
    case SEEDS:
        return command_int(name, "--seeds", optarg, 1, 10000, &is->seeds);
    case FOLDS:
        return command_int(name, "--folds", optarg, 2, 10000, &is->folds);
    case JOBS:
        return command_int(name, "--jobs", optarg, 1, 4096, &is->jobs);
    case THREADS:
        return command_int(name, "--threads", optarg, 1, 1024, &is->threads);
    case BUDGET:
        return take_duration(name, "--budget", optarg, &is->budget);
    case LIMIT:
        return take_duration(name, "--limit", optarg, &is->limit);
    case SHARD:
        return take_shard(name, optarg, is);
    default:
        if (!command_number(name, "--halving", optarg, &halving))
            return false;
        is->halving = halving;
        if (halving > 1)
            return true;
        command_misused(name, "--halving wants a number above 1: one of so many goes on");
        return false;
    }
}

static const char **text_of(asked *a, int option)
{
    switch (option) {
    case OUT:
        return &a->is.folder;
    case SELECT:
        return &a->is.select;
    case BY:
        return &a->is.by;
    case METRIC:
        return &a->is.metric;
    case TARGET:
        return &a->is.target;
    case BASELINE:
        return &a->is.baseline;
    case REPORT:
        return &a->report;
    case REPEAT:
        return &a->repeat;
    default:
        return NULL;
    }
}

static bool take_option(const char *name, int option, asked *a)
{
    const char **text = text_of(a, option);
    if (text) {
        *text = optarg;
        return true;
    }
    switch (option) {
    case SET:
        return add_text(name, &a->is.set, optarg);
    case RANGE:
        return add_text(name, &a->is.range, optarg);
    case SAMPLE:
        return add_text(name, &a->is.sample, optarg);
    case DRY_RUN:
        return a->is.is_dry = true;
    case RETRY:
        return a->is.retries = true;
    default:
        return take_number(name, option, &a->is);
    }
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
static int check(const char *name, asked *a, int argc, char **argv)
{
    for (int k = optind; k < argc; k++)
        if (!add_text(name, &a->is.graphs, argv[k]))
            return EXIT_USAGE;
    if (a->report && a->is.folder)
        return command_misused(name, "--report writes into the folder that it reads; -o is of no use with it");
    if ((a->report || a->repeat) && (a->is.graphs.count || a->is.set.count || a->is.range.count || a->is.sample.count))
        return command_misused(name, "%s takes all from the manifest", a->report ? "--report" : "--repeat");
    if (!a->report && !a->repeat && !a->is.graphs.count)
        return command_misused(name, "wants a graph file");
    if (a->is.target && !strchr(a->is.target, '='))
        return command_misused(name, "--target wants a metric and its value: validation_accuracy=0.9");
    if (a->is.halving > 0 && a->is.shards > 1)
        return command_misused(name, "--halving compares all runs of a rung: it cannot be cut into shards");
    if (!a->is.folder)
        a->is.folder = a->report ? a->report : "study";
    return -1;
}

static int parse(int argc, char **argv, asked *a)
{
    int option;
    study_texts *lists[] = {&a->is.graphs, &a->is.set, &a->is.range, &a->is.sample, &a->is.passed};
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
        lists[k]->items = a->texts[k];
    a->is.seeds = 5;
    a->is.trials = 20;
    a->is.threads = 1;
    a->is.reading = graph_options();
    while ((option = command_option(argc, argv, "ho:", options)) != -1) {
        if (option == '?')
            return EXIT_USAGE;
        if (option == HELP)
            return help();
        if (!take_option(argv[0], option, a))
            return EXIT_USAGE;
    }
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (!a->is.jobs)
        a->is.jobs = processors > a->is.threads ? processors / a->is.threads : 1;
    return check(argv[0], a, argc, argv);
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
    printf("%d graphs, %d methods, %d configurations of each, %lld pairs (seeds and folds): %lld runs", s->n_graphs,
           s->n_methods, s->n_configurations, (long long)s->n_pairs, (long long)(last * s->n_pairs));
    printf(s->n_rungs > 1 ? ", or fewer by halving in %d rungs\n" : "\n", s->n_rungs);
    for (int v = 0; v < s->n_variants; v++) {
        const study_variant *variant = &s->variants[v];
        const char *chosen = study_label(s, variant, true);
        printf("  %s: %s%s%s", s->graphs[variant->graph], study_label(s, variant, false), *chosen ? "; " : "", chosen);
        printf(s->n_rungs > 1 ? " (rung %d, %lld epochs)\n" : "\n", variant->rung + 1, (long long)variant->epochs);
    }
}

static dg_status make_study(const asked *a, study *s)
{
    char *path;
    if (!a->report && !a->repeat)
        return study_plan(&a->is, s);
    if (asprintf(&path, "%s%s", a->report ? a->report : a->repeat, a->report ? "/manifest" : "") < 0)
        return study_no_memory();
    dg_status status = study_from_manifest(path, a->is.folder, s);
    free(path);
    if (status.code != DG_OK)
        return status;
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
    fprintf(stderr, "files in %s: report.html summary.csv comparisons.csv table.tex runs.csv curves.csv manifest\n",
            s->folder);
    return dg_ok();
}

static dg_status run(const asked *a, study *s)
{
    study_progress progress = {0};
    DG_TRY(make_study(a, s));
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
        return command_failed(study_no_memory());
    int over = parse(argc, argv, a);
    dg_status status = dg_ok();
    if (over < 0) {
        status = find_passed(a);
        if (status.code == DG_OK)
            status = run(a, &s);
        study_free(&s);
    }
    for (int k = 0; k < a->is.passed.count; k++)
        free((void *)(uintptr_t)a->is.passed.items[k]);
    free(a);
    return over >= 0 ? over : status.code == DG_OK ? 0 : command_failed(status);
}
