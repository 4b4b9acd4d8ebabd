/*
 * What the files of a fetch share: the connection with its events, and the message under way.
 */
#ifndef LANPOST_FETCHER_FETCH_PRIV_H
#define LANPOST_FETCHER_FETCH_PRIV_H

#include "fetcher/fetch.h"
#include "upstream/imap_client.h"
#include "fetcher/plan.h"
#include "upstream/pop3_client.h"
#include "upstream/remote.h"
#include "spool/state/state_seen.h"

#define FETCH_FAREWELL_MS 30000 /* after session_timeout, for what is under way */

/* What may be asked of a server, in the terms of neither protocol. */
enum fetch_ask {
	ASK_CAPABILITIES,
	ASK_OPEN,  /* IMAP: the mailbox; POP3: UIDs */
	ASK_SIZES, /* IMAP: with the UIDs */
	ASK_HEADER,
	ASK_TOP, /* the header and the beginning of the body */
	ASK_MESSAGE,
	ASK_DELETE,
	ASK_EXPUNGE, /* IMAP: carries out the deletions; POP3 does at ASK_GOODBYE */
	ASK_ALIVE, /* nothing: whether what it says next is a reply */
	ASK_GOODBYE,
};

enum fetch_what {
	GOT_REPLY,  /* yes or no; where yes brings lines or data they follow */
	GOT_LINE,   /* of a POP3 listing */
	GOT_CAN,    /* a capability */
	GOT_NEWS,   /* what needs no answer: a message of an IMAP listing, the end of a command whose data came */
	GOT_DATA,   /* of a header or a message */
	GOT_END,    /* of the lines or the data; ok: they may be used */
};

struct fetch_event {
	enum fetch_what what;
	enum fetch_ask ask;
	struct plan_item *item; /* NULL where it is about none */
	bool ok, cut;
	struct slice text;
};

struct fetch {
	const struct fetch_job *job;
	struct fetch_result *result;
	bool is_imap;
	char *mailbox;	     /* whose messages these are: conf_mailbox() */
	int64_t begun;	     /* wall clock */
	struct plan plan;
	struct map seen;     /* key -> struct seen */
	struct map troubles; /* key -> how often this message did not come whole, in this session (fetch_tries.c) */
	struct map shorts;   /* key -> the digest of what came, shorter than listed */
	size_t right_sizes, short_sizes; /* messages that came as listed, and shorter, so far in this mailbox */
	bool sizes_changed; /* by this session */
	size_t left;	     /* seen messages on the server when it was last left */

	/* the connections */
	unsigned connections; /* that were logged in */
	unsigned fruitless;   /* failures in a row since something came */
	size_t commit_every;  /* messages a connection on a line that keeps dropping; 0: all */
	enum conf_auth login_way; /* how a login worked the last time */
	bool one_by_one;      /* this server cannot take a command before its last answer is out */
	bool is_late;	      /* because its time is up */
	bool has_more;	      /* this connection ends although there is more to fetch */
	bool line_broke, timed_out, is_garbled;
	bool is_message_broken; /* and it was the message before that was not whole */
	bool is_broken_off;	/* by us: a message is too large, and only the end of the connection stops it */
	bool tries_again;	/* a message that came short is fetched once more, behind all others */

	/* the connection */
	struct remote *remote;
	struct pop3_client pop3;
	struct imap_client imap;
	char *chunk;
	struct slice input; /* received, not read yet */
	int64_t deadline;   /* of what is under way */
	int64_t end;	    /* of the whole session of this account; INT64_MAX: none */
	size_t window;	    /* commands under way at once */
	bool is_careful;    /* it did not say that it can take this many: trust nothing until all is answered */
	size_t answers; /* on this connection */
	uint64_t promised;  /* of the session's bytes, for what is under way on this connection */
	uint64_t silent;    /* bytes that came since the last event */
	uint64_t listed;    /* bytes of the listing, or of the header that is asked for */
	bool can_expunge_some;
	uint32_t validity; /* IMAP: UIDVALIDITY */
	size_t exists;

	/* the listing */
	size_t commands_sent;
	bool has_uidl;
	size_t next_question;
	struct buf header;

	/* the transfer */
	size_t next_item;
	bool asks_alive;     /* next */
	size_t asked;	     /* messages, on this connection */
	size_t asked_since;  /* and since the last commit */
	bool tries_troubled; /* the second walk: messages in which the line broke before */
	uint32_t *deletes;   /* numbers to be deleted */
	size_t delete_count, delete_next, delete_done, expunge_next;
	struct plan_item *current; /* whose bytes are coming, or have come; NULL: none */
	bool is_held;		   /* they have come: what the server says next reports whether that was all */
	struct envelope envelope;  /* of it */
	struct body body;
	struct buf stub;
	struct intake_batch *batch;
	struct batch_item {
		struct plan_item *item;
		struct seen seen;
		bool is_short; /* it came twice like that, shorter than listed: it stays there */
		uint64_t letter; /* in a catch-all mailbox: what its copies have in common; 0: nothing */
	} *batch_items;
	size_t batch_count;
	uint64_t batch_bytes;
};

/* --- fetch_dialogue.c */

