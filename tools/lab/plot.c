/* Plots as SVG, drawn here: curves over x, and a heat map over layers. */
#include "lab.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 460, HEIGHT = 300, LEFT = 46, RIGHT = 12, TOP = 14, BOTTOM = 28, SAMPLES = 800 };

#define REACH 5.0 /* of the x axis */

static const char *const colours[] = {"#0b62a4", "#d1495b", "#2e8b57", "#8a5a00", "#6a4c93",
                                      "#00798c", "#b5179e", "#495057", "#e07a1f", "#3d405b"};
enum { COLOURS = sizeof colours / sizeof colours[0] };

void write_escaped(FILE *to, const char *text)
{
    for (; *text; text++) {
        const char *replacement = *text == '&'   ? "&amp;"
                                  : *text == '<' ? "&lt;"
                                  : *text == '>' ? "&gt;"
                                  : *text == '"' ? "&quot;"
                                                 : NULL;
        if (replacement)
            fputs(replacement, to);
        else
            fputc(*text, to);
    }
}

typedef struct frame {
    double low, high; /* of the y axis */
} frame;

static double x_of(double x)
{
    return LEFT + (x + REACH) / (2 * REACH) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const frame *f, double y)
{
    return TOP + (f->high - y) / (f->high - f->low) * (HEIGHT - TOP - BOTTOM);
}

static void sample(const dg_activation *a, int order, double *x, double *y)
{
    for (int k = 0; k < SAMPLES; k++)
        x[k] = -REACH + 2 * REACH * (k + 0.5) / SAMPLES;
    dg_activation_values(a, order, x, y, SAMPLES);
}

static void include(frame *f, const double *y)
{
    for (int k = 0; k < SAMPLES; k++)
        if (isfinite(y[k])) {
            f->low = fmin(f->low, fmax(y[k], -6));
            f->high = fmax(f->high, fmin(y[k], 6));
        }
}

/* 1, 2 or 5 times a power of ten, for about five steps. */
static double step_for(double span)
{
    double raw = span / 5, power = pow(10, floor(log10(raw))), m = raw / power;
    return power * (m < 1.5 ? 1 : m < 3.5 ? 2 : m < 7.5 ? 5 : 10);
}

static void axes(FILE *to, frame *f)
{
    double margin = 0.06 * (f->high - f->low);
    if (!(f->high > f->low)) {
        f->low -= 1;
        f->high += 1;
    }
    f->low -= margin;
    f->high += margin;
    fprintf(to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
            "font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
            WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT);
    for (int x = -4; x <= 4; x += 2)
        fprintf(to,
                "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"%s\"/>"
                "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"#555\">%d</text>\n",
                x_of(x), x_of(x), TOP, HEIGHT - BOTTOM, x ? "#e6e6e6" : "#999", x_of(x), HEIGHT - 10, x);
    double step = step_for(f->high - f->low);
    for (double y = ceil(f->low / step) * step; y <= f->high; y += step) {
        double at = fabs(y) < 1e-9 * step ? 0 : y;
        fprintf(to,
                "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>"
                "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" fill=\"#555\">%.3g</text>\n",
                LEFT, WIDTH - RIGHT, y_of(f, at), y_of(f, at), at != 0 ? "#e6e6e6" : "#999", LEFT - 5, y_of(f, at) + 4,
                at);
    }
}

/* Broken where the values are none, or jump. */
static void curve(FILE *to, const frame *f, const double *x, const double *y, const char *colour)
{
    bool open = false;
    double span = f->high - f->low;
    fprintf(to, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\" d=\"", colour);
    for (int k = 0; k < SAMPLES; k++) {
        bool there = isfinite(y[k]) && y[k] > f->low - span && y[k] < f->high + span;
        bool jump = open && fabs(y[k] - y[k - 1]) > 0.25 * span;
        if (there)
            fprintf(to, "%s%.1f %.1f", open && !jump ? "L" : "M", x_of(x[k]), fmin(fmax(y_of(f, y[k]), -50), 400));
        open = there;
    }
    fputs("\"/>\n", to);
}

