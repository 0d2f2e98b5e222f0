/* Shares of a step's time on the nodes of a diagram: from light to dark on a logarithmic scale, in words too. */
#include "drawing.h"

#include <math.h>

#define LEAST_SHARE 0.001 /* what has less is as light as can be */
#define MOST_TITLE  200   /* characters */

static const int lightest[3] = {0xFF, 0xF7, 0xEC}, darkest[3] = {0xFC, 0x8D, 0x59}; /* dark text can be read on both */

static double share_of(const drawing *d, double seconds)
{
    return d->options->heat->whole > 0 ? seconds / d->options->heat->whole : 0;
}

static const char *color_of(drawing *d, double share)
{
    double place = share > LEAST_SHARE ? fmin(log(share / LEAST_SHARE) / log(1 / LEAST_SHARE), 1) : 0;
    int color[3];
    for (int k = 0; k < 3; k++)
        color[k] = (int)lround(lightest[k] + place * (darkest[k] - lightest[k]));
    return draw_format(d, "#%02X%02X%02X", (unsigned)color[0], (unsigned)color[1], (unsigned)color[2]);
}

static const char *percent(drawing *d, double share)
{
    return share < 0.0005 ? "under 0.1 %" : draw_format(d, share >= 0.0995 ? "%.0f %%" : "%.1f %%", 100 * share);
}

const char *heat_color(drawing *d, int index)
{
    double seconds = d->options->heat->seconds[index];
    return seconds > 0 ? color_of(d, share_of(d, seconds)) : "#FFFFFF";
}

const char *heat_label(drawing *d, int index)
{
    const draw_heat *heat = d->options->heat;
    char time[48];
    if (heat->seconds[index] > 0)
        return draw_format(d, "%s · %s", cost_print_seconds(heat->seconds[index], time, sizeof time),
                           percent(d, share_of(d, heat->seconds[index])));
    return heat->hosts[index] ? draw_format(d, "runs in %s", d->file->nodes[heat->hosts[index] - 1].name) : "";
}

const char *heat_summary(drawing *d)
{
    const draw_heat *heat = d->options->heat;
    double rest = heat->whole - heat->optimizer;
    for (int k = 0; k < d->file->n_nodes; k++)
        rest -= heat->seconds[k];
    const char *what = draw_escape(d->arena, heat->what, MOST_TITLE);
    const char *text = draw_format(d, "<B>%s</B>", what ? what : "");
    if (heat->optimizer > 0)
        text = draw_format(d, "%s · optimizer %s", text, percent(d, share_of(d, heat->optimizer)));
    if (share_of(d, rest) >= LEAST_SHARE)
        text = draw_format(d, "%s · elsewhere %s", text, percent(d, share_of(d, rest)));
    return text;
}

const char *heat_legend(drawing *d)
{
    static const double shares[] = {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1};
    const char *row = "<TD><FONT POINT-SIZE=\"8\">share of the time, gradients included:</FONT></TD>";
    for (size_t k = 0; k < sizeof shares / sizeof *shares; k++)
        row = draw_format(d, "%s<TD BGCOLOR=\"%s\"><FONT POINT-SIZE=\"8\"> %s </FONT></TD>", row,
                          color_of(d, shares[k]), percent(d, shares[k]));
    return row;
}
