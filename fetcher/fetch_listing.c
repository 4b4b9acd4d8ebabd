/*
 * The server's capabilities and its messages: as few round trips as possible, and compressed if both sides can (RFC 4978).
 *
 * POP3: CAPA, UIDL, LIST together; a server without UIDL refuses it. IMAP: CAPABILITY, unless the login has shown it; SELECT;
 * the messages that are not known yet (fetch_known.c), with their sizes. COMPRESS is a command of its own, because nothing else may be in
 * progress: before a whole list, or before the first message.
 */
#include "base/i18n.h"
#include "base/log.h"
#include "config/conf_folders.h"
#include "fetcher/fetch_priv.h"

#define WINDOW_PIPELINED POP3_PENDING_MAX /* RFC 2449 section 6.8: 4 KiB each fill a line of 100 ms and 640 Mbit/s */
#define WINDOW_IMAP 128
#define WINDOW_CAREFUL 8 /* if PIPELINING is not announced */
#define HEADER_MAX (1u << 20)
#define LISTING_BYTES (256ull << 20) /* of all its lines: more than PLAN_ITEMS_MAX messages need */

static bool feed_listing(struct fetch *fetch)
{
	struct fetch_listing *listing = &fetch->listing;

	if (listing->commands_sent == listing->ask_count)
		return false;
	switch (listing->asks[listing->commands_sent++]) {
	case ASK_OPEN:
		return fetch->is_imap ? fetch_dialogue_ask_folder(fetch, ASK_OPEN, fetch_folders_argument(fetch))
				      : fetch_dialogue_ask(fetch, ASK_OPEN, NULL);
	case ASK_SIZES:
		return fetch_dialogue_ask_list(fetch, listing->set);
	case ASK_FIND:
		return fetch_dialogue_ask_find(fetch, listing->known.next - 1);
	default:
		return fetch_dialogue_ask(fetch, listing->asks[listing->commands_sent - 1], NULL);
	}
}

