/* Tables: the fields of what is read agree in their rows. The first byte chooses the options. */
#include "fuzz.h"

static void check_data(const dg_data *data)
{
    const dg_dataset *set = dg_data_set(data);
    int64_t rows;
    MUST(dg_dataset_rows(set, &rows));
    CHECK(rows == dg_data_rows(data) && rows >= 1, "%lld rows", (long long)rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const specs[] = {"t.csv",
                                        "t.csv(target=1)",
                                        "t.csv(target=y)",
                                        "t.csv(target=none)",
                                        "t.csv(target=[1, y])",
                                        "t.csv(scale=unit, test=0)",
                                        "t.csv(missing=['?', NA], fill=mean, header=false)",
                                        "t.csv(target=2, drop=[1], separator=';')"};
    dg_data *data = NULL;
    enter_own_folder();
    if (size < 1)
        return 0;
    write_bytes("t.csv", bytes + 1, size - 1);
    dg_status status = dg_data_open(specs[bytes[0] % 8], NULL, &data);
    if (status.code == DG_OK)
        check_data(data);
    else
        CHECK_REFUSAL(status);
    dg_data_free(data);
    return 0;
}
