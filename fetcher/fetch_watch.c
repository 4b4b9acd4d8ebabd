#include "fetcher/fetch_watch.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "config/endpoint.h"
#include "fetcher/fetch_priv.h"

#include <stdlib.h>

#define IDLE_MS (9 * 60000)	/* routers forget a silent connection after ten minutes or more, servers after 29 (RFC 2177) */
#define FLOOD_MAX (4u << 20) /* bytes of news in this time */
#define REST_MS 5000		/* doubled after each failure */
#define REST_DOUBLED_MAX 8	/* 21 minutes */
#define REST_LOGIN_MS 3600000
#define REST_CANNOT_MS (24 * 3600000)

struct watch {
	const struct fetch_watch_job *job;
	struct fetch fetch;
	struct map next; /* folder on the wire -> its UIDNEXT */
	size_t exists;
	size_t asked;
	size_t came; /* bytes since */
	int64_t since;
	bool can_idle; /* it has not refused it */
};

bool fetch_watch_is_wanted(const struct conf *conf, const struct conf_account *account)
{
	return conf->line.permanent && account->enabled && account->idle && endpoint_of(account->remote.url).protocol == ENDPOINT_IMAP;
}

int64_t fetch_watch_rest_ms(unsigned failures, enum error_class class)
{
	if (class == ERROR_NONE)
		return REST_CANNOT_MS;
	if (class == ERROR_LOGIN)
		return REST_LOGIN_MS;
	return (int64_t)REST_MS << (failures < REST_DOUBLED_MAX ? failures : REST_DOUBLED_MAX);
}

/* --- which folders */

/* The other folders, as many as fit into a command. Returns false if there are none. */
static bool add_others(struct fetch_folders *folders, struct buf *filter)
{
	size_t begin;

	folders->notified = 0;
	buf_append_text(filter, "(selected (MessageNew MessageExpunge)) (mailboxes (");
	begin = filter->len;
	for (size_t i = 1; i < folders->count && filter->len + strlen(folders->items[i].argument) + 40 < IMAP_SET_MAX; i++, folders->notified++)
		buf_printf(filter, "%s%s", filter->len == begin ? "" : " ", folders->items[i].argument);
	buf_append_text(filter, ") (MessageNew MessageExpunge))");
	return folders->count > 1 && !filter->overflow;
}

/* EXAMINE and NOTIFY together. */
static bool feed_open(struct fetch *fetch)
{
	struct buf filter = BUF_INIT(IMAP_SET_MAX);
	bool asked = false;

	switch (fetch->listing.commands_sent++) {
	case 0:
		asked = fetch_dialogue_ask_folder(fetch, ASK_EXAMINE, fetch_folders_argument(fetch));
		break;
	case 1:
		asked = fetch->connection.can_notify && add_others(&fetch->folders, &filter) &&
			fetch_dialogue_ask_folder(fetch, ASK_NOTIFY, buf_slice(&filter));
		break;
	default:
		break;
	}
	buf_clear(&filter);
	return asked;
}

static int open_event(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	if (event->what != GOT_REPLY || event->ok)
		return 0;
	if (event->ask == ASK_EXAMINE)
		return error_set(error, ERROR_TEMPORARY, N_("the folder %s cannot be opened on the server: %.*s"), fetch->folders.items[0].name,
		    SLICE_PRINT(event->text));
	fetch->folders.notified = 0;
	log_info("event=notify-refused account=%s reply=%s", LOG_CSTR(fetch->job->account->name), LOG_TEXT(event->text));
	return 0;
}

/* --- news */

/* A folder that was not heard of yet has got its first news. Returns whether there may be a new message. */
static bool is_new_there(struct watch *watch, const struct imap_event *event)
{
	uintptr_t before = (uintptr_t)map_get(&watch->next, event->text);

	if (event->number == 0 || (before == 0 && watch->next.count >= FETCH_FOLDERS_MAX))
		return false;
	map_put(&watch->next, event->text, (void *)(uintptr_t)event->number);
	return event->number > before;
}

static bool is_new_here(struct watch *watch, const struct imap_event *event)
{
	size_t before = watch->exists;

	watch->exists = event->number;
	return event->number > before;
}

/* Returns -1 if the connection is of no use any more. */
static int take_events(struct watch *watch, struct error *error)
{
	struct fetch_connection *connection = &watch->fetch.connection;
	struct imap_event event;
	enum imap_what what;
	bool has_news = false;

	while ((what = imap_client_next(&connection->imap, &connection->input, &event)) != IMAP_NEED) {
		if (what == IMAP_GARBAGE)
			return fetch_connection_garbled(&watch->fetch, event.text, error);
		if (what == IMAP_REPLY && event.command == IMAP_IDLE)
			watch->can_idle = event.ok;
		else if (what == IMAP_EXISTS)
			has_news = is_new_here(watch, &event) || has_news;
		else if (what == IMAP_EXPUNGED && watch->exists > 0)
			watch->exists--;
		else if (what == IMAP_STATUS)
			has_news = is_new_there(watch, &event) || has_news;
	}
	if (has_news)
		watch->job->news(watch->job->context);
	return 0;
}

