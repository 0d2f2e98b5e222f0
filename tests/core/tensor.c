#include <criterion/criterion.h>
#include <dotgrad/tensor.h>
#include <math.h>
#include <string.h>

Test(dtype, names_sizes_and_promotion)
{
    dg_dtype dtype;
    for (dg_dtype d = DG_BOOL; d <= DG_FLOAT64; d++)
        cr_assert(dg_dtype_parse(dg_dtype_name(d), &dtype) && dtype == d);
    cr_assert_not(dg_dtype_parse("float16", &dtype));
    cr_assert_not(dg_dtype_parse("default", &dtype));
    cr_assert_eq(dg_dtype_size(DG_BOOL), 1);
    cr_assert_eq(dg_dtype_size(DG_FLOAT32), 4);
    cr_assert_eq(dg_dtype_size(DG_INT64), 8);
    cr_assert_eq(dg_dtype_promote(DG_INT64, DG_FLOAT32), DG_FLOAT32);
    cr_assert_eq(dg_dtype_promote(DG_FLOAT64, DG_BOOL), DG_FLOAT64);
    cr_assert(dg_dtype_is_float(DG_FLOAT32) && !dg_dtype_is_float(DG_INT64));
}

Test(shape, prints_and_counts)
{
    char text[DG_SHAPE_TEXT];
    dg_shape shape = DG_SHAPE(DG_N, 64, -7), scalar = dg_scalar(), empty = DG_SHAPE(3, 0, 5);
    cr_assert_str_eq(dg_shape_print(&shape, text, sizeof text), "[N, 64, ?]");
    cr_assert_str_eq(dg_shape_print(&scalar, text, sizeof text), "[]");
    cr_assert_str_eq(dg_shape_print(&shape, text, 6), "[N, 6");
    cr_assert_eq(dg_shape_count(&shape), DG_UNKNOWN);
    cr_assert_eq(dg_shape_count(&scalar), 1);
    cr_assert_eq(dg_shape_count(&empty), 0);
    cr_assert_not(dg_shape_is_known(&shape));
    dg_shape widest = DG_SHAPE(INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX);
    cr_assert_lt(strlen(dg_shape_print(&widest, text, sizeof text)), DG_SHAPE_TEXT - 1);
}

Test(shape, bytes_are_checked_for_overflow)
{
    size_t bytes;
    dg_shape fine = DG_SHAPE(3, 4), huge = DG_SHAPE(INT64_C(1) << 40, INT64_C(1) << 40), open = DG_SHAPE(DG_N, 2),
             close = DG_SHAPE(INT64_C(1) << 61), empty = DG_SHAPE(0, INT64_MAX, INT64_MAX);
    cr_assert_eq(dg_shape_bytes(&fine, DG_FLOAT64, &bytes).code, DG_OK);
    cr_assert_eq(bytes, 96);
    cr_assert_eq(dg_shape_bytes(&huge, DG_BOOL, &bytes).code, DG_NO_MEMORY);
    cr_assert_eq(dg_shape_bytes(&close, DG_FLOAT32, &bytes).code, DG_NO_MEMORY);
    cr_assert_eq(dg_shape_bytes(&open, DG_FLOAT32, &bytes).code, DG_BAD_SHAPE);
    cr_assert_eq(dg_shape_bytes(&empty, DG_FLOAT32, &bytes).code, DG_OK);
    cr_assert_eq(dg_shape_bytes(&fine, DG_DEFAULT_DTYPE, &bytes).code, DG_BAD_DTYPE);
}

