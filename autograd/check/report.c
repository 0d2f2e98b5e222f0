/* What a gradient check has found. */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

dg_status report_new(dg_check_report **report)
{
    *report = calloc(1, sizeof **report);
    return *report ? dg_arena_new(&(*report)->arena) : dg_no_memory("a gradient check");
}

void dg_check_report_free(dg_check_report *report)
{
    if (report)
        dg_arena_free(report->arena);
    free(report);
}

const char *report_text(dg_check_report *report, const char *text)
{
    const char *copy = dg_arena_text(report->arena, text, strlen(text));
    return copy ? copy : "";
}

/* Entries are kept in an array that doubles; old ones stay in the arena. */
dg_status report_add(dg_check_report *report, const dg_check_entry *entry)
{
    if ((report->count & (report->count - 1)) == 0) {
        size_t capacity = report->count ? report->count * 2 : 1;
        dg_check_entry *larger = dg_arena_alloc(report->arena, capacity * sizeof *larger);
        if (!larger)
            return dg_no_memory("a gradient check");
        if (report->count)
            memcpy(larger, report->entries, report->count * sizeof *larger);
        report->entries = larger;
    }
    ((dg_check_entry *)report->entries)[report->count++] = *entry;
    report->checked += entry->checked;
    report->failed += entry->failed;
    report->skipped += entry->skipped;
    return dg_ok();
}

void tally_count(tally *t, probe_verdict verdict, int64_t element, double expected, double found)
{
    dg_check_entry *entry = &t->entry;
    if (verdict == PROBE_NOTHING) {
        entry->skipped++;
        return;
    }
    double size = fmax(fabs(expected), fabs(found)), difference = size > 0 ? fabs(expected - found) / size : 0;
    bool fails = verdict == PROBE_DIFFERS, first = fails && entry->failed == 0;
    if (!(difference <= 2))
        difference = 2;
    bool worse = difference > t->worst && (fails || entry->failed == 0);
    if (element < 0 && entry->element >= 0 && entry->failed > 0)
        worse = false; /* an element tells more than a direction */
    if (first || entry->checked == 0 || worse) {
        t->worst = difference;
        entry->element = element;
        entry->expected = expected;
        entry->found = isnan(found) ? fabs(found) : found; /* nan of either sign */
    }
    entry->checked++;
    entry->failed += fails;
}
