/* Tables as text: what is read, and what is refused with its place. */
#include "optim/data/data.h"

#include <criterion/criterion.h>
#include <string.h>

static dg_status parse(const char *text, const csv_options *options, data_set **set)
{
    static char copy[4096];
    static const csv_options none;
    size_t size = strlen(text);
    cr_assert_lt(size, sizeof copy);
    memcpy(copy, text, size + 1);
    return csv_parse("t.csv", copy, size, options ? options : &none, set);
}

static data_set *parse_well(const char *text, const csv_options *options)
{
    data_set *set;
    dg_status status = parse(text, options, &set);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    return set;
}

static void expect_failure(const char *text, const csv_options *options, const char *message)
{
    data_set *set;
    dg_status status = parse(text, options, &set);
    cr_assert_neq(status.code, DG_OK, "read without a complaint: %s", text);
    cr_assert_str_eq(status.message, message);
    cr_assert_null(set);
}

static double at(const data_set *set, const char *field, int64_t index)
{
    const dg_tensor *tensor = dg_tensors_find(set->data.fields, field);
    cr_assert_not_null(tensor, "no field %s", field);
    return dg_tensor_get(tensor, index);
}

Test(csv, reads_numbers_with_the_last_column_as_target)
{
    data_set *set = parse_well("1,2.5,0\n-3e2,.5,1\n", NULL);
    cr_assert_eq(set->count, 2);
    cr_assert_eq(at(set, "features", 1), 2.5);
    cr_assert_eq(at(set, "features", 2), -300);
    cr_assert_eq(at(set, "target", 1), 1);
    cr_assert_eq(set->n_classes, 2);
    cr_assert_eq(dg_tensors_find(set->data.fields, "features")->shape.dims[1], 2);
    data_set_free(set);
}

Test(csv, skips_a_header_and_finds_the_target_by_name)
{
    csv_options options = {.target = &(dg_value){.kind = DG_VALUE_NAME, .s = "y"}};
    data_set *set = parse_well("a,y,b\n1,0.5,3\n4,1.5,6\n", &options);
    cr_assert_eq(at(set, "target", 1), 1.5);
    cr_assert_eq(at(set, "features", 3), 6);
    cr_assert_eq(set->n_classes, 0);
    data_set_free(set);
}

Test(csv, takes_several_targets)
{
    dg_value names[2] = {{.kind = DG_VALUE_INT, .i = 3}, {.kind = DG_VALUE_INT, .i = 1}};
    csv_options options = {.target = &(dg_value){.kind = DG_VALUE_LIST, .count = 2, .items = names}};
    data_set *set = parse_well("1,2,3\n4,5,6\n", &options);
    cr_assert_eq(at(set, "target", 2), 6);
    cr_assert_eq(at(set, "target", 3), 4);
    cr_assert_eq(at(set, "features", 1), 5);
    data_set_free(set);
}

Test(csv, numbers_words_of_the_target_in_their_order)
{
    data_set *set = parse_well("x,kind\n1,pear\n2,apple\n3,pear\n", NULL);
    cr_assert_eq(set->n_classes, 2);
    cr_assert_str_eq(set->classes[0], "apple");
    cr_assert_eq(at(set, "target", 0), 1);
    cr_assert_eq(at(set, "target", 1), 0);
    cr_assert(set->has_words);
    data_set_free(set);
}

Test(csv, reads_the_header_of_scikit_learn)
{
    data_set *set = parse_well("2,3,no,yes\n1,2,3,0\n4,5,6,1\n", NULL);
    cr_assert_eq(set->count, 2);
    cr_assert_str_eq(set->classes[1], "yes");
    data_set_free(set);
}

Test(csv, reads_quotes_carriage_returns_and_a_byte_order_mark)
{
    data_set *set =
        parse_well("\xEF\xBB\xBF\"a\",\"say \"\"b\"\"\"\r\n\"1\" , \"left, \"\"right\"\"\"\r\n\r\n2,up", NULL);
    cr_assert_eq(set->count, 2);
    cr_assert_str_eq(set->classes[0], "left, \"right\"");
    data_set_free(set);
}

