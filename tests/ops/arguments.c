/* Every attribute of every op with values that are none of its kind, in the place of or beside those of its samples: a
 * word, a number with a tail, a fraction for a count, NaN, infinity, too many digits, nothing. Each is refused in a
 * sentence that names the attribute. What is a number of its kind, however odd (-1, 0, 1e18), is refused or computed,
 * and where the sample's own result is finite, it is no NaN. */
#include "../support.h"

#include <stdio.h>

enum { CALL = 400 };

/* The sample's call with NAME=VALUE: the argument of that name is taken out, by its keyword or its place. */
static void write_call(const dg_op *op, const char *call, int attr, const char *value, char text[CALL])
{
    const char *name = op->attrs[attr].name, *at = call + strcspn(call, "(");
    int length = snprintf(text, CALL, "%.*s(", (int)(at - call), call), place = 0;
    for (at += *at == '('; *at && *at != ')'; place++) {
        int depth = 0;
        const char *end = at, *key = at + strspn(at, " ");
        for (; *end && (depth || (*end != ',' && *end != ')')); end++)
            depth += (*end == '(' || *end == '[') - (*end == ')' || *end == ']');
        size_t n = strlen(name), word = strspn(key, "abcdefghijklmnopqrstuvwxyz_0123456789");
        bool has_key = key[word] == '=';
        if (has_key ? word != n || strncmp(key, name, n) != 0 : place != attr)
            length += has_key ? snprintf(text + length, (size_t)(CALL - length), "%.*s, ", (int)(end - key), key)
                              : snprintf(text + length, (size_t)(CALL - length), "%s=%.*s, ", op->attrs[place].name,
                                         (int)(end - key), key);
        at = end + (*end == ',');
    }
    snprintf(text + length, (size_t)(CALL - length), "%s=%s)", name, value);
}

/* Builds the call and runs it; *is_nan: whether a result has a NaN. */
static dg_status run_call(const dg_op *op, const dg_sample *sample, const char *call, bool *is_nan)
{
    dg_sample_case made;
    dg_plan *plan = NULL;
    dg_sample changed = *sample;
    changed.call = call;
    *is_nan = false;
    dg_status status = dg_sample_make(&made, op, &changed, DG_FLOAT64, 1);
    if (status.code == DG_OK)
        status = dg_plan_new(
            made.graph,
            &(dg_plan_options){
                .fetch = &made.node, .n_fetch = 1, .parameters = made.parameters, .memory_limit = (size_t)1 << 30},
            &plan);
    if (status.code == DG_OK)
        status = dg_plan_run(plan, made.feeds, made.n_feeds);
    const dg_tensor *y = status.code == DG_OK ? dg_plan_result(plan, 0) : NULL;
    for (int64_t i = 0; y && dg_dtype_is_float(y->dtype) && i < dg_tensor_count(y) && !*is_nan; i++)
        *is_nan = isnan(dg_tensor_get(y, i));
    dg_plan_free(plan);
    dg_sample_release(&made);
    return status;
}

/* ---- values that are none of the kind; NULL ends ---- */

static const char *const wrong_flag[] = {"yes", "1", "0", "1.5", "nan", "[]", "[true]", "no_such", "", NULL};
static const char *const wrong_whole[] = {"1.5",
                                          "nan",
                                          "inf",
                                          "-inf",
                                          "1e400",
                                          "0x10",
                                          "1 2",
                                          "5m",
                                          "1e",
                                          "",
                                          "no_such",
                                          "'no_such'",
                                          "[]",
                                          "[1, 2]",
                                          "true",
                                          "1e18",
                                          "9223372036854775808",
                                          NULL};
static const char *const wrong_sizes[] = {
    "1.5", "nan", "inf",   "1e400", "0x10",   "1 2",  "5m",    "1e",
    "",    "'1'", "[1.5]", "[nan]", "[true]", "true", "[[1]]", "9223372036854775808",
    NULL};
static const char *const wrong_real[] = {"1e400",     "0x10", "1 2", "5m",   "1e",  "",  "no_such",
                                         "'no_such'", "[]",   "[1]", "true", "nan", NULL};
