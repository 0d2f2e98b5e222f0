/* Which runs, in which order, until when. */
#include "study.h"

#include "tools/run/folder.h"
#include "tools/run/print.h"
#include "tools/run/stop.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_ARGUMENTS = 200 };

typedef struct running {
    study *s;
    const study_options *options;
    const volatile sig_atomic_t *stop;
    study_progress *progress;
    pool *pool;
    char program[4096];
    double begin, spent; /* spent: seconds of this machine's jobs on rows that were there */
    double seconds;      /* of runs that ended, */
    int64_t ended;       /* so many */
    int64_t held;        /* runs that another study has begun, which are looked at again */
    bool is_terminal;
} running;

static void show(running *r, const study_run *run, const char *what)
{
    study_progress *p = r->progress;
    if (r->is_terminal)
        fprintf(stderr, "\r\033[K%lld of %lld run%s", (long long)p->done, (long long)p->all, plural(p->all));
    else if (strcmp(what, "finished") != 0)
        fprintf(stderr, "run %s (%s, seed %lld): %s\n", run->key, study_label(r->s, run->variant, false),
                (long long)run->seed, what);
    else if (p->all < 50 || p->done % (p->all / 50 + 1) == 0 || p->done == p->all)
        fprintf(stderr, "%lld of %lld run%s, %.0f s\n", (long long)p->done, (long long)p->all, plural(p->all),
                seconds_now() - r->begin);
}

/* What a run says, in a file of this study's own until it has ended. */
static const char *log_of(study *s, const char *key)
{
    return study_format(s, "%s/runs/%s/log.%ld", s->folder, key, (long)getpid());
}

static dg_status keep_log(study *s, const char *key, bool held)
{
    const char *from = log_of(s, key), *to = study_format(s, "%s/runs/%s/log", s->folder, key);
    if (!from || !to)
        return dg_no_memory("the study");
    if (held || rename(from, to))
        unlink(from);
    return dg_ok();
}

/* A run that finished or diverged has its row; else it is written here. */
static dg_status take_end(void *argument, int64_t index, pool_end how, const char *message, double seconds)
{
    running *r = argument;
    const study_run run = study_run_at(r->s, index);
    DG_TRY(study_read_row(r->s, index));
    bool held = !r->s->rows[index] && how == POOL_BUSY; /* by another study in this folder: the run is left to it */
    DG_TRY(keep_log(r->s, run.key, held));
    r->held += held;
    if (held)
        return dg_ok();
    if (!r->s->rows[index])
        DG_TRY(study_write_row(r->s, &run, how == POOL_TIMEOUT ? "timeout" : "failed",
                               how == POOL_TIMEOUT ? "took longer than --limit" : message, seconds));
    r->seconds += seconds;
    r->ended++;
    r->progress->done++;
    const cJSON *row = r->s->rows[index];
    show(r, &run,
         study_row_is(row, "finished")   ? "finished"
         : study_row_is(row, "diverged") ? "diverged"
         : how == POOL_TIMEOUT           ? "took longer than --limit"
                                         : message);
    return dg_ok();
}

