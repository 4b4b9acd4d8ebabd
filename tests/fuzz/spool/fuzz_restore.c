/*
 * Hostile backups: for any names, types and sizes in an archive, only regular files and folders are restored, below the
 * two given folders, for their owner and group only.
 *
 * The input is an archive. If it looks like tar, the checksum of each header is corrected, or libarchive would read none
 * of them.
 */
#include "base/buf.h"
#include "base/log.h"
#include "spool/maintenance/backup.h"
#include "tests/fuzz/common/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>

#define BLOCK 512
#define HEADS_MAX 64

static char *inside, *config, *spool; /* both are in `inside`, where nothing else may be created */
static size_t base;

/* Corrects the checksums of all headers. */
static void mend(unsigned char *bytes, size_t len)
{
	size_t at = 0;

	for (int i = 0; i < HEADS_MAX && len - at >= BLOCK; i++) {
		unsigned char *head = bytes + at;
		unsigned sum = 0;

		memset(head + 148, ' ', 8);
		for (size_t j = 0; j < BLOCK; j++)
			sum += head[j];
		if (sum == 8 * ' ') /* the end of the archive: all zeros */
			memset(head + 148, '\0', 8);
		else
			snprintf((char *)head + 148, 8, "%06o", sum);
		at += BLOCK + (strtoul((char *)head + 124, NULL, 8) + BLOCK - 1) / BLOCK * BLOCK;
		if (at > len)
			return;
	}
}

static int look_at(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	assert(type == FTW_F || type == FTW_D);
	assert(S_ISDIR(st->st_mode) || (S_ISREG(st->st_mode) && st->st_nlink == 1 && (st->st_mode & 07137) == 0));
	if (strlen(path) > base)
		assert(strncmp(path + base, "/config", 7) == 0 || strncmp(path + base, "/spool", 6) == 0);
	return 0;
}

static int remove_what_is_below(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	return ftw->level > 1 ? remove(path) : 0;
}

/* Nothing is created next to the folder, either. */
static size_t count_beside(void)
{
	DIR *dir = opendir(fuzz_folder());
	size_t count = 0;

	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static void set_up(void)
{
	if (inside != NULL)
		return;
	log_start(&(struct log_settings){.level = LOG_LEVEL_ERROR}, "fuzz");
	inside = xasprintf("%s/inside", fuzz_folder());
	config = xasprintf("%s/config", inside);
	spool = xasprintf("%s/spool", inside);
	base = strlen(inside);
	assert(mkdir(inside, 0700) == 0 && mkdir(config, 0700) == 0 && mkdir(spool, 0700) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct backup_target target = {.overwrite = size % 2 == 0, .elsewhere = size % 3 == 0};
	struct backup_counts counts;
	struct buf archive = BUF_INIT(1u << 20);
	struct error error = ERROR_INIT;
	const char *path;

	set_up();
	buf_append(&archive, data, size);
	if (size >= BLOCK)
		mend((unsigned char *)archive.ptr, size);
	path = fuzz_file(buf_slice(&archive));
	target.config = config;
	target.spool = spool;
	if (backup_restore(path, &target, &counts, &error) != 0)
		assert(error.phrase[0] != '\0');
	nftw(inside, look_at, 16, FTW_PHYS);
	assert(count_beside() == 3);
	nftw(inside, remove_what_is_below, 16, FTW_PHYS | FTW_DEPTH);
	buf_clear(&archive);
	return 0;
}
