/* The options of a command: those of its own, and those of the attributes of graph files that it reads
 * (dg_attribute_at()), which have the same name, form, bounds and description in both places. They are parsed, checked,
 * listed by --help and looked up here; a command only says which there are. */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include <dotgrad/graph_file.h>

/* One option of a command's own. */
typedef struct option_row {
    const char *name;       /* without -- */
    char letter;            /* 'o' of -o; 0: none */
    dg_attribute_form form; /* of its value; DG_FORM_FLAG takes none */
    const char *value;      /* the value in --help; NULL: as the form says */
    const char *doc;        /* lines with \n between them */
    int64_t most;           /* of whole numbers; 0: 2,147,483,647 */
    const char *choices;    /* of names: "forward|gradient|train" */
    const char *needs;      /* an option without which this one changes nothing; NULL: none. "a|b": one of them */
    const char *against;    /* an option that contradicts it, or beside which it changes nothing */
    const char *alone;      /* all that may stand beside it, where that is little: "out|seed", ""; NULL: any */
    bool is_many;           /* may be given several times */
    bool may_be_bare;       /* --profile, --profile=FILE */
} option_row;

typedef struct command_options {
    const char *command;   /* "eval" */
    const char *usage;     /* one call a line: "dotgrad eval G.dot --out OUT [options]" */
    const char *about;     /* a paragraph or two */
    const option_row *own; /* ended by {0}; NULL: none */
    unsigned use;          /* DG_USE_…: which attributes it reads. With DG_USE_ALWAYS it reads graph files */
    const char *footer;    /* below the options; NULL: nothing */
    const char *operand;   /* "a graph file": what it needs besides options */
    int least, most;       /* how many of them */
} command_options;

/* Reads the command line; argv[0] is the command's name. −1: go on, *operands are what is no option (NULL behind the
 * last). Else the command is over with this exit status: after --help, or a message. */
int options_take(const command_options *of, int argc, char **argv, char ***operands);

/* What the command line says of an option; NULL: nothing ("" of a switch or a bare option). */
const char *option_text(const char *name);
const char *option_text_at(const char *name, int k); /* the k-th, of one that may be given several times */
bool option_given(const char *name);
int64_t option_whole(const char *name, int64_t otherwise);
double option_number(const char *name, double otherwise);

/* "90", "90s", "15m", "2h", "1d": seconds, above 0. */
bool duration_parse(const char *text, double *seconds);

/* An attribute by its name: what the command line says, else the file; NULL: neither. */
const char *option_or_attribute(const dg_graph_file *file, const char *name);
int64_t option_or_attribute_whole(const dg_graph_file *file, const char *name, int64_t otherwise);

#endif
