/* Running elementwise work: by itself in pieces, or a range at a time from within a kernel. */
#include "fused.h"

/* Elements of one piece: cut by shape alone, so that any number of threads gives the same. */
enum { PIECE = 16384 };

typedef struct fused_parts {
    const dg_fused *parts;
    int n;
} fused_parts;

static int64_t pieces_of(const dg_fused *part)
{
    return (part->count + PIECE - 1) / PIECE;
}

void fused_number_pieces(dg_fused *parts, int n)
{
    int64_t piece = 0;
    for (int k = 0; k < n; k++) {
        parts[k].first_piece = piece;
        piece += pieces_of(&parts[k]);
    }
}

static void run_piece(void *argument, int64_t piece)
{
    const fused_parts *all = argument;
    int low = 0, high = all->n - 1; /* the last part that begins at or before the piece */
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (all->parts[middle].first_piece <= piece)
            low = middle;
        else
            high = middle - 1;
    }
    const dg_fused *part = &all->parts[low];
    int64_t begin = (piece - part->first_piece) * PIECE;
    int64_t end = begin + PIECE < part->count ? begin + PIECE : part->count;
    program_run(part->program, part->operands, part->results, begin, end, 0);
}

void fused_run(const dg_fused *parts, int n, dg_threads *threads)
{
    const dg_fused *last = &parts[n - 1];
    fused_parts all = {parts, n};
    int64_t elements = 0;
    for (int k = 0; k < n; k++)
        elements += parts[k].count;
    if (elements > 2 * PIECE) {
        dg_threads_run(threads, last->first_piece + pieces_of(last), run_piece, &all);
        return;
    }
    for (int k = 0; k < n; k++)
        program_run(parts[k].program, parts[k].operands, parts[k].results, 0, parts[k].count, 0);
}

void dg_fused_epilogue(const dg_fused *epilogue, int64_t begin, int64_t end)
{
    if (!epilogue)
        return;
    program_run(epilogue->program, epilogue->operands, epilogue->results, begin, end, 0);
}

const void *dg_fused_prologue(const dg_fused *prologue, int64_t begin, int64_t count, void *scratch)
{
    if (!prologue)
        return NULL;
    program_operand result = prologue->results[0];
    result.data = &scratch;
    program_run(prologue->program, prologue->operands, &result, begin, begin + count, begin);
    return scratch;
}
