/* Tables written to a file in a folder of the test's own, and read as data sets. */
#ifndef TESTS_OPTIM_TABLES_H
#define TESTS_OPTIM_TABLES_H

#include <criterion/criterion.h>
#include <dotgrad/data.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

static inline void make_folder(void)
{
    strcpy(folder, "/tmp/dotgrad-data-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
}

static inline void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    cr_assert_eq(chdir("/"), 0);
    cr_assert_eq(system(command), 0);
}

static inline void write_bytes(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(name, "wb");
    cr_assert_not_null(file, "%s", name);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static inline dg_data *open_well(const char *spec, const dg_data_options *options)
{
    dg_data *data;
    dg_status status = dg_data_open(spec, options, &data);
    cr_assert_eq(status.code, DG_OK, "%s: %s", spec, status.message);
    return data;
}

/* Opening fails with a message that holds `words`. */
static inline void expect_refusal(const char *spec, const dg_data_options *options, const char *words)
{
    dg_data *data;
    dg_status status = dg_data_open(spec, options, &data);
    cr_assert_neq(status.code, DG_OK, "%s was read without a complaint", spec);
    cr_assert_not_null(strstr(status.message, words), "'%s' does not say '%s'", status.message, words);
    cr_assert_null(data);
}

/* The text in a file, as it is: `options` are what stands in the brackets, or "". */
static inline dg_data *read_table(const char *text, const char *options)
{
    static const dg_data_options whole = {.whole = true};
    char spec[1024];
    write_bytes("t.csv", text, strlen(text));
    snprintf(spec, sizeof spec, *options ? "t.csv(%s)" : "t.csv", options);
    return open_well(spec, &whole);
}

static inline void refuse_table(const char *text, const char *options, const char *words)
{
    char spec[1024];
    write_bytes("t.csv", text, strlen(text));
    snprintf(spec, sizeof spec, *options ? "t.csv(%s)" : "t.csv", options);
    expect_refusal(spec, NULL, words);
}

static inline const dg_tensor *field(const dg_data *data, const char *name)
{
    const dg_tensor *tensor = dg_tensors_find(dg_data_set(data)->fields, name);
    cr_assert_not_null(tensor, "no field %s", name);
    return tensor;
}

static inline double at(const dg_data *data, const char *name, int64_t index)
{
    return dg_tensor_get(field(data, name), index);
}

static inline int64_t width_of(const dg_data *data)
{
    return field(data, "features")->shape.dims[1];
}

/* Whether one of the notices holds `words`. */
static inline bool is_noticed(const dg_data *data, const char *words)
{
    const char *notice;
    for (size_t k = 0; (notice = dg_data_notice(data, k)); k++)
        if (strstr(notice, words))
            return true;
    return false;
}

#endif
