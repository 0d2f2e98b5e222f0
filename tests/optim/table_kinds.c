/* Tables of many kinds as people have them, each with at most one option: so many rows, features and classes, and the
 * first number, which a person reads in the text; or the sentence that says how it becomes a table; and what is told of
 * columns that are hardly meant so. */
#include "tables.h"

TestSuite(table_kinds, .init = make_folder, .fini = remove_folder);

typedef struct table_kind {
    const char *text, *options;
    int64_t rows, features, classes;
    double first;      /* element of the features */
    const char *class; /* of the first row; NULL: its number, or none */
    const char *notice;
} table_kind;

static const table_kind kinds[] = {
    /* Excel in Germany: a byte order mark, semicolons, decimal commas, CR LF */
    {"\xEF\xBB\xBFL\xC3\xA4nge;Breite;Art\r\n0,5;1,25;herb\r\n1,5;2;s\xC3\xBC\xC3\x9F\r\n-1;3;herb\r\n", "", 3, 2, 2,
     0.5, "herb", "column 'L\xC3\xA4nge': '0,5' is read as 0.5"},
    {"sep=;\na;y\n1,5;p\n2,5;q\n", "", 2, 1, 2, 1.5, "p", "'1,5' is read as 1.5"},
    {"L\xE4nge,Art\n0.5,s\xFC\xDF\n1,herb\n", "encoding=cp1252", 2, 1, 2, 0.5, "s\xC3\xBC\xC3\x9F", NULL},
    {"a,\"a note\nof two lines\",y\n1.5,\"free \"\"text\"\",\nline 1\",p\n2,\"b\n\",q\n3,c,q\n", "", 3, 1, 2, 1.5, "p",
     "left out, because these are not categories"},
    {"pop,y\n\"1,047,354\",p\n\"983,000\",q\n", "", 2, 1, 2, 1047354, "p", "'1,047,354' is read as 1047354"},
    {"a,y\n0.5%,p\n12%,q\n", "", 2, 1, 2, 0.5, "p", "'0.5%' is read as 0.5"},
    {"price,y\n\"$5,047.35\",p\n$12.00,q\n", "", 2, 1, 2, 5047.35, "p", "'$5,047.35' is read as 5047.35"},
    {"price;y\n5.047,35 \xE2\x82\xAC;p\n12,00 \xE2\x82\xAC;q\n", "", 2, 1, 2, 5047.35, "p", "is read as 5047.35"},
    {"a;y\n5\xE2\x80\xAF"
     "047,5;p\n-1\xE2\x80\xAF"
     "234,25;q\n",
     "", 2, 1, 2, 5047.5, "p", "is read as 5047.5"},
    {"a,y\n5'047.5,p\n1'000'000,q\n", "", 2, 1, 2, 5047.5, "p", "'5'047.5' is read as 5047.5"},
    {"date,a,y\n2024-01-31,1.5,p\n2024-02-01,2,q\n", "", 2, 1, 2, 1.5, "p", "'date' (dates)"},
    {"datum;a;y\n31.01.2024;1,5;p\n01.02.2024;2,5;q\n", "", 2, 1, 2, 1.5, "p", "'datum' (dates)"},
    {"date,a,y\n1/31/24 5:05 PM,1.5,p\n2/1/24 6:05 PM,2,q\n", "", 2, 1, 2, 1.5, "p", "'date' (dates)"},
    {"a,smoker,y\n1.5,yes,p\n2,no,q\n3,yes,p\n", "", 3, 3, 2, 1.5, "p", "'smoker' (2)"},
    {"smoker,a,y\nTRUE,1.5,True\nfalse,2,False\n", "", 2, 2, 2, 1, "True", NULL},
    {"size,a,y\nS,1,p\nM,2,q\nL,3,p\nS,4,q\nM,5,p\nL,6,q\n", "", 6, 4, 2, 0, "p", "'size' (3)"}, /* L, M, S */
    {"a,b,y,\n1.5,2,p,\n3,4,q,\n", "", 2, 2, 2, 1.5, "p", NULL},
    {"a,b,y\n1.5,2,p\na,b,y\n3,4,q\na,b,y\n5,6,p\n7,8,q\n9,9,q\n", "", 5, 2, 2, 1.5, "p",
     "lines that repeat the names of the columns are left out: 2"},
    {"length,width,y\ncm,mm,class\n1.5,2,p\n3,4,q\n5,6,q\n", "", 3, 2, 2, 1.5, "p", "line 2 is left out"},
    {"# made by a machine\n# on a day\n\na,b,y\n1.5,2,p\n3,4,q\n", "", 2, 2, 2, 1.5, "p", NULL},
    {"Report of sales\nmade: today\n\na,b,y\n1.5,2,p\n3,4,q\n", "skip=3", 2, 2, 2, 1.5, "p", NULL},
    {",a,b,y\n0,1.5,2,p\n1,3,4,q\n", "", 2, 2, 2, 1.5, "p", "left out: 1 (the rows' numbers)"},
    {"\"a\",\"b\",\"y\"\n\"1\",1.5,2,\"p\"\n\"2\",3,4,\"q\"\n", "", 2, 2, 2, 1.5, "p", "the rows' numbers"},
    {"id,a,y\n1,1.5,p\n2,2.5,q\n3,3.5,q\n", "", 3, 1, 2, 1.5, "p", "'id' (the rows' numbers)"},
    {"a,is_low,is_mid,is_high\n1.5,1,0,0\n2,0,1,0\n3,0,0,1\n", "target=[is_low, is_mid, is_high]", 3, 1, 0, 1.5, NULL,
     NULL},
    {"a\tb\ty\n1.5\t2\tp\n3\t4\tq\n", "", 2, 2, 2, 1.5, "p", NULL},
    {"a|b|y\n1.5|2|p\n3|4|q\n", "", 2, 2, 2, 1.5, "p", NULL},
    {"| a | b | y |\n|---|--:|---|\n| 1.5 | 2 | p |\n| 3 | 4 | q |\n", "", 2, 2, 2, 1.5, "p", "left out: 1 (empty)"},
    {"   a |  b | y\n-----+----+---\n 1.5 |  2 | p\n 3.0 |  4 | q\n", "", 2, 2, 2, 1.5, "p", NULL},
    {"     a     b   y\n  1.50  2.00   p\n-10.00  4.00   q\n", "", 2, 2, 2, 1.5, "p", NULL},
    {"% c\n@relation 'my rel'\n@attribute 'a x' numeric\n@attribute colour {red,'dark blue'}\n@attribute class "
     "{p,q}\n@data\n"
     "1.5,'dark blue',q\n2,red,p\n",
     "", 2, 3, 2, 1.5, "q", "'colour' (2)"},
    {"@relation r\n@attribute a numeric\n@attribute b numeric\n@attribute class {p,q}\n@data\n{0 1.5, 2 q}\n{1 2}\n",
     "", 2, 2, 2, 1.5, "q", NULL},
    {"1 qid:1 1:1.5 3:2 # a document\n2 qid:1 2:4\n", "", 2, 3, 2, 1.5, "1", "qid: the groups of rows are not read"},
    {"a,b,y\r1.5,2,p\r3,4,q\r", "", 2, 2, 2, 1.5, "p", NULL},
    {"a,b,y\n1.5E+00,2e-3,p\n3.0E+01,4,q\n", "", 2, 2, 2, 1.5, "p", NULL},
    {"a, b, y\n1.5, 2, p \n3, 4, q \n", "", 2, 2, 2, 1.5, "p", NULL},
    {"a,y\n1.5,0.0\n2,1.0\n3,2.0\n", "", 3, 1, 3, 1.5, NULL, NULL},
    {"y,a,b\np,1.5,2\nq,3,4\n", "target=y", 2, 2, 2, 1.5, "p", NULL},
    {"a,y\n1.5,Low\n2,low\n3,high\n4,high\n", "", 4, 1, 3, 1.5, "Low", "'Low' and 'low', which are two words here"},
    {"a,y\n1.5,p\n-,q\n3,p\n", "missing='-'", 3, 1, 2, 1.5, "p", "missing cells were filled"},
    {"a,y\n1.5,p\n-999,q\n-999,q\n3,p\n", "", 4, 1, 2, 1.5, "p", "use missing=[-999]"},
    {"a,b,y\n1.5,2,p\n3,4,q\nTotal,,\n", "missing=Total", 2, 2, 2, 1.5, "p", "left out: 1 row without a target"},
};

