/* Data sets by name and by path: their facts, how they are split and scaled, and what is refused. */
#include "tables.h"

#include <zlib.h>

static dg_data *load(const char *spec)
{
    return open_well(spec, &(dg_data_options){.seed = 1});
}

static void expect_failure(const char *spec, const char *words)
{
    expect_refusal(spec, &(dg_data_options){.seed = 1}, words);
}

/* ---- sets by name ---- */

Test(data, carries_the_four_sets)
{
    static const struct {
        const char *name;
        int64_t rows, features, classes;
        double sum_of_first_row, target_of_last_row;
    } facts[] = {{"digits(scale=none)", 1797, 64, 10, 294, 8},
                 {"iris(scale=none)", 150, 4, 3, 10.2, 2},
                 {"wine(scale=none)", 178, 13, 3, 1245, 2},
                 {"breast_cancer(scale=none)", 569, 30, 2, 3566.178472, 1}};
    for (size_t k = 0; k < sizeof facts / sizeof facts[0]; k++) {
        dg_data *set = load(facts[k].name);
        const dg_tensor *features = field(set, "features");
        cr_assert_eq(dg_data_rows(set), facts[k].rows);
        cr_assert_eq(features->shape.dims[1], facts[k].features);
        cr_assert_eq(dg_data_class_count(set), facts[k].classes);
        cr_assert_eq(dg_tensor_get(field(set, "target"), dg_data_rows(set) - 1), facts[k].target_of_last_row);
        double sum = 0;
        for (int64_t f = 0; f < facts[k].features; f++)
            sum += dg_tensor_get(features, f);
        cr_assert_float_eq(sum, facts[k].sum_of_first_row, 1e-9, "%s: %g", facts[k].name, sum);
        dg_data_free(set);
    }
}

Test(data, names_the_classes_of_iris)
{
    dg_data *set = load("iris");
    cr_assert_str_eq(dg_data_class(set, 0), "setosa");
    cr_assert_str_eq(dg_data_class(set, 2), "virginica");
    dg_data_free(set);
}

Test(data, splits_by_the_seed_and_keeps_every_row_once)
{
    dg_data *set = load("iris(test=0.2)"), *same = load("iris(test=0.2)");
    bool seen[150] = {0};
    cr_assert_eq(dg_data_set(set)->n_test, 30);
    cr_assert_eq(dg_data_set(set)->n_train, 120);
    for (int64_t k = 0; k < 120; k++)
        seen[dg_data_set(set)->train[k]] = true;
    for (int64_t k = 0; k < 30; k++)
        seen[dg_data_set(set)->test[k]] = true;
    for (int k = 0; k < 150; k++)
        cr_assert(seen[k], "row %d is in no part", k);
    cr_assert_arr_eq(dg_data_set(set)->train, dg_data_set(same)->train, 120 * sizeof(int64_t));
    dg_data_free(set);
    dg_data_free(same);
}

/* scikit-learn's KFold deals sizes alike: 150 rows in 4 parts are 38, 38, 37, 37. */
Test(data, folds_test_every_row_once_and_keep_the_order_of_the_split)
{
    int tested[150] = {0};
    static const int64_t sizes[] = {38, 38, 37, 37};
    for (int64_t fold = 1; fold <= 4; fold++) {
        dg_data *set;
        int rows[150] = {0};
        dg_status status =
            dg_data_open("iris", &(dg_data_options){.folds = 4, .fold = fold, .seed = 3, .validation = 0.1}, &set);
        cr_assert_eq(status.code, DG_OK, "%s", status.message);
        const dg_dataset *data = dg_data_set(set);
        cr_assert_eq(data->n_test, sizes[fold - 1]);
        cr_assert_eq(data->n_validation, 15);
        for (int64_t k = 0; k < data->n_test; k++)
            rows[data->test[k]]++, tested[data->test[k]]++;
        for (int64_t k = 0; k < data->n_train; k++)
            rows[data->train[k]]++;
        for (int64_t k = 0; k < data->n_validation; k++)
            rows[data->validation[k]]++;
        for (int k = 0; k < 150; k++)
            cr_assert_eq(rows[k], 1, "row %d is in %d parts of fold %d", k, rows[k], (int)fold);
        dg_data_free(set);
    }
    for (int k = 0; k < 150; k++)
        cr_assert_eq(tested[k], 1, "row %d is tested %d times", k, tested[k]);
}

