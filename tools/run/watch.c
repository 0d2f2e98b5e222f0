/* RUN/watch.csv. */
#include "watch.h"

#include "claim.h"
#include "folder.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static dg_status cannot_write(const watch_file *watch)
{
    return dg_error(DG_IO, "%s: cannot write: %s", watch->path, strerror(errno));
}

/* The lines before that step. */
static dg_status keep_lines(const watch_file *watch, uint64_t step)
{
    char *text;
    size_t size;
    if (dg_read_file(watch->path, &text, &size).code != DG_OK)
        return dg_ok();
    char *at = strchr(text, '\n');
    while (at && at[1] && strtoull(at + 1, NULL, 10) < step)
        at = strchr(at + 1, '\n');
    dg_status status = dg_write_file(watch->path, text, at ? (size_t)(at + 1 - text) : 0);
    free(text);
    return status;
}

dg_status watch_begin(watch_file *watch, const char *run, uint64_t step)
{
    *watch = (watch_file){.path = path_join(run, "watch.csv")};
    if (!watch->path)
        return dg_no_memory("%s", run);
    DG_TRY(run_file_ready(watch->path));
    if (step)
        DG_TRY(keep_lines(watch, step));
    watch->file = fopen(watch->path, step ? "ae" : "we");
    return watch->file ? dg_ok() : cannot_write(watch);
}

/* The last record, for the diagram: words of all probes of a layer, one after another. */
static dg_status remember(watch_file *watch, const dg_watched *now)
{
    dg_arena_free(watch->arena);
    watch->arena = NULL;
    watch->count = 0;
    DG_TRY(dg_arena_new(&watch->arena));
    watch->nodes = dg_arena_alloc(watch->arena, (now->n_layers + 1) * sizeof *watch->nodes);
    watch->values = dg_arena_alloc(watch->arena, (now->n_layers + 1) * sizeof *watch->values);
    watch->words = dg_arena_alloc(watch->arena, (now->n_layers + 1) * sizeof *watch->words);
    if (!watch->nodes || !watch->values || !watch->words)
        return dg_no_memory("%s", watch->path);
    for (size_t i = 0; i < now->n_layers; i++) {
        char *words = NULL;
        size_t size;
        FILE *out = open_memstream(&words, &size);
        watch->values[i] = now->n_probes ? now->values[i * (size_t)now->n_probes] : NAN;
        for (int k = 0; out && k < now->n_probes; k++) {
            const char *one = now->words[i * (size_t)now->n_probes + (size_t)k];
            if (one)
                fprintf(out, "%s%s", ftell(out) ? " · " : "", one);
        }
        if (!out || fclose(out) != 0)
            return dg_no_memory("%s", watch->path);
        watch->nodes[i] = now->layers[i];
        watch->words[i] = dg_arena_text(watch->arena, words, strlen(words));
        free(words);
    }
    watch->count = now->n_layers;
    watch->step = now->step;
    return dg_ok();
}

dg_status watch_record(watch_file *watch, const dg_watched *now)
{
    char number[DG_NUMBER_TEXT];
    if (ftell(watch->file) == 0) {
        fputs("step,epoch,layer", watch->file);
        for (int k = 0; k < now->n_probes; k++)
            fprintf(watch->file, ",%s", now->probes[k]);
        fputc('\n', watch->file);
    }
    for (size_t i = 0; i < now->n_layers; i++) {
        fprintf(watch->file, "%llu,%lld,%s", (unsigned long long)now->step, (long long)now->epoch,
                dg_node_name(now->layers[i]));
        for (int k = 0; k < now->n_probes; k++) {
            double value = now->values[i * (size_t)now->n_probes + (size_t)k];
            fputc(',', watch->file);
            if (!isnan(value))
                fputs(dg_number_print(value, DG_FLOAT64, number), watch->file);
        }
        fputc('\n', watch->file);
    }
    if (fflush(watch->file))
        return cannot_write(watch);
    return remember(watch, now);
}

void watch_end(watch_file *watch)
{
    if (watch->file)
        fclose(watch->file);
    dg_arena_free(watch->arena);
    free(watch->path);
    *watch = (watch_file){0};
}
