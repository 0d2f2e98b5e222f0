/* Files that people have and that are no tables here: what they are, and how they become one. */
#include "set.h"

#include <string.h>

static const struct {
    const char *magic;
    size_t size;
    const char *what, *remedy;
} formats[] = {
#define M(text) text, sizeof text - 1
    {M("PK\3\4"), "a packed workbook (.xlsx, .ods) or archive", "save the table as CSV, or unpack the archive"},
    {M("\xD0\xCF\x11\xE0"), "an old workbook (.xls)", "save the table as CSV"},
    {M("PAR1"), "Parquet", "convert it: pandas.read_parquet('x').to_csv('x.csv', index=False)"},
    {M("ARROW1"), "Feather", "convert it: pandas.read_feather('x').to_csv('x.csv', index=False)"},
    {M("FEA1"), "Feather", "convert it: pandas.read_feather('x').to_csv('x.csv', index=False)"},
    {M("\x89HDF\r\n"), "HDF5", "convert it: numpy.savez('x.npz', features=f['…'][:], target=f['…'][:]) of h5py.File"},
    {M("MATLAB 5.0"), "MATLAB's .mat",
     "convert it: numpy.savez('x.npz', features=m['X'], target=m['y']) of scipy.io.loadmat"},
    {M("SQLite format 3"), "a database of SQLite",
     "export a table: sqlite3 -header -csv x.db 'select * from t' > x.csv"},
    {M("BZh"), "packed by bzip2", "unpack it: bunzip2"},
    {M("\xFD"
       "7zXZ"),
     "packed by xz", "unpack it: unxz"},
    {M("\x28\xB5\x2F\xFD"), "packed by Zstandard", "unpack it: unzstd"},
    {M("X\n\0\0"), "an .rds file of R", "write.csv(readRDS('x.rds'), 'x.csv', row.names=FALSE)"},
    {M("RDX"), "an .RData file of R", "write.csv(…, 'x.csv', row.names=FALSE)"},
    {M("\x80\2"), "a pickle of Python", "save it there: numpy.savez('x.npz', features=…, target=…)"},
    {M("\x80\3"), "a pickle of Python", "save it there: numpy.savez('x.npz', features=…, target=…)"},
    {M("\x80\4"), "a pickle of Python", "save it there: numpy.savez('x.npz', features=…, target=…)"},
    {M("\x80\5"), "a pickle of Python", "save it there: numpy.savez('x.npz', features=…, target=…)"},
    {M("\x93NUMPY"), "an array of NumPy", "give the file a name that ends in .npy"},
    {M("%PDF"), "a PDF", "copy the table into a text file"},
    {M("\x89PNG"), "a picture", "convert pictures: numpy.savez('x.npz', features=…, target=…)"},
    {M("\xFF\xD8\xFF"), "a picture", "convert pictures: numpy.savez('x.npz', features=…, target=…)"},
#undef M
};

dg_status foreign_check(const char *path, const char *bytes, size_t size)
{
    for (size_t k = 0; k < sizeof formats / sizeof formats[0]; k++)
        if (size >= formats[k].size && !memcmp(bytes, formats[k].magic, formats[k].size))
            return dg_error(DG_BAD_DATA, "%s: this is %s: %s", path, formats[k].what, formats[k].remedy);
    size_t at = 0;
    while (at < size && strchr(" \t\r\n", bytes[at]) && bytes[at])
        at++;
    size_t next = at + 1;
    while (next < size && strchr(" \t\r\n", bytes[next]) && bytes[next])
        next++;
    if (next >= size)
        return dg_ok();
    if ((bytes[at] == '{' && bytes[next] == '"') || (bytes[at] == '[' && strchr("{[", bytes[next])))
        return dg_error(DG_BAD_DATA,
                        "%s: this is JSON: convert it: pandas.read_json('x'%s).to_csv('x.csv', index=False)", path,
                        bytes[at] == '{' ? ", lines=True" : "");
    if (bytes[at] == '<' && (bytes[next] == '!' || bytes[next] == '?' || !strncmp(bytes + next, "html", 4)))
        return dg_error(DG_BAD_DATA, "%s: this is a page (HTML or XML), not a table: was the download refused?", path);
    return dg_ok();
}
