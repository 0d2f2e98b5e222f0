/* Families of ops and their colours: light, dark, and print, where families differ by border and pattern. */
#include "style.h"

#include "core/base/plain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const style_sheet style_light = {
    .name = "light",
    .families = {[STYLE_INPUT] = {"source", "input / output", "#FFFFFF", "#24292F", ""},
                 [STYLE_LINEAR] = {"linear linalg conv embedding attention recurrent", "linear / conv", "#DCE8F5",
                                   "#4477AA", ""},
                 [STYLE_NORM] = {"norm normalisation normalization", "normalisation", "#D9EEDD", "#228833", ""},
                 [STYLE_ACTIVATION] = {"activation softmax", "activation", "#FBE0E4", "#EE6677", ""},
                 [STYLE_ELEMENTWISE] = {"elementwise compare random gradient", "elementwise", "#ECEFF2", "#6E7781", ""},
                 [STYLE_POOL] = {"pool reduce sort", "pool / reduce", "#DDF3FA", "#2E93B5", ""},
                 [STYLE_SHAPE] = {"shape join index", "shape", "#F6F8FA", "#8C959F", ""},
                 [STYLE_PARAMETER] = {"", "parameter", "#F4F0D0", "#94860F", ""},
                 [STYLE_LOSS] = {"loss", "loss", "#EFD9E7", "#AA3377", ""},
                 [STYLE_MODULE] = {"", "module", "#F3EDFB", "#7A51B8", ""},
                 [STYLE_GRADIENT] = {"", "gradient", "#FDE7DF", "#CC3311", ""},
                 [STYLE_UPDATE] = {"", "update", "#F8E8C8", "#A8690F", ""}},
    .background = "#FFFFFF",
    .ink = "#24292F",
    .weak = "#57606A",
    .frame_fill = "#FAFBFC",
    .frame = "#D0D7DE",
    .fold = "#AA3377",
    .skip = "#4477AA",
    .gradient = "#CC3311",
    .saved = "#8C959F",
    .added = "#1A7F37",
    .removed = "#B35900",
    .changed = "#0550AE",
    .heat_low = "#FFF7EC",
    .heat_high = "#FC8D59",
    .heat_ink = "#24292F",
    .skip_dash = ""};

const style_sheet style_dark = {.name = "dark",
                                .families = {[STYLE_INPUT] = {"", "input / output", "#0D1117", "#E6EDF3", ""},
                                             [STYLE_LINEAR] = {"", "linear / conv", "#14304F", "#6CA6E0", ""},
                                             [STYLE_NORM] = {"", "normalisation", "#12361C", "#57B46A", ""},
                                             [STYLE_ACTIVATION] = {"", "activation", "#4A1F26", "#F28B97", ""},
                                             [STYLE_ELEMENTWISE] = {"", "elementwise", "#262C34", "#9AA4AF", ""},
                                             [STYLE_POOL] = {"", "pool / reduce", "#0F3642", "#5BBBD8", ""},
                                             [STYLE_SHAPE] = {"", "shape", "#1B2129", "#8B949E", ""},
                                             [STYLE_PARAMETER] = {"", "parameter", "#38340F", "#CBBE4A", ""},
                                             [STYLE_LOSS] = {"", "loss", "#43203A", "#E07DBA", ""},
                                             [STYLE_MODULE] = {"", "module", "#2D2140", "#B392F0", ""},
                                             [STYLE_GRADIENT] = {"", "gradient", "#48201A", "#FF8A70", ""},
                                             [STYLE_UPDATE] = {"", "update", "#3F2D0E", "#E0A848", ""}},
                                .background = "#0D1117",
                                .ink = "#E6EDF3",
                                .weak = "#B1BAC4",
                                .frame_fill = "#12171E",
                                .frame = "#3D444D",
                                .fold = "#E07DBA",
                                .skip = "#6CA6E0",
                                .gradient = "#FF8A70",
                                .saved = "#8B949E",
                                .added = "#57B46A",
                                .removed = "#F0A35E",
                                .changed = "#79C0FF",
                                .heat_low = "#3A2A1C",
                                .heat_high = "#A63E12",
                                .heat_ink = "#FFFFFF",
                                .skip_dash = ""};

