/* The report as JSON: an object a function, with its facts and what was measured. */
#include "lab.h"

#include <cjson/cJSON.h>
#include <math.h>

static void add_number(cJSON *object, const char *name, double value)
{
    if (isfinite(value))
        cJSON_AddNumberToObject(object, name, value);
    else if (!isnan(value))
        cJSON_AddStringToObject(object, name, value > 0 ? "Infinity" : "-Infinity");
}

static cJSON *depth_object(const depth_table *t)
{
    cJSON *object = cJSON_CreateObject();
    add_number(object, "sigma_w", t->sigma_w);
    add_number(object, "sigma_b", t->sigma_b);
    cJSON *layers = cJSON_AddArrayToObject(object, "layers");
    for (int k = 0; k < t->layers; k++) {
        const depth_row *row = &t->rows[k];
        cJSON *one = cJSON_CreateObject();
        add_number(one, "layer", k + 1);
        add_number(one, "mean", row->mean);
        add_number(one, "mean_square", row->second);
        add_number(one, "correlation", row->correlation);
        add_number(one, "gradient_norm", row->gradient);
        add_number(one, "dead", row->dead);
        add_number(one, "saturated", row->saturated);
        cJSON_AddItemToArray(layers, one);
    }
    return object;
}

static cJSON *cost_object(const cost_row *row)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "function", row->name);
    add_number(object, "forward_ns", row->forward);
    add_number(object, "gradient_ns", row->gradient);
    add_number(object, "forward_to_relu", row->forward_to_relu);
    add_number(object, "gradient_to_relu", row->gradient_to_relu);
    add_number(object, "bytes_kept", row->bytes_kept);
    return object;
}

/* Those that took turns with the function stand with it: times of other runs are not comparable. */
static cJSON *costs_object(const cost_table *t, int function)
{
    cJSON *object = cost_object(&t->rows[function]), *beside = cJSON_AddArrayToObject(object, "beside");
    for (int k = 0; k < t->n; k++)
        if (k != function)
            cJSON_AddItemToArray(beside, cost_object(&t->rows[k]));
    return object;
}

static cJSON *function_object(const lab_report *r, int i)
{
    const dg_activation *a = r->functions[i];
    cJSON *object = cJSON_CreateObject(), *facts = cJSON_AddArrayToObject(object, "facts");
    cJSON_AddStringToObject(object, "function", report_title(a));
    cJSON_AddStringToObject(object, "formula", dg_activation_text(a, 0));
    for (size_t k = 0; k < dg_activation_count(a); k++) {
        const dg_fact *fact = dg_activation_at(a, k);
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "section", fact->section);
        cJSON_AddStringToObject(one, "name", fact->name);
        cJSON_AddStringToObject(one, "label", fact->label);
        cJSON_AddStringToObject(one, "text", fact->text);
        add_number(one, "lo", fact->lo);
        add_number(one, "hi", fact->hi);
        cJSON_AddStringToObject(one, "evidence", dg_evidence_name(fact->evidence));
        cJSON_AddItemToArray(facts, one);
    }
    if (r->depths)
        cJSON_AddItemToObject(object, "depth", depth_object(r->depths[i]));
    if (r->cost)
        cJSON_AddItemToObject(object, "cost", costs_object(r->cost, i));
    return object;
}

dg_status report_json(const lab_report *r, FILE *to)
{
    cJSON *all = cJSON_CreateArray();
    for (int i = 0; i < r->n; i++)
        cJSON_AddItemToArray(all, function_object(r, i));
    char *text = cJSON_Print(all);
    if (text)
        fprintf(to, "%s\n", text);
    bool failed = !text;
    cJSON_free(text);
    cJSON_Delete(all);
    return failed ? dg_no_memory("a report") : dg_ok();
}
