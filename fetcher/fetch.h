/*
 * One account, the whole job: log in, see what is new, fetch it, make it durable, delete it upstream. POP3 or IMAP, as its url
 * says.
 *
 * A message is deleted upstream only after the intake has it; the UIDL is in the same durable record as the message, so that
 * whatever happens next it is not fetched twice.
 */
#ifndef LANPOST_FETCHER_FETCH_H
#define LANPOST_FETCHER_FETCH_H

#include "config/conf.h"
#include "spool/log/intake.h"
#include "upstream/remote.h"

#include <stdatomic.h>

/* Whether one more message may be asked for. */
enum fetch_leave {
	FETCH_YES,
	FETCH_LATER, /* not before what is under way has come */
	FETCH_ENOUGH, /* not in this session, which is not a failure */
};

#define FETCH_SKIPPED_MAX 20 /* this many are named, the rest is counted */

/* A message that could not be had. */
struct fetch_skipped {
	char *key;
	char *why;	  /* a phrase */
	uint64_t size;	  /* as listed; 0: not known */
	int64_t next_try; /* seconds since 1970; 0: by the next session */
};

struct fetch_result {
	size_t total;	 /* to be fetched, stubs included */
	size_t fetched;	 /* durable here */
	size_t arrived;	 /* these and the ones that wait to be made durable */
	size_t deleted;	 /* upstream, permanently */
	size_t skipped;	 /* the server would not give them, or not whole: they wait there, and are tried again */
	size_t large;	 /* wait there behind stubs */
	size_t compared; /* came whole only to be compared, and had come before */
	bool is_renumbered; /* most of what was known there has other UIDs now */
	uint64_t bytes;	 /* received */
	uint64_t bytes_total; /* with those to come, as listed */
	struct fetch_skipped named[FETCH_SKIPPED_MAX]; /* the first of `skipped` that have a key */
	size_t named_count;
	uint64_t large_sizes[FETCH_SKIPPED_MAX]; /* as listed; 0: not known */
};
void fetch_result_clear(struct fetch_result *result);
/* NULL if no message with this key is among those that are named. */
const struct fetch_skipped *fetch_result_skipped(const struct fetch_result *result, const char *key);

/* What replaces a message that is too large to be fetched by itself. */
struct fetch_stub {
	const struct conf *conf;
	const struct conf_account *account;
	const char *id; /* of the stub */
	uint64_t size, at_least; /* of the message: as listed, and what is known of it */
	struct slice top; /* its header and first lines */
};
#define FETCH_STUB_MAX (4u << 20)
/* Appends it. -1: it is too long. */
int fetch_stub_make(const struct fetch_stub *stub, struct buf *out);

/* A message that has come. */
struct fetch_arrival {
	struct slice message;
	const char *path; /* of the file that holds it, NULL: none */
	bool is_copy; /* of a message that came already: unless the provider noted for whom this one is, it goes nowhere */
};

enum fetch_routed {
	FETCH_ROUTED,
	FETCH_GOES_NOWHERE, /* as a copy */
	FETCH_NOT_ROUTED,   /* see the error, which ends the job */
};

struct fetch_job {
	const struct conf *conf;
	const struct conf_account *account;
	const struct spool *spool; /* all of it is open */
	const char *session; /* id, for envelopes */
	/* Fills in for whom the provider took it (mail/multidrop.h) and where it goes. */
	enum fetch_routed (*route)(void *context, const struct fetch_arrival *arrival, struct envelope *envelope, struct error *error);
	/* Makes the stub for a large message: fetch_stub_make(), but reading what strangers wrote somewhere else. -1: see error. */
	int (*make_stub)(void *context, const struct fetch_stub *stub, struct buf *out, struct error *error);
	void (*progress)(void *context, const char *account, const struct fetch_result *result);
	/* Asked before each message, with the bytes that it will bring (0: not known), which are then promised to it. can_wait: something is
	 * under way, so FETCH_LATER may be the answer. *is_first: it is the session's first, which comes in any case. May be NULL. */
	enum fetch_leave (*may_fetch)(void *context, uint64_t size, bool can_wait, bool *is_first);
	/* This many bytes came over the line; this many of those that were promised are not promised any more. May be NULL. */
	void (*came)(void *context, uint64_t bytes, uint64_t promised);
	void *context;
	const atomic_bool *cancel;
	const struct remote_secrets *secrets; /* as in upstream/remote.h */
	bool tries_again; /* also what has failed so often that it should wait */
	bool clock_is_doubtful; /* then nothing is deleted upstream, and no UIDL forgotten, because of its age */
};

/* Blocks until done. On failure *result still says what was done before it. Error classes as in remote_open(), and PROTOCOL
 * for a server that makes no sense. */
int fetch_account(const struct fetch_job *job, struct fetch_result *result, struct error *error);

/* The subject "fetch <id>": makes the next session of its account bring the whole message that stub `id` represents.
 * *account is NULL where there is no such stub, or no account any more that collects its mailbox. */
int fetch_wanted_add(const struct conf *conf, struct state *state, const char *id, const struct conf_account **account,
    struct error *error);
/* Older versions remembered what was seen under the name of the account: puts that under its mailbox. For every start, so that
 * no account is renamed before. */
void fetch_memory_adopt(const struct conf *conf, struct state *state);

#endif
