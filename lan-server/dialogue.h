/*
 * One dialogue with a client as its session sees it (server/session.h), whatever its protocol is.
 *
 * A core (smtp/smtpd.h, pop3/pop3d.h) does no I/O. The session feeds it lines and bytes, sends the replies that gather, and does what
 * the effect says. So unit tests, fuzzers and sessions drive the same code. Each core begins with a struct dialogue, and has one
 * struct protocol for all its dialogues.
 */
#ifndef LANPOST_LAN_DIALOGUE_H
#define LANPOST_LAN_DIALOGUE_H

#include "base/buf.h"

#include "lan-server/client_limits.h"

/* What to do when the replies are sent. */
enum dialogue_effect {
	DIALOGUE_READ_LINE, /* feed the next line to dialogue_line() */
	DIALOGUE_READ_DATA, /* feed bytes to dialogue_data() */
	DIALOGUE_SEND,	    /* there is more to send: dialogue_send() */
	DIALOGUE_START_TLS, /* shake hands, then dialogue_tls_started() */
	DIALOGUE_CLOSE,
	DIALOGUE_BREAK, /* close, with nothing sent: what was sent of a message is not it, and must not look whole */
};

/* Why the session ends the dialogue. */
enum dialogue_end {
	DIALOGUE_TIMED_OUT,
	DIALOGUE_EVICTED, /* others need the connection */
	DIALOGUE_STOPPING,
};

/* What the client has under way. */
enum dialogue_work {
	DIALOGUE_IDLE,
	DIALOGUE_TRANSACTION, /* may be finished before the server stops */
	DIALOGUE_MESSAGE,     /* and has a recipient: others may have to go first */
};

struct protocol;

struct dialogue {
	const struct protocol *protocol;
	struct buf replies; /* not yet taken: the session sends them and empties the buffer */
	bool tls;
	const char *user; /* who is logged in, NULL: nobody; owned by the configuration */
	enum dialogue_work work;
	struct client_limits limits;
	unsigned unknown_names; /* how many the client has asked for */
};

struct protocol {
	size_t line_max; /* of a line of the client, without its end */
	int64_t idle_ms; /* a client that is logged in may be silent this long whatever [lan] timeout is */
	enum dialogue_effect (*line)(struct dialogue *dialogue, struct slice line);
	enum dialogue_effect (*line_too_long)(struct dialogue *dialogue);
	enum dialogue_effect (*data)(struct dialogue *dialogue, struct slice *bytes); /* NULL: READ_DATA never comes */
	enum dialogue_effect (*send)(struct dialogue *dialogue);		      /* NULL: SEND never comes */
	void (*tls_started)(struct dialogue *dialogue);
	void (*end)(struct dialogue *dialogue, enum dialogue_end why);
	void (*free)(struct dialogue *dialogue);
};

/* One line without its end. */
static inline enum dialogue_effect dialogue_line(struct dialogue *dialogue, struct slice line)
{
	return dialogue->protocol->line(dialogue, line);
}

/* A line was longer than line_max. */
static inline enum dialogue_effect dialogue_line_too_long(struct dialogue *dialogue)
{
	return dialogue->protocol->line_too_long(dialogue);
}

/* Bytes of a message; *bytes moves past the consumed bytes. Returns READ_DATA until they end. */
static inline enum dialogue_effect dialogue_data(struct dialogue *dialogue, struct slice *bytes)
{
	return dialogue->protocol->data(dialogue, bytes);
}

/* Appends the next piece of a message to the replies; SEND while there is more. */
static inline enum dialogue_effect dialogue_send(struct dialogue *dialogue)
{
	return dialogue->protocol->send(dialogue);
}

/* TLS has started: everything before it is discarded (RFC 3207 section 4.2). */
static inline void dialogue_tls_started(struct dialogue *dialogue)
{
	dialogue->protocol->tls_started(dialogue);
}

/* Last words before the session closes. */
static inline void dialogue_end(struct dialogue *dialogue, enum dialogue_end why)
{
	dialogue->protocol->end(dialogue, why);
}

/* NULL is fine. */
static inline void dialogue_free(struct dialogue *dialogue)
{
	if (dialogue != NULL)
		dialogue->protocol->free(dialogue);
}

#endif
