/* The tables of compiled programs, for core/program/compiled.c to find. */
#include "core/program/compiled.h"

#ifdef __x86_64__
extern const compiled_programs compiled_v3, compiled_v4;
const compiled_programs *const compiled_tables[] = {&compiled_v3, &compiled_v4, NULL};
#else
extern const compiled_programs compiled_base;
const compiled_programs *const compiled_tables[] = {&compiled_base, NULL};
#endif
