/*
 * Declarations that the parts of a session share: its course (session_process.c) and its accounts (session_accounts.c).
 */
#ifndef LANPOST_GATEWAY_SESSION_PRIV_H
#define LANPOST_GATEWAY_SESSION_PRIV_H

#include "gateway/outbound/pictures.h"
#include "gateway/session/account_order.h"
#include "gateway/session/dialup.h"
#include "gateway/session/secrets.h"
#include "gateway/session/server_gate.h"
#include "gateway/session/session_request.h"
#include "gateway/session/session_result.h"
#include "gateway/session/sorting.h"

#include <pthread.h>

struct session {
	const struct conf *conf;
	struct session_request request; /* with what the triggers add */
	struct msgid id;
	struct secrets secrets;
	struct spool spool;
	struct sorting sorting;
	struct pictures pictures;
	struct triggers triggers;
	struct session_result result;
	struct remote_wire wire; /* of the smarthosts' connections */
	struct dialup_outcomes line; /* of bringing it up */
	bool is_up;
	struct account_order order;
	struct server_gate gate;
	struct server_gate mailboxes; /* one account at a time reads a mailbox upstream, so that nothing is fetched twice */
	bool clock_is_trusted;
	int64_t began; /* clock_now_ms() */
	int event_fd;
	int filter_socket; /* mail/filter/filter_ask.h */
	int done_fd; /* counts the accounts that are done; -1: it does not */
	size_t done_count;
	pthread_mutex_t event_lock; /* keeps lines of the threads whole */
};

/* Reports to the supervisor; takes ownership of object. If the supervisor is gone, this process ends at once (child.c). */
void session_process_tell(struct session *session, json_t *object);

/* session_usage.c: divides what the line has carried, and its price, among the accounts and users, and adds it to the month. */
void session_usage_count(struct session *session, int64_t price, int64_t seconds);

/* session_sending.c: sends what is due, with `all` also what is not; nothing any more once a limit or a problem has ended it. */
void session_sending_flush(struct session *session, bool all);
/* Fills result.outgoing: what a flush would send, and what a limit keeps in the queue. */
void session_sending_plan(struct session *session);
/* Reports to the supervisor how it ended, if there was something to do. */
void session_sending_done(struct session *session);

struct account_thread;

/* Sets the accounts of the result: those that the request wants. */
void session_accounts_choose(struct session *session);
/* Fetches each of them on a thread of its own. The threads are new memory, for session_accounts_join(). */
struct account_thread *session_accounts_start(struct session *session);
/* Waits until all of them are done or the supervisor asks for a look at the queue: returns true for that. */
bool session_accounts_wait(struct session *session, const struct account_thread *threads);
/* Waits for them, and frees them. */
void session_accounts_join(struct session *session, struct account_thread *threads);

#endif