/* Puts a command into the client; false where no more may be under way. */
bool fetch_ask(struct fetch *fetch, enum fetch_ask ask, const struct plan_item *item);
/* IMAP: the same for ASK_EXPUNGE, with the UIDs. */
bool fetch_ask_expunge(struct fetch *fetch, struct slice uids);
size_t fetch_under_way(const struct fetch *fetch);
/* The oldest command under way; item NULL if it is about none. False if none exists. */
bool fetch_oldest(const struct fetch *fetch, enum fetch_ask *ask, struct plan_item **item);
/* Puts the next command into the client; false when none exists for now. */
typedef bool (*fetch_feed)(struct fetch *fetch);
typedef int (*fetch_on_event)(struct fetch *fetch, const struct fetch_event *event,
    struct error *error);
/* Keeps up to `window` commands under way and hands out the events, until there is nothing more to feed and all is answered. */
int fetch_drive(struct fetch *fetch, fetch_feed feed, fetch_on_event on_event, struct error *error);

/* --- fetch_again.c */

/* Connects as often as it takes and is worth it. */
int fetch_with_reconnects(struct fetch *fetch, struct error *error);

/* --- fetch_tries.c */

/* How often this message did not come whole in this session. */
size_t fetch_troubles(const struct fetch *fetch, const struct plan_item *item);
/* is_broken: what came was wrong; else the line dropped in it. */
void fetch_add_trouble(struct fetch *fetch, const struct plan_item *item, bool is_broken);
/* It has come. */
void fetch_forget_troubles(struct fetch *fetch, const struct plan_item *item);
/* When a message that has failed in earlier sessions may be tried again, seconds since 1970; 0: now. */
int64_t fetch_next_try(const struct fetch *fetch, const char *key);
/* The end of the session: what has failed in it, and when it is tried again (skipped_next). */
void fetch_remember_tries(struct fetch *fetch);

/* --- fetch.c */

/* The time by which messages are old; 0, so that none is, where the clock is in doubt. */
int64_t fetch_now(const struct fetch *fetch);
/* All there is to do on one connection, from its login to QUIT. */
int fetch_one_connection(struct fetch *fetch, struct error *error);
/* Frees what belongs to one connection. */
void fetch_hang_up(struct fetch *fetch);
/* Notes that a message could not be had. */
void fetch_skip(struct fetch *fetch, const struct plan_item *item, const char *reply);

/* --- fetch_memory.c: what is remembered of a mailbox */

/* What was seen, also under the account's name (older versions) and, where the provider has moved, on its former server. */
int fetch_recall_seen(struct fetch *fetch, struct error *error);
void fetch_recall(struct fetch *fetch);
void fetch_remember_left(struct fetch *fetch, size_t left);
void fetch_remember_commit_every(struct fetch *fetch, size_t number);
void fetch_remember_one_by_one(struct fetch *fetch);
void fetch_remember_sizes(struct fetch *fetch);
/* If this many messages came shorter than listed, it is the listing that is wrong. */
bool fetch_sizes_lie(const struct fetch *fetch);

/* --- fetch_listing.c, fetch_known.c */

/* What the server can do and what it has. */
int fetch_listing(struct fetch *fetch, struct error *error);
/* Headers where the listing does not tell enough, then the plan. */
int fetch_decide(struct fetch *fetch, struct error *error);

/* --- fetch_transfer.c */

/* Carries out the plan. */
int fetch_transfer(struct fetch *fetch, struct error *error);
/* The last deletions and the farewell. */
int fetch_goodbye(struct fetch *fetch, struct error *error);

/* --- fetch_message.c, fetch_finish.c: a message from its first byte to its place in the log */

void fetch_begin_message(struct fetch *fetch, struct plan_item *item);
int fetch_message_data(struct fetch *fetch, struct slice bytes, struct error *error);
/* The end of it came. Whether that was all the next word of the server reports: fetch_confirm_message(). */
int fetch_finish_message(struct fetch *fetch, struct error *error);
/* The server has gone on with a reply. */
int fetch_confirm_message(struct fetch *fetch, struct error *error);
/* True if there is one whose size does not prove that it is whole. */
bool fetch_needs_proof(const struct fetch *fetch);
/* The connection is over: takes the one that is held, or leaves it where what followed was no reply. */
int fetch_settle_message(struct fetch *fetch, struct error *error);
/* It did not, or is not to be used. */
void fetch_drop_message(struct fetch *fetch);
/* stays: it must not be deleted there. */
void fetch_add_to_batch(struct fetch *fetch, struct plan_item *item, uint64_t letter, bool stays);
bool fetch_batch_is_full(const struct fetch *fetch);
/* Makes durable what has come whole. */
int fetch_commit(struct fetch *fetch, struct error *error);
void fetch_drop_batch(struct fetch *fetch);
void fetch_want_delete(struct fetch *fetch, uint32_t number);
/* Notes a mark that outlives the session; takes key. */

void fetch_remember_mark(struct fetch *fetch, char *key, const struct seen *what);

/* --- fetch_limits.c */

/* Bytes came over the line; promised: this many less are to come. */
void fetch_came(struct fetch *fetch, uint64_t bytes, uint64_t promised);
enum fetch_leave fetch_ask_leave(struct fetch *fetch, struct plan_item *item);
/* Of the current message: this many bytes arrived. -1 with the error where it must be broken off: its stub is held then, or nothing. */
int fetch_check_limits(struct fetch *fetch, uint64_t arrived, struct error *error);
/* Its end. */
void fetch_settle_promise(struct fetch *fetch);

#endif