static void take_capability(struct fetch *fetch, struct slice word)
{
	struct fetch_connection *connection = &fetch->connection;

	word = slice_trim(word);
	if (!fetch->is_imap) {
		connection->is_careful = connection->is_careful && !slice_is_nocase(word, "PIPELINING");
		return;
	}
	connection->can_expunge_some = connection->can_expunge_some || slice_is_nocase(word, "UIDPLUS");
	connection->keeps_uids = connection->keeps_uids || slice_is_nocase(word, "CONDSTORE");
	connection->can_search = connection->can_search || slice_is_nocase(word, "ESEARCH");
	connection->can_idle = connection->can_idle || slice_is_nocase(word, "IDLE");
	connection->can_notify = connection->can_notify || slice_is_nocase(word, "NOTIFY");
	connection->can_compress = connection->can_compress || slice_is_nocase(word, "COMPRESS=DEFLATE");
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

/* Without INBOX there is nothing to fetch; another folder may have been removed or renamed. */
static int cannot_open(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	if (strcmp(fetch->folder, CONF_INBOX) == 0)
		return refused(fetch, event, error);
	fetch->listing.is_missing = true;
	fetch_result_missing(fetch, fetch->folder, PHRASE(N_("the folder %s cannot be opened on the server: %.*s"), fetch->folder, SLICE_PRINT(event->text)));
	return 0;
}

/* What the server has sent after its OK is compressed. */
static void compress(struct fetch *fetch, bool ok)
{
	fetch->connection.can_compress = ok;
	if (!ok)
		return;
	remote_start_deflate(fetch->connection.remote, fetch->connection.input);
	fetch->connection.input = SLICE_NONE;
	fetch->connection.is_compressed = true;
	fetch->connection.answers_before = fetch->connection.answers;
}

static int listing_event(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	fetch->listing.bytes += event->text.len + 64;
	if (fetch->listing.bytes > LISTING_BYTES)
		return error_set(error, ERROR_PROTOCOL, N_("%s sent an endless list of messages"), remote_host(fetch->connection.remote));
	if (event->what == GOT_CAN)
		take_capability(fetch, event->text);
	else if (event->what == GOT_LINE && event->ask == ASK_FIND)
		fetch_known_found(fetch, event->text);
	else if (event->what == GOT_LINE && event->ask != ASK_CAPABILITIES && !event->cut)
		take_line(fetch, event);
	else if (event->what != GOT_REPLY)
		return 0;
	else if (event->ask == ASK_COMPRESS)
		compress(fetch, event->ok);
	else if (event->ask == ASK_OPEN && !fetch->is_imap)
		fetch->listing.has_uidl = event->ok; /* optional in RFC 1939: then headers are compared */
	else if (event->ask == ASK_OPEN && !event->ok)
		return cannot_open(fetch, event, error);
	/* Some servers refuse to list an empty mailbox. */
	else if (event->ask == ASK_SIZES && !event->ok && !(fetch->is_imap && (fetch->listing.exists == 0 || fetch->listing.is_missing)))
		return refused(fetch, event, error);
	return 0;
}

/* Adds a command to those that are sent together. */
static void add(struct fetch *fetch, enum fetch_ask ask)
{
	fetch->listing.asks[fetch->listing.ask_count++] = ask;
}

static int run(struct fetch *fetch, struct error *error)
{
	int result;

	fetch->connection.lists = true;
	result = fetch_dialogue_run(fetch, feed_listing, listing_event, error);
	fetch->connection.lists = false;
	fetch->listing.ask_count = fetch->listing.commands_sent = 0;
	return result;
}

static int list_pop3(struct fetch *fetch, struct error *error)
{
	add(fetch, ASK_CAPABILITIES);
	add(fetch, ASK_OPEN);
	add(fetch, ASK_SIZES);
	return run(fetch, error);
}

/* --- IMAP */

static void take_capabilities(struct fetch *fetch)
{
	struct slice rest = remote_capabilities(fetch->connection.remote);

	if (fetch->connection.knows_capabilities)
		return;
	fetch->connection.knows_capabilities = rest.len > 0;
	while (rest.len > 0)
		take_capability(fetch, slice_cut(&rest, ' '));
}

int fetch_listing_capabilities(struct fetch *fetch, struct error *error)
{
	fetch->connection.window = FETCH_FLIGHT;
	take_capabilities(fetch);
	if (fetch->connection.knows_capabilities)
		return 0;
	add(fetch, ASK_CAPABILITIES);
	return run(fetch, error);
}

static bool wants_compression(const struct fetch *fetch)
{
	return fetch->job->account->compress && !fetch->memory.no_compress;
}

static bool may_compress(const struct fetch *fetch)
{
	return wants_compression(fetch) && fetch->connection.can_compress && !fetch->connection.is_compressed;
}

int fetch_listing_compress(struct fetch *fetch, struct error *error)
{
	if (!may_compress(fetch))
		return 0;
	add(fetch, ASK_COMPRESS);
	return run(fetch, error);
}

static int list_whole(struct fetch *fetch, struct error *error)
{
	fetch->listing.known.is_there = false; /* the next month begins */
	plan_clear(&fetch->plan); /* in the order of the UIDs */
	fetch->listing.set = SLICE_LITERAL("1:*");
	if (fetch_listing_compress(fetch, error) != 0)
		return -1;
	add(fetch, ASK_SIZES);
	return run(fetch, error);
}

/* Whether the record and what was listed now are all that is there. -1: see error. */
static int is_all_known(struct fetch *fetch, bool *known, struct error *error)
{
	enum fetch_known_state state = fetch_known_check(fetch, false);
	bool searched = state == KNOWN_NEEDS_SEARCH;

	*known = false;
	if (searched) {
		add(fetch, ASK_FIND);
		if (run(fetch, error) != 0)
			return -1;
		state = fetch_known_check(fetch, true);
	}
	if (state != KNOWN_FITS)
		return 0;
	*known = true;
	fetch_known_add(fetch, searched);
	return 0;
}

static int list_imap(struct fetch *fetch, struct error *error)
{
	bool has_record = fetch_known_load(fetch), is_known = false;

	take_capabilities(fetch);
	if (!fetch->connection.knows_capabilities) {
		add(fetch, ASK_CAPABILITIES);
		if (has_record && run(fetch, error) != 0)
			return -1;
	}
	/* Some small servers give a message the UID of another one: only a whole listing, with its order, finds that. */
	has_record = has_record && fetch->connection.keeps_uids;
	add(fetch, ASK_OPEN);
	if (has_record)
		add(fetch, ASK_SIZES);
	fetch->listing.set = buf_slice(&fetch->listing.known.set);
	if (run(fetch, error) != 0)
		return -1;
	if (fetch->listing.is_missing)
		return 0;
	if (has_record && is_all_known(fetch, &is_known, error) != 0)
		return -1;
	return is_known ? 0 : list_whole(fetch, error);
}

int fetch_listing_run(struct fetch *fetch, struct error *error)
{
	fetch->listing = (struct fetch_listing){.header = BUF_INIT(HEADER_MAX)};
	fetch->connection.is_careful = !fetch->is_imap;
	fetch->connection.window = fetch->memory.one_by_one ? 1 : FETCH_FLIGHT;
	if ((fetch->is_imap ? list_imap(fetch, error) : list_pop3(fetch, error)) != 0)
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
	fetch_known_clear(&fetch->listing.known);
	fetch->listing = (struct fetch_listing){0};
}
