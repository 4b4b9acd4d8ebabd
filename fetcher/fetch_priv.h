/*
 * Declarations that the files of a fetch share: its parts, and the events of its connection.
 */
#ifndef LANPOST_FETCHER_FETCH_PRIV_H
#define LANPOST_FETCHER_FETCH_PRIV_H

#include "fetcher/fetch.h"
#include "fetcher/fetch_dialogue.h"
#include "fetcher/fetch_folders.h"
#include "fetcher/fetch_later.h"
#include "fetcher/fetch_partial.h"
#include "upstream/imap_client.h"
#include "fetcher/plan.h"
#include "fetcher/slowness.h"
#include "fetcher/uid_set.h"
#include "mail/filter/filter_ask.h"
#include "upstream/pop3_client.h"
#include "upstream/remote.h"
#include "spool/storage/storage.h"

#include <pthread.h>

#define FETCH_CHUNK (64 * 1024) /* bytes received at a time */
#define FETCH_FLIGHT 3 /* commands of a listing in progress at the same time */
#define FETCH_FAREWELL_MS 30000 /* after session_timeout, for commands in progress */

/* How a connection ended without a logout. */
enum fetch_end {
	FETCH_OPEN,	  /* not ended, or ended with a logout */
	FETCH_LINE_BROKE,
	FETCH_TIMED_OUT,
	FETCH_GARBLED,	  /* the received bytes are not a reply */
	FETCH_BROKEN_OFF, /* by us: a message is too large, and only closing the connection stops it */
};

/*
 * The parts of a fetch. Functions in the file of the same name initialize and reset each part as a whole: no state of one
 * connection remains for the next.
 */

/* fetch_connection.c: the connection to the server. */
struct fetch_connection {
	struct remote *remote; /* NULL: none */
	struct pop3_client pop3;
	struct imap_client imap;
	char *chunk;
	struct slice input; /* received, not read yet */
	int64_t deadline;   /* of the commands in progress */
	size_t window;	    /* commands in progress at the same time */
	bool is_careful;    /* this many was not announced: trust nothing until all commands are answered */
	bool can_expunge_some;
	bool can_search, can_compress; /* IMAP: ESEARCH, COMPRESS=DEFLATE */
	bool can_idle, can_notify; /* IMAP: IDLE, NOTIFY */
	bool keeps_uids; /* CONDSTORE: a server whose UIDs can be relied on */
	bool is_compressed;
	bool has_expanded, cannot_expand; /* compressed data that has come: some was good; some was not */
	bool knows_capabilities;
	size_t answers_before; /* `answers` when the compression began */
	size_t answers;
	uint64_t promised; /* of the session's bytes, for the messages in progress */
	bool lists;	   /* a list comes: its bytes count */
	uint64_t listed;   /* bytes of lists so far */
	uint64_t silent;   /* bytes received since the last event */
	struct remote_bytes moved; /* remote_moved(), as far as it is counted */
	enum fetch_end end;
	bool is_message_broken; /* it is FETCH_GARBLED because the previous message was incomplete */
};

/* fetch_known.c: what the last listing of an IMAP mailbox has shown, so that only the rest is listed. */
struct fetch_known {
	bool is_there; /* there is a record */
	uint32_t validity, next;
	uint64_t modseq;
	int64_t listed_at; /* when everything was listed */
	struct uid_set done; /* messages that were there, and were seen or have a stub */
	struct uid_set found; /* which of them there are now, by ASK_FIND */
	struct buf set; /* what is to be listed */
};

/* fetch_listing.c: the messages on the server; fetch_plan.c: the headers to request. */
struct fetch_listing {
	enum fetch_ask asks[FETCH_FLIGHT]; /* commands that are sent together */
	size_t ask_count, commands_sent;
	struct slice set; /* IMAP: of ASK_SIZES */
	bool is_missing; /* IMAP: the folder cannot be opened */
	bool has_uidl;
	uint32_t validity; /* IMAP: UIDVALIDITY */
	uint32_t next;	   /* IMAP: UIDNEXT; 0: not known */
	uint64_t modseq;   /* IMAP: HIGHESTMODSEQ; 0: not known */
	size_t exists;
	struct fetch_known known;
	size_t next_question;
	struct buf header;
	uint64_t bytes; /* bytes of the listing, or of the requested header */
};

/* fetch_look.c: reading headers before the messages, over this connection. */
struct fetch_look_state {
	size_t refused; /* in a row */
	size_t removed; /* messages that rules delete */
	bool is_useless; /* the server shows no headers, or more than that */
};

