#include "loops.h"

#include <math.h>

#include "core/base/join.h"

#define NAME(suffix) JOIN(OP, suffix)

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
    .others = {[DG_FLOAT32] = others_float32, [DG_FLOAT64] = others_float64},
    .place = ALL_TYPES(place_),
};
