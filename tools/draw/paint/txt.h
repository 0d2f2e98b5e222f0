/* A network as lines of text. */
#ifndef TOOLS_DRAW_TXT_H
#define TOOLS_DRAW_TXT_H

#include "tools/draw/view/view.h"

/* From a view after its passes; needs no layout. Lines are at most 80 columns. */
dg_status paint_txt(view *v, bool no_title, text *to);
/* Of a view that has been compared: the summary, and for each difference + added, - removed, ~ changed. */
void paint_diff(const view *v, text *to);

#endif
