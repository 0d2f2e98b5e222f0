/* The results of dotgrad bench: a short table, JSON, and the profile. */
#include "bench.h"
#include "cost.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_NAME 48 /* columns for a name or a formula */

static const char *print_seconds(double seconds, char *text, size_t size)
{
    const char *unit = seconds < 1e-3 ? "us" : seconds < 1 ? "ms" : "s";
    snprintf(text, size, "%.4g %s", seconds * (seconds < 1e-3 ? 1e6 : seconds < 1 ? 1e3 : 1), unit);
    return text;
}

void bench_print(const bench_result *result)
{
    char first[48], second[48], third[48];
    printf("%s: %s, batch size %lld, %d thread%s\n", result->graph, result->mode, (long long)result->batch_size,
           result->threads, result->threads == 1 ? "" : "s");
    printf("steps     %lld\n", (long long)result->steps);
    printf("a step    min %s, median %s, max %s\n", print_seconds(result->least, first, sizeof first),
           print_seconds(result->median, second, sizeof second), print_seconds(result->most, third, sizeof third));
    printf("work      %s a step, %s/s at the median\n",
           cost_print_amount(result->cost.flops, "FLOP", first, sizeof first),
           cost_print_amount(result->cost.flops / result->median, "FLOP", second, sizeof second));
    printf("memory    peak %s, %s of it in the plan's arena\n",
           cost_print_amount((double)result->peak_memory, "B", first, sizeof first),
           cost_print_amount((double)result->cost.arena_bytes, "B", second, sizeof second));
}

dg_status bench_print_json(const bench_result *result)
{
    cJSON *object = cJSON_CreateObject(), *seconds;
    bool fine = object && cJSON_AddStringToObject(object, "graph", result->graph) &&
                cJSON_AddStringToObject(object, "mode", result->mode) &&
                cJSON_AddNumberToObject(object, "batch_size", (double)result->batch_size) &&
                cJSON_AddNumberToObject(object, "threads", result->threads) &&
                cJSON_AddNumberToObject(object, "steps", (double)result->steps) &&
                (seconds = cJSON_AddObjectToObject(object, "seconds_per_step")) &&
                cJSON_AddNumberToObject(seconds, "min", result->least) &&
                cJSON_AddNumberToObject(seconds, "median", result->median) &&
                cJSON_AddNumberToObject(seconds, "max", result->most) &&
                cJSON_AddNumberToObject(object, "flops_per_step", result->cost.flops) &&
                cJSON_AddNumberToObject(object, "peak_memory_bytes", (double)result->peak_memory);
    char *text = fine ? cJSON_Print(object) : NULL;
    if (text)
        puts(text);
    cJSON_free(text);
    cJSON_Delete(object);
    return text ? dg_ok() : dg_error(DG_NO_MEMORY, "%s: not enough memory", result->graph);
}

/* ---- the profile ---- */

static int slower_first(const void *a, const void *b)
{
    double first = ((const dg_plan_profile_entry *)a)->seconds, second = ((const dg_plan_profile_entry *)b)->seconds;
    return first > second ? -1 : first < second;
}

/* The op's name, or the formula of a node that has no other op. */
static const char *what_it_does(dg_node *node)
{
    const char *name = dg_node_op(node)->name;
    const dg_formula *formula = dg_node_formula(node);
    const char *text =
        formula && !strcmp(name, "expr") ? dg_formula_print(dg_graph_formulas(dg_node_graph(node)), formula) : NULL;
    return text ? text : name;
}

static void print_name(const char *name, int width)
{
    int length = 0;
    for (; *name && length < width; name++, length++)
        putchar((unsigned char)*name < ' ' || *name == 0x7f ? ' ' : *name);
    printf("%*s", width - length, "");
}

static void print_entries(const dg_plan_profile_entry *entries, size_t count)
{
    double all = 0;
    size_t width = strlen("node"), op_width = strlen("op");
    for (size_t k = 0; k < count; k++) {
        size_t name = strlen(dg_node_name(entries[k].node)), op = strlen(what_it_does(entries[k].node));
        width = name > width ? name : width;
        op_width = op > op_width ? op : op_width;
        all += entries[k].seconds;
    }
    int names = width < MOST_NAME ? (int)width : MOST_NAME, ops = op_width < MOST_NAME ? (int)op_width : MOST_NAME;
    printf("\n%-*s  %-*s  share      time     calls    GFLOP/s       GB/s   bytes a call\n", names, "node", ops, "op");
    for (size_t k = 0; k < count; k++) {
        const dg_plan_profile_entry *entry = &entries[k];
        double one = entry->seconds / (double)entry->calls;
        char time[32], bytes[32];
        print_name(dg_node_name(entry->node), names);
        printf("  %-*.*s  %4.1f%%  %8s  %8llu  %9.3g  %9.3g  %13s\n", ops, ops, what_it_does(entry->node),
               all > 0 ? 100 * entry->seconds / all : 0, print_seconds(one, time, sizeof time),
               (unsigned long long)entry->calls, one > 0 ? entry->flops / one / 1e9 : 0,
               one > 0 ? entry->bytes / one / 1e9 : 0, cost_print_amount(entry->bytes, "B", bytes, sizeof bytes));
    }
}

dg_status bench_print_profile(const dg_plan *plan)
{
    size_t count = dg_plan_profile_entries(plan, NULL, 0);
    dg_plan_profile_entry *entries = calloc(count + 1, sizeof *entries);
    if (!entries)
        return dg_error(DG_NO_MEMORY, "not enough memory for a profile of %zu steps", count);
    dg_plan_profile_entries(plan, entries, count);
    qsort(entries, count, sizeof *entries, slower_first);
    print_entries(entries, count);
    free(entries);
    return dg_ok();
}
