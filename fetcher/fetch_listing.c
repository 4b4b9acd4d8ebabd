#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "fetcher/fetch_priv.h"

#include <stdlib.h>

#define WINDOW_PIPELINED 32
#define TROUBLES_MAX 2 /* in one session; the next one tries again */

/* --- CAPA: may commands be pipelined (RFC 2449 section 6.8)? */

static bool feed_capa(struct fetch *fetch)
{
	return fetch->commands_sent++ == 0 && pop3_client_send(&fetch->client, POP3_CAPA, 0, 0);
}

static int capa_event(struct fetch *fetch, const struct pop3_event *event, struct error *error)
{
	(void)error;
	if (event->what == POP3_LINE && slice_is_nocase(slice_trim(event->text), "PIPELINING"))
		fetch->window = WINDOW_PIPELINED;
	return 0;
}

/* --- UIDL and LIST */

static bool feed_listing(struct fetch *fetch)
{
	static const enum pop3_command commands[] = {POP3_UIDL, POP3_LIST};

	return fetch->commands_sent < ARRAY_LEN(commands) &&
	       pop3_client_send(&fetch->client, commands[fetch->commands_sent++], 0, 0);
}

static int listing_event(struct fetch *fetch, const struct pop3_event *event, struct error *error)
{
	bool uidl = event->command == POP3_UIDL;

	if (event->what == POP3_REPLY && uidl)
		fetch->has_uidl = event->ok; /* optional in RFC 1939: then headers are compared */
	else if (event->what == POP3_REPLY && !event->ok)
		return error_set(error, ERROR_PROTOCOL, "%s does not list its messages: %.*s",
		    remote_host(fetch->remote), SLICE_PRINT(event->text));
	else if (event->what == POP3_LINE && !event->cut) {
		bool good = uidl ? plan_add_uidl(&fetch->plan, event->text)
				 : plan_add_size(&fetch->plan, event->text, !fetch->has_uidl);

		if (!good)
			log_debug("event=listing-line-ignored account=%s line=%s",
			    LOG_CSTR(fetch->job->account->name), LOG_TEXT(event->text));
	}
	return 0;
}

/* --- headers of messages that their UIDL does not tell apart */

static bool feed_digests(struct fetch *fetch)
{
	while (fetch->next_digest < fetch->plan.count) {
		const struct plan_item *item = &fetch->plan.items[fetch->next_digest++];

		if (item->needs_digest)
			return pop3_client_send(&fetch->client, POP3_TOP, item->number, 0);
	}
	return false;
}

/* A UIDL that is not unique is remembered as such: when one of its messages is gone the other must not pass for it. */
static int mark_double(struct fetch *fetch, const struct plan_item *item, struct error *error)
{
	char *mark;
	int result;

	if (item->key == NULL)
		return 0;
	mark = plan_double_mark(item->key);
	result = state_seen_add(fetch->job->state, fetch->job->account->name, slice_of(mark), "",
	    clock_wall(), error);
	free(mark);
	return result;
}

static int digest_event(struct fetch *fetch, const struct pop3_event *event, struct error *error)
{
	struct plan_item *item = plan_find(&fetch->plan, event->number);

	switch (event->what) {
	case POP3_REPLY:
		buf_reset(&fetch->header);
		if (event->ok)
			return mark_double(fetch, item, error);
		fetch_skip(fetch, item, event->text);
		free(item->key);
		item->key = NULL;
		return 0;
	case POP3_DATA:
		buf_append_slice(&fetch->header, event->text); /* beyond the limit it does not count */
		return 0;
	case POP3_END:
		plan_set_digest(item, buf_slice(&fetch->header));
		return 0;
	default:
		return 0;
	}
}

int fetch_listing(struct fetch *fetch, struct error *error)
{
	if (fetch_drive(fetch, feed_capa, capa_event, error) != 0)
		return -1;
	fetch->commands_sent = 0;
	if (fetch_drive(fetch, feed_listing, listing_event, error) != 0)
		return -1;
	plan_find_doubles(&fetch->plan, &fetch->seen);
	if (fetch_drive(fetch, feed_digests, digest_event, error) != 0)
		return -1;
	plan_decide(&fetch->plan, fetch->job->account, &fetch->seen, clock_wall());
	fetch->result->total = fetch->result->fetched;
	for (size_t i = 0; i < fetch->plan.count; i++) {
		struct plan_item *item = &fetch->plan.items[i];

		if (item->action != PLAN_GET && item->action != PLAN_STUB)
			continue;
		fetch->result->total++;
		if (fetch_troubles(fetch, item) < TROUBLES_MAX)
			continue;
		item->action = PLAN_LEAVE;
		fetch_skip(fetch, item, slice_of(_("the connection breaks in it each time")));
	}
	return 0;
}
