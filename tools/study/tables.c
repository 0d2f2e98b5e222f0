/* The rows and curves of all runs, each in one file. */
#include "study.h"

#include "tools/run/folder.h"
#include "tools/run/row.h"

#include <dotgrad/tensor.h>

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In quotes where a comma, a quote or a line's end is in it. */
static void print_text(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\n\r")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
    }
    fputc('"', out);
}

static void print_number(FILE *out, double number)
{
    char text[DG_NUMBER_TEXT];
    if (!isnan(number))
        fputs(dg_number_print(number, DG_FLOAT64, text), out);
}

/* ---- columns: what any row or curve has ---- */

typedef struct columns {
    study *s;
    study_texts names;
} columns;

static dg_status add_column(columns *c, const char *name, size_t length)
{
    for (int k = 0; k < c->names.count; k++)
        if (strlen(c->names.items[k]) == length && strncmp(c->names.items[k], name, length) == 0)
            return dg_ok();
    const char **items = dg_arena_alloc(c->s->arena, ((size_t)c->names.count + 1) * sizeof *items);
    if (!items || !(items[c->names.count] = dg_arena_text(c->s->arena, name, length)))
        return dg_no_memory("the study");
    if (c->names.count)
        memcpy(items, c->names.items, (size_t)c->names.count * sizeof *items);
    c->names = (study_texts){items, c->names.count + 1};
    return dg_ok();
}

static dg_status add_metrics(columns *c, const cJSON *row)
{
    static const char *const parts[] = {"train", "validation", "test"};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        const cJSON *item;
        cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(row, parts[k]))
        {
            const char *name = study_format(c->s, "%s_%s", parts[k], item->string);
            DG_TRY(name ? add_column(c, name, strlen(name)) : dg_no_memory("the study"));
        }
    }
    return dg_ok();
}

static void print_head(FILE *out, const study *s, const char *more)
{
    fputs("key,graph", out);
    for (int k = 0; k < s->n_axes; k++) {
        fputc(',', out);
        print_text(out, s->axes[k].name);
    }
    fprintf(out, ",seed,split_seed,fold%s", more);
}

static void print_run(FILE *out, const study *s, const study_run *run)
{
    fprintf(out, "%s,", run->key);
    print_text(out, s->graphs[run->variant->graph]);
    for (int k = 0; k < s->n_axes; k++) {
        fputc(',', out);
        print_text(out, run->variant->choices[k]);
    }
    fprintf(out, ",%lld,%llu,", (long long)run->seed, (unsigned long long)run->variant->split_seed);
    if (run->fold)
        fprintf(out, "%lld", (long long)run->fold);
}

/* ---- runs.csv ---- */

static const char *row_text(const cJSON *row, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, name);
    return cJSON_IsString(item) ? item->valuestring : "";
}

static void print_row(FILE *out, const study *s, const columns *c, int64_t index)
{
    static const char *const numbers[] = {"epochs", "seconds", "training_seconds", "memory_bytes", "parameters"};
    const study_run run = study_run_at(s, index);
    const cJSON *row = s->rows[index];
    print_run(out, s, &run);
    fprintf(out, ",%d,false,%s", run.variant->rung + 1, row_text(row, "status"));
    for (int k = 0; k < c->names.count; k++) {
        fputc(',', out);
        print_number(out, study_row_number(row, c->names.items[k]));
    }
    fputc(',', out);
    print_number(out, study_epochs_to_target(s, &run));
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
        fputc(',', out);
        print_number(out, study_row_number(row, numbers[k]));
    }
    fprintf(out, ",%s,", cJSON_HasObjectItem(row, "resumed") ? "true" : "false");
    print_text(out, row_text(row, "message"));
    fputc('\n', out);
}

static bool is_planned(const study *s, const char *key)
{
    for (int64_t k = 0; k < s->n_pairs * s->n_variants; k++)
        if (strcmp(study_run_at(s, k).key, key) == 0)
            return true;
    return false;
}

