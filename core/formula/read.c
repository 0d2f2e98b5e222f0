/* From text to formulas: each text is parsed once with the same bindings and names. */
#include "core/base/null.h"
#include "expression.h"

#include "parse.h"

#include <stdlib.h>
#include <string.h>

/* Everything that the result depends on, in one piece. Returns the number of bytes; writes them when `key` is there. */
static size_t parse_key(char *key, const char *text, const dg_binding *bindings, int n_bindings,
                        const char *const *inputs, int n_inputs, bool is_open)
{
    size_t at = strlen(text) + 1;
    if (key)
        memcpy(key, text, at);
    for (int k = 0; k < n_bindings; k++) {
        size_t length = strlen(bindings[k].name) + 1;
        if (key) {
            memcpy(key + at, bindings[k].name, length);
            memcpy(key + at + length, &bindings[k].value, sizeof bindings[k].value);
        }
        at += length + sizeof bindings[k].value;
    }
    for (int k = 0; inputs && k < n_inputs; k++) {
        size_t length = strlen(inputs[k]) + 1;
        if (key)
            memcpy(key + at, inputs[k], length);
        at += length;
    }
    if (key)
        key[at] = !inputs ? 'f' : is_open ? 'o' : 'i';
    return at + 1;
}

dg_status unique_names(dg_formulas *pool, const char *const *names, int n, const char ***unique)
{
    *unique = malloc((size_t)(n ? n : 1) * sizeof **unique);
    if (!*unique)
        return dg_no_memory("a formula");
    for (int k = 0; k < n; k++)
        if (!((*unique)[k] = pool_name(pool, names[k], strlen(names[k])))) {
            free(*unique);
            return dg_no_memory("a formula");
        }
    return dg_ok();
}

static dg_status parse_anew(dg_formulas *pool, const char *text, const dg_binding *bindings, int n_bindings,
                            const char *const *inputs, int n_inputs, bool is_open, const dg_formula **formula)
{
    const char **unique = NULL;
    if (inputs)
        DG_TRY(unique_names(pool, inputs, n_inputs, &unique));
    parser p = {.pool = pool,
                .text = text,
                .bindings = bindings,
                .n_bindings = n_bindings,
                .inputs = unique,
                .n_inputs = n_inputs,
                .is_open = is_open};
    const expression *read = formula_parse(&p), *root = fill_holes(pool, read);
    if (root)
        *formula = unique && !is_open ? formula_of(pool, root, n_inputs, unique, p.needs)
                                      : formula_of(pool, root, p.n_names, p.names, p.needs);
    free(unique);
    free(p.names);
    if (!read)
        return p.status;
    return *formula ? dg_ok() : dg_no_memory("a formula");
}

static dg_status parse_once(dg_formulas *formulas, const char *text, const dg_binding *bindings, int n_bindings,
                            const char *const *inputs, int n_inputs, bool is_open, const dg_formula **formula)
{
    REFUSE_NULL(formulas);
    REFUSE_NULL(text);
    REFUSE_NULL(formula);
    char small[512], *key = small;
    *formula = NULL;
    DG_TRY(names_check(bindings, n_bindings, inputs, n_inputs));
    size_t size = parse_key(NULL, text, bindings, n_bindings, inputs, n_inputs, is_open);
    if (size > sizeof small && !(key = malloc(size)))
        return dg_no_memory("a formula");
    parse_key(key, text, bindings, n_bindings, inputs, n_inputs, is_open);
    uint64_t hash = hash_bytes(HASH_START ^ 2, key, size);
    dg_status status = dg_ok();
    *formula = memo_find(formulas, key, size, hash);
    if (!*formula) {
        status = parse_anew(formulas, text, bindings, n_bindings, inputs, n_inputs, is_open, formula);
        if (status.code == DG_OK && !memo_put(formulas, key, size, hash, *formula))
            status = dg_no_memory("a formula");
    }
    if (key != small)
        free(key);
    return status;
}

dg_status dg_formula_parse(dg_formulas *formulas, const char *text, const dg_binding *bindings, int n_bindings,
                           const char *const *inputs, int n_inputs, const dg_formula **formula)
{
    return parse_once(formulas, text, bindings, n_bindings, inputs, n_inputs, false, formula);
}

dg_status dg_formula_parse_given(dg_formulas *formulas, const char *text, const dg_binding *bindings, int n_bindings,
                                 const char *const *given, int n_given, const dg_formula **formula)
{
    bool any = n_given != 0;
    return parse_once(formulas, text, bindings, n_bindings, any ? given : NULL, n_given, any, formula);
}
