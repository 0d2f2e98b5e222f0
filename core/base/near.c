/* Names that are nearly right: Damerau's and Levenshtein's distance over letters and digits. */
#include "plain.h"

#include <dotgrad/near.h>

#include <ctype.h>
#include <string.h>

enum { MOST_LETTERS = 40, FAR = 1000 };

/* Small letters and digits alone. */
static size_t squeeze(const char *name, char text[MOST_LETTERS + 1])
{
    size_t count = 0;
    for (; *name && count < MOST_LETTERS; name++)
        if (isalnum((unsigned char)*name))
            text[count++] = plain_lower(*name);
    text[count] = '\0';
    return count;
}

/* Letters to insert, leave out, exchange with their neighbour, or (at that price) replace. */
static int distance(const char *a, size_t n, const char *b, size_t m, int price)
{
    int rows[3][MOST_LETTERS + 1], *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        above[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int best = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : price);
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
        int *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[m];
}

/* Short names differ by a letter more or less, with the same first one when they have only two or three; long ones by
 * two letters; or the end is left out. */
bool dg_name_is_near(const char *name, const char *known)
{
    char a[MOST_LETTERS + 1], b[MOST_LETTERS + 1];
    if (!name || !known)
        return false;
    size_t n = squeeze(name, a), m = squeeze(known, b);
    if (strcmp(a, b) == 0)
        return n > 0;
    if (n < 2 || m < 2 || ((n < 3 || m < 3) && a[0] != b[0]))
        return false;
    if (n >= 5 && n < m && strncmp(a, b, n) == 0)
        return true;
    return distance(a, n, b, m, m <= 4 ? 2 : 1) <= (m >= 8 ? 2 : 1);
}

/* ---- what other libraries call schedules, optimisers and initialisers; ops say it themselves ---- */

static const struct {
    const char *theirs; /* squeezed */
    const char *ours;
} other_names[] = {
    {"cosineannealing", "cosine"},
    {"cosineannealinglr", "cosine"},
    {"cosineannealingwarmrestarts", "cosine_restarts"},
    {"warmrestarts", "cosine_restarts"},
    {"reducelronplateau", "plateau"},
    {"reduceonplateau", "plateau"},
    {"lambda", "formula"},
    {"lambdalr", "formula"},
    {"levenbergmarquardt", "lm"},
    {"momentum", "sgd"},
    {"nesterov", "sgd"},
    {"glorotuniform", "xavier_uniform"},
    {"glorotnormal", "xavier_normal"},
    {"glorot", "xavier_uniform"},
    {"heuniform", "kaiming_uniform"},
    {"henormal", "kaiming_normal"},
    {"he", "kaiming_normal"},
    {"eye", "identity"},
};

/* The known one that another library calls `squeezed`. */
static const char *known_elsewhere(const char *squeezed, const char *(*known)(const void *user, size_t index),
                                   const void *user)
{
    const char *one;
    for (size_t i = 0; i < sizeof other_names / sizeof *other_names; i++)
        for (size_t k = 0; strcmp(other_names[i].theirs, squeezed) == 0 && (one = known(user, k)); k++)
            if (strcmp(one, other_names[i].ours) == 0)
                return one;
    return NULL;
}

/* *far: how many letters it differs by. */
static const char *nearest_of(const char *name, const char *(*known)(const void *user, size_t index), const void *user,
                              int *far)
{
    char a[MOST_LETTERS + 1], b[MOST_LETTERS + 1];
    size_t n = squeeze(name, a);
    const char *one, *nearest = known_elsewhere(a, known, user);
    int best = nearest ? 0 : (int)n / 3 + 2;
    for (size_t k = 0; n && (one = known(user, k)); k++) {
        size_t m = squeeze(one, b);
        bool is_cut = n >= 3 && n < m && strncmp(a, b, n) == 0;
        int now = m == 0 ? FAR : strcmp(a, b) == 0 ? 0 : is_cut ? 1 : distance(a, n, b, m, 1);
        if (now < best && now < (int)m) {
            best = now;
            nearest = one;
        }
    }
    *far = nearest ? best : FAR;
    return nearest;
}

const char *dg_name_nearest(const char *name, const char *(*known)(const void *user, size_t index), const void *user)
{
    if (!name || !known)
        return NULL;
    int far, behind = FAR;
    const char *nearest = nearest_of(name, known, user, &far), *dot = strrchr(name, '.');
    const char *other = dot ? nearest_of(dot + 1, known, user, &behind) : NULL; /* torch.optim.Adam, np.tanh */
    return behind < far ? other : nearest;
}
