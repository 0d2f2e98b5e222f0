/* The states of a page of HTML: the overview that fits a page, everything open, and each module open with those around
 * it, all others closed. */
#include "draw.h"

#include "paint/html.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_STATES = 200 };

typedef struct state_making {
    const drawing_work *work;
    html_page page;
    view views[MOST_STATES]; /* own what the scenes are made of */
    draw_choice overview;
} state_making;

/* Module m open with those around it; −1: all closed. */
static bool *close_others(view *v, int m)
{
    bool *closed = dg_arena_alloc(v->arena, (size_t)v->n_modules + 1);
    for (int k = 0; closed && k < v->n_modules; k++)
        closed[k] = m < 0 || !view_is_inside(v, m, k);
    return closed;
}

/* Adds a state from a view with its passes; one that cannot be laid out is left out. */
static void add_state(state_making *making, view *v, layout *made, const char *name, int module)
{
    html_state *state = &making->page.states[making->page.n_states];
    *state = (html_state){.name = name, .module = module};
    draw_compose(making->work, v, made, &state->scene);
    state->scene.is_html = true;
    state->scene.prefix = text_format(v->arena, "%s-%d", state->scene.prefix, making->page.n_states);
    making->views[making->page.n_states++] = *v;
}

static dg_status try_state(state_making *making, int module, bool all_open, const char *name)
{
    view v;
    layout made = {0};
    draw_choice choice = making->overview;
    if (making->page.n_states == MOST_STATES)
        return dg_ok();
    dg_status status = draw_view(making->work, &choice, &v);
    bool *closed = status.code == DG_OK ? close_others(&v, module) : NULL;
    choice.depth = 0;
    choice.is_alike = false;
    choice.parts = 0;
    choice.fold = making->work->fold >= 0 ? making->work->fold : choice.fold ? choice.fold : 0;
    choice.closed = all_open ? NULL : closed;
    if (status.code == DG_OK)
        status = draw_rewrite(making->work, &v, &choice);
    if (status.code == DG_OK)
        status = draw_layout(making->work, &v, &choice, &made);
    if (status.code == DG_OK) {
        add_state(making, &v, &made, name, module);
        return status;
    }
    status = draw_end(making->work, &v, status);
    return status.code == DG_BAD_DATA ? dg_ok() : status;
}

typedef struct seen_name {
    const char *name;
    size_t length;
    int state;
} seen_name;

static int by_name(const void *a, const void *b)
{
    const seen_name *one = a, *two = b;
    size_t least = one->length < two->length ? one->length : two->length;
    int order = memcmp(one->name, two->name, least);
    if (order == 0 && one->length != two->length)
        order = one->length < two->length ? -1 : 1;
    return order ? order : one->state - two->state;
}

/* The names that a state shows: into `seen`, where that is not NULL. Returns how many. */
static size_t names_in(const view *v, int state, seen_name *seen)
{
    size_t count = 0;
    for (int b = 0; b < v->n_boxes; b++)
        for (int r = 0; r < v->boxes[b].n_rows && !v->boxes[b].is_gone && v->boxes[b].kind != BOX_MODULE; r++) {
            const view_row *row = &v->boxes[b].rows[r];
            for (const char *at = row->names ? row->names : row->name; *at; at += strspn(at, NAME_END)) {
                size_t length = strcspn(at, NAME_END);
                if (seen)
                    seen[count] = (seen_name){at, length, state};
                count++;
                at += length;
            }
        }
    return count;
}

/* Every name that some state shows, with the first that does. */
static dg_status list_names(state_making *making, dg_arena *arena)
{
    html_page *page = &making->page;
    size_t all = 0, at = 0;
    for (int k = 0; k < page->n_states; k++)
        all += names_in(&making->views[k], k, NULL);
    seen_name *seen = malloc((all + 1) * sizeof *seen);
    page->names = dg_arena_alloc(arena, (all + 1) * sizeof *page->names);
    if (!seen || !page->names) {
        free(seen);
        return dg_no_memory("a picture of %s", making->work->who);
    }
    for (int k = 0; k < page->n_states; k++)
        at += names_in(&making->views[k], k, seen + at);
    qsort(seen, all, sizeof *seen, by_name);
    for (size_t k = 0; k < all; k++)
        if (k == 0 || seen[k].length != seen[k - 1].length || memcmp(seen[k].name, seen[k - 1].name, seen[k].length))
            page->names[page->n_names++] =
                (html_name){text_format(arena, "%.*s", (int)seen[k].length, seen[k].name), seen[k].state};
    free(seen);
    return dg_ok();
}

static dg_status list_modules(html_page *page, view *v)
{
    page->n_modules = v->n_modules;
    page->parents = dg_arena_alloc(v->arena, ((size_t)v->n_modules + 1) * sizeof *page->parents);
    for (int m = 0; page->parents && m < v->n_modules; m++)
        page->parents[m] = v->modules[m].parent;
    return page->parents ? dg_ok() : dg_no_memory("a picture");
}

static dg_status make_states(state_making *making, view *plain)
{
    view v;
    layout made = {0};
    dg_status status = draw_fit(making->work, &v, &made, &making->overview);
    if (status.code != DG_OK)
        return draw_end(making->work, &v, status);
    if (making->work->options->told && v.told)
        text_copy(making->work->options->told, v.told, DG_DRAW_TOLD);
    add_state(making, &v, &made, "Overview", -1);
    making->page.title = making->page.states[0].scene.title;
    DG_TRY(draw_view(making->work, &making->overview, plain));
    if (plain->n_modules || making->overview.parts)
        DG_TRY(try_state(making, -2, true, "All open"));
    if (plain->n_modules == 0)
        return dg_ok();
    DG_TRY(try_state(making, -3, false, "All closed"));
    for (int m = 0; m < plain->n_modules; m++)
        DG_TRY(try_state(making, m, false, plain->modules[m].name));
    return dg_ok();
}

dg_status draw_html(const drawing_work *work, text *to)
{
    state_making *making = calloc(1, sizeof *making);
    view plain = {0};
    if (!making)
        return dg_no_memory("a picture of %s", work->who);
    making->work = work;
    making->page.states = calloc(MOST_STATES, sizeof *making->page.states);
    making->page.is_dark = work->sheet == &style_dark;
    dg_status status = making->page.states ? make_states(making, &plain) : dg_no_memory("a picture of %s", work->who);
    if (status.code == DG_OK)
        status = list_names(making, plain.arena);
    if (status.code == DG_OK)
        status = list_modules(&making->page, &plain);
    if (status.code == DG_OK)
        status = paint_html(&making->page, to);
    for (int k = 0; k < making->page.n_states; k++)
        status = draw_end(work, &making->views[k], status);
    status = draw_end(work, &plain, status);
    free(making->page.states);
    free(making);
    return status;
}