static const char *const wrong_word[] = {"no_such", "'no_such'", "1", "-1", "nan", "[]", "", NULL},
                         *const wrong_init[] = {"no_such",
                                                "'no_such'",
                                                "nan",
                                                "inf",
                                                "[]",
                                                "[nan]",
                                                "true",
                                                "",
                                                "normal(std=-1)",
                                                "normal(5m)",
                                                "normal(no_such=1)",
                                                "uniform(1, 2, 3)",
                                                NULL};
static const char *const wrong_none[] = {NULL};

static const char *const *wrong_values(const dg_attr_spec *spec)
{
    switch (spec->kind) {
    case DG_ATTR_BOOL:
        return wrong_flag;
    case DG_ATTR_INT:
        return wrong_whole;
    case DG_ATTR_SIZES:
    case DG_ATTR_INTS:
    case DG_ATTR_SHAPE:
        return wrong_sizes;
    case DG_ATTR_FLOAT:
        return wrong_real;
    case DG_ATTR_NAME:
    case DG_ATTR_DTYPE:
        return wrong_word;
    case DG_ATTR_INIT:
        return wrong_init;
    default:
        return wrong_none;
    }
}

static void expect_refusals(const dg_op *op, const dg_sample *sample, int attr, int *count)
{
    const dg_attr_spec *spec = &op->attrs[attr];
    for (const char *const *value = wrong_values(spec); *value; value++) {
        char call[CALL];
        bool is_nan;
        if (spec->may_be_nan && strcmp(*value, "nan") == 0)
            continue;
        write_call(op, sample->call, attr, *value, call);
        dg_status status = run_call(op, sample, call, &is_nan);
        cr_expect_neq(status.code, DG_OK, "%s is accepted", call);
        cr_expect(status.code == DG_OK || strstr(status.message, spec->name), "%s: '%s' is not in: %s", call,
                  spec->name, status.message);
        ++*count;
    }
}

Test(arguments, what_is_none_of_an_attributes_kind_is_refused_by_name)
{
    int count = 0;
    const dg_op *op;
    for (size_t i = 0; (op = dg_op_at(i)); i++)
        for (const dg_sample *sample = op->samples; sample && sample->call; sample = NULL)
            for (int k = 0; k < dg_op_attr_count(op); k++)
                expect_refusals(op, sample, k, &count);
    cr_expect_gt(count, 3000, "%d cases", count);
}

static bool is_number(const dg_attr_spec *spec)
{
    return spec->kind == DG_ATTR_INT || spec->kind == DG_ATTR_FLOAT || spec->kind == DG_ATTR_SIZES ||
           spec->kind == DG_ATTR_INTS || spec->kind == DG_ATTR_SHAPE;
}

/* Whose formula has no value for some numbers, in PyTorch as here: roots of what is negative, differences of infinite
 * distances and scores. */
static bool may_give_nan(const dg_op *op)
{
    static const char *const names[] = {"pow", "local_response_norm", "triplet_margin_loss", "fused_attention",
                                        "fused_attention_backward"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(op->name, names[k]) == 0)
            return true;
    return false;
}

static void expect_no_nan(const dg_op *op, const dg_sample *sample, int attr, int *n_computed, int *n_refused)
{
    static const char *const odd[] = {"-1",  "0",    "1e18",  "-1e18", "1000000000000000000", "-1000000000000000000",
                                      "inf", "-inf", "1e-300"};
    bool is_nan, was_nan;
    run_call(op, sample, sample->call, &was_nan);
    for (size_t k = 0; !was_nan && k < sizeof odd / sizeof *odd; k++) {
        char call[CALL];
        write_call(op, sample->call, attr, odd[k], call);
        dg_status status = run_call(op, sample, call, &is_nan);
        cr_expect(!is_nan || may_give_nan(op), "%s gives NaN", call);
        ++*(status.code == DG_OK ? n_computed : n_refused);
    }
}

Test(arguments, odd_numbers_are_refused_or_computed)
{
    const dg_op *op;
    int n_computed = 0, n_refused = 0;
    for (size_t i = 0; (op = dg_op_at(i)); i++)
        for (const dg_sample *sample = op->samples; sample && sample->call; sample++)
            for (int k = 0; k < dg_op_attr_count(op); k++)
                if (is_number(&op->attrs[k]))
                    expect_no_nan(op, sample, k, &n_computed, &n_refused);
    cr_expect(n_computed > 1000 && n_refused > 1000, "%d computed, %d refused", n_computed, n_refused);
}
