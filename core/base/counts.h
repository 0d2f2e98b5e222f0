/* Nouns after counts in messages. */
#ifndef CORE_COUNTS_H
#define CORE_COUNTS_H

/* Messages write a noun that follows a count as "row(s)" or "class(es)"; here it becomes "row" after 1, "rows" after
 * another number. Without a number before it, it stays as it is. dg_error() and dg_prefixed() do this. */
void settle_counts(char *text);

#endif
