/* RUN/metrics.csv. */
#include "report.h"

#include "claim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static dg_status cannot_write(const metrics_file *metrics)
{
    return dg_error(DG_IO, "%s: cannot write: %s", metrics->path, strerror(errno));
}

dg_status metrics_begin(metrics_file *metrics, const char *run, const dg_trainer *trainer)
{
    const char *column;
    *metrics = (metrics_file){0};
    if (asprintf(&metrics->path, "%s/metrics.csv", run) < 0) {
        metrics->path = NULL;
        return dg_no_memory("%s", run);
    }
    DG_TRY(run_file_ready(metrics->path));
    metrics->file = fopen(metrics->path, "we");
    if (!metrics->file)
        return cannot_write(metrics);
    fputs("epoch", metrics->file);
    for (int64_t k = 0; (column = dg_trainer_history_column(trainer, k)); k++)
        fprintf(metrics->file, ",%s", column);
    fputc('\n', metrics->file);
    return metrics_update(metrics, trainer);
}

dg_status metrics_update(metrics_file *metrics, const dg_trainer *trainer)
{
    const dg_tensor *history = dg_trainer_history(trainer);
    char number[DG_NUMBER_TEXT];
    int64_t epochs = history && history->data ? history->shape.dims[0] : 0;
    for (; metrics->written < epochs; metrics->written++) {
        fprintf(metrics->file, "%lld", (long long)metrics->written + 1);
        int64_t columns = history->shape.dims[1];
        for (int64_t k = 0; k < columns; k++)
            fprintf(metrics->file, ",%s",
                    dg_number_print(dg_tensor_get(history, metrics->written * columns + k), DG_FLOAT64, number));
        fputc('\n', metrics->file);
    }
    return fflush(metrics->file) ? cannot_write(metrics) : dg_ok();
}

dg_status metrics_end(metrics_file *metrics)
{
    dg_status status = dg_ok();
    if (metrics->file && fclose(metrics->file))
        status = cannot_write(metrics);
    free(metrics->path);
    *metrics = (metrics_file){0};
    return status;
}
