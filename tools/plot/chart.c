/* Charts by gnuplot. */
#include "chart.h"

#include "tools/run/child.h"
#include "tools/run/claim.h"

#include <dotgrad/file.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECONDS 40  /* that gnuplot may take */
#define FLAT    0.4 /* height to width */

static const char *const colours[] = {"#4477AA", "#EE6677", "#228833", "#AA3377", "#CCBB44",
                                      "#66CCEE", "#222255", "#CC6633", "#44AA99", "#888888"};
enum { COLOURS = sizeof colours / sizeof *colours, FEW_POINTS = 40, MOST_COLUMNS = 8 };

/* In single quotes, where gnuplot reads all but a quote as it is. */
static void print_quoted(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text; text++) {
        if (*text == '\'')
            fputc('\'', out);
        fputc(*text == '\n' ? ' ' : *text, out);
    }
    fputc('\'', out);
}

static void print_label(FILE *out, const char *what, const char *text)
{
    if (!text)
        return;
    fprintf(out, "set %s ", what);
    print_quoted(out, text);
    fputc('\n', out);
}

static void print_number(FILE *out, double number)
{
    if (isfinite(number))
        fprintf(out, " %.9g", number);
    else
        fputs(" NaN", out);
}

static void print_data(FILE *out, const chart *c)
{
    for (int k = 0; k < c->n_series; k++) {
        const chart_series *s = &c->series[k];
        fprintf(out, "$s%d << END\n", k);
        for (int64_t i = 0; i < s->count; i++) {
            print_number(out, s->x[i]);
            print_number(out, s->y[i]);
            print_number(out, s->low ? s->low[i] : NAN);
            print_number(out, s->high ? s->high[i] : NAN);
            fputc('\n', out);
        }
        fputs("END\n", out);
    }
}

/* Bands lie below all lines; a heat map below all. */
static void print_series(FILE *out, const chart *c)
{
    bool any = c->heat != NULL;
    for (int k = 0; k < c->n_series; k++) {
        const chart_series *s = &c->series[k];
        if (!s->low || s->style == CHART_INTERVALS)
            continue;
        fprintf(out, "%s $s%d using 1:3:4 with filledcurves fs transparent solid 0.18 noborder lc rgb '%s' notitle",
                any ? "," : "plot", k, colours[s->colour % COLOURS]);
        any = true;
    }
    for (int k = 0; k < c->n_series; k++) {
        const chart_series *s = &c->series[k];
        const char *colour = colours[s->colour % COLOURS];
        fprintf(out, "%s $s%d ", any ? "," : "plot", k);
        any = true;
        if (s->style == CHART_POINTS && c->heat)
            fprintf(out, "using 1:2 with points pt 6 ps 0.6 lw 1.5 lc rgb '%s'", colour);
        else if (s->style == CHART_POINTS)
            fprintf(out, "using 1:2 with points pt 7 ps 0.5 lc rgb '%s'", colour);
        else if (s->style == CHART_INTERVALS)
            fprintf(out, "using 1:2:3:4 with yerrorbars pt 5 ps 0.9 lw 2 lc rgb '%s'", colour);
        else
            fprintf(out, "using 1:2 with %s lw 1.8 dt %d lc rgb '%s'",
                    s->count > FEW_POINTS ? "lines" : "linespoints pt 7 ps 0.35", s->style == CHART_DASHES ? 2 : 1,
                    colour);
        fputs(s->title ? " title " : " notitle", out);
        if (s->title)
            print_quoted(out, s->title);
    }
    fputc('\n', out);
}

static void print_tics(FILE *out, const char *axis, const char *const *names, int64_t count, int first)
{
    fprintf(out, "set %stics (", axis);
    for (int64_t k = 0; k < count; k++) {
        fputs(k ? ", " : "", out);
        print_quoted(out, names[k]);
        fprintf(out, " %lld", (long long)k + first);
    }
    fputs(")\n", out);
}

