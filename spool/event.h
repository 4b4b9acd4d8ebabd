/*
 * What can happen to a message: the events of the journal, each a code that is stored and printed as JSON, and a word for people.
 */
#ifndef LANPOST_SPOOL_EVENT_H
#define LANPOST_SPOOL_EVENT_H

#include "base/phrase.h"

enum event {
	EVENT_ACCEPTED,	       /* detail: its origin, a code: "account sales", "smtp 10.0.0.7 ivan", "gateway" */
	EVENT_DELIVERED,       /* place: user; detail: why */
	EVENT_COPIED_TO_BOSS,
	EVENT_QUEUED,	       /* place: address outside; detail: why */
	EVENT_TRIGGERED,       /* place: who wrote to daemon */
	EVENT_REPLY_DUE,       /* place: who wrote; detail: the rule */
	EVENT_REPLIED,
	EVENT_NOT_REPLIED,
	EVENT_DELIVERY_FAILED, /* detail: the error; tried again */
	EVENT_ATTEMPT,	       /* the smarthost is about to get it */
	EVENT_SENT,	       /* place: recipient; detail: reply of the smarthost. The next two, too */
	EVENT_REFUSED,
	EVENT_DEFERRED,
	EVENT_IN_DOUBT,
	EVENT_MENDED,
	EVENT_CONVERTED,
	EVENT_8BIT,	       /* sent with 8-bit bytes to a smarthost that does not announce them */
	EVENT_UNSIGNED,
	EVENT_HELD,	       /* by hand; so are the next three */
	EVENT_RELEASED,
	EVENT_RETRIED,
	EVENT_DELETED,
	EVENT_DROPPED,	       /* detail: the rule, or why */
	EVENT_REMOVED,	       /* place: user who had it */
	EVENT_DAMAGED,
	EVENT_RECOVERED,       /* detail: the log that had it */
	EVENT_LOG_DAMAGED,     /* place: the log; detail: the file that keeps the record */
	EVENT_LINE,	       /* of a session. place: the key of the command; detail: how it ended */
	EVENT_COUNT
};

/* The code, which never changes: "copied-to-boss". */
const char *event_code(enum event event);
/* EVENT_COUNT for a code that is not one of these (of a later version, say). */
enum event event_find(const char *code);
/* The word for people in the thread's language; of an unknown code the code itself. */
const char *event_word(const char *code);
/* The place and the detail of an event as it is in the journal, as one phrase: "ivan: rule invoices: ...". Returns out. */
char *event_where(char *out, size_t size, const char *code, const char *place, const char *detail);

/* The account out of the detail of EVENT_ACCEPTED; NULL where it was not fetched. */
const char *event_account(const char *detail);

#endif
