/* Values and calls: what is read prints to a text that reads as the same value. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1)
        return 0;
    char *text = text_of(bytes + 1, size - 1);
    bool is_call = bytes[0] & 1;
    dg_arena *arena;
    dg_value value, again;
    MUST(dg_arena_new(&arena));
    dg_status status = is_call ? dg_call_parse(arena, text, &value) : dg_value_parse(arena, text, &value);
    if (status.code != DG_OK) {
        CHECK_REFUSAL(status);
    } else {
        const char *printed = dg_value_print(arena, &value);
        CHECK(printed, "no memory");
        status = dg_value_parse(arena, printed, &again);
        CHECK(status.code == DG_OK, "'%s' is printed as '%s': %s", text, printed, status.message);
        const char *twice = dg_value_print(arena, &again);
        CHECK(twice && strcmp(printed, twice) == 0, "'%s', then '%s'", printed, twice);
        if (!is_call && !strchr(text, '(')) /* "f()" is the name f */
            CHECK(dg_value_equal(&value, &again) && dg_value_hash(&value) == dg_value_hash(&again), "'%s'", printed);
    }
    dg_arena_free(arena);
    free(text);
    return 0;
}