/* Rows that are of none of the study's runs: they stay, marked, and nothing is computed from them. */
static void print_stale(FILE *out, const study *s, const columns *c)
{
    char *runs = path_join(s->folder, "runs"), *path, *text;
    size_t size;
    DIR *names = runs ? opendir(runs) : NULL;
    for (struct dirent *entry; names && (entry = readdir(names));) {
        if (entry->d_name[0] == '.' || is_planned(s, entry->d_name) ||
            asprintf(&path, "%s/%s/" ROW_NAME, runs, entry->d_name) < 0)
            continue;
        cJSON *row = dg_read_file(path, &text, &size).code == DG_OK ? cJSON_Parse(text) : NULL;
        if (row) {
            free(text);
            fprintf(out, "%s,", entry->d_name);
            for (int k = 0; k < s->n_axes; k++)
                fputc(',', out);
            fprintf(out, ",%.0f,%.0f,,,true,%s", study_row_number(row, "seed"), study_row_number(row, "split_seed"),
                    row_text(row, "status"));
            for (int k = 0; k < c->names.count; k++) {
                fputc(',', out);
                print_number(out, study_row_number(row, c->names.items[k]));
            }
            fputs(",,,,,,,,\n", out);
        }
        cJSON_Delete(row);
        free(path);
    }
    if (names)
        closedir(names);
    free(runs);
}

static dg_status write_runs(study *s, FILE *out)
{
    columns c = {.s = s};
    int64_t count = s->n_pairs * s->n_variants, stale;
    for (int64_t k = 0; k < count; k++)
        if (s->rows[k])
            DG_TRY(add_metrics(&c, s->rows[k]));
    print_head(out, s, ",rung,stale,status");
    for (int k = 0; k < c.names.count; k++)
        fprintf(out, ",%s", c.names.items[k]);
    fputs(",epochs_to_target,epochs_done,seconds,training_seconds,memory_bytes,parameters,resumed,message\n", out);
    for (int64_t k = 0; k < count; k++)
        if (s->rows[k])
            print_row(out, s, &c, k);
    DG_TRY(study_count_stale(s, &stale));
    if (stale)
        print_stale(out, s, &c);
    return dg_ok();
}

/* ---- curves.csv ---- */

static char *read_curve(const study *s, const study_run *run)
{
    char *path, *text = NULL;
    size_t size;
    if (asprintf(&path, "%s/runs/%s/metrics.csv", s->folder, run->key) < 0)
        return NULL;
    if (dg_read_file(path, &text, &size).code != DG_OK)
        text = NULL;
    free(path);
    return text;
}

/* The cell of each of the columns in one line; `head` is the file's first line. */
static void print_curve_line(FILE *out, const columns *c, const char *head, const char *line)
{
    for (int k = 0; k < c->names.count; k++) {
        const char *name = head, *cell = line;
        while (name && cell) {
            size_t length = strcspn(name, ","), width = strcspn(cell, ",");
            if (strlen(c->names.items[k]) == length && strncmp(name, c->names.items[k], length) == 0) {
                fprintf(out, ",%.*s", (int)width, cell);
                break;
            }
            name = name[length] ? name + length + 1 : NULL;
            cell = cell[width] ? cell + width + 1 : NULL;
        }
        if (!name || !cell)
            fputc(',', out);
    }
    fputc('\n', out);
}

static dg_status write_curves(study *s, FILE *out)
{
    columns c = {.s = s};
    int64_t count = s->n_pairs * s->n_variants;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t k = 0; k < count; k++) {
            const study_run run = study_run_at(s, k);
            char *text = s->rows[k] ? read_curve(s, &run) : NULL, *rest = text, *head = strsep(&rest, "\n"), *line;
            for (const char *at = pass == 0 ? head : NULL; at && *at;) {
                size_t length = strcspn(at, ",");
                DG_TRY(add_column(&c, at, length));
                at += length + (at[length] == ',');
            }
            while (pass == 1 && rest && *rest && (line = strsep(&rest, "\n"))) {
                print_run(out, s, &run);
                print_curve_line(out, &c, head, line);
            }
            free(text);
        }
        if (pass == 0) {
            print_head(out, s, "");
            for (int k = 0; k < c.names.count; k++)
                fprintf(out, ",%s", c.names.items[k]);
            fputc('\n', out);
        }
    }
    return dg_ok();
}

static dg_status write_table(study *s, const char *name, dg_status (*write)(study *, FILE *))
{
    char *text = NULL, *path = path_join(s->folder, name);
    size_t size;
    FILE *out = open_memstream(&text, &size);
    dg_status status = out && path ? write(s, out) : dg_no_memory("the study");
    if (out && fclose(out) != 0 && status.code == DG_OK)
        status = dg_no_memory("the study");
    if (status.code == DG_OK)
        status = dg_write_file(path, text, size);
    free(text);
    free(path);
    return status;
}

dg_status study_write_tables(study *s)
{
    DG_TRY(write_table(s, "runs.csv", write_runs));
    return write_table(s, "curves.csv", write_curves);
}
