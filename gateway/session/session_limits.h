/*
 * What ends a session before its work is done: a signal, the limits of a metered line, its deadline.
 *
 * Two flags for the threads: `enough` (nothing more is begun, what is under way ends in order) and `cancelled` (at once).
 * There is one session in a process, and signals set them, so they are the process's.
 */
#ifndef LANPOST_GATEWAY_SESSION_LIMITS_H
#define LANPOST_GATEWAY_SESSION_LIMITS_H

#include "config/conf.h"
#include "fetcher/fetch.h"

#include <stdatomic.h>

enum session_end { END_NONE, END_CANCELLED, END_MINUTES, END_BYTES, END_TIMEOUT };

/* Takes SIGTERM and SIGALRM over and begins to count. */
void session_limits_start(const struct conf_line *line);
const atomic_bool *session_limits_enough(void);
const atomic_bool *session_limits_cancelled(void);
/* The session's bytes (max_bytes_per_session), as fetch_job wants it (fetcher/fetch.h). Safe from any thread. */
enum fetch_leave session_limits_may_fetch(uint64_t size, bool can_wait, bool *is_first);
void session_limits_came(uint64_t bytes, uint64_t promised);
/* What came first, END_NONE if nothing did. */
enum session_end session_limits_reached(void);
/* To stop there is what was asked for: what was stopped by it has not failed. */
bool session_limits_forgive(const struct error *error);

#endif
