/* Tables as text: what is read, how, and what is refused with its place and the remedy. */
#include "tables.h"

TestSuite(tables, .init = make_folder, .fini = remove_folder);

Test(tables, numbers_with_the_last_column_as_target)
{
    dg_data *data = read_table("1,2.5,0\n-3e2,.5,1\n", "");
    cr_assert_eq(dg_data_rows(data), 2);
    cr_assert_eq(at(data, "features", 1), 2.5);
    cr_assert_eq(at(data, "features", 2), -300);
    cr_assert_eq(at(data, "target", 1), 1);
    cr_assert_eq(dg_data_class_count(data), 2);
    cr_assert_eq(width_of(data), 2);
    cr_assert_null(dg_data_notice(data, 0));
    dg_data_free(data);
}

Test(tables, decimals_are_correctly_rounded)
{
    static const char *const texts[] = {"0.1",     "123456.789012345", "3504.", "1e-7", "-0.000001",
                                        "1.5e300", "9007199254740993", ".5",    "+2",   "0.30000000000000004"};
    char text[64];
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        snprintf(text, sizeof text, "%s,0\n1,1\n", texts[k]);
        dg_data *data = read_table(text, "");
        cr_assert_eq(at(data, "features", 0), strtod(texts[k], NULL), "%s", texts[k]);
        dg_data_free(data);
    }
}

Test(tables, target_by_name_by_number_and_several)
{
    dg_data *data = read_table("a,y,b\n1,0.5,3\n4,1.5,6\n", "target=y");
    cr_assert_eq(at(data, "target", 1), 1.5);
    cr_assert_eq(at(data, "features", 3), 6);
    cr_assert_eq(dg_data_class_count(data), 0);
    dg_data_free(data);
    data = read_table("1,2,3\n4,5,6\n", "target=[3, 1]");
    cr_assert_eq(at(data, "target", 2), 6);
    cr_assert_eq(at(data, "target", 3), 4);
    cr_assert_eq(at(data, "features", 1), 5);
    dg_data_free(data);
    data = read_table("1,2,3\n4,5,6\n", "target=-3");
    cr_assert_eq(at(data, "target", 1), 4);
    dg_data_free(data);
    data = read_table("1,2\n3,4\n", "target=none");
    cr_assert_null(dg_tensors_find(dg_data_set(data)->fields, "target"));
    cr_assert_eq(width_of(data), 2);
    dg_data_free(data);
}

Test(tables, words_of_the_target_are_classes_in_their_order)
{
    dg_data *data = read_table("x,kind\n1,pear\n2,apple\n3,pear\n", "");
    cr_assert_eq(dg_data_class_count(data), 2);
    cr_assert_str_eq(dg_data_class(data, 0), "apple");
    cr_assert_eq(at(data, "target", 0), 1);
    cr_assert_eq(at(data, "target", 1), 0);
    dg_data_free(data);
    data = read_table("1,big\n2,0\n3,small", ""); /* a number among words is a word */
    cr_assert_eq(dg_data_class_count(data), 3);
    cr_assert_str_eq(dg_data_class(data, 0), "0");
    dg_data_free(data);
}

Test(tables, labels_that_do_not_begin_at_0_are_named_after_themselves)
{
    dg_data *data = read_table("1,7\n2,5\n3,7\n", "");
    cr_assert_eq(dg_data_class_count(data), 2);
    cr_assert_str_eq(dg_data_class(data, 0), "5");
    cr_assert_str_eq(dg_data_class(data, 1), "7");
    cr_assert_eq(at(data, "target", 0), 7); /* until a loss on classes asks */
    cr_assert_eq(at(data, "one_hot", 0), 0);
    cr_assert_eq(at(data, "one_hot", 1), 1);
    dg_data_free(data);
}

Test(tables, header_of_scikit_learn)
{
    dg_data *data = read_table("2,3,no,yes\n1,2,3,0\n4,5,6,1\n", "");
    cr_assert_eq(dg_data_rows(data), 2);
    cr_assert_str_eq(dg_data_class(data, 1), "yes");
    dg_data_free(data);
}

