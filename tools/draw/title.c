/* Title, summary and legend. */
#include "drawing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool has_batch(const drawing *d)
{
    for (int k = 0; k < d->file->n_nodes; k++) {
        const dg_node *node = d->file->nodes[k].node;
        const dg_shape *shape = &dg_node_type(node, 0)->shape;
        for (int i = 0; dg_node_op(node)->role == DG_ROLE_INPUT && i < shape->rank; i++)
            if (shape->dims[i] == DG_N)
                return true;
    }
    return false;
}

const char *draw_summary(drawing *d)
{
    char count[COUNT_TEXT], work[COUNT_TEXT];
    int64_t parameters = 0;
    double flops = 0;
    for (int k = 0; k < d->file->n_nodes; k++) {
        parameters += d->costs[k].parameters;
        flops += d->costs[k].flops;
    }
    const char *text = dg_dtype_name(dg_graph_dtype(d->file->graph));
    text = draw_format(d, "%s · %s %s", text, cost_print_count(parameters, count, sizeof count),
                       parameters == 1 ? "parameter" : "parameters");
    if (!isfinite(flops) || flops <= 0)
        return text;
    cost_print_amount(flops, "FLOP", work, sizeof work);
    return draw_format(d, "%s · %s%s", text, work, has_batch(d) ? " / sample" : "");
}

static int by_text(const void *a, const void *b)
{
    const char *const *first = a, *const *second = b;
    return strcmp(*first, *second);
}

static const char *make_legend(drawing *d, int *chips)
{
    static const int order[DRAW_STYLES] = {STYLE_INPUT, 3, 4, 5, STYLE_ELEMENTWISE, 6, 7, STYLE_PARAMETER, 8};
    const char *row = "";
    *chips = 0;
    for (int i = 0; i < DRAW_STYLES; i++) {
        const char **families = d->families[order[i]], *words = "";
        size_t count = 0;
        while (count < MOST_FAMILIES && families[count])
            count++;
        qsort(families, count, sizeof *families, by_text);
        for (size_t k = 0; k < count; k++)
            words = draw_format(d, "%s%s%s", words, *words ? " / " : "", families[k]);
        if (!*words)
            continue;
        if (order[i] == STYLE_PARAMETER)
            words = "parameter";
        row = draw_format(d, "%s<TD BGCOLOR=\"%s\" COLOR=\"%s\" BORDER=\"1\"%s><FONT POINT-SIZE=\"8\"> %s </FONT></TD>",
                          row, draw_styles[order[i]].fill, draw_styles[order[i]].border,
                          order[i] == STYLE_PARAMETER ? "" : " STYLE=\"ROUNDED\"", draw_safe(d, words));
        ++*chips;
    }
    return row;
}

const char *draw_title(drawing *d)
{
    int chips = 1;
    const char *legend = d->options->heat ? heat_legend(d) : make_legend(d, &chips), *rows = "";
    if (*d->title)
        rows = draw_format(d, "<TR><TD ALIGN=\"LEFT\"><FONT POINT-SIZE=\"15\"><B>%s</B></FONT></TD></TR>",
                           draw_safe(d, d->title));
    rows = draw_format(d, "%s<TR><TD ALIGN=\"LEFT\"><FONT POINT-SIZE=\"9\" COLOR=\"" GREY "\">%s</FONT></TD></TR>",
                       rows, d->summary);
    if (d->options->heat)
        rows = draw_format(d, "%s<TR><TD ALIGN=\"LEFT\"><FONT POINT-SIZE=\"9\">%s</FONT></TD></TR>", rows,
                           heat_summary(d));
    if (chips)
        rows =
            draw_format(d,
                        "%s<TR><TD ALIGN=\"LEFT\"><TABLE BORDER=\"0\" CELLSPACING=\"4\" CELLPADDING=\"3\"><TR>%s</TR>"
                        "</TABLE></TD></TR>",
                        rows, legend);
    return draw_format(d, "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"4\" CELLPADDING=\"2\">%s</TABLE>", rows);
}
