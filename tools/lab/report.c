/* The table of facts as text, CSV and LaTeX. */
#include "lab.h"
#include "tools/run/print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *report_title(const dg_activation *a)
{
    return dg_activation_name(a);
}

static void pad(FILE *to, const char *text, int width)
{
    fprintf(to, "%s%*s", text, width > text_columns(text) ? width - text_columns(text) : 0, "");
}

/* ---- one function ---- */

static void write_one(const dg_activation *a, FILE *to)
{
    const char *section = "";
    int width = 0;
    for (size_t k = 0; k < dg_activation_count(a); k++) {
        int label = text_columns(dg_activation_at(a, k)->label);
        width = label > width && label < 56 ? label : width;
    }
    fprintf(to, "%s\n", report_title(a));
    for (size_t k = 0; k < dg_activation_count(a); k++) {
        const dg_fact *fact = dg_activation_at(a, k);
        if (strcmp(section, fact->section) != 0)
            fprintf(to, "\n%s\n", section = fact->section);
        fputs("  ", to);
        pad(to, fact->label, width);
        fprintf(to, "  %s  [%s]\n", fact->text, dg_evidence_name(fact->evidence));
    }
}

/* ---- several, side by side ---- */

/* Facts of the first function that are numbers or short; those that come several times once. */
bool report_compares(const dg_activation *a, size_t k)
{
    const dg_fact *fact = dg_activation_at(a, k);
    return dg_activation_fact(a, fact->name) == fact && strcmp(fact->name, "df") != 0 &&
           strcmp(fact->name, "d2f") != 0 && strcmp(fact->name, "rewrite") != 0;
}

void report_cut(const char *text, int width, char *cell, size_t size)
{
    size_t used = 0;
    int shown = 0;
    for (; *text && used + 5 < size; text++) {
        bool begins = ((unsigned char)*text & 0xC0) != 0x80;
        if (begins && shown == width - 1 && text_columns(text) > 1) {
            memcpy(cell + used, "…", 3);
            used += 3;
            break;
        }
        shown += begins;
        cell[used++] = *text;
    }
    cell[used] = '\0';
}

static void write_table(const lab_report *r, FILE *to)
{
    enum { LABEL = 44, CELL = 26 };
    char cell[160];
    pad(to, "", LABEL);
    for (int i = 0; i < r->n; i++) {
        report_cut(report_title(r->functions[i]), CELL - 2, cell, sizeof cell);
        pad(to, cell, CELL);
    }
    fputc('\n', to);
    for (size_t k = 0; k < dg_activation_count(r->functions[0]); k++) {
        const dg_fact *fact = dg_activation_at(r->functions[0], k);
        if (!report_compares(r->functions[0], k))
            continue;
        report_cut(fact->label, LABEL - 2, cell, sizeof cell);
        pad(to, cell, LABEL);
        for (int i = 0; i < r->n; i++) {
            const dg_fact *other = dg_activation_fact(r->functions[i], fact->name);
            report_cut(other ? other->text : "–", CELL - 2, cell, sizeof cell);
            pad(to, cell, CELL);
        }
        fputc('\n', to);
    }
}

/* ---- CSV and LaTeX ---- */

void report_quoted(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', to);
        fputc(*text, to);
    }
    fputc('"', to);
}

static void csv_number(FILE *to, double value)
{
    if (isnan(value))
        fputc(',', to);
    else
        fprintf(to, ",%.17g", value);
}

static void write_csv(const lab_report *r, FILE *to)
{
    fputs("function,section,name,label,text,lo,hi,evidence\n", to);
    for (int i = 0; i < r->n; i++)
        for (size_t k = 0; k < dg_activation_count(r->functions[i]); k++) {
            const dg_fact *fact = dg_activation_at(r->functions[i], k);
            const char *const cells[] = {report_title(r->functions[i]), fact->section, fact->name, fact->label,
                                         fact->text};
            for (size_t c = 0; c < 5; c++) {
                if (c)
                    fputc(',', to);
                report_quoted(to, cells[c]);
            }
            csv_number(to, fact->lo);
            csv_number(to, fact->hi);
            fprintf(to, ",%s\n", dg_evidence_name(fact->evidence));
        }
}

