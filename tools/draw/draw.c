/* A graph file's document with the house style put on it, and from that the picture. */
#include "drawing.h"
#include "render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void style_graph(drawing *d, const char *node_words, const char *edge_words)
{
    static const char *const looks[][2] = {{"bgcolor", "white"},     {"charset", "UTF-8"},
                                           {"fontcolor", "#24292F"}, {"fontname", "Helvetica,Arial,sans-serif"},
                                           {"fontsize", "11"},       {"labeljust", "l"},
                                           {"labelloc", "t"},        {"newrank", "true"},
                                           {"nodesep", "0.28"},      {"pad", "0.3"},
                                           {"ranksep", "0.32"}};
    dg_file_attributes *to = &d->styled.attributes;
    styling s = style_begin(d, to, NULL);
    if (d->options->rankdir) { /* asked for: from now on the graph's own */
        for (size_t k = 0; k < to->count; k++)
            if (strcmp(to->items[k].name, "rankdir") == 0)
                to->items[k].value = d->options->rankdir;
        style_add(&s, "rankdir", d->options->rankdir);
        s.n_own = to->count;
    }
    style_add_html(&s, "label", draw_title(d));
    for (size_t k = 0; k < sizeof looks / sizeof *looks; k++)
        style_add(&s, looks[k][0], looks[k][1]);
    if (d->layout.virtuals > MOST_FULL)
        style_add(&s, "nslimit", "0");
    const char *words = style_finish(&s);
    style_append(&s, "styled_graph", words, false);
    style_append(&s, "styled_node", node_words, false);
    style_append(&s, "styled_edge", edge_words, false);
}

/* ---- the whole ---- */

static dg_status make_styled(drawing *d)
{
    const dg_graph_file *file = d->file;
    int owned = style_count_owned(d);
    size_t n_nodes = (size_t)(file->n_nodes + owned) + 1, n_edges = (size_t)(file->n_edges + owned) + 1;
    size_t n_clusters = (size_t)file->n_clusters + 1;
    d->styled = *file;
    d->styled.nodes = dg_arena_alloc(d->arena, n_nodes * sizeof(dg_file_node));
    d->styled.edges = dg_arena_alloc(d->arena, n_edges * sizeof(dg_file_edge));
    d->styled.clusters = dg_arena_alloc(d->arena, n_clusters * sizeof(dg_file_cluster));
    bool *is_told = dg_arena_alloc(d->arena, (size_t)file->n_nodes * DG_MAX_OUTPUTS + 1);
    if (!d->styled.nodes || !d->styled.edges || !d->styled.clusters || !is_told)
        return dg_error(DG_NO_MEMORY, "%s: not enough memory to draw", file->path);
    memcpy(d->styled.nodes, file->nodes, (size_t)file->n_nodes * sizeof(dg_file_node));
    memcpy(d->styled.edges, file->edges, (size_t)file->n_edges * sizeof(dg_file_edge));
    memcpy(d->styled.clusters, file->clusters, (size_t)file->n_clusters * sizeof(dg_file_cluster));
    const char *node_words = style_node_defaults(d), *edge_words = style_edge_defaults(d);
    for (int k = 0; k < file->n_nodes; k++)
        style_node(d, k);
    for (int e = 0; e < file->n_edges; e++)
        style_edge(d, e, is_told);
    for (int k = 0; k < file->n_clusters; k++)
        style_cluster(d, k);
    if (owned)
        style_add_owned(d, owned);
    d->summary = draw_summary(d);
    style_graph(d, node_words, edge_words);
    return d->no_memory ? dg_error(DG_NO_MEMORY, "%s: not enough memory to draw", file->path) : dg_ok();
}

/* Says in the SVG that it is one picture, and what of. */
static dg_status describe_svg(drawing *d, char **bytes, size_t *size)
{
    char *root = strstr(*bytes, "<svg "), *end = root ? strchr(root, '>') : NULL;
    if (!end)
        return dg_ok();
    const char *text =
        draw_format(d, "%s%sa network of %d nodes: %s", d->title, *d->title ? ", " : "", d->file->n_nodes, d->summary);
    text = draw_escape(d->arena, text, 400);
    char *described = NULL;
    int length = text ? asprintf(&described, "%.*s role=\"img\"%.*s>\n<desc>%s</desc>%s", (int)(root + 4 - *bytes),
                                 *bytes, (int)(end - root - 4), root + 4, text, end + 1)
                      : -1;
    if (length < 0)
        return dg_error(DG_NO_MEMORY, "%s: not enough memory to draw", d->file->path);
    free(*bytes);
    *bytes = described;
    *size = (size_t)length;
    return dg_ok();
}

