/*
 * Asks the filter process what the scanners say of a message (gateway/services/filter_process.h).
 *
 * Asking never fails: what goes wrong becomes a verdict "not scanned" with its reason. A question is asked and answered separately, so that other
 * messages are received, and scanned, meanwhile. It goes over a socket that all askers share, with one end of a pair of its own, on which
 * the message follows as a descriptor and the verdict comes back; so each of both processes may die and restart. When the filter process dies
 * with a question, it is asked once more.
 */
#ifndef LANPOST_MAIL_FILTER_ASK_H
#define LANPOST_MAIL_FILTER_ASK_H

#include "config/conf.h"
#include "message/scan/scan_facts.h"
#include "message/scan/scan_verdict.h"

#include <stdatomic.h>

#define FILTER_REQUEST_MAX 262144
#define FILTER_ANSWER_MAX (SCAN_TEXT_MAX + SCAN_CUTS_TEXT_MAX + 64)

#define FILTER_SMALL_MAX 65536 /* bytes of a question with its message: a larger message follows */

/* A question is one datagram with one end of a pair of sockets: that of a message in memory is the fields of the request; else it is FILTER_FOLLOWS, and a
 * frame with a descriptor of the message comes over that end. */
#define FILTER_FOLLOWS "q"

enum filter_kind {
	FILTER_SCAN = 1, /* request: fields; answer: fields */
	FILTER_LEARN_SPAM, /* the same; the message always follows */
	FILTER_LEARN_HAM,
};
enum filter_tag {
	FILTER_SOURCES = 's', /* unsigned: CONF_FETCHED ..., CONF_LINE_DOWN */
	FILTER_FACTS = 'f',   /* scan_facts_write() */
	FILTER_MESSAGE = 'm', /* its bytes, if no descriptor comes */
	FILTER_VERDICT = 'v', /* of the answer: scan_verdict_write() */
	FILTER_CUTS = 'c',    /* and scan_cuts_write() */
	FILTER_LEARNED = 'l', /* of the answer to FILTER_LEARN_...: unsigned, enum filter_learned */
	FILTER_NAMES = 'n',   /* the scanners that have learned it */
	FILTER_REASON = 'w',  /* a phrase: why others have not */
};

/* The message is in memory, or in a file. */
struct filter_question {
	const struct conf *conf;
	int socket; /* the askers' end; remains the caller's */
	unsigned sources; /* CONF_FETCHED ... */
	const struct scan_facts *facts;
	struct slice message;
	const char *path; /* of the file that has exactly these bytes; NULL: none */
};

struct filter_ticket {
	enum filter_kind kind;
	bool is_wanted; /* there is a scanner for it: else there is no verdict */
	const struct conf *conf;
	int socket, file, fd; /* -1: none */
	unsigned sources;
	struct buf request;
	int64_t deadline;
	struct error error; /* why it could not be asked */
};
#define FILTER_TICKET_NONE {.file = -1, .fd = -1}

/* Whether any scanner is for mail of these sources. */
bool filter_ask_is_wanted(const struct conf *conf, unsigned sources);
/* Asks; does not wait for more than room in a socket. */
void filter_ask_begin(struct filter_ticket *ticket, const struct filter_question *question);
/* Whether filter_ask_end() would not wait. */
bool filter_ask_is_ready(const struct filter_ticket *ticket);
/* Waits for the verdict, and frees the ticket, which is then FILTER_TICKET_NONE. cancel: may be NULL. */
void filter_ask_end(struct filter_ticket *ticket, const atomic_bool *cancel, struct scan_verdict *verdict);
/* Frees a ticket whose verdict is of no more use. */
void filter_ask_drop(struct filter_ticket *ticket);

enum filter_learned {
	LEARNED_ALL,	 /* by all scanners for spam */
	LEARNED_NOTHING, /* and never will be: the message is too large, or the scanner takes nothing from it */
	LEARNED_LATER,	 /* a scanner is away, or does not let us */
	LEARNED_FAILED,	 /* a scanner broke at it */
	LEARNED_BUSY,	 /* mail is scanned now: later */
	LEARNED_COUNT
};
struct filter_lesson {
	enum filter_learned learned;
	char names[SCAN_NAMES_MAX]; /* of scanners: "spam, sa"; with "(known)" behind those that had learned it before */
	char reason[PHRASE_MAX];    /* a phrase; "" */
};
/* Makes the scanners for spam learn a message. Blocks; cancel may be NULL. */
void filter_ask_learn(const struct filter_question *question, bool is_spam, const atomic_bool *cancel, struct filter_lesson *lesson);

#endif
