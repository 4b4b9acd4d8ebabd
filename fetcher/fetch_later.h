/*
 * The text of a message first (IMAP, `attachments = later`): its large parts stay on the server.
 *
 * The structure of each message that may have one is asked for; then its header and its other parts are fetched, and a short text takes the place of
 * each part that was left out. For all that follows it is a stub (fetch_stub.c): it has the key of one, stays on the server, and is completed as one.
 * The message is put together where messages are parsed: in the process `sorter`.
 */
#ifndef LANPOST_FETCHER_FETCH_LATER_H
#define LANPOST_FETCHER_FETCH_LATER_H

#include "base/map.h"
#include "fetcher/fetch.h"
#include "upstream/imap_structure.h"

struct fetch;
struct fetch_event;
struct plan_item;

#define FETCH_LATER_BYTES (900u << 10) /* of header, texts and small parts; a message with more is fetched whole */

struct fetch_later {
	struct map structures; /* key -> BODYSTRUCTURE, of the messages that come without some parts */
	struct map whole;      /* keys of messages that could not be put together */
	size_t bytes;
	size_t next;	       /* item to ask about */
};

/* The parts that the data of a message consists of, in the order in which they came. */
struct fetch_sections {
	struct fetch_section {
		char name[IMAP_SECTION_SIZE + 8];
		size_t at; /* in the data */
	} *items;
	size_t count;
};

/* Whether a part stays on the server. */
bool fetch_later_is_left(const struct conf_account *account, const struct imap_part *part);
/* Which parts of a message are requested: "BODY.PEEK[HEADER] BODY.PEEK[1.MIME] BODY.PEEK[1]", and what they cost. Returns false if it is to be fetched
 * whole: nothing would stay there, or too much would come. */
bool fetch_later_choose(const struct conf_account *account, const struct imap_structure *structure, struct buf *sections, uint64_t *cost);
/* Appends the link that makes the message to daemon which requests the whole one: its address and subject (RFC 6068). */
void fetch_later_link(const struct fetch_stub *stub, struct buf *note);
/* Puts the message together. stub.structure: the structure; stub.top: frames, of each part its name ('n') and its data ('d'). Returns -1 if a part is missing,
 * or it is too long. */
int fetch_later_make(const struct fetch_stub *stub, struct buf *out);

/* After plan_decide(): asks for structures; items whose parts stay there become stubs (is_later). */
int fetch_later_find(struct fetch *fetch, struct error *error);
/* Requests the parts of a message. */
bool fetch_later_ask(struct fetch *fetch, const struct plan_item *item);
/* Another part begins in the data of the current message. */
void fetch_later_section(struct fetch *fetch, struct slice name);
/* All parts of the current message have come. */
bool fetch_later_is_whole(const struct fetch *fetch);
/* The server did not send them: the message is fetched whole, by the next connection. */
void fetch_later_refused(struct fetch *fetch, const struct plan_item *item);
/* The structure of the current message, and its data as frames. */
struct slice fetch_later_frames(const struct fetch *fetch, struct buf *frames);
void fetch_later_clear(struct fetch *fetch); /* of one folder */

#endif
