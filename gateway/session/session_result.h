/*
 * The result of a session: for the control socket, the state, and the daemon's reports.
 */
#ifndef LANPOST_GATEWAY_SESSION_RESULT_H
#define LANPOST_GATEWAY_SESSION_RESULT_H

#include "config/conf.h"
#include "fetcher/fetch.h"
#include "gateway/outbound/outbound.h"
#include "mail/limits_now.h"
#include "mail/line_use.h"
#include "gateway/session/session_limits.h"
#include "gateway/session/while_up.h"
#include "spool/storage/storage.h"

#include <jansson.h>

/* In its JSON: whether a limit of a day or a month has ended fetching. */
#define SESSION_LIMIT_REACHED "limit_reached"

struct account_result {
	const struct conf_account *account;
	bool was_asked; /* else a limit of the session was reached before */
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
	size_t host_count;
	struct outbound_result sent;
	size_t waiting; /* in the queue, at the end */
	struct error queue_error;
	struct error line_error;
	char not_connected[PHRASE_MAX]; /* why the line was left down, without an error; "" */
	const char *way; /* which of several lines was used, or tried last; NULL: there is only one */
	enum session_end end; /* the reason for an early end */
	const char *fetch_limit, *send_limit; /* the settings that have ended fetching and sending; NULL: none has */
	uint64_t line_received, line_sent; /* by the connections to smarthosts */
	bool is_plan; /* nothing was fetched or sent */
	struct outbound_plan outgoing; /* what a plan would send, and what a limit keeps in the queue */
	struct line_use use; /* of the line, this session included */
	json_t *usage; /* who has used the line in this session; NULL: nobody yet */
	bool has_price;
	int64_t price; /* of the session, or of what is planned; LINE_PRICE_UNIT */
	struct while_up while_up;
	int64_t seconds; /* that it took, or that it will take; -1: not known */
};

/* Frees everything except `id`. */
void session_result_clear(struct session_result *result);
/* Says that the line was not connected, since these limits allow nothing of what was to be done. */
void session_result_not_connected(struct session_result *result, const struct limits_now *limits, struct limits_wish wish);
/* What is planned: messages and bytes of all accounts. */
void session_result_planned(const struct session_result *result, uint64_t *messages, uint64_t *bytes);
/* If a captive portal has answered (upstream/remote_portal.h): it is a problem of the line, and the accounts and smarthosts, which nobody has
 * reached, have none. Returns whether it was so. */
bool session_result_blame_portal(struct session_result *result);
/* What the line has carried in all. */
struct remote_bytes session_result_bytes(const struct session_result *result);
/* The final answer of the control socket. */
json_t *session_result_json(const struct session_result *result);
/* Stores it for `lanpost status`. */
void session_result_store(const struct session_result *result, struct state *state);
/* A few lines of text for people, in the process's language. */
void session_result_text(const struct session_result *result, struct buf *out);

#endif
