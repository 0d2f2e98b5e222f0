/* Runs `dotgrad eval` on the reference cases in tests/reference (CASE.dot, CASE.in.safetensors, CASE.out.safetensors,
 * made with PyTorch in float64) and compares every tensor. float64: relative 1e-7 and absolute 1e-9, since both sides
 * round differently in long sums; float32: 2e-4 and 2e-5. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <dotgrad/core.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_CASES = 2000, PATH = 600 };

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_cases(const char *folder, char **names)
{
    int count = 0;
    DIR *dir = opendir(folder);
    cr_assert(dir, "cannot open %s", folder);
    for (struct dirent *entry; (entry = readdir(dir)) && count < MOST_CASES;) {
        size_t length = strlen(entry->d_name);
        if (length > 4 && strcmp(entry->d_name + length - 4, ".dot") == 0)
            names[count++] = strndup(entry->d_name, length - 4);
    }
    closedir(dir);
    qsort(names, (size_t)count, sizeof *names, by_name);
    return count;
}

/* What differs, or "". */
static void compare(const dg_tensor *got, const dg_tensor *want, char *why, size_t size)
{
    why[0] = '\0';
    if (got->dtype != want->dtype || !dg_shape_equal(&got->shape, &want->shape)) {
        snprintf(why, size, "another type or shape");
        return;
    }
    double relative = want->dtype == DG_FLOAT32 ? 2e-4 : 1e-7, absolute = want->dtype == DG_FLOAT32 ? 2e-5 : 1e-9;
    for (int64_t i = 0; i < dg_tensor_count(want); i++) {
        double x = dg_tensor_get(got, i), y = dg_tensor_get(want, i);
        if (x == y || (isnan(x) && isnan(y)) || fabs(x - y) <= absolute + relative * fabs(y))
            continue;
        snprintf(why, size, "element %lld is %.17g, expected %.17g", (long long)i, x, y);
        return;
    }
}

static void append_name(char *list, size_t size, const char *name)
{
    size_t used = strlen(list);
    snprintf(list + used, size - used, "%s%s", used ? "," : "", name);
}

static int run_eval(const char *stem, const dg_tensors *want, const char *out)
{
    char dot[PATH], feed[PATH], fetch[PATH] = "", wrt[PATH] = "";
    snprintf(dot, sizeof dot, "%s.dot", stem);
    snprintf(feed, sizeof feed, "%s.in.safetensors", stem);
    for (size_t i = 0; i < dg_tensors_count(want); i++) {
        const char *name = dg_tensors_name(want, i);
        if (strncmp(name, "grad:", 5) == 0)
            append_name(wrt, sizeof wrt, name + 5);
        else
            append_name(fetch, sizeof fetch, name);
    }
    const char *loss = dg_tensors_find(want, "loss2") ? "loss2" : "loss";
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(127);
        const char *program = getenv("DOTGRAD");
        if (wrt[0])
            execl(program, program, "eval", dot, "--feed", feed, "--fetch", fetch, "--out", out, "--grad", loss,
                  "--wrt", wrt, NULL);
        else
            execl(program, program, "eval", dot, "--feed", feed, "--fetch", fetch, "--out", out, NULL);
        _exit(127);
    }
    int status;
    cr_assert(child > 0 && waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void check_case(const char *folder, const char *name, const char *out)
{
    char stem[PATH / 2], path[PATH], why[200];
    snprintf(stem, sizeof stem, "%s/%s", folder, name);
    snprintf(path, sizeof path, "%s.out.safetensors", stem);
    dg_tensors *want, *got;
    dg_status status = dg_safetensors_read(path, &want);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    int exit_status = run_eval(stem, want, out);
    cr_expect_eq(exit_status, 0, "%s: exit status %d", name, exit_status);
    if (exit_status == 0) {
        status = dg_safetensors_read(out, &got);
        cr_assert_eq(status.code, DG_OK, "%s", status.message);
        for (size_t i = 0; i < dg_tensors_count(want); i++) {
            const char *tensor = dg_tensors_name(want, i);
            const dg_tensor *has = dg_tensors_find(got, tensor);
            cr_expect(has, "%s: %s is missing", name, tensor);
            if (has) {
                compare(has, dg_tensors_at(want, i), why, sizeof why);
                cr_expect_str_eq(why, "", "%s: %s: %s", name, tensor, why);
            }
        }
        dg_tensors_free(got);
    }
    dg_tensors_free(want);
}

Test(reference, agrees_with_every_case)
{
    char folder[PATH / 3], out[] = "/tmp/dotgrad-reference-XXXXXX";
    char **names = calloc(MOST_CASES, sizeof *names);
    int file = mkstemp(out);
    cr_assert(names && file >= 0);
    close(file);
    snprintf(folder, sizeof folder, "%s/reference", getenv("TESTS"));
    int count = list_cases(folder, names);
    cr_assert_geq(count, 344);
    for (int i = 0; i < count; i++) {
        check_case(folder, names[i], out);
        free(names[i]);
    }
    free(names);
    unlink(out);
}
