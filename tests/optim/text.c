/* Text as a data set of characters: what a row is, how the text is split, and what is refused. */
#include "tables.h"

TestSuite(text, .init = make_folder, .fini = remove_folder);

static dg_data *read_with(const char *text, const char *spec, const dg_data_options *options)
{
    write_bytes("t.txt", text, strlen(text));
    return open_well(spec, options);
}

static void refuse(const char *text, const char *spec, const char *words)
{
    write_bytes("t.txt", text, strlen(text));
    expect_refusal(spec, NULL, words);
}

Test(text, a_row_is_a_window_and_its_target_the_next_characters)
{
    dg_data *data = read_with("abcabca", "text('t.txt', length=2, test=0)", NULL);
    static const int features[] = {0, 1, 2, 0, 1, 2}, next[] = {1, 2, 0, 1, 2, 0};
    cr_assert_eq(dg_data_rows(data), 3);
    cr_assert_eq(field(data, "features")->dtype, DG_INT64);
    cr_assert_eq(width_of(data), 2);
    for (int k = 0; k < 6; k++) {
        cr_assert_eq(at(data, "features", k), features[k], "%d", k);
        cr_assert_eq(at(data, "target", k), next[k], "%d", k);
    }
    cr_assert_eq(dg_data_class_count(data), 3);
    cr_assert_str_eq(dg_data_class(data, 2), "c");
    cr_assert_eq(dg_data_size_of(data, "VOCAB"), 3);
    cr_assert_eq(dg_data_size_of(data, "FEATURES"), 2);
    dg_data_free(data);
}

/* The order of code points, not of bytes or of places: newline, a, é (U+00E9), € (U+20AC), 𝄞 (U+1D11E). */
Test(text, characters_are_code_points_of_utf_8)
{
    dg_data *data = read_with("𝄞€éa\né", "text('t.txt', length=5, test=0)", NULL);
    static const char *const classes[] = {"\n", "a", "é", "€", "𝄞"};
    static const int features[] = {4, 3, 2, 1, 0};
    cr_assert_eq(dg_data_class_count(data), 5);
    for (int k = 0; k < 5; k++) {
        cr_assert_str_eq(dg_data_class(data, k), classes[k]);
        cr_assert_eq(at(data, "features", k), features[k]);
    }
    cr_assert_eq(at(data, "target", 4), 2);
    dg_data_free(data);
}

/* Every character that has not been seen in the windows counts, too: "z" is behind the last one. */
Test(text, the_vocabulary_is_that_of_the_whole_text)
{
    dg_data *data = read_with("aaaaaz", "text('t.txt', length=4, test=0)", NULL);
    cr_assert_eq(dg_data_rows(data), 1);
    cr_assert_eq(dg_data_size_of(data, "VOCAB"), 2);
    dg_data_free(data);
}

Test(text, parts_follow_each_other_and_have_no_character_in_common)
{
    char text[1001];
    for (int k = 0; k < 1000; k++)
        text[k] = (char)('!' + k % 90);
    text[1000] = '\0';
    dg_data *data =
        read_with(text, "text('t.txt', length=9, stride=3, test=0.2)", &(dg_data_options){.validation = 0.1});
    const dg_dataset *set = dg_data_set(data);
    /* 700, 100 and 200 characters: (size − 10)/3 + 1 windows */
    cr_assert_eq(set->n_train, 231);
    cr_assert_eq(set->n_validation, 31);
    cr_assert_eq(set->n_test, 64);
    const int64_t begins[] = {0, 700, 800}, rows[] = {set->train[0], set->validation[0], set->test[0]};
    for (int part = 0; part < 3; part++)
        cr_assert_eq(at(data, "features", 9 * rows[part]), begins[part] % 90);
    cr_assert_eq(at(data, "target", 9 * set->train[230] + 8), 699 % 90);
    dg_data_free(data);
}

Test(text, windows_of_training_are_drawn_by_the_seed_where_n_says_how_many)
{
    char text[401];
    for (int k = 0; k < 400; k++)
        text[k] = (char)('!' + k % 90);
    text[400] = '\0';
    const dg_data_options one = {.seed = 1}, two = {.seed = 2};
    dg_data *a = read_with(text, "text('t.txt', length=20, n=50)", &one),
            *b = open_well("text('t.txt', length=20, n=50)", &one),
            *c = open_well("text('t.txt', length=20, n=50)", &two);
    cr_assert_eq(dg_data_set(a)->n_train, 50);
    cr_assert_eq(dg_data_set(a)->n_test, 1);
    int64_t count = dg_tensor_count(field(a, "features"));
    cr_assert_arr_eq(field(a, "features")->data, field(b, "features")->data, (size_t)count * 8);
    cr_assert_neq(memcmp(field(a, "features")->data, field(c, "features")->data, (size_t)count * 8), 0);
    bool is_apart = false; /* not one after another */
    for (int64_t k = 0; k < 1000; k++) {
        double now = at(a, "features", k), next = at(a, "target", k);
        cr_assert_eq(next, now < 89 ? now + 1 : 0);
        is_apart = is_apart || (k % 20 == 0 && k > 0 && now != at(a, "target", k - 1));
    }
    cr_assert(is_apart);
    dg_data_free(a);
    dg_data_free(b);
    dg_data_free(c);
}

