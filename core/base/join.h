/* Names made of two parts, each of which may be a macro. */
#ifndef CORE_BASE_JOIN_H
#define CORE_BASE_JOIN_H

#define JOIN_AGAIN(a, b) a##b
#define JOIN(a, b)       JOIN_AGAIN(a, b)

#endif
