/* Text as a sequence of characters: text('book.txt', length=64). A row is a window of `length` characters, and its
 * target the same window one character further on. A character is a code point of UTF-8, and a class: the different
 * ones of the whole text, in the order of their code points, are numbered from 0. The text is split by position, so
 * that no window of one part reaches into another: training first, then validation, then test. */
#include "readers.h"

#include <dotgrad/random.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH = 64, CODE_POINTS = 0x110000, CHARACTER_TEXT = 5 };

typedef struct characters {
    const data_reading *reading;
    dg_data *set;
    int64_t length, stride;
    int64_t count;             /* of the text */
    int32_t *codes;            /* [count]: code points, then class numbers */
    int32_t *class_of;         /* [CODE_POINTS]: −1: not in the vocabulary */
    int64_t n_parts, begin[4]; /* where parts begin, and the end */
} characters;

/* ---- UTF-8 ---- */

/* The code point at `at`, which has been checked; *at goes to the next. */
static int32_t take_code(const unsigned char **at)
{
    const unsigned char *c = *at;
    int length = *c < 0x80 ? 1 : *c < 0xE0 ? 2 : *c < 0xF0 ? 3 : 4;
    int32_t code = length == 1 ? *c : *c & (0xFF >> (length + 1));
    for (int k = 1; k < length; k++)
        code = code << 6 | (c[k] & 0x3F);
    *at = c + length;
    return code;
}

static void print_code(int32_t code, char text[CHARACTER_TEXT])
{
    int length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char heads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (int k = length - 1; k > 0; k--, code >>= 6)
        text[k] = (char)(0x80 | (code & 0x3F));
    text[0] = (char)(heads[length] | code);
    text[length] = '\0';
}

static dg_status find_codes(characters *c, const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + size;
    DG_TRY(budget_take(c->reading->budget, c->set->source, (size + CODE_POINTS) * sizeof *c->codes));
    c->codes = malloc((size + 1) * sizeof *c->codes);
    c->class_of = malloc(CODE_POINTS * sizeof *c->class_of);
    if (!c->codes || !c->class_of)
        return data_no_memory(c->set->source);
    while (at < end)
        c->codes[c->count++] = take_code(&at);
    return dg_ok();
}

/* ---- the vocabulary ---- */

/* The characters of the text, or those of training. */
static dg_status find_vocabulary(characters *c)
{
    const dg_data *like = c->reading->like;
    dg_data *set = c->set;
    memset(c->class_of, -1, CODE_POINTS * sizeof *c->class_of);
    if (like && like->classes) { /* load.c takes them over */
        for (int64_t k = 0; k < like->n_classes; k++) {
            const unsigned char *at = (const unsigned char *)like->classes[k];
            c->class_of[take_code(&at)] = (int32_t)k;
        }
        set->n_classes = like->n_classes;
        return dg_ok();
    }
    for (int64_t k = 0; k < c->count; k++)
        c->class_of[c->codes[k]] = 0;
    for (int32_t code = 0; code < CODE_POINTS; code++)
        if (c->class_of[code] == 0)
            c->class_of[code] = (int32_t)set->n_classes++;
    const char **names = data_alloc(set, (size_t)set->n_classes, sizeof *names);
    if (!names)
        return data_no_memory(set->source);
    for (int32_t code = 0; code < CODE_POINTS; code++) {
        char text[CHARACTER_TEXT];
        if (c->class_of[code] < 0)
            continue;
        print_code(code, text);
        if (!(names[c->class_of[code]] = data_text(set, text)))
            return data_no_memory(set->source);
    }
    set->classes = names;
    set->has_words = true;
    return dg_ok();
}

static dg_status number_characters(characters *c)
{
    int64_t line = 1;
    for (int64_t k = 0; k < c->count; k++) {
        int32_t code = c->codes[k];
        char text[CHARACTER_TEXT];
        c->codes[k] = c->class_of[code];
        if (c->codes[k] >= 0) {
            line += code == '\n';
            continue;
        }
        print_code(code, text);
        return dg_error(DG_BAD_DATA, "%s:%lld: the character '%s' (U+%04X) is not in the text of training",
                        c->set->source, (long long)line, code < ' ' ? " " : text, (unsigned)code);
    }
    return dg_ok();
}

/* ---- windows ---- */

/* How many windows of `length` characters, with one more to predict, begin `stride` apart in a part. */
static int64_t count_windows(const characters *c, int64_t part)
{
    int64_t size = c->begin[part + 1] - c->begin[part];
    return size <= c->length ? 0 : (size - c->length - 1) / c->stride + 1;
}

