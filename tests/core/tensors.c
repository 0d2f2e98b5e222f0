#include <criterion/criterion.h>
#include <dotgrad/tensor.h>
#include <stdio.h>

static dg_tensors *set;

static void setup(void)
{
    cr_assert_eq(dg_tensors_new(&set).code, DG_OK);
}

static void teardown(void)
{
    dg_tensors_free(set);
}

TestSuite(tensors, .init = setup, .fini = teardown);

static dg_tensor numbers(const float *data, int64_t count)
{
    return dg_tensor_view(DG_FLOAT32, DG_SHAPE(count), data);
}

Test(tensors, keeps_the_order_and_finds_by_name)
{
    dg_tensor *made;
    cr_assert_null(dg_tensors_find(set, "fc1.weight"));
    cr_assert_eq(dg_tensors_add(set, "fc1.weight", DG_FLOAT32, DG_SHAPE(2, 3), &made).code, DG_OK);
    cr_assert_eq(dg_tensors_add(set, "fc1.bias", DG_FLOAT64, DG_SHAPE(2), NULL).code, DG_OK);
    cr_assert_eq(dg_tensors_count(set), 2);
    cr_assert_str_eq(dg_tensors_name(set, 1), "fc1.bias");
    cr_assert_eq(dg_tensors_find(set, "fc1.weight"), made);
    cr_assert_eq(dg_tensors_at(set, 0), made);
    cr_assert_null(dg_tensors_at(set, 2));
    cr_assert_null(dg_tensors_name(set, 2));
}

Test(tensors, add_refuses_a_name_twice)
{
    cr_assert_eq(dg_tensors_add(set, "a", DG_FLOAT32, dg_scalar(), NULL).code, DG_OK);
    dg_status status = dg_tensors_add(set, "a", DG_FLOAT32, dg_scalar(), NULL);
    cr_assert_eq(status.code, DG_BAD_ARGUMENT);
    cr_assert_str_eq(status.message, "there is a tensor 'a' in the set already");
    cr_assert_eq(dg_tensors_add(set, "b", DG_FLOAT32, DG_SHAPE(-1), NULL).code, DG_BAD_SHAPE);
    cr_assert_eq(dg_tensors_count(set), 1);
}

Test(tensors, put_of_the_same_type_writes_into_the_same_buffer)
{
    dg_tensor first = numbers((float[]){1, 2, 3}, 3), second = numbers((float[]){4, 5, 6}, 3),
              longer = numbers((float[]){7, 8, 9, 10}, 4);
    cr_assert_eq(dg_tensors_put(set, "a", &first).code, DG_OK);
    dg_tensor *held = dg_tensors_find(set, "a");
    void *buffer = held->data;
    cr_assert_eq(dg_tensors_put(set, "a", &second).code, DG_OK);
    cr_assert_eq(held->data, buffer);
    cr_assert_eq(dg_tensor_get(held, 2), 6);
    cr_assert_eq(dg_tensors_put(set, "a", &longer).code, DG_OK);
    cr_assert_eq(dg_tensors_find(set, "a"), held);
    cr_assert_eq(dg_tensor_count(held), 4);
    cr_assert_eq(dg_tensors_put(set, "a", held).code, DG_OK);
    cr_assert_eq(dg_tensor_get(held, 3), 10);
}

Test(tensors, thousands_of_names_stay_where_they_are)
{
    enum { COUNT = 20000 };
    static dg_tensor *made[COUNT];
    static void *buffers[COUNT];
    char name[32];
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "layer%d.weight", i);
        cr_assert_eq(dg_tensors_add(set, name, DG_INT32, DG_SHAPE(1), &made[i]).code, DG_OK);
        buffers[i] = made[i]->data;
        dg_tensor_set(made[i], 0, i);
    }
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "layer%d.weight", i);
        cr_assert_eq(dg_tensors_find(set, name), made[i]);
        cr_assert_eq(made[i]->data, buffers[i]);
        cr_assert_eq(dg_tensor_get(made[i], 0), i);
    }
}

Test(tensors, remove_closes_the_gap)
{
    char name[8];
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "t%d", i);
        cr_assert_eq(dg_tensors_add(set, name, DG_BOOL, dg_scalar(), NULL).code, DG_OK);
    }
    for (int i = 0; i < 50; i += 2) {
        snprintf(name, sizeof name, "t%d", i);
        dg_tensors_remove(set, name);
    }
    dg_tensors_remove(set, "t0");
    cr_assert_eq(dg_tensors_count(set), 25);
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "t%d", i);
        cr_assert_eq(dg_tensors_find(set, name) != NULL, i % 2 == 1);
        if (i % 2 == 1)
            cr_assert_str_eq(dg_tensors_name(set, (size_t)i / 2), name);
    }
}

Test(tensors, notes_are_kept_in_order_and_replaced)
{
    cr_assert_null(dg_tensors_note(set, "step"));
    char key[8];
    for (int i = 0; i < 20; i++) {
        snprintf(key, sizeof key, "k%d", i);
        cr_assert_eq(dg_tensors_set_note(set, key, "old").code, DG_OK);
    }
    cr_assert_eq(dg_tensors_set_note(set, "k3", "new").code, DG_OK);
    cr_assert_eq(dg_tensors_note_count(set), 20);
    cr_assert_str_eq(dg_tensors_note(set, "k3"), "new");
    cr_assert_str_eq(dg_tensors_note_key(set, 3), "k3");
    cr_assert_null(dg_tensors_note_key(set, 20));
}
