/*
 * The names of problems. Problems are stored under keys ("account sales", see state_problem_set()) and shown in the
 * language of the reader.
 */
#ifndef LANPOST_SPOOL_PROBLEM_H
#define LANPOST_SPOOL_PROBLEM_H

#include "base/phrase.h"

/* The name of a key as a phrase; an unknown key represents itself. Returns out. */
char *problem_name(char *out, size_t size, const char *key);
/* Valid until the end of the block. */
#define PROBLEM_NAME(key) problem_name((char[PHRASE_MAX]){0}, PHRASE_MAX, (key))

#endif
