/* The attributes of graph files: one table for reading, checking, options of commands, drawing and the reference. */
#include "document.h"

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
#define LOOK(NAME, WHERE, FORM, DOC, ...)                                                                              \
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
            "the node that training makes small (the node of that name); several take turns: \"d_loss, g_loss\""),
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
    SETTING("seed", NATURAL, "seed", SEED, "of weights, shuffling and random nodes (0)", .most = INT64_MAX),
    SETTING("split_seed", NATURAL, "split-seed", TRAINING, "of the split of the data and of made sets (the seed)",
            .most = INT64_MAX),
    SETTING("folds", NATURAL, "folds", TRAINING, "cuts the rows into so many parts, of which one tests (0: no folds)"),
    SETTING("fold", COUNT, "fold", TRAINING, "with folds: the part that tests, from 1 on (1)"),
    SETTING("validation", FRACTION, "validation", TRAINING, "keeps this part of the rows for validation (0)"),
    OURS("trains", N, LIST, "of one of several losses: the parameters that its turns train, \"d.*\" (all)"),
    OURS("turns", N, COUNT, "of one of several losses: its turns one after another, before the next one's (1)"),
    SETTING("monitor", NAME, "monitor", TRAINING,
            "the metric that patience and the schedule plateau look at, in validation where there is some (loss)"),
    SETTING("patience", NATURAL, "patience", TRAINING,
            "stops after so many epochs without a better validation loss, keeps the best weights (0: never)",
            .most = MOST_EPOCHS),
    SETTING_ON(G | N, "clip_norm", POSITIVE, "clip-norm", TRAINING, "clips the norm of the whole gradient"),
    SETTING_ON(G | N, "clip_value", POSITIVE, "clip-value", TRAINING, "clips each number of the gradient"),
    SETTING("accumulate", COUNT, "accumulate", TRAINING, "batches whose gradients make one step of the optimiser (1)",
            .most = INT32_MAX),
    SETTING(
        "average", CALL, "average", TRAINING,
        "averages of the weights, which take their place at the end: \"ema(decay=0.999)\", \"swa(start=5)\" (none)"),
    SETTING("groups", CALL, "groups", TRAINING,
            "parameters by name, the first that fits counts: \"[group('hidden.*', lr=0.1, decay=0), group('*.gamma', "
            "positive=true)]\""),
    SETTING("freeze", LIST, "freeze", TRAINING, "parameters that are not trained: \"hidden.gamma, embed\""),
    SETTING("threads", COUNT, "threads", THREADS, "threads of computing (DG_NUM_THREADS, or all processors)",
            .most = MOST_THREADS),
    SETTING("memory_limit", BYTES, "memory-limit", MEMORY, "refuses to run when a plan needs more: 512M, 2G, 1.5Gi"),
    OURS("state", G, LIST, "of the file of a scan() cell: the inputs that are states, \"h, c\""),
    OURS("folder", G, FILE, "where the files that use() and scan() name are looked for first"),
    OURS("file:NAME", G, TEXT, "the text of the used file NAME, kept in the graph: % and \\ as %25 and %5C"),
    OURS("tensors:NAME", G, TEXT, "the constants of the file NAME, kept in the graph: safetensors in base64"),
    OURS("styled", ALL, LIST, "names of the attributes that an export added for looks"),
    OURS("styled_graph", G, LIST, "the same, of the graph's own attributes"),
    OURS("styled_node", G, LIST, "the same, of the defaults of nodes"),
    OURS("styled_edge", G, LIST, "the same, of the defaults of edges"),

    LOOK("Damping", G, NUMBER, "neato: damping"),
    LOOK("K", G | C, NUMBER, "spring constant"),
    LOOK("URL", ALL, LINK, "link"),
    LOOK("_background", G, LINK, "drawing below the picture"),
    LOOK("_draw_", ALL, RESULT, "xdot"),
    LOOK("_hdraw_", E, RESULT, "xdot"),
    LOOK("_hldraw_", E, RESULT, "xdot"),
    LOOK("_ldraw_", ALL, RESULT, "xdot"),
    LOOK("_tdraw_", E, RESULT, "xdot"),
    LOOK("_tldraw_", E, RESULT, "xdot"),
    LOOK("area", N | C, NUMBER, "patchwork: area"),
    LOOK("arrowhead", E, WORD, "arrow at the head"),
    LOOK("arrowsize", E, NUMBER, "scale of arrows"),
    LOOK("arrowtail", E, WORD, "arrow at the tail"),
    LOOK("bb", G | C, RESULT, "bounding box of a layout"),
    LOOK("beautify", G, FLAG, "sfdp: leaves on a circle"),
    LOOK("bgcolor", G | C, COLOR, "background", .drawn = G),
    LOOK("center", G, FLAG, "in the middle of the page"),
    LOOK("charset", G, LINK, "encoding; UTF-8 here", .drawn = G),
    LOOK("class", ALL, LABEL, "classes in SVG", .drawn = ALL),
    LOOK("cluster", C, FLAG, "true: the subgraph is a cluster whatever its name", .drawn = C),
    LOOK("clusterrank", G, WORD, "how clusters are laid out"),
    LOOK("color", C | N | E, COLOR, "lines", .drawn = N | C | E),
    LOOK("colorscheme", ALL, WORD, "names of colours"),
    LOOK("comment", G | N | E, TEXT, "comment", .drawn = G | N | E),
    LOOK("compound", G, FLAG, "edges between clusters"),
    LOOK("concentrate", G, FLAG, "merges edges"),
    LOOK("constraint", E, FLAG, "whether the edge ranks"),
    LOOK("decorate", E, FLAG, "line from label to edge"),
    LOOK("defaultdist", G, NUMBER, "neato: distance of components"),
    LOOK("dim", G, NUMBER, "neato: dimensions"),
    LOOK("dimen", G, NUMBER, "neato: dimensions of rendering"),
    LOOK("dir", E, WORD, "which ends have arrows"),
    LOOK("diredgeconstraints", G, WORD, "neato: edges point down"),
    LOOK("distortion", N, NUMBER, "polygon"),
    LOOK("dpi", G, LINK, "pixels an inch"),
    LOOK("edgeURL", E, LINK, "link"),
    LOOK("edgehref", E, LINK, "link"),
    LOOK("edgetarget", E, LINK, "window of a link"),
    LOOK("edgetooltip", E, LABEL, "tooltip"),
    LOOK("epsilon", G, NUMBER, "neato: when to stop"),
    LOOK("esep", G, POINTS, "margin of splines"),
    LOOK("fillcolor", C | N | E, COLOR, "inside", .drawn = N | C),
    LOOK("fixedsize", N, WORD, "size as given"),
    LOOK("fontcolor", ALL, COLOR, "text", .drawn = G | C | N),
    LOOK("fontname", ALL, FONT, "font"),
    LOOK("fontnames", G, WORD, "how fonts are named in SVG"),
    LOOK("fontpath", G, LINK, "folder of fonts"),
    LOOK("fontsize", ALL, NUMBER, "size of text", .drawn = N),
    LOOK("forcelabels", G, FLAG, "xlabels even if they overlap"),
    LOOK("gradientangle", G | C | N, NUMBER, "of a filling"),
    LOOK("group", N, LABEL, "straight edges within it"),
    LOOK("headURL", E, LINK, "link"),
    LOOK("head_lp", E, RESULT, "place of a label"),
    LOOK("headclip", E, FLAG, "edge ends at the border"),
    LOOK("headhref", E, LINK, "link"),
    LOOK("headlabel", E, LABEL, "text at the head"),
    LOOK("headport", E, WORD, "where the edge ends"),
    LOOK("headtarget", E, LINK, "window of a link"),
    LOOK("headtooltip", E, LABEL, "tooltip"),
    LOOK("height", N, NUMBER, "inches"),
    LOOK("href", ALL, LINK, "link"),
    LOOK("id", ALL, LABEL, "identity in SVG", .drawn = ALL),
    LOOK("image", N, LINK, "picture file"),
    LOOK("imagepath", G, LINK, "folders of pictures"),
    LOOK("imagepos", N, WORD, "place of a picture"),
    LOOK("imagescale", N, WORD, "size of a picture"),
    LOOK("inputscale", G, NUMBER, "unit of positions"),
    LOOK("label", ALL, LABEL, "text", .drawn = G | C | N | E),
    LOOK("labelURL", E, LINK, "link"),
    LOOK("label_scheme", G, NUMBER, "sfdp: nodes that are labels"),
    LOOK("labelangle", E, NUMBER, "place of end labels"),
    LOOK("labeldistance", E, NUMBER, "place of end labels"),
    LOOK("labelfloat", E, FLAG, "labels less bound"),
    LOOK("labelfontcolor", E, COLOR, "text of end labels"),
    LOOK("labelfontname", E, FONT, "font of end labels"),
    LOOK("labelfontsize", E, NUMBER, "size of end labels"),
    LOOK("labelhref", E, LINK, "link"),
    LOOK("labeljust", G | C, WORD, "side of a label"),
    LOOK("labelloc", G | C | N, WORD, "height of a label"),
    LOOK("labeltarget", E, LINK, "window of a link"),
    LOOK("labeltooltip", E, LABEL, "tooltip"),
    LOOK("landscape", G, FLAG, "turned"),
    LOOK("layer", C | N | E, LINK, "layers"),
    LOOK("layerlistsep", G, LINK, "layers"),
    LOOK("layers", G, LINK, "layers"),
    LOOK("layerselect", G, LINK, "layers"),
    LOOK("layersep", G, LINK, "layers"),
    LOOK("layout", G, LINK, "the layout program"),
    LOOK("len", E, NUMBER, "neato: length"),
    LOOK("levels", G, NUMBER, "sfdp"),
    LOOK("levelsgap", G, NUMBER, "neato"),
    LOOK("lhead", E, LABEL, "cluster where the edge ends"),
    LOOK("lheight", G | C, RESULT, "height of a label"),
    LOOK("linelength", G, NUMBER, "of DOT text"),
    LOOK("lp", G | C | E, RESULT, "place of a label"),
    LOOK("ltail", E, LABEL, "cluster where the edge begins"),
    LOOK("lwidth", G | C, RESULT, "width of a label"),
    LOOK("margin", G | C | N, POINTS, "margin"),
    LOOK("maxiter", G, NUMBER, "neato: steps"),
    LOOK("mclimit", G, LINK, "steps against crossings"),
    LOOK("mindist", G, NUMBER, "circo: distance"),
    LOOK("minlen", E, NUMBER, "least length in ranks"),
    LOOK("mode", G, WORD, "neato"),
    LOOK("model", G, WORD, "neato"),
    LOOK("mosek", G, FLAG, "neato"),
    LOOK("newrank", G, FLAG, "one ranking over clusters"),
    LOOK("nodesep", G, NUMBER, "between nodes, inches"),
    LOOK("nojustify", G | C | N | E, FLAG, "alignment of lines"),
    LOOK("normalize", G, WORD, "neato: turned"),
    LOOK("notranslate", G, FLAG, "neato: not moved"),
    LOOK("nslimit", G, LINK, "steps of a layout"),
    LOOK("nslimit1", G, LINK, "steps of a layout"),
    LOOK("oneblock", G, FLAG, "circo"),
    LOOK("ordering", G | N, WORD, "edges from left to right"),
    LOOK("orientation", G | N, WORD, "turned"),
    LOOK("outputorder", G, WORD, "what is drawn first"),
    LOOK("overlap", G, WORD, "neato"),
    LOOK("overlap_scaling", G, NUMBER, "neato"),
    LOOK("overlap_shrink", G, FLAG, "neato"),
    LOOK("pack", G, WORD, "components side by side"),
    LOOK("packmode", G, WORD, "components side by side"),
    LOOK("pad", G, POINTS, "around the picture, inches"),
    LOOK("page", G, LINK, "size of pages"),
    LOOK("pagedir", G, WORD, "order of pages"),
    LOOK("pencolor", C, COLOR, "box"),
    LOOK("penwidth", C | N | E, NUMBER, "width of lines", .drawn = N | E),
    LOOK("peripheries", C | N, NUMBER, "lines around", .drawn = N),
    LOOK("pin", N, FLAG, "neato: not moved"),
    LOOK("pos", N | E, RESULT, "place"),
    LOOK("quadtree", G, WORD, "sfdp"),
    LOOK("quantum", G, NUMBER, "sizes are multiples of it"),
    LOOK("radius", E, NUMBER, "of rounded corners"),
    LOOK("rank", C, WORD, "same, min, max, source, sink"),
    LOOK("rankdir", G, WORD, "TB, LR, BT, RL", .drawn = G),
    LOOK("ranksep", G, WORD, "between ranks, inches"),
    LOOK("ratio", G, WORD, "height to width"),
    LOOK("rects", N, RESULT, "fields of a record"),
    LOOK("regular", N, FLAG, "regular polygon"),
    LOOK("remincross", G, FLAG, "crossings once more"),
    LOOK("repulsiveforce", G, NUMBER, "sfdp"),
    LOOK("resolution", G, LINK, "pixels an inch"),
    LOOK("root", G | N, LABEL, "twopi, circo: the middle"),
    LOOK("rotate", G, LINK, "turned"),
    LOOK("rotation", G, NUMBER, "sfdp: turned"),
    LOOK("samehead", E, LABEL, "edges that end in one point"),
    LOOK("sametail", E, LABEL, "edges that begin in one point"),
    LOOK("samplepoints", N, LINK, "of circles"),
    LOOK("scale", G, POINTS, "larger or smaller"),
    LOOK("searchsize", G, LINK, "steps of a layout"),
    LOOK("sep", G, POINTS, "neato: between nodes"),
    LOOK("shape", N, WORD, "form of a node", .drawn = N),
    LOOK("shapefile", N, LINK, "picture file"),
    LOOK("showboxes", G | N | E, NUMBER, "for Graphviz's authors"),
    LOOK("sides", N, NUMBER, "of a polygon"),
    LOOK("size", G, POINTS, "most inches"),
    LOOK("skew", N, NUMBER, "of a polygon"),
    LOOK("smoothing", G, WORD, "sfdp"),
    LOOK("sortv", G | C | N, NUMBER, "order of components"),
    LOOK("splines", G, WORD, "form of edges"),
    LOOK("start", G, WORD, "neato: first places"),
    LOOK("style", ALL, WORDS, "dashed, filled, rounded, …", .drawn = N | E),
    LOOK("stylesheet", G, LINK, "of SVG"),
    LOOK("tailURL", E, LINK, "link"),
    LOOK("tail_lp", E, RESULT, "place of a label"),
    LOOK("tailclip", E, FLAG, "edge begins at the border"),
    LOOK("tailhref", E, LINK, "link"),
    LOOK("taillabel", E, LABEL, "text at the tail"),
    LOOK("tailport", E, WORD, "where the edge begins"),
    LOOK("tailtarget", E, LINK, "window of a link"),
    LOOK("tailtooltip", E, LABEL, "tooltip"),
    LOOK("target", ALL, LINK, "window of a link"),
    LOOK("tooltip", C | N | E | G, LABEL, "tooltip", .drawn = N),
    LOOK("truecolor", G, FLAG, "colours of bitmaps"),
    LOOK("vertices", N, RESULT, "corners"),
    LOOK("viewport", G, LINK, "part of the picture"),
    LOOK("voro_margin", G, NUMBER, "neato"),
    LOOK("weight", E, NUMBER, "how short and straight"),
    LOOK("width", N, NUMBER, "inches"),
    LOOK("xdotversion", G, RESULT, "xdot"),
    LOOK("xlabel", N | E, LABEL, "text beside it"),
    LOOK("xlp", N | E, RESULT, "place of a label"),
    LOOK("z", N, NUMBER, "third coordinate"),
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
        if ((table[k].where & where) && dg_name_is_near(name, table[k].name))
            return table[k].name;
    return NULL;
}
