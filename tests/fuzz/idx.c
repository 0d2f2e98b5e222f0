/* Folders of IDX files, plain or packed: three bytes choose the form and where the labels begin. */
#include "fuzz.h"

static void write_pair(const char *images, const char *labels, const char *ending, const uint8_t *bytes, size_t size,
                       size_t first)
{
    char name[64];
    snprintf(name, sizeof name, "%s%s", images, ending);
    write_bytes(name, bytes, first);
    snprintf(name, sizeof name, "%s%s", labels, ending);
    write_bytes(name, bytes + first, size - first);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                        "t10k-labels-idx1-ubyte"};
    dg_data *data = NULL;
    enter_own_folder();
    if (size < 3)
        return 0;
    for (size_t k = 0; k < 8; k++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s", names[k / 2], k % 2 ? ".gz" : "");
        unlink(name);
    }
    const char *ending = bytes[0] & 1 ? ".gz" : "";
    size_t first = (size_t)(bytes[1] | bytes[2] << 8), left = size - 3;
    first = first < left ? first : left;
    write_pair(names[0], names[1], ending, bytes + 3, left, first);
    if (bytes[0] & 2)
        write_pair(names[2], names[3], ending, bytes + 3, left, first);
    dg_status status = dg_data_open(".", NULL, &data);
    if (status.code == DG_OK)
        CHECK(dg_data_rows(data) >= 1, "no rows");
    else
        CHECK_REFUSAL(status);
    dg_data_free(data);
    return 0;
}
