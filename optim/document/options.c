/* Options of calls, lr of an optimiser, that stand as attributes of the graph or of a node: where they belong. */
#include "document.h"

#include "core/base/plain.h"

#include <dotgrad/rules.h>

#include <stdio.h>
#include <string.h>

/* The same letters in another writing: T_max, t_max. What other libraries call lr is lr. Options of one letter are not
 * looked for. */
static bool is_called(const char *name, const char *option)
{
    const char *a = name, *b = option;
    for (;; a++, b++) {
        a += strspn(a, "_-");
        b += strspn(b, "_-");
        if (!*a || plain_lower(*a) != plain_lower(*b))
            break;
    }
    return (!*a && !*b && strlen(option) > 1) || (strcmp(option, "lr") == 0 && is_called(name, "learning_rate"));
}

static const char *find_argument(const dg_argument *arguments, const char *name)
{
    for (int k = 0; arguments[k].name; k++)
        if (is_called(name, arguments[k].name))
            return arguments[k].name;
    return NULL;
}

static const char *of_optimizer(const dg_rule *rule, const char *name)
{
    return is_called(name, "lr") ? "lr" : find_argument(rule->arguments, name);
}

static const char *of_schedule(const dg_schedule_rule *rule, const char *name)
{
    if (!rule->composite && is_called(name, "warmup"))
        return "warmup";
    return find_argument(rule->arguments, name);
}

static const char *of_data(const char *name)
{
    for (size_t k = 0; dg_data_option_at(k); k++)
        if (is_called(name, dg_data_option_at(k)->name))
            return dg_data_option_at(k)->name;
    return NULL;
}

/* The name that the call of a graph's attribute begins with; "": it is not set. */
static void called_by(const dg_graph_file *file, const char *attribute, char *name, size_t size)
{
    const char *call = dg_graph_file_setting(file, attribute);
    snprintf(name, size, "%.*s", call ? (int)strcspn(call, "( ") : 0, call ? call : "");
}

typedef struct place {
    const char *attribute, *call, *option; /* optimizer="call(…, option=…)" */
} place;

/* Of the graph's own optimiser where that has the option, else of adam, else of the first that has it. */
static bool find_in_optimizers(const dg_graph_file *file, const char *name, place *found)
{
    char own[80];
    int best = 0;
    called_by(file, "optimizer", own, sizeof own);
    for (size_t k = 0; dg_rule_at(k); k++) {
        const char *option = of_optimizer(dg_rule_at(k), name), *call = dg_rule_at(k)->name;
        int worth = !option ? 0 : strcmp(call, own) == 0 ? 3 : strcmp(call, "adam") == 0 ? 2 : 1;
        if (worth > best) {
            best = worth;
            *found = (place){"optimizer", call, option};
        }
    }
    return best > 0;
}

static bool find_in_schedules(const dg_graph_file *file, const char *name, place *found)
{
    char own[80];
    int best = 0;
    called_by(file, "schedule", own, sizeof own);
    for (size_t k = 0; dg_schedule_rule_at(k); k++) {
        const char *option = of_schedule(dg_schedule_rule_at(k), name), *call = dg_schedule_rule_at(k)->name;
        int worth = !option ? 0 : strcmp(call, own) == 0 ? 2 : 1;
        if (worth > best) {
            best = worth;
            *found = (place){"schedule", call, option};
        }
    }
    return best > 0;
}

/* An argument of a loss of the file: label_smoothing. */
static dg_status check_losses(const dg_graph_file *file, const char *name, const char *value)
{
    for (int k = 0; k < file->n_nodes; k++) {
        const dg_op *op = document_op(&file->nodes[k]);
        if (!op || dg_op_target(op) < 0)
            continue;
        for (int i = 0; i < dg_op_attr_count(op); i++)
            if (is_called(name, op->attrs[i].name))
                return dg_error(DG_BAD_ARGUMENT,
                                "%s=%.60s: this is an argument of the op of node '%s': write op=\"%s(…, %s=%.60s)\"",
                                name, value, file->nodes[k].name, op->name, op->attrs[i].name, value);
    }
    return dg_ok();
}

/* What other libraries give a layer. */
static dg_status check_of_layer(const char *name, const char *value)
{
    static const struct {
        const char *name, *remedy;
    } known[] = {{"lr", "a layer's own rate is set on the graph: groups=\"[group('NODE.*', lr=…)]\""},
                 {"weight_decay", "a layer's own decay is set on the graph: groups=\"[group('NODE.*', decay=…)]\""},
                 {"trainable", "what is not trained is named on the graph: freeze=\"NODE.*\""},
                 {"requires_grad", "what is not trained is named on the graph: freeze=\"NODE.*\""},
                 {"activation", "an activation function is a node of its own behind the layer"}};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (is_called(name, known[k].name))
            return dg_error(DG_BAD_ARGUMENT, "%s=%.60s: %s", name, value, known[k].remedy);
    return dg_ok();
}

dg_status document_check_option(const dg_graph_file *file, unsigned where, const char *name, const char *value)
{
    place found;
    char data[80];
    if (where == DG_ON_NODE)
        return check_of_layer(name, value);
    if (where != DG_ON_GRAPH)
        return dg_ok();
    called_by(file, "data", data, sizeof data);
    bool is_found = find_in_optimizers(file, name, &found) || find_in_schedules(file, name, &found);
    if (!is_found && of_data(name)) {
        found = (place){"data", *data ? data : "points.csv", of_data(name)};
        is_found = true;
    }
    if (is_found)
        return dg_error(DG_BAD_ARGUMENT, "%s=%.60s: this is an option of %s: write %s=\"%s(%s=%.60s)\"", name, value,
                        found.attribute, found.attribute, found.call, found.option, value);
    return check_losses(file, name, value);
}
