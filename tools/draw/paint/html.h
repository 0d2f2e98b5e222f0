/* A page with a picture for each state that a click can reach, and the script that changes between them. */
#ifndef TOOLS_DRAW_HTML_H
#define TOOLS_DRAW_HTML_H

#include "scene.h"

typedef struct html_state {
    const char *name;
    int module; /* that is open; −1: the overview */
    scene scene;
} html_state;

typedef struct html_name {
    const char *name;
    int state; /* in which it can be seen */
} html_name;

typedef struct html_page {
    const char *title;
    bool is_dark; /* to begin with; else as the reader's system is */
    int n_states, n_modules, n_names;
    html_state *states;
    int *parents; /* by module */
    html_name *names;
} html_page;

dg_status paint_html(const html_page *page, text *to);

#endif
