/*
 * A request to the running gateway through its control socket.
 */
#ifndef LANPOST_UI_TUI_CONTROL_CLIENT_H
#define LANPOST_UI_TUI_CONTROL_CLIENT_H

#include "config/conf.h"

#include <jansson.h>
#include <sys/types.h>

/* Called for each event line; borrows it. */
typedef void (*control_client_event_fn)(void *context, const json_t *event);

/* Sends the request (takes ownership) and waits for the final answer, at most `seconds` (0: no limit).
 * Returns CLI_DONE with the answer in *answer, owned by the caller; else CLI_NO_GATEWAY or CLI_FAILED (also
 * for an answer with "ok": false), with the error reported. on_event may be NULL. */
int control_client_call(const struct conf *conf, json_t *request, int seconds, control_client_event_fn on_event,
    void *context, json_t **answer);
/* The process that listens on the socket of this spool, 0 if none. */
pid_t control_client_gateway_pid(const struct conf *conf);

#endif
