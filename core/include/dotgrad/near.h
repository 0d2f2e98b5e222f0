/* Names that are nearly right, for "did you mean". */
#ifndef DOTGRAD_NEAR_H
#define DOTGRAD_NEAR_H

#include <stdbool.h>
#include <stddef.h>

#include <dotgrad/status.h>

DG_BEGIN_C

/* Whether `name` is almost certainly meant to be `known`: the same letters in another writing (Batch-Size, batch_size),
 * a letter or two more, less, exchanged or replaced, or the end left out. Strict, for where the answer is an error:
 * "date" is not near "data". */
bool dg_name_is_near(const char *name, const char *known);

/* The nearest of known(user, 0), known(user, 1), … up to NULL, where one is like `name`; NULL: none is. Generous, for
 * suggestions in messages about names that are errors anyway: what PyTorch or Keras calls it is like it, too
 * (CosineAnnealingLR: cosine), after their modules (torch.optim.Adam: adam). */
const char *dg_name_nearest(const char *name, const char *(*known)(const void *user, size_t index), const void *user);

DG_END_C

#endif
