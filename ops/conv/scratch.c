#include "scratch.h"

#include <stdatomic.h>
#include <string.h>

/* ---- buffers: a line of the cache that tells whether it is taken, offsets, floats ---- */

enum { LINE = 64 };

static size_t lines(size_t bytes)
{
    return (bytes + LINE - 1) / LINE * LINE;
}

static size_t head_bytes(int64_t offsets)
{
    return LINE + lines((size_t)offsets * sizeof(int64_t));
}

scratch scratch_make(void *memory, int64_t users, int64_t floats, int64_t offsets, const dg_threads *threads)
{
    return (scratch){.first = memory,
                     .count = fewer(more(users, 1), dg_threads_count(threads)),
                     .bytes = head_bytes(offsets) + lines((size_t)floats * sizeof(float))};
}

size_t scratch_bytes(const scratch *s)
{
    return (size_t)s->count * s->bytes;
}

static atomic_flag *flag_of(const scratch *s, int64_t k)
{
    return (atomic_flag *)(void *)(s->first + (size_t)k * s->bytes);
}

void scratch_clear(const scratch *s)
{
    for (int64_t k = 0; k < s->count; k++)
        atomic_flag_clear_explicit(flag_of(s, k), memory_order_relaxed);
}

float *scratch_take(const scratch *s, int64_t n_offsets, int64_t **offsets)
{
    int64_t k = 0;
    while (atomic_flag_test_and_set_explicit(flag_of(s, k), memory_order_acquire))
        k = (k + 1) % s->count;
    char *buffer = s->first + (size_t)k * s->bytes;
    *offsets = (int64_t *)(void *)(buffer + LINE);
    return (float *)(void *)(buffer + head_bytes(n_offsets));
}

void scratch_return(const scratch *s, const float *buffer, int64_t n_offsets)
{
    size_t at = (size_t)((const char *)buffer - s->first) - head_bytes(n_offsets);
    atomic_flag_clear_explicit(flag_of(s, (int64_t)(at / s->bytes)), memory_order_release);
}

/* ---- images ---- */

images images_of(int64_t channels, int64_t rows, int64_t columns, bool channels_last)
{
    return (images){channels, rows, columns, channels_last || channels == 1 || rows * columns == 1};
}

int64_t images_at(const images *i, int64_t n, int64_t c, int64_t r)
{
    int64_t plane = i->rows * i->columns, first = n * i->channels * plane;
    return i->channels_last ? first + r * i->columns * i->channels + c : first + c * plane + r * i->columns;
}

static bool is_inside(const images *i, const window *w)
{
    return w->row_begin >= 0 && w->row_end <= i->rows && w->column_begin >= 0 && w->column_end <= i->columns &&
           w->channel + w->pitch <= i->channels;
}

/* Columns begin … end − 1 of row r, to `to` on. */
static void copy_pixels(const images *i, const float *data, int64_t n, const window *w, int64_t r, int64_t begin,
                        int64_t end, float *to)
{
    const float *from = data + images_at(i, n, w->channel, r) + begin * i->channels;
    if (w->pitch == i->channels) {
        memcpy(to, from, (size_t)((end - begin) * w->pitch) * sizeof *to);
        return;
    }
    size_t bytes = (size_t)w->channels * sizeof *to, rest = (size_t)(w->pitch - w->channels) * sizeof *to;
    for (int64_t c = begin; c < end; c++, from += i->channels, to += w->pitch) {
        memcpy(to, from, bytes);
        memset(to + w->channels, 0, rest);
    }
}

/* Rows and columns begin … end − 1, which are there, of an image that is stored by planes. */
static void turn_pixels(const conv_tiles *tiles, const images *i, const float *data, int64_t n, const window *w,
                        const int64_t rows[2], const int64_t columns[2], float *to, int64_t to_row)
{
    int64_t width = columns[1] - columns[0];
    conv_turn turn = {.rows = w->channels,
                      .columns = width,
                      .from_row = i->rows * i->columns,
                      .line = width,
                      .to_line = to_row,
                      .to_column = w->pitch};
    int64_t together = width == i->columns ? rows[1] - rows[0] : 1; /* lines that follow each other in a plane */
    turn.columns *= together;
    for (int64_t r = rows[0]; r < rows[1]; r += together) {
        turn.from = data + images_at(i, n, w->channel, r) + columns[0];
        turn.to = to + (r - rows[0]) * to_row;
        tiles->turn(&turn);
    }
}

static void clear(float *to, int64_t count)
{
    memset(to, 0, (size_t)count * sizeof *to);
}

