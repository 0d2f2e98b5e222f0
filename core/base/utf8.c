/* UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing beyond U+10FFFF. */
#include <dotgrad/utf8.h>

/* How many bytes a character takes that begins at `at`; 0: it is none. */
static size_t character_length(const unsigned char *at, const unsigned char *end)
{
    size_t length = *at < 0x80 ? 1 : *at < 0xC2 ? 0 : *at < 0xE0 ? 2 : *at < 0xF0 ? 3 : *at < 0xF5 ? 4 : 0;
    if (length > (size_t)(end - at))
        return 0;
    for (size_t k = 1; k < length; k++)
        if ((at[k] & 0xC0) != 0x80)
            return 0;
    bool overlong = length > 2 && ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xF0 && at[1] < 0x90));
    bool beyond = length > 2 && ((at[0] == 0xED && at[1] > 0x9F) || (at[0] == 0xF4 && at[1] > 0x8F));
    return overlong || beyond ? 0 : length;
}

bool dg_utf8_check(const char *text, size_t size, size_t *place)
{
    const unsigned char *begin = (const unsigned char *)text, *at = begin, *end = begin + size;
    size_t length = 1;
    while (at < end && (length = character_length(at, end)) > 0)
        at += length;
    if (place)
        *place = (size_t)(at - begin);
    return at == end;
}
