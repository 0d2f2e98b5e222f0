/* Feeds: the nodes that they are for, whether they fit these, and what they tell of symbols. A feed may be for any node
 * that the plan reads: an input; a parameter, whose stored value is then not read; a computed node, whose own inputs
 * are then not needed. Feeds of other nodes of the graph are not looked at. */
#include "bind.h"

#include <stdlib.h>

static int32_t place_of(const dg_plan *plan, const dg_node *node)
{
    return node->id < plan->n_places ? plan->place[node->id] : -1;
}

static bool is_readable(const dg_tensor *tensor)
{
    if (tensor->shape.rank < 0 || tensor->shape.rank > DG_MAX_RANK || !dg_shape_is_known(&tensor->shape))
        return true; /* its shape is refused */
    return !tensor->channels_last && (tensor->data || dg_tensor_count(tensor) == 0);
}

dg_status check_feed_list(const dg_plan *plan, const dg_feed *feeds, int n_feeds)
{
    if (n_feeds < 0 || (n_feeds > 0 && !feeds))
        return feeds ? dg_error(DG_BAD_ARGUMENT, "the number of feeds is %d", n_feeds)
                     : dg_error(DG_BAD_ARGUMENT, "the list of %d feeds is NULL", n_feeds);
    for (int k = 0; k < n_feeds; k++) {
        if (!feeds[k].node)
            return dg_error(DG_BAD_ARGUMENT, "the node of feed %d is NULL", k);
        if (feeds[k].node->graph != plan->graph)
            return dg_error(DG_BAD_ARGUMENT, "the node of feed %d is of another graph than the plan", k);
        const dg_tensor *tensor = feeds[k].tensor;
        if (!tensor)
            return dg_error(DG_BAD_ARGUMENT, "the tensor fed to '%s' is NULL", name_unlocked(plan, feeds[k].node));
        if (place_of(plan, feeds[k].node) >= 0 && !plan->options.measuring && !is_readable(tensor))
            return dg_error(DG_BAD_ARGUMENT, "the tensor fed to '%s' %s", name_unlocked(plan, feeds[k].node),
                            tensor->channels_last ? "keeps channels last" : "has no data");
    }
    return dg_ok();
}

/* The feed of a node; looked for from place k on, where it most likely is. */
static inline const dg_feed *find_feed(const dg_feed *feeds, int n_feeds, int k, const dg_node *node)
{
    for (int i = 0; i < n_feeds; i++) {
        int at = k + i < n_feeds ? k + i : k + i - n_feeds;
        if (feeds[at].node == node)
            return &feeds[at];
    }
    return NULL;
}

/* Inline: it is asked in every run. */
static inline bool has_shape(const dg_tensor *tensor, const dg_shape *shape)
{
    bool same = tensor->shape.rank == shape->rank;
    for (int d = 0; same && d < shape->rank; d++)
        same = tensor->shape.dims[d] == shape->dims[d];
    return same;
}

bool feeds_fit(const dg_plan *plan, const binding *b, const dg_feed *feeds, int n_feeds)
{
    int count = 0, at = 0;
    for (int k = 0; k < n_feeds; k++)
        count += place_of(plan, feeds[k].node) >= 0;
    if (count != b->n_fed)
        return false;
    for (int i = 0; i < b->n_fed; i++) {
        const fed_node *wants = &b->fed[i];
        const dg_feed *feed = find_feed(feeds, n_feeds, at, wants->node);
        if (!feed || (wants->read &&
                      (feed->tensor->dtype != wants->node->types[0].dtype || !has_shape(feed->tensor, &wants->shape))))
            return false;
        at = (int)(feed - feeds) + 1 < n_feeds ? (int)(feed - feeds) + 1 : 0;
    }
    return true;
}

bool take_feeds_again(const dg_plan *plan, binding *b, const dg_feed *feeds, int n_feeds)
{
    int count = 0, at = 0;
    if (n_feeds < 0)
        return false;
    for (int k = 0; k < n_feeds; k++) {
        if (!feeds || !feeds[k].node || !feeds[k].tensor || feeds[k].node->graph != plan->graph)
            return false;
        count += place_of(plan, feeds[k].node) >= 0;
    }
    if (count != b->n_fed)
        return false;
    for (int i = 0; i < b->n_fed; i++) {
        const fed_node *wants = &b->fed[i];
        const dg_feed *feed = find_feed(feeds, n_feeds, at, wants->node);
        if (!feed || (wants->read &&
                      (feed->tensor->dtype != wants->node->types[0].dtype || !has_shape(feed->tensor, &wants->shape) ||
                       feed->tensor->channels_last || (!feed->tensor->data && dg_tensor_count(feed->tensor) > 0))))
            return false;
        at = (int)(feed - feeds) + 1 < n_feeds ? (int)(feed - feeds) + 1 : 0;
        for (int32_t k = b->feed_starts[i]; wants->read && k < b->feed_starts[i + 1]; k++)
            b->values[b->fed_views[k]].tensor.data = feed->tensor->data;
    }
    return true;
}

