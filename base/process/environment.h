/*
 * What of the environment counts: a list of names, nothing else.
 *
 * Libraries obey variables that nobody thinks of (SSLKEYLOGFILE, OPENSSL_CONF, http_proxy, GCONV_PATH, HOSTALIASES). A
 * service that is started from a shell, or a verb run by root, must not write down the keys of its connections or load somebody's code for
 * that.
 */
#ifndef LANPOST_BASE_ENVIRONMENT_H
#define LANPOST_BASE_ENVIRONMENT_H

#include <stdbool.h>

/* Whether a library was loaded before ours (LD_PRELOAD): a fault injector, a profiler. That is code of the user who starts the program, in
 * our own process: rules made for our code would only hinder it, and its settings are in the environment. */
bool environment_is_instrumented(void);
/* Removes every variable that is not on the list; none in an instrumented process. Call at the very start of a program, before other threads. */
void environment_restrict(void);
/* The environment of a command of the configuration: the variables for it, and a PATH in any case. NULL behind the last one. Free the array alone: the
 * strings are the process's own, valid until it changes its environment. */
char **environment_for_command(void);

#endif
