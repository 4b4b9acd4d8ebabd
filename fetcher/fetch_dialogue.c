#include "fetcher/fetch_dialogue.h"

#include "fetcher/fetch_priv.h"

/* --- commands */

static const enum pop3_command pop3_commands[] = {
    [ASK_CAPABILITIES] = POP3_CAPA,
    [ASK_OPEN] = POP3_UIDL,
    [ASK_SIZES] = POP3_LIST,
    [ASK_HEADER] = POP3_TOP,
    [ASK_TOP] = POP3_TOP,
    [ASK_MESSAGE] = POP3_RETR,
    [ASK_DELETE] = POP3_DELE,
    [ASK_EXPUNGE] = POP3_STAT, /* never requested */
    [ASK_ALIVE] = POP3_NOOP,
    [ASK_FIND] = POP3_STAT, /* never requested */
    [ASK_COMPRESS] = POP3_STAT, /* never requested */
    [ASK_FOLDERS] = POP3_STAT, /* never requested */
    [ASK_EXAMINE] = POP3_STAT, /* never requested */
    [ASK_NOTIFY] = POP3_STAT,  /* never requested */
    [ASK_STRUCTURE] = POP3_STAT, /* never requested */
    [ASK_PARTS] = POP3_STAT,   /* never requested */
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
    [ASK_FIND] = IMAP_FIND,
    [ASK_COMPRESS] = IMAP_COMPRESS,
    [ASK_FOLDERS] = IMAP_FOLDERS,
    [ASK_EXAMINE] = IMAP_EXAMINE,
    [ASK_NOTIFY] = IMAP_NOTIFY,
    [ASK_STRUCTURE] = IMAP_STRUCTURE,
    [ASK_PARTS] = IMAP_PARTS,
    [ASK_GOODBYE] = IMAP_LOGOUT,
};

#define TOP_LINES 40

static enum fetch_ask asked_by(bool is_imap, unsigned command)
{
	if (is_imap && command == IMAP_EXPUNGE_ALL)
		return ASK_EXPUNGE;
	if (is_imap && command == IMAP_REST)
		return ASK_MESSAGE;
	for (enum fetch_ask ask = ASK_CAPABILITIES; ask < ASK_GOODBYE; ask++)
		if (is_imap ? imap_commands[ask] == command : pop3_commands[ask] == command)
			return ask;
	return ASK_GOODBYE;
}

bool fetch_dialogue_ask(struct fetch *fetch, enum fetch_ask ask, const struct plan_item *item)
{
	uint32_t number = item == NULL ? 0 : item->number;

	if (fetch->is_imap)
		return imap_client_send(&fetch->connection.imap, imap_commands[ask], number, SLICE_NONE);
	return pop3_client_send(&fetch->connection.pop3, pop3_commands[ask], number,
	    ask == ASK_TOP ? TOP_LINES : 0);
}

bool fetch_dialogue_ask_expunge(struct fetch *fetch, struct slice uids)
{
	return imap_client_send(&fetch->connection.imap,
	    fetch->connection.can_expunge_some ? IMAP_EXPUNGE : IMAP_EXPUNGE_ALL, 0, uids);
}

bool fetch_dialogue_ask_rest(struct fetch *fetch, const struct plan_item *item, struct slice part)
{
	return imap_client_send(&fetch->connection.imap, IMAP_REST, item->number, part);
}

bool fetch_dialogue_ask_parts(struct fetch *fetch, const struct plan_item *item, struct slice sections)
{
	return imap_client_send(&fetch->connection.imap, IMAP_PARTS, item->number, sections);
}

bool fetch_dialogue_ask_list(struct fetch *fetch, struct slice set)
{
	return fetch->is_imap ? imap_client_send(&fetch->connection.imap, IMAP_LIST, 0, set) : fetch_dialogue_ask(fetch, ASK_SIZES, NULL);
}

bool fetch_dialogue_ask_find(struct fetch *fetch, uint32_t uid)
{
	return imap_client_send(&fetch->connection.imap, IMAP_FIND, uid, SLICE_NONE);
}

bool fetch_dialogue_ask_folder(struct fetch *fetch, enum fetch_ask ask, struct slice argument)
{
	return imap_client_send(&fetch->connection.imap, imap_commands[ask], 0, argument);
}

size_t fetch_dialogue_under_way(const struct fetch *fetch)
{
	return fetch->is_imap ? fetch->connection.imap.count : fetch->connection.pop3.count;
}

