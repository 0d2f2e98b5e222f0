/* The pictures of a report. */
#ifndef TOOLS_STUDY_FIGURES_H
#define TOOLS_STUDY_FIGURES_H

#include "study.h"

/* Each score as a point, mean and bootstrap interval of each method: FOLDER/scores-GRAPH.svg. */
dg_status figure_scores(study *s, const study_result *result, int graph, const char *path);
/* Curves of a column by epoch, with bands over pairs. DG_BAD_ARGUMENT: the runs have no such column. */
dg_status figure_curves(study *s, const study_result *result, int graph, const char *column, const char *path);
/* Mean ranks over tasks on a line, with bars over methods that are no critical difference apart (Demšar 2006). */
dg_status figure_ranks(study *s, const study_result *result, const char *path);
const char *figure_method(study *s, int graph, int method); /* its label */

#endif
