/* What is tried until a picture fits its page: every op in a box of its own, then chains as stacks, then what repeats
 * folded, then folded up to sizes, then modules closed, the innermost first. */
#include "draw.h"

#include <math.h>
#include <string.h>

#define COMFORTABLE 7.0 /* points of the smallest text, for full detail */
#define LEAST       6.0 /* and for all else */
enum { LARGE = 3000 };  /* boxes: full detail is not tried */

static layout_options options_of(const drawing_work *work, const view *v, const draw_choice *choice)
{
    return (layout_options){.rankdir = v->rankdir,
                            .names = work->options->names,
                            .is_stacked = choice->is_stacked,
                            .seconds = work->options->seconds,
                            .who = work->who};
}

static double heading_height(const drawing_work *work)
{
    return (work->options->no_title ? 0 : 48) + (work->options->no_legend ? 0 : 28);
}

/* Whether a picture of that size has text of `least` points on the page, upright or turned. */
static bool fits(const drawing_work *work, double width, double height, double least)
{
    double scale = least / SIZE_LEAST, across = work->page.width / scale, down = work->page.height / scale;
    width += 24;
    height += 24 + heading_height(work);
    if (work->page.width <= 0)
        return true;
    return (width <= across && height <= down) || (width <= down && height <= across);
}

dg_status draw_layout(const drawing_work *work, view *v, const draw_choice *choice, layout *made)
{
    layout_options options = options_of(work, v, choice);
    return layout_make(v, &options, made);
}

/* One choice: its view, and whether it fits. A picture whose longest column is too long is not laid out. */
static dg_status try_choice(const drawing_work *work, const draw_choice *choice, double least, bool is_last, view *v,
                            layout *made, bool *fit)
{
    double longest;
    *made = (layout){0};
    *fit = false;
    DG_TRY(draw_view(work, v));
    DG_TRY(draw_rewrite(work, v, choice));
    layout_options options = options_of(work, v, choice);
    if (!layout_measure(v, &options, made))
        return dg_error(DG_NO_MEMORY, "%s: not enough memory to draw", work->who);
    made->bends = layout_bends(v, made, &longest);
    bool down = v->rankdir[0] == 'T' || v->rankdir[0] == 'B';
    if (!is_last && (made->bends > LARGE || (down && !fits(work, 0, longest * 0.5, least))))
        return dg_ok();
    DG_TRY(layout_make(v, &options, made));
    *fit = fits(work, made->width, made->height, least);
    return dg_ok();
}

static const char *tell(view *v, const draw_choice *choice, bool fit, const drawing_work *work)
{
    const char *told = "";
    if (choice->is_stacked && work->level < 0)
        told = "chains stacked";
    if (choice->fold && work->fold < 0)
        told = text_format(v->arena, "%s%s%s", told, *told ? ", " : "",
                           choice->fold == 1 ? "repeats folded" : "repeats folded up to sizes");
    if (choice->depth && !work->options->depth)
        told = text_format(v->arena, "%s%smodules closed from depth %d on", told, *told ? ", " : "", choice->depth);
    if (!fit && work->page.width > 0)
        told = text_format(v->arena, "%s%slarger than the page", told, *told ? ", and still " : "");
    if (v->ignored && *v->ignored)
        told = text_format(v->arena, "%s%sthe file's %s not followed", told, *told ? "; " : "", v->ignored);
    if (v->hides_nothing)
        told = text_format(v->arena, "%s%snothing to hide: no %s", told, *told ? "; " : "", work->options->hide);
    return told;
}

static bool is_same(const draw_choice *a, const draw_choice *b)
{
    return a->is_stacked == b->is_stacked && a->fold == b->fold && a->depth == b->depth;
}

/* The choices from the most detailed to the least. Returns how many. */
static int list_choices(const drawing_work *work, int deepest, draw_choice *choices, int most)
{
    int count = 0, fixed_depth = work->options->depth;
    static const draw_choice ladder[] = {
        {false, 0, 0, NULL}, {true, 0, 0, NULL}, {true, 1, 0, NULL}, {true, 2, 0, NULL}};
    for (int k = 0; k < 4; k++) {
        draw_choice choice = ladder[k];
        if (work->level >= 0)
            choice.is_stacked = work->level >= 1;
        if (work->fold >= 0)
            choice.fold = work->fold;
        choice.depth = work->level == 2 && !fixed_depth ? 1 : fixed_depth;
        if (!count || !is_same(&choice, &choices[count - 1]))
            choices[count++] = choice;
    }
    for (int depth = deepest; depth >= 1 && !fixed_depth && work->level != 2 && count < most; depth--) {
        choices[count] = choices[count - 1];
        choices[count++].depth = depth;
    }
    return count;
}

dg_status draw_fit(const drawing_work *work, view *v, layout *made, draw_choice *choice)
{
    enum { MOST_CHOICES = 24 };
    draw_choice choices[MOST_CHOICES];
    bool fit = false;
    DG_TRY(draw_view(work, v));
    int deepest = view_depth(v), count = list_choices(work, deepest, choices, MOST_CHOICES);
    int begin = v->n_boxes > LARGE && count > 2 && work->fold < 0 ? 2 : 0, best = -1;
    if (work->page.width <= 0)
        count = begin + 1;
    for (int k = begin; k < count && !fit; k++) {
        dg_arena_free(v->arena);
        DG_TRY(
            try_choice(work, &choices[k], choices[k].is_stacked ? LEAST : COMFORTABLE, k + 1 == count, v, made, &fit));
        best = k;
    }
    *choice = choices[best];
    v->told = tell(v, choice, fit, work);
    return dg_ok();
}
