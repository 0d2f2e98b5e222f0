/* What a gradient check has found, as it grows. */
#ifndef AUTOGRAD_REPORT_H
#define AUTOGRAD_REPORT_H

#include <dotgrad/autograd.h>

#include "probe.h"

dg_status report_new(dg_check_report **report);
const char *report_text(dg_check_report *report, const char *text); /* a copy; "" without memory */
dg_status report_add(dg_check_report *report, const dg_check_entry *entry);

/* One entry while it is being counted. */
typedef struct tally {
    dg_check_entry entry;
    double worst;
} tally;

void tally_count(tally *t, probe_verdict verdict, int64_t element, double expected, double found);

#endif
