/* Holding the folder of a run. */
#include "claim.h"

#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_NAME ".lock"

/* Who holds it, in words: by the text in the file, which is right on any machine that sees the folder. */
static dg_status is_held(const run_claim *claim, const char *folder)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char holder[200] = "";
    ssize_t length = pread(claim->file, holder, sizeof holder - 1, 0);
    holder[length > 0 ? length : 0] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    if (!*holder && fcntl(claim->file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0)
        snprintf(holder, sizeof holder, "process %ld", (long)lock.l_pid);
    return dg_error(DG_BUSY,
                    "%s: another dotgrad trains in this folder (%s): wait for it, or name another folder with -o",
                    folder, *holder ? holder : "on another machine");
}

static void write_holder(const run_claim *claim)
{
    char text[200], host[80] = "this machine", since[40] = "";
    time_t now = time(NULL);
    struct tm parts;
    if (gethostname(host, sizeof host))
        strcpy(host, "this machine");
    host[sizeof host - 1] = '\0';
    if (localtime_r(&now, &parts))
        strftime(since, sizeof since, ", since %Y-%m-%d %H:%M:%S", &parts);
    int length = snprintf(text, sizeof text, "process %ld on %s%s\n", (long)getpid(), host, since);
    if (ftruncate(claim->file, 0) == 0 && pwrite(claim->file, text, (size_t)length, 0) != length)
        (void)ftruncate(claim->file, 0); /* the lock holds without words, too */
}

/* The file may have been removed by its last holder between opening and locking. */
static bool is_still_there(const run_claim *claim)
{
    struct stat opened, named;
    return fstat(claim->file, &opened) == 0 && stat(claim->path, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

static dg_status take(run_claim *claim, const char *folder)
{
    enum { ATTEMPTS = 100 };
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        claim->file = open(claim->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
        if (claim->file < 0)
            return dg_error(DG_IO, "%s: cannot write in this folder: %s", folder, strerror(errno));
        if (fcntl(claim->file, F_SETLK, &lock) && (errno == EACCES || errno == EAGAIN)) {
            dg_status held = is_held(claim, folder);
            close(claim->file);
            return held;
        }
        if (is_still_there(claim))
            return dg_ok();
        close(claim->file);
    }
    return dg_error(DG_IO, "%s: cannot lock this folder", folder);
}

dg_status run_claim_take(run_claim *claim, const char *folder)
{
    *claim = (run_claim){.path = path_join(folder, LOCK_NAME), .file = -1};
    dg_status status = claim->path ? take(claim, folder) : dg_no_memory("%s", folder);
    if (status.code == DG_OK) {
        write_holder(claim);
        return status;
    }
    free(claim->path);
    *claim = (run_claim){0};
    return status;
}

void run_claim_drop(run_claim *claim)
{
    if (claim->path) {
        unlink(claim->path);
        close(claim->file);
    }
    free(claim->path);
    *claim = (run_claim){0};
}

/* "NAME.PID-NUMBER.tmp", as files that are written whole are called until they are. */
static bool is_temporary(const char *name)
{
    static const char *const ours[] = {"checkpoint.safetensors.",
                                       "graph.dot.",
                                       "graph.svg.",
                                       "loss.svg.",
                                       "loss.png.",
                                       "loss.gp.",
                                       "metrics.csv.",
                                       "row.json.",
                                       "confusion.csv.",
                                       "watch.csv.",
                                       "watch.svg."};
    for (size_t k = 0; k < sizeof ours / sizeof *ours; k++) {
        size_t length = strlen(ours[k]), digits;
        if (strncmp(name, ours[k], length) != 0)
            continue;
        const char *at = name + length;
        digits = strspn(at, "0123456789");
        if (!digits || at[digits] != '-')
            return false;
        at += digits + 1;
        digits = strspn(at, "0123456789");
        return digits && strcmp(at + digits, ".tmp") == 0;
    }
    return false;
}

void run_folder_clean(const char *folder)
{
    DIR *names = opendir(folder);
    for (struct dirent *entry; names && (entry = readdir(names));)
        if (is_temporary(entry->d_name))
            unlinkat(dirfd(names), entry->d_name, 0);
    if (names)
        closedir(names);
}

dg_status run_file_ready(const char *path)
{
    struct stat about;
    if (lstat(path, &about))
        return errno == ENOENT ? dg_ok() : dg_error(DG_IO, "%s: cannot write: %s", path, strerror(errno));
    if (S_ISLNK(about.st_mode))
        return unlink(path) ? dg_error(DG_IO, "%s: cannot replace the symbolic link: %s", path, strerror(errno))
                            : dg_ok();
    return S_ISREG(about.st_mode) ? dg_ok() : dg_error(DG_IO, "%s: cannot write: this is not a regular file", path);
}