Test(tables, quotes_carriage_returns_and_a_byte_order_mark)
{
    dg_data *data =
        read_table("\xEF\xBB\xBF\"a\",\"say \"\"b\"\"\"\r\n\"1\" , \"left, \"\"right\"\"\"\r\n\r\n2,up", "");
    cr_assert_eq(dg_data_rows(data), 2);
    cr_assert_str_eq(dg_data_class(data, 0), "left, \"right\"");
    cr_assert_str_eq(dg_data_column(data, 1)->name, "say \"b\"");
    dg_data_free(data);
    data = read_table("'10-19','yes'\n'20-29','no'\n'10-19','it''s'\n", "categories=1");
    cr_assert_eq(width_of(data), 2);
    cr_assert_str_eq(dg_data_column(data, 0)->words[1], "20-29");
    dg_data_free(data);
    data = read_table("a,b\r1,2\r3,4\r", ""); /* an old Macintosh */
    cr_assert_eq(dg_data_rows(data), 2);
    cr_assert_eq(at(data, "target", 1), 4);
    dg_data_free(data);
}

Test(tables, separators_are_found)
{
    static const struct {
        const char *text, *options;
    } cases[] = {{"1;2;0\n3;4;1\n", ""},
                 {"1\t2\t0\n3\t4\t1\n", ""},
                 {"1|2|0\n3|4|1\n", ""},
                 {"  1   2 0\n 3 4\t 1\n", ""},
                 {"1\t2\t\t0\n3\t4\t1\n", ""},
                 {"\"a (m, mean)\";b;y\n1;2;0\n3;4;1\n", ""},
                 {"1:2:0\n3:4:1\n", "separator=':'"},
                 {"# made by hand\n\n1,2,0\n% and more\n3,4,1\n", ""},
                 {"# a,b,y\n1,2,0\n3,4,1\n", ""},
                 {"a,b,y,\n1,2,0\n3,4,1\n", ""},
                 {"a,b,y,\n1,2,0,\n3,4,1,\n", ""},
                 {"\"a\" \"b\" \"y\"\n\"r1\" 1 2 0\n\"r2\" 3 4 1\n", ""},
                 {",a,b,y\n0,1,2,0\n1,3,4,1\n", ""},
                 {"Title\nof it\n1,2,0\n3,4,1\n", "skip=2"}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        dg_data *data = read_table(cases[k].text, cases[k].options);
        cr_assert_eq(dg_data_rows(data), 2, "%s", cases[k].text);
        cr_assert_eq(width_of(data), 2, "%s", cases[k].text);
        cr_assert_eq(at(data, "features", 3), 4, "%s", cases[k].text);
        cr_assert_eq(at(data, "target", 1), 1, "%s", cases[k].text);
        dg_data_free(data);
    }
}

Test(tables, headers_are_told_from_rows)
{
    static const struct {
        const char *text;
        int64_t rows;
        const char *options;
    } cases[] = {{"a,2020,y\n1,2,3\n2,3,4\n4,5,6\n", 3, ""},
                 {"2018,2019,label\n0.1,10.2,1\n0.4,10.9,0\n", 2, ""},
                 {"2019,2020,2021\n1,2,3\n2,3,3\n4,5,6\n", 4, "header=false"},
                 {"2019,2020,2021\n1,2.5,3\n2,3,3\n4,5,7\n", 3, ""},
                 {"0,1,2\n0.5,10.5,1\n0.25,11,0\n", 2, ""},
                 {"red,small,yes\nblue,big,no\nred,big,no\nblue,small,yes\n", 4, ""},
                 {"colour,size,buy\nred,small,yes\nblue,big,no\nred,big,no\n", 3, ""},
                 {"R,0.1\nM,0.2\nR,0.3\n", 3, "target=1"},
                 {"1,two,0\n3,4,1\n", 1, "header=true"}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        dg_data *data = read_table(cases[k].text, cases[k].options);
        cr_assert_eq(dg_data_rows(data), cases[k].rows, "%s: %d rows", cases[k].text, (int)dg_data_rows(data));
        dg_data_free(data);
    }
    refuse_table("1,two,0\n3,4,1\n", "",
                 "t.csv:1:2: 'two' is not a number: if line 1 names the columns, use header=true");
}

