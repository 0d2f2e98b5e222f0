/* The table of readers. */
#include "readers.h"

#include "core/base/plain.h"

#include <stdio.h>
#include <string.h>

/* In the order of the list in meson.build. */
#define SHIPPED(name) extern const data_reader name##_reader;
#include "optim/readers/shipped.h"
#undef SHIPPED
#define SHIPPED(name) &name##_reader,
static const data_reader *const readers[] = {
#include "optim/readers/shipped.h"
};
#define N_READERS (sizeof readers / sizeof readers[0])

const data_reader *reader_of_name(const char *name, const dg_data_format **format)
{
    for (size_t r = 0; r < N_READERS; r++)
        for (size_t k = 0; k < readers[r]->n_formats; k++) {
            *format = &readers[r]->formats[k];
            if (!*(*format)->paths && !strcmp((*format)->name, name))
                return readers[r];
        }
    return NULL;
}

/* Whether a path ends in one of the endings; ".gz" after it does not count. */
static bool ends_in_one(const char *path, const char *endings)
{
    size_t length = strlen(path);
    if (length > 3 && !strcmp(path + length - 3, ".gz"))
        length -= 3;
    while (*(endings += strspn(endings, " "))) {
        size_t size = strcspn(endings, " ");
        if (length > size && plain_same_part(path + length - size, endings, size))
            return true;
        endings += size;
    }
    return false;
}

const data_reader *reader_of_path(const char *path, bool is_folder, const dg_data_format **format)
{
    const data_reader *found = NULL;
    for (size_t r = 0; r < N_READERS; r++)
        for (size_t k = 0; k < readers[r]->n_formats; k++) {
            const dg_data_format *candidate = &readers[r]->formats[k];
            bool fits = is_folder ? !strcmp(candidate->paths, "/") : ends_in_one(path, candidate->paths);
            if (!found && (fits || (r == N_READERS - 1 && !is_folder))) {
                found = readers[r];
                *format = candidate;
            }
        }
    return found;
}

const data_reader *reader_of_text(const data_reader *by_path, const char *text, size_t size,
                                  const dg_data_format **format)
{
    size_t r = 0;
    if (by_path != readers[N_READERS - 1])
        return by_path;
    while (r < N_READERS - 1 && !(readers[r]->recognises && readers[r]->recognises(text, size)))
        r++;
    *format = &readers[r]->formats[0];
    return readers[r];
}

const dg_data_format *dg_data_format_at(size_t index)
{
    for (size_t r = 0; r < N_READERS; index -= readers[r++]->n_formats)
        if (index < readers[r]->n_formats)
            return &readers[r]->formats[index];
    return NULL;
}

char *reader_names(char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (size_t r = 0; r < N_READERS; r++)
        for (size_t k = 0; k < readers[r]->n_formats; k++) {
            int added = *readers[r]->formats[k].paths ? 0
                                                      : snprintf(text + length, size - length, "%s%s",
                                                                 length ? ", " : "", readers[r]->formats[k].name);
            length += added > 0 && (size_t)added < size - length ? (size_t)added : 0;
        }
    return text;
}

const char *reader_name_at(const void *user, size_t index)
{
    (void)user;
    for (size_t r = 0; r < N_READERS; index -= readers[r++]->n_formats)
        if (index < readers[r]->n_formats)
            return *readers[r]->formats[index].paths ? "" : readers[r]->formats[index].name;
    return NULL;
}