/* ---- which nodes a binding needs ---- */

static dg_status list_fed(build *u)
{
    const dg_plan *plan = u->plan;
    binding *b = u->b;
    b->fed = dg_arena_alloc(b->arena, sizeof *b->fed * (size_t)(u->n_feeds + 1));
    u->fed_at = malloc(sizeof *u->fed_at * (size_t)(plan->n_order + 1));
    if (!b->fed || !u->fed_at)
        return dg_no_memory("a plan");
    for (int64_t i = 0; i < plan->n_order; i++)
        u->fed_at[i] = -1;
    for (int k = 0; k < u->n_feeds; k++) {
        dg_node *node = u->feeds[k].node;
        int32_t place = place_of(plan, node);
        if (place < 0)
            continue;
        if (u->fed_at[place] >= 0)
            return dg_error(DG_BAD_ARGUMENT, "'%s' is fed twice", dg_node_name(node));
        if (node->entry->op->role == DG_ROLE_ASSIGN)
            return dg_error(DG_BAD_ARGUMENT, "'%s' is fed, but it is an assignment and not a value",
                            dg_node_name(node));
        u->fed_at[place] = b->n_fed;
        b->fed[b->n_fed++] = (fed_node){.node = node, .shape = u->feeds[k].tensor->shape};
    }
    return dg_ok();
}

typedef struct wanting {
    build *u;
    dg_node **stack;
    int64_t depth;
} wanting;

static void want(wanting *w, dg_node *node)
{
    int32_t place = node ? w->u->plan->place[node->id] : -1;
    if (place < 0 || w->u->wanted[place])
        return;
    w->u->wanted[place] = WANTED;
    w->stack[w->depth++] = node;
}

static void want_edges(wanting *w, dg_node *node)
{
    int n = node->expansion ? node->n_outputs : node->n_inputs;
    w->u->wanted[w->u->plan->place[node->id]] = COMPUTED;
    for (int k = 0; k < n; k++)
        want(w, node->expansion ? node->expansion[k] : node->inputs[k]);
}

static void want_on(wanting *w)
{
    const dg_plan *plan = w->u->plan;
    while (w->depth) {
        dg_node *node = w->stack[--w->depth];
        if (w->u->fed_at[plan->place[node->id]] >= 0)
            continue;
        want_edges(w, node);
        dg_node *of = node->entry->op->role == DG_ROLE_OUTPUT && node->attrs[0].i > 0 ? node->inputs[0] : NULL;
        if (of && w->u->fed_at[plan->place[of->id]] >= 0 && w->u->wanted[plan->place[of->id]] == WANTED)
            want_edges(w, of);
    }
}

/* From what is fetched and updated back to what is fed. A fed node is computed all the same where another of its
 * outputs is asked for. */
static dg_status mark_wanted(build *u)
{
    const dg_plan *plan = u->plan;
    u->wanted = calloc((size_t)plan->n_order + 1, sizeof *u->wanted);
    wanting w = {.u = u, .stack = malloc(sizeof(dg_node *) * (size_t)(plan->n_order + 1))};
    if (!u->wanted || !w.stack) {
        free(w.stack);
        return dg_no_memory("a plan");
    }
    for (int i = 0; i < plan->options.n_fetch; i++)
        want(&w, plan->options.fetch[i]);
    for (int i = 0; i < plan->options.n_updates; i++)
        want(&w, plan->options.updates[i]);
    want_on(&w);
    do {
        want_on(&w);
        for (int64_t i = 0; i < plan->n_brought; i++)
            if (u->wanted[plan->place[plan->brought[i].by->id]] == COMPUTED)
                want(&w, plan->brought[i].assign);
    } while (w.depth);
    free(w.stack);
    for (int i = 0; i < u->b->n_fed; i++)
        u->b->fed[i].read = u->wanted[plan->place[u->b->fed[i].node->id]] != 0;
    return dg_ok();
}

/* ---- whether they fit ---- */

static dg_status misfit(const build *u, const dg_node *node, const dg_shape *has)
{
    char first[DG_SHAPE_TEXT], second[DG_SHAPE_TEXT];
    const char *name = dg_node_name((dg_node *)(uintptr_t)node), *op = node->entry->op->name;
    dg_graph_print_shape(u->plan->graph, &node->types[0].shape, first, sizeof first);
    for (int d = 0; d < has->rank && d < DG_MAX_RANK; d++) /* which would be printed as symbols */
        if (has->dims[d] < 0)
            return dg_error(DG_BAD_SHAPE, "%s '%s' is %s, the tensor fed has %lld element(s) along dimension %d", op,
                            name, first, (long long)has->dims[d], d);
    return dg_error(DG_BAD_SHAPE, "%s '%s' is %s, the tensor fed is %s", op, name, first,
                    dg_shape_print(has, second, sizeof second));
}

