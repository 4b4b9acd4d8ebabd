/* The parts of outbound: the queue as a whole (outbound.c), one entry on its way (outbound_send.c), and what becomes
 * of it (outbound_settle.c). */
#ifndef LANPOST_GATEWAY_OUTBOUND_PRIV_H
#define LANPOST_GATEWAY_OUTBOUND_PRIV_H

#include "gateway/outbound.h"
#include "gateway/smarthost.h"
#include "mail/addr.h"
#include "mail/queue.h"

/* One that is due. */
struct entry {
	struct queue_item item;
	const struct conf_smarthost *smarthost; /* NULL: there is none for its sender */
};

struct outbound {
	const struct outbound_job *job;
	struct outbound_result *result;
	struct entry *entries;
	size_t count, done;
	struct intake_batch *batch; /* outcomes on their way into the log */
	struct smarthost smarthost;
	bool failed; /* error has the first failure */
	bool stopped; /* our disk, or we were told to */
	struct error error;
};

/* An entry while it is being sent. */
struct sending {
	struct outbound *out;
	struct entry *entry;
	struct envelope envelope;
	struct slice message; /* mapped */
	struct buf header;    /* rewritten */
	struct slice body;
	char sender[ADDR_TEXT_MAX];
	struct smtp_transaction transaction;
	struct place **places; /* of the transaction's recipients */
};

/* Keeps the first error; stop ends the whole flush. */
void outbound_fail(struct outbound *out, const struct error *error, bool stop);
/* Makes durable what is in the batch; -1 stops the flush. */
int outbound_commit(struct outbound *out);
void outbound_journal(struct sending *sending, const char *event, const char *place,
    const char *detail);

/* Sends one entry and settles it. Returns -1 if the smarthost as a whole failed, or we must stop: the entry stays
 * as it is. */
int outbound_send(struct outbound *out, struct entry *entry);

/* Puts the recipients' fates, as their replies tell, into the log: bounce, retry or done. */
void outbound_settle(struct sending *sending);

#endif
