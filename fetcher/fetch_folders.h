/*
 * The folders of an IMAP account that a session fetches, one after the other through the same connection: INBOX first, then in the order of the
 * configuration.
 *
 * Which folders fit a pattern is asked once in a session; a folder with a plain name is opened without a question. Each folder has its own record
 * of seen messages (conf_folders_mailbox()). One that cannot be opened is reported and passed over: it may come back, and nothing
 * of its record is forgotten.
 */
#ifndef LANPOST_FETCHER_FETCH_FOLDERS_H
#define LANPOST_FETCHER_FETCH_FOLDERS_H

#include "base/map.h"
#include "fetcher/fetch.h"

struct fetch;

#define FETCH_FOLDERS_MAX 1000 /* of one account */

struct fetch_folders {
	struct fetch_folder {
		char *name; /* for us */
		char *argument; /* of SELECT */
		size_t rank;	/* the first entry of the configuration that it fits; INBOX comes first */
	} *items;
	size_t count, current;
	struct map names;
	bool are_found; /* the server was asked */
	bool is_open;	/* the current one: its memory is loaded */
	char separator;
	size_t next_question;
	const struct conf_account *usual;
	struct conf_account account; /* the same, with what differs in the current folder */
	struct fetch_job job;	     /* with this account */
	size_t total, large, by_rule; /* of the folders that are done */
	uint64_t bytes_total;
	size_t notified; /* of those behind the first: the server reports their news (NOTIFY) */
};

void fetch_folders_init(struct fetch *fetch);
/* After the login: which folders there are, once in a session. Returns -1 with the error of the connection. */
int fetch_folders_find(struct fetch *fetch, struct error *error);
/* Loads what is stored about the current folder, unless it is loaded already. */
int fetch_folders_open(struct fetch *fetch, struct error *error);
/* The current folder is done. Returns true if there is another one, which then is the current one. */
bool fetch_folders_next(struct fetch *fetch);
bool fetch_folders_is_last(const struct fetch *fetch);
/* The argument of SELECT. */
struct slice fetch_folders_argument(const struct fetch *fetch);
/* Stores what the session has found out about the current folder. */
void fetch_folders_leave(struct fetch *fetch);
void fetch_folders_clear(struct fetch *fetch);

#endif
