/* Floating-point numbers of 16 bits, in which weights may be kept: IEEE 754 binary16 (5 bits of exponent, 10 of
 * fraction; the largest is 65504) and bfloat16, the upper half of a float32. Without branches, so that loops over them
 * are vectorised. Every such number is a float32; float32 becomes the nearest such number, of two the even one, as
 * processors and NumPy do it. */
#ifndef CORE_BASE_HALF_H
#define CORE_BASE_HALF_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline float half_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t half_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float half_from_bfloat16(uint16_t half)
{
    return half_float((uint32_t)half << 16);
}

/* The exponent's bias is 15 instead of 127; numbers below the smallest normal one come out right as well. */
static inline float half_from_float16(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, size = (uint32_t)(half & 0x7fff) << 13;
    uint32_t not_finite = (half & 0x7c00) == 0x7c00 ? 0x7f800000 : 0;
    return half_float(half_bits(half_float(size) * 0x1p112f) | not_finite | sign);
}

static inline uint16_t half_to_bfloat16(float value)
{
    uint32_t bits = half_bits(value);
    if ((bits & 0x7fffffff) > 0x7f800000) /* NaN, which rounding might make infinite */
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline uint16_t half_to_float16(float value)
{
    uint32_t bits = half_bits(value), sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
    if (size > 0x7f800000)
        return (uint16_t)(sign | 0x7e00);
    if (size >= 0x477ff000) /* 65520, from where on infinity is nearer than the largest number */
        return (uint16_t)(sign | 0x7c00);
    if (size < 0x38800000) /* below 2⁻¹⁴ numbers are multiples of 2⁻²⁴, which is what float32 has at ½ */
        return (uint16_t)(sign | (half_bits(half_float(size) + 0.5f) - half_bits(0.5f)));
    return (uint16_t)(sign | ((size + 0xfff + (size >> 13 & 1) - 0x38000000) >> 13));
}

/* The float32 that is a double's neighbour towards zero, with a last bit of 1 where it is not the double itself:
 * rounded to 16 bits it gives what the double gives, for what lies beside a middle stays beside it. */
static inline float half_float_beside(double value)
{
    float near = (float)value;
    if (isnan(value) || isinf(near) || (double)near == value)
        return near;
    uint32_t bits = half_bits(near) - (fabs((double)near) > fabs(value));
    return half_float(bits | 1);
}

#endif
