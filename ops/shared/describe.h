/* What descriptors of ops are written with: attributes with a default, each with its text for the reference, and lists
 * of samples, which end in one without a call. */
#ifndef OPS_DESCRIBE_H
#define OPS_DESCRIBE_H

#include <dotgrad/op.h>

#define ATTR(attr_name, attr_kind, fallback_text, text)                                                                \
    {                                                                                                                  \
        .name = attr_name, .kind = attr_kind, .fallback = fallback_text, .doc = text                                   \
    }
#define NUMBER(attr_name, fallback_text, text) ATTR(attr_name, DG_ATTR_FLOAT, fallback_text, text)
#define BOUND(attr_name, fallback_text, text)  /* a number that may be infinite */                                     \
    {                                                                                                                  \
        .name = attr_name, .kind = DG_ATTR_FLOAT, .fallback = fallback_text, .may_be_infinite = true, .doc = text      \
    }
#define WHOLE(attr_name, fallback_text, text)  ATTR(attr_name, DG_ATTR_INT, fallback_text, text)
#define SWITCH(attr_name, fallback_text, text) ATTR(attr_name, DG_ATTR_BOOL, fallback_text, text)

/* In a descriptor: .samples = SAMPLES({"relu", {"[3, 4]"}}); before it: NAMED_SAMPLES(relu, {"relu", {"[3, 4]"}}). */
#define SAMPLES(...)           ((const dg_sample[]){__VA_ARGS__, {.call = NULL}})
#define NAMED_SAMPLES(of, ...) static const dg_sample of##_samples[] = {__VA_ARGS__, {.call = NULL}}

#endif
