/* safetensors: what is read is written to a file that reads as the same tensors and notes. */
#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed);

enum { PREFIX = 8 };

/* Mostly keeps the length of the header true: else nearly all inputs end at the first check. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed)
{
    size = LLVMFuzzerMutate(bytes, size, most);
    if (size < PREFIX || seed % 8 == 0)
        return size;
    for (size_t k = size; k > PREFIX; k--)
        if (bytes[k - 1] == '}') {
            uint64_t length = k - PREFIX;
            memcpy(bytes, &length, PREFIX);
            break;
        }
    return size;
}

static void expect_same(const dg_tensors *a, const dg_tensors *b)
{
    CHECK(dg_tensors_count(a) == dg_tensors_count(b), "other tensors");
    CHECK(dg_tensors_note_count(a) == dg_tensors_note_count(b), "other notes");
    for (size_t k = 0; k < dg_tensors_count(a); k++) {
        const dg_tensor *one = dg_tensors_at(a, k), *two = dg_tensors_find(b, dg_tensors_name(a, k));
        CHECK(two && one->dtype == two->dtype && dg_shape_equal(&one->shape, &two->shape), "%s", dg_tensors_name(a, k));
        size_t bytes = dg_tensor_bytes(one);
        CHECK(bytes == 0 || memcmp(one->data, two->data, bytes) == 0, "%s", dg_tensors_name(a, k));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    dg_tensors *set = NULL, *again;
    enter_own_folder();
    write_bytes("a.safetensors", bytes, size);
    dg_status status = dg_safetensors_read("a.safetensors", &set);
    if (status.code != DG_OK) {
        CHECK_REFUSAL(status);
        CHECK(!set, "a set in spite of an error");
        return 0;
    }
    MUST(dg_safetensors_write("b.safetensors", set));
    MUST(dg_safetensors_read("b.safetensors", &again));
    expect_same(set, again);
    dg_tensors_free(again);
    dg_tensors_free(set);
    return 0;
}
