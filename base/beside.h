/*
 * What belongs to this program: in a build folder beside it, else where `make install` puts it.
 */
#ifndef LANPOST_BASE_BESIDE_H
#define LANPOST_BASE_BESIDE_H

/* The path of `where` as seen from the folder of the running program: new memory, NULL where that folder is not known. Nobody
 * has looked whether anything is there. */
char *beside_program(const char *where);

#endif
