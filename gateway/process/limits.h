/*
 * Resource limits of this process, against floods and malicious messages.
 */
#ifndef LANPOST_GATEWAY_LIMITS_H
#define LANPOST_GATEWAY_LIMITS_H

#include <stdbool.h>
#include <sys/resource.h>

/* Sets the soft and the hard limit; a lower limit stays. what: RLIMIT_.... Returns false if the kernel refuses; this is
 * logged. */
bool limits_set(int what, rlim_t most);
/* Allows this process this many more seconds of CPU time; a lower hard limit stays. Returns as limits_set(). */
bool limits_cpu(rlim_t seconds);

#endif
