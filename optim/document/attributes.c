/* The attributes of graph files: one table for reading, checking, options of commands, drawing and the reference. */
#include "document.h"

#include "core/base/plain.h"

#include <dotgrad/near.h>
#include <stdlib.h>
#include <string.h>

enum { G = DG_ON_GRAPH, C = DG_ON_CLUSTER, N = DG_ON_NODE, E = DG_ON_EDGE, ALL = G | C | N | E };
enum { MOST_EPOCHS = 1000000000, MOST_THREADS = 1024 };

/* Ours without an option: NAME, where, form. Ours on the graph with an option of commands. Graphviz's. */
#define OURS(NAME, WHERE, FORM, DOC, ...)                                                                              \
    {                                                                                                                  \
        .name = NAME, .where = WHERE, .form = DG_FORM_##FORM, .ours = true, .doc = DOC, __VA_ARGS__                    \
    }
#define SETTING(NAME, FORM, OPTION, USE, DOC, ...) SETTING_ON(G, NAME, FORM, OPTION, USE, DOC, __VA_ARGS__)
#define SETTING_ON(WHERE, NAME, FORM, OPTION, USE, DOC, ...)                                                           \
    {                                                                                                                  \
        .name = NAME, .where = WHERE, .form = DG_FORM_##FORM, .ours = true, .option = OPTION, .use = DG_USE_##USE,     \
        .doc = DOC, __VA_ARGS__                                                                                        \
    }
#define GRAPHVIZ(NAME, WHERE, FORM, DOC, ...)                                                                          \
    {                                                                                                                  \
        .name = NAME, .where = WHERE, .form = DG_FORM_##FORM, .doc = DOC, __VA_ARGS__                                  \
    }