Test(table_kinds, are_read_with_one_option_at_most)
{
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        const table_kind *kind = &kinds[k];
        dg_data *data = read_table(kind->text, kind->options);
        cr_expect_eq(dg_data_rows(data), kind->rows, "%s: %lld rows", kind->text, (long long)dg_data_rows(data));
        cr_expect_eq(width_of(data), kind->features, "%s: %lld features", kind->text, (long long)width_of(data));
        cr_expect_eq(dg_data_class_count(data), kind->classes, "%s", kind->text);
        cr_expect_eq(at(data, "features", 0), kind->first, "%s: %g", kind->text, at(data, "features", 0));
        int64_t class = kind->class && dg_data_class_count(data) ? (int64_t)at(data, "target", 0) : 0;
        if (kind->class && dg_data_class(data, 0) && strcmp(kind->class, "1") != 0)
            cr_expect_str_eq(dg_data_class(data, class), kind->class, "%s", kind->text);
        cr_expect(!kind->notice || is_noticed(data, kind->notice), "%s: not told: %s", kind->text, kind->notice);
        dg_data_free(data);
    }
}

Test(table_kinds, others_are_named_with_the_way_to_convert_them)
{
    static const struct {
        const char *text, *words;
    } files[] = {
        {"PK\3\4 and so on", "packed workbook (.xlsx, .ods) or archive: save the table as CSV"},
        {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old workbook (.xls): save the table as CSV"},
        {"PAR1....PAR1", "Parquet: convert it: pandas.read_parquet"},
        {"ARROW1", "Feather: convert it: pandas.read_feather"},
        {"\x89HDF\r\n\x1a\n", "HDF5: convert it: numpy.savez"},
        {"MATLAB 5.0 MAT-file", "MATLAB's .mat: convert it"},
        {"SQLite format 3", "a database of SQLite: export a table"},
        {"BZh91AY", "packed by bzip2"},
        {"\xFD"
         "7zXZ",
         "packed by xz"},
        {"\x80\4\x95", "a pickle of Python: save it there: numpy.savez"},
        {"{\"a\": 1, \"y\": 2}\n", "JSON: convert it: pandas.read_json('x', lines=True)"},
        {"[\n {\"a\": 1}]\n", "JSON: convert it: pandas.read_json('x')"},
        {"\n<!DOCTYPE html>\n<html>", "a page (HTML or XML), not a table"},
        {"\xFF\xFE"
         "a",
         "this text is UTF-16: read it with encoding='utf-16'"},
        {"a,y\n1,s\xFC\xDF\n", "t.csv:2: byte 4 of the line (0xFC) is not UTF-8: read it with encoding=cp1252"},
        {"Report of sales\nmade: today\n\na,b,y\n1.5,2,p\n3,4,q\n",
         "t.csv:4:2: the row has 3 cells, expected 1: where the table begins here, use skip=3"},
        {"a,b,y\n1,2,p\n3,q\n", "t.csv:3:2: the row has 2 cells, expected 3"},
    };
    for (size_t k = 0; k < sizeof files / sizeof files[0]; k++)
        refuse_table(files[k].text, "", files[k].words);
}

Test(table_kinds, columns_of_one_number_and_numbers_far_from_all_others_are_told)
{
    char text[2000] = "same,wild,low,plain,rare,y\n";
    for (int k = 0; k < 30; k++)
        sprintf(text + strlen(text), "7,%s,%s,%d,%d,%d\n",
                k == 20 ? "1e30"
                : k % 2 ? "1.5"
                        : "2",
                k == 4  ? "-999999"
                : k % 2 ? "0.25"
                        : "0.5",
                k * k * k, k == 9, k % 2);
    write_bytes("n.csv", text, strlen(text));
    for (int scaled = 0; scaled < 2; scaled++) {
        dg_data *data = open_well(scaled ? "n.csv" : "n.csv(scale=none)", NULL);
        cr_expect(is_noticed(data, "the same number in every row, from which nothing is learnt: column 'same' (7)"));
        cr_expect(is_noticed(data, "line 22, column 'wild': 1e+30, where most numbers are within 0.5 of 2"));
        cr_expect(is_noticed(data, "line 6, column 'low': -999999"));
        cr_expect(!is_noticed(data, "'plain'") && !is_noticed(data, "'rare'"));
        dg_data_free(data);
    }
    dg_data *digits = open_well("digits", NULL); /* whose corners are white */
    cr_expect(!is_noticed(digits, "the same number"));
    dg_data_free(digits);
    dg_data *few = read_table("a,b,y\n1,1e9,0\n1,2,1\n1,3,0\n", ""); /* three rows say little */
    cr_expect(!is_noticed(few, "column"));
    dg_data_free(few);
    for (int far = 0; far < 2; far++) {
        strcpy(text, "a,y\n");
        for (int k = 0; k < 30; k++)
            sprintf(text + strlen(text), "%d,%s\n", k, !far ? "3.5" : k == 7 ? "1e15" : k % 2 ? "0.25" : "-1.5");
        write_bytes("n.csv", text, strlen(text));
        dg_data *data = open_well("n.csv", NULL);
        cr_expect(is_noticed(data, far ? "line 9, column 'y': 1e+15" : "nothing is learnt: column 'y' (3.5)"));
        dg_data_free(data);
    }
}
