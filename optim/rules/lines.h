/* The text of a rule: statements, what they read, and the calls of ops in them. */
#ifndef OPTIM_LINES_H
#define OPTIM_LINES_H

#include <dotgrad/op.h>
#include <dotgrad/rules.h>

enum { MOST_STATEMENTS = 64, MOST_READS = 24, MOST_PIECES = 8 };

typedef struct rule_read {
    const char *name;
    bool reduced; /* only inside a reduction to one number */
} rule_read;

typedef struct statement {
    const char *symbol, *formula;
    const char *flag; /* NULL: always */
    bool unless;
    bool calls; /* ops that are no formulas */
    int n_reads;
    rule_read reads[MOST_READS];
} statement;

typedef struct rule_text {
    int count;
    statement at[MOST_STATEMENTS];
} rule_text;

/* Splits the text; everything it points to is in the arena. DG_BAD_ARGUMENT shows the statement. */
dg_status lines_parse(dg_arena *arena, const char *text, rule_text *lines);

/* A call of an op in an expression. */
typedef struct op_call {
    const dg_op *op;
    int n_inputs, n_attrs;
    const char *inputs[MOST_PIECES]; /* expressions */
    dg_value attrs[MOST_PIECES];     /* with keys */
} op_call;

/* Replaces the outermost calls of ops in an expression by the names that `visit` gives them. */
typedef dg_status op_visitor(void *user, const op_call *call, const char **name);
dg_status lines_replace_calls(dg_arena *arena, const char *expression, op_visitor *visit, void *user,
                              const char **result);

/* Checks what can be checked without a graph: that every statement reads, that p gets a value, that each state does,
 * and that what else is read is a hyper-parameter. */
dg_status lines_check(dg_arena *arena, const rule_text *lines, const dg_binding *hypers, int n_hypers);

/* Whether a statement reads that name, or is said to hold if it is true. */
bool lines_read(const rule_text *lines, const char *name);

#endif
