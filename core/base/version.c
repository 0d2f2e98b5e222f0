/* The version of the library that runs, which may be another than the headers a program was compiled with. */
#include <dotgrad/version.h>

const char *dg_version(void)
{
    return DG_VERSION;
}
