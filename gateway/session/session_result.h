/*
 * The result of a session: for the control socket, the state, and the daemon's reports.
 */
#ifndef LANPOST_GATEWAY_SESSION_RESULT_H
#define LANPOST_GATEWAY_SESSION_RESULT_H

#include "config/conf.h"
#include "fetcher/fetch.h"
#include "gateway/outbound/outbound.h"
#include "gateway/session/session_limits.h"
#include "spool/storage/storage.h"

#include <jansson.h>

struct account_result {
	const struct conf_account *account;
	struct fetch_result fetched;
	struct error error; /* class NONE: success */
};

struct session_result {
	const char *id;
	int64_t begun, ended;
	struct account_result *accounts;
	size_t account_count;
	bool sending; /* the queue had to be flushed */
	struct outbound_host *hosts; /* one per smarthost */
	struct outbound_result sent;
	size_t waiting; /* in the queue, at the end */
	struct error queue_error;
	struct error line_error;
	enum session_end end; /* the reason for an early end */
	uint64_t line_received, line_sent; /* by the connections to smarthosts */
};

/* Frees everything except `id`. */
void session_result_clear(struct session_result *result);
/* What the line has carried in all. */
struct remote_bytes session_result_bytes(const struct session_result *result);
/* The final answer of the control socket. */
json_t *session_result_json(const struct session_result *result);
/* Stores it for `lanpost status`. */
void session_result_store(const struct session_result *result, struct state *state);
/* A few lines of text for people, in the process's language. */
void session_result_text(const struct session_result *result, struct buf *out);

#endif
