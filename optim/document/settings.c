/* Settings: graph [set="act=relu, width=64"] and $act in attributes of ours. They rewrite the document before anything
 * else looks at it, so that drawing, checkpoint and resume follow. */
#include "settings.h"

#include "document.h"

#include "core/base/plain.h"

#include <dotgrad/near.h>

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct setting {
    const char *name, *value;
    bool is_own, is_read; /* declared by this file; some attribute has $name */
} setting;

typedef struct putting {
    dg_graph_file *file;
    size_t count, room;
    setting *settings;
} putting;

/* ---- lists of settings ---- */

static setting *find(const putting *p, const char *name, size_t length)
{
    for (size_t k = 0; k < p->count; k++)
        if (strncmp(p->settings[k].name, name, length) == 0 && !p->settings[k].name[length])
            return &p->settings[k];
    return NULL;
}

static size_t name_length(const char *text)
{
    size_t length = 0;
    while (isalnum((unsigned char)text[length]) || text[length] == '_')
        length++;
    return isdigit((unsigned char)text[0]) ? 0 : length;
}

/* Where a value ends: at a comma that is in no brackets and no quotes. */
static size_t value_length(const char *text)
{
    int depth = 0;
    size_t k = 0;
    for (; text[k] && (text[k] != ',' || depth > 0); k++) {
        depth += (text[k] == '(' || text[k] == '[') - (text[k] == ')' || text[k] == ']');
        if (text[k] == '\'')
            k += strcspn(text + k + 1, "'") + (strchr(text + k + 1, '\'') != NULL);
    }
    return k;
}

enum { MOST_SETTINGS = 1000 }; /* each is looked for from the first on */

static dg_status add(putting *p, const char *name, size_t length, const char *value, size_t size, bool is_own)
{
    setting *known = find(p, name, length);
    while (size && isspace((unsigned char)value[size - 1]))
        size--;
    const char *copy = dg_arena_text(p->file->arena, value, size);
    if (!known && p->count == MOST_SETTINGS)
        return dg_error(DG_BAD_ARGUMENT, "set: there are more than %d settings", (int)MOST_SETTINGS);
    if (p->count == p->room && !known) {
        size_t room = p->room ? 2 * p->room : 16;
        setting *larger = realloc(p->settings, room * sizeof *larger);
        if (!larger)
            return document_no_memory(p->file);
        p->settings = larger;
        p->room = room;
    }
    if (!known)
        known = &p->settings[p->count++], *known = (setting){.name = dg_arena_text(p->file->arena, name, length)};
    known->value = copy;
    known->is_own |= is_own;
    return copy && known->name ? dg_ok() : document_no_memory(p->file);
}

/* Whether the list `text` has that name before `end`. */
static bool is_before(const char *text, const char *end, const char *name, size_t length)
{
    for (const char *at = text + strspn(text, " ,\n\t"); at < end; at += strspn(at, " ,\n\t")) {
        if (name_length(at) == length && memcmp(at, name, length) == 0)
            return true;
        at += value_length(at);
    }
    return false;
}

/* NAME=VALUE, NAME=VALUE, … */
static dg_status read_list(putting *p, const char *text, bool is_own)
{
    for (const char *at = text + strspn(text, " ,\n\t"); *at; at += strspn(at, " ,\n\t")) {
        size_t length = name_length(at), gap = strspn(at + length, " ");
        if (!length || at[length + gap] != '=')
            return dg_error(DG_BAD_ARGUMENT, "set=\"%.60s\": expected NAME=VALUE, NAME=VALUE at '%.20s'", text, at);
        const char *value = at + length + gap + 1;
        value += strspn(value, " ");
        size_t size = value_length(value);
        if (!size)
            return dg_error(DG_BAD_ARGUMENT, "set: '%.*s' has no value", (int)length, at);
        if (is_before(text, at, at, length))
            return dg_error(DG_BAD_ARGUMENT, "set: '%.*s' is given twice", (int)length, at);
        DG_TRY(add(p, at, length, value, size, is_own));
        at = value + size;
    }
    return dg_ok();
}

/* ---- numbers ---- */

typedef struct sum {
    const char *at;
    bool is_fine, is_whole;
} sum;

static double read_sum(sum *s, int depth);

static double read_factor(sum *s, int depth)
{
    double value = 0;
    s->at += strspn(s->at, " ");
    if (depth > 64)
        s->is_fine = false;
    else if (*s->at == '-')
        s->at++, value = -read_factor(s, depth + 1);
    else if (*s->at == '(') {
        s->at++;
        value = read_sum(s, depth + 1);
        s->at += strspn(s->at, " ");
        s->is_fine &= *s->at == ')';
        s->at += *s->at == ')';
    } else if (isdigit((unsigned char)*s->at) || *s->at == '.') {
        char *end;
        value = plain_number(s->at, &end);
        for (; s->at < end; s->at++)
            s->is_whole &= isdigit((unsigned char)*s->at) != 0;
    } else {
        s->is_fine = false;
    }
    s->at += strspn(s->at, " ");
    if (s->is_fine && *s->at == '^') {
        s->at++;
        value = pow(value, read_factor(s, depth + 1));
    }
    return value;
}

