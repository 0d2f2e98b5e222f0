#include "../comma.h"

#include <criterion/criterion.h>
#include <dotgrad/graph.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static dg_arena *arena;

static void setup(void)
{
    cr_assert_eq(dg_arena_new(&arena).code, DG_OK);
}

static void teardown(void)
{
    dg_arena_free(arena);
}

TestSuite(value, .init = setup, .fini = teardown);

static dg_value parse(const char *text)
{
    dg_value value;
    dg_status status = dg_value_parse(arena, text, &value);
    cr_assert_eq(status.code, DG_OK, "%s: %s", text, status.message);
    return value;
}

Test(value, scalars_have_their_kinds)
{
    cr_assert_eq(parse("none").kind, DG_VALUE_NONE);
    cr_assert(parse("true").b);
    cr_assert_eq(parse("false").kind, DG_VALUE_BOOL);
    cr_assert_eq(parse(" -42 ").i, -42);
    cr_assert_eq(parse("+7").kind, DG_VALUE_INT);
    cr_assert_eq(parse("9223372036854775807").i, INT64_MAX);
    cr_assert_eq(parse("2.").kind, DG_VALUE_FLOAT);
    cr_assert_eq(parse(".5").f, .5);
    cr_assert_eq(parse("1e3").f, 1000);
    cr_assert_eq(parse("-1.5E-3").f, -.0015);
    cr_assert(isinf(parse("inf").f));
    cr_assert_lt(parse("-inf").f, 0);
    cr_assert(isnan(parse("nan").f));
    cr_assert_eq(parse("gaussian").kind, DG_VALUE_NAME);
    cr_assert_str_eq(parse("fashion-mnist").s, "fashion-mnist");
    cr_assert_str_eq(parse("fc1.weight").s, "fc1.weight");
    cr_assert_eq(parse("'it\\'s \\\\ here'").kind, DG_VALUE_STRING);
    cr_assert_str_eq(parse("'it\\'s \\\\ here'").s, "it's \\ here");
    cr_assert_str_eq(parse("''").s, "");
}

Test(value, calls_have_positional_and_keyword_arguments)
{
    dg_value call = parse("conv2d(32, kernel_size = [3, 5], padding=same, init=normal(0, std=.02))");
    cr_assert_eq(call.kind, DG_VALUE_CALL);
    cr_assert_str_eq(call.s, "conv2d");
    cr_assert_eq(call.count, 4);
    cr_assert_null(call.items[0].key);
    cr_assert_eq(call.items[0].i, 32);
    cr_assert_str_eq(call.items[1].key, "kernel_size");
    cr_assert_str_eq(call.items[1].source, "[3, 5]");
    cr_assert_eq(call.items[1].items[1].i, 5);
    cr_assert_eq(dg_call_argument(&call, 0, "out_channels")->i, 32);
    cr_assert_str_eq(dg_call_argument(&call, 9, "padding")->s, "same");
    cr_assert_null(dg_call_argument(&call, 1, "stride"));
    const dg_value *init = dg_call_argument(&call, 9, "init");
    cr_assert_eq(dg_call_argument(init, 1, "std")->f, .02);
    cr_assert_eq(parse("f()").count, 0);
}

Test(value, what_is_no_value_is_a_formula)
{
    const char *formulas[] = {"x * tanh(softplus(x))", "(a + b)", "-x^2",     "x == 1", "[1, 2] + [3]",
                              "f(x) + g(y)",           "3x",      "{a: [1]}", "a=1",    "'a' 'b'"};
    for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++) {
        dg_value value = parse(formulas[i]);
        cr_assert_eq(value.kind, DG_VALUE_TEXT, "%s", formulas[i]);
        cr_assert_str_eq(value.s, formulas[i]);
    }
    dg_value call = parse("expr( x * where(x > 0, 1, beta) , beta=parameter(1.0))");
    cr_assert_eq(call.items[0].kind, DG_VALUE_TEXT);
    cr_assert_str_eq(call.items[0].source, "x * where(x > 0, 1, beta)");
    cr_assert_eq(call.items[1].kind, DG_VALUE_CALL);
    cr_assert_str_eq(parse("where(x == 1, x, 2)").items[0].s, "x == 1");
}

Test(value, sources_are_the_exact_text)
{
    dg_value call = parse("  f( 1.50 ,[ 1,2 ] ,k = 'a, b' ) ");
    cr_assert_str_eq(call.source, "f( 1.50 ,[ 1,2 ] ,k = 'a, b' )");
    cr_assert_str_eq(call.items[0].source, "1.50");
    cr_assert_str_eq(call.items[1].source, "[ 1,2 ]");
    cr_assert_str_eq(call.items[2].source, "'a, b'");
}

