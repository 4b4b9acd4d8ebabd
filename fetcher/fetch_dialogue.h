/*
 * The dialogue with a server in terms common to POP3 and IMAP: commands in, events out, as many in progress as the
 * server accepts.
 */
#ifndef LANPOST_FETCHER_FETCH_DIALOGUE_H
#define LANPOST_FETCHER_FETCH_DIALOGUE_H

#include "base/err.h"
#include "base/str.h"

struct fetch;
struct plan_item;

/* The commands to a server, independent of the protocol. */
enum fetch_ask {
	ASK_CAPABILITIES,
	ASK_OPEN,  /* IMAP: the mailbox; POP3: UIDs */
	ASK_SIZES, /* IMAP: with the UIDs */
	ASK_HEADER,
	ASK_TOP, /* the header and the beginning of the body */
	ASK_MESSAGE,
	ASK_DELETE,
	ASK_EXPUNGE, /* IMAP: carries out the deletions; POP3 does at ASK_GOODBYE */
	ASK_FIND,  /* IMAP: which messages up to a UID there are */
	ASK_COMPRESS, /* IMAP: the last command until it is answered */
	ASK_FOLDERS, /* IMAP: which mailboxes there are */
	ASK_EXAMINE, ASK_NOTIFY, /* IMAP: fetch_watch.c */
	ASK_STRUCTURE, ASK_PARTS, /* IMAP: fetch_later.c */
	ASK_ALIVE, /* no operation: tests whether the next input is a reply */
	ASK_GOODBYE,
};

enum fetch_what {
	GOT_REPLY,  /* the reply: yes or no; lines or data may follow a yes */
	GOT_LINE,   /* of a POP3 listing; the answer to ASK_FIND */
	GOT_CAN,    /* a capability */
	GOT_FOLDER, /* in text, as on the wire; size: what separates its levels; ok: it has messages */
	GOT_NEWS,   /* unsolicited data: a message of an IMAP listing, the end of a command whose data came */
	GOT_DATA,   /* of a header or a message */
	GOT_SECTION, /* of a message in parts: the data of another one follows, which text names; that of the first in GOT_REPLY */
	GOT_END,    /* of the lines or the data; ok: they may be used */
};

struct fetch_event {
	enum fetch_what what;
	enum fetch_ask ask;
	struct plan_item *item; /* NULL if it concerns no message */
	bool ok, cut;
	uint64_t size; /* IMAP, the reply that data follows: how many bytes, as the server counts them */
	struct slice text;
	struct slice raw; /* IMAP: data as the server sent it */
};

/* Queues a command in the client; returns false if too many are in progress. */
bool fetch_dialogue_ask(struct fetch *fetch, enum fetch_ask ask, const struct plan_item *item);
/* IMAP: the same for ASK_EXPUNGE, with the UIDs. */
bool fetch_dialogue_ask_expunge(struct fetch *fetch, struct slice uids);
/* ASK_SIZES; IMAP: of the messages of a set. ASK_FIND: of those up to this UID. */
bool fetch_dialogue_ask_list(struct fetch *fetch, struct slice set);
bool fetch_dialogue_ask_find(struct fetch *fetch, uint32_t uid);
/* IMAP: ASK_OPEN and ASK_FOLDERS. */
bool fetch_dialogue_ask_folder(struct fetch *fetch, enum fetch_ask ask, struct slice argument);
/* IMAP: ASK_PARTS. */
bool fetch_dialogue_ask_parts(struct fetch *fetch, const struct plan_item *item, struct slice sections);
/* IMAP: ASK_MESSAGE for a part of the message, "from.count". */
bool fetch_dialogue_ask_rest(struct fetch *fetch, const struct plan_item *item, struct slice part);
size_t fetch_dialogue_under_way(const struct fetch *fetch);
/* The oldest command in progress; item is NULL if it concerns no message. Returns false if there
 * is none. */
bool fetch_dialogue_oldest(const struct fetch *fetch, enum fetch_ask *ask, struct plan_item **item);
/* Queues the next command in the client; returns false if there is none for now. */
typedef bool (*fetch_feed)(struct fetch *fetch);
typedef int (*fetch_on_event)(struct fetch *fetch, const struct fetch_event *event,
    struct error *error);
/* Keeps up to `window` commands in progress and handles the events, until there are no more commands and all are answered. */
int fetch_dialogue_run(struct fetch *fetch, fetch_feed feed, fetch_on_event on_event, struct error *error);

#endif