/* fetch_transfer.c: the progress of the messages on this connection. */
struct fetch_transfer {
	int64_t began; /* clock_now_ms() */
	uint64_t bytes_before; /* received before, by other connections */
	size_t next_item;
	size_t asked;	     /* messages */
	size_t asked_since;  /* and since the last commit */
	bool asks_alive;     /* next */
	bool tries_troubled; /* the second pass: messages during which the connection broke before */
	bool tries_again;    /* a message that was short is fetched once more, after all others */
	bool has_more;	     /* the connection ends before everything is fetched */
	bool is_late;	     /* because a time or byte limit of the session is reached */
	bool said_goodbye;
	uint64_t kept; /* of the message in which the connection was cut: bytes that this connection has added */
	const struct plan_item *kept_item; /* it, if they are FETCH_PROGRESS or more */
};

/* fetch_deletions.c: the deletions on the server over this connection. */
struct fetch_deletions {
	uint32_t *numbers;
	size_t count;
	size_t next;	      /* to be requested */
	size_t next_expunged; /* IMAP: to be expunged */
	size_t done;	      /* not counted in the result yet */
	bool is_refused;      /* one of them */
};

/* fetch_message.c, fetch_message_finish.c: the message being received, or just received. */
struct fetch_message {
	struct plan_item *item; /* NULL: none */
	bool is_held; /* received: the next input shows whether it was complete */
	struct envelope envelope;
	struct body body;
	struct buf stub; /* the beginning of a message that is too large */
	struct fetch_sections sections; /* in `stub`: of a message in parts */
	struct fetch_partial partial;
	bool stays; /* on the server: it was short */
	bool is_removed; /* there, by a rule: this is only its header */
	struct filter_ticket ticket; /* the question to the scanners */
};

#define FETCH_MESSAGE_NONE {.body = {.fd = -1}, .ticket = FILTER_TICKET_NONE}

/* fetch_scan.c: complete messages that wait for the verdict of the scanners, the oldest first. */
struct fetch_scan {
	struct fetch_message *items;
	size_t first, count;
	uint64_t bytes; /* in memory */
	bool is_away;	/* a scanner with `when_away = wait` does not answer: nothing more is fetched */
};

/* fetch_batch.c: received messages that become durable together. */
struct fetch_batch {
	struct intake_batch *intake;
	struct fetch_batch_item {
		struct plan_item *item;
		struct seen seen;
		bool is_removed; /* only its header was read: a rule deletes it there */
		bool is_short; /* it was twice the same and shorter than listed: it stays there */
		uint64_t copies; /* in a catch-all mailbox: the digest that its copies share; 0: none */
	} *items;
	size_t count;
	struct byte_shares shares; /* of its messages */
	uint64_t bytes; /* in memory */
};

/* fetch_commit.c: the batch that is made durable and delivered by a thread of its own, while the next one is read. */
struct fetch_commit {
	bool is_under_way, has_thread;
	pthread_t thread;
	struct fetch_batch batch; /* empty unless it is under way; batch.intake belongs to the thread */
	int result;
	struct error error;
};

/* fetch_memory.c: the state of the mailbox and its server that is kept between sessions. */
struct fetch_memory {
	struct map seen; /* key -> struct seen */
	size_t left;	 /* seen messages on the server at the end of the last session */
	size_t commit_every; /* messages per connection on a line that keeps dropping; 0: all */
	bool one_by_one; /* this server loses commands sent before its last reply */
	bool no_compress; /* and this one offers COMPRESS, which does not work */
	enum conf_auth login_way; /* the login method that worked last time */
	size_t right_sizes, short_sizes; /* messages as long as listed, and shorter */
	bool sizes_changed; /* by this session */
};

/* fetch_tries.c: messages that were incomplete in this session. */
struct fetch_tries {
	struct map troubles; /* key -> count */
	struct map shorts;   /* key -> the digest of a message shorter than listed */
};

/* fetch_reconnect.c: the connections of this session. */
struct fetch_reconnect {
	unsigned connections; /* connections with a successful login */
	unsigned fruitless;   /* consecutive failures since the last progress */
	unsigned silent;      /* consecutive connections that were lost before anything compressed came */
};

/* fetch_replace.c: the removals of stubs that the received message replaces. */
struct fetch_replace {
	struct fact *facts;
	size_t count;
};

struct fetch {
	const struct fetch_job *job;
	struct fetch_result *result;
	bool is_imap;
	char *server;  /* conf_mailbox(): under which the facts about the server are stored */
	char *mailbox; /* and those about the mailbox: conf_folders_mailbox() */
	const char *folder; /* upstream */
	struct remote_wire wire; /* what its connections cost */
	struct remote_bytes wire_counted; /* the part of it that the session knows */
	int64_t begun; /* wall clock */
	int64_t end;   /* of the whole session of this account; INT64_MAX: none */
	struct slowness slowness;

