/* What pictures of large networks take. */
#include "command.h"

#include <sys/resource.h>

TestSuite(draw_speed, .init = make_folder, .fini = remove_folder);

/* Processor time of the command and the layout program: other work on the machine does not count. */
static double draw_seconds(const char *options)
{
    struct rusage before, after;
    getrusage(RUSAGE_CHILDREN, &before);
    expect_fine(dotgrad("draw %s -o x.svg", options));
    getrusage(RUSAGE_CHILDREN, &after);
    return (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
           1e-6 * (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec);
}

/* 800 boxes and 1,700 labelled wires: each label is compared with what is near it alone. */
Test(draw_speed, labels_take_little_of_the_time)
{
    char options[400];
    snprintf(options, sizeof options,
             "'%s/../tools/examples/gallery/resnet18.dot' --view step --fold off --page none --shapes all",
             getenv("TESTS"));
    cr_expect_lt(draw_seconds(options), 12);
}

/* Whatever is tried until a picture fits its page, the layout program is asked for each placement once. */
Test(draw_speed, nothing_is_laid_out_twice)
{
    char options[400], line[200];
    int asked = 0;
    write_text("ask", "#!/bin/sh\ncat > request\nsha256sum < request >> asked\n\"$LAYOUT\" \"$@\" < request\n");
    cr_assert_eq(system("chmod +x ask"), 0);
    snprintf(line, sizeof line, "%s", getenv("DOTGRAD"));
    snprintf(strrchr(line, '/'), 20, "/dotgrad-layout");
    setenv("LAYOUT", line, 1);
    setenv("DOTGRAD_LAYOUT", "./ask", 1);
    snprintf(options, sizeof options, "'%s/../tools/examples/gallery/vae.dot' --view step --page 300x300",
             getenv("TESTS"));
    draw_seconds(options);
    unsetenv("DOTGRAD_LAYOUT");
    FILE *list = popen("sort asked | uniq -c", "r");
    for (; fgets(line, sizeof line, list); asked++)
        cr_expect_eq(atoi(line), 1, "%s", line);
    pclose(list);
    cr_expect_gt(asked, 4);
}
