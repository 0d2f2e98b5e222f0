/* dotgrad-layout: reads one graph in DOT on standard input, places it with Graphviz's dot, and answers with positions
 * in hundredths of a point, y downwards:
 *
 *     graph WIDTH HEIGHT
 *     n NUMBER X Y                      the middle of node n<NUMBER>
 *     e NUMBER COUNT X Y …              the curve of the edge with e=<NUMBER>; then `l NUMBER X Y`, its label's middle
 *     c NUMBER LEFT TOP RIGHT BOTTOM    cluster_<NUMBER>
 *     end
 *
 * A program of its own, because Graphviz can crash, hang or leak, and is not safe with threads. It takes two arguments:
 * seconds of processor time and megabytes of memory that it may use. Of Graphviz's plugins only dot's layout is loaded,
 * by name: no fonts are looked for. */
#include <dlfcn.h>
#include <gvc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_SHADOW_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SHADOW_MEMORY 1
#endif
#endif
#ifndef HAS_SHADOW_MEMORY
#define HAS_SHADOW_MEMORY 0 /* address space says nothing about memory then */
#endif

/* Subgraphs are laid out in the order of their ids. The default ids are addresses, which differ from run to run: here
 * they are counted. Names are found by a linear probe of a table. */
static struct {
    char **names;
    size_t count, room;
    size_t *slots;
} ids;

static size_t *find_slot(const char *name)
{
    size_t hash = 14695981039346656037u, mask = 2 * ids.room - 1;
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    for (hash &= mask; ids.slots[hash] && strcmp(ids.names[ids.slots[hash] - 1], name) != 0;)
        hash = (hash + 1) & mask;
    return &ids.slots[hash];
}

static void grow(void)
{
    size_t room = ids.room ? 2 * ids.room : 4096;
    ids.names = realloc(ids.names, room * sizeof *ids.names);
    free(ids.slots);
    ids.slots = calloc(2 * room, sizeof *ids.slots);
    if (!ids.names || !ids.slots)
        exit(3);
    ids.room = room;
    for (size_t k = 0; k < ids.count; k++)
        if (ids.names[k])
            *find_slot(ids.names[k]) = k + 1;
}

static void *id_open(Agraph_t *graph, Agdisc_t *disciplines)
{
    (void)graph;
    (void)disciplines;
    return &ids;
}

static long id_map(void *state, int kind, char *name, IDTYPE *id, int create)
{
    (void)state;
    (void)kind;
    if (ids.count == ids.room)
        grow();
    size_t *slot = name ? find_slot(name) : NULL;
    if (slot && *slot) {
        *id = *slot;
        return 1;
    }
    if (!create)
        return 0;
    ids.names[ids.count++] = name ? strdup(name) : NULL;
    *id = ids.count;
    if (slot)
        *slot = ids.count;
    return 1;
}

static long id_alloc(void *state, int kind, IDTYPE id)
{
    (void)state;
    (void)kind;
    (void)id;
    return 0;
}

static void id_free(void *state, int kind, IDTYPE id)
{
    (void)state;
    (void)kind;
    (void)id;
}

static char *id_print(void *state, int kind, IDTYPE id)
{
    (void)state;
    (void)kind;
    return id > 0 && id <= ids.count ? ids.names[id - 1] : NULL;
}

static void id_close(void *state)
{
    (void)state;
}

static void id_register(void *graph, int kind, void *object)
{
    (void)graph;
    (void)kind;
    (void)object;
}

/* ---- answers ---- */

static double height;

static void put_point(double x, double y)
{
    printf(" %ld %ld", lround(x * 100), lround((height - y) * 100));
}

static void put_edge(Agedge_t *edge, long number)
{
    const splines *curves = ED_spl(edge);
    if (!curves || curves->size < 1)
        return;
    const bezier *curve = &curves->list[0];
    printf("e %ld %d", number, (int)curve->size);
    for (int k = 0; k < (int)curve->size; k++)
        put_point(curve->list[k].x, curve->list[k].y);
    puts("");
    if (ED_label(edge) && ED_label(edge)->set) {
        printf("l %ld", number);
        put_point(ED_label(edge)->pos.x, ED_label(edge)->pos.y);
        puts("");
    }
}

static void put_clusters(Agraph_t *graph)
{
    for (Agraph_t *sub = agfstsubg(graph); sub; sub = agnxtsubg(sub)) {
        if (strncmp(agnameof(sub), "cluster_", 8) == 0) {
            printf("c %ld", strtol(agnameof(sub) + 8, NULL, 10));
            put_point(GD_bb(sub).LL.x, GD_bb(sub).UR.y);
            put_point(GD_bb(sub).UR.x, GD_bb(sub).LL.y);
            puts("");
        }
        put_clusters(sub);
    }
}

static void put_graph(Agraph_t *graph)
{
    height = GD_bb(graph).UR.y;
    printf("graph %ld %ld\n", lround(GD_bb(graph).UR.x * 100), lround(height * 100));
    for (Agnode_t *node = agfstnode(graph); node; node = agnxtnode(graph, node)) {
        printf("n %ld", strtol(agnameof(node) + 1, NULL, 10));
        put_point(ND_coord(node).x, ND_coord(node).y);
        puts("");
        for (Agedge_t *edge = agfstout(graph, node); edge; edge = agnxtout(graph, edge)) {
            const char *number = agget(edge, (char *)"e");
            if (number && *number)
                put_edge(edge, strtol(number, NULL, 10));
        }
    }
    put_clusters(graph);
    puts("end");
}

/* ---- Graphviz ---- */

/* A context with dot's layout alone; with all that is installed where that library is not where it was in building. */
static GVC_t *make_context(void)
{
    static lt_symlist_t plugins[2];
    void *library = dlopen(GRAPHVIZ_PLUGINS "/libgvplugin_dot_layout.so.6", RTLD_NOW);
    void *symbol = library ? dlsym(library, "gvplugin_dot_layout_LTX_library") : NULL;
    if (!symbol)
        return gvContext();
    plugins[0] = (lt_symlist_t){"gvplugin_dot_layout_LTX_library", symbol};
    return gvContextPlugins(plugins, 0);
}

static void limit(int argc, char **argv)
{
    rlim_t seconds = argc > 1 ? strtoul(argv[1], NULL, 10) : 60, memory = argc > 2 ? strtoul(argv[2], NULL, 10) : 4096;
    setrlimit(RLIMIT_CPU, &(struct rlimit){seconds, seconds + 1});
    if (!HAS_SHADOW_MEMORY)
        setrlimit(RLIMIT_AS, &(struct rlimit){memory << 20, memory << 20});
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}

int main(int argc, char **argv)
{
    static Agiddisc_t counted = {id_open, id_map, id_alloc, id_free, id_print, id_close, id_register};
    Agdisc_t disciplines = {NULL, &counted, &AgIoDisc};
    limit(argc, argv);
    agseterr(AGERR);
    GVC_t *context = make_context();
    Agraph_t *graph = context ? agread(stdin, &disciplines) : NULL;
    if (!graph || gvLayout(context, graph, "dot") != 0)
        return 2;
    put_graph(graph);
    fflush(stdout);
    _Exit(ferror(stdout) ? 2 : 0); /* what Graphviz holds goes with the process */
}