/* A run that was killed goes on from its checkpoint. */
static dg_status start(running *r, const study_run *run)
{
    study *s = r->s;
    const char *arguments[MOST_ARGUMENTS] = {r->program, "train"};
    const char *folder = study_format(s, "%s/runs/%s", s->folder, run->key),
               *checkpoint = study_format(s, "%s/checkpoint.safetensors", folder), *log = log_of(s, run->key);
    int n = 2;
    if (!folder || !checkpoint || !log)
        return dg_no_memory("the study");
    if (s->passed.count > MOST_ARGUMENTS - 24)
        return dg_error(DG_BAD_ARGUMENT, "too many options of --plugin, --allow-path and the like");
    DG_TRY(run_folder_make(folder));
    bool resumes = access(checkpoint, F_OK) == 0;
    if (resumes) {
        arguments[n++] = "--resume";
        arguments[n++] = folder;
    } else {
        arguments[n++] = study_format(s, *run->variant->file == '-' ? "./%s" : "%s", run->variant->file);
        arguments[n++] = "-o";
        arguments[n++] = folder;
        arguments[n++] = "--seed";
        arguments[n++] = study_format(s, "%lld", (long long)run->seed);
        arguments[n++] = "--split-seed";
        arguments[n++] = study_format(s, "%llu", (unsigned long long)run->variant->split_seed);
    }
    if (!resumes && run->variant->data) {
        arguments[n++] = "--data";
        arguments[n++] = run->variant->data;
    }
    if (!resumes && s->folds) {
        arguments[n++] = "--folds";
        arguments[n++] = study_format(s, "%lld", (long long)s->folds);
        arguments[n++] = "--fold";
        arguments[n++] = study_format(s, "%lld", (long long)run->fold);
    }
    arguments[n++] = "--no-pictures";
    arguments[n++] = "--threads";
    arguments[n++] = study_format(s, "%lld", (long long)r->options->threads);
    for (int k = 0; k < s->passed.count; k++)
        arguments[n++] = s->passed.items[k];
    return pool_start(r->pool, run->index, arguments, log, r->stop);
}

/* ---- successive halving ---- */

static double validation_of(const study *s, const char *by, int variant)
{
    double sum = 0;
    int64_t count = 0;
    for (int64_t pair = 0; pair < s->n_pairs; pair++) {
        const cJSON *row = s->rows[pair * s->n_variants + variant];
        double value = row && study_row_is(row, "finished") ? study_row_number(row, by) : NAN;
        if (!isnan(value)) {
            sum += value;
            count++;
        }
    }
    return count ? sum / (double)count : NAN;
}

/* Of one graph and method, those that have gone so far; n of them go on to the next rung: 1 of `halving`, at least 1.
 */
bool study_goes_on(const study *s, const study_variant *variant)
{
    bool rises;
    const char *metric;
    if (variant->rung == 0)
        return true;
    if (study_metric((study *)(uintptr_t)s, variant->graph, &metric, &rises).code != DG_OK)
        return true;
    const char *by = study_by((study *)(uintptr_t)s, metric, &rises);
    const study_variant *before = variant - 1;
    if (!study_goes_on(s, before))
        return false;
    double mine = validation_of(s, by, (int)(before - s->variants));
    int64_t better = 0, all = 0;
    for (int v = 0; v < s->n_variants; v++) {
        const study_variant *other = &s->variants[v];
        if (other->graph != variant->graph || other->method != variant->method || other->rung != before->rung ||
            !study_goes_on(s, other))
            continue;
        double value = validation_of(s, by, v);
        all++;
        bool above = isnan(mine) ? !isnan(value) : rises ? value > mine : value < mine;
        better += above || (other->configuration < variant->configuration && !(isnan(value) && !isnan(mine)) &&
                            (value == mine || (isnan(value) && isnan(mine))));
    }
    return better < (int64_t)fmax(1, ceil((double)all / s->halving));
}

/* ---- order and budget ---- */

static bool is_wanted(const running *r, const study_run *run)
{
    const study_options *options = r->options;
    const cJSON *row = r->s->rows[run->index];
    if (options->shards && run->index % options->shards != options->shard - 1)
        return false;
    return !row || (options->retries && !study_row_is(row, "finished") && !study_row_is(row, "diverged"));
}

/* Whether the runs of a pair that are still to be done fit in what is left of the budget. */
static bool has_time(const running *r, int64_t wanted)
{
    double each = r->ended ? r->seconds / (double)r->ended : 0;
    double left = r->options->budget - r->spent - (seconds_now() - r->begin);
    return r->options->budget <= 0 || !wanted || (left > 0 && each * (double)wanted / (double)r->options->jobs <= left);
}

