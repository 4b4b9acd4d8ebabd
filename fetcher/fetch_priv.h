/*
 * What the files of a fetch share: the connection with its events, and the message under way.
 */
#ifndef LANPOST_FETCHER_FETCH_PRIV_H
#define LANPOST_FETCHER_FETCH_PRIV_H

#include "fetcher/fetch.h"
#include "fetcher/plan.h"
#include "fetcher/pop3_client.h"
#include "mail/remote.h"

struct fetch {
	const struct fetch_job *job;
	struct fetch_result *result;
	struct plan plan;
	struct map seen;
	struct map troubles; /* key -> how often the line broke in this message, in this session */

	/* the connections */
	unsigned connections; /* that were logged in */
	unsigned fruitless;   /* failures in a row since something came */
	size_t commit_every;  /* messages a connection on a line that keeps dropping; 0: all */
	bool has_more;	      /* this connection ends although there is more to fetch */
	bool line_broke, timed_out;

	/* the connection */
	struct remote *remote;
	struct pop3_client client;
	char *chunk;
	struct slice input; /* received, not read yet */
	int64_t deadline;   /* of what is under way */
	size_t window;	    /* commands under way at once */

	/* the listing */
	size_t commands_sent;
	bool has_uidl;
	size_t next_digest;
	struct buf header;

	/* the transfer */
	size_t next_item;
	size_t asked;	      /* messages, on this connection */
	bool tries_troubled; /* the second walk: messages in which the line broke before */
	uint32_t *deletes; /* numbers to be deleted */
	size_t delete_count, delete_next, delete_done;
	struct plan_item *current; /* whose bytes are coming; NULL: none */
	struct envelope envelope;  /* of it */
	struct body body;
	struct buf stub;
	struct intake_batch *batch;
	struct plan_item **batch_items;
	size_t batch_count;
	uint64_t batch_bytes;
};

/* Puts the next command into the client; false when there is none for now. */
typedef bool (*fetch_feed)(struct fetch *fetch);
typedef int (*fetch_event)(struct fetch *fetch, const struct pop3_event *event,
    struct error *error);
/* Connects as often as it takes and is worth it. */
int fetch_with_reconnects(struct fetch *fetch, struct error *error);
/* All there is to do on one connection, from its login to QUIT. */
int fetch_one_connection(struct fetch *fetch, struct error *error);
/* Keeps up to `window` commands under way and hands out the events, until there is nothing more to feed and all is answered. */
int fetch_drive(struct fetch *fetch, fetch_feed feed, fetch_event on_event, struct error *error);

/* CAPA, UIDL, LIST, and the headers that must tell messages apart; then the plan. */
int fetch_listing(struct fetch *fetch, struct error *error);
/* Carries out the plan. */
int fetch_transfer(struct fetch *fetch, struct error *error);
/* Makes durable what has come whole. */
int fetch_commit(struct fetch *fetch, struct error *error);
/* Frees what belongs to one connection. */
void fetch_hang_up(struct fetch *fetch);
/* How often the line broke in this message. */
size_t fetch_troubles(const struct fetch *fetch, const struct plan_item *item);
/* Notes that a message could not be had. */
void fetch_skip(struct fetch *fetch, const struct plan_item *item, struct slice reply);
/* Makes the message that stands for one too large to fetch; top: its header and first lines. */
int fetch_make_stub(const struct fetch *fetch, const struct plan_item *item, struct slice top,
    struct buf *out);

#endif