static dg_status draw_picture(drawing *d, const char *kind, char **bytes, size_t *size)
{
    char *text;
    if (d->layout.virtuals > MOST_DRAWN)
        return dg_error(DG_BAD_DATA,
                        "%s: the graph is too large to be drawn: %lld nodes and bends, at most %d; cut it into parts, "
                        "or write -o x.dot and lay that out with sfdp",
                        d->file->path, (long long)d->layout.virtuals, MOST_DRAWN);
    DG_TRY(dg_graph_file_write(&d->styled, &text));
    dg_status status = render_dot(d->file->path, text, kind, bytes, size);
    free(text);
    if (status.code == DG_OK && strcmp(kind, "svg") == 0)
        status = describe_svg(d, bytes, size);
    return status;
}

/* What the nodes cost for one sample: from the same document built once more, with 1 for N. */
static dg_status find_costs(drawing *d)
{
    static const dg_symbol_size one = {"N", 1};
    dg_graph_file sized = *d->file;
    const dg_graph_read_options options = {.dtype = dg_graph_dtype(d->file->graph), .sizes = &one, .n_sizes = 1};
    sized.nodes = dg_arena_alloc(d->arena, ((size_t)sized.n_nodes + 1) * sizeof *sized.nodes);
    sized.edges = dg_arena_alloc(d->arena, ((size_t)sized.n_edges + 1) * sizeof *sized.edges);
    if (!sized.nodes || !sized.edges)
        return dg_error(DG_NO_MEMORY, "%s: not enough memory to draw", d->file->path);
    memcpy(sized.nodes, d->file->nodes, (size_t)sized.n_nodes * sizeof *sized.nodes);
    memcpy(sized.edges, d->file->edges, (size_t)sized.n_edges * sizeof *sized.edges);
    DG_TRY(dg_graph_new(&sized.graph));
    dg_status status = dg_graph_file_build(&sized, &options);
    if (status.code == DG_OK)
        status = cost_of_nodes(&sized, &d->costs);
    dg_graph_free(sized.graph);
    return status;
}

dg_status draw_graph(const dg_graph_file *file, const draw_options *options, const char *kind, char **bytes, size_t *size)
{
    static const draw_options usual = {0};
    drawing d = {.file = file,
                 .options = options ? options : &usual,
                 .is_picture = strcmp(kind, "dot") != 0,
                 .arena = file->arena};
    *bytes = NULL;
    *size = 0;
    d.title = d.options->title ? d.options->title : file->name;
    DG_TRY(layout_make(file, &d.layout));
    dg_status status = find_costs(&d);
    if (status.code != DG_OK) /* no batch of one */
        status = cost_of_nodes(file, &d.costs);
    if (status.code == DG_OK)
        status = make_styled(&d);
    if (status.code == DG_OK && d.is_picture)
        status = draw_picture(&d, kind, bytes, size);
    else if (status.code == DG_OK && (status = dg_graph_file_write(&d.styled, bytes)).code == DG_OK)
        *size = strlen(*bytes);
    layout_release(&d.layout);
    free(d.costs);
    return status;
}

dg_status draw_text(const char *name, const char *text, const draw_options *options, const char *path)
{
    dg_graph_file *file;
    char *bytes;
    size_t size;
    const char *kind = render_format(path);
    if (!kind)
        return dg_error(DG_BAD_ARGUMENT, "%s: the format is not known: svg, png, pdf or dot", path);
    DG_TRY(dg_graph_read(name, &(dg_graph_read_options){.text = text}, &file));
    dg_status status = draw_graph(file, options, kind, &bytes, &size);
    dg_graph_file_free(file);
    if (status.code == DG_OK)
        status = dg_write_file(path, bytes, size);
    free(bytes);
    return status;
}
