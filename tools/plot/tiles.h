/* Many small pictures in one. */
#ifndef TOOLS_PLOT_TILES_H
#define TOOLS_PLOT_TILES_H

#include "pictures.h"

/* A line of pictures for each tensor [rows, …]: its first `most` rows. A row [h, w] or [1, h, w] is a picture; one of
 * h·w numbers becomes one as square as it can be. Their ranges are one. DG_BAD_SHAPE: rows that are no pictures. */
dg_status tiles_draw_rows(const char *path, const dg_tensor *values, const char *const *names, int n, int64_t most,
                          const picture_target *to);

#endif
