/* The README of each example: its commands run in the folder that `dotgrad examples` makes, and print what it says. A
 * number of a run that trains may differ by 5 %, after minutes by 25 %, a percentage by 1.5 points (another processor
 * sums in another order, and training makes that larger), others by their last digits; what is below 1e-12 is rounding.
 * What adversaries end with is chance: there only the words are compared. Those that take minutes run with FULL=1
 * (suite soak). The commands of an opening paragraph, one after the other, work, and print text. */
#include "command.h"

#include <ctype.h>
#include <math.h>
#include <sys/stat.h>

TestSuite(transcripts, .init = make_folder, .fini = remove_folder, .timeout = 0);

static const char *const slow[] = {"char-lstm",    "char-transformer",  "gan-ring",           "gan-grid",
                                   "wgan-gp-ring", "mlp-fashion-mnist", "cnn-fashion-mnist",  "lenet-fashion-mnist",
                                   "adding-lstm",  "copying-gru",       "transformer-digits", "vae-digits",
                                   "unet-digits",  "watch-depth",       "hopfield-modern",    "autoencoder-digits",
                                   "scan-rnn"};
static const char prompt[] = "$ dotgrad ";

static bool is_slow(const char *name)
{
    for (size_t k = 0; k < sizeof slow / sizeof *slow; k++)
        if (strcmp(name, slow[k]) == 0)
            return true;
    return false;
}

static bool begins_number(const char *at, const char *line)
{
    bool inside = at > line && (isalnum((unsigned char)at[-1]) || at[-1] == '_' || at[-1] == '.');
    return !inside && (isdigit((unsigned char)*at) || (*at == '-' && isdigit((unsigned char)at[1])));
}

typedef enum likeness { ALIKE_IN_DIGITS, ALIKE_AS_TRAINED, ALIKE_AS_TRAINED_LONG, ALIKE_IN_WORDS } likeness;

static likeness likeness_of(const char *name, const char *command)
{
    if (strstr(name, "gan-"))
        return ALIKE_IN_WORDS;
    if (strncmp(command, "train", 5) != 0 || strstr(command, "--trace"))
        return ALIKE_IN_DIGITS;
    return is_slow(name) ? ALIKE_AS_TRAINED_LONG : ALIKE_AS_TRAINED;
}

static bool is_near(double found, double stated, likeness how, bool is_percentage)
{
    double size = fmax(fabs(found), fabs(stated));
    double relative = how == ALIKE_IN_DIGITS ? 1e-6 : how == ALIKE_AS_TRAINED ? 0.05 : 0.25;
    double most = is_percentage && how != ALIKE_IN_DIGITS ? 1.5 : relative * size;
    return size < 1e-12 || how == ALIKE_IN_WORDS || fabs(found - stated) <= most;
}

/* Blanks, which line numbers up, are not compared. */
static bool is_same_line(const char *found, const char *stated, likeness how)
{
    const char *f = found, *s = stated;
    for (;;) {
        f += strspn(f, " ");
        s += strspn(s, " ");
        if (!*f || !*s)
            return *f == *s;
        if (begins_number(f, found) && begins_number(s, stated)) {
            char *f_end, *s_end;
            double a = strtod(f, &f_end), b = strtod(s, &s_end);
            if (!is_near(a, b, how, strncmp(s_end, " %", 2) == 0))
                return false;
            f = f_end;
            s = s_end;
        } else if (*f++ != *s++) {
            return false;
        }
    }
}