/* Readable where curves go through it, too. */
static void legend(FILE *to, int row, const char *colour, const char *text)
{
    fprintf(to,
            "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"3\" fill=\"%s\"/><text x=\"%d\" y=\"%d\" fill=\"#222\" "
            "stroke=\"#fff\" stroke-width=\"4\" stroke-linejoin=\"round\" paint-order=\"stroke\">",
            LEFT + 8, TOP + 8 + 15 * row, colour, LEFT + 27, TOP + 13 + 15 * row);
    char shown[200];
    report_cut(text, 56, shown, sizeof shown);
    write_escaped(to, shown);
    fputs("</text>\n", to);
}

void plot_function(const dg_activation *a, FILE *to)
{
    static const char *const names[] = {"f", "f′", "f″"};
    double x[SAMPLES], y[3][SAMPLES];
    frame f = {0, 0};
    for (int order = 0; order < 3; order++) {
        sample(a, order, x, y[order]);
        include(&f, y[order]);
    }
    axes(to, &f);
    for (int order = 2; order >= 0; order--)
        curve(to, &f, x, y[order], colours[order]);
    for (int order = 0; order < 3; order++)
        legend(to, order, colours[order], names[order]);
    fputs("</svg>\n", to);
}

void plot_functions(dg_activation *const *functions, int n, int order, FILE *to)
{
    double x[SAMPLES], y[SAMPLES];
    frame f = {0, 0};
    for (int i = 0; i < n; i++) {
        sample(functions[i], order, x, y);
        include(&f, y);
    }
    axes(to, &f);
    for (int i = 0; i < n; i++) {
        sample(functions[i], order, x, y);
        curve(to, &f, x, y, colours[i % COLOURS]);
    }
    for (int i = 0; i < n && i < 12; i++)
        legend(to, i, colours[i % COLOURS], report_title(functions[i]));
    fputs("</svg>\n", to);
}

/* ---- layers ---- */

static void cell_colour(double share, char text[8])
{
    double t = share < 0 ? 0 : share > 1 ? 1 : share;
    snprintf(text, 8, "#%02x%02x%02x", (unsigned)(255 - 214 * t) & 255u, (unsigned)(250 - 160 * t) & 255u,
             (unsigned)(240 - 80 * t) & 255u);
}

/* A number as a share for colouring: decades from 1e-6 to 1e6, or the share itself. */
static double shade(double value, bool decades)
{
    return decades ? (log10(fmax(fabs(value), 1e-12)) + 6) / 12 : fabs(value);
}

void plot_depth(const depth_table *t, FILE *to)
{
    static const char *const labels[] = {"mean square", "correlation", "gradient norm", "dead units", "saturated"};
    double cell = (WIDTH - 130.0) / t->layers;
    fprintf(to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d 150\" width=\"%d\" height=\"150\" "
            "font-family=\"sans-serif\" font-size=\"11\">\n",
            WIDTH, WIDTH);
    for (int row = 0; row < 5; row++) {
        fprintf(to, "<text x=\"0\" y=\"%d\" fill=\"#222\">%s</text>\n", 24 + 24 * row, labels[row]);
        for (int k = 0; k < t->layers; k++) {
            const depth_row *r = &t->rows[k];
            const double values[] = {r->second, r->correlation, r->gradient, r->dead, r->saturated};
            char colour[8];
            cell_colour(shade(values[row], row == 0 || row == 2), colour);
            fprintf(to,
                    "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"20\" fill=\"%s\"><title>layer %d: "
                    "%.4g</title></rect>\n",
                    110 + k * cell, 10 + 24 * row, cell + 0.3, colour, k + 1, values[row]);
        }
    }
    fprintf(to,
            "<text x=\"110\" y=\"146\" fill=\"#555\">layer 1</text><text x=\"%d\" y=\"146\" text-anchor=\"end\" "
            "fill=\"#555\">%d</text>\n</svg>\n",
            WIDTH - 20, t->layers);
}