/* 1, 2 or 5 times a power of ten, at most `most` of which are in `span`. */
static double round_step(double span, int most)
{
    double power = pow(10, floor(log10(span / most))), ratio = span / most / power;
    return power * (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10);
}

/* Places 0 … n − 1 stand for low … high: at most eight numbers of one or two digits, 1, 2 or 5 in the last. */
static void print_round_tics(FILE *out, char axis, double low, double high, int64_t n)
{
    double span = high - low, step = round_step(span, 8);
    fprintf(out, "set %ctics (", axis);
    double first = ceil(low / step - 1e-9);
    for (double k = first; k * step <= high + 1e-9 * span; k++)
        fprintf(out, "%s'%.6g' %.6g", k > first ? ", " : "", k * step + 0.0, (k * step - low) / span * (double)(n - 1));
    fputs(")\n", out);
}

/* Lines of equal value go to $levels, in the places of columns and rows. */
static void print_levels(FILE *out, const chart_heat *heat)
{
    if (!heat->n_levels)
        return;
    fputs("set contour base\nunset surface\nset cntrparam levels discrete ", out);
    for (int k = 0; k < heat->n_levels; k++)
        fprintf(out, "%s%.9g", k ? "," : "", heat->levels[k]);
    fputs("\nset table $levels\nsplot $heat matrix with lines notitle\nunset table\nunset contour\nset surface\n", out);
}

/* Of two classes with white where none is likelier; of more there is no scale between them. */
static void print_class_palette(FILE *out, int n_classes)
{
    fputs("unset grid\nset palette defined (", out);
    for (int k = 0; k < n_classes; k++) {
        unsigned red, green, blue;
        sscanf(colours[k % COLOURS], "#%2X%2X%2X", &red, &green, &blue);
        fprintf(out, "%s%d '#%02X%02X%02X'", k ? ", " : "", k, (255 + red) / 2, (255 + green) / 2, (255 + blue) / 2);
        fputs(n_classes == 2 && k == 0 ? ", 0.5 '#FFFFFF'" : "", out);
    }
    fprintf(out, ")\nset cbrange [0:%d]\n%s", n_classes - 1, n_classes > 2 ? "unset colorbox\n" : "");
}

/* Signed numbers have white at 0, whatever their range is. */
static void print_palette(FILE *out, const chart_heat *heat)
{
    static const char *const palettes[] = {
        [CHART_WARM] = "0 '#FFF7EC', 0.5 '#FDBB84', 1 '#B30000'",
        [CHART_PALE] = "0 '#FFFFFF', 0.5 '#DCE6EF', 1 '#B4C4D4'",
        [CHART_GREY] = "0 '#FFFFFF', 1 '#1B1F24'",
        [CHART_SIGNED] = "0 '#2166AC', 0.25 '#92C5DE', 0.5 '#FFFFFF', 0.75 '#F4A582', 1 '#B2182B'"};
    double most = 0;
    if (heat->n_classes > 1) {
        print_class_palette(out, heat->n_classes);
        return;
    }
    fprintf(out, "unset grid\nset palette defined (%s)\n", palettes[heat->palette]);
    if (heat->palette != CHART_SIGNED)
        return;
    for (int64_t k = 0; k < heat->rows * heat->columns; k++)
        most = isfinite(heat->values[k]) ? fmax(most, fabs(heat->values[k])) : most;
    fprintf(out, "set cbrange [%.9g:%.9g]\n", most > 0 ? -most : -1, most > 0 ? most : 1);
}

