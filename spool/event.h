/*
 * The events of the journal: what can happen to a message. Each has a code that is stored and printed as JSON, and a word
 * for people.
 */
#ifndef LANPOST_SPOOL_EVENT_H
#define LANPOST_SPOOL_EVENT_H

#include <stddef.h>

enum event {
	EVENT_ACCEPTED,	       /* detail: its origin (origin.h) */
	EVENT_DELIVERED,       /* place: user; detail: why */
	EVENT_COPIED_TO_BOSS,
	EVENT_QUEUED,	       /* place: external address; detail: why */
	EVENT_TRIGGERED,       /* place: the user who wrote to daemon */
	EVENT_REPLY_DUE,       /* place: the sender; detail: the rule */
	EVENT_REPLIED,
	EVENT_NOT_REPLIED,
	EVENT_DELIVERY_FAILED, /* detail: the error; will be retried */
	EVENT_ATTEMPT,	       /* about to be sent to the smarthost */
	EVENT_SENT,	       /* place: recipient; detail: reply of the smarthost. The next two, too */
	EVENT_REFUSED,
	EVENT_DEFERRED,
	EVENT_IN_DOUBT,
	EVENT_MENDED,
	EVENT_CONVERTED,
	EVENT_PICTURE,	       /* made smaller, or why not */
	EVENT_8BIT,	       /* sent with 8-bit bytes to a smarthost that does not announce them */
	EVENT_UNSIGNED,
	EVENT_HELD,	       /* manually; also the next three */
	EVENT_RELEASED,
	EVENT_RETRIED,
	EVENT_DELETED,
	EVENT_DROPPED,	       /* detail: the rule, or why */
	EVENT_REMOVED,	       /* place: mailbox that had it */
	EVENT_MOVED,	       /* place: mailbox that has it now; detail: the one before. The next one, too */
	EVENT_COPIED,
	EVENT_DAMAGED,
	EVENT_RECOVERED,       /* detail: the log that contained it */
	EVENT_LOG_DAMAGED,     /* place: the log; detail: the file that keeps the record */
	EVENT_SCANNED,	       /* detail: what the scanners have found. The next one, too */
	EVENT_NOT_SCANNED,
	EVENT_QUARANTINED,     /* detail: why */
	EVENT_REPLACED,	       /* place: mailbox that had it; detail: by which message */
	EVENT_LINE,	       /* of a session. place: the key of the command; detail: how it ended */
	EVENT_LEARN_DUE,       /* place: the folder of lessons; detail: why. The message shall be learned */
	EVENT_LEARNED,	       /* detail: as what, and by which scanners */
	EVENT_NOT_LEARNED,     /* detail: why */
	EVENT_COUNT
};

/* The code, which never changes: "copied-to-boss". */
const char *event_code(enum event event);
/* EVENT_COUNT for an unknown code (of a later version). */
enum event event_find(const char *code);
/* The word for people in the thread's language; for an unknown code the code itself. */
const char *event_word(const char *code);
/* The place and the detail of an event as one phrase: "ivan: rule invoices: ...". Returns out. */
char *event_where(char *out, size_t size, const char *code, const char *place, const char *detail);

#endif
