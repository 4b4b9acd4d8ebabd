/*
 * Fetches one account: log in, find new messages, fetch them, make them durable, delete them upstream. POP3 or IMAP,
 * according to its url.
 *
 * A message is deleted upstream only after the intake has it; the UIDL is in the same durable record as the message, so
 * that it is never fetched twice.
 */
#ifndef LANPOST_FETCHER_FETCH_H
#define LANPOST_FETCHER_FETCH_H

#include "config/conf.h"
#include "mail/byte_shares.h"
#include "message/scan/scan_verdict.h"
#include "spool/storage/storage.h"
#include "upstream/remote.h"

#include <stdatomic.h>

/* Whether one more message may be requested. */
enum fetch_leave {
	FETCH_YES,
	FETCH_LATER, /* not before the current messages are complete */
	FETCH_ENOUGH, /* not in this session; not a failure */
};

#define FETCH_SKIPPED_MAX 20 /* this many are listed, the others are only counted */

/* A message that could not be fetched. */
struct fetch_skipped {
	char *key;
	bool is_settled;  /* of a folder that is done: its key says nothing any more */
	char *why;	  /* a phrase */
	uint64_t size;	  /* as listed; 0: not known */
	int64_t next_try; /* seconds since 1970; 0: by the next session */
};

struct fetch_result {
	size_t total;	 /* to be fetched, stubs included */
	size_t fetched;	 /* durable here */
	size_t arrived;	 /* including those that wait to be made durable */
	size_t deleted;	 /* upstream, permanently */
	size_t skipped;	 /* the server refused them, or they were incomplete: they wait there and are retried */
	size_t large;	 /* wait there, represented by stubs */
	bool is_later;	 /* or by their texts: `attachments` of the account */
	size_t held;	 /* wait there, because a limit of the session was reached */
	uint64_t held_bytes;
	const char *held_by; /* the setting that kept them back; NULL: none did, */
	const char *held_why; /* but this did: N_("...") */
	size_t looked; /* headers that were read before the messages (fetch_look.c), */
	uint64_t looked_bytes; /* and their bytes */
	size_t by_rule; /* wait there, because a rule says so, with or without a stub */
	size_t removed; /* deleted there because a rule says so; of a plan: they will be */
	struct {
		const struct conf_rule *rule;
		uint64_t size; /* as listed */
	} ruled[FETCH_SKIPPED_MAX]; /* the first of `by_rule` */
	size_t compared; /* were fetched only to be compared, and were known */
	bool is_renumbered; /* most of the known messages have other UIDs now */
	uint64_t bytes;	 /* of messages, received; after compression it may be more than the line has carried */
	uint64_t line_received, line_sent; /* on the line, with TLS, logins and lists: upstream/remote.h */
	uint64_t bytes_total; /* including those to come, as listed */
	struct fetch_skipped named[FETCH_SKIPPED_MAX]; /* the first entries of `skipped` have a key */
	size_t named_count;
	struct byte_shares shares; /* for whom messages were fetched */
	uint64_t large_sizes[FETCH_SKIPPED_MAX]; /* as listed; 0: not known */
};
void fetch_result_clear(struct fetch_result *result);
/* Returns NULL if no listed message has this key. */
const struct fetch_skipped *fetch_result_skipped(const struct fetch_result *result, const char *key);

/* The stub of a message that is too large to be fetched automatically, or that never arrived whole. */
struct fetch_stub {
	const struct conf *conf;
	const struct conf_account *account;
	const char *id; /* of the stub */
	uint64_t size, at_least; /* of the message: as listed, and the known size */
	uint64_t limit; /* max_size of this time */
	const struct conf_rule *rule; /* that asks for the stub; NULL: none does */
	uint64_t tries; /* attempts that ended with the connection; 0: it is too large */
	struct slice top; /* its header and first lines */
	struct slice structure; /* of a message in parts (fetch_later.h); else empty */
};
#define FETCH_STUB_MAX (4u << 20)
/* Appends the stub. Returns -1 if it is too long. */
int fetch_stub_make(const struct fetch_stub *stub, struct buf *out);

/* A received message. */
struct fetch_arrival {
	struct slice message;
	const char *path; /* path of the file that contains it, NULL: none */
	const char *folder; /* upstream */
	const struct scan_verdict *verdict; /* of the scanners; NULL: none is for it */
	bool is_copy; /* of another copy of the message was already fetched: without a noted recipient this one has no place */
};