/* With names of the rows and numbers of the columns. */
static void print_cell_tics(FILE *out, const chart_heat *heat)
{
    int64_t step = heat->columns / MOST_COLUMNS + 1;
    print_tics(out, "y", heat->row_names, heat->rows, 0);
    if (heat->equal) /* before tics are taken away: setting any brings all back */
        fputs("set size ratio -1\nunset border\nset tics scale 0\n", out);
    if (heat->column_names) {
        print_tics(out, "x", heat->column_names, heat->columns, 0);
        fputs(heat->columns > MOST_COLUMNS ? "set xtics rotate by 30 right\n" : "", out);
        return;
    }
    fputs(heat->x ? "set xtics (" : "unset xtics\n", out);
    for (int64_t k = 0; heat->x && k < heat->columns; k += step)
        fprintf(out, "%s'%.6g' %lld", k ? ", " : "", heat->x[k], (long long)k);
    fputs(heat->x ? ")\n" : "", out);
}

/* White on what is dark, which values of more than a half are. */
static void print_counts(FILE *out, const chart_heat *heat)
{
    fputs("unset label\n", out);
    for (int64_t k = 0; heat->counts && k < heat->rows * heat->columns; k++)
        fprintf(out, "set label '%.0f' at %lld,%lld center front textcolor rgb '%s'\n", heat->counts[k],
                (long long)(k % heat->columns), (long long)(k / heat->columns),
                heat->values[k] > 0.5 ? "#FFFFFF" : "#1B1F24");
}

static void print_heat(FILE *out, const chart_heat *heat)
{
    fputs("$heat << END\n", out);
    for (int64_t r = 0; r < heat->rows; r++) {
        for (int64_t k = 0; k < heat->columns; k++) {
            double value = heat->values[r * heat->columns + k];
            print_number(out, heat->log_scale && !(value > 0) ? NAN : value);
        }
        fputc('\n', out);
    }
    fputs("END\n", out);
    print_levels(out, heat);
    if (heat->low) {
        print_round_tics(out, 'x', heat->low[0], heat->high[0], heat->columns);
        print_round_tics(out, 'y', heat->low[1], heat->high[1], heat->rows);
    } else {
        print_cell_tics(out, heat);
    }
    fprintf(out, "set xrange [-0.5:%lld.5]\n", (long long)heat->columns - 1);
    fprintf(out, heat->down ? "set yrange [%lld.5:-0.5]\n" : "set yrange [-0.5:%lld.5]\n", (long long)heat->rows - 1);
    print_palette(out, heat);
    print_label(out, "cblabel", heat->label);
    if (heat->label) /* room for long numbers beside it */
        fputs("set rmargin at screen 0.8\n", out);
    print_counts(out, heat);
    if (heat->log_scale)
        fputs("set logscale cb\nset format cb '%g'\n", out);
    fputs("plot $heat matrix with image notitle", out);
    if (heat->n_levels)
        fputs(", $levels using 1:2 with lines lw 0.7 lc rgb '#8796A5' notitle", out);
}

/* For a width of 720: what is flat by its nature leaves no room empty. */
static int height_of(const chart *c)
{
    double ratio = c->ratio > 0                ? c->ratio
                   : c->heat && c->heat->equal ? (double)c->heat->rows / (double)c->heat->columns
                                               : 1;
    double height = 110 + 530 * ratio;
    return height < 180 ? 180 : height < 440 ? (int)height : 440;
}

/* Numbers at the side of a flat chart have room for a few: gnuplot counts on one that is as high as the picture. */
static void print_few_tics(FILE *out, const chart *c)
{
    double least = INFINITY, most = -INFINITY;
    for (int k = 0; k < c->n_series; k++)
        for (int64_t i = 0; i < c->series[k].count; i++) {
            least = fmin(least, c->series[k].y[i]); /* passes over NaN */
            most = fmax(most, c->series[k].y[i]);
        }
    if (most > least && isfinite(most - least))
        fprintf(out, "set ytics %.6g\nset yrange [%.9g:%.9g]\n", round_step(most - least, 4),
                least - 0.12 * (most - least), most + 0.12 * (most - least));
}