Test(data, refuses_folds_that_there_are_not)
{
    static const struct {
        const char *spec, *words;
        int64_t folds, fold;
    } cases[] = {{"iris", "folds is 1", 1, 1},
                 {"iris", "folds is 151", 151, 1},
                 {"iris", "fold is 5, expected 1 … 4", 4, 5},
                 {"iris", "fold=2 without folds", 0, 2},
                 {"iris(test=0.2)", "leave test out", 4, 1}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        dg_data *set;
        dg_status status =
            dg_data_open(cases[k].spec, &(dg_data_options){.folds = cases[k].folds, .fold = cases[k].fold}, &set);
        cr_assert_eq(status.code, DG_BAD_ARGUMENT);
        cr_assert_not_null(strstr(status.message, cases[k].words), "%s", status.message);
    }
}

Test(data, scales_to_mean_0_and_deviation_1_by_the_training_part_alone)
{
    dg_data *set = load("wine");
    const dg_tensor *features = field(set, "features");
    cr_assert_eq(dg_tensor_count(dg_data_offset(set)), 13);
    for (int64_t f = 0; f < 13; f++) {
        double mean = 0, square = 0;
        for (int64_t k = 0; k < dg_data_set(set)->n_train; k++) {
            double value = dg_tensor_get(features, dg_data_set(set)->train[k] * 13 + f);
            mean += value;
            square += value * value;
        }
        cr_assert_float_eq(mean / (double)dg_data_set(set)->n_train, 0, 1e-12);
        cr_assert_float_eq(square / (double)dg_data_set(set)->n_train, 1, 1e-12);
    }
    dg_data_free(set);
}

Test(data, scales_pixels_by_one_range)
{
    dg_data *set = load("digits(scale=unit)");
    cr_assert_eq(dg_tensor_count(dg_data_offset(set)), 1);
    cr_assert_eq(dg_tensor_get(dg_data_offset(set), 0), 0);
    cr_assert_eq(dg_tensor_get(dg_data_divisor(set), 0), 16);
    cr_assert_eq(dg_tensor_get(field(set, "features"), 2), 5.0 / 16);
    dg_data_free(set);
}

Test(data, offers_classes_as_one_hot)
{
    dg_data *set = load("iris");
    const dg_tensor *one_hot = field(set, "one_hot");
    cr_assert_eq(one_hot->shape.dims[1], 3);
    cr_assert_eq(dg_tensor_get(one_hot, 149 * 3 + 2), 1);
    cr_assert_eq(dg_tensor_get(one_hot, 149 * 3 + 1), 0);
    dg_data_free(set);
}

Test(data, makes_xor)
{
    dg_data *set = load("xor");
    cr_assert_eq(dg_data_rows(set), 4);
    cr_assert_eq(dg_data_set(set)->n_test, 0);
    for (int64_t k = 0; k < 4; k++) {
        double a = dg_tensor_get(field(set, "features"), 2 * k), b = dg_tensor_get(field(set, "features"), 2 * k + 1);
        cr_assert_eq(dg_tensor_get(field(set, "target"), k), a != b);
    }
    dg_data_free(set);
}

Test(data, makes_the_two_spirals_of_cmu)
{
    dg_data *set = load("spirals");
    const dg_tensor *features = field(set, "features");
    cr_assert_eq(dg_data_rows(set), 194);
    /* Points 0 and 96 of the first arm: (0, 6.5) and, after three turns, (0, 0.5). */
    cr_assert_float_eq(dg_tensor_get(features, 0), 0, 1e-12);
    cr_assert_float_eq(dg_tensor_get(features, 1), 6.5, 1e-12);
    cr_assert_float_eq(dg_tensor_get(features, 2 * 192), 0, 1e-12);
    cr_assert_float_eq(dg_tensor_get(features, 2 * 192 + 1), 0.5, 1e-12);
    cr_assert_float_eq(dg_tensor_get(features, 2 * 193 + 1), -0.5, 1e-12);
    dg_data_free(set);
}

