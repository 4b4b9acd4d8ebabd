/*
 * Feeds files, and all files of folders, to a fuzz target: the seeds are tests with any
 * compiler.
 *
 * A missing or empty folder counts as no input; the empty input is always tried. -v as first
 * argument names each file before it is tried: the last one named is the one that failed.
 */
#include "base/alloc.h"
#include "base/file/fsx.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FILE_MAX (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool verbose;

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int replay_file(const char *path)
{
	struct error error = ERROR_INIT;
	char *data;
	size_t len;

	if (fsx_read(path, FILE_MAX, &data, &len, &error) < 0) {
		fprintf(stderr, "replay: %s\n", ERROR_EN(&error));
		return -1;
	}
	if (verbose)
		fprintf(stderr, "replay: %s\n", path);
	LLVMFuzzerTestOneInput((const uint8_t *)data, len);
	free(data);
	return 0;
}

static int replay_folder(const char *path, size_t *count)
{
	struct dirent **entries;
	int found = scandir(path, &entries, NULL, compare_names), result = 0;

	for (int i = 0; i < found; i++) {
		char *file = xasprintf("%s/%s", path, entries[i]->d_name);
		struct stat st;

		if (stat(file, &st) == 0 && S_ISREG(st.st_mode)) {
			if (replay_file(file) < 0)
				result = -1;
			(*count)++;
		}
		free(file);
		free(entries[i]);
	}
	if (found >= 0)
		free(entries);
	return result;
}

int main(int argc, char **argv)
{
	size_t count = 1;
	int result = 0;

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	for (int i = verbose ? 2 : 1; i < argc; i++) {
		struct stat st;

		if (stat(argv[i], &st) < 0 || S_ISDIR(st.st_mode)) {
			if (replay_folder(argv[i], &count) < 0)
				result = -1;
			continue;
		}
		if (replay_file(argv[i]) < 0)
			result = -1;
		count++;
	}
	printf("%s: %zu inputs\n", argv[0], count);
	return result == 0 ? 0 : 1;
}