static void write_tex(FILE *to, const char *text)
{
    static const char *const signs[][2] = {
        {"′", "$'$"},         {"″", "$''$"},    {"²", "$^2$"},     {"≤", "$\\le$"},   {"≥", "$\\ge$"},
        {"∞", "$\\infty$"},   {"−", "$-$"},     {"→", "$\\to$"},   {"√", "$\\surd$"}, {"σ", "$\\sigma$"},
        {"χ", "$\\chi$"},     {"₁", "$_1$"},    {"·", "$\\cdot$"}, {"⁴", "$^4$"},     {"…", "\\dots{}"},
        {"∂", "$\\partial$"}, {"Φ", "$\\Phi$"}, {"⁰", "$^0$"},     {"¹", "$^1$"},     {"–", "--"}};
    for (; *text; text++) {
        size_t s = 0;
        while (s < sizeof signs / sizeof signs[0] && strncmp(text, signs[s][0], strlen(signs[s][0])) != 0)
            s++;
        if (s < sizeof signs / sizeof signs[0]) {
            fputs(signs[s][1], to);
            text += strlen(signs[s][0]) - 1;
        } else if (strchr("&%$#_{}", *text)) {
            fprintf(to, "\\%c", *text);
        } else if (*text == '^' || *text == '~' || *text == '\\') {
            fprintf(to, "\\text%s{}", *text == '^' ? "asciicircum" : *text == '~' ? "asciitilde" : "backslash");
        } else {
            fputc(*text, to);
        }
    }
}

static dg_status write_latex(const lab_report *r, FILE *to)
{
    for (int i = 0; i < r->n; i++) {
        const dg_activation *a = r->functions[i];
        fputs("\\begin{align*}\n", to);
        for (int order = 0; order < 3; order++) {
            static const char *const primes[] = {"", "'", "''"};
            const char *text = dg_activation_text_as(a, order, DG_LATEX);
            if (!text)
                return dg_no_memory("a report");
            fprintf(to, "  f%s(x) &= %s%s\n", primes[order], *text ? text : "\\cdots", order < 2 ? " \\\\" : "");
        }
        fputs("\\end{align*}\n\\begin{tabular}{lll}\n  \\hline\n", to);
        for (size_t k = 0; k < dg_activation_count(a); k++) {
            const dg_fact *fact = dg_activation_at(a, k);
            if (strcmp(fact->section, "formula") == 0)
                continue;
            fputs("  ", to);
            write_tex(to, fact->label);
            fputs(" & ", to);
            write_tex(to, fact->text);
            fprintf(to, " & %s \\\\\n", dg_evidence_name(fact->evidence));
        }
        fputs("  \\hline\n\\end{tabular}\n", to);
    }
    return dg_ok();
}

dg_status report_write(const lab_report *r, report_format format, FILE *to)
{
    switch (format) {
    case REPORT_JSON:
        return report_json(r, to);
    case REPORT_CSV:
        write_csv(r, to);
        return dg_ok();
    case REPORT_LATEX:
        return write_latex(r, to);
    case REPORT_HTML:
        report_html(r, to);
        return dg_ok();
    case REPORT_SVG:
        if (r->n == 1)
            plot_function(r->functions[0], to);
        else
            plot_functions(r->functions, r->n, 0, to);
        return dg_ok();
    default:
        if (r->n == 1)
            write_one(r->functions[0], to);
        else
            write_table(r, to);
        for (int i = 0; r->depths && i < r->n; i++) {
            fprintf(to, "\nlayers: %s\n", report_title(r->functions[i]));
            depth_print(r->depths[i], to);
        }
        return dg_ok();
    }
}
