#include "loops.h"

#include <math.h>

#include "core/base/join.h"
#include "ops/shared/lanes.h"

enum {
    ROW_BLOCK = 8 * LANES_BYTES, /* neighbours that are added in lanes */
    COLUMN_BLOCK = 16,           /* rows that are added one after the other */
    WIDE = 256,                  /* columns that are worth a loop */
    MADE = 4096                  /* elements that a prologue is asked for */
};

#define NAME(suffix) JOIN(OP, suffix)
#define SAME(type)   type
#define WIDE(type)   int64_t
#define TRUTH(type)  uint8_t

/* ---- sums, products, extremes, conditions ---- */

#define FIRST(x)              (x)
#define REAL_TO               SAME
#define INTEGER_TO            WIDE
#define IN_VECTORS            1
#define OP                    sum_
#define NEUTRAL               0
#define REAL_COMBINE(a, b)    ((a) + (b))
#define VECTOR_COMBINE(a, b)  ((a) + (b))
#define INTEGER_COMBINE(a, b) ((int64_t)((uint64_t)(a) + (uint64_t)(b))) /* wraps */
#include "all_types.template.h"

#define OP                    prod_
#define NEUTRAL               1
#define REAL_COMBINE(a, b)    ((a) * (b))
#define VECTOR_COMBINE(a, b)  ((a) * (b))
#define INTEGER_COMBINE(a, b) ((int64_t)((uint64_t)(a) * (uint64_t)(b)))
#include "all_types.template.h"
#undef INTEGER_TO

#define INTEGER_TO            SAME
#define OP                    amax_
#define NEUTRAL               0
#define REAL_COMBINE(a, b)    ((b) > (a) || isnan(b) ? (b) : (a))
#define VECTOR_COMBINE(a, b)  PICK(((b) > (a)) | ((b) != (b)), b, a)
#define INTEGER_COMBINE(a, b) ((b) > (a) ? (b) : (a))
#include "all_types.template.h"

#define OP                    amin_
#define NEUTRAL               0
#define REAL_COMBINE(a, b)    ((b) < (a) || isnan(b) ? (b) : (a))
#define VECTOR_COMBINE(a, b)  PICK(((b) < (a)) | ((b) != (b)), b, a)
#define INTEGER_COMBINE(a, b) ((b) < (a) ? (b) : (a))
#include "all_types.template.h"
#undef FIRST
#undef REAL_TO
#undef INTEGER_TO
#undef IN_VECTORS

#define FIRST(x)              ((x) != 0)
#define REAL_TO               TRUTH
#define INTEGER_TO            TRUTH
#define IN_VECTORS            0
#define OP                    all_
#define NEUTRAL               1
#define REAL_COMBINE(a, b)    ((uint8_t)((a) & (b)))
#define VECTOR_COMBINE(a, b)  ((a) + (b))
#define INTEGER_COMBINE(a, b) ((uint8_t)((a) & (b)))
#include "all_types.template.h"

#define OP                    any_
#define NEUTRAL               0
#define REAL_COMBINE(a, b)    ((uint8_t)((a) | (b)))
#define VECTOR_COMBINE(a, b)  ((a) + (b))
#define INTEGER_COMBINE(a, b) ((uint8_t)((a) | (b)))
#include "all_types.template.h"
#undef IN_VECTORS

/* ---- places, products of the others: their rows in one piece ---- */

#define OP        place_
#define IS_NAN(x) false
#define TYPE      condition
#define FROM      uint8_t
#include "place.template.h"
#define TYPE int32
#define FROM int32_t
#include "place.template.h"
#define TYPE int64
#define FROM int64_t
#include "place.template.h"
#undef IS_NAN
#define IS_NAN(x) isnan(x)
#define TYPE      float32
#define FROM      float
#include "place.template.h"
#define TYPE float64
#define FROM double
#include "place.template.h"
#undef OP

#define OP   others_
#define TYPE float32
#define REAL float
#include "others.template.h"
#define TYPE float64
#define REAL double
#include "others.template.h"
#undef OP

#define ALL_TYPES(op)                                                                                                  \
    {                                                                                                                  \
        [DG_BOOL] = op##condition, [DG_INT32] = op##int32, [DG_INT64] = op##int64, [DG_FLOAT32] = op##float32,         \
        [DG_FLOAT64] = op##float64                                                                                     \
    }

const reduce_table DG_ISA_NAME(reduce_tables) = {
    .reduce = {[REDUCE_SUM] = ALL_TYPES(sum_),
               [REDUCE_PROD] = ALL_TYPES(prod_),
               [REDUCE_AMAX] = ALL_TYPES(amax_),
               [REDUCE_AMIN] = ALL_TYPES(amin_),
               [REDUCE_ALL] = ALL_TYPES(all_),
               [REDUCE_ANY] = ALL_TYPES(any_)},
    .others = {[DG_FLOAT32] = others_float32, [DG_FLOAT64] = others_float64},
    .place = ALL_TYPES(place_),
};