Test(text, another_text_is_read_with_the_characters_of_training)
{
    dg_data *data = read_with("hello world", "text('t.txt', length=4, test=0)", NULL), *other;
    dg_tensors *kept;
    cr_assert_eq(dg_tensors_new(&kept).code, DG_OK);
    cr_assert_eq(dg_data_keep(data, kept).code, DG_OK);
    cr_assert(dg_data_kept_text(kept));
    const dg_data_options as_in = {.as_in = kept};
    other = read_with("lower", "text('t.txt', length=4)", &as_in); /* " dehlorw" */
    static const int features[] = {4, 5, 7, 2};
    for (int k = 0; k < 4; k++)
        cr_assert_eq(at(other, "features", k), features[k]);
    cr_assert_eq(dg_data_class_count(other), 8);
    dg_data_free(other);
    write_bytes("t.txt", "lo\nx", 4);
    expect_refusal("text('t.txt', length=2)", &as_in,
                   "t.txt:1: the character ' ' (U+000A) is not in the text of training");
    write_bytes("t.txt", "low x", 5);
    expect_refusal("text('t.txt', length=2)", &as_in, "the character 'x' (U+0078)");
    dg_tensors_free(kept);
    dg_data_free(data);
}

Test(text, folds_take_windows_that_have_nothing_in_common)
{
    char text[301];
    memset(text, 'a', 300);
    text[0] = 'b';
    text[300] = '\0';
    const dg_data_options folds = {.folds = 3, .fold = 2};
    dg_data *data = read_with(text, "text('t.txt', length=10)", &folds);
    cr_assert_eq(dg_data_set(data)->n_train + dg_data_set(data)->n_test, 29);
    dg_data_free(data);
    expect_refusal("text('t.txt', length=10, stride=5)", &folds, "characters in common");
}

Test(text, refuses_what_is_no_text_or_too_short)
{
    refuse("abcdef", "text('t.txt', length=6, test=0)", "the part for training has 6 characters, and a row takes 7");
    refuse("abcdefghijklmnopqrstuvwxyz", "text('t.txt', length=8)", "the part for test has 3 characters");
    refuse("abc\xFFxyz", "text('t.txt', length=2)", "is not UTF-8");
    refuse("", "text('t.txt')", "empty");
    refuse("abc", "text('none.txt')", "no such file");
    refuse("abc", "text(length=3)", "needs a path first");
    refuse("abc", "text('t.txt', width=3)", "there is no option 'width' here");
    refuse("abc", "text('t.txt', scale=unit)", "not scaled");
    refuse("abc", "text('t.txt', n=3, stride=2)", "n=3 and stride=2");
    refuse("abc", "text('t.txt', length=0)", "length needs a whole number, at least 1");
    refuse("abcdefghij", "text('t.txt', length=2, test=0.99)", "the part for training has 0 characters");
    expect_refusal("text", NULL, "no such data set");
    write_bytes("t.txt", "abcdefghij", 10);
    expect_refusal("text('t.txt', length=2)", &(dg_data_options){.memory_limit = 1000}, "limit is 1000");
}

Test(text, a_specification_tells_its_file)
{
    char *path;
    write_bytes("t.txt", "abc", 3);
    cr_assert_eq(dg_data_path("text('t.txt', length=3)", ".", &path, NULL).code, DG_OK);
    cr_assert_str_eq(path, "./t.txt");
    free(path);
    cr_assert_eq(dg_data_path("t.txt(header=false)", NULL, &path, NULL).code, DG_OK);
    cr_assert_str_eq(path, "t.txt");
    free(path);
    static const char *const specs[][2] = {
        {"text('t.txt', length=3, test=0.5)", "text('%s/t.txt', length=3, test=0.5)"},
        {"t.txt(header=false)", "%s/t.txt(header=false)"},
        {"t.txt", "%s/t.txt"}};
    for (size_t k = 0; k < sizeof specs / sizeof *specs; k++) {
        char *whole, wanted[300];
        snprintf(wanted, sizeof wanted, specs[k][1], folder);
        cr_assert_eq(dg_data_path(specs[k][0], ".", &path, &whole).code, DG_OK);
        cr_assert_str_eq(whole, wanted);
        free(path);
        free(whole);
    }
    static const char *const none[] = {"digits(scale=unit)", "iris", "text('other.txt')",
                                       "values(target=[1])", "(",    "-"};
    for (size_t k = 0; k < sizeof none / sizeof *none; k++) {
        cr_assert_eq(dg_data_path(none[k], NULL, &path, NULL).code, DG_OK);
        cr_assert_null(path, "%s: %s", none[k], path);
    }
}