	/* of the session */
	struct fetch_folders folders;
	struct fetch_later later;
	struct fetch_memory memory;
	struct fetch_tries tries;
	struct fetch_reconnect reconnect;

	/* memory of one connection: fetch_hang_up() */
	struct fetch_connection connection;
	struct fetch_listing listing;
	struct fetch_look_state look;
	struct plan plan;
	struct fetch_transfer transfer;
	struct fetch_deletions deletions;
	struct fetch_message message;
	struct fetch_scan scan;
	struct fetch_batch batch;
	struct fetch_commit commit;
};

/* --- fetch.c */

/* The time to judge the age of messages; 0, so that none is old, if the clock is in doubt. */
int64_t fetch_now(const struct fetch *fetch);
/* The whole work of one connection, from the login to QUIT. */
int fetch_one_connection(struct fetch *fetch, struct error *error);
/* Forgets the messages that the server has shown: the connection goes on with another folder. */
void fetch_reset_folder(struct fetch *fetch);
/* Ends the connection and resets its state. */
void fetch_hang_up(struct fetch *fetch);

/* --- fetch_result.c */

/* A folder that the account names cannot be opened. reply: a phrase. */
void fetch_result_missing(struct fetch *fetch, const char *folder, const char *reply);
/* The list of messages was not read to its end because of this setting. */
void fetch_result_unlisted(struct fetch *fetch, const char *limit);
/* The account's session ends before everything is fetched: because of a setting, or (NULL) why, N_("..."); both NULL: it was stopped. */
void fetch_result_is_late(struct fetch *fetch, const char *setting, const char *why);
/* The messages of a folder were recorded; their keys say nothing about the next one. */
void fetch_result_settle(struct fetch_result *result);

/* Records that a message could not be fetched. reply: a phrase. */
void fetch_result_skip(struct fetch *fetch, const struct plan_item *item, const char *reply);

/* --- fetch_reconnect.c */

/* Connects as often as necessary and useful. */
int fetch_reconnect_run(struct fetch *fetch, struct error *error);

/* --- fetch_connection.c */

/* Connects and logs in. */
int fetch_connection_open(struct fetch *fetch, struct error *error);
void fetch_connection_close(struct fetch *fetch);
/* Sends pending output, otherwise waits for input. Returns -1 if the connection ended: see
 * connection.end. */
int fetch_connection_exchange(struct fetch *fetch, struct error *error);
/* Each reply and each message has its own deadline, which received bytes do not extend; item: NULL for a
 * reply. */
void fetch_connection_renew_deadline(struct fetch *fetch, const struct plan_item *item);
/* The server sent something that is not a reply. Always returns -1. */
int fetch_connection_garbled(struct fetch *fetch, struct slice text, struct error *error);
/* The received replies are valid, although not all commands are answered. */
bool fetch_connection_is_certain(const struct fetch *fetch);
bool fetch_connection_is_lost(const struct fetch *fetch); /* the connection broke or timed out */

/* --- fetch_listing.c */

/* Gets the server's capabilities and its messages. */
int fetch_listing_run(struct fetch *fetch, struct error *error);
/* IMAP: gets the capabilities, if the login has not shown them. */
int fetch_listing_capabilities(struct fetch *fetch, struct error *error);
/* IMAP: compresses the connection, if that is wanted and offered; nothing may be in progress. */
int fetch_listing_compress(struct fetch *fetch, struct error *error);
void fetch_listing_clear(struct fetch *fetch);

/* --- fetch_known.c: an IMAP mailbox is listed as far as it has changed */

/* Loads the record of the last session, and decides what is to be listed (known.set). Returns false if everything is. */
bool fetch_known_load(struct fetch *fetch);
/* After the listing of known.set: whether the record still describes the mailbox. It does if the search is needed no more, and has shown so. */
enum fetch_known_state { KNOWN_FITS, KNOWN_NEEDS_SEARCH, KNOWN_IS_WRONG };
enum fetch_known_state fetch_known_check(const struct fetch *fetch, bool searched);
/* The answer to ASK_FIND. */
void fetch_known_found(struct fetch *fetch, struct slice set);
/* Adds the messages of the record to the plan, as if they were listed. */
void fetch_known_add(struct fetch *fetch, bool searched);
/* Stores what is there now, for the next session. has_deleted: the server has executed all deletions. */
void fetch_known_save(struct fetch *fetch, bool has_deleted);
void fetch_known_clear(struct fetch_known *known);

