/* What rewrites a view: each pass takes one and leaves one. All are in place; what is taken away is marked is_gone.
 *
 *   choose.c    hide kinds of ops; a node's surroundings; what lies between two nodes
 *   close.c     modules that become one box
 *   alike.c     those that are like one before them
 *   group.c     parts, of what has no modules
 *   fold.c      what repeats is shown once, as K times: which runs there are
 *   fold_run.c  and what becomes of one
 *   fold_names.c  what the names of copies become
 *   stack.c     chains become boxes of rows
 *   mirror.c    beside each box one for its gradients and one for its update; mirror_place.c: which nodes are in which
 *   step_list.c which steps of a plan a box stands for
 *   diff.c      what has changed between two networks; diff_file.c: and between their files
 *   heat.c      numbers as colours
 *   shapes.c    which wires show shapes; skips; a copy of a source for each use */
#ifndef TOOLS_DRAW_PASSES_H
#define TOOLS_DRAW_PASSES_H

#include "tools/draw/include/dotgrad/draw.h"
#include "tools/draw/view/view.h"

/* parameters, constants, reshapes, dropout, inputs: a list with commas. */
dg_status pass_hide(view *v, const char *kinds);
dg_status pass_around(view *v, const char *name, int radius);
dg_status pass_between(view *v, const char *from, const char *to); /* NULL: no bound */

/* Modules deeper than `depth` (0: no bound), and those whose names match `close`, become boxes, unless they match
 * `open`. Returns the number of closed ones. */
int pass_close(view *v, int depth, const char *open, const char *close);
/* DG_BAD_ARGUMENT: one of the patterns is no module's name. */
dg_status pass_check_modules(const view *v, const char *option, const char *patterns);
int pass_close_these(view *v, const bool *closed); /* by module */
/* Whether a module, one inside it or one around it is to be open: names with * and ?, NULL: none. */
bool view_keeps_open(const view *v, int module, const char *open);
/* Modules, and folds, that are like one before them up to sizes, and so many more, or all in which nothing branches,
 * but none that is to be open; sets n_closable. Returns the number of closed ones. */
enum { CLOSE_CHAINS = -1 };
int pass_close_alike(view *v, int more, const char *open);
/* At most so many parts, inputs among them, each a box of several. Returns the number of those. */
int pass_group(view *v, int parts);
int view_depth(const view *v); /* of the deepest module with a box in it */

/* Folds runs that are equal, with all sizes or without, and each save at least so many boxes; returns the number of
 * runs. */
int pass_fold(view *v, bool with_sizes, int least);
/* One run: `copies` segments, each of `length` boxes of `order` from `begin` on. Copy 0 stays. */
typedef struct fold_run {
    int begin, length, copies;
    int entry;        /* the box whose value enters copy 0; −1: none */
    int second_entry; /* another one */
    bool is_loose;
} fold_run;
void fold_apply(view *v, const int *order, const fold_run *run);
/* A name, or one that stands for several, and the first and the last of those. */
typedef struct name_range {
    const char *words, *first, *last;
} name_range;
/* From the first of the one to the last of the other: "layer.0…11.fc"; of numbers that do not follow on each other
 * "layer.2|5.fc" of two copies, "layer.2|…|8.fc" of more. */
name_range fold_join_names(view *v, name_range first, name_range last, int copies);
name_range fold_names_of_row(view *v, const view_row *row);
name_range fold_names_of_module(const view_module *module);
/* "features.2…7" where a number at the end is all that differs, else "conv1 … relu3". */
const char *fold_join_ends(view *v, const char *first, const char *last);
/* Where a value from outside is read more than once in the frame, a dot in it hands it on. */
void fold_add_entry(view *v, int frame, int source);
/* The same for modules that repeat as their author wrote them, and values that are computed. */
void pass_repeats(view *v);

int pass_stack(view *v);

void pass_heat(view *v, const dg_heat *heat);         /* numbers of nodes onto rows */
const char *heat_range(view *v, const view_row *row); /* "0.1 … 0.4" */
/* Three digits: "15.2 µs" of seconds, "1.2 kB" of bytes, "25 %" of shares; unit: dg_heat's. */
const char *heat_print(dg_arena *arena, double value, const char *unit);

typedef enum shape_mode { SHAPES_CHANGES, SHAPES_ALL, SHAPES_NONE } shape_mode;
void pass_shapes(view *v, shape_mode mode);
void pass_skips(view *v);
void pass_share(view *v);   /* sources whose readers are far apart get a box for each */
void pass_unsaved(view *v); /* in a large picture, wires of saved values go: marks say which they are */
void pass_entries(view *v); /* dots that stand for nothing go */

#endif