static double read_product(sum *s, int depth)
{
    double value = read_factor(s, depth);
    while (s->is_fine && (*s->at == '*' || *s->at == '/')) {
        bool is_division = *s->at++ == '/';
        double other = read_factor(s, depth);
        if (is_division && !(s->is_whole && other != 0 && fmod(value, other) == 0))
            s->is_whole = false;
        value = is_division ? value / other : value * other;
    }
    return value;
}

static double read_sum(sum *s, int depth)
{
    double value = read_product(s, depth);
    while (s->is_fine && (*s->at == '+' || *s->at == '-')) {
        double sign = *s->at++ == '+' ? 1 : -1;
        value += sign * read_product(s, depth);
    }
    return value;
}

/* 2*64 and the like, as a number; false: it is another text. */
static bool compute(const char *text, dg_value *value)
{
    sum s = {.at = text, .is_fine = true, .is_whole = true};
    double number = read_sum(&s, 0);
    if (!s.is_fine || *s.at || !isfinite(number))
        return false;
    const char *key = value->key;
    bool is_whole = s.is_whole && number == rint(number) && fabs(number) < 0x1p53;
    *value = is_whole ? dg_int((int64_t)number) : (dg_value){.kind = DG_VALUE_FLOAT, .f = number};
    value->key = key;
    return true;
}

/* In the arguments of a call, but for the text of a formula. */
static void compute_arguments(dg_value *call, int depth)
{
    const dg_op *op = call->kind == DG_VALUE_CALL ? dg_op_find(call->s) : NULL;
    dg_value *items = (dg_value *)(uintptr_t)call->items;
    for (size_t k = 0; k < call->count && depth < 64; k++) {
        bool is_formula = op && (op->flags & DG_ANY_INPUTS) && !items[k].key;
        if (items[k].kind == DG_VALUE_TEXT && !is_formula)
            compute(items[k].s, &items[k]);
        else if (items[k].kind == DG_VALUE_LIST || items[k].kind == DG_VALUE_CALL)
            compute_arguments(&items[k], depth + 1);
    }
}

/* ---- one attribute ---- */

/* Brackets keep a value together in a formula: x^$k with k=1/2. */
static bool needs_brackets(const char *value)
{
    int depth = 0;
    if (value[0] == '-' || value[0] == '+')
        return true;
    for (const char *at = value; *at; at++) {
        depth += (*at == '(' || *at == '[') - (*at == ')' || *at == ']');
        bool is_exponent = at > value && (at[-1] == 'e' || at[-1] == 'E') && isdigit((unsigned char)value[0]);
        if (depth == 0 && strchr("+-*/^<>=", *at) && !is_exponent)
            return true;
    }
    return false;
}

static dg_status unknown(const putting *p, const char *name, size_t length)
{
    char text[80];
    snprintf(text, sizeof text, "%.*s", (int)length, name);
    for (size_t k = 0; k < p->count; k++)
        if (dg_name_is_near(text, p->settings[k].name))
            return dg_error(DG_BAD_ARGUMENT, "there is no setting '%s' (did you mean '%s'?)", text,
                            p->settings[k].name);
    return dg_error(DG_BAD_ARGUMENT, "there is no setting '%s': graph [set=\"%s=…\"] declares it", text, text);
}

/* How long the name of the setting is that stands there, from *name on: $name, ${name}, which may be in quotes. 0: none
 * does. */
static size_t setting_at(const char *at, bool is_quoted, const char **name, bool *is_braced)
{
    *is_braced = at[0] == '$' && at[1] == '{';
    *name = at + 1 + *is_braced;
    size_t length = *at == '$' ? name_length(*name) : 0;
    return (*is_braced && (*name)[length] != '}') || (is_quoted && !*is_braced) ? 0 : length;
}

bool document_has_setting(const char *value)
{
    bool is_quoted = false, is_braced;
    const char *name;
    for (const char *at = value; *at; at++) {
        is_quoted ^= *at == '\'';
        if (setting_at(at, is_quoted, &name, &is_braced))
            return true;
    }
    return false;
}