Test(tables, a_table_of_one_column_with_a_header)
{
    write_bytes("t.csv", "x\n1\n2\n3\n", 8);
    dg_data *data = open_well("t.csv", &(dg_data_options){.n_features = 1});
    cr_assert_eq(dg_data_rows(data), 3);
    cr_assert_str_eq(dg_data_column(data, 0)->name, "x");
    dg_data_free(data);
}

Test(tables, words_become_columns_of_0_and_1)
{
    dg_data *data = read_table("city,x,y\nRome,1,0\nOslo,2,1\n?,3,0\nRome,4,1\n", "");
    const dg_column *city = dg_data_column(data, 0), *x = dg_data_column(data, 1);
    cr_assert_eq(width_of(data), 3);
    cr_assert_eq(city->n_words, 2);
    cr_assert_str_eq(city->words[0], "Oslo");
    cr_assert_eq(x->first, 2);
    static const double wanted[] = {0, 1, 1, 1, 0, 2, 0, 0, 3, 0, 1, 4};
    cr_assert_arr_eq(field(data, "features")->data, wanted, sizeof wanted);
    cr_assert(is_noticed(data, "'city' (2)"));
    dg_data_free(data);
    data = read_table("code,x,y\n10,1,0\n2,2,1\n10,3,0\n", "categories=[code]");
    cr_assert_str_eq(dg_data_column(data, 0)->words[0], "2"); /* numbers in their order */
    cr_assert_eq(at(data, "features", 1), 1);
    dg_data_free(data);
}

Test(tables, columns_that_can_be_no_feature_are_left_out_and_told)
{
    dg_data *data =
        read_table("id,when,name,x,y\n1,2020-01-05,ann,1,0\n2,2020-02-05,bob,2,1\n3,2020-01-05,cy,3,0\n", "");
    cr_assert_eq(width_of(data), 1);
    cr_assert(is_noticed(data, "'when' (dates), 'name' (3 different texts)"));
    cr_assert(is_noticed(data, "left out: 'id' (the rows' numbers)"));
    cr_assert_eq(dg_data_column(data, 2)->use, DG_COLUMN_LEFT_OUT);
    dg_data_free(data);
    data = read_table("id,x,y\n1,1,0\n2,2,1\n3,3,0\n", "columns=[id, x]");
    cr_assert_eq(width_of(data), 2);
    dg_data_free(data);
    data = read_table("id,when,name,x,y\n1,a,ann,1,0\n2,b,bob,2,1\n3,a,cy,3,0\n", "drop=[id, when, name]");
    cr_assert_eq(width_of(data), 1);
    cr_assert_null(dg_data_notice(data, 0));
    dg_data_free(data);
    data = read_table("a,b,c,y\n1,2,3,0\n4,5,6,1\n", "columns=[c, a]");
    cr_assert_eq(width_of(data), 2);
    cr_assert_eq(at(data, "features", 2), 6); /* in the order asked for */
    cr_assert_eq(at(data, "features", 3), 4);
    cr_assert_eq(at(data, "target", 1), 1);
    dg_data_free(data);
}

Test(tables, missing_numbers_are_filled_from_the_training_rows)
{
    dg_data *data = read_table("a,b,y\n1,?,0\n2,4,1\nNA,8,0\n-9,,1\n", "missing=-9");
    cr_assert_eq(at(data, "features", 1), 6);
    cr_assert_eq(at(data, "features", 4), 1.5);
    cr_assert_eq(at(data, "features", 6), 1.5);
    cr_assert_eq(dg_data_column(data, 1)->fill, 6);
    cr_assert(is_noticed(data, "'a' (2: 1.5), 'b' (2: 6)"));
    dg_data_free(data);
    data = read_table("a,y\n1,0\n2,1\n?,0\n9,1\n", "fill=median");
    cr_assert_eq(at(data, "features", 2), 2);
    dg_data_free(data);
    data = read_table("a,y\n1,0\n2,1\n?,0\n9,1\n", "fill=0");
    cr_assert_eq(at(data, "features", 2), 0);
    dg_data_free(data);
    data = read_table("a,y\n1,0\n2,1\n?,0\n9,\n", "fill=drop");
    cr_assert_eq(dg_data_rows(data), 2);
    cr_assert(is_noticed(data, "left out: 1 row without a target"));
    cr_assert(is_noticed(data, "left out: 1 row with missing cells"));
    dg_data_free(data);
}