/* Takes over what one feed tells of symbols. */
static dg_status learn_from(build *u, dg_node *node, const dg_tensor *has)
{
    const dg_type *wants = &node->types[0];
    char first[DG_SHAPE_TEXT], second[DG_SHAPE_TEXT];
    if (has->dtype != wants->dtype)
        return dg_error(DG_BAD_DTYPE, "%s '%s' is %s, the tensor fed is %s", node->entry->op->name, dg_node_name(node),
                        dg_dtype_name(wants->dtype), dg_dtype_name(has->dtype));
    if (has->shape.rank != wants->shape.rank || !dg_shape_is_known(&has->shape))
        return misfit(u, node, &has->shape);
    for (int d = 0; d < wants->shape.rank; d++) {
        int64_t size = wants->shape.dims[d];
        if (size >= 0 && size != has->shape.dims[d])
            return misfit(u, node, &has->shape);
        if (size >= DG_UNKNOWN)
            continue;
        if (size == DG_N && has->shape.dims[d] == 0 && u->plan->options.n_updates)
            return dg_error(DG_BAD_SHAPE,
                            "%s '%s' is %s, the tensor fed is %s: there is no row that the plan's updates could be of",
                            node->entry->op->name, dg_node_name(node),
                            dg_graph_print_shape(u->plan->graph, &wants->shape, first, sizeof first),
                            dg_shape_print(&has->shape, second, sizeof second));
        int64_t *known = &u->symbols[DG_N - size];
        if (*known >= 0 && *known != has->shape.dims[d])
            return dg_error(DG_BAD_SHAPE, "%s '%s' is %s: %s is %lld in another input, here the tensor is %s",
                            node->entry->op->name, dg_node_name(node),
                            dg_graph_print_shape(u->plan->graph, &wants->shape, first, sizeof first),
                            dg_symbol_name(u->plan->graph, size), (long long)*known,
                            dg_shape_print(&has->shape, second, sizeof second));
        *known = has->shape.dims[d];
    }
    return dg_ok();
}

/* Sizes of symbols come from what the binding reads alone. */
static dg_status learn_symbols(build *u)
{
    int count = u->plan->graph->n_symbols + 1, at = 0;
    u->symbols = malloc(sizeof *u->symbols * (size_t)count);
    if (!u->symbols)
        return dg_no_memory("a plan");
    for (int i = 0; i < count; i++)
        u->symbols[i] = -1;
    for (int i = 0; i < u->b->n_fed; i++) {
        const fed_node *fed = &u->b->fed[i];
        const dg_feed *feed = find_feed(u->feeds, u->n_feeds, at, fed->node);
        at = (int)(feed - u->feeds);
        if (fed->read)
            DG_TRY(learn_from(u, fed->node, feed->tensor));
    }
    return dg_ok();
}

dg_status take_feeds(build *u)
{
    const dg_plan *plan = u->plan;
    DG_TRY(list_fed(u));
    DG_TRY(mark_wanted(u));
    for (int i = 0; i < plan->n_inputs; i++) {
        int32_t place = plan->place[plan->inputs[i]->id];
        if (u->wanted[place] && u->fed_at[place] < 0)
            return dg_error(DG_BAD_ARGUMENT, "input '%s' is not fed", dg_node_name(plan->inputs[i]));
    }
    return learn_symbols(u);
}

/* ---- which values they are ---- */

dg_status bind_fed(build *u, int32_t fed, int32_t *made)
{
    dg_type type = {u->b->fed[fed].node->types[0].dtype, u->b->fed[fed].shape};
    DG_TRY(new_value(u->b, &type, STORED_BY_CALLER, made));
    u->b->values[*made].source = fed;
    return dg_ok();
}

/* Which values change address with each feed. */
dg_status list_fed_views(binding *b)
{
    int32_t *starts = dg_arena_alloc(b->arena, sizeof *starts * (size_t)(b->n_fed + 2));
    int32_t *next = dg_arena_alloc(b->arena, sizeof *next * (size_t)(b->n_fed + 1));
    b->fed_views = dg_arena_alloc(b->arena, sizeof *b->fed_views * (size_t)(b->n_values + 1));
    b->feed_starts = starts;
    if (!starts || !next || !b->fed_views)
        return dg_no_memory("a plan");
    for (int32_t i = 0; i < b->n_values; i++)
        if (b->values[b->values[i].root].kind == STORED_BY_CALLER)
            starts[b->values[b->values[i].root].source + 1]++;
    for (int k = 0; k < b->n_fed; k++) {
        starts[k + 1] += starts[k];
        next[k] = starts[k];
    }
    for (int32_t i = 0; i < b->n_values; i++)
        if (b->values[b->values[i].root].kind == STORED_BY_CALLER)
            b->fed_views[next[b->values[b->values[i].root].source]++] = i;
    return dg_ok();
}
