/* RUN/row.json. */
#include "row.h"

#include "claim.h"
#include "folder.h"

#include <cjson/cJSON.h>
#include <dotgrad/op.h>
#include <dotgrad/version.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static bool add_metrics(cJSON *to, const char *name, const dg_metrics *metrics)
{
    cJSON *object = metrics->count ? cJSON_AddObjectToObject(to, name) : to;
    bool fine = object != NULL;
    for (int k = 0; fine && k < metrics->count; k++)
        fine = cJSON_AddNumberToObject(object, metrics->names[k], metrics->values[k]) != NULL;
    return fine;
}

/* Epochs done, and the metrics of the last one. */
static bool add_history(cJSON *to, const dg_trainer *trainer)
{
    const dg_tensor *history = dg_trainer_history(trainer);
    int64_t epochs = history && history->data ? history->shape.dims[0] : 0;
    bool fine = cJSON_AddNumberToObject(to, "epochs", (double)epochs) != NULL;
    cJSON *last = fine && epochs ? cJSON_AddObjectToObject(to, "train") : NULL;
    const char *column;
    for (int64_t k = 0; last && (column = dg_trainer_history_column(trainer, k)); k++)
        if (strncmp(column, "validation_", strlen("validation_")) != 0)
            fine = fine && cJSON_AddNumberToObject(last, column,
                                                   dg_tensor_get(history, (epochs - 1) * history->shape.dims[1] + k));
    return fine && (last || !epochs);
}

/* Numbers that are trained or kept, without the optimiser's. */
static int64_t count_parameters(const dg_graph *graph)
{
    int64_t count = 0;
    for (int64_t id = 0; graph && id < dg_graph_node_count(graph); id++) {
        dg_node *node = dg_graph_node(graph, id);
        if (dg_node_op(node)->role == DG_ROLE_PARAMETER && strncmp(dg_node_name(node), "optimizer/", 10) != 0)
            count += dg_shape_count(&dg_node_type(node, 0)->shape);
    }
    return count;
}

static bool fill(cJSON *to, const run_row *row)
{
    struct rusage used = {0};
    bool fine =
        cJSON_AddStringToObject(to, "dotgrad", dg_version()) && cJSON_AddStringToObject(to, "status", row->status);
    if (row->message)
        fine = fine && cJSON_AddStringToObject(to, "message", row->message);
    fine = fine && cJSON_AddNumberToObject(to, "seed", (double)row->seed) &&
           cJSON_AddNumberToObject(to, "split_seed", (double)row->split_seed);
    if (row->folds)
        fine = fine && cJSON_AddNumberToObject(to, "folds", (double)row->folds) &&
               cJSON_AddNumberToObject(to, "fold", (double)row->fold);
    fine = fine && (!row->trainer || add_history(to, row->trainer)) &&
           add_metrics(to, "validation", &row->validation) && add_metrics(to, "test", &row->test);
    if (row->graph)
        fine = fine && cJSON_AddNumberToObject(to, "parameters", (double)count_parameters(row->graph));
    getrusage(RUSAGE_SELF, &used);
    fine = fine && cJSON_AddNumberToObject(to, "seconds", row->seconds) &&
           cJSON_AddNumberToObject(to, "training_seconds", row->training_seconds);
    if (row->trainer)
        fine = fine && cJSON_AddNumberToObject(to, "memory_bytes", (double)used.ru_maxrss * 1024);
    return fine && (!row->is_resumed || cJSON_AddTrueToObject(to, "resumed"));
}

dg_status run_row_forget(const char *run)
{
    char *path = path_join(run, ROW_NAME);
    dg_status status = !path ? dg_no_memory("%s", run)
                       : unlink(path) == 0 || errno == ENOENT
                           ? dg_ok()
                           : dg_error(DG_IO, "%s: cannot remove: %s", path, strerror(errno));
    free(path);
    return status;
}

dg_status run_row_write(const char *run, const run_row *row)
{
    char *path = path_join(run, ROW_NAME), *text = NULL;
    cJSON *json = cJSON_CreateObject();
    dg_status status = path && json && fill(json, row) ? dg_ok() : dg_no_memory("%s", run);
    if (status.code == DG_OK)
        text = cJSON_Print(json);
    if (status.code == DG_OK)
        status = text ? run_file_ready(path) : dg_no_memory("%s", run);
    if (status.code == DG_OK)
        status = dg_write_file(path, text, strlen(text));
    cJSON_Delete(json);
    free(text);
    free(path);
    return status;
}