Test(tables, numbers_in_dress)
{
    dg_data *data = read_table("a;b;c;d;y\n$1,204.00;12 %;1,5;TRUE;0\n$3.50;7%;2,25;false;1\n-$1;0.5%;3;true;0\n", "");
    static const double wanted[] = {1204, 12, 1.5, 1, 3.5, 7, 2.25, 0, -1, 0.5, 3, 1};
    cr_assert_eq(width_of(data), 4);
    cr_assert_arr_eq(field(data, "features")->data, wanted, sizeof wanted);
    cr_assert(is_noticed(data, "column 'a': '$1,204.00' is read as 1204"));
    dg_data_free(data);
    data = read_table("a;y\n1,204;0\n1,5;1\n", "decimal=','");
    cr_assert_eq(at(data, "features", 0), 1.204);
    dg_data_free(data);
    data = read_table("a,price\n1,$1204.00\n2,$99.50\n", ""); /* a target, too */
    cr_assert_eq(at(data, "target", 0), 1204);
    dg_data_free(data);
}

/* One convention a column: what can be read in one way is, what cannot is refused with the option that decides. */
Test(tables, points_and_commas_are_not_mixed_up)
{
    static const struct {
        const char *text, *options;
        double wanted[3]; /* of the first column */
    } read[] = {
        {"a;y\n1.500;0\n1.234,5;1\n-1.234.567,25;0\n", "decimal=','", {1500, 1234.5, -1234567.25}},
        {"a;y\n1,5;0\n2,25;1\n1.000,5;0\n", "", {1.5, 2.25, 1000.5}},
        {"a;y\n1,5 €;0\n2 €;1\n1.000,50 €;0\n", "", {1.5, 2, 1000.5}},
        {"a;y\n1,204;0\n1,000,000;1\n3;0\n", "", {1204, 1e6, 3}},
        {"a;y\n1,204;0\n1.5;1\n3;0\n", "", {1204, 1.5, 3}}, /* a point among them */
        {"a;b;y\n1,204;0,5;0\n1,5;2;1\n3;2,5;0\n", "", {1.204, 1.5, 3}},
        {"a;b;y\n1,204;0,5;0\n2,000;2;1\n3;2,5;0\n", "", {1.204, 2, 3}}, /* the other column decides */
        {"a;b;y\n1,204;0.5;0\n2,000;2;1\n3;2.5;0\n", "", {1204, 2000, 3}},
        {"a;y\n1,204;0\n2,000;1\n3;0\n", "decimal='.'", {1204, 2000, 3}},
        {"a;y\n1,204;0\n2,000;1\n3;0\n", "decimal=','", {1.204, 2, 3}},
        {"a;y\n1 204,5;0\n2\xC2\xA0"
         "000;1\n3'000;0\n",
         "decimal=','",
         {1204.5, 2000, 3000}},
        {"a;y\n1 204;0\n2\xE2\x80\xAF"
         "000.5;1\n\xE2\x88\x92"
         "3;0\n",
         "",
         {1204, 2000.5, -3}},
        {"0,5;1\n1,5;0\n2,5;1\n", "", {0.5, 1.5, 2.5}}, /* no header */
    };
    for (size_t k = 0; k < sizeof read / sizeof read[0]; k++) {
        dg_data *data = read_table(read[k].text, read[k].options);
        cr_assert_eq(dg_data_rows(data), 3, "%s", read[k].text);
        for (int row = 0; row < 3; row++)
            cr_expect_eq(at(data, "features", row * width_of(data)), read[k].wanted[row], "%s: %g", read[k].text,
                         at(data, "features", row * width_of(data)));
        dg_data_free(data);
    }
    refuse_table("a;y\n1,204;0\n2,000;1\n", "",
                 "t.csv:2:1: '1,204' may be 1204 or 1.204: use decimal='.' for the first, decimal=',' for the second");
    refuse_table("a;y\n1.500;0\n1.234,5;1\n", "",
                 "t.csv:3:1: '1.234,5' has a decimal comma, but line 2 has a decimal point");
    refuse_table("a;y\n1,5;0\n1,234.5;1\n2,000;1\n", "", "'1,5' has a decimal comma, but line 3 has a decimal point");
    refuse_table("a;y\n1,5;0\n1.5;1\n", "decimal=','",
                 "t.csv:3:1: '1.5' is not a number where the comma is the decimal point");
    refuse_table("a;y\n1,5;0\n1.23,5;1\n", "decimal=','", "t.csv:3:1: '1.23,5' is not a number");
    refuse_table("a;y\n1,500;0\n12,34;1\n3;1\n", "decimal='.'", "t.csv:3:1: '12,34' is not a number");
}