Test(value, mistakes_are_named)
{
    const struct {
        const char *text, *message;
    } cases[] = {
        {"", "expected a value, found nothing"},
        {"   ", "expected a value, found nothing"},
        {"f(1,)", "'f(1,)': expected a value, found nothing"},
        {"f(,)", "'f(,)': expected a value, found nothing"},
        {"[1,,2]", "'[1,,2]': expected a value, found nothing"},
        {"f(a=)", "'f(a=)': a: expected a value, found nothing"},
        {"f(1", "')' is missing after '(1'"},
        {"[1, (2]", "']' closes nothing in '[1, (2]'"},
        {"f)", "')' closes nothing in 'f)'"},
        {"'abc", "expected a closing quote, found ''abc'"},
        {"f('a\\')", "expected a closing quote, found ''a\\')'"},
        {"99999999999999999999",
         "'99999999999999999999': expected a number that fits 64 bits, found '99999999999999999999'"},
        {"1e999", "'1e999': expected a number that fits 64 bits, found '1e999'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dg_value value;
        dg_status status = dg_value_parse(arena, cases[i].text, &value);
        cr_assert_eq(status.code, DG_BAD_ARGUMENT, "%s", cases[i].text);
        cr_assert_str_eq(status.message, cases[i].message);
        cr_assert_eq(value.kind, DG_VALUE_NONE);
    }
}

Test(value, call_parse_takes_bare_names_and_nothing_else)
{
    dg_value call;
    cr_assert_eq(dg_call_parse(arena, " relu ", &call).code, DG_OK);
    cr_assert_eq(call.kind, DG_VALUE_CALL);
    cr_assert_eq(call.count, 0);
    cr_assert_str_eq(call.s, "relu");
    cr_assert_eq(dg_call_parse(arena, "relu(x) + 1", &call).code, DG_BAD_ARGUMENT);
    cr_assert_eq(dg_call_parse(arena, "3", &call).code, DG_BAD_ARGUMENT);
    cr_assert_eq(dg_call_parse(arena, "true", &call).code, DG_BAD_ARGUMENT);
    cr_assert_str_eq(dg_call_parse(arena, "[1]", &call).message, "expected NAME or NAME(…), found '[1]'");
}

Test(value, depth_is_bounded)
{
    enum { DEPTH = 64, HOSTILE = 100000 };
    char *text = malloc(2 * HOSTILE + 1);
    dg_value value;
    memset(text, '[', DEPTH);
    memset(text + DEPTH, ']', DEPTH);
    text[2 * DEPTH] = '\0';
    cr_assert_eq(dg_value_parse(arena, text, &value).code, DG_OK);
    memset(text, '[', HOSTILE);
    memset(text + HOSTILE, ']', HOSTILE);
    text[2 * HOSTILE] = '\0';
    cr_assert_str_eq(dg_value_parse(arena, text, &value).message, "brackets nest deeper than 64");
    free(text);
}

/* Every text over a hostile alphabet up to a length, and long random ones: no crash, and what can be read prints to
 * text that reads back as the same value. */
static void check_any(const char *text)
{
    dg_value value, again;
    if (dg_value_parse(arena, text, &value).code != DG_OK)
        return;
    const char *printed = dg_value_print(arena, &value);
    cr_assert_not_null(printed);
    dg_status status = dg_value_parse(arena, printed, &again);
    cr_assert_eq(status.code, DG_OK, "'%s' printed '%s': %s", text, printed, status.message);
    cr_assert_str_eq(dg_value_print(arena, &again), printed, "'%s'", text);
}

Test(value, hostile_text_is_read_or_refused)
{
    const char alphabet[] = "a1.-'\\[](,= ";
    enum { LETTERS = sizeof alphabet - 1, LONGEST = 5 };
    char text[600];
    for (int length = 0, count = 1; length <= LONGEST; length++, count *= LETTERS)
        for (int number = 0; number < count; number++) {
            for (int i = 0, rest = number; i < length; i++, rest /= LETTERS)
                text[i] = alphabet[rest % LETTERS];
            text[length] = '\0';
            check_any(text);
            if (number % 10000 == 0) { /* keeps the arena small */
                teardown();
                setup();
            }
        }
    uint32_t state = 1;
    for (int round = 0; round < 20000; round++) {
        size_t length = 6 + (size_t)round % 500;
        for (size_t i = 0; i < length; i++) {
            state = state * 1664525 + 1013904223;
            text[i] = alphabet[(state >> 16) % LETTERS];
        }
        text[length] = '\0';
        check_any(text);
    }
}

Test(value, prints_canonically)
{
    const char *const cases[][2] = {
        {"conv2d( 32,kernel_size =3 )", "conv2d(32, kernel_size=3)"},
        {"[1,2 , [ ] ]", "[1, 2, []]"},
        {"f('plain', 'two words', 'true', '3', '')", "f(plain, 'two words', 'true', '3', '')"},
        {"f(1.50, 1e5, 1e-7, 2., -0.0, none, inf)", "f(1.5, 100000.0, 1e-07, 2.0, -0.0, none, inf)"},
        {"adam(lr=0.001, betas=[0.9, 0.999])", "adam(lr=0.001, betas=[0.9, 0.999])"},
        {"relu()", "relu"},
        {"expr( x*x )", "expr(x*x)"},
        {"'quote \\' back \\\\ line \\n'", "'quote \\' back \\\\ line \\n'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dg_value value = parse(cases[i][0]);
        cr_assert_str_eq(dg_value_print(arena, &value), cases[i][1]);
    }
}

Test(value, prints_shapes_and_tensors_as_lists)
{
    dg_shape shape = DG_SHAPE(DG_N, 3, -1);
    dg_value value = dg_shape_value(&shape);
    cr_assert_str_eq(dg_value_print(arena, &value), "[N, 3, -1]");
    double numbers[] = {1, .5, -2, 1e-9};
    dg_tensor tensor = dg_tensor_view(DG_FLOAT64, DG_SHAPE(2, 2), numbers);
    value = dg_tensor_value(&tensor);
    cr_assert_str_eq(dg_value_print(arena, &value), "[[1.0, 0.5], [-2.0, 1e-09]]");
    int64_t whole[] = {INT64_MAX};
    tensor = dg_tensor_view(DG_INT64, dg_scalar(), whole);
    cr_assert_str_eq(dg_value_print(arena, &value), "9223372036854775807");
    tensor = dg_tensor_view(DG_FLOAT64, DG_SHAPE(2, 0), numbers);
    cr_assert_str_eq(dg_value_print(arena, &value), "[[], []]");
}

Test(value, equality_and_hash_agree)
{
    const char *const texts[] = {"1",    "1.0",       "true",   "a",    "'b c'",   "[1, 2]",  "[2, 1]", "[1]",
                                 "f(1)", "f(a=1)",    "f(b=1)", "g(1)", "f(1, 2)", "none",    "nan",    "0.0",
                                 "-0.0", "f([1, 2])", "x + 1",  "[]",   "f",       "[[1, 2]]"};
    enum { COUNT = sizeof texts / sizeof *texts };
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++) {
            dg_value a = parse(texts[i]), b = parse(texts[j]);
            cr_assert_eq(dg_value_equal(&a, &b), i == j, "%s and %s", texts[i], texts[j]);
            cr_assert_eq(dg_value_hash(&a) == dg_value_hash(&b), i == j, "%s and %s", texts[i], texts[j]);
        }
    dg_value spaced = parse("f( 1 , 2 )"), tight = parse("f(1,2)");
    cr_assert(dg_value_equal(&spaced, &tight));
    dg_value quoted = parse("'relu'"), bare = parse("relu"), text = dg_text("relu");
    cr_assert(dg_value_equal(&quoted, &bare) && dg_value_equal(&bare, &text));
    cr_assert_eq(dg_value_hash(&quoted), dg_value_hash(&text));
}

Test(value, tensors_and_shapes_compare_by_content)
{
    float one[] = {1, 2}, two[] = {1, 2}, three[] = {1, 3};
    dg_tensor a = dg_tensor_view(DG_FLOAT32, DG_SHAPE(2), one), b = dg_tensor_view(DG_FLOAT32, DG_SHAPE(2), two),
              c = dg_tensor_view(DG_FLOAT32, DG_SHAPE(2), three), d = dg_tensor_view(DG_FLOAT32, DG_SHAPE(1, 2), one);
    dg_value x = dg_tensor_value(&a), y = dg_tensor_value(&b), z = dg_tensor_value(&c), w = dg_tensor_value(&d);
    cr_assert(dg_value_equal(&x, &y));
    cr_assert_eq(dg_value_hash(&x), dg_value_hash(&y));
    cr_assert_not(dg_value_equal(&x, &z));
    cr_assert_not(dg_value_equal(&x, &w));
    dg_shape s = DG_SHAPE(1, 2), t = DG_SHAPE(1, 2), u = DG_SHAPE(2, 1);
    x = dg_shape_value(&s);
    y = dg_shape_value(&t);
    z = dg_shape_value(&u);
    cr_assert(dg_value_equal(&x, &y));
    cr_assert_not(dg_value_equal(&x, &z));
}

Test(value, constructors_leave_defaults_alone)
{
    cr_assert_eq(dg_int(DG_NONE).kind, DG_VALUE_NONE);
    cr_assert_eq(dg_int(-3).i, -3);
    cr_assert_eq(dg_float(DG_NO_NUMBER).kind, DG_VALUE_NONE);
    cr_assert_eq(dg_float(NAN).kind, DG_VALUE_FLOAT);
    cr_assert_eq(dg_float((double)DG_NONE).kind, DG_VALUE_NONE);
    cr_assert_eq(dg_float(0).kind, DG_VALUE_FLOAT);
    cr_assert_eq(dg_text(NULL).kind, DG_VALUE_NONE);
    cr_assert_str_eq(dg_text("x * x").s, "x * x");
    cr_assert_eq(dg_dtype_value(DG_DEFAULT_DTYPE).kind, DG_VALUE_NONE);
    cr_assert_eq(dg_dtype_value(DG_INT64).i, DG_INT64);
    cr_assert_eq(dg_ints_value(&(dg_ints){.only = DG_NONE}).kind, DG_VALUE_NONE);
    cr_assert_eq(dg_ints_value(&(dg_ints){.only = 3}).i, 3);
    cr_assert_eq(dg_ints_value(&(dg_ints){.only = 0}).kind, DG_VALUE_INT);
    dg_value list = dg_ints_value(&DG_INTS(4, 5));
    cr_assert_eq(list.kind, DG_VALUE_INTS);
    cr_assert_eq(list.ints->count, 2);
    cr_assert_eq(list.ints->at[1], 5);
    double number = 0;
    dg_value three = dg_int(3), yes = dg_bool(true);
    cr_assert(dg_value_number(&three, &number) && number == 3);
    cr_assert_not(dg_value_number(&yes, &number));
}

Test(value, numbers_print_in_the_fewest_digits)
{
    const struct {
        double number;
        dg_dtype dtype;
        const char *text;
    } cases[] = {
        {.1, DG_FLOAT64, "0.1"},
        {(double).1f, DG_FLOAT32, "0.1"},
        {100000, DG_FLOAT64, "100000"},
        {123456789, DG_FLOAT64, "123456789"},
        {1e15, DG_FLOAT64, "1000000000000000"},
        {1e16, DG_FLOAT64, "1e+16"},
        {1e-4, DG_FLOAT64, "0.0001"},
        {1e-5, DG_FLOAT64, "1e-05"},
        {0x1p-1074, DG_FLOAT64, "5e-324"},
        {1.0 / 3, DG_FLOAT64, "0.3333333333333333"},
        {(double)(1.0f / 3), DG_FLOAT32, "0.33333334"},
        {-0.0, DG_FLOAT64, "-0"},
        {INFINITY, DG_FLOAT64, "inf"},
        {-INFINITY, DG_FLOAT32, "-inf"},
        {NAN, DG_FLOAT64, "nan"},
        {42, DG_INT64, "42"},
        {1, DG_BOOL, "1"},
        {-7, DG_INT32, "-7"},
    };
    char text[DG_NUMBER_TEXT];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_str_eq(dg_number_print(cases[i].number, cases[i].dtype, text), cases[i].text);
    uint64_t bits = 88172645463325252ULL;
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        double number;
        memcpy(&number, &bits, sizeof number);
        if (isfinite(number))
            cr_assert_eq(strtod(dg_number_print(number, DG_FLOAT64, text), NULL), number, "%s", text);
    }
}

