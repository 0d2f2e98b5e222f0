/* What commands say when they fail, are called in a wrong way, or warn. */
#include "command.h"

#include "tools/run/claim.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void print_line(const char *prefix, const char *message)
{
    char line[1400];
    snprintf(line, sizeof line, "%s%s", prefix, message);
    for (char *at = line; *at; at++)
        if (*at == '\n' || *at == '\r' || *at == '\t' || *at == '\033')
            *at = ' ';
    fprintf(stderr, "%s\n", line);
}

int command_failed(dg_status status)
{
    print_line("dotgrad: ", status.message);
    return status.code == DG_BUSY ? EXIT_BUSY : EXIT_FAILED;
}

int command_misused(const char *name, const char *format, ...)
{
    char message[1000], line[1200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    snprintf(line, sizeof line, "%s%s: %s (see dotgrad %s%s--help)", *name ? " " : "", name, message, name,
             *name ? " " : "");
    print_line("dotgrad", line);
    return EXIT_USAGE;
}

void command_warn(const char *format, ...)
{
    char message[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    print_line("dotgrad: warning: ", message);
}

bool command_int(const char *name, const char *option, const char *text, int64_t least, int64_t most, int64_t *number)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end != text && *end == '\0' && errno == 0 && value >= least && value <= most) {
        *number = value;
        return true;
    }
    command_misused(name, "%s: '%s' is not a whole number from %lld to %lld", option, text, (long long)least,
                    (long long)most);
    return false;
}

void command_tell_data(const dg_data *data)
{
    const char *notice;
    for (size_t k = 0; (notice = dg_data_notice(data, k)); k++)
        print_line("dotgrad: ", notice);
}