/* Where training, validation and test begin. One part alone: the whole text. */
static dg_status find_parts(characters *c, double usual_test)
{
    static const char *const names[] = {"training", "validation", "test"};
    const dg_data_options *asked = c->reading->asked;
    double test = c->reading->options->test >= 0 ? c->reading->options->test : usual_test;
    bool is_whole = asked->whole || asked->as_in || asked->folds;
    double shares[] = {0, is_whole ? 0 : asked->validation, is_whole ? 0 : test};
    if (!(shares[1] >= 0) || shares[1] + shares[2] >= 1)
        return dg_error(DG_BAD_ARGUMENT, "%s: test=%g and validation=%g leave nothing of the text for training",
                        c->set->source, shares[2], shares[1]);
    c->n_parts = 3;
    c->begin[3] = c->count;
    c->begin[2] = c->begin[3] - (int64_t)(shares[2] * (double)c->count + 0.5);
    c->begin[1] = c->begin[2] - (int64_t)(shares[1] * (double)c->count + 0.5);
    for (int part = 0; part < 3; part++)
        if ((part == 0 || shares[part] > 0) && count_windows(c, part) == 0)
            return dg_error(DG_BAD_DATA,
                            "%s: %s%s has %lld characters, and a row takes %lld: length=%lld and one to predict; say a "
                            "smaller length%s",
                            c->set->source, is_whole ? "the text" : "the part for ", is_whole ? "" : names[part],
                            (long long)(c->begin[part + 1] - c->begin[part]), (long long)c->length + 1,
                            (long long)c->length, part == 2 ? ", or test=0" : "");
    return dg_ok();
}

static void put_window(const characters *c, int64_t start, int64_t *features, int64_t *target)
{
    for (int64_t k = 0; k < c->length; k++) {
        features[k] = c->codes[start + k];
        target[k] = c->codes[start + k + 1];
    }
}

/* Windows of training at random places, or one after another as those of the other parts are. */
static dg_status make_windows(characters *c, int64_t random)
{
    dg_data *set = c->set;
    dg_tensor *features, *target;
    int64_t rows = 0, places = c->begin[1] - c->begin[0] - c->length;
    const dg_random key = {.seed = c->reading->asked->seed, .stream = dg_random_stream("data windows")};
    size_t bytes;
    for (int64_t part = 0; part < c->n_parts; part++)
        set->in_order[part] = part == 0 && random ? random : count_windows(c, part);
    for (int64_t part = 0; part < c->n_parts; part++)
        rows += set->in_order[part];
    if (__builtin_mul_overflow((size_t)rows, 2 * sizeof(int64_t) * (size_t)c->length, &bytes))
        return data_no_memory(set->source);
    DG_TRY(budget_take(c->reading->budget, set->source, bytes));
    DG_TRY(dg_tensors_add(set->data.fields, "features", DG_INT64, DG_SHAPE(rows, c->length), &features));
    DG_TRY(dg_tensors_add(set->data.fields, "target", DG_INT64, DG_SHAPE(rows, c->length), &target));
    features = dg_tensors_find(set->data.fields, "features"); /* adding may move what is there */
    int64_t *to = features->data, *next = target->data;
    for (int64_t part = 0; part < c->n_parts; part++)
        for (int64_t k = 0; k < set->in_order[part]; k++, to += c->length, next += c->length) {
            bool is_drawn = part == 0 && random;
            int64_t start = is_drawn ? (int64_t)dg_random_below(&key, (uint64_t)k, (uint64_t)places) : k * c->stride;
            put_window(c, c->begin[part] + start, to, next);
        }
    set->count = rows;
    set->is_text = true;
    return dg_ok();
}

/* ---- the reader ---- */

static const dg_data_format formats[] = {
    {"text", "", "none", 0.1, "characters of a file, the next one the target: text('book.txt', length=64)"},
};

static dg_status check_options(characters *c)
{
    const data_options *options = c->reading->options;
    c->length = options->length ? options->length : LENGTH;
    c->stride = options->stride ? options->stride : c->length;
    if (options->scale && strcmp(options->scale, "none") != 0)
        return dg_error(DG_BAD_ARGUMENT, "data text: scale=%s: characters are classes and are not scaled",
                        options->scale);
    if (options->n && options->stride)
        return dg_error(DG_BAD_ARGUMENT,
                        "data text: n=%lld and stride=%lld: windows are drawn, or cut at equal "
                        "distances",
                        (long long)options->n, (long long)options->stride);
    if (c->reading->asked->folds && c->stride < c->length)
        return dg_error(DG_BAD_ARGUMENT,
                        "data text: stride=%lld and folds: windows of different folds would have "
                        "characters in common; leave out stride",
                        (long long)c->stride);
    return dg_ok();
}

static dg_status read_windows(characters *c, const char *text, size_t size)
{
    DG_TRY(check_options(c));
    DG_TRY(find_codes(c, text, size));
    DG_TRY(find_vocabulary(c));
    DG_TRY(find_parts(c, formats[0].test));
    DG_TRY(number_characters(c));
    return make_windows(c, c->reading->options->n);
}

static dg_status text_read(const data_reading *reading, dg_data **made)
{
    characters c = {.reading = reading};
    char *text;
    size_t size;
    *made = NULL;
    DG_TRY(data_read_text(reading, &text, &size));
    dg_status status = data_set_new(reading->path, &c.set);
    if (status.code == DG_OK)
        status = read_windows(&c, text, size);
    free(c.codes);
    free(c.class_of);
    free(text);
    if (status.code == DG_OK)
        *made = c.set;
    else
        dg_data_free(c.set);
    return status;
}

const data_reader text_reader = {
    .formats = formats, .n_formats = 1, .kinds = SETS_SEQUENCE, .has_path = true, .read = text_read};