Test(csv, reads_semicolons_and_tabs)
{
    data_set *set = parse_well("1;2;0\n3;4;1\n", NULL);
    cr_assert_eq(at(set, "features", 3), 4);
    data_set_free(set);
    set = parse_well("1\t2\t0\n", NULL);
    cr_assert_eq(at(set, "features", 1), 2);
    data_set_free(set);
}

Test(csv, may_have_no_target)
{
    csv_options options = {.n_features = 2};
    data_set *set = parse_well("1,2\n3,4\n", &options);
    cr_assert_null(dg_tensors_find(set->data.fields, "target"));
    cr_assert_eq(at(set, "features", 3), 4);
    data_set_free(set);
}

Test(csv, keeps_classes_that_are_known)
{
    char *classes[] = {"a", "b", "c"};
    csv_options options = {.classes = classes, .n_classes = 3};
    data_set *set = parse_well("1,c\n2,b\n", &options);
    cr_assert_eq(at(set, "target", 0), 2);
    data_set_free(set);
    expect_failure("1,c\n2,z\n", &options, "t.csv: row 2: the class 'z' is not one of those trained on");
}

Test(csv, refuses_bad_tables_and_tells_the_place)
{
    expect_failure("", NULL, "t.csv: the file is empty");
    expect_failure("\n\r\n", NULL, "t.csv: the file is empty");
    expect_failure("a,b\n", NULL, "t.csv: there is no row of data");
    expect_failure("1,2,0\n3,4\n", NULL, "t.csv:2:2: the row has 2 cells, wants 3");
    expect_failure("1,2,0\n3,4,5,6\n", NULL, "t.csv:2:4: the row has 4 cells, wants 3");
    expect_failure("1,2,0\n3,x4,1\n", NULL, "t.csv:2:2: 'x4' is not a number");
    expect_failure("1,two,0\n3,4,1\n", NULL, "t.csv:1:2: 'two' is not a number");
    expect_failure("1,2,0\n3,nan,1\n", NULL, "t.csv:2:2: 'nan' is not a finite number");
    expect_failure("1,2,0\n3,1e999,1\n", NULL, "t.csv:2:2: '1e999' is not a finite number");
    expect_failure("1,2,0\n3,,1\n", NULL, "t.csv:2:2: the cell is empty: a number belongs here");
    expect_failure("1,0\n2,big\n", NULL, "t.csv:2:2: 'big' is not a number");
    expect_failure("1,big\n2,0\n3,small", NULL, "t.csv:2:2: '0' is a number, but the classes before it are words");
    expect_failure("1,\"2\n", NULL, "t.csv:1:2: the quote is never closed");
    expect_failure("1,\"2\"3\n", NULL, "t.csv:1:2: text follows the closing quote");
    expect_failure("1\n2\n", NULL, "t.csv: the table has no column of features beside the target");
}

Test(csv, refuses_targets_that_are_not_there)
{
    csv_options options = {.target = &(dg_value){.kind = DG_VALUE_NAME, .s = "z"}};
    expect_failure("a,b\n1,2\n", &options, "t.csv: target=z: there is no such column");
    expect_failure("1,2\n", &options, "t.csv: target=z: the file has no header that names its columns");
    options.target = &(dg_value){.kind = DG_VALUE_INT, .i = 3};
    expect_failure("1,2\n", &options, "t.csv: target=3: there are 2 columns");
}

Test(csv, refuses_what_is_not_text)
{
    char bytes[] = "1,2\n\0\0\0";
    const csv_options options = {0};
    data_set *set;
    dg_status status = csv_parse("t.csv", bytes, sizeof bytes, &options, &set);
    cr_assert_eq(status.code, DG_BAD_DATA);
    cr_assert_str_eq(status.message, "t.csv: this is not text");
}
