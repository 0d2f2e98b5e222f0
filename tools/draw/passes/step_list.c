/* Steps of a plan in words. */
#include "step_list.h"

enum { MOST_RANGES = 4 };

static void add_range(dg_arena *arena, step_list *list)
{
    if (!list->begin || list->n_ranges > MOST_RANGES)
        return;
    const char *words = list->words ? list->words : "", *comma = *words ? ", " : "";
    if (++list->n_ranges > MOST_RANGES)
        list->words = text_format(arena, "%s, …", words);
    else if (list->begin == list->end)
        list->words = text_format(arena, "%s%s%lld", words, comma, (long long)list->begin);
    else
        list->words = text_format(arena, "%s%s%lld–%lld", words, comma, (long long)list->begin, (long long)list->end);
}

void step_list_add(dg_arena *arena, step_list *list, int64_t number, size_t bytes)
{
    list->bytes += bytes;
    if (list->begin && list->end + 1 >= number) {
        list->end = number;
        return;
    }
    add_range(arena, list);
    list->begin = list->end = number;
}

const char *step_list_text(dg_arena *arena, const step_list *list)
{
    step_list all = *list;
    add_range(arena, &all);
    if (!all.words)
        return "no step of its own";
    bool is_one = all.n_ranges == 1 && all.begin == all.end;
    return text_format(arena, "%sstep%s %s%s", all.is_own ? "" : "in ", is_one ? "" : "s", all.words,
                       all.bytes ? text_format(arena, " · %s B", text_count(arena, (int64_t)all.bytes)) : "");
}
