/* For tests that create files: removes a whole folder. */
#ifndef LANPOST_TESTS_REMOVE_TREE_H
#define LANPOST_TESTS_REMOVE_TREE_H

#include <ftw.h>
#include <stdio.h>

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Returns 0 if everything was removed. */
static int remove_tree(const char *folder)
{
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
