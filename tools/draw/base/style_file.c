/* A style of the user's own. */
#include "style.h"

#include <dotgrad/file.h>

#include <stdlib.h>
#include <string.h>

static const char *const families[N_STYLES] = {"input", "linear",    "norm", "activation", "elementwise", "pool",
                                               "shape", "parameter", "loss", "module",     "gradient",    "update"};

/* Where the value of a name goes; NULL: there is no such name. */
static const char **find_place(style_sheet *sheet, const char *name)
{
    const struct {
        const char *name;
        const char **place;
    } places[] = {{"background", &sheet->background},
                  {"ink", &sheet->ink},
                  {"weak", &sheet->weak},
                  {"frame_fill", &sheet->frame_fill},
                  {"frame", &sheet->frame},
                  {"fold", &sheet->fold},
                  {"skip", &sheet->skip},
                  {"gradient", &sheet->gradient},
                  {"saved", &sheet->saved},
                  {"added", &sheet->added},
                  {"removed", &sheet->removed},
                  {"changed", &sheet->changed},
                  {"heat_low", &sheet->heat_low},
                  {"heat_high", &sheet->heat_high},
                  {"heat_ink", &sheet->heat_ink}};
    for (size_t k = 0; k < sizeof places / sizeof *places; k++)
        if (strcmp(name, places[k].name) == 0)
            return places[k].place;
    const char *dot = strchr(name, '.');
    for (int k = 0; dot && k < N_STYLES; k++)
        if (strlen(families[k]) == (size_t)(dot - name) && strncmp(families[k], name, (size_t)(dot - name)) == 0)
            return strcmp(dot, ".fill") == 0     ? &sheet->families[k].fill
                   : strcmp(dot, ".border") == 0 ? &sheet->families[k].border
                   : strcmp(dot, ".dash") == 0   ? &sheet->families[k].dash
                                                 : NULL;
    return NULL;
}

static bool take_value(own_style *made, const char **place, const char *name, const char *value)
{
    char color[8];
    const char *kept = value;
    bool is_dash = strlen(name) > 5 && strcmp(name + strlen(name) - 5, ".dash") == 0;
    if (made->n_values == OWN_VALUES || strlen(value) >= sizeof made->values[0])
        return false;
    if (is_dash ? strspn(value, "0123456789,") != strlen(value) : !(kept = style_color(value, color)))
        return false;
    strcpy(made->values[made->n_values], kept);
    *place = made->values[made->n_values++];
    return true;
}

/* Cuts blanks at both ends. */
static char *trim(char *words)
{
    words += strspn(words, " \t\r");
    size_t length = strlen(words);
    while (length && strchr(" \t\r", words[length - 1]))
        words[--length] = '\0';
    return words;
}

/* False: the line is none that is known. */
static bool take_line(own_style *made, char *line)
{
    char *equals = strchr(line, '=');
    line = trim(line);
    if (!*line || *line == '#')
        return true;
    if (!equals)
        return false;
    *equals = '\0';
    const char *name = trim(line), *value = trim(equals + 1);
    if (strcmp(name, "base") == 0) {
        const style_sheet *base = style_find(value);
        if (base)
            made->sheet = *base;
        return base != NULL;
    }
    const char **place = find_place(&made->sheet, name);
    return place && take_value(made, place, name, value);
}

dg_status style_read(const char *path, own_style *made)
{
    char *bytes;
    size_t size;
    int number = 0;
    *made = (own_style){.sheet = style_light};
    DG_TRY(dg_read_file(path, &bytes, &size));
    dg_status status = dg_ok();
    for (char *line = bytes, *end; line && status.code == DG_OK; line = end ? end + 1 : NULL) {
        end = strchr(line, '\n');
        if (end)
            *end = '\0';
        number++;
        if (!take_line(made, line))
            status = dg_error(
                DG_BAD_DATA,
                "%s:%d: expected a line such as `linear.fill = #DCE8F5`, `activation.dash = 4,2` or `base = dark`",
                path, number);
    }
    free(bytes);
    return status;
}