Test(tables, names_that_are_there_twice_are_told_apart)
{
    dg_data *data = read_table("a,b,a,a.1,a,y\n1,2,3,4,5,0\n6,7,8,9,10,1\n", "");
    static const char *const names[] = {"a", "b", "a.2", "a.1", "a.3", "y"};
    for (int k = 0; k < 6; k++)
        cr_assert_str_eq(dg_data_column(data, k)->name, names[k]);
    cr_assert(is_noticed(data, "column 3 is 'a.2'"));
    dg_data_free(data);
    refuse_table("a,b,a\n1,2,3\n4,5,6\n", "target=a", "target=a: several columns have that name: give the number");
    data = read_table("a,b,a\n1,2,3\n4,5,6\n", "target=3");
    cr_assert_eq(at(data, "target", 0), 3);
    dg_data_free(data);
}

Test(tables, missing_words_are_told)
{
    dg_data *data = read_table("c,x,y\nred,1,0\n,nan,1\nblue,3,0\nred,NaN,1\nblue,5,0\n", "");
    cr_assert(is_noticed(data, "missing words are none of those known, 0 in all their columns: 'c' (1)"));
    cr_assert(is_noticed(data, "missing cells were filled with the mean of the training rows: 'x' (2: 3)"));
    dg_data_free(data);
}

Test(tables, say_which_column_is_the_target_when_the_last_is_dropped)
{
    dg_data *data = read_table("a,b,y\n1,2,3\n4,5,7\n", "drop=[y]");
    cr_assert(is_noticed(data, "the last column is dropped: the target is column 'b'"));
    dg_data_free(data);
}

Test(tables, refuses_bad_tables_and_tells_the_place)
{
    refuse_table("", "", "t.csv: the file is empty");
    refuse_table("\n\r\n", "", "t.csv: the file is empty");
    refuse_table("a,b\n", "", "t.csv: there is no row of data");
    refuse_table("1,2,0\n3,4\n", "", "t.csv:2:2: the row has 2 cells, expected 3");
    refuse_table("1,2,0\n3,4,5,6\n", "", "t.csv:2:4: the row has 4 cells, expected 3");
    refuse_table("1,2,0\n3,x4,1\n", "", "t.csv:2:2: 'x4' is not a number, as most of column 2 are: use missing=['x4']");
    refuse_table("1,2,0\n3,inf,1\n", "", "t.csv:2:2: 'inf' is not a finite number: use missing=['inf']");
    refuse_table("a:b\n1:2\n3:4\n", "", "it has one column; separator=… says what stands between columns");
    refuse_table("1,2,0\n3,1e999,1\n", "", "t.csv:2:2: '1e999' is not a finite number");
    refuse_table("1,0\n2,big\n3,1\n", "", "t.csv:2:2: 'big' is not a number");
    refuse_table("1,\"2\n", "", "t.csv:1:2: the quote is never closed");
    refuse_table("1,\"2\"3\n", "", "t.csv:1:2: text follows the closing quote");
    refuse_table("1\n2\n", "", "t.csv: the table has no column of features beside the target");
    refuse_table("1,\n2,\n", "target=2", "the table has 1 column");
    refuse_table("x,y\n1,\n2,\n3,\n", "", "the target, column 'y', is empty: choose another with target=");
}