/* --- fetch_look.c: what the rules say of new messages, before they are fetched */

/* Reads the headers of new messages, as far as rules or priorities need them, and applies what is said of them to the plan. */
int fetch_look_run(struct fetch *fetch, struct error *error);

/* --- fetch_plan.c */

/* Gets headers if the listing is not sufficient, then makes the plan. */
int fetch_plan_make(struct fetch *fetch, struct error *error);

/* --- fetch_transfer.c */

/* Carries out the plan. */
int fetch_transfer_run(struct fetch *fetch, struct error *error);
/* The last deletions, and QUIT or LOGOUT, unless another folder follows. */
int fetch_transfer_goodbye(struct fetch *fetch, struct error *error);

/* --- fetch_deletions.c */

void fetch_deletions_add(struct fetch *fetch, uint32_t number);
/* The next command for it (fetch_feed); false if none is due or allowed. */
bool fetch_deletions_feed(struct fetch *fetch);
/* The reply to ASK_DELETE and ASK_EXPUNGE. */
void fetch_deletions_event(struct fetch *fetch, const struct fetch_event *event);
bool fetch_deletions_are_done(const struct fetch *fetch); /* IMAP: the server has executed all of them */
/* The server has executed the deletions. */
void fetch_deletions_count(struct fetch *fetch);
void fetch_deletions_clear(struct fetch *fetch);

/* --- fetch_message.c */

/* A message whose bytes the caller adds. */
void fetch_message_prepare(struct fetch *fetch, struct plan_item *item);
int fetch_message_begin(struct fetch *fetch, const struct fetch_event *event, struct error *error);
int fetch_message_data(struct fetch *fetch, const struct fetch_event *event, struct error *error);
/* The message is incomplete, or must not be used. */
void fetch_message_drop(struct fetch *fetch);
/* The message has a new owner now. */
void fetch_message_release(struct fetch *fetch);
/* Frees it. */
void fetch_message_clear(struct fetch_message *message);

/* --- fetch_message_finish.c: from its last byte to its place in the log */

/* The end of the message was received. The next reply shows whether it was complete:
 * fetch_message_confirm(). */
void fetch_message_end(struct fetch *fetch);
/* A valid reply followed the message. */
int fetch_message_confirm(struct fetch *fetch, struct error *error);
/* True if there is a message whose size does not prove that it is complete. */
bool fetch_message_needs_proof(const struct fetch *fetch);
/* The connection has ended: accepts the pending message, or leaves it if no valid reply followed. */
int fetch_message_settle(struct fetch *fetch, struct error *error);

/* Decides the places of a message, with its verdict (NULL: none), and puts it into the batch. It has a new owner, or stays on the server. */
int fetch_message_place(struct fetch *fetch, struct fetch_message *message, const struct scan_verdict *verdict, struct error *error);

/* --- fetch_scan.c */

/* Takes the complete message: asks the scanners, if there are any for it, and places those messages whose verdict has come. */
int fetch_scan_take(struct fetch *fetch, struct error *error);
/* Waits for all verdicts, and places the messages. */
int fetch_scan_all(struct fetch *fetch, struct error *error);
/* A message that waits has these digests. */
bool fetch_scan_has_twin(const struct fetch *fetch, const struct envelope *envelope);
/* Drops the messages that wait: they stay on the server. */
void fetch_scan_drop(struct fetch *fetch);

/* --- fetch_batch.c */

void fetch_batch_init(struct fetch *fetch);
/* Adds the message, which has a new owner then. */
void fetch_batch_add(struct fetch *fetch, struct fetch_message *message, uint64_t copies, const struct fetch_replace *replace);
bool fetch_batch_is_full(const struct fetch *fetch);
/* A batch, this one or the one under way, contains a message with the same content, or the same digests. */
bool fetch_batch_has_copy(const struct fetch *fetch, uint64_t copies);
bool fetch_batch_has_twin(const struct fetch *fetch, const struct envelope *envelope);
/* Its messages are durable now: they are known, and may be deleted on the server. */
void fetch_batch_durable(struct fetch *fetch, struct fetch_batch *batch);
void fetch_batch_drop(struct fetch *fetch);
void fetch_batch_clear(struct fetch_batch *batch);
void fetch_batch_progress(const struct fetch *fetch);

/* --- fetch_commit.c: at most one batch is under way. A failure is reported once, and drops the messages that
 * are not durable. */

/* After each message: handles the batch under way if it is durable by now; a full one follows it, after a wait if it is
 * not. */
