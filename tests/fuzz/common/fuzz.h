/*
 * Common code of fuzz targets: choices from the input, and files and folders in memory.
 */
#ifndef LANPOST_TESTS_FUZZ_H
#define LANPOST_TESTS_FUZZ_H

#include "base/alloc.h"
#include "base/str.h"
#include "tests/unit/remove_tree.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes a byte from the front: 0 at the end. */
static inline unsigned fuzz_byte(struct slice *input)
{
	unsigned byte = input->len == 0 ? 0 : (unsigned char)input->ptr[0];

	*input = slice_from(*input, input->len > 0);
	return byte;
}

/* Takes a number below 65536 from the front. */
static inline unsigned fuzz_number(struct slice *input)
{
	unsigned high = fuzz_byte(input);

	return high << 8 | fuzz_byte(input);
}

/* Takes this many bytes from the front, or all that are left. */
static inline struct slice fuzz_take(struct slice *input, size_t len)
{
	struct slice taken = slice_make(input->ptr, len < input->len ? len : input->len);

	*input = slice_from(*input, taken.len);
	return taken;
}

/* The path of a file in memory with these bytes. Each call replaces the previous file. */
static inline const char *fuzz_file(struct slice bytes)
{
	static char path[32];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	assert(ftruncate(fd, 0) == 0 && pwrite(fd, bytes.ptr, bytes.len, 0) == (ssize_t)bytes.len);
	return path;
}

static char fuzz_folder_path[48];

static inline void fuzz_folder_remove(void)
{
	remove_tree(fuzz_folder_path);
}

/* A folder in memory for this process, removed at its end. The target removes its own files. */
static inline const char *fuzz_folder(void)
{
	if (fuzz_folder_path[0] == '\0') {
		snprintf(fuzz_folder_path, sizeof(fuzz_folder_path), "%s/lanpost-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		if (mkdtemp(fuzz_folder_path) == NULL)
			abort();
		atexit(fuzz_folder_remove);
	}
	return fuzz_folder_path;
}

#endif
