/*
 * One dialogue with a client, independent of the protocol, as used by its session (server/session.h).
 *
 * A core (smtp/smtpd.h, pop3/pop3d.h) does no I/O. The session passes in lines and bytes, sends the collected replies, and
 * performs the returned effect. So unit tests, fuzzers and sessions use the same code. Each core begins with a struct
 * dialogue, and has one struct protocol for all its dialogues.
 */
#ifndef LANPOST_LAN_DIALOGUE_H
#define LANPOST_LAN_DIALOGUE_H

#include "base/buf.h"

#include "lan-server/client_limits.h"

#include <assert.h>

/* The next step after the replies are sent. */
enum dialogue_effect {
	DIALOGUE_READ_LINE, /* pass the next line to dialogue_line() */
	DIALOGUE_READ_DATA, /* pass bytes to dialogue_data() */
	DIALOGUE_SEND,	    /* there is more to send: dialogue_send() */
	DIALOGUE_START_TLS, /* do the TLS handshake, then call dialogue_tls_started() */
	DIALOGUE_START_DEFLATE, /* compress from now on, then read the next line */
	DIALOGUE_CLOSE,
	DIALOGUE_BREAK, /* close without sending: the sent part of a message is wrong, and must not look complete */
};

/* Why the session ends the dialogue. */
enum dialogue_end {
	DIALOGUE_TIMED_OUT,
	DIALOGUE_EVICTED, /* others need the connection */
	DIALOGUE_STOPPING,
};

/* The client's work in progress. */
enum dialogue_work {
	DIALOGUE_IDLE,
	DIALOGUE_TRANSACTION, /* may be finished before the server stops */
	DIALOGUE_MESSAGE,     /* a transaction with a recipient: others are evicted first */
};

struct protocol;

struct dialogue {
	const struct protocol *protocol;
	struct buf replies; /* pending; the session sends them and empties the buffer */
	bool tls;
	const char *user; /* the logged-in user, NULL: none; owned by the configuration */
	enum dialogue_work work;
	struct client_limits limits;
	unsigned unknown_names; /* the number of unknown names in this session */
	int wake_fd; /* readable while the client is silent: dialogue_woken(); 0 or below: none */
};

struct protocol {
	size_t line_max; /* maximum length of a client's line, without its end */
	int64_t idle_ms; /* a logged-in client may be silent this long regardless of [lan] timeout */
	enum dialogue_effect (*line)(struct dialogue *dialogue, struct slice line);
	enum dialogue_effect (*line_too_long)(struct dialogue *dialogue);
	enum dialogue_effect (*data)(struct dialogue *dialogue, struct slice *bytes); /* NULL: READ_DATA is never returned */
	enum dialogue_effect (*send)(struct dialogue *dialogue);		      /* NULL: SEND is never returned */
	enum dialogue_effect (*woken)(struct dialogue *dialogue);		      /* NULL: wake_fd is never set */
	void (*tls_started)(struct dialogue *dialogue);
	void (*end)(struct dialogue *dialogue, enum dialogue_end why);
	void (*free)(struct dialogue *dialogue);
};

/* Handles one line, without its end. */
static inline enum dialogue_effect dialogue_line(struct dialogue *dialogue, struct slice line)
{
	return dialogue->protocol->line(dialogue, line);
}

/* Handles a line longer than line_max. */
static inline enum dialogue_effect dialogue_line_too_long(struct dialogue *dialogue)
{
	return dialogue->protocol->line_too_long(dialogue);
}

/* Bytes of a message; *bytes moves past the consumed bytes. Returns READ_DATA until they end. */
static inline enum dialogue_effect dialogue_data(struct dialogue *dialogue, struct slice *bytes)
{
	assert(dialogue->protocol->data != NULL);
	return dialogue->protocol->data(dialogue, bytes);
}

/* Appends the next piece of a message to the replies. Returns SEND while there is more. */
static inline enum dialogue_effect dialogue_send(struct dialogue *dialogue)
{
	assert(dialogue->protocol->send != NULL);
	return dialogue->protocol->send(dialogue);
}

/* There is news for a client that waits for it. */
static inline enum dialogue_effect dialogue_woken(struct dialogue *dialogue)
{
	return dialogue->protocol->woken(dialogue);
}

/* TLS has started: everything before it is discarded (RFC 3207 section 4.2). */
static inline void dialogue_tls_started(struct dialogue *dialogue)
{
	dialogue->protocol->tls_started(dialogue);
}

/* Appends a last reply before the session closes. */
static inline void dialogue_end(struct dialogue *dialogue, enum dialogue_end why)
{
	dialogue->protocol->end(dialogue, why);
}

/* Accepts NULL. */
static inline void dialogue_free(struct dialogue *dialogue)
{
	if (dialogue != NULL)
		dialogue->protocol->free(dialogue);
}

#endif
