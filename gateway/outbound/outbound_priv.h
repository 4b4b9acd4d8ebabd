/* The parts of outbound: the queue as a whole (outbound.c), one smarthost's share of it (outbound_host.c), one
 * connection (outbound_connection.c), one entry being sent (outbound_entry.c), and its result (outbound_settle.c). */
#ifndef LANPOST_GATEWAY_OUTBOUND_PRIV_H
#define LANPOST_GATEWAY_OUTBOUND_PRIV_H

#include "gateway/outbound/outbound.h"
#include "gateway/outbound/smarthost.h"
#include "message/addr.h"
#include "spool/body.h"
#include "message/dkim/dkim.h"
#include "spool/storage/storage.h"

#include <pthread.h>

enum entry_state { ENTRY_WAITING, ENTRY_TAKEN, ENTRY_DONE };

/* A due entry. */
struct entry {
	struct queue_item item;
	const struct conf_smarthost *home; /* NULL: there is none for its sender */
	const struct conf_smarthost *smarthost; /* home, or its fallback */
	uint64_t size;
	int rank; /* the highest goes first */
	enum entry_state state;
	unsigned breaks; /* connections lost while it was being sent */
	bool in_our_name; /* the smarthost does not accept it without a sender */
};

struct outbound {
	const struct outbound_job *job;
	struct outbound_host *hosts;
	struct dkim_signer *signers; /* one per [dkim] section; sign NULL: unusable */
	struct entry *entries;
	size_t count;
	size_t unsettled; /* entries that exist although their outcome is known */

	pthread_mutex_t lock; /* guards everything below and the entries' states; never held during I/O */
	struct outbound_result *result;
	size_t done;
	bool failed;  /* error has the first failure */
	bool stopped; /* our disk, or the session was cancelled */
	struct error error;
};

/* A smarthost's share; its connections take entries from it. */
struct host {
	struct outbound *out;
	const struct conf_smarthost *settings;
	struct outbound_host *report;
	/* under out->lock: */
	size_t next;	   /* index of the first waiting entry */
	size_t allowed;	   /* messages that may still be begun */
	struct limit_now limit; /* that allows no more */
	size_t begun;
	bool may_pipeline; /* cleared once it violates it */
	bool one_by_one;   /* it has sent a reply twice */
	bool is_crowded;   /* it accepts fewer connections */
	bool refuses_null; /* it accepts no mail without a sender */
	enum conf_auth login_way; /* the login method that worked last time */
	bool answers;	   /* it was reachable */
	bool progressed;   /* it has replied to a message */
	struct error broke; /* the error of the last lost connection */
	/* constant: */
	int64_t reach; /* seconds it was reachable, see gateway/outbound/reachability.h */
};

#define CLAIMS_MAX 32

/* A connection. */
struct connection {
	struct host *host;
	struct smarthost smarthost;
	struct intake_batch *batch; /* outcomes to be written to the log */
	int claims[CLAIMS_MAX];	    /* of their messages, until then */
	size_t claim_count;
	struct sending *window[SMTP_WINDOW]; /* in order */
	size_t count;
	struct sending *spare; /* prepared while the connection was busy; NULL: none */
	bool progressed; /* a message was settled over this connection */
	bool is_turned_away; /* the smarthost's reply that asks for fewer connections */
	struct smtp_reply reply;
};

/* An entry while it is being sent. */
struct sending {
	struct connection *connection;
	struct outbound *out;
	struct entry *entry;
	struct envelope envelope;
	int claim;	      /* queue_claim(); 0: none */
	struct slice message; /* mapped */
	struct body mended;    /* without bytes that no server accepts */
	struct body shrunk;    /* with smaller photos */
	struct body converted; /* converted to 7 bits, if the smarthost needs that */
	struct buf header;    /* rewritten */
	struct slice body;    /* of the message or its converted form */
	char sender[ADDR_TEXT_MAX];
	struct smtp_transaction transaction;
	struct place **places; /* of the transaction's recipients */
	char **ascii;	       /* their addresses in ASCII form, if different; else NULL */
	bool is_announced;     /* the attempt is in the log */
	bool is_refused;       /* refused by the gateway itself */
	bool in_our_name;      /* it has no sender, and is sent with ours */
	bool is_partial;       /* the smarthost accepted some recipients and will accept more in another transaction */
};

/* outbound.c */

/* Keeps the first error; stop ends the whole flush. */
void outbound_fail(struct outbound *out, const struct error *error, bool stop);
/* True if nothing more may be begun. */
bool outbound_is_over(struct outbound *out);
/* An envelope could not be read. */
void outbound_unread(struct outbound *out, const struct queue_item *item, const struct error *error);
/* Makes the batch durable; -1 stops the flush. */
int outbound_commit(struct connection *connection);
/* Its outcome is in the batch: its sender may not withdraw it before that is durable. */
void outbound_keep_claim(struct connection *connection, struct sending *sending);
void outbound_give_up_claim(int *claim);
void outbound_journal(const struct sending *sending, enum event event, const char *place,
    const char *detail);
void outbound_count(struct outbound *out, size_t sent, size_t refused, size_t deferred);
/* The smarthost has accepted it for a recipient at least. */
void outbound_count_bytes(struct outbound *out, const struct envelope *envelope, uint64_t bytes);

/* outbound_host.c */

/* Sends the mail for this smarthost. Returns false if it failed completely; its mail may then use the
 * fallback. */
bool outbound_host_flush(struct outbound *out, const struct conf_smarthost *settings);
/* The next entry to send, NULL if none waits or no more may be sent. */
struct entry *outbound_host_take(struct host *host);
void outbound_host_give_back(struct host *host, struct entry *entry);
void outbound_host_finish(struct host *host, struct entry *entry);
/* Records that it refuses the null sender, or returns whether it does. */
void outbound_host_set_refuses_null(struct host *host);
bool outbound_host_refuses_null(struct host *host);

/* outbound_connection.c */

/* Sends entries over this open connection until none is left. Returns -1 if the smarthost does not let us continue. */
int outbound_connection_run(struct connection *connection, struct error *error);

/* outbound_entry.c */

/* Reads an entry and prepares its transaction. Returns NULL if it is gone, damaged (set aside), or unreadable now (the
 * error is kept). */
struct sending *outbound_sending_open(struct connection *connection, struct entry *entry);
/* Returns false if the smarthost cannot accept it; then every recipient has a reply with the
 * reason. */
bool outbound_sending_fits(struct sending *sending, const struct smtp_client *client);
void outbound_sending_close(struct sending *sending);

/* outbound_pictures.c */

/* *wire becomes the message with smaller photos, if there are any and the configuration wants that. Returns -1 if our disk failed or the session is
 * cancelled. */
int outbound_pictures_shrink(struct sending *sending, struct slice *wire, struct error *error);

/* outbound_name.c */

/* Fills in the sender address. Returns false if the gateway itself refuses the message. */
bool outbound_sending_name(struct sending *sending);
/* True if the smarthost refused it because it has no sender, and it may be retried with ours. */
bool outbound_sending_wants_name(const struct sending *sending);

/* outbound_settle.c */

/* Records the recipients' results, according to their replies, in the log: bounce, retry or
 * done. */
void outbound_settle(struct sending *sending);
/* No outcome is certain: recipients that were not refused permanently are pending again; or all
 * of them. */
void outbound_undecide(struct sending *sending, const char *why, bool all);

#endif