const style_sheet style_print = {.name = "print",
                                 .families = {[STYLE_INPUT] = {"", "input / output", "#FFFFFF", "#000000", ""},
                                              [STYLE_LINEAR] = {"", "linear / conv", "#E4E4E4", "#000000", ""},
                                              [STYLE_NORM] = {"", "normalisation", "#F4F4F4", "#000000", "6,2"},
                                              [STYLE_ACTIVATION] = {"", "activation", "#FFFFFF", "#000000", "2,2"},
                                              [STYLE_ELEMENTWISE] = {"", "elementwise", "#FFFFFF", "#555555", ""},
                                              [STYLE_POOL] = {"", "pool / reduce", "#EEEEEE", "#000000", "6,2,1,2"},
                                              [STYLE_SHAPE] = {"", "shape", "#FFFFFF", "#777777", "1,2"},
                                              [STYLE_PARAMETER] = {"", "parameter", "#F4F4F4", "#555555", ""},
                                              [STYLE_LOSS] = {"", "loss", "#CFCFCF", "#000000", "10,2,2,2"},
                                              [STYLE_MODULE] = {"", "module", "#E4E4E4", "#000000", "9,3"},
                                              [STYLE_GRADIENT] = {"", "gradient", "#F4F4F4", "#000000", "4,2"},
                                              [STYLE_UPDATE] = {"", "update", "#EAEAEA", "#000000", "1,2,4,2"}},
                                 .background = "#FFFFFF",
                                 .ink = "#000000",
                                 .weak = "#404040",
                                 .frame_fill = "#FFFFFF",
                                 .frame = "#999999",
                                 .fold = "#000000",
                                 .skip = "#000000",
                                 .gradient = "#000000",
                                 .saved = "#777777",
                                 .added = "#000000",
                                 .removed = "#555555",
                                 .changed = "#000000",
                                 .heat_low = "#FFFFFF",
                                 .heat_high = "#9A9A9A",
                                 .heat_ink = "#000000",
                                 .skip_dash = "10,3"};

static const style_sheet *const sheets[] = {&style_light, &style_dark, &style_print};

const style_sheet *style_find(const char *name)
{
    for (size_t k = 0; name && k < sizeof sheets / sizeof *sheets; k++)
        if (strcmp(sheets[k]->name, name) == 0)
            return sheets[k];
    return NULL;
}

const char *dg_draw_style_name_at(size_t index)
{
    return index < sizeof sheets / sizeof *sheets ? sheets[index]->name : NULL;
}

