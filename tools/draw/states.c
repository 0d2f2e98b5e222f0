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
    dg_arena_free(v.arena);
    return status.code == DG_BAD_DATA ? dg_ok() : status;
}

static int state_of(const html_page *page, int module)
{
    for (int k = 0; k < page->n_states && module >= 0; k++)
        if (page->states[k].module == module)
            return k;
    return 0;
}

/* Where each name of the network can be seen. */
static void list_names(state_making *making, view *v)
{
    html_page *page = &making->page;
    bool closes = making->overview.depth > 0 || making->work->options->close;
    page->names = dg_arena_alloc(v->arena, ((size_t)v->n_boxes + 1) * sizeof *page->names);
    for (int b = 0; page->names && b < v->n_boxes; b++)
        if (*v->boxes[b].rows[0].name)
            page->names[page->n_names++] =
                (html_name){v->boxes[b].rows[0].name, closes ? state_of(page, v->boxes[b].module) : 0};
    page->n_modules = v->n_modules;
    page->parents = dg_arena_alloc(v->arena, ((size_t)v->n_modules + 1) * sizeof *page->parents);
    for (int m = 0; page->parents && m < v->n_modules; m++)
        page->parents[m] = v->modules[m].parent;
}

static dg_status make_states(state_making *making, view *plain)
{
    view v;
    layout made = {0};
    dg_status status = draw_fit(making->work, &v, &made, &making->overview);
    if (status.code != DG_OK) {
        dg_arena_free(v.arena);
        return status;
    }
    if (making->work->options->told && v.told)
        text_copy(making->work->options->told, v.told, DG_DRAW_TOLD);
    add_state(making, &v, &made, "Overview", -1);
    making->page.title = making->page.states[0].scene.title;
    DG_TRY(draw_view(making->work, &making->overview, plain));
    if (plain->n_modules == 0)
        return dg_ok();
    DG_TRY(try_state(making, -2, true, "All open"));
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
        return dg_error(DG_NO_MEMORY, "%s: not enough memory to draw", work->who);
    making->work = work;
    making->page.states = calloc(MOST_STATES, sizeof *making->page.states);
    making->page.is_dark = work->sheet == &style_dark;
    dg_status status = making->page.states ? make_states(making, &plain)
                                           : dg_error(DG_NO_MEMORY, "%s: not enough memory to draw", work->who);
    if (status.code == DG_OK) {
        list_names(making, &plain);
        status = paint_html(&making->page, to);
    }
    for (int k = 0; k < making->page.n_states; k++)
        dg_arena_free(making->views[k].arena);
    dg_arena_free(plain.arena);
    free(making->page.states);
    free(making);
    return status;
}
