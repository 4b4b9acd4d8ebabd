/* The protocol between a session (sorting.c) and its sorter process (sorting_serve.c); one conversation per account. */
#ifndef LANPOST_GATEWAY_SORTING_PRIV_H
#define LANPOST_GATEWAY_SORTING_PRIV_H

#include "gateway/session/sorting.h"

struct frame;

enum sorting_outcome {
	SORTING_ANSWERED,
	SORTING_UNANSWERED, /* failed in two workers: the message is the cause */
	SORTING_IMPOSSIBLE, /* no worker can be started, or the session is cancelled: see the error */
};

/* Asks a worker. It may be killed for reasons unrelated to the message (low memory, an admin): the message is the cause only if a second, new
 * worker fails, too. */
enum sorting_outcome sorting_exchange(struct sorting_worker *worker, const struct frame *request, struct buf *answer, struct error *error);
/* The head of a field whose value is sent directly from memory. */
void sorting_put_head(struct buf *head, char tag, size_t len);

/* The answer to SORTING_LISTED: data for the journal, and at most a rule that may decide about messages on the server, with its reason. Returns false for
 * anything else; *look, which is all zero before, owns what was read in both cases. */
bool sorting_look_read(const struct conf *conf, struct slice answer, struct fetch_look *look);

#define SORTING_REQUEST_MAX (4u << 20) /* a larger message is passed as a file */
#define SORTING_STRUCTURE_MAX (65u << 10)
#define SORTING_ANSWER_MAX (8u << 20)
#define SORTING_NAMED_MAX 1000 /* addresses that a provider noted for one message */
#define SORTING_SHOWN_MAX 65536

enum sorting_kind {
	/* Requests, answered by a frame of the same kind. */
	SORTING_SORT = 1, /* fields; the message may be passed as a file instead */
	SORTING_STUB,
	SORTING_LISTED, /* the message is its header */
};

enum sorting_tag {
	SORTING_ACCOUNT = 'a', /* its name */
	SORTING_FOLDER = 'f',  /* of the account; none: INBOX */
	SORTING_TIME = 't',    /* int64_t: of arrival */
	SORTING_VERDICT = 'v', /* scan_verdict_write(); none: not scanned */
	SORTING_MESSAGE = 'm',
	/* of a stub: SORTING_MESSAGE is its top */
	SORTING_ID = 'i',
	SORTING_SIZE = 's', /* uint64_t */
	SORTING_AT_LEAST = 'l', /* uint64_t */
	SORTING_STRUCTURE = 'b', /* of a message in parts; then SORTING_MESSAGE has the parts */
	SORTING_TRIES = 'r', /* uint64_t */
	SORTING_LIMIT = 'x', /* uint64_t */
	SORTING_RULE = 'u', /* its name; also in the answer to SORTING_LISTED, with */
	SORTING_REASON = 'w', /* the reason, and */
	SORTING_PRIORITY = 'p', /* uint64_t */
	/* answers; that to SORTING_STUB is SORTING_MESSAGE */
	SORTING_NAMED = 'n',	/* an address that the provider noted */
	SORTING_DECISION = 'd', /* decision_write() */
	SORTING_SHOWN = 'A',	/* and the next SHOWN_COUNT: data for the journal */
};

#endif
