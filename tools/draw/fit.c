/* What is tried until a picture fits its page: every op in a box of its own, then chains as stacks, then what repeats
 * folded, then folded up to sizes, then in columns, then modules closed: those that are like others, then the
 * innermost. With derivatives, all of that again with one box beside each of the network's. What still does not fit is
 * grouped in parts. */
#include "draw.h"

#include <math.h>
#include <string.h>

#define COMFORTABLE 7.0   /* points of the smallest text, for full detail */
#define LEAST       6.0   /* and for all else */
#define SMALL_PAGE  1.1e6 /* square points: of A3, and less */
#define NEARLY      0.86  /* of a size that fits with boxes closer to each other */
enum {
    LARGE = 3000,     /* boxes: full detail is not tried */
    CROWDED = 1200,   /* boxes and bends: no small page has room for them */
    MOST_PARTS = 100, /* of what has no modules */
    LEAST_PARTS = 3,
    FIRST_PARTS = 8, /* that are tried: twice as many while they fit, as too many take long */
    FEW = 150        /* boxes: pictures that are tried from left to right, too */
};

static layout_options options_of(const drawing_work *work, const view *v, const draw_choice *choice)
{
    return (layout_options){.rankdir = v->rankdir,
                            .names = work->options->names,
                            .is_stacked = choice->is_stacked,
                            .is_narrow = choice->is_narrow,
                            .seconds = work->options->seconds,
                            .memo = work->memo,
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

/* In columns that fit the page, upright or turned, where there are such; else as it was. */
static void arrange(const drawing_work *work, const draw_choice *choice, view *v, layout *made)
{
    double scale = LEAST / SIZE_LEAST;
    for (int turned = 0; turned < 2 && !made->columns; turned++) {
        double across = (turned ? work->page.height : work->page.width) / scale - 24;
        double down = (turned ? work->page.width : work->page.height) / scale - 24;
        scene heading = {.arena = v->arena};
        layout_columns(v, made, across, down - draw_heading(work, v, across, &heading), choice->cuts_u);
    }
}

dg_status draw_layout(const drawing_work *work, view *v, const draw_choice *choice, layout *made)
{
    layout_options options = options_of(work, v, choice);
    DG_TRY(layout_make(v, &options, made));
    if (choice->has_columns && !fits(work, v, made->width, made->height, LEAST))
        arrange(work, choice, v, made);
    return dg_ok();
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
    longest *= choice->has_columns ? 0.2 : 0.5;
    bool is_small_page = work->page.width * work->page.height < SMALL_PAGE;
    if (!is_last && (made->bends > (is_small_page ? CROWDED : LARGE) || (down && !fits(work, v, 0, longest, least))))
        return dg_ok();
    DG_TRY(layout_make(v, &options, made));
    DG_TRY(draw_check(work, v));
    *fit = fits(work, v, made->width, made->height, least);
    if (!*fit && fits(work, v, NEARLY * made->width, NEARLY * made->height, least)) {
        options.spread = -1;
        DG_TRY(layout_make(v, &options, made));
        *fit = fits(work, v, made->width, made->height, least);
    }
    if (!*fit && choice->has_columns) {
        arrange(work, choice, v, made);
        *fit = made->columns && fits(work, v, made->width, made->height, least);
    }
    return draw_check(work, v);
}

static bool is_across(const view *v)
{
    return v->rankdir[0] == 'L' || v->rankdir[0] == 'R';
}

static const char *tell(view *v, const layout *made, const draw_choice *choice, bool fit, const drawing_work *work)
{
    const char *told = !choice->is_mirrored                  ? ""
                       : choice->is_told                     ? "derivatives told in the network's boxes"
                       : work->options->view == DG_VIEW_PLAN ? "the steps of each of the network's boxes as one"
                                                             : "derivatives as one box beside each of the network's";
    if (choice->is_stacked && work->level < 0 && v->n_stacked)
        told = text_format(v->arena, "%s%schains stacked%s", told, *told ? ", " : "",
                           choice->is_narrow ? " with details on lines of their own" : "");
    if (choice->fold && work->fold < 0 && v->n_folded)
        told = text_format(v->arena, "%s%s%s", told, *told ? ", " : "",
                           !v->n_sized ? "repeats folded" : "repeats folded up to sizes");
    if (choice->is_alike && v->n_alike)
        told = text_format(v->arena, "%s%smodules closed%s%s", told, *told ? ", " : "", " that are like one before",
                           choice->more == CLOSE_CHAINS ? " or without branches"
                           : choice->more               ? ", and others"
                                                        : "");
    if (choice->parts && v->n_parts)
        told = text_format(v->arena, "%s%snodes grouped in %d part%s", told, *told ? ", " : "", v->n_parts,
                           v->n_parts == 1 ? "" : "s");
    else if (choice->depth && !work->options->depth)
        told = text_format(v->arena, "%s%smodules closed from depth %d on", told, *told ? ", " : "", choice->depth);
    if (made->columns)
        told = text_format(v->arena, "%s%sin %d %s", told, *told ? ", " : "", made->columns,
                           is_across(v) ? "rows" : "columns");
    if (choice->no_shapes || choice->rankdir)
        told =
            text_format(v->arena, "%s%s%s%s%s", told, *told ? ", " : "", choice->rankdir ? "from left to right" : "",
                        choice->rankdir && choice->no_shapes ? ", " : "", choice->no_shapes ? "shapes left out" : "");
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
           a->is_mirrored == b->is_mirrored && a->is_alike == b->is_alike && a->has_columns == b->has_columns;
}

typedef struct choice_list {
    draw_choice choices[40];
    int count, first_mirrored;
    int first_closed; /* all before it are tried before any module is closed but those like others */
    bool has_more;    /* what does not fit is grouped in parts: nothing large is laid out before */
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

static void add_in_columns(choice_list *list, draw_choice choice)
{
    choice.has_columns = true;
    if (choice.is_stacked)
        add_choice(list, choice);
}

/* Stacks are low and wide: where that is too wide, folds of single boxes may do. */
static void add_narrow(const drawing_work *work, choice_list *list, draw_choice choice)
{
    choice.is_stacked = false;
    if (work->level < 0 && choice.fold && !has_derivatives(work))
        add_choice(list, choice);
}

/* From the most detailed to the least. */
static choice_list list_choices(const drawing_work *work, int deepest)
{
    static const draw_choice ladder[] = {
        {.is_stacked = false}, {.is_stacked = true}, {.is_stacked = true, .fold = 1}, {.is_stacked = true, .fold = 2}};
    choice_list list = {.count = 0};
    int fixed_depth = work->options->depth;
    bool may_mirror = has_derivatives(work) && work->level != 0;
    for (int turn = 0; turn <= may_mirror; turn++) {
        list.first_mirrored = turn ? list.count : 0;
        for (int k = 0; k < (may_mirror && !turn ? 2 : 4); k++) {
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
    draw_choice folded = list.choices[list.count - 1], exact = folded;
    exact.fold = work->fold >= 0 ? work->fold : 1;
    add_narrow(work, &list, exact);
    add_in_columns(&list, exact);
    add_in_columns(&list, folded);
    list.first_closed = list.count;
    if (!deepest || fixed_depth || work->level >= 0) /* a level that is asked for is kept */
        return list;
    for (folded.depth = deepest; folded.depth >= 1; folded.depth--) {
        add_choice(&list, folded);
        add_in_columns(&list, folded);
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

/* A choice beside the picture that there is, which it replaces if it fits. `clean`: and nothing runs through labels. */
static dg_status try_instead(const drawing_work *work, const draw_choice *other, bool clean, view *v, layout *made,
                             bool *fit, draw_choice *choice)
{
    view tried = {0};
    layout tried_made;
    dg_status status = try_choice(work, other, LEAST, false, &tried, &tried_made, fit);
    *fit &= status.code == DG_OK && (!clean || !tried_made.poor);
    dg_arena_free(*fit ? v->arena : tried.arena);
    if (!*fit)
        return status;
    *v = tried;
    *made = tried_made;
    *choice = *other;
    return dg_ok();
}

/* What is too wide, as branches side by side are, may fit with narrower stacks. */
static dg_status try_narrow(const drawing_work *work, const choice_list *list, int begin, view *v, layout *made,
                            bool *fit, draw_choice *choice)
{
    if (is_across(v) || made->width * work->page.height < made->height * work->page.width)
        return dg_ok();
    for (int k = begin; k < list->first_closed && !*fit; k++) {
        draw_choice narrow = list->choices[k];
        narrow.is_narrow = true;
        if (narrow.is_stacked && !narrow.has_columns)
            DG_TRY(try_instead(work, &narrow, true, v, made, fit, choice));
    }
    return dg_ok();
}

/* What does not fit from top to bottom may from left to right, where shapes take much room; or with derivatives told in
 * the network's own boxes. */
static dg_status try_others(const drawing_work *work, const choice_list *list, draw_choice like, view *v, layout *made,
                            bool *fit, draw_choice *choice)
{
    bool turns = like.no_shapes && !is_across(v);
    for (int k = turns ? list->count - 1 : list->first_mirrored; k < list->count && !*fit; k++) {
        draw_choice other = list->choices[k];
        other.is_told = like.is_told;
        other.rankdir = turns ? "LR" : NULL;
        other.no_shapes = like.no_shapes;
        other.cuts_u = like.cuts_u;
        other.has_columns |= like.cuts_u;
        DG_TRY(try_instead(work, &other, false, v, made, fit, choice));
    }
    return dg_ok();
}

/* What has no modules, or still does not fit with all of them closed: in as many parts as fit. `clean`: nothing may run
 * through labels. */
static dg_status try_parts(const drawing_work *work, draw_choice like, bool clean, view *v, layout *made, bool *fit,
                           draw_choice *choice)
{
    bool may_turn = !work->options->rankdir && strcmp(v->rankdir, "TB") == 0, is_bounded = false;
    like.has_columns = false;
    like.parts = FIRST_PARTS;
    for (int least = LEAST_PARTS, most = MOST_PARTS; least <= most;) {
        bool fits_so = false;
        for (int turned = 0; turned <= may_turn && !fits_so; turned++) {
            like.rankdir = turned ? "LR" : NULL;
            DG_TRY(try_instead(work, &like, clean, v, made, &fits_so, choice));
        }
        *fit |= fits_so;
        is_bounded |= !fits_so;
        least = fits_so ? like.parts + 1 : least;
        most = fits_so ? most : like.parts - 1;
        like.parts = is_bounded || 2 * like.parts > most ? (least + most) / 2 : 2 * like.parts;
    }
    return dg_ok();
}

static dg_status close_more(const drawing_work *work, int more, bool clean, view *v, layout *made, bool *fit,
                            draw_choice *choice)
{
    choice->more = more;
    dg_arena_free(v->arena);
    DG_TRY(try_choice(work, choice, LEAST, true, v, made, fit));
    *fit &= !clean || !made->poor;
    return dg_ok();
}

static bool is_u(const view *v)
{
    bool beside = false;
    for (int w = 0; w < v->n_wires; w++)
        beside |= !v->wires[w].is_gone && v->wires[w].is_beside && !v->is_ladder;
    return beside;
}

/* Modules that are like others are closed, and as few more as do; if none do, all. In a U, both arms are closed alike:
 * those in which nothing branches, or all that are as deep. `clean`: nothing may run through labels. */
static dg_status close_some(const drawing_work *work, const choice_list *list, bool clean, view *v, layout *made,
                            bool *fit, draw_choice *choice)
{
    bool no_shapes = choice->no_shapes;
    choice->is_alike = true;
    choice->has_columns = true;
    DG_TRY(close_more(work, 0, clean, v, made, fit, choice));
    bool u = is_u(v);
    if (u) {
        choice->cuts_u = true;
        DG_TRY(close_more(work, CLOSE_CHAINS, clean, v, made, fit, choice));
        if (*fit && v->n_closable)
            return dg_ok();
    }
    for (int k = list->first_closed; u && k < list->count; k++) {
        *choice = list->choices[k];
        choice->no_shapes = no_shapes;
        DG_TRY(close_more(work, 0, clean, v, made, fit, choice));
        if (*fit || k + 1 == list->count)
            return dg_ok();
    }
    int least = 1, most = v->n_closable;
    if (*fit || most == 0)
        return dg_ok();
    DG_TRY(close_more(work, most, clean, v, made, fit, choice));
    if (!*fit)
        return dg_ok();
    while (least < most) {
        int middle = (least + most) / 2;
        DG_TRY(close_more(work, middle, clean, v, made, fit, choice));
        if (*fit)
            most = middle;
        else
            least = middle + 1;
    }
    return *fit ? dg_ok() : close_more(work, most, clean, v, made, fit, choice);
}

/* What closes no module: the first choice that fits and whose labels are free, else the first that fits, else, where
 * no module can be closed, the last. */
static dg_status try_open(const drawing_work *work, const choice_list *list, int begin, view *v, layout *made,
                          bool *fit, draw_choice *choice)
{
    int poor = -1;
    for (int k = begin; k < list->first_closed && !*fit; k++) {
        *choice = list->choices[k];
        dg_arena_free(v->arena);
        bool is_last = k + 1 == list->count && !list->has_more;
        DG_TRY(try_choice(work, choice, choice->is_stacked ? LEAST : COMFORTABLE, is_last, v, made, fit));
        if (*fit && made->poor) {
            poor = poor < 0 ? k : poor;
            *fit = false;
        }
    }
    if (*fit || poor < 0)
        return dg_ok();
    *choice = list->choices[poor];
    dg_arena_free(v->arena);
    return try_choice(work, choice, choice->is_stacked ? LEAST : COMFORTABLE, false, v, made, fit);
}

dg_status draw_fit(const drawing_work *work, view *v, layout *made, draw_choice *choice)
{
    bool fit = false;
    DG_TRY(draw_view(work, &(draw_choice){.is_mirrored = has_derivatives(work)}, v));
    choice_list list = list_choices(work, view_depth(v));
    int begin = 0;
    if (has_derivatives(work)) {
        dg_arena_free(v->arena);
        DG_TRY(draw_view(work, &(draw_choice){0}, v));
    }
    if (v->n_boxes > LARGE && list.first_mirrored)
        begin = list.first_mirrored;
    else if (v->n_boxes > LARGE && list.count > 2 && work->fold < 0)
        begin = 2;
    if (work->page.width <= 0)
        list.count = list.first_closed = begin + 1;
    bool may_group = work->page.width > 0 && work->level < 0 && !work->options->depth && !work->options->open;
    list.has_more = may_group && !is_small(v);
    DG_TRY(try_open(work, &list, begin, v, made, &fit, choice));
    if (!fit && work->page.width > 0 && is_small(v))
        DG_TRY(try_narrow(work, &list, begin, v, made, &fit, choice));
    if (!fit && work->page.width > 0 && is_across(v) && is_small(v)) { /* shapes take more room than modules */
        choice_list open = list;
        open.count = list.first_closed;
        DG_TRY(try_others(work, &open, (draw_choice){.no_shapes = true}, v, made, &fit, choice));
    }
    for (int turn = 0; turn < 4 && !fit && list.first_closed < list.count; turn++) {
        choice->no_shapes = turn % 2;
        DG_TRY(close_some(work, &list, turn < 2, v, made, &fit, choice));
    }
    if (!fit && work->page.width > 0) {
        bool may_turn = is_small(v) && (is_across(v) || (!work->options->rankdir && strcmp(v->rankdir, "TB") == 0));
        bool may_tell = has_derivatives(work) && work->level != 0 && work->options->view != DG_VIEW_BACKWARD;
        for (int way = 1; way < 4 && !fit; way++) /* without shapes, told, both */
            if ((may_turn || way == 2) && (may_tell || way == 1))
                DG_TRY(try_others(work, &list, (draw_choice){.no_shapes = way != 2, .is_told = way != 1}, v, made, &fit,
                                  choice));
        for (int is_short = 0; is_short <= is_across(v) && !fit; is_short++)
            DG_TRY(try_others(work, &list, (draw_choice){.cuts_u = true, .is_told = may_tell, .no_shapes = is_short}, v,
                              made, &fit, choice));
    }
    for (int turn = 0; turn < 4 && !fit && may_group; turn++) {
        draw_choice like = list.choices[list.count - 1];
        like.no_shapes = turn % 2;
        DG_TRY(try_parts(work, like, turn < 2, v, made, &fit, choice));
    }
    if (!fit && made->width <= 0) {
        *choice = list.choices[list.count - 1];
        dg_arena_free(v->arena);
        DG_TRY(try_choice(work, choice, LEAST, true, v, made, &fit));
    }
    v->told = tell(v, made, choice, fit, work);
    return draw_check(work, v);
}
