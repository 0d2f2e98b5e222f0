/* What is tried until a picture fits its page: every op in a box of its own, then chains as stacks, then what repeats
 * folded, then folded up to sizes, then modules closed, the innermost first. With derivatives, all of that again with
 * one box beside each of the network's. */
#include "draw.h"

#include <math.h>
#include <string.h>

#define COMFORTABLE 7.0  /* points of the smallest text, for full detail */
#define LEAST       6.0  /* and for all else */
#define NEARLY      0.92 /* of a size that fits with boxes closer to each other */
enum {
    LARGE = 3000, /* boxes: full detail is not tried */
    FEW = 150     /* boxes: pictures that are tried from left to right, too */
};

static layout_options options_of(const drawing_work *work, const view *v, const draw_choice *choice)
{
    return (layout_options){.rankdir = v->rankdir,
                            .names = work->options->names,
                            .is_stacked = choice->is_stacked,
                            .seconds = work->options->seconds,
                            .who = work->who};
}

/* Whether a picture of that size has text of `least` points on the page, upright or turned. */
static bool fits(const drawing_work *work, view *v, double width, double height, double least)
{
    double scale = least / SIZE_LEAST, across = work->page.width / scale, down = work->page.height / scale;
    if (work->page.width <= 0)
        return true;
    scene heading = {.arena = v->arena};
    height += 24 + draw_heading(work, v, width, &heading);
    width = fmax(width + 24, heading.width);
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
    DG_TRY(draw_view(work, choice, v));
    DG_TRY(draw_rewrite(work, v, choice));
    layout_options options = options_of(work, v, choice);
    if (!layout_measure(v, &options, made))
        return dg_no_memory("a picture of %s", work->who);
    made->bends = layout_bends(v, made, &longest);
    DG_TRY(draw_check(work, v));
    bool down = v->rankdir[0] == 'T' || v->rankdir[0] == 'B';
    if (!is_last && (made->bends > LARGE || (down && !fits(work, v, 0, longest * 0.5, least))))
        return dg_ok();
    DG_TRY(layout_make(v, &options, made));
    DG_TRY(draw_check(work, v));
    *fit = fits(work, v, made->width, made->height, least);
    if (!*fit && fits(work, v, NEARLY * made->width, NEARLY * made->height, least)) {
        options.spread = -1;
        DG_TRY(layout_make(v, &options, made));
        *fit = fits(work, v, made->width, made->height, least);
    }
    return draw_check(work, v);
}

static const char *tell(view *v, const draw_choice *choice, bool fit, const drawing_work *work)
{
    const char *told = !choice->is_mirrored                  ? ""
                       : choice->is_told                     ? "derivatives told in the network's boxes"
                       : work->options->view == DG_VIEW_PLAN ? "the steps of each of the network's boxes as one"
                                                             : "derivatives as one box beside each of the network's";
    if (choice->is_stacked && work->level < 0)
        told = text_format(v->arena, "%s%schains stacked", told, *told ? ", " : "");
    if (choice->fold && work->fold < 0)
        told = text_format(v->arena, "%s%s%s", told, *told ? ", " : "",
                           choice->fold == 1 ? "repeats folded" : "repeats folded up to sizes");
    if (choice->depth && !work->options->depth)
        told = text_format(v->arena, "%s%smodules closed from depth %d on", told, *told ? ", " : "", choice->depth);
    if (choice->no_shapes)
        told = text_format(v->arena, "%s%s%sshapes left out", told, *told ? ", " : "",
                           choice->rankdir ? "from left to right, " : "");
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
    return a->is_stacked == b->is_stacked && a->fold == b->fold && a->depth == b->depth &&
           a->is_mirrored == b->is_mirrored;
}

typedef struct choice_list {
    draw_choice choices[32];
    int count, first_mirrored;
} choice_list;

static void add_choice(choice_list *list, draw_choice choice)
{
    enum { MOST = sizeof list->choices / sizeof *list->choices };
    if (list->count < MOST && (!list->count || !is_same(&choice, &list->choices[list->count - 1])))
        list->choices[list->count++] = choice;
}

static bool has_derivatives(const drawing_work *work)
{
    dg_draw_view shown = work->options->view;
    return shown == DG_VIEW_BACKWARD || shown == DG_VIEW_JOINT || shown == DG_VIEW_STEP || shown == DG_VIEW_PLAN;
}

