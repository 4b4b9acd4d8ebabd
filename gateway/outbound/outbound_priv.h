/* The parts of outbound: the queue as a whole (outbound.c), one smarthost's share of it (outbound_host.c), one connection
 * (outbound_lane.c), one entry on its way (outbound_entry.c), and what becomes of it (outbound_settle.c). */
#ifndef LANPOST_GATEWAY_OUTBOUND_PRIV_H
#define LANPOST_GATEWAY_OUTBOUND_PRIV_H

#include "gateway/outbound/outbound.h"
#include "gateway/outbound/smarthost.h"
#include "message/addr.h"
#include "spool/body.h"
#include "message/dkim/dkim.h"
#include "spool/queue.h"

#include <pthread.h>

enum entry_state { ENTRY_WAITING, ENTRY_TAKEN, ENTRY_DONE };

/* One that is due. */
struct entry {
	struct queue_item item;
	const struct conf_smarthost *home; /* NULL: none exists for its sender */
	const struct conf_smarthost *smarthost; /* home, or a fallback of it */
	enum entry_state state;
	unsigned breaks; /* lines that broke while it was on its way */
	bool in_our_name; /* the smarthost does not take it without a sender */
};

struct outbound {
	const struct outbound_job *job;
	struct outbound_host *hosts;
	struct dkim_signer *signers; /* as many as there are [dkim] sections; sign NULL: it cannot be used */
	struct entry *entries;
	size_t count;
	size_t unsettled; /* entries that are there though their outcome is known */

	pthread_mutex_t lock; /* guards all below and the entries' states; held for no I/O */
	struct outbound_result *result;
	size_t done;
	bool failed;  /* error has the first failure */
	bool stopped; /* our disk, or the session was cancelled */
	struct error error;
};

/* A smarthost's share; its lanes take entries from it. */
struct host {
	struct outbound *out;
	const struct conf_smarthost *settings;
	struct outbound_host *report;
	/* under out->lock: */
	size_t next;	   /* no entry before this one waits */
	size_t allowed;	   /* messages that may still be begun */
	size_t begun;
	bool may_pipeline; /* until it is seen to break it */
	bool one_by_one;   /* it was seen to say a reply twice */
	bool is_crowded;   /* it wants fewer connections */
	bool refuses_null; /* it takes no mail without a sender */
	enum conf_auth login_way; /* how a login worked the last time */
	bool answers;	   /* it was reached */
	bool progressed;   /* it has decided on a message */
	struct error broke; /* the last line that broke */
	/* constant: */
	int64_t reach; /* seconds it was within reach, as gateway/outbound/reach.h has it */
};

/* A connection. */
struct lane {
	struct host *host;
	struct smarthost smarthost;
	struct intake_batch *batch; /* outcomes on their way into the log */
	struct sending *window[SMTP_WINDOW]; /* in order */
	size_t count;
	struct sending *spare; /* read while the line was busy; NULL: none */
	bool progressed; /* something was settled over this connection */
	bool is_turned_away; /* the smarthost wants fewer connections, in these words */
	struct smtp_reply reply;
};

/* An entry while it is being sent. */
struct sending {
	struct lane *lane;
	struct outbound *out;
	struct entry *entry;
	struct envelope envelope;
	struct slice message; /* mapped */
	struct body mended;    /* without what no server takes */
	struct body converted; /* to 7 bits, where the smarthost wants that */
	struct buf header;    /* rewritten */
	struct slice body;    /* of the message or of what it was converted to */
	char sender[ADDR_TEXT_MAX];
	struct smtp_transaction transaction;
	struct place **places; /* of the transaction's recipients */
	char **ascii;	       /* their addresses in the form that every server knows, where that is another; else NULL */
	bool is_announced;     /* that it is tried is in the log */
	bool is_refused;       /* by ourselves */
	bool in_our_name;      /* it has no sender of its own, and leaves with ours */
	bool is_partial;       /* the smarthost took some recipients and would take more at another time */
};

/* outbound.c */

/* Keeps the first error; stop ends the whole flush. */
void outbound_fail(struct outbound *out, const struct error *error, bool stop);
/* True if nothing more is to be begun. */
bool outbound_is_over(struct outbound *out);
/* An envelope could not be read. */
void outbound_unread(struct outbound *out, const struct queue_item *item, const struct error *error);
/* Makes durable what is in the batch; -1 stops the flush. */
int outbound_commit(struct lane *lane);
void outbound_journal(const struct sending *sending, enum event event, const char *place,
    const char *detail);
void outbound_count(struct outbound *out, size_t sent, size_t refused, size_t deferred);

/* outbound_host.c */

/* Sends what waits for this smarthost. False: it failed as a whole, and what waits may go another way. */
bool host_flush(struct outbound *out, const struct conf_smarthost *settings);
/* The next entry to send, NULL if none waits or no more may be sent. */
struct entry *host_take(struct host *host);
void host_give_back(struct host *host, struct entry *entry);
void host_finish(struct host *host, struct entry *entry);
/* Notes that it refuses the null sender, or asks whether it was seen to. */
void host_set_refuses_null(struct host *host);
bool host_refuses_null(struct host *host);

/* outbound_lane.c */

/* Sends entries until none is left over this connection, which is. Returns -1 if the smarthost does not let us go on. */
int lane_run(struct lane *lane, struct error *error);

/* outbound_entry.c */

/* Reads an entry and makes its transaction. NULL: it is gone, damaged (set aside), or unreadable now (the error is kept). */
struct sending *sending_open(struct lane *lane, struct entry *entry);
/* False: the smarthost cannot take it, and every recipient has a reply that says so. */
bool sending_fits(struct sending *sending, const struct smtp_client *client);
void sending_close(struct sending *sending);

/* outbound_name.c */

/* Fills in the sender with which it leaves. False: we ourselves refuse it. */
bool sending_name(struct sending *sending);
/* True if the smarthost refused it for having no sender, and it may be tried with ours. */
bool sending_wants_name(const struct sending *sending);

/* outbound_settle.c */

/* Puts the recipients' fates, as their replies tell, into the log: bounce, retry or done. */
void outbound_settle(struct sending *sending);
/* No outcome is known for certain: what is not refused permanently is open again; or all of it. */
void outbound_undecide(struct sending *sending, const char *why, bool all);

#endif
