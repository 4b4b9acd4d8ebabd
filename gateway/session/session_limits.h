/*
 * What ends a session before its work is done: a signal, the limits of a metered line, its deadline.
 *
 * Two flags for the threads: `enough` (nothing more is begun, work in progress ends normally) and `cancelled` (stop at
 * once). Signals set them, and a process has one session, so they are global. Limits of bytes have flags of their own: what has come to its
 * limit ends fetching, and mail is still sent; what has been sent, or will be, ends sending.
 */
#ifndef LANPOST_GATEWAY_SESSION_LIMITS_H
#define LANPOST_GATEWAY_SESSION_LIMITS_H

#include "config/conf.h"
#include "fetcher/fetch.h"
#include "mail/line_use.h"

#include <stdatomic.h>

enum session_end { END_NONE, END_CANCELLED, END_MINUTES, END_BYTES, END_TIMEOUT };

/* Installs handlers for SIGTERM and SIGALRM and starts the limits. */
void session_limits_start(const struct conf_line *line);
/* What the limits of bytes leave; where that is 0, nothing is fetched, or sent. smarthosts: what their connections carry. Before the first
 * thread. */
void session_limits_leave(const struct line_room rooms[LINE_WAYS], const struct remote_wire *smarthosts);
const atomic_bool *session_limits_enough(void);
const atomic_bool *session_limits_fetched_enough(void); /* the same for fetching */
const atomic_bool *session_limits_cancelled(void);
/* The session's bytes, as fetch_job needs it (fetcher/fetch.h). Thread-safe. */
enum fetch_leave session_limits_may_fetch(uint64_t size, bool can_wait, bool *is_first);
void session_limits_came(struct remote_bytes bytes, uint64_t promised);
/* For bytes that belong to no message, as fetch_job needs it. Thread-safe. */
const char *session_limits_used_up(bool *alone);
/* The setting that has ended fetching; NULL: none has. */
const char *session_limits_fetch_ended_by(void);
/* Whether one more message may be sent: its bytes are then reserved, until it is given back. Thread-safe. */
bool session_limits_may_send(uint64_t size);
void session_limits_not_sent(uint64_t size);
/* The setting that has ended sending; NULL: none has. */
const char *session_limits_send_ended_by(void);
/* Waits as long as these received bytes take at max_rate, all threads together. Returns how many milliseconds it waited. */
int64_t session_limits_pace(uint64_t bytes);
/* The first reason to end, or END_NONE. */
enum session_end session_limits_reached(void);
/* Whether the end was intended: a session stopped by it does not count as failed. */
bool session_limits_forgive(const struct error *error);

#endif
