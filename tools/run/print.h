/* Numbers and tensors as text for people, and sets of tensors as files that other programs read. */
#ifndef TOOLS_PRINT_H
#define TOOLS_PRINT_H

#include <dotgrad/tensor.h>

#include <stdio.h>

enum { NUMBER_WIDTH = 40 };

/* The s of "3 rows". */
static inline const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

/* Columns of a terminal: characters of the UTF-8 text. */
int text_columns(const char *text);
/* The width in bytes that printf's %-*s needs for so many columns. */
int text_width(const char *text, int columns);

/* One element with the digits that its type holds: 7 of float32, 10 of float64. */
const char *print_number(const dg_tensor *tensor, int64_t at, char text[NUMBER_WIDTH]);
/* "name [2, 3] float32", then its rows; of a large one the corners. `indent` spaces before each line. */
void print_tensor(FILE *out, int indent, const char *name, const dg_tensor *tensor);
/* One cell of a CSV file, in quotes where it needs them (RFC 4180). */
void csv_print(FILE *out, const char *text);
/* By the ending of the path: .csv, .json, .npz, else safetensors; - is standard output, to which no binary goes where
 * it is a terminal. A table has a column for each number of a row: h[0], h[1]. DG_BAD_SHAPE: tensors that are not of
 * the same number of rows make no table. */
dg_status tensors_write(const char *path, const dg_tensors *set);

#endif
