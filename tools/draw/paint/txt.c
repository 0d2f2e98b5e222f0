/* A network as text: a line an op, from the first to the last, with rails at the left for the values that are still to
 * be read, as `git log --graph` draws branches. No layout is made; lines are at most 80 columns, longer ones are
 * broken.
 *
 *     * conv2d  3×3, 3 → 64          a node; its value goes down from the star
 *     |\                             it is read by two: a second rail
 *     | * linear  64 → 64            the rail before it passes by
 *     |/                             two rails end in the next node
 *
 * A difference is a line for each box and wire that is not as it was. */
#include "txt.h"

#include <string.h>

enum { COLUMNS = 80, MOST_RAILS = 24 };

typedef struct railing {
    view *v;
    text *to;
    view_fan in, out;
    int rails[MOST_RAILS]; /* the box whose value runs there, −1: free */
    int left[MOST_RAILS];  /* readers to come */
    int n_rails;
    const char *ends; /* of modules: what is open */
} railing;

/* Text that is no command to a terminal. */
static void put_safe(text *t, const char *words)
{
    while (*words) {
        const char *begin = words;
        uint32_t c = text_character(&words);
        if (c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0xfffd || (c >= 0x202a && c <= 0x202e) ||
            (c >= 0x2066 && c <= 0x2069))
            text_put(t, c == '\n' ? " " : "?");
        else
            text_bytes(t, begin, (size_t)(words - begin));
    }
}

/* Columns of a terminal: ideographs take two. */
static int columns_of(uint32_t c)
{
    if ((c >= 0x300 && c < 0x370) || (c >= 0x200b && c < 0x2010) || (c >= 0xfe00 && c < 0xfe10))
        return 0;
    return (c >= 0x1100 && c < 0x1160) || (c >= 0x2e80 && c < 0xa4d0) || (c >= 0xac00 && c < 0xd7a4) ||
                   (c >= 0xf900 && c < 0xfb00) || (c >= 0xfe30 && c < 0xfe70) || (c >= 0xff00 && c < 0xff61) ||
                   (c >= 0x1f000 && c < 0x20000) || (c >= 0x20000 && c < 0x30000)
               ? 2
               : 1;
}

/* Words behind a prefix, broken at blanks; further lines have `more` in front and are indented. */
static void put_lines(text *t, const char *prefix, const char *more, const char *words)
{
    text safe = {0};
    put_safe(&safe, words);
    const char *at = safe.bytes ? safe.bytes : "";
    for (bool first = true; *at || first; first = false) {
        const char *end = at, *blank = NULL;
        int used = text_length(first ? prefix : more) + (first ? 0 : 4);
        while (*end) {
            const char *next = end;
            int width = columns_of(text_character(&next));
            if (used + width > COLUMNS)
                break;
            if (*end == ' ' && end > at)
                blank = end;
            used += width;
            end = next;
        }
        if (*end && blank)
            end = blank;
        if (end == at && *at) /* a single character that is too wide */
            text_character(&end);
        text_put(t, first ? prefix : more);
        text_put(t, first ? "" : "    ");
        text_bytes(t, at, (size_t)(end - at));
        text_put(t, "\n");
        for (at = end; *at == ' ';)
            at++;
    }
    t->failed |= safe.failed;
    text_free(&safe);
}

static const char *rails(railing *r, int star, const char *sign)
{
    text t = {0};
    for (int k = 0; k < r->n_rails; k++)
        text_put(&t, k == star ? sign : r->rails[k] >= 0 ? "│ " : "  ");
    const char *kept = text_keep(r->v->arena, &t);
    text_free(&t);
    return kept;
}

static int free_rail(railing *r)
{
    for (int k = 0; k < r->n_rails; k++)
        if (r->rails[k] < 0)
            return k;
    if (r->n_rails == MOST_RAILS)
        return -1;
    r->rails[r->n_rails] = -1;
    return r->n_rails++;
}

