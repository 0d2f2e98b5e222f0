/* Folders in the layout of MNIST: {train,t10k}-{images-idx3,labels-idx1}-ubyte, each plain or as .gz; as torchvision
 * lays it out (in raw/, or MNIST/raw/ below), as EMNIST names its sets (emnist-letters-test-images-idx3-ubyte), and
 * with a dot before idx. An IDX file is two bytes 0, a type, the rank, the sizes as big-endian 32-bit numbers, and the
 * elements, big-endian (http://yann.lecun.com/exdb/mnist). */
#include "readers.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LABEL     65535
#define FASHION_MNIST "/usr/share/datasets/fashion-mnist"

typedef struct idx_file {
    char *bytes;
    const uint8_t *elements;
    uint8_t type;
    size_t element_size;
    dg_shape shape;
} idx_file;

static size_t element_size(uint8_t type)
{
    switch (type) {
    case 0x08: /* unsigned byte */
    case 0x09: /* signed byte */
        return 1;
    case 0x0B: /* short */
        return 2;
    case 0x0C: /* int */
    case 0x0D: /* float */
        return 4;
    case 0x0E: /* double */
        return 8;
    default:
        return 0;
    }
}

static double element(const idx_file *idx, int64_t index)
{
    const uint8_t *at = idx->elements + (size_t)index * idx->element_size;
    uint64_t word = 0;
    for (size_t k = 0; k < idx->element_size; k++)
        word = word << 8 | at[k];
    float single;
    double real;
    uint32_t half = (uint32_t)word;
    switch (idx->type) {
    case 0x08:
        return (double)word;
    case 0x09:
        return (double)(int8_t)word;
    case 0x0B:
        return (double)(int16_t)word;
    case 0x0C:
        return (double)(int32_t)word;
    case 0x0D:
        memcpy(&single, &half, sizeof single);
        return (double)single;
    default:
        memcpy(&real, &word, sizeof real);
        return real;
    }
}

static dg_status read_header(const char *path, idx_file *idx, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)idx->bytes;
    if (size == 0)
        return dg_error(DG_BAD_DATA, "%s: the file is empty", path);
    if (size < 4 || bytes[0] || bytes[1] || !element_size(bytes[2]) || bytes[3] == 0 || bytes[3] > DG_MAX_RANK)
        return dg_error(DG_BAD_DATA, "%s: this is not an IDX file", path);
    idx->type = bytes[2];
    idx->element_size = element_size(idx->type);
    idx->shape.rank = bytes[3];
    size_t begin = 4 + 4 * (size_t)idx->shape.rank, wanted = idx->element_size;
    for (int k = 0; k < idx->shape.rank && begin <= size; k++) {
        const uint8_t *at = bytes + 4 + 4 * k;
        uint32_t dim = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
        idx->shape.dims[k] = (int64_t)dim;
        if (__builtin_mul_overflow(wanted, (size_t)dim, &wanted))
            return data_no_memory(path);
    }
    if (begin > size || size - begin != wanted)
        return dg_error(DG_BAD_DATA,
                        "%s: the file has %zu byte(s), its header describes %zu: it is truncated or damaged", path,
                        size, begin + wanted);
    if (idx->shape.dims[0] == 0)
        return dg_error(DG_BAD_DATA, "%s: the file is empty", path);
    idx->elements = bytes + begin;
    return dg_ok();
}

static dg_status read_idx(const data_reading *reading, const char *path, idx_file *idx)
{
    size_t size;
    DG_TRY(bytes_read(path, reading->options->max_bytes, reading->budget, &idx->bytes, &size));
    return read_header(path, idx, size);
}

/* One part of the set: images and labels. */
typedef struct idx_part {
    char images_path[4096], labels_path[4096];
    idx_file images, labels;
} idx_part;

static dg_status read_part(const data_reading *reading, idx_part *part)
{
    DG_TRY(read_idx(reading, part->images_path, &part->images));
    DG_TRY(read_idx(reading, part->labels_path, &part->labels));
    if (part->images.shape.dims[0] != part->labels.shape.dims[0])
        return dg_error(DG_BAD_DATA, "%s: %lld label(s), but %lld image(s)", part->labels_path,
                        (long long)part->labels.shape.dims[0], (long long)part->images.shape.dims[0]);
    if (part->labels.shape.rank != 1)
        return dg_error(DG_BAD_DATA, "%s: labels have %d dimension(s), expected 1", part->labels_path,
                        part->labels.shape.rank);
    return dg_ok();
}

static void release_part(idx_part *part)
{
    free(part->images.bytes);
    free(part->labels.bytes);
}

