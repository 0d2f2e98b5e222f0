/* Pictures of DOT text by libgvc. It may crash, hang or leak on a hostile graph, and is not thread-safe: it runs in a
 * child process with limits on time and memory. */
#ifndef TOOLS_RENDER_H
#define TOOLS_RENDER_H

#include <stddef.h>

#include <dotgrad/status.h>

/* `format` is "svg", "png" or "pdf". *bytes is allocated. `file` is for messages: DG_BAD_DATA when Graphviz cannot draw
 * it, takes too long or too much memory, or when a PNG would be larger than it can be (32,767 pixels a side). */
dg_status render_dot(const char *file, const char *dot, const char *format, char **bytes, size_t *size);

/* "svg" for "x.svg" and so on; NULL when the ending is none of svg, png, pdf, dot and gv ("dot"). */
const char *render_format(const char *file);

#endif
