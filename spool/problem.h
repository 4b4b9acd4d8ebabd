/*
 * The names of what can be in trouble. Problems are remembered under keys ("account sales", see state_problem_set()); people read them
 * in their language.
 */
#ifndef LANPOST_SPOOL_PROBLEM_H
#define LANPOST_SPOOL_PROBLEM_H

#include "base/phrase.h"

/* The name of a key as a phrase; a key that no table knows represents itself. Returns out. */
char *problem_name(char *out, size_t size, const char *key);
/* Lives until the end of the block. */
#define PROBLEM_NAME(key) problem_name((char[PHRASE_MAX]){0}, PHRASE_MAX, (key))

#endif
