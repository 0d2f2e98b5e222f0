/* The attributes of graph files: one table for reading, checking, options of commands, drawing and the reference. */
#include "document.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { G = DG_ON_GRAPH, C = DG_ON_CLUSTER, N = DG_ON_NODE, E = DG_ON_EDGE, ALL = G | C | N | E, MOST_LETTERS = 40 };

/* Ours first, in the order in which they are best read; then Graphviz's by name. */
static const dg_attribute table[] = {
    {"op", N, DG_FORM_CALL, true, NULL, "what the node computes: \"conv2d(32, kernel_size=3)\""},
    {"arg", E, DG_FORM_NAME, true, NULL, "the argument that the edge is, by name or by position"},
    {"out", E, DG_FORM_NAME, true, NULL, "the output of the tail that runs along the edge; the first when left out"},
    {"repeat", C, DG_FORM_COUNT, true, NULL, "a chain of that many copies, each with its own parameters"},
    {"chain", C, DG_FORM_NODE, true, NULL, "with repeat: which of the nodes that enter the copies hand on"},
    {"checkpoint", C | N, DG_FORM_FLAG, true, NULL,
     "true: values inside are computed again for the gradient, not kept (clusters; nodes with use() or scan())"},
    {"derived", C | N | E, DG_FORM_FLAG, true, NULL, "true: decoration that an export added; dropped on reading"},
    {"dotgrad", G, DG_FORM_COUNT, true, NULL, "the dialect's version (1)"},
    {"output", G, DG_FORM_NODE, true, "output", "what prediction and metrics read (the node of that name)"},
    {"loss", G, DG_FORM_NODE, true, "loss", "what training makes small (the node of that name)"},
    {"set", G, DG_FORM_SETTINGS, true, "set",
     "settings and their defaults, \"act=relu, width=64\", for $act and $width"},
    {"was_set", G, DG_FORM_SETTINGS, true, NULL, "settings that have been put in, for the files that the graph uses"},
    {"data", G, DG_FORM_CALL, true, "data",
     "the data set by name, or a path; options in brackets: \"digits(scale=standard, test=0.25)\""},
    {"sizes", G, DG_FORM_SETTINGS, true, NULL,
     "what ROWS, FEATURES, CLASSES and VOCAB stand for in calls, before what the data say: \"CLASSES=10\""},
    {"epochs", G, DG_FORM_COUNT, true, "epochs", "passes through the data (10)"},
    {"batch_size", G, DG_FORM_COUNT, true, "batch-size", "rows a step (32)"},
    {"drop_last", G, DG_FORM_FLAG, true, "drop-last",
     "true: leaves out rows that fill no whole batch, other ones each epoch"},
    {"optimizer", G, DG_FORM_CALL, true, "optimizer", "\"adam(lr=0.001)\", sgd, …: dotgrad list optimizers"},
    {"schedule", G, DG_FORM_CALL, true, "schedule",
     "of the learning rate, \"cosine(warmup=2)\": dotgrad list schedules"},
    {"init", G, DG_FORM_CALL, true, "init", "initialiser of weights that name none: dotgrad list initialisers"},
    {"metrics", G, DG_FORM_LIST, true, "metrics",
     "what is reported beside the loss, \"accuracy, rmse\": dotgrad list metrics"},
    {"dtype", G, DG_FORM_NAME, true, "dtype", "float32 or float64: the type of parameters and inputs that name none"},
    {"seed", G, DG_FORM_NATURAL, true, "seed", "of weights, shuffling and random nodes (0)"},
    {"split_seed", G, DG_FORM_NATURAL, true, "split-seed", "of the split of the data and of made sets (the seed)"},
    {"folds", G, DG_FORM_NATURAL, true, "folds", "cuts the rows into so many parts, of which one tests (0: no folds)"},
    {"fold", G, DG_FORM_NATURAL, true, "fold", "with folds: the part that tests, from 1 on (1)"},
    {"validation", G, DG_FORM_FRACTION, true, "validation", "keeps this part of the rows for validation (0)"},
    {"patience", G, DG_FORM_NATURAL, true, "patience",
     "stops after so many epochs without a better validation loss, keeps the best weights (0: never)"},
    {"clip_norm", G, DG_FORM_POSITIVE, true, "clip-norm", "clips the norm of the whole gradient"},
    {"clip_value", G, DG_FORM_POSITIVE, true, "clip-value", "clips each number of the gradient"},
    {"accumulate", G, DG_FORM_COUNT, true, "accumulate", "batches whose gradients make one step of the optimiser (1)"},
    {"average", G, DG_FORM_CALL, true, "average",
     "averages of the weights, which take their place at the end: \"ema(decay=0.999)\", \"swa(start=5)\" (none)"},
    {"threads", G, DG_FORM_COUNT, true, "threads", "threads of computing (DG_NUM_THREADS, or all processors)"},
    {"memory_limit", G, DG_FORM_BYTES, true, "memory-limit", "refuses to run when a plan needs more: 512M, 2G, 1.5Gi"},
    {"state", G, DG_FORM_LIST, true, NULL, "of the file of a scan() cell: the inputs that are states, \"h, c\""},
    {"folder", G, DG_FORM_FILE, true, NULL, "where the files that use() and scan() name are looked for first"},
    {"file:NAME", G, DG_FORM_TEXT, true, NULL,
     "the text of the used file NAME, kept in the graph: % and \\ as %25 and %5C"},
    {"styled", ALL, DG_FORM_LIST, true, NULL, "names of the attributes that an export added for looks"},
    {"styled_graph", G, DG_FORM_LIST, true, NULL, "the same, of the graph's own attributes"},
    {"styled_node", G, DG_FORM_LIST, true, NULL, "the same, of the defaults of nodes"},
    {"styled_edge", G, DG_FORM_LIST, true, NULL, "the same, of the defaults of edges"},

    {"Damping", G, DG_FORM_NUMBER, false, NULL, "neato: damping"},
    {"K", G | C, DG_FORM_NUMBER, false, NULL, "spring constant"},
    {"URL", ALL, DG_FORM_LINK, false, NULL, "link"},
    {"_background", G, DG_FORM_LINK, false, NULL, "drawing below the picture"},
    {"_draw_", ALL, DG_FORM_RESULT, false, NULL, "xdot"},
    {"_hdraw_", E, DG_FORM_RESULT, false, NULL, "xdot"},
    {"_hldraw_", E, DG_FORM_RESULT, false, NULL, "xdot"},
    {"_ldraw_", ALL, DG_FORM_RESULT, false, NULL, "xdot"},
    {"_tdraw_", E, DG_FORM_RESULT, false, NULL, "xdot"},
    {"_tldraw_", E, DG_FORM_RESULT, false, NULL, "xdot"},
    {"area", N | C, DG_FORM_NUMBER, false, NULL, "patchwork: area"},
    {"arrowhead", E, DG_FORM_WORD, false, NULL, "arrow at the head"},
    {"arrowsize", E, DG_FORM_NUMBER, false, NULL, "scale of arrows"},
    {"arrowtail", E, DG_FORM_WORD, false, NULL, "arrow at the tail"},
    {"bb", G | C, DG_FORM_RESULT, false, NULL, "bounding box of a layout"},
    {"beautify", G, DG_FORM_FLAG, false, NULL, "sfdp: leaves on a circle"},
    {"bgcolor", G | C, DG_FORM_COLOR, false, NULL, "background"},
    {"center", G, DG_FORM_FLAG, false, NULL, "in the middle of the page"},
    {"charset", G, DG_FORM_LINK, false, NULL, "encoding; UTF-8 here"},
    {"class", ALL, DG_FORM_LABEL, false, NULL, "classes in SVG"},
    {"cluster", C, DG_FORM_FLAG, false, NULL, "true: the subgraph is a cluster whatever its name"},
    {"clusterrank", G, DG_FORM_WORD, false, NULL, "how clusters are laid out"},
    {"color", C | N | E, DG_FORM_COLOR, false, NULL, "lines"},
    {"colorscheme", ALL, DG_FORM_WORD, false, NULL, "names of colours"},
    {"comment", G | N | E, DG_FORM_TEXT, false, NULL, "comment"},
    {"compound", G, DG_FORM_FLAG, false, NULL, "edges between clusters"},
    {"concentrate", G, DG_FORM_FLAG, false, NULL, "merges edges"},
    {"constraint", E, DG_FORM_FLAG, false, NULL, "whether the edge ranks"},
    {"decorate", E, DG_FORM_FLAG, false, NULL, "line from label to edge"},
    {"defaultdist", G, DG_FORM_NUMBER, false, NULL, "neato: distance of components"},
    {"dim", G, DG_FORM_NUMBER, false, NULL, "neato: dimensions"},
    {"dimen", G, DG_FORM_NUMBER, false, NULL, "neato: dimensions of rendering"},
    {"dir", E, DG_FORM_WORD, false, NULL, "which ends have arrows"},
    {"diredgeconstraints", G, DG_FORM_WORD, false, NULL, "neato: edges point down"},
    {"distortion", N, DG_FORM_NUMBER, false, NULL, "polygon"},
    {"dpi", G, DG_FORM_LINK, false, NULL, "pixels an inch"},
    {"edgeURL", E, DG_FORM_LINK, false, NULL, "link"},
    {"edgehref", E, DG_FORM_LINK, false, NULL, "link"},
    {"edgetarget", E, DG_FORM_LINK, false, NULL, "window of a link"},
    {"edgetooltip", E, DG_FORM_LABEL, false, NULL, "tooltip"},
    {"epsilon", G, DG_FORM_NUMBER, false, NULL, "neato: when to stop"},
    {"esep", G, DG_FORM_POINTS, false, NULL, "margin of splines"},
    {"fillcolor", C | N | E, DG_FORM_COLOR, false, NULL, "inside"},
    {"fixedsize", N, DG_FORM_WORD, false, NULL, "size as given"},
    {"fontcolor", ALL, DG_FORM_COLOR, false, NULL, "text"},
    {"fontname", ALL, DG_FORM_FONT, false, NULL, "font"},
    {"fontnames", G, DG_FORM_WORD, false, NULL, "how fonts are named in SVG"},
    {"fontpath", G, DG_FORM_LINK, false, NULL, "folder of fonts"},
    {"fontsize", ALL, DG_FORM_NUMBER, false, NULL, "size of text"},
    {"forcelabels", G, DG_FORM_FLAG, false, NULL, "xlabels even if they overlap"},
    {"gradientangle", G | C | N, DG_FORM_NUMBER, false, NULL, "of a filling"},
    {"group", N, DG_FORM_LABEL, false, NULL, "straight edges within it"},
    {"headURL", E, DG_FORM_LINK, false, NULL, "link"},
    {"head_lp", E, DG_FORM_RESULT, false, NULL, "place of a label"},
    {"headclip", E, DG_FORM_FLAG, false, NULL, "edge ends at the border"},
    {"headhref", E, DG_FORM_LINK, false, NULL, "link"},
    {"headlabel", E, DG_FORM_LABEL, false, NULL, "text at the head"},
    {"headport", E, DG_FORM_WORD, false, NULL, "where the edge ends"},
    {"headtarget", E, DG_FORM_LINK, false, NULL, "window of a link"},
    {"headtooltip", E, DG_FORM_LABEL, false, NULL, "tooltip"},
    {"height", N, DG_FORM_NUMBER, false, NULL, "inches"},
    {"href", ALL, DG_FORM_LINK, false, NULL, "link"},
    {"id", ALL, DG_FORM_LABEL, false, NULL, "identity in SVG"},
    {"image", N, DG_FORM_LINK, false, NULL, "picture file"},
    {"imagepath", G, DG_FORM_LINK, false, NULL, "folders of pictures"},
    {"imagepos", N, DG_FORM_WORD, false, NULL, "place of a picture"},
    {"imagescale", N, DG_FORM_WORD, false, NULL, "size of a picture"},
    {"inputscale", G, DG_FORM_NUMBER, false, NULL, "unit of positions"},
    {"label", ALL, DG_FORM_LABEL, false, NULL, "text"},
    {"labelURL", E, DG_FORM_LINK, false, NULL, "link"},
    {"label_scheme", G, DG_FORM_NUMBER, false, NULL, "sfdp: nodes that are labels"},
    {"labelangle", E, DG_FORM_NUMBER, false, NULL, "place of end labels"},
    {"labeldistance", E, DG_FORM_NUMBER, false, NULL, "place of end labels"},
    {"labelfloat", E, DG_FORM_FLAG, false, NULL, "labels less bound"},
    {"labelfontcolor", E, DG_FORM_COLOR, false, NULL, "text of end labels"},
    {"labelfontname", E, DG_FORM_FONT, false, NULL, "font of end labels"},
    {"labelfontsize", E, DG_FORM_NUMBER, false, NULL, "size of end labels"},
    {"labelhref", E, DG_FORM_LINK, false, NULL, "link"},
    {"labeljust", G | C, DG_FORM_WORD, false, NULL, "side of a label"},
    {"labelloc", G | C | N, DG_FORM_WORD, false, NULL, "height of a label"},
    {"labeltarget", E, DG_FORM_LINK, false, NULL, "window of a link"},
    {"labeltooltip", E, DG_FORM_LABEL, false, NULL, "tooltip"},
    {"landscape", G, DG_FORM_FLAG, false, NULL, "turned"},
    {"layer", C | N | E, DG_FORM_LINK, false, NULL, "layers"},
    {"layerlistsep", G, DG_FORM_LINK, false, NULL, "layers"},
    {"layers", G, DG_FORM_LINK, false, NULL, "layers"},
    {"layerselect", G, DG_FORM_LINK, false, NULL, "layers"},
    {"layersep", G, DG_FORM_LINK, false, NULL, "layers"},
    {"layout", G, DG_FORM_LINK, false, NULL, "the layout program"},
    {"len", E, DG_FORM_NUMBER, false, NULL, "neato: length"},
    {"levels", G, DG_FORM_NUMBER, false, NULL, "sfdp"},
    {"levelsgap", G, DG_FORM_NUMBER, false, NULL, "neato"},
    {"lhead", E, DG_FORM_LABEL, false, NULL, "cluster where the edge ends"},
    {"lheight", G | C, DG_FORM_RESULT, false, NULL, "height of a label"},
    {"linelength", G, DG_FORM_NUMBER, false, NULL, "of DOT text"},
    {"lp", G | C | E, DG_FORM_RESULT, false, NULL, "place of a label"},
    {"ltail", E, DG_FORM_LABEL, false, NULL, "cluster where the edge begins"},
    {"lwidth", G | C, DG_FORM_RESULT, false, NULL, "width of a label"},
    {"margin", G | C | N, DG_FORM_POINTS, false, NULL, "margin"},
    {"maxiter", G, DG_FORM_NUMBER, false, NULL, "neato: steps"},
    {"mclimit", G, DG_FORM_LINK, false, NULL, "steps against crossings"},
    {"mindist", G, DG_FORM_NUMBER, false, NULL, "circo: distance"},
    {"minlen", E, DG_FORM_NUMBER, false, NULL, "least length in ranks"},
    {"mode", G, DG_FORM_WORD, false, NULL, "neato"},
    {"model", G, DG_FORM_WORD, false, NULL, "neato"},
    {"mosek", G, DG_FORM_FLAG, false, NULL, "neato"},
    {"newrank", G, DG_FORM_FLAG, false, NULL, "one ranking over clusters"},
    {"nodesep", G, DG_FORM_NUMBER, false, NULL, "between nodes, inches"},
    {"nojustify", G | C | N | E, DG_FORM_FLAG, false, NULL, "alignment of lines"},
    {"normalize", G, DG_FORM_WORD, false, NULL, "neato: turned"},
    {"notranslate", G, DG_FORM_FLAG, false, NULL, "neato: not moved"},
    {"nslimit", G, DG_FORM_LINK, false, NULL, "steps of a layout"},
    {"nslimit1", G, DG_FORM_LINK, false, NULL, "steps of a layout"},
    {"oneblock", G, DG_FORM_FLAG, false, NULL, "circo"},
    {"ordering", G | N, DG_FORM_WORD, false, NULL, "edges from left to right"},
    {"orientation", G | N, DG_FORM_WORD, false, NULL, "turned"},
    {"outputorder", G, DG_FORM_WORD, false, NULL, "what is drawn first"},
    {"overlap", G, DG_FORM_WORD, false, NULL, "neato"},
    {"overlap_scaling", G, DG_FORM_NUMBER, false, NULL, "neato"},
    {"overlap_shrink", G, DG_FORM_FLAG, false, NULL, "neato"},
    {"pack", G, DG_FORM_WORD, false, NULL, "components side by side"},
    {"packmode", G, DG_FORM_WORD, false, NULL, "components side by side"},
    {"pad", G, DG_FORM_POINTS, false, NULL, "around the picture, inches"},
    {"page", G, DG_FORM_LINK, false, NULL, "size of pages"},
    {"pagedir", G, DG_FORM_WORD, false, NULL, "order of pages"},
    {"pencolor", C, DG_FORM_COLOR, false, NULL, "box"},
    {"penwidth", C | N | E, DG_FORM_NUMBER, false, NULL, "width of lines"},
    {"peripheries", C | N, DG_FORM_NUMBER, false, NULL, "lines around"},
    {"pin", N, DG_FORM_FLAG, false, NULL, "neato: not moved"},
    {"pos", N | E, DG_FORM_RESULT, false, NULL, "place"},
    {"quadtree", G, DG_FORM_WORD, false, NULL, "sfdp"},
    {"quantum", G, DG_FORM_NUMBER, false, NULL, "sizes are multiples of it"},
    {"radius", E, DG_FORM_NUMBER, false, NULL, "of rounded corners"},
    {"rank", C, DG_FORM_WORD, false, NULL, "same, min, max, source, sink"},
    {"rankdir", G, DG_FORM_WORD, false, NULL, "TB, LR, BT, RL"},
    {"ranksep", G, DG_FORM_WORD, false, NULL, "between ranks, inches"},
    {"ratio", G, DG_FORM_WORD, false, NULL, "height to width"},
    {"rects", N, DG_FORM_RESULT, false, NULL, "fields of a record"},
    {"regular", N, DG_FORM_FLAG, false, NULL, "regular polygon"},
    {"remincross", G, DG_FORM_FLAG, false, NULL, "crossings once more"},
    {"repulsiveforce", G, DG_FORM_NUMBER, false, NULL, "sfdp"},
    {"resolution", G, DG_FORM_LINK, false, NULL, "pixels an inch"},
    {"root", G | N, DG_FORM_LABEL, false, NULL, "twopi, circo: the middle"},
    {"rotate", G, DG_FORM_LINK, false, NULL, "turned"},
    {"rotation", G, DG_FORM_NUMBER, false, NULL, "sfdp: turned"},
    {"samehead", E, DG_FORM_LABEL, false, NULL, "edges that end in one point"},
    {"sametail", E, DG_FORM_LABEL, false, NULL, "edges that begin in one point"},
    {"samplepoints", N, DG_FORM_LINK, false, NULL, "of circles"},
    {"scale", G, DG_FORM_POINTS, false, NULL, "larger or smaller"},
    {"searchsize", G, DG_FORM_LINK, false, NULL, "steps of a layout"},
    {"sep", G, DG_FORM_POINTS, false, NULL, "neato: between nodes"},
    {"shape", N, DG_FORM_WORD, false, NULL, "form of a node"},
    {"shapefile", N, DG_FORM_LINK, false, NULL, "picture file"},
    {"showboxes", G | N | E, DG_FORM_NUMBER, false, NULL, "for Graphviz's authors"},
    {"sides", N, DG_FORM_NUMBER, false, NULL, "of a polygon"},
    {"size", G, DG_FORM_POINTS, false, NULL, "most inches"},
    {"skew", N, DG_FORM_NUMBER, false, NULL, "of a polygon"},
    {"smoothing", G, DG_FORM_WORD, false, NULL, "sfdp"},
    {"sortv", G | C | N, DG_FORM_NUMBER, false, NULL, "order of components"},
    {"splines", G, DG_FORM_WORD, false, NULL, "form of edges"},
    {"start", G, DG_FORM_WORD, false, NULL, "neato: first places"},
    {"style", ALL, DG_FORM_WORDS, false, NULL, "dashed, filled, rounded, …"},
    {"stylesheet", G, DG_FORM_LINK, false, NULL, "of SVG"},
    {"tailURL", E, DG_FORM_LINK, false, NULL, "link"},
    {"tail_lp", E, DG_FORM_RESULT, false, NULL, "place of a label"},
    {"tailclip", E, DG_FORM_FLAG, false, NULL, "edge begins at the border"},
    {"tailhref", E, DG_FORM_LINK, false, NULL, "link"},
    {"taillabel", E, DG_FORM_LABEL, false, NULL, "text at the tail"},
    {"tailport", E, DG_FORM_WORD, false, NULL, "where the edge begins"},
    {"tailtarget", E, DG_FORM_LINK, false, NULL, "window of a link"},
    {"tailtooltip", E, DG_FORM_LABEL, false, NULL, "tooltip"},
    {"target", ALL, DG_FORM_LINK, false, NULL, "window of a link"},
    {"tooltip", C | N | E | G, DG_FORM_LABEL, false, NULL, "tooltip"},
    {"truecolor", G, DG_FORM_FLAG, false, NULL, "colours of bitmaps"},
    {"vertices", N, DG_FORM_RESULT, false, NULL, "corners"},
    {"viewport", G, DG_FORM_LINK, false, NULL, "part of the picture"},
    {"voro_margin", G, DG_FORM_NUMBER, false, NULL, "neato"},
    {"weight", E, DG_FORM_NUMBER, false, NULL, "how short and straight"},
    {"width", N, DG_FORM_NUMBER, false, NULL, "inches"},
    {"xdotversion", G, DG_FORM_RESULT, false, NULL, "xdot"},
    {"xlabel", N | E, DG_FORM_LABEL, false, NULL, "text beside it"},
    {"xlp", N | E, DG_FORM_RESULT, false, NULL, "place of a label"},
    {"z", N, DG_FORM_NUMBER, false, NULL, "third coordinate"},
};

