/* Run folders: the checkpoint of one goes to `dotgrad predict` and `dotgrad train --resume`, the command itself as a
 * function. The first byte chooses; what follows is the checkpoint. */
#include "fuzz.h"

#include <getopt.h>
#include <signal.h>

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed);
int dotgrad_main(int argc, char **argv);

enum { PREFIX = 9, LARGEST = 1 << 16 };

/* Mostly changes the header alone, and keeps its length true. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed)
{
    static uint8_t header[LARGEST];
    uint64_t length;
    if (size <= PREFIX || seed % 4 == 0)
        return LLVMFuzzerMutate(bytes, size, most);
    memcpy(&length, bytes + 1, sizeof length);
    if (length < 2 || length > size - PREFIX || length > LARGEST / 2)
        return LLVMFuzzerMutate(bytes, size, most);
    size_t data = size - PREFIX - (size_t)length;
    memcpy(header, bytes + PREFIX, (size_t)length);
    size_t room = most - PREFIX - data < LARGEST ? most - PREFIX - data : LARGEST;
    size_t made = LLVMFuzzerMutate(header, (size_t)length, room);
    memmove(bytes + PREFIX + made, bytes + PREFIX + length, data);
    memcpy(bytes + PREFIX, header, made);
    length = made;
    memcpy(bytes + 1, &length, sizeof length);
    return PREFIX + made + data;
}

static void make_folder(void)
{
    static bool is_made;
    if (is_made)
        return;
    is_made = true;
    enter_own_folder();
    setenv("PATH", "/nowhere", 1); /* no process is started */
    CHECK(mkdir("run", 0700) == 0, "run");
    write_bytes("in.csv", "0.1,0.2\n0.3,0.4\n-1,2\n", 22);
    int quiet = open("/dev/null", O_WRONLY);
    CHECK(dup2(quiet, STDOUT_FILENO) == STDOUT_FILENO, "standard output");
    close(quiet);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *predict[] = {"dotgrad", "predict", "run", "in.csv", "--memory-limit", "100M", NULL};
    char *resume[] = {"dotgrad",   "train", "--resume",       "run",  "--epochs", "3",
                      "--threads", "1",     "--memory-limit", "100M", NULL};
    if (size < 2 || size > LARGEST)
        return 0;
    make_folder();
    write_bytes("run/checkpoint.safetensors", bytes + 1, size - 1);
    write_bytes("run/graph.svg", "<svg/>\n", 7); /* it is there, so that none is drawn */
    fflush(stderr);
    int quiet = open("/dev/null", O_WRONLY), messages = dup(STDERR_FILENO);
    bool is_shown = getenv("SHOW") != NULL;
    if (!is_shown)
        dup2(quiet, STDERR_FILENO);
    optind = 0;
    int status = bytes[0] % 2 ? dotgrad_main(10, resume) : dotgrad_main(6, predict);
    fflush(stderr);
    dup2(messages, STDERR_FILENO);
    close(messages);
    close(quiet);
    CHECK(status == 0 || status == 1, "exit status %d", status);
    return 0;
}
