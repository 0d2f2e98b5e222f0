/* dotgrad examples: the graphs that come with the program, to be copied and run. */
#include "tools/session/command.h"

#include <dotgrad/file.h>
#include <dotgrad/near.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXAMPLE(symbol, name, more, summary) extern const char example_##symbol[], example_output_##symbol[];
#define FURTHER(symbol, file)                extern const char example_##symbol[];
#include "examples.h"
#undef EXAMPLE
#undef FURTHER

/* `output` is what a terminal shows: "$ dotgrad …", then what the command prints. */
typedef struct example {
    const char *file, *more, *output, *summary, *text;
} example;

typedef struct further_file {
    const char *name, *text;
} further_file;

#define EXAMPLE(symbol, name, more, summary) {name ".dot", more, example_output_##symbol, summary, example_##symbol},
#define FURTHER(symbol, file)
static const example examples[] = {
#include "examples.h"
};
#undef EXAMPLE
#undef FURTHER

#define EXAMPLE(symbol, name, more, summary)
#define FURTHER(symbol, file) {file, example_##symbol},
static const further_file further[] = {
#include "examples.h"
};
#undef EXAMPLE
#undef FURTHER

enum {
    N_EXAMPLES = sizeof examples / sizeof *examples,
    N_FURTHER = sizeof further / sizeof *further,
    MOST_WORDS = 32,
    MOST_NAME = 100
};

static const char prompt[] = "$ dotgrad ";
static const char usage[] =
    "usage: dotgrad examples            lists them\n"
    "       dotgrad examples NAME [OPTION]...\n\n"
    "Makes a folder NAME with the graph file NAME.dot, its diagram NAME.svg and a README.md, which\n"
    "tells what the example shows and has commands with their output, and runs the first of\n"
    "them there. Options of that command may follow: dotgrad examples xor --epochs 100\n\n"
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
static dg_status check_place(const char *folder, const further_file *file)
{
    char path[200], *there;
    size_t size;
    snprintf(path, sizeof path, "%s/%s", folder, file->name);
    if (access(path, F_OK) != 0)
        return dg_ok();
    DG_TRY(dg_read_file(path, &there, &size));
    bool same = size == strlen(file->text) && memcmp(there, file->text, size) == 0;
    free(there);
    return same ? dg_ok()
                : dg_error(DG_BAD_ARGUMENT, "%s is there and is another file: move it away, or go to another folder",
                           path);
}

static dg_status copy(const char *folder, const further_file *file)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, file->name);
    return access(path, F_OK) == 0 ? dg_ok() : dg_write_file(path, file->text, strlen(file->text));
}

/* The paragraph that the graph file begins with; commands in it, which are indented, are code. */
static void write_comment(const example *e, FILE *out)
{
    bool was_code = false;
    for (const char *at = e->text; strncmp(at, "//", 2) == 0;) {
        const char *end = strchr(at, '\n');
        if (!end)
            return;
        at += 2 + (at[2] == ' ');
        bool is_code = *at == ' ';
        fprintf(out, "%s%s%.*s\n", is_code != was_code ? "\n" : "", is_code ? "  " : "", (int)(end - at), at);
        was_code = is_code;
        at = end + 1;
    }
}

static dg_status make_readme(const example *e, const char *folder, char **text)
{
    size_t size;
    *text = NULL;
    FILE *out = open_memstream(text, &size);
    if (!out)
        return dg_error(DG_NO_MEMORY, "not enough memory");
    fprintf(out, "# %s\n\n", folder);
    write_comment(e, out);
    fprintf(out, "\n![The diagram of %s.dot](%s.svg)\n\n```\n%s```\n", folder, folder, e->output);
    return fclose(out) == 0 ? dg_ok() : dg_error(DG_NO_MEMORY, "not enough memory");
}

static dg_status make_folder(const char *folder)
{
    struct stat there;
    if (mkdir(folder, 0777) == 0)
        return dg_ok();
    int why = errno;
    if (why == EEXIST && stat(folder, &there) == 0 && S_ISDIR(there.st_mode))
        return dg_ok();
    if (why == EEXIST)
        return dg_error(DG_IO, "%s is there and is no folder: move it away, or go to another folder", folder);
    return dg_error(DG_IO, "%s: %s", folder, strerror(why));
}

