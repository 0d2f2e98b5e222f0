/* Tables: rows and classes agree, and the set can be split and scaled. The first byte chooses the options. */
#include "fuzz.h"

#include "optim/data/data.h"

static void check_set(data_set *set)
{
    const dg_tensor *target = dg_tensors_find(set->data.fields, "target");
    int64_t rows;
    MUST(dg_dataset_rows(&set->data, &rows));
    CHECK(rows == set->count && rows >= 1, "%lld rows", (long long)rows);
    for (int64_t k = 0; target && set->n_classes > 0 && target->shape.rank == 1 && k < rows; k++) {
        double class = dg_tensor_get(target, k);
        CHECK(class >= 0 && class < (double)set->n_classes, "class %g of %lld", class, (long long)set->n_classes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const specs[] = {"t.csv",
                                        "t.csv(target=1)",
                                        "t.csv(target=y)",
                                        "t.csv(target=none)",
                                        "t.csv(target=[1, y])",
                                        "t.csv(scale=unit, test=0)",
                                        "t.csv(scale=none, test=0.5)",
                                        "t.csv(target=2, test=0.1)"};
    data_set *set = NULL;
    data_scaling scaling = {0};
    enter_own_folder();
    if (size < 1)
        return 0;
    write_bytes("t.csv", bytes + 1, size - 1);
    dg_status status = data_load(&(data_request){.spec = specs[bytes[0] % 8], .seed = 1}, &set, &scaling);
    if (status.code == DG_OK)
        check_set(set);
    else
        CHECK_REFUSAL(status);
    data_set_free(set);
    data_scaling_release(&scaling);
    return 0;
}