Test(data, makes_modes_with_their_spread)
{
    dg_data *set = load("ring(n=8000)");
    const dg_tensor *features = field(set, "features");
    double square = 0;
    for (int64_t k = 0; k < 8000; k++) {
        double angle = 2 * M_PI * dg_tensor_get(field(set, "target"), k) / 8;
        square += pow(dg_tensor_get(features, 2 * k) - 2 * cos(angle), 2);
    }
    cr_assert_float_eq(sqrt(square / 8000), 0.02, 0.001);
    dg_data_free(set);
}

Test(data, makes_noisy_sinc_beside_the_truth)
{
    dg_data *set = load("sinc(n=4000, noise=0.1, test=0)");
    double square = 0;
    for (int64_t k = 0; k < 4000; k++) {
        double x = dg_tensor_get(field(set, "features"), k), truth = dg_tensor_get(field(set, "truth"), k);
        cr_assert_float_eq(truth, sin(x) / x, 1e-12);
        square += pow(dg_tensor_get(field(set, "target"), k) - truth, 2);
    }
    cr_assert_float_eq(sqrt(square / 4000), 0.1, 0.005);
    dg_data_free(set);
}

Test(data, takes_values_as_they_are_written)
{
    dg_data *set = load("values(features=[[0.5, 1], [2, 3], [4, 5]], target=[0, 2, 1])");
    cr_assert_eq(dg_data_set(set)->n_train, 3);
    cr_assert_eq(dg_data_class_count(set), 3);
    cr_assert_eq(dg_tensor_get(field(set, "features"), 3), 3);
    cr_assert_eq(dg_tensor_get(field(set, "target"), 1), 2);
    dg_data_free(set);
    expect_failure("values(features=[[1, 2], [3]])", "features holds lists of different lengths");
    expect_failure("values(features=[[1, 2], [3, a]])", "something else than finite numbers");
    expect_failure("values(features=[1, 2], target=[1])", "data values");
    expect_failure("values(features=3)", "there is no option 'features'");
}

Test(data, reads_fashion_mnist_with_its_split)
{
    if (access("/usr/share/datasets/fashion-mnist", F_OK))
        cr_skip_test("dataset-fashion-mnist is not installed");
    dg_data *set = load("fashion-mnist");
    cr_assert_eq(dg_data_set(set)->n_train, 60000);
    cr_assert_eq(dg_data_set(set)->n_test, 10000);
    cr_assert_eq(dg_data_set(set)->test[0], 60000);
    cr_assert_eq(field(set, "features")->shape.rank, 3);
    double sum = 0;
    const float *pixels = field(set, "features")->data;
    for (int64_t k = 0; k < 60000 * 784; k++)
        sum += (double)pixels[k];
    cr_assert_float_eq(sum / (60000.0 * 784), 0.2860, 5e-5); /* the mean that everybody normalises with */
    dg_data_free(set);
}

/* ---- files ---- */

TestSuite(data_files, .init = make_folder, .fini = remove_folder);

static void put(const char *name, const void *bytes, size_t size, bool packed)
{
    gzFile file = gzopen(name, packed ? "wb" : "wbT");
    cr_assert_eq(gzwrite(file, bytes, (unsigned)size), (int)size);
    gzclose(file);
}

Test(data_files, reads_a_table_packed_or_not)
{
    const char text[] = "a,b,y\n1,2,0\n3,4,1\n5,6,0\n7,8,1\n";
    put("t.csv", text, sizeof text - 1, false);
    put("t.csv.gz", text, sizeof text - 1, true);
    dg_data *plain = load("t.csv(scale=none)"), *packed = load("t.csv.gz(scale=none, target=y)");
    cr_assert_eq(dg_data_set(plain)->n_test, 1);
    cr_assert_eq(dg_tensor_get(field(packed, "features"), 7), 8);
    cr_assert_eq(dg_tensor_get(field(plain, "features"), 7), 8);
    dg_data_free(plain);
    dg_data_free(packed);
}

