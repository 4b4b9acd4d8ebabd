/*
 * Finds the files that belong to this program: beside it in a build folder, else where `make
 * install` puts them.
 */
#ifndef LANPOST_BASE_PROGRAM_PATH_H
#define LANPOST_BASE_PROGRAM_PATH_H

/* The path of `where` as seen from the folder of the running program: new memory, NULL if that folder is not known. Does
 * not check that the path exists. */
char *program_path(const char *where);

#endif
