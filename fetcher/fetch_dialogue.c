/*
 * The dialogue with a server in terms that POP3 and IMAP share: commands in, events out, as many under way as the server
 * takes.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "fetcher/fetch_priv.h"

#define CHUNK (64 * 1024)
#define STEP_MS 600000	     /* for one reply or one message of no size */
#define LEAST_BYTES_PER_MS 1 /* a slower message ends the session */
#define SILENT_BYTES (64u << 20) /* of which nothing is to be made: literals and lines that nobody asked for */
#define PROBE_MS 15000 /* a server that answered one of several commands and is silent then */

/* --- commands */

static const enum pop3_command pop3_commands[] = {
    [ASK_CAPABILITIES] = POP3_CAPA,
    [ASK_OPEN] = POP3_UIDL,
    [ASK_SIZES] = POP3_LIST,
    [ASK_HEADER] = POP3_TOP,
    [ASK_TOP] = POP3_TOP,
    [ASK_MESSAGE] = POP3_RETR,
    [ASK_DELETE] = POP3_DELE,
    [ASK_EXPUNGE] = POP3_STAT, /* never asked */
    [ASK_ALIVE] = POP3_NOOP,
    [ASK_GOODBYE] = POP3_QUIT,
};

static const enum imap_command imap_commands[] = {
    [ASK_CAPABILITIES] = IMAP_CAPABILITY,
    [ASK_OPEN] = IMAP_SELECT,
    [ASK_SIZES] = IMAP_LIST,
    [ASK_HEADER] = IMAP_HEADER,
    [ASK_TOP] = IMAP_TOP,
    [ASK_MESSAGE] = IMAP_MESSAGE,
    [ASK_DELETE] = IMAP_DELETE,
    [ASK_EXPUNGE] = IMAP_EXPUNGE,
    [ASK_ALIVE] = IMAP_NOOP,
    [ASK_GOODBYE] = IMAP_LOGOUT,
};

#define TOP_LINES 40

static enum fetch_ask asked_by(bool is_imap, unsigned command)
{
	if (is_imap && command == IMAP_EXPUNGE_ALL)
		return ASK_EXPUNGE;
	for (enum fetch_ask ask = ASK_CAPABILITIES; ask < ASK_GOODBYE; ask++)
		if (is_imap ? imap_commands[ask] == command : pop3_commands[ask] == command)
			return ask;
	return ASK_GOODBYE;
}

bool fetch_ask(struct fetch *fetch, enum fetch_ask ask, const struct plan_item *item)
{
	uint32_t number = item == NULL ? 0 : item->number;

	if (fetch->is_imap)
		return imap_client_send(&fetch->imap, imap_commands[ask], number, SLICE_NONE);
	return pop3_client_send(&fetch->pop3, pop3_commands[ask], number,
	    ask == ASK_TOP ? TOP_LINES : 0);
}

bool fetch_ask_expunge(struct fetch *fetch, struct slice uids)
{
	return imap_client_send(&fetch->imap,
	    fetch->can_expunge_some ? IMAP_EXPUNGE : IMAP_EXPUNGE_ALL, 0, uids);
}

size_t fetch_under_way(const struct fetch *fetch)
{
	return fetch->is_imap ? fetch->imap.count : fetch->pop3.count;
}

bool fetch_oldest(const struct fetch *fetch, enum fetch_ask *ask, struct plan_item **item)
{
	const struct pop3_client *pop3 = &fetch->pop3;
	const struct imap_client *imap = &fetch->imap;
	size_t at = imap->first;

	if (fetch_under_way(fetch) == 0)
		return false;
	if (!fetch->is_imap) {
		*ask = asked_by(false, (unsigned)pop3->pending[pop3->first].command);
		*item = plan_find(&fetch->plan, pop3->pending[pop3->first].number);
		return true;
	}
	for (size_t i = 1; i < imap->count && imap->pending[at].has_data; i++)
		at = (at + 1) % IMAP_PENDING_MAX;
	*ask = asked_by(true, (unsigned)imap->pending[at].command);
	*item = plan_find(&fetch->plan, imap->pending[at].uid);
	return true;
}

/* --- events of one protocol as events of both; false: nothing until more input comes */

static int garbled(struct fetch *fetch, struct slice text, struct error *error)
{
	fetch->is_garbled = true;
	return error_set(error, ERROR_PROTOCOL, N_("%s did not answer like a mail server: %.*s"),
	    remote_host(fetch->remote), SLICE_PRINT(text));
}

static int next_pop3(struct fetch *fetch, struct fetch_event *event, struct error *error)
{
	static const enum fetch_what whats[] = {
	    [POP3_REPLY] = GOT_REPLY,
	    [POP3_LINE] = GOT_LINE,
	    [POP3_DATA] = GOT_DATA,
	    [POP3_END] = GOT_END,
	};
	struct pop3_event got;
	enum pop3_what what = pop3_client_next(&fetch->pop3, &fetch->input, &got);

	if (what == POP3_NEED)
		return 0;
	if (what == POP3_GARBAGE)
		return garbled(fetch, got.text, error);
	*event = (struct fetch_event){
	    .what = whats[what],
	    .ask = asked_by(false, (unsigned)got.command),
	    .item = plan_find(&fetch->plan, got.number),
	    .ok = got.ok || what == POP3_END,
	    .cut = got.cut,
	    .text = got.text,
	};
	if (event->ask == ASK_CAPABILITIES && what == POP3_LINE)
		event->what = GOT_CAN;
	return 1;
}

