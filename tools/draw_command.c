/* dotgrad draw: a graph file as a picture. */
#include "commands.h"
#include "graph_file.h"
#include "render.h"

#include <stdlib.h>
#include <string.h>

int command_draw(int argc, char **argv)
{
    graph_file *file;
    char *text, *bytes;
    size_t size;
    if (argc < 4)
        return command_misused(argv[0], "wants a graph and -o");
    dg_status status = graph_file_read(argv[1], NULL, &file);
    if (status.code != DG_OK)
        return command_failed(status);
    status = graph_file_write(file, &text);
    if (status.code == DG_OK)
        status = render_dot(argv[1], text, render_format(argv[3]), &bytes, &size);
    if (status.code == DG_OK)
        status = dg_write_file(argv[3], bytes, size);
    return status.code == DG_OK ? 0 : command_failed(status);
}
