/*
 * The server's capabilities and its messages: three commands, sent together.
 *
 * POP3: CAPA, UIDL, LIST; a server without UIDL refuses it. IMAP: CAPABILITY, SELECT INBOX, UIDs with
 * sizes.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "base/log.h"
#include "fetcher/fetch_priv.h"

#define WINDOW_PIPELINED POP3_PENDING_MAX /* RFC 2449 section 6.8: 4 KiB each fill a line of 100 ms and 640 Mbit/s */
#define WINDOW_IMAP 128
#define WINDOW_CAREFUL 8 /* if PIPELINING is not announced */
#define WINDOW_LISTING 3
#define HEADER_MAX (1u << 20)
#define LISTING_BYTES (256ull << 20) /* of all its lines: more than PLAN_ITEMS_MAX messages need */

static bool feed_listing(struct fetch *fetch)
{
	static const enum fetch_ask asks[] = {ASK_CAPABILITIES, ASK_OPEN, ASK_SIZES};

	return fetch->listing.commands_sent < ARRAY_LEN(asks) &&
	       fetch_dialogue_ask(fetch, asks[fetch->listing.commands_sent++], NULL);
}

static void take_capability(struct fetch *fetch, struct slice word)
{
	if (slice_is_nocase(slice_trim(word), fetch->is_imap ? "UIDPLUS" : "PIPELINING")) {
		fetch->connection.can_expunge_some = fetch->is_imap;
		fetch->connection.is_careful = false;
	}
}

static void take_line(struct fetch *fetch, const struct fetch_event *event)
{
	bool good = event->ask == ASK_OPEN
			? plan_add_uidl(&fetch->plan, event->text)
			: plan_add_size(&fetch->plan, event->text, !fetch->listing.has_uidl);

	if (!good)
		log_debug("event=listing-line-ignored account=%s line=%s",
		    LOG_CSTR(fetch->job->account->name), LOG_TEXT(event->text));
}

static int refused(const struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	return error_set(error, ERROR_PROTOCOL, N_("%s did not list its messages: %.*s"),
	    remote_host(fetch->connection.remote), SLICE_PRINT(event->text));
}

static int listing_event(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	fetch->listing.bytes += event->text.len + 64;
	if (fetch->listing.bytes > LISTING_BYTES)
		return error_set(error, ERROR_PROTOCOL, N_("%s sent an endless list of messages"), remote_host(fetch->connection.remote));
	if (event->what == GOT_CAN)
		take_capability(fetch, event->text);
	else if (event->what == GOT_LINE && event->ask != ASK_CAPABILITIES && !event->cut)
		take_line(fetch, event);
	else if (event->what != GOT_REPLY)
		return 0;
	else if (event->ask == ASK_OPEN && !fetch->is_imap)
		fetch->listing.has_uidl = event->ok; /* optional in RFC 1939: then headers are compared */
	else if (event->ask == ASK_OPEN && !event->ok)
		return refused(fetch, event, error);
	/* Some servers refuse to list an empty mailbox. */
	else if (event->ask == ASK_SIZES && !event->ok && !(fetch->is_imap && fetch->listing.exists == 0))
		return refused(fetch, event, error);
	return 0;
}

int fetch_listing_run(struct fetch *fetch, struct error *error)
{
	fetch->listing = (struct fetch_listing){.header = BUF_INIT(HEADER_MAX)};
	fetch->connection.is_careful = !fetch->is_imap;
	fetch->connection.window = fetch->memory.one_by_one ? 1 : WINDOW_LISTING;
	if (fetch_dialogue_run(fetch, feed_listing, listing_event, error) != 0)
		return -1;
	if (!fetch->memory.one_by_one)
		fetch->connection.window = fetch->connection.is_careful ? WINDOW_CAREFUL
			       : fetch->is_imap	  ? WINDOW_IMAP
						  : WINDOW_PIPELINED;
	return 0;
}

void fetch_listing_clear(struct fetch *fetch)
{
	buf_clear(&fetch->listing.header);
	fetch->listing = (struct fetch_listing){0};
}