Test(shape, broadcasts_by_numpys_rules)
{
    const struct {
        dg_shape a, b, result;
    } cases[] = {
        {DG_SHAPE(3, 1), DG_SHAPE(4), DG_SHAPE(3, 4)},
        {{0}, DG_SHAPE(2, 3), DG_SHAPE(2, 3)},
        {DG_SHAPE(5, 1, 7), DG_SHAPE(6, 1), DG_SHAPE(5, 6, 7)},
        {DG_SHAPE(1), DG_SHAPE(0), DG_SHAPE(0)},
        {DG_SHAPE(DG_N, 3), DG_SHAPE(3), DG_SHAPE(DG_N, 3)},
        {DG_SHAPE(DG_N, 3), DG_SHAPE(1, 1), DG_SHAPE(DG_N, 3)},
        {DG_SHAPE(DG_N), DG_SHAPE(5), DG_SHAPE(5)},
        {DG_SHAPE(DG_N), DG_SHAPE(DG_N), DG_SHAPE(DG_N)},
        {DG_SHAPE(DG_N), DG_SHAPE(-3), DG_SHAPE(DG_UNKNOWN)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dg_shape result;
        cr_assert_eq(dg_shape_broadcast(&cases[i].a, &cases[i].b, &result).code, DG_OK);
        cr_assert(dg_shape_equal(&result, &cases[i].result), "case %zu", i);
        cr_assert_eq(dg_shape_broadcast(&cases[i].b, &cases[i].a, &result).code, DG_OK);
        cr_assert(dg_shape_equal(&result, &cases[i].result), "case %zu, turned round", i);
    }
    dg_shape a = DG_SHAPE(2, 3), b = DG_SHAPE(DG_N, 4), result;
    dg_status status = dg_shape_broadcast(&a, &b, &result);
    cr_assert_eq(status.code, DG_BAD_SHAPE);
    cr_assert_str_eq(status.message, "shapes [2, 3] and [N, 4] do not broadcast");
}

Test(tensor, is_aligned_and_zeroed)
{
    dg_tensor tensor;
    cr_assert_eq(dg_tensor_make(&tensor, DG_FLOAT32, DG_SHAPE(3, 5)).code, DG_OK);
    cr_assert_eq((uintptr_t)tensor.data % 64, 0);
    cr_assert_eq(dg_tensor_bytes(&tensor), 60);
    for (int64_t i = 0; i < 15; i++)
        cr_assert_eq(dg_tensor_get(&tensor, i), 0);
    dg_tensor_release(&tensor);
    cr_assert_null(tensor.data);
    dg_tensor_release(&tensor);
    cr_assert_eq(dg_tensor_make(&tensor, DG_INT64, DG_SHAPE(0, 5)).code, DG_OK);
    cr_assert_not_null(tensor.data);
    dg_tensor_release(&tensor);
}

Test(tensor, refuses_sizes_that_do_not_fit)
{
    dg_tensor tensor;
    cr_assert_eq(dg_tensor_make(&tensor, DG_FLOAT32, DG_SHAPE(DG_N)).code, DG_BAD_SHAPE);
    cr_assert_eq(dg_tensor_make(&tensor, DG_FLOAT64, DG_SHAPE(INT64_C(1) << 60)).code, DG_NO_MEMORY);
    cr_assert_null(tensor.data);
}

Test(tensor, set_rounds_and_get_reads)
{
    for (dg_dtype dtype = DG_BOOL; dtype <= DG_FLOAT64; dtype++) {
        dg_tensor tensor;
        cr_assert_eq(dg_tensor_make(&tensor, dtype, DG_SHAPE(2)).code, DG_OK);
        dg_tensor_set(&tensor, 1, 2.7);
        double wanted = dtype == DG_BOOL ? 1 : dtype == DG_FLOAT32 ? (double)2.7f : dtype == DG_FLOAT64 ? 2.7 : 3;
        cr_assert_eq(dg_tensor_get(&tensor, 1), wanted, "%s", dg_dtype_name(dtype));
        cr_assert_eq(dg_tensor_get(&tensor, 0), 0);
        dg_tensor_release(&tensor);
    }
}

Test(tensor, converts_between_types)
{
    double numbers[] = {1.9, -1.9, 0, NAN, 1e300, -1e300};
    dg_tensor source = dg_tensor_view(DG_FLOAT64, DG_SHAPE(6), numbers), result;
    cr_assert_eq(dg_tensor_convert(&result, &source, DG_INT64).code, DG_OK);
    const int64_t *whole = result.data;
    cr_assert(whole[0] == 1 && whole[1] == -1 && whole[2] == 0 && whole[3] == 0);
    cr_assert(whole[4] == INT64_MAX && whole[5] == INT64_MIN);
    dg_tensor_release(&result);
    cr_assert_eq(dg_tensor_convert(&result, &source, DG_INT32).code, DG_OK);
    cr_assert_eq(((int32_t *)result.data)[4], INT32_MAX);
    dg_tensor_release(&result);
    cr_assert_eq(dg_tensor_convert(&result, &source, DG_BOOL).code, DG_OK);
    cr_assert(((uint8_t *)result.data)[0] == 1 && ((uint8_t *)result.data)[2] == 0 && ((uint8_t *)result.data)[3] == 1);
    dg_tensor_release(&result);
    int64_t exact[] = {(INT64_C(1) << 53) + 1, (INT64_C(1) << 40) + (INT64_C(1) << 16) + 1};
    source = dg_tensor_view(DG_INT64, DG_SHAPE(2), exact);
    cr_assert_eq(dg_tensor_convert(&result, &source, DG_INT64).code, DG_OK);
    cr_assert_eq(((int64_t *)result.data)[0], exact[0]);
    dg_tensor_release(&result);
    cr_assert_eq(dg_tensor_convert(&result, &source, DG_FLOAT32).code, DG_OK);
    cr_assert_eq(((float *)result.data)[1], (float)exact[1]);
    dg_tensor_release(&result);
}

Test(tensor, copy_owns_its_data)
{
    float numbers[] = {1, 2, 3};
    dg_tensor view = dg_tensor_view(DG_FLOAT32, DG_SHAPE(3), numbers), copy;
    cr_assert_not(view.owns_data);
    cr_assert_eq(dg_tensor_copy(&copy, &view).code, DG_OK);
    numbers[1] = 9;
    cr_assert_eq(dg_tensor_get(&copy, 1), 2);
    dg_tensor_release(&view);
    cr_assert_eq(numbers[2], 3);
    dg_tensor_release(&copy);
}
