#include <criterion/criterion.h>
#include <dotgrad/status.h>
#include <string.h>

Test(status, success_has_no_message)
{
    dg_status status = dg_ok();
    cr_assert_eq(status.code, DG_OK);
    cr_assert_str_eq(status.message, "");
}

Test(status, error_formats_its_message)
{
    dg_status status = dg_error(DG_BAD_SHAPE, "linear '%s': weight is [%d, %d]", "fc1", 5, 3);
    cr_assert_eq(status.code, DG_BAD_SHAPE);
    cr_assert_str_eq(status.message, "linear 'fc1': weight is [5, 3]");
}

Test(status, prefix_goes_before_the_message_and_leaves_success_alone)
{
    dg_status status = dg_prefixed(dg_error(DG_IO, "cannot read"), "%s, line %d", "a.dot", 7);
    cr_assert_eq(status.code, DG_IO);
    cr_assert_str_eq(status.message, "a.dot, line 7: cannot read");
    cr_assert_str_eq(dg_prefixed(dg_ok(), "a.dot").message, "");
}

Test(status, long_message_is_cut_but_terminated)
{
    char text[5000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    dg_status status = dg_error(DG_BAD_DATA, "%s", text);
    cr_assert_eq(strlen(status.message), sizeof status.message - 1);
    status = dg_prefixed(status, "%s", text);
    cr_assert_eq(strlen(status.message), sizeof status.message - 1);
}

Test(status, cut_leaves_no_part_of_a_character)
{
    char text[2100];
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'x', shift);
        size_t at = shift;
        while (at + 3 < sizeof text) {
            memcpy(text + at, "\xE2\x82\xAC", 3); /* € */
            at += 3;
        }
        text[at] = '\0';
        dg_status status = dg_error(DG_BAD_DATA, "%s", text);
        size_t length = strlen(status.message);
        cr_assert_geq(length, sizeof status.message - 4);
        cr_assert_eq((length - shift) % 3, 0, "cut after %zu bytes", length);
    }
}

Test(status, message_stays_on_one_line)
{
    cr_assert_str_eq(dg_error(DG_BAD_DATA, "node 'a\nb\tc'").message, "node 'a b c'");
}

/* A noun after a count is written row(s); brackets of names and of other words stay. */
Test(status, nouns_follow_their_counts)
{
    static const struct {
        int count;
        const char *text;
    } cases[] = {{0, "0 rows, 0 training batches, 0 classes"},
                 {1, "1 row, 1 training batch, 1 class"},
                 {2, "2 rows, 2 training batches, 2 classes"},
                 {11, "11 rows, 11 training batches, 11 classes"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        int n = cases[k].count;
        dg_status status = dg_error(DG_BAD_DATA, "%d row(s), %d training batch(es), %d class(es)", n, n, n);
        cr_expect_str_eq(status.message, cases[k].text);
        cr_expect_str_eq(dg_prefixed(status, "t.csv").message + strlen("t.csv: "), cases[k].text);
    }
    cr_expect_str_eq(dg_error(DG_BAD_DATA, "f(s) (1 row(s)), v1 column(s), a(es)").message,
                     "f(s) (1 row), v1 column(s), a(es)");
}
