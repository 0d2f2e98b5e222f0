#include "plugin.h"

#include <dotgrad/op.h>
#include <dotgrad/version.h>

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static dg_status other_version(const char *path)
{
    return dg_error(DG_BAD_DATA,
                    "plugin %s: it was compiled for another version of dotgrad; compile it again with the headers of "
                    "dotgrad %s",
                    path, dg_version());
}

/* The array of ops, under the name of this version; without one, if every op in it tells the version itself. */
static dg_status find_ops(void *library, const char *path, const dg_op *const **ops)
{
    char name[64];
    *ops = dlsym(library, DG_PLUGIN_NAME(DG_OP_VERSION));
    if (*ops)
        return dg_ok();
    for (int version = 1; version < 1000; version++) {
        snprintf(name, sizeof name, "dotgrad_plugin_%d", version);
        if (dlsym(library, name))
            return other_version(path);
    }
    *ops = dlsym(library, "dotgrad_plugin");
    if (!*ops)
        return dg_error(DG_BAD_DATA, "plugin %s: it defines no array 'dotgrad_plugin' of ops", path);
    for (size_t i = 0; (*ops)[i]; i++)
        if ((*ops)[i]->version != DG_OP_VERSION)
            return other_version(path);
    return dg_ok();
}

static dg_status load(const char *path)
{
    char local[4096];
    snprintf(local, sizeof local, "%s%s", strchr(path, '/') ? "" : "./", path); /* not the system's folders */
    void *library = dlopen(local, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return dg_error(DG_IO, "plugin %s", dlerror());
    const dg_op *const *ops = NULL;
    DG_TRY(find_ops(library, path, &ops));
    for (; *ops; ops++) {
        dg_status status = dg_register(*ops);
        if (status.code != DG_OK)
            return dg_prefixed(status, "plugin %s", path);
    }
    return dg_ok();
}

dg_status plugins_take(int *argc, char **argv)
{
    static const char option[] = "--plugin";
    int kept = 0;
    dg_status status = dg_ok();
    for (int i = 0; i < *argc; i++) {
        bool whole = strcmp(argv[i], option) == 0, with_value = strncmp(argv[i], "--plugin=", sizeof option) == 0;
        if (!whole && !with_value) {
            argv[kept++] = argv[i];
            continue;
        }
        if (whole && ++i == *argc)
            return dg_error(DG_BAD_ARGUMENT, "--plugin needs the path of a shared library");
        if (status.code == DG_OK)
            status = load(with_value ? argv[i] + sizeof option : argv[i]);
    }
    *argc = kept;
    argv[kept] = NULL;
    return status;
}
