/* Memory for buffers of numbers. A fresh small page costs a fault of a microsecond or two, a huge one of the same bytes
 * a fifteenth of that; so pieces of some megabytes ask for huge ones, where the system has them. */
#ifndef CORE_PAGES_H
#define CORE_PAGES_H

#include <stddef.h>

/* At least 64-byte aligned, content undefined; free() gives it back. NULL without memory. */
void *pages_alloc(size_t bytes);

#endif