/* What a terminal shows of a command, but for its progress: results, then messages. */
static void run_as_shown(const char *name, const char *command, char *shown, size_t size)
{
    static char arguments[500];
    snprintf(arguments, sizeof arguments, "%s", command);
    outcome run = dotgrad("%s", arguments);
    cr_assert_eq(run.status, 0, "%s: %s: %s", name, command, run.err);
    size_t at = (size_t)snprintf(shown, size, "%s", run.out);
    for (char *rest = run.err, *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
        if (strncmp(line, "dotgrad: ", 9) == 0 && at < size)
            at += (size_t)snprintf(shown + at, size - at, "%s\n", line);
}

/* One command and the lines below it; *text goes on to the next. */
static void check_command(const char *name, char **text)
{
    static char shown[20000];
    char *command = strsep(text, "\n") + strlen(prompt), *rest = shown;
    likeness how = likeness_of(name, command);
    run_as_shown(name, command, shown, sizeof shown);
    while (*text && **text && strncmp(*text, prompt, strlen(prompt)) != 0) {
        char *stated = strsep(text, "\n"), *found = rest ? strsep(&rest, "\n") : NULL;
        cr_assert_not_null(found, "%s: `dotgrad %s` does not print: %s", name, command, stated);
        cr_expect(is_same_line(found, stated, how), "%s: `dotgrad %s` prints: %s\nits README says: %s", name, command,
                  found, stated);
    }
    cr_expect(!rest || !*rest, "%s: `dotgrad %s` also prints: %s", name, command, rest);
}

/* The indented commands of `opening` that `transcript` has not. */
static void check_opening(const char *name, char *opening, const char *transcript)
{
    static const char indent[] = "    dotgrad ";
    for (char *line = strsep(&opening, "\n"); line; line = strsep(&opening, "\n")) {
        static char command[500];
        if (strncmp(line, indent, strlen(indent)) != 0)
            continue;
        snprintf(command, sizeof command, "%s%s\n", prompt, line + strlen(indent));
        if (strstr(transcript, command))
            continue;
        outcome run = dotgrad("%s", line + strlen(indent));
        cr_expect_eq(run.status, 0, "%s: %s: %s", name, line, run.err);
        cr_expect_eq(system("! LC_ALL=C grep -aqP '[^[:print:][:space:]\\x80-\\xff]' .out"), 0, "%s: %s: no text", name,
                     line);
    }
}

static void check_readme(const char *name)
{
    static char readme[20000], transcript[20000];
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    expect_fine(dotgrad("examples %s --copy", name));
    cr_assert_eq(chdir(path), 0);
    read_text("README.md", readme, sizeof readme);
    char *begin = strstr(readme, "```\n"), *end = begin ? strstr(begin + 4, "```\n") : NULL;
    cr_assert(end, "%s: no commands in: %s", name, readme);
    *begin = *end = '\0';
    begin += 4;
    snprintf(path, sizeof path, "%s.dot", name);
    cr_expect_eq(access(path, R_OK), 0);
    snprintf(path, sizeof path, "%s.svg", name);
    cr_expect_eq(access(path, R_OK), 0, "%s: no diagram", name);
    cr_assert_eq(strncmp(begin, prompt, strlen(prompt)), 0, "%s: %s", name, begin);
    snprintf(transcript, sizeof transcript, "%s", begin);
    while (begin && *begin)
        check_command(name, &begin);
    if (!is_slow(name))
        check_opening(name, readme, transcript);
    cr_assert_eq(chdir(folder), 0);
}

Test(transcripts, commands_of_the_readmes_print_what_they_say)
{
    bool full = getenv("FULL") != NULL, has_clothes = access("/usr/share/datasets/fashion-mnist", F_OK) == 0;
    int count = 0;
    outcome list = dotgrad("examples");
    expect_fine(list);
    for (char *rest = list.out, *line = strsep(&rest, "\n"); line && *line; line = strsep(&rest, "\n")) {
        char name[60];
        cr_assert_eq(sscanf(line, "%59s", name), 1);
        if (is_slow(name) != full || (strstr(name, "fashion") && !has_clothes))
            continue;
        printf("%s\n", name);
        check_readme(name);
        count++;
    }
    cr_expect_geq(count, full ? 14 : 20);
}

/* What is not the program's own is left as it is. */
Test(transcripts, files_of_the_user_are_kept)
{
    expect_fine(dotgrad("examples stacked-linear"));
    expect_fine(dotgrad("examples stacked-linear --copy"));
    write_text("stacked-linear/README.md", "mine\n");
    outcome run = dotgrad("examples stacked-linear --copy");
    cr_expect_eq(run.status, 1);
    cr_expect(strstr(run.err, "stacked-linear/README.md is there and is another file"), "%s", run.err);
    write_text("xor", "mine\n");
    run = dotgrad("examples xor --copy");
    cr_expect_eq(run.status, 1);
    cr_expect(strstr(run.err, "xor is there and is no folder"), "%s", run.err);
    cr_assert_eq(mkdir("franke", 0777), 0);
    write_text("franke/franke.csv", "mine\n");
    run = dotgrad("examples franke --copy");
    cr_expect_eq(run.status, 1);
    cr_expect(strstr(run.err, "franke/franke.csv is there and is another file"), "%s", run.err);
    cr_expect_neq(access("franke/franke.dot", F_OK), 0, "all of an example or nothing");
}

Test(transcripts, examples_are_asked_for_by_their_names)
{
    outcome run = dotgrad("examples xorr");
    cr_expect_eq(run.status, 2);
    cr_expect(strstr(run.err, "no example 'xorr' (did you mean 'xor'?)"), "%s", run.err);
    run = dotgrad("examples xor --copy --epochs 3");
    cr_expect_eq(run.status, 2);
    cr_expect(strstr(run.err, "'--epochs' changes nothing with --copy"), "%s", run.err);
    run = dotgrad("examples --copy");
    cr_expect_eq(run.status, 2);
    cr_expect(strstr(run.err, "needs the name of an example"), "%s", run.err);
    cr_expect_neq(access("xor", F_OK), 0);
    expect_fine(dotgrad("examples --copy xor"));
    cr_expect_eq(access("xor/xor.dot", F_OK), 0);
    cr_expect_neq(access("xor/runs", F_OK), 0);
}