static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; length && (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

view_style style_of(const dg_op *op)
{
    if (op->role == DG_ROLE_PARAMETER)
        return STYLE_PARAMETER;
    if (op->role == DG_ROLE_INPUT)
        return STYLE_INPUT;
    for (int k = STYLE_LINEAR; k < N_STYLES; k++)
        if (has_word(style_light.families[k].families, op->family))
            return (view_style)k;
    return STYLE_ELEMENTWISE;
}

/* ---- colours ---- */

/* Those that people write; SVG's values. */
static const struct {
    const char *name;
    unsigned value;
} names[] = {{"white", 0xFFFFFF},       {"black", 0x000000},          {"red", 0xFF0000},
             {"green", 0x008000},       {"blue", 0x0000FF},           {"yellow", 0xFFFF00},
             {"orange", 0xFFA500},      {"purple", 0x800080},         {"pink", 0xFFC0CB},
             {"brown", 0xA52A2A},       {"gray", 0x808080},           {"grey", 0x808080},
             {"cyan", 0x00FFFF},        {"magenta", 0xFF00FF},        {"lightblue", 0xADD8E6},
             {"lightgreen", 0x90EE90},  {"lightgray", 0xD3D3D3},      {"lightgrey", 0xD3D3D3},
             {"lightyellow", 0xFFFFE0}, {"lightpink", 0xFFB6C1},      {"darkblue", 0x00008B},
             {"darkgreen", 0x006400},   {"darkred", 0x8B0000},        {"darkgray", 0xA9A9A9},
             {"darkgrey", 0xA9A9A9},    {"darkorange", 0xFF8C00},     {"navy", 0x000080},
             {"teal", 0x008080},        {"maroon", 0x800000},         {"olive", 0x808000},
             {"gold", 0xFFD700},        {"salmon", 0xFA8072},         {"coral", 0xFF7F50},
             {"khaki", 0xF0E68C},       {"violet", 0xEE82EE},         {"indigo", 0x4B0082},
             {"turquoise", 0x40E0D0},   {"tomato", 0xFF6347},         {"skyblue", 0x87CEEB},
             {"steelblue", 0x4682B4},   {"slategray", 0x708090},      {"slategrey", 0x708090},
             {"crimson", 0xDC143C},     {"beige", 0xF5F5DC},          {"ivory", 0xFFFFF0},
             {"lavender", 0xE6E6FA},    {"plum", 0xDDA0DD},           {"orchid", 0xDA70D6},
             {"tan", 0xD2B48C},         {"wheat", 0xF5DEB3},          {"aquamarine", 0x7FFFD4},
             {"chartreuse", 0x7FFF00},  {"forestgreen", 0x228B22},    {"firebrick", 0xB22222},
             {"dodgerblue", 0x1E90FF},  {"royalblue", 0x4169E1},      {"hotpink", 0xFF69B4},
             {"palegreen", 0x98FB98},   {"whitesmoke", 0xF5F5F5},     {"aliceblue", 0xF0F8FF},
             {"mistyrose", 0xFFE4E1},   {"honeydew", 0xF0FFF0},       {"lightcyan", 0xE0FFFF},
             {"seagreen", 0x2E8B57},    {"cornflowerblue", 0x6495ED}, {"deepskyblue", 0x00BFFF},
             {"gainsboro", 0xDCDCDC},   {"dimgray", 0x696969}};

const char *style_color(const char *given, char made[8])
{
    size_t length = given ? strlen(given) : 0;
    if (length && *given == '#' && strspn(given + 1, "0123456789abcdefABCDEF") == length - 1) {
        if (length == 4)
            snprintf(made, 8, "#%c%c%c%c%c%c", given[1], given[1], given[2], given[2], given[3], given[3]);
        else if (length == 7 || length == 9)
            snprintf(made, 8, "%.7s", given);
        else
            return NULL;
        for (char *c = made; *c; c++)
            *c = (char)(*c >= 'a' && *c <= 'f' ? *c - 'a' + 'A' : *c);
        return made;
    }
    for (size_t k = 0; length && k < sizeof names / sizeof *names; k++)
        if (plain_same(given, names[k].name)) {
            snprintf(made, 8, "#%06X", names[k].value);
            return made;
        }
    return NULL;
}

void style_rgb(const char *color, double rgb[3])
{
    unsigned long value = strtoul(color + 1, NULL, 16);
    for (int k = 0; k < 3; k++)
        rgb[k] = (double)(value >> (16 - 8 * k) & 0xff) / 255;
}

static double luminance(const char *color)
{
    static const double weights[3] = {0.2126, 0.7152, 0.0722};
    double rgb[3], sum = 0;
    style_rgb(color, rgb);
    for (int k = 0; k < 3; k++)
        sum += weights[k] * (rgb[k] <= 0.04045 ? rgb[k] / 12.92 : pow((rgb[k] + 0.055) / 1.055, 2.4));
    return sum;
}

double style_contrast(const char *a, const char *b)
{
    double one = luminance(a), two = luminance(b);
    return (fmax(one, two) + 0.05) / (fmin(one, two) + 0.05);
}

bool style_is_dark(const char *ground)
{
    return style_contrast("#FFFFFF", ground) > style_contrast("#000000", ground);
}

void style_lift(const char *color, const char *ground, double least, char made[8])
{
    enum { STEPS = 32 };
    const char *towards = style_is_dark(ground) ? "#FFFFFF" : "#000000";
    snprintf(made, 8, "%.7s", color);
    for (int k = 1; k <= STEPS && style_contrast(made, ground) < least; k++)
        style_mix(color, towards, (double)k / STEPS, made);
}

void style_mix(const char *low, const char *high, double place, char made[8])
{
    double a[3], b[3];
    unsigned value = 0;
    style_rgb(low, a);
    style_rgb(high, b);
    place = place > 0 ? fmin(place, 1) : 0;
    for (int k = 0; k < 3; k++)
        value = value << 8 | ((unsigned)lround(255 * (a[k] + place * (b[k] - a[k]))) & 0xff);
    snprintf(made, 8, "#%06X", value);
}
