/*
 * Sorting in a separate process: `sorter`.
 *
 * External mail is decoded there: MIME, charsets, HTML, addresses, the rules' patterns. It has no password, no file, no
 * network and no way to the spool; it gets one message after the other and decides for whom it is. The decision is
 * accepted only as far as the configuration allows it (decision_read()). Each account has a worker there. When one
 * dies over a message, or works on it for too long, a new one tries again; when that fails too, the message loses its
 * place only: it goes to `unsorted_to`.
 */
#ifndef LANPOST_GATEWAY_SORTING_H
#define LANPOST_GATEWAY_SORTING_H

#include "fetcher/fetch.h"
#include "gateway/process/helper.h"
#include "sorter/sorter.h"

#define SORTING_CPU_SECONDS 60 /* for one message: a hundred times the need of the worst known one */

struct sorting {
	struct helper helper;
	struct conf *conf;
	struct sorter *sorter;
	const atomic_bool *cancel;
};

/* An account's worker; started when needed. */
struct sorting_worker {
	struct sorting *sorting;
	const struct conf_account *account;
	struct conversation conversation;
};

struct sorting_result {
	bool failed; /* it could not be sorted: the envelope has its default places */
	bool is_copy; /* it has no place: see fetch_job.route */
};

/* Compiles the rules (an invalid one is an error) and forks the process. */
int sorting_start(struct sorting *sorting, struct conf *conf, const atomic_bool *cancel, struct error *error);
void sorting_stop(struct sorting *sorting);

/* For one thread; the caller calls sorting_hang_up() after the last message. */
void sorting_begin(struct sorting_worker *worker, struct sorting *sorting, const struct conf_account *account);
void sorting_hang_up(struct sorting_worker *worker);

/* Fills in the recipients that the provider noted, the places of the message, and its data for the journal. -1: nothing
 * can be sorted any more, or we were cancelled. */
int sorting_ask(struct sorting_worker *worker, const struct fetch_arrival *arrival, struct envelope *envelope,
    struct sorting_result *result, struct error *error);
/* What the rules say of a message on the server with this header and size; nothing if the sorter cannot read it. -1 as above. */
int sorting_look(struct sorting_worker *worker, struct slice header, uint64_t size, struct fetch_look *look, struct error *error);
/* As fetch_stub_make(); without the text of the message if that cannot be read. */
int sorting_make_stub(struct sorting_worker *worker, const struct fetch_stub *stub, struct buf *out, struct error *error);

/* The main function of a worker; for tests. context: the struct sorting. */
void sorting_serve(void *context, int fd);

#endif
