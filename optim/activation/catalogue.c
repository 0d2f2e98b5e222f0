/* The catalogue: catalogue.tsv, read once. */
#include "activation.h"

#include "core/base/plain.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

extern const char activation_catalogue_begin[], activation_catalogue_end[];

enum { COLUMNS = 7 };

/* Made at the first question and then only read; a process keeps it. */
static struct {
    pthread_mutex_t lock;
    char *text;
    dg_catalogue_entry *entries;
    size_t count;
} catalogue = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Cuts a line at its tabs; what is missing is "". */
static void read_line(char *line, dg_catalogue_entry *entry)
{
    const char *columns[COLUMNS];
    for (int k = 0; k < COLUMNS; k++)
        columns[k] = line ? strsep(&line, "\t") : "";
    *entry = (dg_catalogue_entry){.name = columns[0],
                                  .title = columns[1],
                                  .formula = columns[2],
                                  .authors = columns[3],
                                  .aliases = columns[4],
                                  .source = columns[5],
                                  .left_out = *columns[2] ? NULL : columns[6]};
}

/* Without memory there is nothing, and the next call tries again. */
static void read_catalogue(void)
{
    size_t size = (size_t)(activation_catalogue_end - activation_catalogue_begin), lines = 1;
    char *text = malloc(size + 1);
    if (!text)
        return;
    memcpy(text, activation_catalogue_begin, size);
    text[size] = '\0';
    for (size_t k = 0; k < size; k++)
        lines += text[k] == '\n';
    catalogue.entries = calloc(lines, sizeof *catalogue.entries);
    if (!catalogue.entries) {
        free(text);
        return;
    }
    char *at = catalogue.text = text;
    for (char *line; (line = strsep(&at, "\n"));)
        if (*line && *line != '#')
            read_line(line, &catalogue.entries[catalogue.count++]);
}

size_t dg_catalogue_count(void)
{
    pthread_mutex_lock(&catalogue.lock);
    if (!catalogue.count)
        read_catalogue();
    size_t count = catalogue.count;
    pthread_mutex_unlock(&catalogue.lock);
    return count;
}

const dg_catalogue_entry *dg_catalogue_at(size_t index)
{
    return index < dg_catalogue_count() ? &catalogue.entries[index] : NULL;
}

static bool among(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = list; *at;) {
        size_t length = strcspn(at, ",");
        if (length == n && plain_same_part(at, name, n))
            return true;
        at += length + (at[length] == ',');
    }
    return false;
}

const dg_catalogue_entry *dg_catalogue_find(const char *name)
{
    if (!name)
        return NULL;
    for (size_t k = 0; k < dg_catalogue_count(); k++)
        if (plain_same(catalogue.entries[k].name, name))
            return &catalogue.entries[k];
    for (size_t k = 0; k < dg_catalogue_count(); k++)
        if (plain_same(catalogue.entries[k].title, name) || among(catalogue.entries[k].aliases, name))
            return &catalogue.entries[k];
    return NULL;
}
