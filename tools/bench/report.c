/* The results of dotgrad bench: a short table, or JSON. */
#include "bench.h"

#include <cjson/cJSON.h>
#include <dotgrad/cost.h>
#include <stdio.h>

const char *const bench_mode_names[BENCH_MODES] = {"forward", "gradient", "train"};

void bench_print(const bench_result *result)
{
    char first[48], second[48], third[48];
    printf("%s: %s, batch size %lld, %d thread%s\n", result->graph, result->mode, (long long)result->batch_size,
           result->threads, result->threads == 1 ? "" : "s");
    printf("steps     %lld\n", (long long)result->steps);
    printf("a step    min %s, median %s, max %s\n", dg_seconds_print(result->least, first, sizeof first),
           dg_seconds_print(result->median, second, sizeof second),
           dg_seconds_print(result->most, third, sizeof third));
    printf("work      %s a step, %s/s at the median\n",
           dg_amount_print(result->cost.flops, "FLOP", first, sizeof first),
           dg_amount_print(result->cost.flops / result->median, "FLOP", second, sizeof second));
    if (result->tile_share > 0)
        printf("core      %.0f %% of the peak in a product's tile\n", 100 * result->tile_share);
    printf("memory    peak %s, %s above the idle process; %s in the plan's arena\n",
           dg_amount_print((double)result->peak_memory, "B", first, sizeof first),
           dg_amount_print((double)result->peak_memory - (double)result->idle_memory, "B", second, sizeof second),
           dg_amount_print((double)result->cost.arena_bytes, "B", third, sizeof third));
}

void bench_print_stages(const bench *b)
{
    const bench_stages *s = &b->stages;
    const char *names[] = {"read", "differentiate", "plan", "first step"};
    const double seconds[] = {s->read, s->differentiate, s->plan, s->first_step};
    char text[48];
    printf("%s: %s, batch size %lld, %d thread%s, %lld node%s\n", b->given->graph, bench_mode_names[b->given->mode],
           (long long)b->batch, dg_threads_count(b->session.threads),
           dg_threads_count(b->session.threads) == 1 ? "" : "s", (long long)b->n_read, b->n_read == 1 ? "" : "s");
    for (int k = 0; k < 4; k++) {
        printf("%-14s %-10s", names[k], dg_seconds_print(seconds[k], text, sizeof text));
        printf(" %s a node\n", dg_seconds_print(seconds[k] / (double)b->n_read, text, sizeof text));
    }
}

void bench_print_peak(const machine_peak *peak, int threads)
{
    char text[48];
    printf("instruction set %s, %d thread%s\n", dg_isa(), threads, threads == 1 ? "" : "s");
    printf("multiply-adds   %s/s in float32\n", dg_amount_print(peak->flops, "FLOP", text, sizeof text));
    printf("from the cache  %s/s, in a product's tile\n", dg_amount_print(peak->tile, "FLOP", text, sizeof text));
    printf("memory reads    %s/s\n", dg_amount_print(peak->bytes, "B", text, sizeof text));
}

/* ---- JSON ---- */

/* Frees the object, which is NULL or lacks something unless `fine`. */
static dg_status print_object(cJSON *object, bool fine)
{
    char *text = fine ? cJSON_Print(object) : NULL;
    if (text)
        puts(text);
    cJSON_free(text);
    cJSON_Delete(object);
    return text ? dg_ok() : dg_no_memory("the results");
}

dg_status bench_print_stages_json(const bench *b)
{
    const bench_stages *s = &b->stages;
    cJSON *object = cJSON_CreateObject(), *seconds;
    bool fine = object && cJSON_AddStringToObject(object, "graph", b->given->graph) &&
                cJSON_AddStringToObject(object, "mode", bench_mode_names[b->given->mode]) &&
                cJSON_AddNumberToObject(object, "nodes", (double)b->n_read) &&
                (seconds = cJSON_AddObjectToObject(object, "seconds")) &&
                cJSON_AddNumberToObject(seconds, "read", s->read) &&
                cJSON_AddNumberToObject(seconds, "differentiate", s->differentiate) &&
                cJSON_AddNumberToObject(seconds, "plan", s->plan) &&
                cJSON_AddNumberToObject(seconds, "first_step", s->first_step);
    return print_object(object, fine);
}

dg_status bench_print_peak_json(const machine_peak *peak, int threads)
{
    cJSON *object = cJSON_CreateObject();
    bool fine = object && cJSON_AddStringToObject(object, "isa", dg_isa()) &&
                cJSON_AddNumberToObject(object, "threads", threads) &&
                cJSON_AddNumberToObject(object, "flops_per_second", peak->flops) &&
                cJSON_AddNumberToObject(object, "tile_flops_per_second", peak->tile) &&
                cJSON_AddNumberToObject(object, "bytes_per_second", peak->bytes);
    return print_object(object, fine);
}

dg_status bench_print_json(const bench_result *result)
{
    cJSON *object = cJSON_CreateObject(), *seconds;
    bool fine =
        object && cJSON_AddStringToObject(object, "graph", result->graph) &&
        cJSON_AddStringToObject(object, "mode", result->mode) &&
        cJSON_AddNumberToObject(object, "batch_size", (double)result->batch_size) &&
        cJSON_AddNumberToObject(object, "threads", result->threads) &&
        cJSON_AddNumberToObject(object, "steps", (double)result->steps) &&
        (seconds = cJSON_AddObjectToObject(object, "seconds_per_step")) &&
        cJSON_AddNumberToObject(seconds, "min", result->least) &&
        cJSON_AddNumberToObject(seconds, "median", result->median) &&
        cJSON_AddNumberToObject(seconds, "max", result->most) &&
        (result->tile_share == 0 || cJSON_AddNumberToObject(object, "tile_share_of_peak", result->tile_share)) &&
        cJSON_AddNumberToObject(object, "flops_per_step", result->cost.flops) &&
        cJSON_AddNumberToObject(object, "peak_memory_bytes", (double)result->peak_memory);
    return print_object(object, fine);
}