/* As gunzip has it: members follow each other, what comes behind them does not matter, what is missing does. */
Test(data_files, packed_files_have_members_and_ends)
{
    char bytes[1024];
    put("one.gz", "a,b,y\n1,2,0\n3,", 14, true);
    put("two.gz", "4,1\n5,6,0\n7,8,1\n", 16, true);
    cr_assert_eq(system("cat one.gz two.gz >whole.csv.gz; cp whole.csv.gz more.csv.gz; printf garbage >>more.csv.gz"),
                 0);
    for (int k = 0; k < 2; k++) {
        dg_data *data = load(k ? "more.csv.gz(scale=none)" : "whole.csv.gz(scale=none)");
        cr_assert_eq(dg_data_rows(data), 4);
        cr_assert_eq(dg_tensor_get(field(data, "features"), 3), 4);
        dg_data_free(data);
    }
    FILE *file = fopen("two.gz", "rb");
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t most = 3; most < size; most++) {
        write_bytes("cut.csv.gz", bytes, most);
        expect_refusal("cut.csv.gz", NULL, "cut.csv.gz: the compressed file is truncated");
    }
    bytes[size - 6] ^= 1; /* of the check sum */
    write_bytes("bad.csv.gz", bytes, size);
    expect_refusal("bad.csv.gz", NULL, "bad.csv.gz: the compressed file is damaged (incorrect data check)");
}

static void put_idx(const char *prefix, int rows, uint8_t first_label)
{
    uint8_t images[64] = {0, 0, 8, 3, 0, 0, 0, (uint8_t)rows, 0, 0, 0, 2, 0, 0, 0, 2};
    uint8_t labels[64] = {0, 0, 8, 1, 0, 0, 0, (uint8_t)rows};
    char name[64];
    for (int k = 0; k < 4 * rows; k++)
        images[16 + k] = (uint8_t)(k * 10);
    for (int k = 0; k < rows; k++)
        labels[8 + k] = (uint8_t)(first_label + k);
    snprintf(name, sizeof name, "%s-images-idx3-ubyte", prefix);
    put(name, images, 16 + 4 * (size_t)rows, false);
    snprintf(name, sizeof name, "%s-labels-idx1-ubyte.gz", prefix);
    put(name, labels, 8 + (size_t)rows, true);
}

Test(data_files, reads_a_folder_of_idx_files)
{
    put_idx("train", 4, 0);
    put_idx("t10k", 2, 3);
    dg_data *set = load(".(scale=none)");
    cr_assert_eq(dg_data_set(set)->n_train, 4);
    cr_assert_eq(dg_data_set(set)->n_test, 2);
    cr_assert_eq(dg_data_class_count(set), 5);
    cr_assert_eq(dg_tensor_get(field(set, "features"), 5), 50);
    cr_assert_eq(dg_tensor_get(field(set, "features"), 17), 10);
    cr_assert_eq(dg_tensor_get(field(set, "target"), 5), 4);
    dg_data_free(set);
}

Test(data_files, refuses_idx_files_that_are_cut_or_do_not_go_together)
{
    expect_failure(".", "there is no file train-images-idx3-ubyte");
    put_idx("t10k", 2, 3);
    put_idx("train", 4, 0);
    cr_assert_eq(unlink("t10k-images-idx3-ubyte"), 0);
    expect_failure(".", "there is no file t10k-images-idx3-ubyte");
    put_idx("t10k", 2, 3);
    cr_assert_eq(unlink("t10k-labels-idx1-ubyte.gz"), 0);
    expect_failure(".", "there is no file t10k-labels-idx1-ubyte");
    cr_assert_eq(unlink("t10k-images-idx3-ubyte"), 0);
    put_idx("train", 4, 0);
    put("train-images-idx3-ubyte", "\0\0\10\3\0\0\0\4\0\0\0\2\0\0\0\2abc", 19, false);
    expect_failure(".", "truncated or damaged");
    put("train-images-idx3-ubyte", "\0\0\10\3\0\0\0\1\0\0\0\2\0\0\0\2abcd", 20, false);
    expect_failure(".", "4 labels, but 1 image");
    put("train-images-idx3-ubyte", "PNG or so", 9, false);
    expect_failure(".", "not an IDX file");
}

