/* Each file of a corpus once: what libFuzzer found stays tested where there is no libFuzzer.
 * usage: TARGET FOLDER… */
#include "fuzz.h"

#include <dirent.h>

/* What a target's own mutator calls; nothing is mutated here. */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most)
{
    (void)bytes;
    (void)most;
    return size;
}

static size_t replay(const char *folder)
{
    size_t count = 0;
    DIR *names = opendir(folder);
    CHECK(names, "%s: no such folder", folder);
    for (struct dirent *entry; (entry = readdir(names));) {
        char path[4096], *bytes;
        size_t size;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        MUST(dg_read_file(path, &bytes, &size));
        LLVMFuzzerTestOneInput((const uint8_t *)bytes, size);
        free(bytes);
        count++;
    }
    closedir(names);
    return count;
}

int main(int argc, char **argv)
{
    size_t count = 0;
    for (int k = 1; k < argc; k++)
        count += replay(argv[k]);
    printf("%zu inputs\n", count);
    return count == 0;
}
