/* Which character stands between the cells of a text. */
#include "table.h"

#include <string.h>

#define LINES      1000
#define CANDIDATES 5

/* In the order of trust: a comma is also a decimal point, and blanks are also between words. */
static const char candidates[CANDIDATES + 1] = ";\t|, ";

/* How many cells the candidates would cut one line into; returns the start of the next line. */
static const char *count_cells(const char *at, const char *end, int64_t counts[CANDIDATES])
{
    bool quoted = false, in_blank = true;
    memset(counts, 0, CANDIDATES * sizeof *counts);
    for (; at < end && (quoted || *at != '\n'); at++) {
        if (*at == '"')
            quoted = !quoted;
        bool blank = !quoted && (*at == ' ' || *at == '\t' || *at == '\r');
        for (int k = 0; !quoted && k < CANDIDATES - 1; k++)
            counts[k] += *at == candidates[k];
        counts[CANDIDATES - 1] += in_blank && !blank;
        in_blank = blank;
    }
    for (int k = 0; k < CANDIDATES - 1; k++)
        counts[k]++;
    return at < end ? at + 1 : end;
}

static bool is_empty(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
        at++;
    return at == end || *at == '\n';
}

char csv_guess_separator(const char *text, const char *end, const char *comment)
{
    int64_t first[CANDIDATES] = {0}, counts[CANDIDATES];
    bool equal[CANDIDATES] = {true, true, true, true, true}, present[CANDIDATES] = {0};
    int seen = 0;
    while (text < end && seen < LINES) {
        if (is_empty(text, end) || strchr(comment, *text)) {
            const char *next = memchr(text, '\n', (size_t)(end - text));
            text = next ? next + 1 : end;
            continue;
        }
        text = count_cells(text, end, seen ? counts : first);
        for (int k = 0; seen && k < CANDIDATES; k++)
            equal[k] = equal[k] && counts[k] == first[k];
        for (int k = 0; k < CANDIDATES; k++)
            present[k] = present[k] || (seen ? counts : first)[k] > 1;
        seen++;
    }
    int blank = CANDIDATES - 1, tab = 1;
    bool blanks = equal[blank] && first[blank] > 1;
    for (int k = 0; k < blank; k++) {
        bool finer = k == tab && blanks && first[blank] > first[tab]; /* one tab among many blanks */
        if (equal[k] && first[k] > 1 && !finer)
            return candidates[k];
    }
    if (blanks && !present[0] && !present[2] && !present[3])
        return ' ';
    for (int k = 0; k < blank; k++) /* unequal rows: reading them will tell where */
        if (first[k] > 1)
            return candidates[k];
    for (int k = 0; k < blank; k++)
        if (present[k])
            return candidates[k];
    return present[blank] && first[blank] > 1 ? ' ' : ',';
}
