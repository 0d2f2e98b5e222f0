/* What the tests of systems share: the command on the examples, and found beside expected. */
#ifndef TESTS_SYSTEMS_FOUND_H
#define TESTS_SYSTEMS_FOUND_H

#include "tests/tools/command.h"

#include <dotgrad/dotgrad.h>

#include <math.h>

#define EXAMPLES "\"$TESTS\"/../tools/examples/"

/* Within `tolerance` of what is expected; both are printed. */
static inline void expect(const char *what, double found, double expected, double tolerance)
{
    printf("%-52s found %-12.6g expected %.6g ± %.3g\n", what, found, expected, tolerance);
    cr_expect(fabs(found - expected) <= tolerance, "%s: found %.10g, expected %.10g ± %g", what, found, expected,
              tolerance);
}

/* At least, or at most. */
static inline void expect_from(const char *what, double found, double least)
{
    printf("%-52s found %-12.6g expected >= %.6g\n", what, found, least);
    cr_expect(found >= least, "%s: found %.10g, expected at least %g", what, found, least);
}

static inline void expect_to(const char *what, double found, double most)
{
    printf("%-52s found %-12.6g expected <= %.6g\n", what, found, most);
    cr_expect(found <= most, "%s: found %.10g, expected at most %g", what, found, most);
}

#endif