/* The value with all $name and, in quotes, ${name} replaced. */
static dg_status replace(putting *p, const char *value, char **made)
{
    size_t length_made;
    FILE *out = open_memstream(made, &length_made);
    dg_status status = out ? dg_ok() : document_no_memory(p->file);
    bool is_quoted = false;
    for (const char *at = value; status.code == DG_OK && *at;) {
        is_quoted ^= *at == '\'';
        bool is_braced;
        const char *name;
        size_t length = setting_at(at, is_quoted, &name, &is_braced);
        if (!length) {
            fputc(*at++, out);
            continue;
        }
        setting *found = find(p, name, length);
        if (!found)
            status = unknown(p, name, length);
        else if (!is_quoted && at > value && (isalnum((unsigned char)at[-1]) || at[-1] == '_'))
            status = dg_error(DG_BAD_ARGUMENT, "$%.*s is inside a name", (int)length, name);
        if (status.code != DG_OK)
            break;
        found->is_read = true;
        size_t size = strlen(found->value);
        bool is_text = is_quoted && size > 1 && found->value[0] == '\'' && found->value[size - 1] == '\'';
        bool brackets = !is_quoted && at > value && needs_brackets(found->value);
        if (is_text)
            fprintf(out, "%.*s", (int)size - 2, found->value + 1);
        else
            fprintf(out, brackets ? "(%s)" : "%s", found->value);
        at = name + length + is_braced;
    }
    if (out && fclose(out) != 0 && status.code == DG_OK)
        status = document_no_memory(p->file);
    if (status.code != DG_OK && out) {
        free(*made);
        *made = NULL;
    }
    return status;
}

dg_status document_set_computed(dg_graph_file *file, dg_file_attribute *attribute, const char *text)
{
    dg_value call;
    if (dg_call_parse(file->arena, text, &call).code == DG_OK) {
        compute_arguments(&call, 0);
        text = dg_value_print(file->arena, &call);
    }
    attribute->value = text ? dg_arena_text(file->arena, text, strlen(text)) : NULL;
    return attribute->value ? dg_ok() : document_no_memory(file);
}

static dg_status put_one(putting *p, dg_file_attribute *attribute)
{
    char *made = NULL;
    const char *written = attribute->written ? attribute->written : attribute->value;
    const dg_attribute *known = strchr(attribute->value, '$') ? dg_attribute_find(attribute->name) : NULL;
    if (!known || !known->ours || known->form == DG_FORM_TEXT || known->form == DG_FORM_SETTINGS)
        return dg_ok();
    dg_status status = replace(p, attribute->value, &made);
    if (status.code != DG_OK)
        return dg_prefixed(status, "%s=\"%.60s\"", attribute->name, attribute->value);
    if (known->form == DG_FORM_CALL) {
        status = document_set_computed(p->file, attribute, made);
    } else {
        dg_value number;
        const char *text = compute(made, &number) ? dg_value_print(p->file->arena, &number) : made;
        attribute->value = text ? dg_arena_text(p->file->arena, text, strlen(text)) : NULL;
        status = attribute->value ? dg_ok() : document_no_memory(p->file);
    }
    attribute->written = written;
    free(made);
    return status;
}

static dg_status put_all(putting *p, dg_file_attributes *attributes)
{
    for (size_t k = 0; k < attributes->count; k++)
        DG_TRY(put_one(p, &attributes->items[k]));
    return dg_ok();
}

static dg_status put_document(putting *p)
{
    dg_graph_file *file = p->file;
    dg_status status = put_all(p, &file->attributes);
    for (int k = 0; k < file->n_clusters && status.code == DG_OK; k++)
        status = put_all(p, &file->clusters[k].attributes);
    if (status.code != DG_OK)
        return dg_graph_file_error(file, 0, status);
    for (int k = 0; k < file->n_nodes; k++) {
        status = put_all(p, &file->nodes[k].attributes);
        if (status.code != DG_OK)
            return dg_graph_file_error(file, file->nodes[k].line,
                                       dg_prefixed(status, "node '%s'", file->nodes[k].name));
    }
    for (int k = 0; k < file->n_edges; k++) {
        dg_file_edge *edge = &file->edges[k];
        DG_TRY(put_all(p, &edge->attributes));
        edge->arg = dg_file_attribute_find(&edge->attributes, "arg");
        edge->out = dg_file_attribute_find(&edge->attributes, "out");
    }
    return dg_ok();
}

/* ---- the whole ---- */

static dg_status set_attribute(dg_graph_file *file, const char *old, const char *name, const char *value)
{
    size_t count = 0, place;
    dg_file_attribute *items = dg_arena_alloc(file->arena, (file->attributes.count + 2) * sizeof *items);
    if (!items || !value)
        return document_no_memory(file);
    for (size_t k = 0; k < file->attributes.count; k++)
        if (strcmp(file->attributes.items[k].name, name) != 0 && strcmp(file->attributes.items[k].name, old) != 0)
            items[count++] = file->attributes.items[k];
    for (place = count; place > 0 && strcmp(items[place - 1].name, name) > 0; place--)
        items[place] = items[place - 1];
    items[place] = (dg_file_attribute){.name = name, .value = value};
    file->attributes = (dg_file_attributes){count + 1, items};
    return dg_ok();
}

