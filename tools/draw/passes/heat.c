/* Numbers of nodes onto rows: texts, and the two ends of the colours. */
#include "passes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct hot_node {
    const dg_node *node;
    size_t place;
} hot_node;

static int by_address(const void *a, const void *b)
{
    const hot_node *one = a, *two = b;
    return (one->node > two->node) - (one->node < two->node);
}

/* Three digits: "0.0123", "1.2e-05". */
static const char *print(dg_arena *arena, double value)
{
    char made[DG_NUMBER_TEXT];
    if (value == 0 || !isfinite(value))
        return value == 0 ? "0" : isnan(value) ? "NaN" : value > 0 ? "∞" : "−∞";
    double power = pow(10, floor(log10(fabs(value))) - 2);
    return text_format(arena, "%s", dg_number_print(round(value / power) * power, DG_FLOAT32, made));
}

const char *heat_print(dg_arena *arena, double value, const char *unit)
{
    static const char *const seconds[] = {"µs", "ms", "s", NULL}, *const bytes[] = {"B", "kB", "MB", "GB", NULL};
    bool is_time = unit && strcmp(unit, "s") == 0;
    const char *const *names = is_time ? seconds : bytes;
    if (!unit || !isfinite(value))
        return print(arena, value);
    if (strcmp(unit, "%") == 0)
        return text_format(arena, "%s %%", print(arena, 100 * value));
    if (!is_time && strcmp(unit, "B") != 0)
        return text_format(arena, "%s %s", print(arena, value), unit);
    for (value *= is_time ? 1e6 : 1; value >= 1000 && names[1]; names++)
        value /= 1000;
    return text_format(arena, "%s %s", print(arena, value), *names);
}

static void take(view *v, const dg_heat *heat, size_t place, view_row *row)
{
    double value = heat->values[place];
    const char *words = heat->texts && heat->texts[place] ? heat->texts[place] : NULL;
    if (isnan(value)) {
        if (!row->has_heat)
            row->heat_text = words;
        return;
    }
    if (!row->has_heat) {
        row->has_heat = true;
        row->heat = row->heat_most = value;
        row->heat_text = words ? text_format(v->arena, "%s", words) : heat_print(v->arena, value, heat->unit);
        return;
    }
    row->heat = fmin(row->heat, value);
    row->heat_most = fmax(row->heat_most, value);
    row->heat_text = heat_range(v, row);
}

const char *heat_range(view *v, const view_row *row)
{
    if (row->heat == row->heat_most)
        return row->heat_text;
    const char *least = heat_print(v->arena, row->heat, v->heat_unit);
    const char *most = heat_print(v->arena, row->heat_most, v->heat_unit);
    return strcmp(least, most) == 0 ? least : text_format(v->arena, "%s … %s", least, most);
}

void pass_heat(view *v, const dg_heat *heat)
{
    hot_node *nodes = dg_arena_alloc(v->arena, (heat->count + 1) * sizeof *nodes);
    double low = INFINITY, high = -INFINITY;
    if (!nodes)
        return;
    v->heat_unit = heat->unit;
    for (size_t k = 0; k < heat->count; k++)
        nodes[k] = (hot_node){heat->nodes[k], k};
    qsort(nodes, heat->count, sizeof *nodes, by_address);
    for (int b = 0; b < v->n_boxes; b++)
        for (int r = 0; r < v->boxes[b].n_rows; r++) {
            view_row *row = &v->boxes[b].rows[r];
            for (int i = 0; i < (row->n_made ? row->n_made : 1); i++) {
                const hot_node wanted = {row->n_made ? row->made[i] : row->node, 0};
                const hot_node *found =
                    wanted.node ? bsearch(&wanted, nodes, heat->count, sizeof *nodes, by_address) : NULL;
                if (found)
                    take(v, heat, found->place, row);
            }
            if (row->has_heat && (row->heat > 0 || heat->is_linear))
                low = fmin(low, row->heat);
            if (row->has_heat && (row->heat_most > 0 || heat->is_linear))
                high = fmax(high, row->heat_most);
        }
    v->heat_title = heat->title ? heat->title : "";
    v->heat_is_log = !heat->is_linear;
    v->heat_low = isfinite(low) ? low : heat->is_linear ? 0 : 1;
    v->heat_high = isfinite(high) ? high : v->heat_low;
    if (v->heat_is_log && v->heat_low < v->heat_high * 1e-6)
        v->heat_low = v->heat_high * 1e-6; /* what is smaller still is as light as can be */
    if (heat->is_linear)
        v->heat_low = fmin(v->heat_low, 0);
}