Test(value, numbers_do_not_depend_on_the_locale)
{
    char text[DG_NUMBER_TEXT];
    if (!set_comma_locale())
        return;
    cr_assert_str_eq(dg_number_print(1.5, DG_FLOAT64, text), "1.5");
    cr_assert_eq(parse("1.5").f, 1.5);
}

Test(value, arena_pieces_are_zeroed_aligned_and_apart)
{
    unsigned char *pieces[200];
    for (size_t i = 0; i < 200; i++) {
        size_t size = i * 37 % 20000;
        pieces[i] = dg_arena_alloc(arena, size);
        cr_assert_eq((uintptr_t)pieces[i] % 16, 0);
        for (size_t b = 0; b < size; b++)
            cr_assert_eq(pieces[i][b], 0);
        memset(pieces[i], (int)i, size);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t b = 0; b < i * 37 % 20000; b++)
            cr_assert_eq(pieces[i][b], i);
    cr_assert_str_eq(dg_arena_text(arena, "hello", 3), "hel");
}

/* What is made of many pieces may ask once, at the end. */
Test(value, arena_that_found_no_memory_gives_no_more)
{
    cr_assert_not_null(dg_arena_alloc(arena, 0));
    cr_assert_null(dg_arena_alloc(arena, SIZE_MAX - 3));
    cr_assert_null(dg_arena_alloc(arena, 0));
    cr_assert_null(dg_arena_text(arena, "hello", 3));
}
