/*
 * Splits a path into the folder and the name in it.
 */
#ifndef LANPOST_BASE_PATH_H
#define LANPOST_BASE_PATH_H

/* The folder, "." if the path has none. New memory. */
char *path_folder(const char *path);
/* The part after the last slash, within path. */
const char *path_name(const char *path);

#endif
