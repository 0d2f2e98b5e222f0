/* The text of a formula in one line: letters and signs as mathematics has them, whole powers raised. */
#include "math.h"

#include <ctype.h>
#include <string.h>

static const char *const letters[][2] = {
    {"alpha", "α"}, {"beta", "β"},  {"gamma", "γ"}, {"delta", "δ"},  {"epsilon", "ε"}, {"eps", "ε"},
    {"eta", "η"},   {"theta", "θ"}, {"kappa", "κ"}, {"lambda", "λ"}, {"mu", "μ"},      {"nu", "ν"},
    {"xi", "ξ"},    {"rho", "ρ"},   {"sigma", "σ"}, {"tau", "τ"},    {"phi", "φ"},     {"chi", "χ"},
    {"psi", "ψ"},   {"omega", "ω"}, {"pi", "π"},    {"inf", "∞"}};
static const char *const signs[][2] = {{"<=", " ≤ "}, {">=", " ≥ "}, {"==", " = "}, {"!=", " ≠ "}, {"<", " < "},
                                       {">", " > "},  {"*", " · "},  {"+", " + "},  {"/", " / "},  {",", ", "}};

const char *math_letter(const char *word, size_t length)
{
    for (size_t k = 0; k < sizeof letters / sizeof *letters; k++)
        if (strlen(letters[k][0]) == length && strncmp(letters[k][0], word, length) == 0)
            return letters[k][1];
    return NULL;
}

const char *math_small_digit(char digit)
{
    static const char *const digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    return digits[digit - '0'];
}

static const char *put_word(text *t, const char *at)
{
    size_t length = 0;
    while (isalnum((unsigned char)at[length]) || at[length] == '_' || at[length] == '.')
        length++;
    const char *letter = length == 4 && strncmp(at, "sqrt", 4) == 0 ? "√" : math_letter(at, length);
    if (letter) {
        text_put(t, letter);
        return at + length;
    }
    text_bytes(t, at, length);
    return at + length;
}

/* A power with a whole number becomes a small one. */
static const char *put_power(text *t, const char *at)
{
    const char *digit = at + 1;
    while (*digit == ' ')
        digit++;
    if (!isdigit((unsigned char)*digit) || digit[strspn(digit, "0123456789")] == '.') {
        text_put(t, "^");
        return at + 1;
    }
    for (; isdigit((unsigned char)*digit); digit++)
        text_put(t, math_small_digit(*digit));
    return digit;
}

/* Whether a minus here stands between two values. */
static bool is_binary(const text *t)
{
    size_t k = t->used;
    while (k && t->bytes[k - 1] == ' ')
        k--;
    return k && (t->bytes[k - 1] == ')' || isalnum((unsigned char)t->bytes[k - 1]) || (t->bytes[k - 1] & 0x80)) &&
           !(k > 1 && (unsigned char)t->bytes[k - 2] == 0xc2 && (unsigned char)t->bytes[k - 1] == 0xb7) &&
           !(k > 2 && (unsigned char)t->bytes[k - 3] == 0xe2 && (unsigned char)t->bytes[k - 2] == 0x89);
}

const char *math_line(dg_arena *arena, const char *formula)
{
    text t = {0};
    for (const char *at = formula; *at;) {
        const char *sign = NULL;
        size_t length = 1;
        for (size_t k = 0; !sign && k < sizeof signs / sizeof *signs; k++)
            if (strncmp(at, signs[k][0], strlen(signs[k][0])) == 0) {
                sign = signs[k][1];
                length = strlen(signs[k][0]);
            }
        bool in_number = t.used && (*at == '+' || *at == '-') && at > formula + 1 && (at[-1] == 'e' || at[-1] == 'E') &&
                         isdigit((unsigned char)at[-2]);
        if (isalpha((unsigned char)*at) || *at == '_' || isdigit((unsigned char)*at)) {
            at = put_word(&t, at);
        } else if (*at == '^') {
            at = put_power(&t, at);
        } else if (*at == '-') {
            text_put(&t, in_number ? "−" : is_binary(&t) ? " − " : "−");
            at++;
        } else if (sign && !in_number) {
            text_put(&t, sign);
            at += length;
        } else {
            if (*at != ' ')
                text_bytes(&t, at, 1);
            at++;
        }
    }
    const char *kept = text_keep(arena, &t);
    text_free(&t);
    return kept;
}