static dg_status forget(running *r, const study_run *run)
{
    char *path;
    if (!r->s->rows[run->index])
        return dg_ok();
    if (asprintf(&path, "%s/runs/%s/row.json", r->s->folder, run->key) < 0)
        return dg_no_memory("the study");
    unlink(path);
    free(path);
    r->progress->done--;
    return study_read_row(r->s, run->index);
}

/* All variants of one pair (seed and fold) in a rung. */
static dg_status run_pair(running *r, int64_t pair, int rung)
{
    study *s = r->s;
    int64_t wanted = 0;
    for (int v = 0; v < s->n_variants; v++) {
        const study_run run = study_run_at(s, pair * s->n_variants + v);
        wanted += run.variant->rung == rung && is_wanted(r, &run) && study_goes_on(s, run.variant);
    }
    if (!has_time(r, wanted)) {
        r->progress->dropped_pairs++;
        return dg_ok();
    }
    for (int v = 0; v < s->n_variants; v++) {
        const study_run run = study_run_at(s, pair * s->n_variants + v);
        if (run.variant->rung != rung || !is_wanted(r, &run) || !study_goes_on(s, run.variant))
            continue;
        DG_TRY(forget(r, &run));
        DG_TRY(study_read_row(s, run.index)); /* that another study has written meanwhile */
        if (s->rows[run.index])
            r->progress->done++;
        else
            DG_TRY(start(r, &run));
    }
    return dg_ok();
}

static void count(running *r)
{
    study *s = r->s;
    for (int64_t k = 0; k < s->n_pairs * s->n_variants; k++) {
        const study_run run = study_run_at(s, k);
        bool in_shard = !r->options->shards || k % r->options->shards == r->options->shard - 1;
        bool planned = run.variant->rung + 1 == s->n_rungs || run.pair == 0;
        if (!in_shard || !planned || !study_goes_on(s, run.variant))
            continue;
        r->progress->all++;
        r->progress->done += s->rows[k] != NULL;
        double seconds = s->rows[k] ? study_row_number(s->rows[k], "seconds") : NAN;
        if (!isnan(seconds)) {
            r->seconds += seconds;
            r->ended++;
        }
    }
    r->spent = r->seconds / (double)r->options->jobs;
}

/* Lower rungs see the first seed (and fold) alone; the last one sees all. */
static dg_status run_rung(running *r, int rung)
{
    int64_t pairs = rung + 1 < r->s->n_rungs ? 1 : r->s->n_pairs;
    do {
        if (r->held)
            nanosleep(&(struct timespec){1, 0}, NULL);
        r->held = r->progress->dropped_pairs = 0;
        for (int64_t pair = 0; pair < pairs; pair++)
            DG_TRY(run_pair(r, pair, rung));
        DG_TRY(pool_wait(r->pool, r->stop));
    } while (r->held);
    return dg_ok();
}

static dg_status run_rungs(running *r)
{
    for (int rung = 0; rung < r->s->n_rungs; rung++)
        DG_TRY(run_rung(r, rung));
    return dg_ok();
}

dg_status study_run_all(study *s, const study_options *options, const volatile sig_atomic_t *stop,
                        study_progress *progress)
{
    running r = {.s = s,
                 .options = options,
                 .stop = stop,
                 .progress = progress,
                 .begin = seconds_now(),
                 .is_terminal = isatty(STDERR_FILENO)};
    *progress = (study_progress){0};
    ssize_t length = readlink("/proc/self/exe", r.program, sizeof r.program - 1);
    if (length < 0)
        return dg_error(DG_IO, "/proc/self/exe: cannot find the program itself");
    count(&r);
    DG_TRY(pool_new((int)options->jobs, options->limit, take_end, &r, &r.pool));
    dg_status status = run_rungs(&r);
    pool_free(r.pool);
    if (r.is_terminal)
        fputc('\n', stderr);
    return status;
}