const dg_attribute *dg_attribute_at(size_t index)
{
    return index < sizeof table / sizeof *table ? &table[index] : NULL;
}

static int by_name(const void *a, const void *b)
{
    const dg_attribute *first = a, *second = b;
    return strcmp(first->name, second->name);
}

const dg_attribute *dg_attribute_find(const char *name)
{
    size_t count = sizeof table / sizeof *table, n_ours = 0;
    if (!name)
        return NULL;
    if (strncmp(name, "file:", 5) == 0)
        name = "file:NAME";
    for (; n_ours < count && table[n_ours].ours; n_ours++)
        if (strcmp(table[n_ours].name, name) == 0)
            return &table[n_ours];
    const dg_attribute key = {.name = name};
    return bsearch(&key, table + n_ours, count - n_ours, sizeof key, by_name);
}

bool dg_attribute_is_ours(const char *name)
{
    const dg_attribute *found = dg_attribute_find(name);
    return found && found->ours;
}

/* ---- names near one of ours ---- */

/* Small letters and digits alone. */
static size_t squeeze(const char *name, char text[MOST_LETTERS + 1])
{
    size_t count = 0;
    for (; *name && count < MOST_LETTERS; name++)
        if (isalnum((unsigned char)*name))
            text[count++] = (char)tolower((unsigned char)*name);
    text[count] = '\0';
    return count;
}

/* Letters to insert, leave out, exchange with their neighbour, or (at that price) replace. */
static int distance(const char *a, size_t n, const char *b, size_t m, int price)
{
    int rows[3][MOST_LETTERS + 1], *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        above[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int best = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : price);
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
        int *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[m];
}

/* Short names differ by a letter more or less (date is not data), long ones by two letters; or one is cut off. */
bool document_names_are_near(const char *name, const char *ours)
{
    char a[MOST_LETTERS + 1], b[MOST_LETTERS + 1];
    size_t n = squeeze(name, a), m = squeeze(ours, b);
    if (strcmp(a, b) == 0)
        return true;
    if (m < 3 || n < 3)
        return false;
    if (n >= 5 && n < m && strncmp(a, b, n) == 0)
        return true;
    return distance(a, n, b, m, m <= 4 ? 2 : 1) <= (m >= 8 ? 2 : 1);
}

const char *dg_attribute_near(const char *name, unsigned where)
{
    for (size_t k = 0; name && k < sizeof table / sizeof *table && table[k].ours; k++)
        if ((table[k].where & where) && document_names_are_near(name, table[k].name))
            return table[k].name;
    return NULL;
}