/* Four pictures and their labels under the names that a publisher gives them. */
static void put_pair(const char *images_name, const char *labels_name, const uint8_t labels[4])
{
    uint8_t images[32] = {0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 2};
    uint8_t bytes[12] = {0, 0, 8, 1, 0, 0, 0, 4, labels[0], labels[1], labels[2], labels[3]};
    put(images_name, images, sizeof images, true);
    put(labels_name, bytes, sizeof bytes, true);
}

Test(data_files, finds_idx_files_of_emnist_and_torchvision)
{
    cr_assert_eq(system("mkdir -p e tv/MNIST/raw k"), 0);
    put_pair("e/emnist-letters-train-images-idx3-ubyte.gz", "e/emnist-letters-train-labels-idx1-ubyte.gz",
             (uint8_t[]){1, 26, 2, 1});
    put_pair("e/emnist-letters-test-images-idx3-ubyte.gz", "e/emnist-letters-test-labels-idx1-ubyte.gz",
             (uint8_t[]){1, 2, 2, 1});
    dg_data *set = load("e");
    cr_assert_eq(dg_data_set(set)->n_train, 4);
    cr_assert_eq(dg_data_set(set)->n_test, 4);
    cr_assert_eq(dg_data_class_count(set), 3); /* what the file holds: 1, 2, 26 */
    cr_assert_str_eq(dg_data_class(set, 2), "26");
    dg_data_free(set);
    put_pair("e/emnist-digits-train-images-idx3-ubyte.gz", "e/emnist-digits-train-labels-idx1-ubyte.gz",
             (uint8_t[]){0, 1, 2, 3});
    expect_failure("e", "there are several sets in this folder: choose one with split=:");
    set = load("e(split=digits, test=0.5)");
    cr_assert_eq(dg_data_set(set)->n_train, 2);
    cr_assert_eq(dg_data_class_count(set), 4);
    dg_data_free(set);
    expect_failure("e(split=balanced)", "split=balanced: the sets in this folder are");
    put_pair("tv/MNIST/raw/train-images-idx3-ubyte", "tv/MNIST/raw/train-labels-idx1-ubyte", (uint8_t[]){0, 1, 2, 3});
    set = load("tv(test=0)");
    cr_assert_eq(dg_data_rows(set), 4);
    dg_data_free(set);
    put_pair("k/train-images.idx3-ubyte", "k/train-labels.idx1-ubyte", (uint8_t[]){0, 1, 2, 3});
    set = load("k(test=0)");
    cr_assert_eq(dg_data_rows(set), 4);
    dg_data_free(set);
}

/* An .npy of version 1.0, as numpy.save writes it. */
static void put_npy(const char *name, const char *type, const char *shape, const void *elements, size_t size)
{
    char bytes[1024] = "\x93NUMPY\1\0v\0";
    int length = sprintf(bytes + 10, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type, shape);
    memset(bytes + 10 + length, ' ', (size_t)(118 - length));
    bytes[127] = '\n';
    memcpy(bytes + 128, elements, size);
    write_bytes(name, bytes, 128 + size);
}

