/*
 * Facts about messages that are there already, for the intake: what was sent, removed, answered.
 */
#ifndef LANPOST_SPOOL_FACT_H
#define LANPOST_SPOOL_FACT_H

enum fact_kind {
	FACT_SENT,	   /* id: queue entry, name: recipient, text: reply */
	FACT_FAILED,	   /* the same */
	FACT_ATTEMPT,	   /* id: queue entry that is about to be sent */
	FACT_REMOVE,	   /* name: mailbox, text: unique name of the file in that mailbox */
	FACT_TRIGGER_DONE, /* id: trigger */
	FACT_REPLY_DONE,   /* id: message replied to, name: "sent" or "none" */
	FACT_FLAGS,	   /* name: mailbox, text: unique name, to: its flags from now on (maildir_flags.h) */
	FACT_MOVE,	   /* name: mailbox, text: unique name in it, to: another mailbox, id: name of the file there */
	FACT_COPY,	   /* name: mailbox, text: name of the file there, which waits in tmp/, to: the mailbox it comes from */
	FACT_VOID,	   /* name: segment, text: offset from which it is void (intake only) */
};

/* A fact, stored in the same durable record as a message, or alone. */
struct fact {
	enum fact_kind kind;
	const char *id, *name, *text; /* NULL if not used */
	const char *to;		      /* of FACT_FLAGS, FACT_MOVE and FACT_COPY */
};

#endif
