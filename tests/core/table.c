/* Hash tables: adding, finding, taking out, with hashes that collide. */
#include <criterion/criterion.h>

#include "core/base/table.h"

static bool has(const hash_table *t, uint64_t hash, const int *item)
{
    size_t at = 0;
    for (const void *found; (found = table_next(t, hash, &at));)
        if (found == item)
            return true;
    return false;
}

Test(table, holds_what_was_added_and_not_taken_out)
{
    /* Few hashes, so that runs of taken slots grow long and wrap around; a byte an item says whether it is in. */
    enum { ITEMS = 500 };
    static int items[ITEMS];
    bool in[ITEMS] = {false};
    hash_table t = {0};
    size_t count = 0;
    uint64_t random = 1;
    for (int turn = 0; turn < 20000; turn++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        int k = (int)(random >> 33) % ITEMS;
        uint64_t hash = (uint64_t)(k % 37) * 61;
        if (in[k])
            table_remove(&t, hash, &items[k]);
        else
            cr_assert(table_add(&t, hash, &items[k]));
        in[k] = !in[k];
        count += in[k] ? 1 : (size_t)-1;
        cr_assert_eq(t.count, count);
        for (int i = turn % 50; i < ITEMS; i += 50)
            cr_assert_eq(has(&t, (uint64_t)(i % 37) * 61, &items[i]), in[i]);
    }
    table_free(&t);
    cr_expect_eq(t.count, 0);
    cr_expect_not(has(&t, 0, &items[0]));
}

Test(table, hash_of_text_is_fnv_1a)
{
    /* Published test vectors of FNV-1a, 64 bits. */
    cr_expect_eq(hash_text(""), UINT64_C(0xCBF29CE484222325));
    cr_expect_eq(hash_text("a"), UINT64_C(0xAF63DC4C8601EC8C));
    cr_expect_eq(hash_text("foobar"), UINT64_C(0x85944171F73967E8));
    cr_expect_eq(hash_bytes(HASH_START, "foobar", 6), hash_text("foobar"));
}
