/*
 * The two parts of a path: the folder and the name in it.
 */
#ifndef LANPOST_BASE_PATH_H
#define LANPOST_BASE_PATH_H

/* The folder: "." where the path names none. New memory. */
char *path_folder(const char *path);
/* What follows the last slash, within path. */
const char *path_name(const char *path);

#endif
