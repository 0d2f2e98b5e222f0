/* NULL where a public function needs an object: <dotgrad/core.h> states the policy. */
#ifndef CORE_NULL_H
#define CORE_NULL_H

#include <dotgrad/status.h>

/* Returns DG_BAD_ARGUMENT from a function that returns a status, naming it and the argument. */
#define REFUSE_NULL(argument)                                                                                          \
    do {                                                                                                               \
        if (!(argument))                                                                                               \
            return dg_error(DG_BAD_ARGUMENT, "%s: the argument '%s' is NULL", __func__, #argument);                    \
    } while (0)

#endif
