/*
 * The environment variables that are kept: a list of names; all others are removed.
 *
 * Libraries obey variables that are easily forgotten (SSLKEYLOGFILE, OPENSSL_CONF, http_proxy, GCONV_PATH, HOSTALIASES). A
 * service that is started from a shell, or a verb run by root, must not log the keys of its connections or load foreign
 * code because of them.
 */
#ifndef LANPOST_BASE_ENVIRONMENT_H
#define LANPOST_BASE_ENVIRONMENT_H

#include <stdbool.h>

/* Whether a library was loaded before ours (LD_PRELOAD): a fault injector, a profiler. That is code of the user who starts
 * the program, in our own process: confinement made for our code would only break it, and its settings are in the
 * environment. */
bool environment_is_instrumented(void);
/* Removes every variable that is not on the list; removes none in an instrumented process. Must be called at the start of
 * a program, before other threads exist. */
void environment_restrict(void);
/* The environment of a command of the configuration: its variables, and always a PATH. NULL-terminated. The caller frees
 * only the array: the strings are the process's own, valid until it changes its environment. */
char **environment_for_command(void);

#endif
