/* Statuses: a code and one line of text. */
#include <dotgrad/status.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message is one line whatever the names in it are: control characters become spaces, and a character of several
 * bytes that the end of the buffer cuts is dropped whole. */
static void tidy(char *message, size_t size)
{
    size_t length = strlen(message);
    if (length + 1 == size) {
        size_t tail = 0;
        while (tail < 4 && tail < length && ((unsigned char)message[length - 1 - tail] & 0xC0) == 0x80)
            tail++;
        unsigned char lead = tail < length ? (unsigned char)message[length - 1 - tail] : 0;
        size_t wanted = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
        if (wanted > tail)
            message[length - 1 - tail] = '\0';
    }
    for (char *c = message; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = ' ';
}

dg_status dg_error(dg_code code, const char *format, ...)
{
    dg_status status;
    status.code = code;
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(status.message, sizeof status.message, format, arguments) < 0)
        status.message[0] = '\0';
    va_end(arguments);
    tidy(status.message, sizeof status.message);
    return status;
}

dg_status dg_no_memory(const char *format, ...)
{
    char what[256];
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return dg_error(DG_NO_MEMORY, "no memory for %s", written < 0 ? "something" : what);
}

dg_status dg_prefixed(dg_status status, const char *format, ...)
{
    if (status.code == DG_OK)
        return status;
    dg_status result;
    result.code = status.code;
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(result.message, sizeof result.message, format, arguments);
    va_end(arguments);
    size_t used = written < 0 ? 0 : (size_t)written;
    if (used >= sizeof result.message)
        used = sizeof result.message - 1;
    if (snprintf(result.message + used, sizeof result.message - used, ": %s", status.message) < 0)
        result.message[used] = '\0';
    tidy(result.message, sizeof result.message);
    return result;
}