/* From the most detailed to the least. */
static choice_list list_choices(const drawing_work *work, int deepest)
{
    static const draw_choice ladder[] = {
        {.is_stacked = false}, {.is_stacked = true}, {.is_stacked = true, .fold = 1}, {.is_stacked = true, .fold = 2}};
    choice_list list = {.count = 0};
    int fixed_depth = work->options->depth;
    for (int turn = 0; turn <= has_derivatives(work); turn++) {
        list.first_mirrored = turn ? list.count : 0;
        for (int k = 0; k < (has_derivatives(work) && !turn ? 2 : 4); k++) {
            draw_choice choice = ladder[k];
            choice.is_mirrored = turn;
            if (work->level >= 0)
                choice.is_stacked = work->level >= 1;
            if (work->fold >= 0)
                choice.fold = work->fold;
            choice.depth = work->level == 2 && !fixed_depth ? 1 : fixed_depth;
            add_choice(&list, choice);
        }
    }
    for (int depth = deepest; depth >= 1 && !fixed_depth && work->level != 2; depth--) {
        draw_choice choice = list.choices[list.count - 1];
        choice.depth = depth;
        add_choice(&list, choice);
    }
    return list;
}

static bool is_small(const view *v)
{
    int boxes = 0;
    for (int b = 0; b < v->n_boxes; b++)
        boxes += !v->boxes[b].is_gone;
    return boxes <= FEW;
}

static bool is_across(const view *v)
{
    return v->rankdir[0] == 'L' || v->rankdir[0] == 'R';
}

/* What does not fit from top to bottom may from left to right, where shapes take much room; or with derivatives told in
 * the network's own boxes. */
static dg_status try_others(const drawing_work *work, const choice_list *list, bool is_short, bool is_told, view *v,
                            layout *made, bool *fit, draw_choice *choice)
{
    bool turns = is_short && !is_across(v);
    for (int k = turns ? list->count - 1 : list->first_mirrored; k < list->count && !*fit; k++) {
        draw_choice other = list->choices[k];
        view tried = {0};
        layout tried_made;
        other.is_told = is_told;
        other.rankdir = turns ? "LR" : NULL;
        other.no_shapes = is_short;
        dg_status status = try_choice(work, &other, LEAST, false, &tried, &tried_made, fit);
        if (status.code == DG_OK && *fit) {
            dg_arena_free(v->arena);
            *v = tried;
            *made = tried_made;
            *choice = other;
            return status;
        }
        dg_arena_free(tried.arena);
        DG_TRY(status);
    }
    return dg_ok();
}

dg_status draw_fit(const drawing_work *work, view *v, layout *made, draw_choice *choice)
{
    bool fit = false;
    DG_TRY(draw_view(work, &(draw_choice){.is_mirrored = has_derivatives(work)}, v));
    choice_list list = list_choices(work, view_depth(v));
    int begin = 0, best = -1;
    if (has_derivatives(work)) {
        dg_arena_free(v->arena);
        DG_TRY(draw_view(work, &(draw_choice){0}, v));
    }
    if (v->n_boxes > LARGE && list.first_mirrored)
        begin = list.first_mirrored;
    else if (v->n_boxes > LARGE && list.count > 2 && work->fold < 0)
        begin = 2;
    if (work->page.width <= 0)
        list.count = begin + 1;
    for (int k = begin; k < list.count && !fit; k++) {
        const draw_choice *tried = &list.choices[k];
        dg_arena_free(v->arena);
        DG_TRY(try_choice(work, tried, tried->is_stacked ? LEAST : COMFORTABLE, k + 1 == list.count, v, made, &fit));
        best = k;
    }
    *choice = list.choices[best];
    if (!fit && work->page.width > 0) {
        bool may_turn = is_small(v) && (is_across(v) || (!work->options->rankdir && strcmp(v->rankdir, "TB") == 0));
        bool may_tell = has_derivatives(work) && work->options->view != DG_VIEW_BACKWARD;
        for (int way = 1; way < 4 && !fit; way++) /* without shapes, told, both */
            if ((may_turn || way == 2) && (may_tell || way == 1))
                DG_TRY(try_others(work, &list, way != 2, way != 1, v, made, &fit, choice));
    }
    v->told = tell(v, choice, fit, work);
    return draw_check(work, v);
}