static dg_status take_part(const idx_part *part, dg_tensor *features, dg_tensor *target, int64_t first_row)
{
    int64_t rows = part->images.shape.dims[0], width = dg_shape_count(&part->images.shape) / rows;
    float *pixels = (float *)features->data + first_row * width;
    int64_t *labels = (int64_t *)target->data + first_row;
    bool is_bytes = part->images.type == 0x08; /* of almost all files */
    for (int64_t k = 0; is_bytes && k < rows * width; k++)
        pixels[k] = part->images.elements[k];
    for (int64_t k = 0; !is_bytes && k < rows * width; k++) {
        pixels[k] = (float)element(&part->images, k);
        if (!isfinite(pixels[k]))
            return dg_error(DG_BAD_DATA, "%s: image %lld has an element that is not a finite float32 number",
                            part->images_path, (long long)(k / width) + 1);
    }
    for (int64_t k = 0; k < rows; k++) {
        double label = element(&part->labels, k);
        if (!(label >= 0 && label <= MAX_LABEL) || label != floor(label))
            return dg_error(DG_BAD_DATA, "%s: label %lld is %g, expected a whole number from 0 on", part->labels_path,
                            (long long)k + 1, label);
        labels[k] = (int64_t)label;
    }
    return dg_ok();
}

static dg_status join(const data_reading *reading, const idx_part parts[2], bool has_test, dg_data *set)
{
    dg_shape shape = parts[0].images.shape;
    dg_tensor *features, *target;
    set->published = has_test ? shape.dims[0] : 0;
    if (has_test) {
        dg_shape test = parts[1].images.shape;
        test.dims[0] = shape.dims[0];
        if (!dg_shape_equal(&test, &shape))
            return dg_error(DG_BAD_SHAPE, "%s: the images are of another size than those for training",
                            parts[1].images_path);
        shape.dims[0] += parts[1].images.shape.dims[0];
    }
    set->count = shape.dims[0];
    set->is_pixels = true;
    DG_TRY(budget_take(reading->budget, reading->path, (size_t)dg_shape_count(&shape) * sizeof(float)));
    DG_TRY(dg_tensors_add(set->data.fields, "features", DG_FLOAT32, shape, &features));
    DG_TRY(dg_tensors_add(set->data.fields, "target", DG_INT64, DG_SHAPE(set->count), &target));
    DG_TRY(take_part(&parts[0], features, target, 0));
    if (has_test)
        DG_TRY(take_part(&parts[1], features, target, set->published));
    return data_find_labels(set, target, NULL, false);
}

/* ---- which files ---- */

/* What the name of a file says: [SET-]{train,t10k,test}-{images,labels}[-.]idx{3,1}-ubyte[.gz]. */
typedef struct file_role {
    bool is_test, is_labels;
    size_t set_length; /* of the name's beginning that names the set, without the "-"; 0: it names none */
} file_role;

static bool find_role(const char *name, file_role *role)
{
    static const char *const parts[] = {"train", "t10k", "test"};
    for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) {
        const char *at = strstr(name, parts[k]);
        if (!at || (at != name && at[-1] != '-'))
            continue;
        const char *kind = at + strlen(parts[k]);
        bool images = !strncmp(kind, "-images", 7), labels = !strncmp(kind, "-labels", 7);
        if (!images && !labels)
            continue;
        const char *tail = kind + 7;
        if ((*tail != '-' && *tail != '.') || strncmp(tail + 1, images ? "idx3-ubyte" : "idx1-ubyte", 10) != 0)
            continue;
        if (tail[11] && strcmp(tail + 11, ".gz") != 0)
            continue;
        *role = (file_role){k > 0, labels, at == name ? 0 : (size_t)(at - name) - 1};
        return true;
    }
    return false;
}

/* The files of a folder: [0] train, [1] test; what there is several sets of. */
typedef struct idx_folder {
    idx_part *parts;
    const char *wanted; /* the set that split= names; NULL: the only one */
    char sets[400];     /* the sets that were seen, between commas */
} idx_folder;

