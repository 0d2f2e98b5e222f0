/* How large a network would be. */
#ifndef OPTIM_BUILDING_COUNT_H
#define OPTIM_BUILDING_COUNT_H

#include "building.h"

/* Whether the document, with the files that it uses, would have more nodes than the bound. */
bool count_is_too_large(const building *b);

#endif
