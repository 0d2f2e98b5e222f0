/* The report as one page that needs no other file. */
#include "lab.h"

#include <stdlib.h>
#include <string.h>

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2em auto;padding:0 "
    "1em;color:#1d1d1f;background:#fff}"
    "h1{font-size:1.5em}h2{font-size:1.2em;margin-top:2em;border-bottom:1px solid #ddd}h3{font-size:1em;margin:1.4em 0 "
    ".3em}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.25em .6em;"
    "border-bottom:1px solid #eee}td.label{width:34%;color:#444}td.how{width:6em;white-space:nowrap;font-size:.85em}"
    "code,pre{font:13px/1.4 ui-monospace,monospace}pre{background:#f6f6f7;padding:.8em;overflow-x:auto}"
    "td.value{overflow-wrap:anywhere}.proved{color:#18794e}.sampled{color:#9a6700}.computed{color:#0b62a4}"
    ".wide{overflow-x:auto}.wide table{font-size:.85em}tr.ships "
    "td{color:#666}.plots{display:flex;flex-wrap:wrap;gap:1em}";

static void facts(const dg_activation *a, FILE *to)
{
    const char *section = "";
    for (size_t k = 0; k < dg_activation_count(a); k++) {
        const dg_fact *fact = dg_activation_at(a, k);
        if (strcmp(section, fact->section) != 0) {
            fprintf(to, "%s<h3>%s</h3>\n<table>\n", *section ? "</table>\n" : "", fact->section);
            section = fact->section;
        }
        fputs("<tr><td class=\"label\">", to);
        write_escaped(to, fact->label);
        fprintf(to, "</td><td class=\"value\">%s", strcmp(section, "formula") == 0 ? "<code>" : "");
        write_escaped(to, fact->text);
        fprintf(to, "%s</td><td class=\"how %s\">%s</td></tr>\n", strcmp(section, "formula") == 0 ? "</code>" : "",
                dg_evidence_name(fact->evidence), dg_evidence_name(fact->evidence));
    }
    if (*section)
        fputs("</table>\n", to);
}

static void exports(const dg_activation *a, FILE *to)
{
    static const char *const kinds[][2] = {
        {"graph", "Graph file"}, {"op", "Op of dotgrad, in C"}, {"c", "C"}, {"torch", "PyTorch"}, {"jax", "JAX"},
        {"keras", "Keras"}};
    fputs("<h3>code</h3>\n", to);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        char *text = NULL;
        size_t size = 0;
        FILE *memory = open_memstream(&text, &size);
        if (!memory)
            return;
        dg_status status = export_write(a, kinds[k][0], 0, memory);
        fclose(memory);
        if (status.code == DG_OK && text) {
            fprintf(to, "<details><summary>%s</summary><pre>", kinds[k][1]);
            write_escaped(to, text);
            fputs("</pre></details>\n", to);
        }
        free(text);
    }
}

static void cell(const char *tag, const char *text, FILE *to)
{
    fprintf(to, "<%s>", tag);
    write_escaped(to, text);
    fprintf(to, "</%s>", tag);
}

/* A line a fact, a column a function. */
static void side_by_side(const lab_report *r, FILE *to)
{
    char title[200];
    fputs("<div class=\"wide\"><table>\n<tr><th></th>", to);
    for (int i = 0; i < r->n; i++) {
        report_cut(report_title(r->functions[i]), 40, title, sizeof title);
        cell("th", title, to);
    }
    fputs("</tr>\n", to);
    for (size_t k = 0; k < dg_activation_count(r->functions[0]); k++) {
        const dg_fact *fact = dg_activation_at(r->functions[0], k);
        if (!report_compares(r->functions[0], k) || strcmp(fact->section, "formula") == 0)
            continue;
        fputs("<tr>", to);
        cell("td", fact->label, to);
        for (int i = 0; i < r->n; i++) {
            const dg_fact *other = dg_activation_fact(r->functions[i], fact->name);
            fprintf(to, "<td class=\"%s\">", other ? dg_evidence_name(other->evidence) : "");
            write_escaped(to, other ? other->text : "–");
            fputs("</td>", to);
        }
        fputs("</tr>\n", to);
    }
    fputs("</table></div>\n", to);
}

/* Once for all functions, for they took turns. */
static void costs(const cost_table *t, FILE *to)
{
    fputs("<h2>Cost</h2>\n<p>The fused kernels in float32 on one thread, over numbers that stay in the caches: medians "
          "of "
          "turns that all of these took, ratios within a turn; and what the gradient needs kept from the forward "
          "pass.</p>\n<div class=\"wide\"><table class=\"cost\">\n<tr><th></th><th>forward, ns an element</th>"
          "<th>gradient, ns</th><th>forward, × ReLU</th><th>gradient, × ReLU</th><th>bytes kept</th></tr>\n",
          to);
    for (int i = 0; i < t->n; i++) {
        const cost_row *row = &t->rows[i];
        char name[200];
        report_cut(row->name, 40, name, sizeof name);
        fprintf(to, "<tr%s>", i < t->n_functions ? "" : " class=\"ships\"");
        cell("td", name, to);
        fprintf(to, "<td>%.3f</td><td>%.3f</td><td>%.2f</td><td>%.2f</td><td>%d</td></tr>\n", row->forward,
                row->gradient, row->forward_to_relu, row->gradient_to_relu, row->bytes_kept);
    }
    fputs("</table></div>\n", to);
}

void report_html(const lab_report *r, FILE *to)
{
    fprintf(
        to,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
        "content=\"width=device-width\">\n<title>Activation functions</title>\n<style>%s</style>\n</head>\n<body>\n",
        style);
    fputs("<h1>Activation functions</h1>\n<p>Made by dotgrad. <span class=\"proved\">proved</span>: by interval "
          "arithmetic "
          "for every float64 number within float32's range, or symbolically; <span class=\"computed\">computed</span>: "
          "by "
          "quadrature; <span class=\"sampled\">sampled</span>: seen at many points.</p>\n",
          to);
    if (r->n > 1) {
        fputs("<h2>Side by side</h2>\n<div class=\"plots\">\n", to);
        plot_functions(r->functions, r->n, 0, to);
        plot_functions(r->functions, r->n, 1, to);
        fputs("</div>\n", to);
        side_by_side(r, to);
    }
    if (r->cost)
        costs(r->cost, to);
    for (int i = 0; i < r->n; i++) {
        fputs("<h2>", to);
        write_escaped(to, report_title(r->functions[i]));
        fputs("</h2>\n<div class=\"plots\">\n", to);
        plot_function(r->functions[i], to);
        if (r->depths && r->depths[i])
            plot_depth(r->depths[i], to);
        fputs("</div>\n", to);
        facts(r->functions[i], to);
        exports(r->functions[i], to);
    }
    fputs("</body>\n</html>\n", to);
}