static dg_status note_file(const char *folder, const char *name, idx_folder *found)
{
    file_role role;
    char set[64], between[80], seen[420];
    if (!find_role(name, &role))
        return dg_ok();
    const char *dash = NULL; /* "emnist-letters" is the set letters */
    for (size_t k = 0; k < role.set_length; k++)
        dash = name[k] == '-' ? name + k : dash;
    const char *begin = dash ? dash + 1 : name;
    snprintf(set, sizeof set, "%.*s", (int)((size_t)(name - begin) + role.set_length), begin);
    snprintf(between, sizeof between, ",%s,", set);
    snprintf(seen, sizeof seen, ",%s,", found->sets);
    if (!strstr(seen, between)) {
        size_t length = strlen(found->sets);
        snprintf(found->sets + length, sizeof found->sets - length, "%s%s", length ? "," : "", set);
    }
    if (found->wanted && strcmp(found->wanted, set) != 0)
        return dg_ok();
    idx_part *part = &found->parts[role.is_test];
    char *path = role.is_labels ? part->labels_path : part->images_path;
    if (*path &&
        strlen(path) < strlen(folder) + strlen(name) + 1) /* the plain file, where there is a packed one, too */
        return dg_ok();
    int length = snprintf(path, sizeof part->images_path, "%s/%s", folder, name);
    return length > 0 && length < (int)sizeof part->images_path ? dg_ok()
                                                                : dg_error(DG_IO, "%s: the path is too long", folder);
}

static dg_status look_into(const char *folder, idx_folder *found)
{
    DIR *files = opendir(folder);
    dg_status status = dg_ok();
    if (!files)
        return dg_ok(); /* not every folder has a raw/ in it */
    for (struct dirent *entry; status.code == DG_OK && (entry = readdir(files));)
        status = note_file(folder, entry->d_name, found);
    closedir(files);
    return status;
}

static dg_status find_files(const data_reading *reading, idx_folder *found)
{
    static const char *const below[] = {"", "/raw", "/MNIST/raw", "/FashionMNIST/raw", "/KMNIST/raw", "/EMNIST/raw"};
    const idx_part *train = &found->parts[0], *test = &found->parts[1];
    char path[4096];
    for (size_t k = 0; k < sizeof below / sizeof below[0] && !*found->sets && !*train->images_path; k++) {
        snprintf(path, sizeof path, "%s%s", reading->path, below[k]);
        DG_TRY(look_into(path, found));
    }
    if (!found->wanted && strchr(found->sets, ','))
        return dg_error(DG_BAD_ARGUMENT, "%s: there are several sets in this folder: choose one with split=: %s",
                        reading->path, found->sets);
    if (found->wanted && !*train->images_path)
        return dg_error(DG_BAD_ARGUMENT, "%s: split=%s: the sets in this folder are %s", reading->path, found->wanted,
                        *found->sets ? found->sets : "none");
    if (!*train->images_path)
        return dg_error(DG_IO, "%s: there is no file train-images-idx3-ubyte[.gz] in this folder", reading->path);
    if (!*train->labels_path || !*test->images_path != !*test->labels_path)
        return dg_error(DG_IO, "%s: there is no file %s-%s-ubyte[.gz] in this folder", reading->path,
                        *train->labels_path ? "t10k" : "train",
                        *train->labels_path && !*test->images_path ? "images-idx3" : "labels-idx1");
    return dg_ok();
}

static dg_status read_parts(const data_reading *reading, idx_part *parts, dg_data **set)
{
    idx_folder found = {.parts = parts, .wanted = reading->options->split};
    DG_TRY(find_files(reading, &found));
    bool has_test = *parts[1].images_path;
    DG_TRY(read_part(reading, &parts[0]));
    if (has_test)
        DG_TRY(read_part(reading, &parts[1]));
    DG_TRY(data_set_new(reading->path, set));
    return join(reading, parts, has_test, *set);
}

static dg_status idx_read(const data_reading *reading, dg_data **made)
{
    data_reading there = *reading;
    dg_data *set = NULL;
    idx_part *parts = calloc(2, sizeof(idx_part));
    *made = NULL;
    if (!parts)
        return data_no_memory(reading->path);
    bool by_name = !strcmp(reading->name, "fashion-mnist") && !strcmp(reading->path, reading->name);
    if (by_name)
        there.path = FASHION_MNIST;
    dg_status status = by_name && access(FASHION_MNIST, F_OK)
                           ? dg_error(DG_IO, "fashion-mnist: " FASHION_MNIST
                                             " is missing: install Debian's package dataset-fashion-mnist")
                           : read_parts(&there, parts, &set);
    release_part(&parts[0]);
    release_part(&parts[1]);
    free(parts);
    if (status.code == DG_OK)
        *made = set;
    else
        dg_data_free(set);
    return status;
}

static const dg_data_format formats[] = {
    {"fashion-mnist", "", "unit", 0.25,
     "70,000 pictures of clothes, 28 × 28, 10 classes (package dataset-fashion-mnist)"},
    {"IDX", "/", "unit", 0.25,
     "a folder with the files of MNIST, EMNIST, Fashion-MNIST, as published or by torchvision"},
};

const data_reader idx_reader = {.formats = formats,
                                .n_formats = sizeof formats / sizeof formats[0],
                                .kinds = SETS_FOLDER | SETS_FILE,
                                .read = idx_read};
