/* What schedules keep beside their numbers: lists, formulas, other schedules. */
#ifndef OPTIM_SCHEDULE_H
#define OPTIM_SCHEDULE_H

#include <dotgrad/rules.h>

enum { MOST_LISTS = 2 };

typedef struct schedule_list {
    const char *argument, *text; /* the text as it was given, in canonical form */
    int count;
    double *numbers;
    dg_program *formula; /* of t, epoch, steps, epochs, lr; NULL: the argument is a list */
} schedule_list;

struct dg_schedule_inside {
    dg_arena *arena;
    dg_formulas *pool;
    int n_lists;
    schedule_list lists[MOST_LISTS];
    bool reads_end, reads_rate; /* the formula does */
    int n_inner;
    dg_schedule *inner;
    const char *inner_text;
};

/* The rate of an inner schedule that begins `skip` units into the outer one. */
double schedule_inner(const dg_schedule *schedule, int k, const dg_schedule_point *at, double skip);

#endif