/* What a box reads, where that is not the rail it is on: "from fc1, target: label". */
static const char *sources_of(railing *r, int b, int row, int main_rail)
{
    view *v = r->v;
    const char *words = "";
    for (int i = r->in.first[b]; i < r->in.first[b + 1]; i++) {
        const view_wire *wire = &v->wires[r->in.wires[i]];
        const view_wire *origin = wire; /* behind the dots at which modules are entered */
        while (v->boxes[origin->from].kind == BOX_ENTRY && r->in.first[origin->from] < r->in.first[origin->from + 1])
            origin = &v->wires[r->in.wires[r->in.first[origin->from]]];
        const view_box *tail = &v->boxes[origin->from];
        const view_row *from = &tail->rows[origin->from_row];
        bool is_told = main_rail >= 0 && r->rails[main_rail] == wire->from && !*wire->argument && !*wire->result &&
                       r->in.first[b + 1] - r->in.first[b] == 1;
        bool is_own = wire->kind == WIRE_PARAMETER && !*wire->argument && !*wire->result; /* a layer's */
        if (wire->to_row != row || is_told || is_own)
            continue;
        words = text_format(v->arena, "%s%s%s%s%s%s%s", words, *words ? ", " : "", wire->argument,
                            *wire->argument ? ": " : "", *from->name ? from->name : from->head,
                            *wire->result ? "." : "", wire->result);
    }
    return *words ? text_format(v->arena, " ← %s", words) : "";
}

static const char *row_words(railing *r, const view_row *row, const char *sources)
{
    view *v = r->v;
    static const char *const marks[] = {"", "+ ", "- ", "~ ", ""};
    const char *words =
        text_format(v->arena, "%s%s", marks[row->mark], row->looks.label ? row->looks.label : row->head);
    /* a step of a plan begins its detail with its names; a name behind a formula would be a factor of it */
    bool is_named =
        *row->name && strcmp(row->name, row->head) != 0 && strncmp(row->detail, row->name, strlen(row->name)) != 0;
    if (is_named && row->math && !row->looks.label)
        words = text_format(v->arena, "%s%s = %s", marks[row->mark], row->name, row->head);
    else if (is_named)
        words = text_format(v->arena, "%s %s", words, row->name);
    words = text_format(v->arena, "%s%s%s%s%s", words, *row->detail ? "  " : "", row->detail, *row->shares ? ", " : "",
                        row->shares);
    if (row->parameters && row->style != STYLE_PARAMETER)
        words = text_format(v->arena, "%s, %s %s", words, text_count(v->arena, row->parameters),
                            row->parameters == 1 ? "parameter" : "parameters");
    if (row->heat_text)
        words = text_format(v->arena, "%s  [%s]", words, row->heat_text);
    if (row->old)
        words = text_format(v->arena, "%s  (%s)", words, row->old);
    return text_format(v->arena, "%s%s%s%s", words, row->is_output ? "  (output)" : "", row->is_loss ? "  (loss)" : "",
                       sources);
}

static const char *module_words(view *v, int module)
{
    const view_module *m = &v->modules[module];
    return text_format(v->arena, "%s%s%s%s%s", view_module_label(m), m->times > 1 ? " ×" : "",
                       m->times > 1 ? text_count(v->arena, m->times) : "", *m->sizes ? "  " : "", m->sizes);
}

/* Ends what the new module is not in, begins what it is in. */
static void change_module(railing *r, int before, int now)
{
    int common = view_common_module(r->v, before, now), path[64], depth = 0;
    for (int m = before; m >= 0 && m != common; m = r->v->modules[m].parent)
        put_lines(r->to, rails(r, -1, ""), rails(r, -1, ""), text_format(r->v->arena, "└ %s", module_words(r->v, m)));
    for (int m = now; m >= 0 && m != common && depth < 64; m = r->v->modules[m].parent)
        path[depth++] = m;
    while (depth)
        put_lines(r->to, rails(r, -1, ""), rails(r, -1, ""),
                  text_format(r->v->arena, "┌ %s", module_words(r->v, path[--depth])));
}

/* Readers of a value end rails; returns the rail that the box goes on with, −1: none is free. */
static int take_rails(railing *r, int b)
{
    int mine = -1;
    for (int i = r->in.first[b]; i < r->in.first[b + 1]; i++) {
        int from = r->v->wires[r->in.wires[i]].from;
        for (int k = 0; k < r->n_rails; k++)
            if (r->rails[k] == from && --r->left[k] == 0) {
                r->rails[k] = -1;
                mine = mine < 0 || k < mine ? k : mine;
            }
    }
    return mine;
}

