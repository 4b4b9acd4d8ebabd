/*
 * Resource limits of this process: what a flood or an evil message may use up.
 */
#ifndef LANPOST_GATEWAY_LIMITS_H
#define LANPOST_GATEWAY_LIMITS_H

#include <stdbool.h>
#include <sys/resource.h>

/* Sets both the limit and the most that it may be raised to; a lower one stays. what: RLIMIT_.... Returns false where the kernel refuses: the
 * log has it. */
bool limits_set(int what, rlim_t most);
/* Lets this process use this many seconds of the processor more; a lower hard limit stays. Returns as limits_set(). */
bool limits_cpu(rlim_t seconds);

#endif
