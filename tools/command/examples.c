/* dotgrad examples: the graphs that come with the program, to be copied and run. */
#include "command.h"

#include <dotgrad/file.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXAMPLE(symbol, file, more, command, summary) extern const char example_##symbol[];
#include "examples.h"
#undef EXAMPLE

typedef struct example {
    const char *file, *more, *command, *summary, *text;
} example;

static const example examples[] = {
#define EXAMPLE(symbol, file, more, command, summary) {file, more, command, summary, example_##symbol},
#include "examples.h"
#undef EXAMPLE
};
enum { N_EXAMPLES = sizeof examples / sizeof *examples, MOST_WORDS = 32 };

static const char usage[] = "usage: dotgrad examples            lists them\n"
                            "       dotgrad examples NAME [OPTION]...\n\n"
                            "Copies the example NAME to NAME.dot in the working folder, says the command that runs it, "
                            "and runs it. Options of\n"
                            "that command may follow: dotgrad examples xor --epochs 100\n\n"
                            "  --copy       only copies\n"
                            "  -h, --help   this text\n";

static size_t name_length(const example *e)
{
    return strlen(e->file) - strlen(".dot");
}

static const example *find(const char *name)
{
    for (size_t k = 0; k < N_EXAMPLES; k++) {
        bool is_it = strncmp(examples[k].file, name, name_length(&examples[k])) == 0;
        const char *rest = is_it ? name + name_length(&examples[k]) : "?";
        if (!*rest || strcmp(name, examples[k].file) == 0)
            return &examples[k];
    }
    return NULL;
}

/* A file of that name that says something else is the user's. */
static dg_status copy(const example *e)
{
    char *there;
    size_t size;
    if (access(e->file, F_OK) == 0) {
        DG_TRY(dg_read_file(e->file, &there, &size));
        bool same = strcmp(there, e->text) == 0;
        free(there);
        return same ? dg_ok()
                    : dg_error(DG_BAD_ARGUMENT,
                               "%s is there and is another graph: move it away, or go to another folder", e->file);
    }
    return dg_write_file(e->file, e->text, strlen(e->text));
}

/* The paragraph that the file begins with. */
static void print_comment(const example *e)
{
    for (const char *at = e->text; strncmp(at, "//", 2) == 0;) {
        const char *end = strchr(at, '\n');
        if (!end)
            return;
        at += 2 + (at[2] == ' ');
        printf("%.*s\n", end > at ? (int)(end - at) : 0, at);
        at = end + 1;
    }
}

/* The command's words: "eval", the file, the rest, then the user's. */
static int run(const example *e, int n_more, char **more)
{
    char words[400], *argv[MOST_WORDS], *rest = NULL;
    int argc = 0;
    snprintf(words, sizeof words, "%s", e->command);
    for (char *word = strtok_r(words, " ", &rest); word && argc + 2 < MOST_WORDS; word = strtok_r(NULL, " ", &rest)) {
        argv[argc++] = word;
        if (argc == 1)
            argv[argc++] = (char *)(uintptr_t)e->file;
    }
    for (int k = 0; k < n_more && argc + 1 < MOST_WORDS; k++)
        argv[argc++] = more[k];
    argv[argc] = NULL;
    printf("\n$ dotgrad");
    for (int k = 0; k < argc; k++)
        printf(strpbrk(argv[k], " ()[]'*") ? " '%s'" : " %s", argv[k]);
    printf("\n");
    fflush(stdout);
    return strcmp(argv[0], "train") == 0 ? command_train(argc, argv) : command_eval(argc, argv);
}

static int list(void)
{
    for (size_t k = 0; k < N_EXAMPLES; k++)
        if (examples[k].summary[0])
            printf("  %-22.*s %s\n", (int)name_length(&examples[k]), examples[k].file, examples[k].summary);
    return 0;
}

int command_examples(int argc, char **argv)
{
    bool only_copy = argc > 2 && strcmp(argv[2], "--copy") == 0;
    if (argc < 2)
        return list();
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (argv[1][0] == '-')
        return command_misused(argv[0], "there is no option %s", argv[1]);
    const example *found = find(argv[1]);
    if (!found)
        return command_misused(argv[0], "there is no example '%s'; `dotgrad examples` lists them", argv[1]);
    dg_status status = copy(found);
    if (status.code == DG_OK && found->more[0])
        status = copy(find(found->more));
    if (status.code != DG_OK)
        return command_failed(status);
    print_comment(found);
    return only_copy || !found->command[0] ? 0 : run(found, argc - 2, argv + 2);
}