bool fetch_dialogue_oldest(const struct fetch *fetch, enum fetch_ask *ask, struct plan_item **item)
{
	const struct pop3_client *pop3 = &fetch->connection.pop3;
	const struct imap_client *imap = &fetch->connection.imap;
	size_t at = imap->first;

	if (fetch_dialogue_under_way(fetch) == 0)
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

/* --- converts events of one protocol to common events */

enum next {
	NEXT_EVENT,
	NEXT_NEEDS_INPUT,
	NEXT_IS_GARBAGE, /* see the error */
};

static enum next next_pop3(struct fetch *fetch, struct fetch_event *event, struct error *error)
{
	static const enum fetch_what whats[] = {
	    [POP3_REPLY] = GOT_REPLY,
	    [POP3_LINE] = GOT_LINE,
	    [POP3_DATA] = GOT_DATA,
	    [POP3_END] = GOT_END,
	};
	struct pop3_event got;
	enum pop3_what what = pop3_client_next(&fetch->connection.pop3, &fetch->connection.input, &got);

	if (what == POP3_NEED)
		return NEXT_NEEDS_INPUT;
	if (what == POP3_GARBAGE) {
		fetch_connection_garbled(fetch, got.text, error);
		return NEXT_IS_GARBAGE;
	}
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
	return NEXT_EVENT;
}

/* What the server says about the mailbox as a whole is kept in the listing. Returns false for any other event. */
static bool note_mailbox(struct fetch *fetch, enum imap_what what, const struct imap_event *got)
{
	switch (what) {
	case IMAP_VALIDITY:
		fetch->listing.validity = got->number;
		return true;
	case IMAP_EXISTS:
		fetch->listing.exists = got->number;
		return true;
	case IMAP_UIDNEXT:
		fetch->listing.next = got->number;
		return true;
	case IMAP_MODSEQ:
		fetch->listing.modseq = got->size;
		return true;
	case IMAP_EXPUNGED:
	case IMAP_STATUS:
		return true;
	default:
		return false;
	}
}

static enum next next_imap(struct fetch *fetch, struct fetch_event *event, struct error *error)
{
	static const enum fetch_what whats[] = {
	    [IMAP_REPLY] = GOT_REPLY,
	    [IMAP_DONE] = GOT_NEWS,
	    [IMAP_CAN] = GOT_CAN,
	    [IMAP_FOUND] = GOT_LINE,
	    [IMAP_FOLDER] = GOT_FOLDER,
	    [IMAP_LISTED] = GOT_NEWS,
	    [IMAP_PARTS_OF] = GOT_LINE,
	    [IMAP_SECTION] = GOT_SECTION,
	    [IMAP_DATA_BEGIN] = GOT_REPLY,
	    [IMAP_DATA] = GOT_DATA,
	    [IMAP_DATA_END] = GOT_END,
	};
	struct imap_event got;
	enum imap_what what;

	do {
		what = imap_client_next(&fetch->connection.imap, &fetch->connection.input, &got);
		/* Under the same numbers there may be other messages now, which must not be deleted. */
		if (what == IMAP_VALIDITY && fetch->listing.validity != 0 && fetch->listing.validity != got.number) {
			fetch_connection_garbled(fetch, SLICE_LITERAL("(another UIDVALIDITY)"), error);
			return NEXT_IS_GARBAGE;
		}
	} while (note_mailbox(fetch, what, &got));
	if (what == IMAP_NEED)
		return NEXT_NEEDS_INPUT;
	if (what == IMAP_GARBAGE) {
		fetch_connection_garbled(fetch, got.text, error);
		return NEXT_IS_GARBAGE;
	}
	if (what == IMAP_LISTED)
		plan_add_uid(&fetch->plan, fetch->listing.validity, got.number, got.size, got.is_deleted);
	*event = (struct fetch_event){
	    .what = whats[what],
	    .ask = asked_by(true, (unsigned)got.command),
	    .item = plan_find(&fetch->plan, got.number),
	    .ok = got.ok || what == IMAP_DATA_BEGIN,
	    .size = got.size,
	    .text = got.text,
	    .raw = got.raw,
	};
	return NEXT_EVENT;
}

static int next_event(struct fetch *fetch, struct fetch_event *event, struct error *error)
{
	enum next next;

	while ((next = fetch->is_imap ? next_imap(fetch, event, error) : next_pop3(fetch, event, error)) == NEXT_NEEDS_INPUT)
		if (fetch_connection_exchange(fetch, error) != 0)
			return -1;
	fetch->connection.silent = 0;
	if (next == NEXT_IS_GARBAGE)
		return -1;
	if (event->what == GOT_REPLY)
		fetch->connection.answers++;
	if (event->what == GOT_REPLY || event->what == GOT_END) {
		fetch_connection_renew_deadline(fetch, event->item);
		slowness_answered(&fetch->slowness);
	}
	return 0;
}

int fetch_dialogue_run(struct fetch *fetch, fetch_feed feed, fetch_on_event on_event, struct error *error)
{
	struct fetch_event event;

	fetch_connection_renew_deadline(fetch, NULL);
	for (;;) {
		while (fetch_dialogue_under_way(fetch) < fetch->connection.window && feed(fetch))
			;
		if (fetch_dialogue_under_way(fetch) == 0)
			return 0;
		if (next_event(fetch, &event, error) != 0 || on_event(fetch, &event, error) != 0)
			return -1;
	}
}
