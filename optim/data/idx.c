/* Folders in the layout of MNIST: {train,t10k}-{images-idx3,labels-idx1}-ubyte, each plain or as .gz.
 * An IDX file is two bytes 0, a type, the rank, the sizes as big-endian 32-bit numbers, and the elements, big-endian
 * (http://yann.lecun.com/exdb/mnist). */
#include "data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LABEL 65535

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

/* The path of a file of the folder, as it is or as .gz. */
static bool find_file(const char *folder, const char *name, char *path, size_t size)
{
    int length = snprintf(path, size, "%s/%s", folder, name);
    if (length > 0 && (size_t)length < size && !access(path, F_OK))
        return true;
    length = snprintf(path, size, "%s/%s.gz", folder, name);
    return length > 0 && (size_t)length < size && !access(path, F_OK);
}

static dg_status read_header(const char *path, idx_file *idx, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)idx->bytes;
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
        return dg_error(DG_BAD_DATA, "%s: the file has %zu bytes, its header speaks of %zu: it is cut or garbled", path,
                        size, begin + wanted);
    if (idx->shape.dims[0] == 0)
        return dg_error(DG_BAD_DATA, "%s: the file is empty", path);
    idx->elements = bytes + begin;
    return dg_ok();
}

static dg_status read_idx(const char *path, idx_file *idx)
{
    size_t size;
    DG_TRY(gz_read(path, &idx->bytes, &size));
    return read_header(path, idx, size);
}

/* One part of the set: images and labels. */
typedef struct idx_part {
    char images_path[4096], labels_path[4096];
    idx_file images, labels;
} idx_part;

static dg_status read_part(const char *folder, const char *name, idx_part *part)
{
    char images[64], labels[64];
    snprintf(images, sizeof images, "%s-images-idx3-ubyte", name);
    snprintf(labels, sizeof labels, "%s-labels-idx1-ubyte", name);
    if (!find_file(folder, images, part->images_path, sizeof part->images_path))
        return dg_error(DG_IO, "%s: there is no file %s[.gz] in this folder", folder, images);
    if (!find_file(folder, labels, part->labels_path, sizeof part->labels_path))
        return dg_error(DG_IO, "%s: there is no file %s[.gz] in this folder", folder, labels);
    DG_TRY(read_idx(part->images_path, &part->images));
    DG_TRY(read_idx(part->labels_path, &part->labels));
    if (part->images.shape.dims[0] != part->labels.shape.dims[0])
        return dg_error(DG_BAD_DATA, "%s: there are %lld labels, but %lld images", part->labels_path,
                        (long long)part->labels.shape.dims[0], (long long)part->images.shape.dims[0]);
    if (part->labels.shape.rank != 1)
        return dg_error(DG_BAD_DATA, "%s: labels have %d dimensions, want 1", part->labels_path,
                        part->labels.shape.rank);
    return dg_ok();
}

static void release_part(idx_part *part)
{
    free(part->images.bytes);
    free(part->labels.bytes);
}

static dg_status take_part(const idx_part *part, data_set *set, dg_tensor *features, dg_tensor *target,
                           int64_t first_row)
{
    int64_t rows = part->images.shape.dims[0], width = dg_shape_count(&part->images.shape) / rows;
    float *pixels = (float *)features->data + first_row * width;
    int64_t *labels = (int64_t *)target->data + first_row;
    for (int64_t k = 0; k < rows * width; k++)
        pixels[k] = (float)element(&part->images, k);
    for (int64_t k = 0; k < rows; k++) {
        double label = element(&part->labels, k);
        if (label < 0 || label > MAX_LABEL || label != (double)(int64_t)label)
            return dg_error(DG_BAD_DATA, "%s: label %lld is %g, wants a whole number from 0 on", part->labels_path,
                            (long long)k + 1, label);
        labels[k] = (int64_t)label;
        if (labels[k] >= set->n_classes)
            set->n_classes = labels[k] + 1;
    }
    return dg_ok();
}

static dg_status join(const idx_part parts[2], bool has_test, data_set *set)
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
    DG_TRY(dg_tensors_add(set->data.fields, "features", DG_FLOAT32, shape, &features));
    DG_TRY(dg_tensors_add(set->data.fields, "target", DG_INT64, DG_SHAPE(set->count), &target));
    DG_TRY(take_part(&parts[0], set, features, target, 0));
    return has_test ? take_part(&parts[1], set, features, target, set->published) : dg_ok();
}

dg_status idx_read(const char *folder, data_set **made)
{
    char path[4096];
    data_set *set = NULL;
    idx_part *parts = calloc(2, sizeof(idx_part));
    *made = NULL;
    if (!parts)
        return data_no_memory(folder);
    bool has_test = find_file(folder, "t10k-images-idx3-ubyte", path, sizeof path);
    dg_status status = read_part(folder, "train", &parts[0]);
    if (status.code == DG_OK && has_test)
        status = read_part(folder, "t10k", &parts[1]);
    if (status.code == DG_OK)
        status = data_set_new(folder, &set);
    if (status.code == DG_OK)
        status = join(parts, has_test, set);
    release_part(&parts[0]);
    release_part(&parts[1]);
    free(parts);
    if (status.code == DG_OK)
        *made = set;
    else
        data_set_free(set);
    return status;
}