dg_status document_set(dg_graph_file *file, const char *name, const char *value)
{
    return set_attribute(file, name, name, dg_arena_text(file->arena, value, strlen(value)));
}

void document_note_written(dg_graph_file *file, const char *name, const char *written)
{
    for (size_t k = 0; k < file->attributes.count; k++)
        if (strcmp(file->attributes.items[k].name, name) == 0)
            file->attributes.items[k].written = written;
}

/* An attribute of the experiment. */
static bool can_be_set(const dg_attribute *attribute)
{
    return attribute->ours && (attribute->where & DG_ON_GRAPH) && attribute->option &&
           attribute->form != DG_FORM_SETTINGS;
}

/* The value is no longer what that line says. */
static void forget_line(dg_graph_file *file, const char *name)
{
    for (int k = 0; k < file->n_lines; k++)
        if (strcmp(file->lines[k].name, name) == 0)
            file->lines[k].line = 0;
}

/* What the caller sets: a setting, or an attribute of the experiment. */
static dg_status take_given(putting *p, const dg_file_setting *given, bool is_top)
{
    const dg_attribute *known = dg_attribute_find(given->name);
    size_t length = strlen(given->name);
    setting *own = find(p, given->name, length);
    if (own && own->is_own)
        return add(p, given->name, length, given->value, strlen(given->value), true);
    if (is_top && known && can_be_set(known)) {
        forget_line(p->file, known->name);
        return set_attribute(p->file, known->name, known->name,
                             dg_arena_text(p->file->arena, given->value, strlen(given->value)));
    }
    if (dg_file_attribute_find(&p->file->attributes, "was_set"))
        return dg_error(DG_BAD_ARGUMENT, "%s=%s: the settings of this graph are put in already", given->name,
                        given->value);
    const char *near = is_top ? dg_attribute_near(given->name, DG_ON_GRAPH) : NULL;
    if (near && can_be_set(dg_attribute_find(near)))
        return dg_error(DG_BAD_ARGUMENT, "there is no setting '%s' (did you mean '%s'?)", given->name, near);
    return unknown(p, given->name, length);
}

static dg_status check_read(const putting *p)
{
    for (size_t k = 0; k < p->count; k++)
        if (p->settings[k].is_own && !p->settings[k].is_read)
            return dg_error(DG_BAD_ARGUMENT,
                            "setting '%s' is read nowhere: no attribute has $%s (values with $ are quoted, "
                            "op=\"$%s\"; between double quotes a shell takes $%s away)",
                            p->settings[k].name, p->settings[k].name, p->settings[k].name, p->settings[k].name);
    return dg_ok();
}

static const char *print_list(putting *p)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (size_t k = 0; out && k < p->count; k++)
        fprintf(out, "%s%s=%s", k ? ", " : "", p->settings[k].name, p->settings[k].value);
    const char *kept = out && fclose(out) == 0 ? dg_arena_text(p->file->arena, text, strlen(text)) : NULL;
    free(text);
    return kept;
}

static dg_status put(putting *p, const settings_given *given)
{
    dg_graph_file *file = p->file;
    const char *declared = dg_graph_file_setting(file, "set"), *was = dg_graph_file_setting(file, "was_set");
    if (given->outer)
        DG_TRY(read_list(p, given->outer, false));
    if (was)
        DG_TRY(read_list(p, was, false));
    if (declared)
        DG_TRY(read_list(p, declared, true));
    for (int k = 0; k < given->count; k++)
        DG_TRY(take_given(p, &given->settings[k], given->is_top));
    return dg_ok();
}

dg_status settings_put(dg_graph_file *file, const settings_given *given, const char **all)
{
    putting p = {.file = file};
    dg_status status = put(&p, given);
    if (status.code != DG_OK)
        status = dg_graph_file_error(file, 0, status);
    else
        status = put_document(&p);
    if (status.code == DG_OK && (status = check_read(&p)).code != DG_OK)
        status = dg_graph_file_error(file, 0, status);
    *all = status.code == DG_OK ? print_list(&p) : NULL;
    if (status.code == DG_OK && !*all)
        status = document_no_memory(file);
    const char *declared = dg_graph_file_setting(file, "set");
    if (status.code == DG_OK && declared)
        status = set_attribute(file, "set", "was_set", *all);
    if (status.code == DG_OK && declared)
        document_note_written(file, "was_set", declared);
    free(p.settings);
    return status;
}
