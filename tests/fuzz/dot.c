/* Graph files: what is read is written to a text that reads as the same graph. */
#include "fuzz.h"

#include <dotgrad/graphviz.h>

enum { LONGEST = 6000, MOST_COPIES = 50 };

/* Large numbers after "repeat" make large graphs, which take their time rightly. */
static bool is_large(const char *text)
{
    for (const char *at = text; (at = strstr(at, "repeat")); at++) {
        size_t gap = strcspn(at, "0123456789");
        if (gap < 16 && atol(at + gap) > MOST_COPIES)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    dg_graph_file *file = NULL, *again = NULL;
    char *written = NULL, *twice = NULL;
    enter_own_folder();
    if (size > LONGEST || memchr(bytes, 0, size))
        return 0;
    char *text = text_of(bytes, size);
    if (is_large(text)) {
        free(text);
        return 0;
    }
    dg_status status = dg_graph_read("fuzz.dot", &(dg_graph_read_options){.text = text}, &file);
    if (status.code != DG_OK) {
        CHECK_REFUSAL(status);
    } else if (dg_graph_file_write(file, &written).code == DG_OK) {
        status = dg_graph_read("fuzz.dot", &(dg_graph_read_options){.text = written}, &again);
        CHECK(status.code == DG_OK, "%s\n%s", status.message, written);
        MUST(dg_graph_file_write(again, &twice));
        CHECK(strcmp(written, twice) == 0, "\n%s\n%s", written, twice);
    }
    dg_graph_file_free(file);
    dg_graph_file_free(again);
    free(written);
    free(twice);
    free(text);
    return 0;
}
