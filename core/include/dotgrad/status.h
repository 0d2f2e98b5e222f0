/* Statuses: every dotgrad function that can fail returns one by value. Nothing prints, exits or aborts. */
#ifndef DOTGRAD_STATUS_H
#define DOTGRAD_STATUS_H

#include <stdbool.h>

/* All headers are C++ too, from C++17 on. */
#ifdef __cplusplus
#define DG_BEGIN_C extern "C" {
#define DG_END_C   }
#else
#define DG_BEGIN_C
#define DG_END_C
#endif

DG_BEGIN_C

typedef enum dg_code {
    DG_OK = 0,
    DG_NO_MEMORY,    /* an allocation failed, or a size does not fit */
    DG_BAD_ARGUMENT, /* an unknown name, a missing argument, a value out of its range */
    DG_BAD_SHAPE,    /* sizes that do not go together */
    DG_BAD_DTYPE,    /* an element type that does not go here */
    DG_BAD_DATA,     /* a file or a tensor whose content is wrong: truncated, damaged, a label out of range */
    DG_IO,           /* the operating system refused to open, read or write */
    DG_NUMERIC,      /* a number that makes going on impossible: NaN loss, singular matrix */
    DG_INTERRUPTED,  /* the caller asked to stop; what was reached is saved */
    DG_BUSY          /* another process holds it for now */
} dg_code;

/* A code and one line, complete in itself (it names file, op, node, shapes or value), without a final newline.
 * A plain value: nothing to free, and making one never allocates. `message` is "" when `code` is DG_OK. */
typedef struct dg_status {
    dg_code code;
    char message[1020];
} dg_status;

/* The status of success. */
static inline dg_status dg_ok(void)
{
    dg_status status;
    status.code = DG_OK;
    status.message[0] = '\0';
    return status;
}

/* A failure with a printf-style message; what does not fit is cut. */
dg_status dg_error(dg_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* DG_NO_MEMORY: "no memory for …", the rest printf-style. */
dg_status dg_no_memory(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Puts "prefix: " before the message of a failure, such as the name of the file that was being read. */
dg_status dg_prefixed(dg_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Returns from the calling function with the status of `call` when it failed. */
#define DG_TRY(call)                                                                                                   \
    do {                                                                                                               \
        dg_status status_ = (call);                                                                                    \
        if (status_.code != DG_OK)                                                                                     \
            return status_;                                                                                            \
    } while (0)

DG_END_C

#endif