/* Ours first, in the order in which they are best read; then Graphviz's by name. */
static const dg_attribute table[] = {
    OURS("op", N, CALL, "what the node computes: \"conv2d(32, kernel_size=3)\""),
    OURS("arg", E, NAME, "the argument that the edge is, by name or by position"),
    OURS("out", E, NAME, "the output of the tail that runs along the edge; the first when left out"),
    OURS("repeat", C, COUNT, "a chain of that many copies, each with its own parameters"),
    OURS("chain", C, NODE, "with repeat: the node whose value one copy hands to the next"),
    OURS("checkpoint", C | N, FLAG,
         "true: values inside are computed again for the gradient, not kept (clusters; nodes with use() or scan())"),
    OURS("share", C | N, NODE,
         "the node whose parameters this one uses; true beside repeat: the copies use those of the first"),
    OURS("refit", N, NAME,
         "epoch: initialisers of the node that look at data (kmeans, ridge, …) run again after each epoch"),
    OURS("derived", C | N | E, FLAG, "true: decoration that an export added; dropped on reading"),
    OURS("dotgrad", G, COUNT, "the dialect's version (1)"),
    SETTING("output", NODE, "output", OUTPUT, "the node that prediction and metrics read (the node of that name)"),
    SETTING("loss", LIST, "loss", LOSS,
            "the node that training minimises (the node of that name); several take turns: \"d_loss, g_loss\""),
    SETTING("set", SETTINGS, "set", ALWAYS, "settings and their defaults, \"act=relu, width=64\", for $act and $width"),
    OURS("was_set", G, SETTINGS, "settings that have been put in, for the files that the graph uses"),
    SETTING("data", CALL, "data", DATA,
            "the data set by name, or a path; options in brackets: \"digits(scale=standard, test=0.25)\""),
    OURS("sizes", G, SETTINGS,
         "what ROWS, FEATURES, CLASSES and VOCAB stand for in calls, before what the data say: \"CLASSES=10\""),
    SETTING("epochs", NATURAL, "epochs", TRAINING,
            "passes through the data (10); 0: parameters are made and solved for, no more", .most = MOST_EPOCHS),
    SETTING("batch_size", COUNT, "batch-size", BATCH, "rows a step (32)", .most = INT32_MAX, .letter = 'b'),
    SETTING("drop_last", FLAG, "drop-last", TRAINING,
            "true: leaves out rows that fill no whole batch, other ones each epoch"),
    SETTING_ON(G | N, "optimizer", CALL, "optimizer", STEP, "\"adam(lr=0.001)\", sgd, …: dotgrad list optimizers"),
    SETTING_ON(G | N, "schedule", CALL, "schedule", TRAINING,
               "of the learning rate, \"cosine(warmup=2)\": dotgrad list schedules"),
    SETTING("init", CALL, "init", WEIGHTS,
            "initialiser of weights that name none (biases keep their layers' own): dotgrad list initialisers"),
    SETTING(
        "metrics", LIST, "metrics", TRAINING,
        "what is reported beside the loss: metrics and nodes of one number, \"accuracy, n0\": dotgrad list metrics"),
    SETTING("dtype", NAME, "dtype", DTYPE, "the type of parameters and inputs that name none (float32)",
            .choices = "float32|float64"),
    SETTING("seed", NATURAL, "seed", SEED,
            "of weights, shuffling and random nodes (0); float32 and float64 draw different numbers",
            .most = INT64_MAX),
    SETTING("split_seed", NATURAL, "split-seed", TRAINING, "of the split of the data and of made sets (the seed)",
            .most = INT64_MAX),
    SETTING("folds", NATURAL, "folds", TRAINING, "cuts the rows into so many parts, of which one tests (0: no folds)"),
    SETTING("fold", COUNT, "fold", TRAINING, "with folds: the part that tests, from 1 on (1)"),
    SETTING("validation", FRACTION, "validation", TRAINING, "keeps this part of the rows for validation (0)"),
    SETTING(
        "watch", LIST, "watch", TRAINING,
        "what is recorded of each layer while training: \"grad_norm, update_ratio, dead, saturated, mean, std, rank\": "
        "dotgrad list probes"),
    SETTING("watch_every", COUNT, "watch-every", TRAINING, "steps from one record to the next (100)",
            .most = INT32_MAX),
    SETTING("snapshot_every", COUNT, "snapshot-every", TRAINING,
            "keeps the weights of every so many steps in RUN/snapshots, for plot --contour and --samples (never)",
            .most = 1000000000),
    OURS("trains", N, LIST,
         "of one of several losses: the parameters, layers or clusters that its turns train, \"d.*\" (all)"),
    OURS("turns", N, COUNT, "of one of several losses: its turns one after another, before the next one's (1)"),
    SETTING("monitor", NAME, "monitor", TRAINING,
            "the metric that patience and the schedule plateau look at, in validation where there is some (loss)"),
    SETTING("patience", NATURAL, "patience", TRAINING,
            "stops after so many epochs without a better validation loss, keeps the best weights (0: never)",
            .most = MOST_EPOCHS),
    SETTING_ON(G | N, "clip_norm", POSITIVE, "clip-norm", UPDATES, "clips the norm of the whole gradient"),
    SETTING_ON(G | N, "clip_value", POSITIVE, "clip-value", UPDATES, "clips each number of the gradient"),
    SETTING("accumulate", COUNT, "accumulate", UPDATES, "batches whose gradients make one step of the optimiser (1)",
            .most = INT32_MAX),
    SETTING(
        "average", CALL, "average", UPDATES,
        "averages of the weights, which take their place at the end: \"ema(decay=0.999)\", \"swa(start=5)\" (none)"),
    SETTING("groups", CALL, "groups", UPDATES,
            "parameters, layers or clusters by name, the first that fits counts: \"[group('hidden.*', lr=0.1, "
            "decay=0), group('*.gamma', positive=true)]\""),
    SETTING("freeze", LIST, "freeze", UPDATES,
            "parameters, layers or clusters that are not trained: \"hidden.gamma, encoder\""),
    SETTING("threads", COUNT, "threads", THREADS, "threads of computing (DG_NUM_THREADS, or all processors)",
            .most = MOST_THREADS),
    SETTING("memory_limit", BYTES, "memory-limit", MEMORY, "refuses to run when a plan needs more: 512M, 2G, 1.5Gi"),
    OURS("state", G, LIST, "of the file of a scan() cell: the inputs that are states, \"h, c\""),
    OURS("folder", G, FILE, "where the files that use() and scan() name are looked for first"),
    OURS("file:NAME", G, TEXT, "the text of the used file NAME, kept in the graph: % and \\ as %25 and %5C"),
    OURS("tensors:NAME", G, TEXT, "the constants of the file NAME, kept in the graph: safetensors in base64"),
    OURS("styled", ALL, LIST, "names of the attributes that an export added for a drawing"),
    OURS("styled_graph", G, LIST, "the same, of the graph's own attributes"),
    OURS("styled_node", G, LIST, "the same, of the defaults of nodes"),
    OURS("styled_edge", G, LIST, "the same, of the defaults of edges"),

    GRAPHVIZ("Damping", G, NUMBER, "neato: damping"),
    GRAPHVIZ("K", G | C, NUMBER, "spring constant"),
    GRAPHVIZ("TBbalance", G, WORD, "min or max: which rank unbalanced nodes go to"),
    GRAPHVIZ("URL", ALL, LINK, "link"),
    GRAPHVIZ("_background", G, LINK, "drawing below the picture"),
    GRAPHVIZ("_draw_", ALL, RESULT, "xdot"),
    GRAPHVIZ("_hdraw_", E, RESULT, "xdot"),
    GRAPHVIZ("_hldraw_", E, RESULT, "xdot"),
    GRAPHVIZ("_ldraw_", ALL, RESULT, "xdot"),
    GRAPHVIZ("_tdraw_", E, RESULT, "xdot"),
    GRAPHVIZ("_tldraw_", E, RESULT, "xdot"),
    GRAPHVIZ("area", N | C, NUMBER, "patchwork: area"),
    GRAPHVIZ("arrowhead", E, WORD, "arrow at the head"),
    GRAPHVIZ("arrowsize", E, NUMBER, "scale of arrows"),
    GRAPHVIZ("arrowtail", E, WORD, "arrow at the tail"),
    GRAPHVIZ("bb", G | C, RESULT, "bounding box of a layout"),
    GRAPHVIZ("beautify", G, FLAG, "sfdp: leaves on a circle"),
    GRAPHVIZ("bgcolor", G | C, COLOR, "background", .drawn = G | C),
    GRAPHVIZ("center", G, FLAG, "in the middle of the page"),
    GRAPHVIZ("charset", G, LINK, "encoding; UTF-8 here", .drawn = G),
    GRAPHVIZ("class", ALL, LABEL, "classes in SVG", .drawn = ALL),
    GRAPHVIZ("cluster", C, FLAG, "true: the subgraph is a cluster whatever its name", .drawn = C),
    GRAPHVIZ("clusterrank", G, WORD, "how clusters are laid out"),
    GRAPHVIZ("color", C | N | E, COLOR, "lines", .drawn = N | C | E),
    GRAPHVIZ("colorscheme", ALL, WORD, "names of colours"),
    GRAPHVIZ("comment", G | N | E, TEXT, "comment", .drawn = G | N | E),
    GRAPHVIZ("compound", G, FLAG, "edges between clusters"),
    GRAPHVIZ("concentrate", G, FLAG, "merges edges"),
    GRAPHVIZ("constraint", E, FLAG, "whether the edge ranks"),
    GRAPHVIZ("decorate", E, FLAG, "line from label to edge"),
    GRAPHVIZ("defaultdist", G, NUMBER, "neato: distance of components"),
    GRAPHVIZ("dim", G, NUMBER, "neato: dimensions"),
    GRAPHVIZ("dimen", G, NUMBER, "neato: dimensions of rendering"),
    GRAPHVIZ("dir", E, WORD, "which ends have arrows"),
    GRAPHVIZ("diredgeconstraints", G, WORD, "neato: edges point down"),
    GRAPHVIZ("distortion", N, NUMBER, "polygon"),
    GRAPHVIZ("dpi", G, NUMBER, "pixels an inch", .drawn = G),
    GRAPHVIZ("edgeURL", E, LINK, "link"),
    GRAPHVIZ("edgehref", E, LINK, "link"),
    GRAPHVIZ("edgetarget", E, LINK, "window of a link"),
    GRAPHVIZ("edgetooltip", E, LABEL, "tooltip"),
    GRAPHVIZ("epsilon", G, NUMBER, "neato: when to stop"),
    GRAPHVIZ("esep", G, POINTS, "margin of splines"),
    GRAPHVIZ("fillcolor", C | N | E, COLOR, "inside", .drawn = N | C),
    GRAPHVIZ("fixedsize", N, WORD, "size as given"),
    GRAPHVIZ("fontcolor", ALL, COLOR, "text", .drawn = ALL),
    GRAPHVIZ("fontname", ALL, FONT, "font"),
    GRAPHVIZ("fontnames", G, WORD, "how fonts are named in SVG"),
    GRAPHVIZ("fontpath", G, LINK, "folder of fonts"),
    GRAPHVIZ("fontsize", ALL, NUMBER, "size of text", .drawn = N),
    GRAPHVIZ("forcelabels", G, FLAG, "xlabels even if they overlap"),
    GRAPHVIZ("gradientangle", G | C | N, NUMBER, "of a filling"),
    GRAPHVIZ("group", N, LABEL, "straight edges within it"),
    GRAPHVIZ("headURL", E, LINK, "link"),
    GRAPHVIZ("head_lp", E, RESULT, "place of a label"),
    GRAPHVIZ("headclip", E, FLAG, "edge ends at the border"),
    GRAPHVIZ("headhref", E, LINK, "link"),
    GRAPHVIZ("headlabel", E, LABEL, "text at the head"),
    GRAPHVIZ("headport", E, WORD, "where the edge ends"),
    GRAPHVIZ("headtarget", E, LINK, "window of a link"),
    GRAPHVIZ("headtooltip", E, LABEL, "tooltip"),
    GRAPHVIZ("height", N, NUMBER, "inches"),
    GRAPHVIZ("href", ALL, LINK, "link"),
    GRAPHVIZ("id", ALL, LABEL, "identity in SVG", .drawn = ALL),
    GRAPHVIZ("image", N, LINK, "picture file"),
    GRAPHVIZ("imagepath", G, LINK, "folders of pictures"),
    GRAPHVIZ("imagepos", N, WORD, "place of a picture"),
    GRAPHVIZ("imagescale", N, WORD, "size of a picture"),
    GRAPHVIZ("inputscale", G, NUMBER, "unit of positions"),
    GRAPHVIZ("key", E, LABEL, "tells parallel edges apart"),
    GRAPHVIZ("label", ALL, LABEL, "text", .drawn = G | C | N | E),
    GRAPHVIZ("labelURL", E, LINK, "link"),
    GRAPHVIZ("label_scheme", G, NUMBER, "sfdp: nodes that are labels"),
    GRAPHVIZ("labelangle", E, NUMBER, "place of end labels"),
    GRAPHVIZ("labeldistance", E, NUMBER, "place of end labels"),
    GRAPHVIZ("labelfloat", E, FLAG, "labels less bound"),
    GRAPHVIZ("labelfontcolor", E, COLOR, "text of end labels"),
    GRAPHVIZ("labelfontname", E, FONT, "font of end labels"),
    GRAPHVIZ("labelfontsize", E, NUMBER, "size of end labels"),
    GRAPHVIZ("labelhref", E, LINK, "link"),
    GRAPHVIZ("labeljust", G | C, WORD, "side of a label"),
    GRAPHVIZ("labelloc", G | C | N, WORD, "height of a label"),
    GRAPHVIZ("labeltarget", E, LINK, "window of a link"),
    GRAPHVIZ("labeltooltip", E, LABEL, "tooltip"),
    GRAPHVIZ("landscape", G, FLAG, "turned"),
    GRAPHVIZ("layer", C | N | E, LINK, "layers"),
    GRAPHVIZ("layerlistsep", G, LINK, "layers"),
    GRAPHVIZ("layers", G, LINK, "layers"),
    GRAPHVIZ("layerselect", G, LINK, "layers"),
    GRAPHVIZ("layersep", G, LINK, "layers"),
    GRAPHVIZ("layout", G, LINK, "the layout program"),
    GRAPHVIZ("len", E, NUMBER, "neato: length"),
    GRAPHVIZ("levels", G, NUMBER, "sfdp"),
    GRAPHVIZ("levelsgap", G, NUMBER, "neato"),
    GRAPHVIZ("lhead", E, LABEL, "cluster where the edge ends"),
    GRAPHVIZ("lheight", G | C, RESULT, "height of a label"),
    GRAPHVIZ("linelength", G, NUMBER, "of DOT text"),
    GRAPHVIZ("lp", G | C | E, RESULT, "place of a label"),
    GRAPHVIZ("ltail", E, LABEL, "cluster where the edge begins"),
    GRAPHVIZ("lwidth", G | C, RESULT, "width of a label"),
    GRAPHVIZ("margin", G | C | N, POINTS, "margin"),
    GRAPHVIZ("maxiter", G, NUMBER, "neato: steps"),
    GRAPHVIZ("mclimit", G, LINK, "steps against crossings"),
    GRAPHVIZ("mindist", G, NUMBER, "circo: distance"),
    GRAPHVIZ("minlen", E, NUMBER, "least length in ranks"),
    GRAPHVIZ("mode", G, WORD, "neato"),
    GRAPHVIZ("model", G, WORD, "neato"),
    GRAPHVIZ("mosek", G, FLAG, "neato"),
    GRAPHVIZ("newrank", G, FLAG, "one ranking over clusters"),
    GRAPHVIZ("nodesep", G, NUMBER, "between nodes, inches"),
    GRAPHVIZ("nojustify", G | C | N | E, FLAG, "alignment of lines"),
    GRAPHVIZ("normalize", G, WORD, "neato: turned"),
    GRAPHVIZ("notranslate", G, FLAG, "neato: not moved"),
    GRAPHVIZ("nslimit", G, LINK, "steps of a layout"),
    GRAPHVIZ("nslimit1", G, LINK, "steps of a layout"),
    GRAPHVIZ("oneblock", G, FLAG, "circo"),
    GRAPHVIZ("ordering", G | N, WORD, "edges from left to right"),
    GRAPHVIZ("orientation", G | N, WORD, "turned"),
    GRAPHVIZ("outputorder", G, WORD, "what is drawn first"),
    GRAPHVIZ("overlap", G, WORD, "neato"),
    GRAPHVIZ("overlap_scaling", G, NUMBER, "neato"),
    GRAPHVIZ("overlap_shrink", G, FLAG, "neato"),
    GRAPHVIZ("pack", G, WORD, "components side by side"),
    GRAPHVIZ("packmode", G, WORD, "components side by side"),
    GRAPHVIZ("pad", G, POINTS, "around the picture, inches"),
    GRAPHVIZ("page", G, LINK, "size of pages"),
    GRAPHVIZ("pagedir", G, WORD, "order of pages"),
    GRAPHVIZ("pencolor", C, COLOR, "box", .drawn = C),
    GRAPHVIZ("penwidth", C | N | E, NUMBER, "width of lines", .drawn = C | N | E),
    GRAPHVIZ("peripheries", C | N, NUMBER, "lines around", .drawn = N),
    GRAPHVIZ("pin", N, FLAG, "neato: not moved"),
    GRAPHVIZ("pos", N | E, RESULT, "place"),
    GRAPHVIZ("quadtree", G, WORD, "sfdp"),
    GRAPHVIZ("quantum", G, NUMBER, "sizes are multiples of it"),
    GRAPHVIZ("radius", E, NUMBER, "of rounded corners"),
    GRAPHVIZ("rank", C, WORD, "same, min, max, source, sink"),
    GRAPHVIZ("rankdir", G, WORD, "TB, LR, BT, RL", .choices = "TB|LR|BT|RL", .drawn = G),
    GRAPHVIZ("ranksep", G, WORD, "between ranks, inches"),
    GRAPHVIZ("ratio", G, WORD, "height to width"),
    GRAPHVIZ("rects", N, RESULT, "fields of a record"),
    GRAPHVIZ("regular", N, FLAG, "regular polygon"),
    GRAPHVIZ("remincross", G, FLAG, "crossings once more"),
    GRAPHVIZ("repulsiveforce", G, NUMBER, "sfdp"),
    GRAPHVIZ("resolution", G, NUMBER, "pixels an inch", .drawn = G),
    GRAPHVIZ("root", G | N, LABEL, "twopi, circo: the middle"),
    GRAPHVIZ("rotate", G, LINK, "turned"),
    GRAPHVIZ("rotation", G, NUMBER, "sfdp: turned"),
    GRAPHVIZ("samehead", E, LABEL, "edges that end in one point"),
    GRAPHVIZ("sametail", E, LABEL, "edges that begin in one point"),
    GRAPHVIZ("samplepoints", N, LINK, "of circles"),
    GRAPHVIZ("scale", G, POINTS, "larger or smaller"),
    GRAPHVIZ("searchsize", G, LINK, "steps of a layout"),
    GRAPHVIZ("sep", G, POINTS, "neato: between nodes"),
    GRAPHVIZ("shape", N, WORD, "form of a node", .drawn = N),
    GRAPHVIZ("shapefile", N, LINK, "picture file"),
    GRAPHVIZ("showboxes", G | N | E, NUMBER, "for Graphviz's authors"),
    GRAPHVIZ("sides", N, NUMBER, "of a polygon"),
    GRAPHVIZ("size", G, POINTS, "most inches"),
    GRAPHVIZ("skew", N, NUMBER, "of a polygon"),
    GRAPHVIZ("smoothing", G, WORD, "sfdp"),
    GRAPHVIZ("sortv", G | C | N, NUMBER, "order of components"),
    GRAPHVIZ("splines", G, WORD, "form of edges"),
    GRAPHVIZ("start", G, WORD, "neato: first places"),
    GRAPHVIZ("style", ALL, WORDS, "dashed, filled, rounded, …", .drawn = C | N | E),
    GRAPHVIZ("stylesheet", G, LINK, "of SVG"),
    GRAPHVIZ("tailURL", E, LINK, "link"),
    GRAPHVIZ("tail_lp", E, RESULT, "place of a label"),
    GRAPHVIZ("tailclip", E, FLAG, "edge begins at the border"),
    GRAPHVIZ("tailhref", E, LINK, "link"),
    GRAPHVIZ("taillabel", E, LABEL, "text at the tail"),
    GRAPHVIZ("tailport", E, WORD, "where the edge begins"),
    GRAPHVIZ("tailtarget", E, LINK, "window of a link"),
    GRAPHVIZ("tailtooltip", E, LABEL, "tooltip"),
    GRAPHVIZ("target", ALL, LINK, "window of a link"),
    GRAPHVIZ("tooltip", C | N | E | G, LABEL, "tooltip", .drawn = C | N | E),
    GRAPHVIZ("truecolor", G, FLAG, "colours of bitmaps"),
    GRAPHVIZ("vertices", N, RESULT, "corners"),
    GRAPHVIZ("viewport", G, LINK, "part of the picture"),
    GRAPHVIZ("voro_margin", G, NUMBER, "neato"),
    GRAPHVIZ("weight", E, NUMBER, "how short and straight"),
    GRAPHVIZ("width", N, NUMBER, "inches"),
    GRAPHVIZ("xdotversion", G, RESULT, "xdot"),
    GRAPHVIZ("xlabel", N | E, LABEL, "text beside it"),
    GRAPHVIZ("xlp", N | E, RESULT, "place of a label"),
    GRAPHVIZ("z", N, NUMBER, "third coordinate"),
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
    if (strncmp(name, "tensors:", 8) == 0)
        name = "tensors:NAME";
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

const char *dg_attribute_near(const char *name, unsigned where)
{
    for (size_t k = 0; name && k < sizeof table / sizeof *table; k++)
        if ((table[k].where & where) && plain_same(name, table[k].name))
            return table[k].name;
    for (size_t k = 0; name && k < sizeof table / sizeof *table; k++)
        if ((table[k].where & where) && dg_name_is_near(name, table[k].name))
            return table[k].name;
    return NULL;
}