static void print_script(FILE *out, const chart *c, const char *svg, const char *png)
{
    fputs(
        "set termoption noenhanced\nset grid lt 1 lc rgb '#D0D7DE'\nset border 3 lc rgb '#57606A'\nset tics nomirror\n"
        "set key outside top center horizontal noenhanced width 2\n",
        out);
    print_label(out, "title", c->title);
    print_label(out, "xlabel", c->x_label);
    print_label(out, "ylabel", c->y_label);
    if (c->ratio > 0)
        fprintf(out, "set size ratio %g\n", c->ratio);
    if (c->ratio > 0 && c->ratio < FLAT && !c->log_y)
        print_few_tics(out, c);
    if (c->log_x)
        fputs("set logscale x\nset format x '%g'\n", out);
    if (c->log_y)
        fputs("set logscale y\nset format y '%g'\n", out);
    if (c->names) {
        print_tics(out, "x", c->names, c->n_names, 1);
        fprintf(out, "set xrange [0.4:%d.6]\nset xtics rotate by %d right\n", c->n_names, c->n_names > 4 ? 30 : 0);
        if (c->n_names <= 4)
            fputs("set xtics norotate center\n", out);
    }
    print_data(out, c);
    for (int k = 0; k < 2; k++) {
        if (!(k ? png : svg))
            continue;
        if (k)
            fprintf(out, "set terminal pngcairo noenhanced size 1080,%d fontscale 1.2 background rgb 'white'\n",
                    3 * height_of(c) / 2);
        else
            fprintf(out,
                    "set terminal svg noenhanced size 720,%d dynamic font 'Helvetica,Arial,sans-serif,12' background "
                    "rgb 'white'\n",
                    height_of(c));
        print_label(out, "output", k ? png : svg);
        if (c->heat)
            print_heat(out, c->heat);
        print_series(out, c);
        fputs("set output\n", out);
    }
}

/* gnuplot leaves an empty file where it fails half way: a picture gets its name when it is whole. */
static dg_status take_picture(const char *from, const char *to)
{
    struct stat about;
    DG_TRY(run_file_ready(to));
    if (stat(from, &about) || about.st_size == 0)
        return dg_error(DG_IO, "gnuplot wrote no %s", to);
    return rename(from, to) ? dg_error(DG_IO, "%s: cannot write: %s", to, strerror(errno)) : dg_ok();
}

static dg_status write_script(const chart *c, const char *path, const char *svg, const char *png)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out)
        print_script(out, c, svg, png);
    dg_status status = out && fclose(out) == 0 ? dg_write_file(path, text, size) : dg_no_memory("%s", path);
    free(text);
    return status;
}

dg_status chart_draw(const chart *c, const char *svg, const char *png)
{
    const char *wanted[2] = {svg, png}, *first = svg ? svg : png;
    char *made[2] = {0}, *script = NULL;
    dg_status status = dg_ok();
    if (!c->heat && !c->n_series)
        return dg_error(DG_BAD_ARGUMENT, "there is nothing to draw");
    if (asprintf(&script, "%s.%ld-0.tmp", first, (long)getpid()) < 0)
        return dg_no_memory("%s", first);
    for (int k = 0; k < 2 && status.code == DG_OK; k++)
        if (wanted[k] && asprintf(&made[k], "%s.%ld-1.tmp", wanted[k], (long)getpid()) < 0)
            status = dg_no_memory("%s", wanted[k]);
    if (status.code == DG_OK)
        status = write_script(c, script, made[0], made[1]);
    const char *const arguments[] = {"gnuplot", script, NULL};
    if (status.code == DG_OK)
        status = dg_prefixed(child_run(arguments, ".", SECONDS), "%s", first);
    for (int k = 0; k < 2; k++) {
        if (made[k] && status.code == DG_OK)
            status = take_picture(made[k], wanted[k]);
        if (made[k])
            unlink(made[k]);
        free(made[k]);
    }
    unlink(script);
    free(script);
    return status;
}
