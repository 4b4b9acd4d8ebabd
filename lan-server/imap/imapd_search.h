/*
 * SEARCH, SORT and THREAD: one job that looks at all messages, and their three answers.
 */
#ifndef LANPOST_LAN_SERVER_IMAPD_SEARCH_H
#define LANPOST_LAN_SERVER_IMAPD_SEARCH_H

#include "message/imap/imap_thread.h"

#include "lan-server/imap/imapd_key.h"
#include "lan-server/imap/imapd_view.h"

enum imapd_search_kind { IMAPD_SEARCH, IMAPD_SORT, IMAPD_THREAD };

enum imapd_sort_key { IMAPD_SORT_ARRIVAL, IMAPD_SORT_CC, IMAPD_SORT_DATE, IMAPD_SORT_FROM, IMAPD_SORT_SIZE, IMAPD_SORT_SUBJECT, IMAPD_SORT_TO };
#define IMAPD_SORT_KEYS_MAX 8

enum imapd_search_return { IMAPD_RETURN_MIN = 1, IMAPD_RETURN_MAX = 2, IMAPD_RETURN_ALL = 4, IMAPD_RETURN_COUNT = 8, IMAPD_RETURN_SAVE = 16 };

struct imapd_search {
	enum imapd_search_kind kind;
	struct folder *folder;
	int64_t now; /* seconds since 1970 */
	struct imapd_scratch scratch;
	struct imapd_key *keys;
	bool with_modseq;
	bool is_extended;   /* RETURN, even without a word */
	unsigned returns;   /* enum imapd_search_return */
	size_t at;	    /* the next message to look at */
	size_t kept, uncounted; /* bytes that SORT or THREAD keep of the messages, about */
	bool is_too_large;  /* all searches together keep too much */
	struct imapd_places found;
	uint64_t modseq;    /* the highest of those found */
	/* SORT */
	enum imapd_sort_key sort_keys[IMAPD_SORT_KEYS_MAX];
	bool is_reverse[IMAPD_SORT_KEYS_MAX];
	size_t sort_count;
	uint64_t *values; /* sort_count for each that was found: numbers in their order, or, until then, where texts are in sort_texts */
	struct buf sort_texts; /* with a NUL at the end of each */
	bool reads_terms;  /* the folder does not know the order of all messages (spool/storage/folder_order.h) */
	bool lacks_order;  /* that was found just now */
	bool misses_some;  /* a message that was found could not be read */
	uint32_t *orders[IMAPD_SORT_KEYS_MAX]; /* of all messages of the view, as the folder knows them at the beginning; NULL: not needed */
	/* THREAD */
	bool by_references;
	struct imap_thread_message *threaded;
};

/* SORT and THREAD: the arguments before the charset. */
bool imapd_sort_read(struct imapd_args *args, struct imapd_search *search);
bool imapd_thread_read(struct imapd_args *args, struct imapd_search *search);
/* Takes the orders that the folder knows: once, since another session may replace them. Returns how many bytes they have. */
size_t imapd_sort_prepare(struct imapd *imapd, struct imapd_search *search);
void imapd_sort_forget(struct imapd_search *search);
/* Notes what the order depends on; the message was just found (the last of search->found). */
void imapd_sort_note(struct imapd_search *search, struct imapd_candidate *candidate);
void imapd_thread_note(struct imapd *imapd, struct imapd_search *search, struct imapd_candidate *candidate);
/* Sends the answer. */
void imapd_sort_send(struct imapd *imapd, struct imapd_search *search);
void imapd_thread_send(struct imapd *imapd, struct imapd_search *search);

#endif
