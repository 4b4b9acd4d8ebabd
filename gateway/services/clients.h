/*
 * The clients of the LAN server: the notes of its threads (base/process/thread_activity.h), as
 * JSON.
 */
#ifndef LANPOST_GATEWAY_CLIENTS_H
#define LANPOST_GATEWAY_CLIENTS_H

#include "base/process/thread_activity.h"

#include <jansson.h>

/* A list, owned by the caller, the longest connected first; board may be NULL. Each has "protocol", "address", "tls",
 * "user" ("" before a login), "since", "idle" (seconds), "command" (the last one, "" before the first) and "working". */
json_t *clients_build(const struct thread_activity *board);
/* The number of clients. */
size_t clients_count(const struct thread_activity *board);

#endif