/* All of a window that is not in the image: rows above and below, columns before and after. */
static void clear_edges(const window *w, const int64_t rows[2], const int64_t columns[2], float *buffer)
{
    int64_t row = (w->column_end - w->column_begin) * w->pitch;
    int64_t before = (columns[0] - w->column_begin) * w->pitch, after = (w->column_end - columns[1]) * w->pitch;
    clear(buffer, (rows[0] - w->row_begin) * row);
    clear(buffer + (rows[1] - w->row_begin) * row, (w->row_end - rows[1]) * row);
    for (int64_t r = rows[0] - w->row_begin; before + after > 0 && r < rows[1] - w->row_begin; r++) {
        clear(buffer + r * row, before);
        clear(buffer + (r + 1) * row - after, after);
    }
}

pixels pixels_of(const conv_tiles *tiles, const images *i, const float *data, int64_t n, const window *w, float *buffer)
{
    if (i->channels_last && is_inside(i, w))
        return (pixels){data + images_at(i, n, w->channel, w->row_begin) + w->column_begin * i->channels,
                        i->columns * i->channels, i->channels};
    int64_t width = w->column_end - w->column_begin, row = width * w->pitch;
    int64_t rows[2] = {more(w->row_begin, 0), fewer(w->row_end, i->rows)};
    int64_t columns[2] = {more(w->column_begin, 0), fewer(w->column_end, i->columns)};
    pixels all = {buffer, row, w->pitch};
    bool any = columns[1] > columns[0] && rows[1] > rows[0], padded = w->pitch > w->channels;
    if (!any || (padded && !i->channels_last))
        clear(buffer, window_floats(w));
    else
        clear_edges(w, rows, columns, buffer);
    if (!any)
        return all;
    float *first = buffer + (rows[0] - w->row_begin) * row + (columns[0] - w->column_begin) * w->pitch;
    int64_t count = columns[1] - columns[0], together = count == width && count == i->columns ? rows[1] - rows[0] : 1;
    if (!i->channels_last)
        turn_pixels(tiles, i, data, n, w, rows, columns, first, row);
    else
        for (int64_t r = rows[0]; r < rows[1]; r += together, first += row)
            copy_pixels(i, data, n, w, r, columns[0], columns[0] + together * count, first);
    return all;
}

conv_ahead ahead_of(const images *i, const float *data, int64_t n, const window *w)
{
    int64_t begin = more(w->row_begin, 0), end = fewer(w->row_end, i->rows);
    bool together = i->channels_last || (begin == 0 && end == i->rows);
    if (!together || begin >= end)
        return (conv_ahead){0};
    bool part = i->channels_last && i->channels > w->pitch && w->pitch <= CONV_LINE_FLOATS;
    const float *first = data + images_at(i, n, 0, begin);
    int64_t plane = (i->channels_last ? end - begin : i->rows) * i->columns;
    return (conv_ahead){.next = first + (part ? w->channel : 0),
                        .end = first + i->channels * plane,
                        .step = part ? i->channels : CONV_LINE_FLOATS};
}

int64_t segments_of(const int64_t taps[2], const int64_t gap[2], int64_t channels, const pixels *p, int64_t *offsets,
                    int64_t *length)
{
    bool joined = gap[1] == 1 && p->pixel == channels, all = joined && gap[0] == 1 && p->row == taps[1] * channels;
    int64_t across = joined ? 1 : taps[1], down = all ? fewer(taps[0], 1) : taps[0], count = 0;
    *length = (joined ? taps[1] : 1) * (all ? taps[0] : 1) * channels;
    for (int64_t r = 0; r < down; r++)
        for (int64_t c = 0; c < across; c++)
            offsets[count++] = r * gap[0] * p->row + c * gap[1] * p->pixel;
    return count;
}

/* ---- pieces ---- */

pieces cut_pieces(int64_t batch, int64_t rows, double row_flops, int64_t row_floats, int64_t floats)
{
    pieces p = {.rows = more(rows, 1), .images = 1};
    p.rows = fewer(p.rows, more(floats / more(row_floats, 1), fewer(8, p.rows)));
    while (p.rows > 1 && batch * ((rows + p.rows - 1) / p.rows) < LEAST_PIECES &&
           (double)p.rows * row_flops > 2 * PIECE_FLOPS)
        p.rows = (p.rows + 1) / 2;
    p.blocks = (rows + p.rows - 1) / p.rows;
    if (p.blocks == 1 && row_flops > 0)
        p.images = (int64_t)(PIECE_FLOPS / ((double)rows * row_flops));
    p.images = more(fewer(p.images, batch), 1);
    p.count = (batch + p.images - 1) / p.images * p.blocks;
    return p;
}