Test(tables, refuses_columns_that_are_not_there)
{
    refuse_table("a,b\n1,2\n", "target=z", "t.csv: target=z: there is no such column: there are a, b");
    refuse_table("1,2\n", "target=z", "t.csv: target=z: the file has no header that names its 2 columns: give a");
    refuse_table("1,2\n", "target=3", "t.csv: target=3: the table has 2 columns");
    refuse_table("a,b\n1,2\n", "drop=[a, a]", "drop names column 1 twice");
    refuse_table("a,b\n1,2\n", "drop=[b], target=b", "drop names column 2, which is the target");
    refuse_table("a,b,c\n1,2,3\n", "drop=[b], categories=[b]", "categories names column 2, which is left out");
    refuse_table("a,b\n1,2\n", "fill=most", "fill=most: expected mean, median, drop or a number");
    refuse_table("a,b\n1,2\n", "header=3", "header needs true or false");
    refuse_table("a,b\n1,2\n", "colums=[a]",
                 "there is no option 'colums' here (did you mean 'columns'?): scale, test, target, drop, columns");
}

Test(tables, text_is_utf_8_or_says_what_it_is)
{
    static const char latin1[] = "a,who\n1,s\xEDm\n2,n\xE3o\n";
    refuse_table(latin1, "", "t.csv:2: byte 4 of the line (0xED) is not UTF-8: read it with encoding=cp1252");
    dg_data *data = read_table(latin1, "encoding=latin1");
    cr_assert_str_eq(dg_data_class(data, 0), "não");
    dg_data_free(data);
    write_bytes("t.csv",
                "\xFF\xFE"
                "a\0,\0b\0\n\0"
                "1\0,\0"
                "2\0\n\0",
                18);
    expect_refusal("t.csv", NULL, "t.csv: this text is UTF-16: read it with encoding='utf-16'");
    data = open_well("t.csv(encoding='utf-16', test=0)", NULL);
    cr_assert_eq(at(data, "target", 0), 2);
    dg_data_free(data);
    write_bytes("t.csv", "1,2\n\0\0\0", 7);
    expect_refusal("t.csv", NULL, "t.csv: this is not text");
    refuse_table("1,\xC0\xAF\n", "", "(0xC0) is not UTF-8"); /* overlong */
    refuse_table("1,2\n", "encoding=klingon", "encoding=klingon: no such encoding is known");
}

Test(tables, a_constant_column_is_not_blown_up)
{
    char text[20000] = "a,b,y\n";
    size_t length = strlen(text);
    for (int k = 0; k < 1000; k++)
        length += (size_t)sprintf(text + length, "14.62,%d,%d\n", k, k);
    write_bytes("c.csv", text, length);
    dg_data *data = open_well("c.csv(test=0)", NULL);
    cr_assert_eq(dg_tensor_get(dg_data_divisor(data), 0), 1);
    cr_assert_lt(fabs(at(data, "features", 0)), 1e-12);
    cr_assert_float_eq(dg_tensor_get(dg_data_divisor(data), 1), sqrt((1e6 - 1) / 12), 1e-9); /* of 0 … 999 */
    dg_data_free(data);
}

Test(tables, arff_with_its_own_order_of_classes)
{
    static const char text[] =
        "% comment\n@RELATION 'a b'\n\n@attribute 'petal length' REAL\n@attribute colour {red,'dark "
        "blue'}\n@ATTRIBUTE when date 'yyyy'\n@attribute class {z, a}\n\n@DATA\n"
        "1.5,red,2020,z\n?,'dark blue',2021,a\n% more\n2.5,red,2022,z\n";
    dg_data *data = read_table(text, "");
    static const double wanted[] = {1.5, 1, 0, 2, 0, 1, 2.5, 1, 0};
    cr_assert_eq(dg_data_rows(data), 3);
    cr_assert_str_eq(dg_data_column(data, 0)->name, "petal length");
    cr_assert_arr_eq(field(data, "features")->data, wanted, sizeof wanted);
    cr_assert_str_eq(dg_data_class(data, 0), "z");
    cr_assert_eq(at(data, "target", 1), 1);
    dg_data_free(data);
    data = read_table("@relation s\n@attribute a numeric\n@attribute b {x,y}\n@attribute c numeric\n@data\n"
                      "{0 3.5, 2 1}\n{1 y}\n{}\n",
                      "");
    static const double sparse[] = {3.5, 1, 0, 0, 0, 1, 0, 1, 0};
    cr_assert_arr_eq(field(data, "features")->data, sparse, sizeof sparse);
    cr_assert_eq(at(data, "target", 0), 1);
    dg_data_free(data);
    refuse_table("@relation r\n@attribute a numeric\n", "", "t.csv:3: there is no @data");
    refuse_table("@relation r\n@attribute a wide\n@data\n1\n", "", "t.csv:2: the type is not numeric");
    refuse_table("@relation r\n@attribute a {x,y}\n@attribute b {p,q}\n@data\nx,z\n", "",
                 "t.csv:5:2: 'z' is none of the");
}

