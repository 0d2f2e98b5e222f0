/* Sizes that graphs read from data. */
#include "set.h"

#include <string.h>

static int64_t rows_of(const dg_data *data)
{
    return data->data.n_train;
}

static int64_t features_of(const dg_data *data)
{
    const dg_tensor *features = dg_tensors_find(data->data.fields, "features");
    return features && data->count > 0 ? dg_tensor_count(features) / data->count : 0;
}

static int64_t classes_of(const dg_data *data)
{
    return data->n_classes;
}

/* Targets that are sequences, as of language models, are tokens, too. */
static int64_t vocab_of(const dg_data *data)
{
    const dg_tensor *features = dg_tensors_find(data->data.fields, "features");
    const dg_tensor *target = dg_tensors_find(data->data.fields, "target");
    if (data->is_text)
        return data->n_classes;
    int64_t first = features ? data_count_classes(features) : 0;
    int64_t second = target && target->shape.rank > 1 ? data_count_classes(target) : 0;
    return first > second || first == 0 ? first : second;
}

static const struct {
    dg_data_size is;
    int64_t (*of)(const dg_data *data);
} sizes[] = {
    {{"ROWS", "rows that train"}, rows_of},
    {{"FEATURES", "numbers in a row's features"}, features_of},
    {{"CLASSES", "classes of the target"}, classes_of},
    {{"VOCAB",
      "tokens: the characters of a text, else one more than the greatest, where features are whole numbers from 0 on"},
     vocab_of}};

const dg_data_size *dg_data_size_at(size_t index)
{
    return index < sizeof sizes / sizeof *sizes ? &sizes[index].is : NULL;
}

int64_t dg_data_size_of(const dg_data *data, const char *name)
{
    for (size_t k = 0; data && name && k < sizeof sizes / sizeof *sizes; k++)
        if (strcmp(sizes[k].is.name, name) == 0)
            return sizes[k].of(data);
    return 0;
}