static void put_box(railing *r, int b)
{
    const view_box *box = &r->v->boxes[b];
    int before = -1;
    for (int k = 0; k < r->n_rails && before < 0; k++)
        for (int i = r->in.first[b]; i < r->in.first[b + 1]; i++)
            if (r->rails[k] >= 0 && r->v->wires[r->in.wires[i]].from == r->rails[k] && r->left[k] == 1)
                before = k;
    const char *sources[1] = {sources_of(r, b, 0, before)};
    int rail = take_rails(r, b);
    if (rail < 0)
        rail = free_rail(r);
    for (int row = 0; row < box->n_rows && box->kind != BOX_ENTRY; row++) {
        if (rail >= 0)
            r->rails[rail] = b;
        const char *words = row_words(r, &box->rows[row], row ? sources_of(r, b, row, rail) : sources[0]);
        bool ends = row + 1 == box->n_rows && r->out.first[b] == r->out.first[b + 1];
        const char *prefix = rails(r, rail, view_is_source(box) ? "○ " : "● ");
        if (ends && rail >= 0)
            r->rails[rail] = -1;
        put_lines(r->to, prefix, rails(r, -1, ""), words);
    }
    int readers = r->out.first[b + 1] - r->out.first[b];
    if (rail >= 0) {
        r->rails[rail] = readers ? b : -1;
        r->left[rail] = readers;
    }
    while (r->n_rails && r->rails[r->n_rails - 1] < 0)
        r->n_rails--;
}

dg_status paint_txt(view *v, bool no_title, text *to)
{
    railing r = {.v = v, .to = to};
    int *order = dg_arena_alloc(v->arena, ((size_t)v->n_boxes + 1) * sizeof *order), module = -1;
    if (!order || !view_fan_in(v, &r.in) || !view_fan_out(v, &r.out))
        return dg_no_memory("a picture");
    int count = view_order(v, &r.in, order);
    const char *const heading[] = {v->title, v->summary, v->heat_title};
    for (int k = 0; k < 3 && !no_title; k++)
        if (heading[k] && *heading[k])
            put_lines(to, "", "", heading[k]);
    text_put(to, no_title ? "" : "\n");
    for (int k = 0; k < count; k++) {
        int b = order[k];
        bool passes_by = view_is_source(&v->boxes[b]) && v->boxes[b].module < 0; /* between the nodes of a module */
        if (v->boxes[b].module != module && !passes_by) {
            change_module(&r, module, v->boxes[b].module);
            module = v->boxes[b].module;
        }
        put_box(&r, b);
    }
    change_module(&r, module, -1);
    return dg_ok();
}

/* ---- a difference ---- */

static const char *title_of(const view_row *row)
{
    return *row->name ? row->name : row->head;
}

/* The notes: a line each, which begins with its sign. */
static void put_notes(text *t, dg_arena *arena, const char *notes)
{
    for (const char *at = notes ? notes : ""; *at;) {
        size_t length = strcspn(at, "\n");
        put_lines(t, "", "", text_format(arena, "%.*s", (int)length, at));
        at += length + (at[length] == '\n');
    }
}

static void put_changed_row(text *t, dg_arena *arena, const view_row *row)
{
    static const char *const signs[] = {"", "+ ", "- ", "~ ", ""};
    bool is_marked = row->mark != MARK_NONE && row->mark != MARK_SAVED;
    if (is_marked || row->old)
        put_lines(t, is_marked ? signs[row->mark] : "  ", "",
                  text_format(arena, "%s  %s", title_of(row), row->old ? row->old : row->call));
}

static void put_changed_wire(text *t, const view *v, const view_wire *wire)
{
    if (wire->is_gone || (wire->mark != MARK_ADDED && wire->mark != MARK_REMOVED))
        return;
    put_lines(t, wire->mark == MARK_ADDED ? "+ " : "- ", "",
              text_format(v->arena, "%s%s%s -> %s%s%s", title_of(&v->boxes[wire->from].rows[0]),
                          *wire->result ? "." : "", wire->result, title_of(&v->boxes[wire->to].rows[0]),
                          *wire->argument ? "." : "", wire->argument));
}

void paint_diff(const view *v, text *to)
{
    put_lines(to, "", "", v->summary);
    put_notes(to, v->arena, v->notes);
    for (int b = 0; b < v->n_boxes; b++)
        put_changed_row(to, v->arena, &v->boxes[b].rows[0]);
    for (int w = 0; w < v->n_wires; w++)
        put_changed_wire(to, v, &v->wires[w]);
}