Test(tables, libsvm_rows)
{
    dg_data *data = read_table("+1 1:0.5 3:2 # first\n-1 qid:4 2:7\n\n+1 3:1\n", "");
    static const double wanted[] = {0.5, 0, 2, 0, 7, 0, 0, 0, 1};
    cr_assert_eq(width_of(data), 3);
    cr_assert_arr_eq(field(data, "features")->data, wanted, sizeof wanted);
    cr_assert_eq(at(data, "target", 1), -1);
    cr_assert_str_eq(dg_data_class(data, 0), "-1");
    dg_data_free(data);
    refuse_table("1 1:0.5\n2 x:3\n", "", "t.csv:2: 'x:3' is not INDEX:VALUE");
    refuse_table("1 2:0.5 1:3\n", "", "t.csv:1: index 1 does not come after index 2");
}

/* Found by fuzzing: the number of columns would overflow. */
Test(tables, libsvm_rows_with_a_feature_beyond_all_bounds_are_refused)
{
    refuse_table("1 9223372036854775807:1\n2 1:3\n", "", "there is a feature 9223372036854775807");
}

Test(tables, brackets_belong_to_names_where_there_is_such_a_file)
{
    write_bytes("d (1).csv", "a,b\n1,2\n3,4\n", 12);
    dg_data *data = open_well("d (1).csv", NULL);
    dg_data_free(data);
    data = open_well("d (1).csv(target=a, scale=none)", NULL);
    cr_assert_eq(at(data, "target", 1), 3);
    dg_data_free(data);
    expect_refusal("e (1).csv(target=a)", NULL, "e (1).csv: there is no such file");
}

/* Work is bounded before it is done, and what bounds it is named. */
Test(tables, bounds_are_checked_before_the_work)
{
    size_t count = 5000000;
    char *line = malloc(2 * count + 1);
    for (size_t k = 0; k < count; k++)
        memcpy(line + 2 * k, "1,", 2);
    line[2 * count - 1] = '\n';
    write_bytes("wide.csv", line, 2 * count);
    free(line);
    expect_refusal("wide.csv", NULL, "allow them with max_columns=");
    expect_refusal("/dev/zero", NULL, "/dev/zero: this is a device, not a file");
    cr_assert_eq(system("mkfifo pipe.csv"), 0);
    expect_refusal("pipe.csv", NULL, "pipe.csv: this is a pipe, not a file");
    cr_assert_eq(system("head -c 400M /dev/zero | gzip >bomb.csv.gz"), 0);
    expect_refusal("bomb.csv.gz", NULL, "in this compressed file: allow them with max_bytes=");
    expect_refusal("iris(max_columns=3)", NULL, "the file has 5 columns, at most 3 are read");
    write_bytes("t.csv", "1,2\n3,4\n", 8);
    expect_refusal("t.csv(max_bytes=4)", NULL, "t.csv: there are more than 4 bytes");
    expect_refusal("t.csv", &(dg_data_options){.memory_limit = 100}, "the limit is 100");
    expect_refusal("spirals(n=100000000000)", &(dg_data_options){.memory_limit = 1 << 30}, "the limit is 1073741824");
    dg_data_free(open_well("t.csv", &(dg_data_options){.memory_limit = 10000}));
}
