/* Attributes of the house style, beside the author's. */
#include "drawing.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *draw_format(drawing *d, const char *pattern, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, pattern);
    int length = vasprintf(&text, pattern, arguments);
    va_end(arguments);
    const char *kept = length < 0 ? NULL : dg_arena_text(d->arena, text, (size_t)length);
    if (length >= 0)
        free(text);
    if (!kept)
        d->no_memory = true;
    return kept ? kept : "";
}

const char *draw_safe(drawing *d, const char *text)
{
    const char *safe = draw_escape(d->arena, text, MOST_NAME);
    if (!safe)
        d->no_memory = true;
    return safe ? safe : "";
}

/* ---- attributes ---- */

/* Not followed when drawing: what reads files, links to somewhere, or makes Graphviz fail. */
static bool is_unsafe(const dg_file_attribute *attribute)
{
    static const char *const names[] = {
        "URL",        "href",        "edgeURL",      "edgehref",  "headURL",    "headhref",    "labelURL",
        "labelhref",  "tailURL",     "tailhref",     "target",    "edgetarget", "headtarget",  "labeltarget",
        "tailtarget", "image",       "imagepath",    "shapefile", "stylesheet", "_background", "layers",
        "layer",      "layerselect", "layerlistsep", "layersep",  "fontpath",   "nslimit1",    "mclimit",
        "searchsize", "viewport",    "page",         "dpi",       "resolution", "layout",      "charset",
        "rotate",     "samplepoints"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(attribute->name, names[k]) == 0)
            return true;
    if (strcmp(attribute->name, "splines") == 0)
        return strcasecmp(attribute->value, "ortho") == 0;
    if (strcmp(attribute->name, "size") == 0)
        return strchr(attribute->value, '!') != NULL;
    if (strcmp(attribute->name, "shape") == 0)
        return strcasecmp(attribute->value, "epsf") == 0 || strcasecmp(attribute->value, "custom") == 0;
    return attribute->html && (strcasestr(attribute->value, "<img") || strcasestr(attribute->value, "href"));
}

styling style_begin(drawing *d, dg_file_attributes *to, const dg_file_attributes *usual)
{
    dg_file_attributes own = *to;
    to->count = 0;
    to->items = dg_arena_alloc(d->arena, (own.count + MOST_ADDED) * sizeof *to->items);
    if (!to->items) {
        d->no_memory = true;
        return (styling){d, to, usual, 0};
    }
    for (size_t k = 0; k < own.count; k++)
        if (!d->is_picture || !is_unsafe(&own.items[k]))
            to->items[to->count++] = own.items[k];
    return (styling){d, to, usual, to->count};
}

void style_append(styling *s, const char *name, const char *value, bool html)
{
    if (s->to->items && s->to->count < s->n_own + MOST_ADDED)
        s->to->items[s->to->count++] = (dg_file_attribute){name, value, html};
}

/* The author's own value wins. */
bool style_is_set(const styling *s, const char *name)
{
    return dg_file_attribute_find(s->to, name) || (s->usual && dg_file_attribute_find(s->usual, name));
}

void style_add(styling *s, const char *name, const char *value)
{
    if (!style_is_set(s, name))
        style_append(s, name, value, false);
}

void style_add_html(styling *s, const char *name, const char *value)
{
    if (!style_is_set(s, name))
        style_append(s, name, value, true);
}

static int by_name(const void *a, const void *b)
{
    const dg_file_attribute *first = a, *second = b;
    return strcmp(first->name, second->name);
}

/* Lists what was added in the attribute `styled`; the names so listed. */
const char *style_finish(styling *s)
{
    const char *words = "";
    size_t added = s->to->count - s->n_own;
    if (s->to->items)
        qsort(s->to->items + s->n_own, added, sizeof *s->to->items, by_name);
    for (size_t k = s->n_own; k < s->to->count; k++)
        words = draw_format(s->d, "%s%s%s", words, *words ? " " : "", s->to->items[k].name);
    return words;
}

void style_finish_listed(styling *s)
{
    const char *words = style_finish(s);
    if (*words)
        style_append(s, "styled", words, false);
}