static int next_imap(struct fetch *fetch, struct fetch_event *event, struct error *error)
{
	struct imap_event got;
	enum imap_what what;

	while ((what = imap_client_next(&fetch->imap, &fetch->input, &got)) != IMAP_NEED) {
		*event = (struct fetch_event){
		    .ask = asked_by(true, (unsigned)got.command),
		    .item = plan_find(&fetch->plan, got.number),
		    .ok = got.ok,
		    .text = got.text,
		};
		switch (what) {
		case IMAP_NEED:
		case IMAP_GARBAGE:
			return garbled(fetch, got.text, error);
		case IMAP_VALIDITY:
			fetch->validity = got.number;
			continue;
		case IMAP_EXISTS:
			fetch->exists = got.number;
			continue;
		case IMAP_LISTED:
			plan_add_uid(&fetch->plan, fetch->validity, got.number, got.size, got.is_deleted);
			event->what = GOT_NEWS;
			return 1;
		case IMAP_DONE:
			event->what = GOT_NEWS;
			return 1;
		case IMAP_CAN:
			event->what = GOT_CAN;
			return 1;
		case IMAP_REPLY:
			event->what = GOT_REPLY;
			return 1;
		case IMAP_DATA_BEGIN:
			event->what = GOT_REPLY;
			event->ok = true;
			return 1;
		case IMAP_DATA:
			event->what = GOT_DATA;
			return 1;
		case IMAP_DATA_END:
			event->what = GOT_END;
			return 1;
		}
	}
	return 0;
}

/* --- the connection */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int broken(struct fetch *fetch, enum remote_result result, const char *doing,
    struct error *error)
{
	fetch->line_broke = result == REMOTE_CLOSED || result == REMOTE_TIMEOUT;
	fetch->timed_out = result == REMOTE_TIMEOUT;
	return remote_error(fetch->remote, result, doing, error);
}

static int exchange(struct fetch *fetch, struct error *error)
{
	struct buf *out = fetch->is_imap ? &fetch->imap.out : &fetch->pop3.out;
	int64_t idle_ms = fetch->job->account->timeout * 1000;
	enum remote_result result;
	int64_t deadline;
	size_t got;

	/* Of a server that has not said that it takes several commands at once silence says that it does not. */
	if (fetch->is_careful && fetch->window > 1 && fetch->answers == 1 && idle_ms > PROBE_MS)
		idle_ms = PROBE_MS;
	deadline = earlier(earlier(clock_now_ms() + idle_ms, fetch->deadline), fetch->end);
	if (out->len > 0) {
		result = remote_send(fetch->remote, buf_slice(out), deadline);
		buf_reset(out);
		return result == REMOTE_OK ? 0 : broken(fetch, result, N_("sending commands"), error);
	}
	result = remote_recv(fetch->remote, fetch->chunk, CHUNK, &got, deadline);
	if (result != REMOTE_OK)
		return broken(fetch, result, N_("waiting for a reply"), error);
	fetch->input = slice_make(fetch->chunk, got);
	fetch_came(fetch, got, 0);
	fetch->silent += got;
	if (fetch->silent > SILENT_BYTES)
		return garbled(fetch, SLICE_LITERAL("(data that nobody asked for)"), error);
	return 0;
}

/* Each answer and each message has a time of its own; its bytes do not renew it. */
static void renew_deadline(struct fetch *fetch, const struct plan_item *item)
{
	int64_t size = item == NULL ? 0 : (int64_t)item->size;

	fetch->deadline = clock_now_ms() + STEP_MS + size / LEAST_BYTES_PER_MS;
}

static int next_event(struct fetch *fetch, struct fetch_event *event, struct error *error)
{
	int result;

	while ((result = fetch->is_imap ? next_imap(fetch, event, error)
					: next_pop3(fetch, event, error)) == 0)
		if (exchange(fetch, error) != 0)
			return -1;
	fetch->silent = 0;
	if (result > 0 && event->what == GOT_REPLY)
		fetch->answers++;
	if (result > 0 && (event->what == GOT_REPLY || event->what == GOT_END))
		renew_deadline(fetch, event->item);
	return result > 0 ? 0 : -1;
}

int fetch_drive(struct fetch *fetch, fetch_feed feed, fetch_on_event on_event, struct error *error)
{
	struct fetch_event event;

	renew_deadline(fetch, NULL);
	for (;;) {
		while (fetch_under_way(fetch) < fetch->window && feed(fetch))
			;
		if (fetch_under_way(fetch) == 0)
			return 0;
		if (next_event(fetch, &event, error) != 0 || on_event(fetch, &event, error) != 0)
			return -1;
	}
}