int fetch_commit_ahead(struct fetch *fetch, struct error *error);
/* Makes all complete messages durable. */
int fetch_commit_all(struct fetch *fetch, struct error *error);

/* --- fetch_memory.c */

/* Loads the seen messages, also those stored under the account's name (older versions) and, if the provider has moved,
 * of the former server. */
int fetch_memory_load_seen(struct fetch *fetch, struct error *error);
/* Loads what is known about the server. */
int fetch_memory_load(struct fetch *fetch, struct error *error);
/* Forgets the folder, not the server. */
void fetch_memory_clear_folder(struct fetch *fetch);
/* Records the message under this key. */
int fetch_memory_add_seen(struct fetch *fetch, const char *key, const struct seen *what, struct error *error);
/* Stores a mark beyond the session; takes ownership of key. */
void fetch_memory_add_mark(struct fetch *fetch, char *key, const struct seen *what);
/* The record of fetch_known.c, new memory; NULL: none. */
char *fetch_memory_load_listing(const struct fetch *fetch);
void fetch_memory_save_listing(const struct fetch *fetch, const char *text);
void fetch_memory_save_left(struct fetch *fetch, size_t left);
void fetch_memory_save_commit_every(struct fetch *fetch, size_t number);
void fetch_memory_save_one_by_one(struct fetch *fetch);
void fetch_memory_save_no_compress(struct fetch *fetch);
void fetch_memory_save_sizes(struct fetch *fetch);
/* Whether this many messages were shorter than listed that the listing is wrong. */
bool fetch_memory_sizes_lie(const struct fetch *fetch);
void fetch_memory_clear(struct fetch *fetch);

/* --- fetch_replace.c */

/* The places of the message become those of its stubs, as far as users have asked for that. */
void fetch_replace_stubs(const struct fetch *fetch, struct fetch_message *what, struct fetch_replace *replace);
void fetch_replace_clear(struct fetch_replace *replace);
/* Removes the stubs that ask for a message which the user has. */
void fetch_replace_remove_stubs(const struct spool *spool, const char *user, const char *stub);
/* Recipients of a stub get the folder by which they can ask for the whole message. */
void fetch_replace_make_folders(const struct fetch *fetch, const struct fetch_message *what);

/* --- fetch_duplicates.c */

/* Leaves out the places that have the message by another mailbox upstream; `duplicates` of the account. */
void fetch_duplicates_leave_out(const struct fetch *fetch, struct fetch_message *what, struct slice message);

/* --- fetch_tries.c */

/* How often this message was incomplete in this session. */
size_t fetch_tries_count(const struct fetch *fetch, const struct plan_item *item);
/* is_broken: the data was wrong; else the connection dropped. */
void fetch_tries_add(struct fetch *fetch, const struct plan_item *item, bool is_broken);
/* It was received. */
void fetch_tries_forget(struct fetch *fetch, const struct plan_item *item);
/* The digest of an earlier incomplete transfer of it; 0: there was none. */
uint64_t fetch_tries_short(const struct fetch *fetch, const struct plan_item *item);
void fetch_tries_set_short(struct fetch *fetch, const struct plan_item *item, uint64_t digest);
/* When a message that has failed in earlier sessions may be retried, seconds since 1970; 0: now. */
int64_t fetch_tries_next(const struct fetch *fetch, const char *key);
/* The end of the session: stores what has failed in it, and when it is retried (next_try). */
void fetch_tries_save(struct fetch *fetch);
void fetch_tries_clear(struct fetch *fetch);

/* --- fetch_limits.c */

/* Counts received bytes; promised: this many reserved bytes are released. */
void fetch_limits_came(struct fetch *fetch, struct remote_bytes bytes, uint64_t promised);
/* Counts received bytes of a list. Returns -1 if a limit of the session ends it. */
int fetch_limits_list(struct fetch *fetch, size_t came, struct error *error);
/* Of a plan: whether this message would still come. What it takes stays reserved. */
bool fetch_limits_would_come(const struct fetch *fetch, const struct plan_item *item);
/* After FETCH_ENOUGH: the setting that has ended fetching; NULL: the session was stopped. */
const char *fetch_limits_ended_by(const struct fetch *fetch);
enum fetch_leave fetch_limits_ask(struct fetch *fetch, struct plan_item *item);
/* Counts bytes of the current message. Returns -1 with the error if it must be aborted: then its stub is pending, or
 * nothing. */
int fetch_limits_check(struct fetch *fetch, uint64_t arrived, struct error *error);
/* The end of the message. */
void fetch_limits_settle(struct fetch *fetch);

#endif