Test(data_files, reads_numpys_arrays)
{
    static const double matrix[] = {1, 2, 0, 3, 4, 1};
    put_npy("m.npy", "<f8", "(2, 3)", matrix, sizeof matrix);
    dg_data *set = open_well("m.npy", &(dg_data_options){.whole = true});
    cr_assert_eq(width_of(set), 2); /* a table: the last column is the target */
    cr_assert_eq(at(set, "features", 3), 4);
    cr_assert_eq(at(set, "target", 1), 1);
    dg_data_free(set);
    set = open_well("m.npy(target=1)", &(dg_data_options){.whole = true});
    cr_assert_eq(at(set, "target", 1), 3);
    dg_data_free(set);
    put_npy("i.npy", "|u1", "(2, 2, 2)", "\1\2\3\4\5\6\7\10", 8);
    set = open_well("i.npy", &(dg_data_options){.whole = true});
    cr_assert_eq(field(set, "features")->shape.rank, 3);
    cr_assert_eq(at(set, "features", 7), 8);
    dg_data_free(set);
    put_npy("o.npy", "|O", "(1,)", "x", 1);
    expect_failure("o.npy", "o.npy: the elements of the array are of type '|O', which is not read");
    if (system("python3 -c 'import zipfile' 2>/dev/null"))
        cr_skip_test("there is no Python to pack an archive with");
    put_npy("x.npy", "<f8", "(2, 2)", matrix, 4 * sizeof(double));
    put_npy("y.npy", "<U1", "(2,)", "b\0\0\0a\0\0\0", 8);
    cr_assert_eq(system("python3 -c \"import zipfile; z = zipfile.ZipFile('d.npz', 'w', zipfile.ZIP_DEFLATED); "
                        "z.write('x.npy'); z.write('y.npy')\""),
                 0);
    set = open_well("d.npz(test=0)", NULL);
    cr_assert_eq(at(set, "features", 1), 2);
    cr_assert_eq(at(set, "target", 0), 1);
    cr_assert_str_eq(dg_data_class(set, 0), "a");
    dg_data_free(set);
}

Test(data_files, reads_safetensors_with_rows_for_testing)
{
    dg_tensors *file;
    dg_tensor *made;
    cr_assert_eq(dg_tensors_new(&file).code, DG_OK);
    cr_assert_eq(dg_tensors_add(file, "features", DG_FLOAT32, DG_SHAPE(3, 2), &made).code, DG_OK);
    cr_assert_eq(dg_tensors_add(file, "target", DG_INT64, DG_SHAPE(3), &made).code, DG_OK);
    dg_tensor_set(made, 1, 4);
    cr_assert_eq(dg_tensors_add(file, "test.features", DG_FLOAT32, DG_SHAPE(1, 2), &made).code, DG_OK);
    dg_tensor_set(made, 1, 7);
    cr_assert_eq(dg_tensors_add(file, "test.target", DG_INT64, DG_SHAPE(1), &made).code, DG_OK);
    cr_assert_eq(dg_safetensors_write("d.safetensors", file).code, DG_OK);
    dg_data *set = load("d.safetensors");
    cr_assert_eq(dg_data_set(set)->n_train, 3);
    cr_assert_eq(dg_data_set(set)->n_test, 1);
    cr_assert_eq(dg_data_class_count(set), 5);
    cr_assert_eq(dg_tensor_get(field(set, "features"), 7), 7);
    dg_data_free(set);
    dg_tensors_free(file);
}

Test(data_files, refuses_what_it_cannot_read)
{
    expect_failure("nothing.csv", "there is no such file");
    expect_failure("nothing.csv(target=y", "there is no such file; its '(' has no ')' at the end");
    expect_failure("iris(scale=unit", "its '(' has no ')' at the end");
    expect_failure("digitz", "no such data set (digits, iris");
    expect_failure("iris(scale=most)", "scale=most: expected one of unit standard none");
    expect_failure("iris(test=1)", "test needs a fraction");
    expect_failure("iris(scale=standard, scale=unit)", "scale is given twice");
    expect_failure("iris(n=4)", "there is no option 'n' here");
    expect_failure("iris(0.5)", "options are written NAME=VALUE");
    expect_failure("", "needs a name");
    put("t.csv.gz", "\x1f\x8b\x08\0\0\0\0\0\0\3\x33\xd4\x31", 13, false);
    expect_failure("t.csv.gz", "t.csv.gz: ");
}