/* What the rules for messages on the server say of one. */
struct fetch_look {
	const struct conf_rule *rule; /* NULL: none decides about it */
	char *reason; /* a phrase; NULL without a rule */
	enum conf_priority priority;
	char *shown[SHOWN_COUNT]; /* data for the journal, as in an envelope */
};

enum fetch_routed {
	FETCH_ROUTED,
	FETCH_GOES_NOWHERE, /* as a copy */
	FETCH_STAYS,	    /* on the server, for a later session; see the error */
	FETCH_NOT_ROUTED,   /* see the error, which ends the job */
};

struct fetch_job {
	const struct conf *conf;
	const struct conf_account *account;
	const struct spool *spool; /* all of it is open */
	const char *session; /* id, for envelopes */
	/* Fills in the recipients that the provider noted (mail/multidrop.h) and the places. */
	enum fetch_routed (*route)(void *context, const struct fetch_arrival *arrival, struct envelope *envelope, struct error *error);
	/* Makes the stub for a large message: fetch_stub_make(), but parses the message in another process. -1: see error. */
	int (*make_stub)(void *context, const struct fetch_stub *stub, struct buf *out, struct error *error);
	/* Judges a new message by its header, before it is fetched; *look is empty, the caller frees its texts. -1: see error. NULL: no message is
	 * looked at. */
	int (*look)(void *context, const struct fetch_arrival *arrival, uint64_t size, struct fetch_look *look, struct error *error);
	uint64_t look_version; /* changes when the rules or the priorities of users do; up to INT64_MAX */
	bool looks_for_order; /* only the priorities matter */
	void (*progress)(void *context, const char *account, const struct fetch_result *result);
	/* Called before each message, with its expected bytes (0: not known), which are then reserved. can_wait: other
	 * messages are in progress, so FETCH_LATER is allowed. *is_first: it is the session's first message, which is
	 * fetched in any case. May be NULL. */
	enum fetch_leave (*may_fetch)(void *context, uint64_t size, bool can_wait, bool *is_first);
	/* The line has carried this many bytes; this many reserved bytes are released. May be NULL. */
	void (*came)(void *context, struct remote_bytes bytes, uint64_t promised);
	/* After FETCH_ENOUGH: the setting that has ended fetching; NULL: the session was stopped. May be NULL. */
	const char *(*ended_by)(void *context);
	/* Called while a list of messages comes, which no size announces: the setting whose bytes are used up, and which has ended fetching now; NULL:
	 * none. *alone: no message was begun in this session. May be NULL. */
	const char *(*used_up)(void *context, bool *alone);
	/* Called after each reception: may wait, so that the line is shared. Returns how many milliseconds it waited. May be NULL. */
	int64_t (*pace)(void *context, uint64_t bytes);
	void *context;
	int filter_socket; /* mail/filter/filter_ask.h; of use only if there are scanners */
	size_t batch_messages; /* this many become durable together; 0: the usual number */
	const atomic_bool *cancel;
	const struct remote_secrets *secrets; /* as in upstream/remote.h */
	bool plans_only; /* logs in and lists; the result says what would be fetched, and nothing is */
	bool tries_again; /* also messages that have failed repeatedly and should wait */
	bool clock_is_doubtful; /* then no message is deleted upstream and no UIDL forgotten because of its age */
};

/* Blocks until done. On failure *result has the work done before. Error classes as in remote_open(), and PROTOCOL for a
 * server that violates the protocol. */
int fetch_account(const struct fetch_job *job, struct fetch_result *result, struct error *error);

/* The subject "fetch <id>": makes the next session of its account fetch the whole message of stub `id`. *account
 * is NULL if there is no such stub, or no account that fetches its mailbox. */
int fetch_wanted_add(const struct conf *conf, struct state *state, const char *id, const struct conf_account **account,
    struct error *error);
/* The id of the whole message of stub `id`, wherever it was delivered; NULL: it has not come. New memory. */
char *fetch_wanted_whole(struct state *state, const char *id);
/* Whether a user has the whole message of stub `id`. Then their stubs that ask for it by IMAP are removed. */
bool fetch_wanted_is_there(const struct spool *spool, const char *user, const char *id);
/* Forgets old rows of state_first_copy.h. */
void fetch_duplicates_expire(struct state *state);
/* Older versions stored the seen UIDLs under the name of the account: moves them to the mailbox. Called at every start, so
 * that it happens before an account is renamed. */
void fetch_memory_adopt(const struct conf *conf, struct state *state);

#endif