/* All of it or, where one of its files is another already, nothing. */
static dg_status fill_folder(const example *e, const char *folder)
{
    further_file files[N_FURTHER + 2] = {{e->file, e->text}};
    size_t count = 1;
    char *readme;
    DG_TRY(make_folder(folder));
    for (size_t k = 0; k < N_FURTHER; k++)
        if (strcmp(further[k].name, e->more) == 0)
            files[count++] = further[k];
    dg_status status = make_readme(e, folder, &readme);
    files[count++] = (further_file){"README.md", readme};
    for (size_t k = 0; k < count && status.code == DG_OK; k++)
        status = check_place(folder, &files[k]);
    for (size_t k = 0; k < count && status.code == DG_OK; k++)
        status = copy(folder, &files[k]);
    free(readme);
    if (status.code == DG_OK && chdir(folder) != 0)
        status = dg_error(DG_IO, "%s: %s", folder, strerror(errno));
    return status;
}

/* In its folder. A diagram that cannot be drawn is no hindrance; command_draw() says why. */
static void draw(const example *e, const char *folder)
{
    char picture[200], *argv[] = {"draw", (char *)(uintptr_t)e->file, "-o", picture, NULL};
    snprintf(picture, sizeof picture, "%s.svg", folder);
    if (access(picture, F_OK) != 0)
        (void)command_draw(4, argv);
}

/* The first command's words, then the user's. */
static int run(const example *e, int n_more, char **more)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {{"train", command_train}, {"eval", command_eval}};
    char words[400], *argv[MOST_WORDS], *rest = NULL;
    const char *line = e->output + strlen(prompt);
    int argc = 0;
    snprintf(words, sizeof words, "%.*s", (int)strcspn(line, "\n"), line);
    for (char *word = strtok_r(words, " ", &rest); word && argc + 1 < MOST_WORDS; word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    for (int k = 0; k < n_more && argc + 1 < MOST_WORDS; k++)
        argv[argc++] = more[k];
    argv[argc] = NULL;
    printf("\n$ dotgrad");
    for (int k = 0; k < argc; k++)
        printf(strpbrk(argv[k], " ()[]'*") ? " '%s'" : " %s", argv[k]);
    printf("\n");
    fflush(stdout);
    for (size_t k = 0; k < sizeof commands / sizeof *commands; k++)
        if (strcmp(argv[0], commands[k].name) == 0)
            return commands[k].run(argc, argv);
    return EXIT_FAILED;
}

static int list(void)
{
    for (size_t k = 0; k < N_EXAMPLES; k++)
        printf("  %-22.*s %s\n", (int)name_length(&examples[k]), examples[k].file, examples[k].summary);
    return 0;
}

static const char *name_at(const void *user, size_t index)
{
    const char(*names)[MOST_NAME] = user;
    return index < N_EXAMPLES ? names[index] : NULL;
}

static int misnamed(const char *command, const char *name)
{
    char names[N_EXAMPLES][MOST_NAME];
    for (size_t k = 0; k < N_EXAMPLES; k++)
        snprintf(names[k], MOST_NAME, "%.*s", (int)name_length(&examples[k]), examples[k].file);
    const char *near = dg_name_nearest(name, name_at, names);
    return command_misused(command, "there is no example '%s'%s%s%s; `dotgrad examples` lists them", name,
                           near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

/* Takes --copy out of the arguments. */
static bool take_copy(int *argc, char **argv)
{
    int kept = 1;
    for (int k = 1; k < *argc; k++)
        if (strcmp(argv[k], "--copy") != 0)
            argv[kept++] = argv[k];
    bool taken = kept < *argc;
    *argc = kept;
    return taken;
}

int command_examples(int argc, char **argv)
{
    bool only_copy = take_copy(&argc, argv);
    if (argc < 2)
        return only_copy ? command_misused(argv[0], "--copy needs the name of an example") : list();
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (argv[1][0] == '-')
        return command_misused(argv[0], "there is no option %s", argv[1]);
    const example *found = find(argv[1]);
    if (!found)
        return misnamed(argv[0], argv[1]);
    if (only_copy && argc > 2)
        return command_misused(argv[0], "'%s' changes nothing with --copy, which runs nothing", argv[2]);
    char folder[MOST_NAME], picture[MOST_NAME + 8];
    snprintf(folder, sizeof folder, "%.*s", (int)name_length(found), found->file);
    dg_status status = fill_folder(found, folder);
    if (status.code != DG_OK)
        return command_failed(status);
    draw(found, folder);
    write_comment(found, stdout);
    snprintf(picture, sizeof picture, "%s.svg", folder);
    printf("\nfiles in %s: %s%s%s%s%s README.md\n", folder, found->file, found->more[0] ? " " : "", found->more,
           access(picture, F_OK) == 0 ? " " : "", access(picture, F_OK) == 0 ? picture : "");
    return only_copy ? 0 : run(found, argc - 2, argv + 2);
}