/* Also one that ends each IDLE at once. */
static bool is_flood(struct watch *watch, size_t got)
{
	int64_t now = clock_now_ms();

	if (now - watch->since > IDLE_MS) {
		watch->since = now;
		watch->came = 0;
	}
	watch->came += got;
	return watch->came > FLOOD_MAX;
}

static int receive(struct watch *watch, int64_t deadline, bool *is_late, struct error *error)
{
	struct fetch_connection *connection = &watch->fetch.connection;
	enum remote_result result = REMOTE_OK;
	size_t got = 0;

	*is_late = false;
	if (connection->imap.out.len > 0) {
		result = remote_send(connection->remote, buf_slice(&connection->imap.out), clock_now_ms() + watch->job->account->timeout * 1000);
		buf_reset(&connection->imap.out);
	}
	if (result == REMOTE_OK)
		result = remote_recv(connection->remote, connection->chunk, FETCH_CHUNK, &got, deadline);
	*is_late = result == REMOTE_TIMEOUT;
	if (result != REMOTE_OK)
		return *is_late ? 0 : remote_error(connection->remote, result, N_("waiting for a reply"), error);
	if (is_flood(watch, got))
		return fetch_connection_garbled(&watch->fetch, SLICE_LITERAL("(data that nobody asked for)"), error);
	connection->input = slice_make(connection->chunk, got);
	return take_events(watch, error);
}

/* One IDLE from its beginning to its end. */
static int idle(struct watch *watch, struct error *error)
{
	struct imap_client *imap = &watch->fetch.connection.imap;
	int64_t deadline = clock_now_ms() + (watch->job->idle_ms > 0 ? watch->job->idle_ms : IDLE_MS);
	bool is_ending = false, is_late;

	if (!imap_client_send(imap, IMAP_IDLE, 0, SLICE_NONE))
		return error_set(error, ERROR_PROTOCOL, N_("%s did not answer like a mail server: %.*s"), remote_host(watch->fetch.connection.remote), 0, "");
	while (imap->count > 0) {
		if (receive(watch, deadline, &is_late, error) != 0)
			return -1;
		if (is_late && is_ending)
			return remote_error(watch->fetch.connection.remote, REMOTE_TIMEOUT, N_("waiting for a reply"), error);
		if (is_late) {
			imap_client_end_idle(imap);
			is_ending = true;
			deadline = clock_now_ms() + watch->job->account->timeout * 1000;
		}
	}
	return 0;
}

/* --- the connection */

static void name_folders(const struct watch *watch)
{
	const struct fetch_watch_job *job = watch->job;
	const struct fetch_folders *folders = &watch->fetch.folders;

	for (size_t i = 0; i < folders->count && job->watches != NULL; i++)
		job->watches(job->context, folders->items[i].name,
		    i == 0 ? FETCH_WATCH_IDLE : i <= folders->notified ? FETCH_WATCH_NOTIFY : FETCH_WATCH_POLLED);
	if (job->watches != NULL)
		job->watches(job->context, NULL, FETCH_WATCH_IDLE);
}

static int run(struct watch *watch, struct error *error)
{
	struct fetch *fetch = &watch->fetch;

	if (fetch_connection_open(fetch, error) != 0 || fetch_listing_capabilities(fetch, error) != 0)
		return -1;
	if (!fetch->connection.can_idle)
		return 0;
	if (fetch_folders_find(fetch, error) != 0)
		return -1;
	if (fetch->folders.count == 0)
		return 0;
	if (fetch_dialogue_run(fetch, feed_open, open_event, error) != 0)
		return -1;
	log_info("event=watching account=%s folders=%zu notify=%s", LOG_CSTR(fetch->job->account->name), fetch->folders.count,
	    fetch->connection.can_notify ? "yes" : "no");
	watch->exists = fetch->listing.exists;
	name_folders(watch);
	watch->job->news(watch->job->context);
	while (watch->can_idle)
		if (idle(watch, error) != 0)
			return -1;
	return 0;
}

int fetch_watch(const struct fetch_watch_job *job, struct error *error)
{
	const struct fetch_job fetch_job = {.conf = job->conf, .account = job->account, .secrets = job->secrets};
	struct fetch_result result = {.total = 0};
	struct watch watch = {
	    .job = job,
	    .can_idle = true,
	    .fetch = {.job = &fetch_job, .result = &result, .is_imap = true, .server = conf_mailbox(job->account), .end = INT64_MAX},
	};
	int code;

	fetch_folders_init(&watch.fetch);
	code = run(&watch, error);
	fetch_hang_up(&watch.fetch);
	fetch_folders_clear(&watch.fetch);
	fetch_result_clear(&result);
	map_clear(&watch.next);
	free(watch.fetch.server);
	return code;
}
