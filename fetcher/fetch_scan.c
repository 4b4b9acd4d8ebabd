/*
 * Complete messages that wait for the verdict of the scanners, while the next ones are received.
 *
 * They are placed in the order of their arrival. Until then they count for nothing: they are in no batch, so a crash leaves them on the server. Their number and
 * their bytes in memory are bounded.
 */
#include "base/alloc.h"
#include "base/process/thread_activity.h"
#include "config/endpoint.h"
#include "fetcher/fetch_priv.h"
#include "message/addr.h"
#include "message/scan/received.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define WAITING_MAX 64
#define WAITING_BYTES (8u << 20)

/* --- the question */

/* The last hop outside the provider. */
static void find_hop(const struct conf_account *account, struct slice message, struct scan_facts *facts)
{
	struct strlist domains = {NULL, 0};
	char address[INET6_ADDRSTRLEN] = "";
	struct received_hop hop;

	received_domains(endpoint_of(account->remote.url).host, &domains);
	if (received_last_hop(message, account->trusted_received.count > 0 ? &account->trusted_received : &domains, &hop)) {
		if (IN6_IS_ADDR_V4MAPPED(&hop.address))
			inet_ntop(AF_INET, &hop.address.s6_addr[12], address, sizeof(address));
		else
			inet_ntop(AF_INET6, &hop.address, address, sizeof(address));
		scan_facts_set(&facts->address, slice_of(address));
		scan_facts_set(&facts->helo, slice_of(hop.helo));
		scan_facts_set(&facts->name, slice_of(hop.name));
	}
	strlist_clear(&domains);
}

static void ask(struct fetch *fetch, struct slice message)
{
	struct fetch_message *what = &fetch->message;
	struct filter_question question = {
	    .conf = fetch->job->conf,
	    .socket = fetch->job->filter_socket,
	    .sources = CONF_FETCHED,
	    .message = message,
	    .path = what->body.path,
	};
	struct scan_facts facts;
	char sender[ADDR_TEXT_MAX];

	scan_facts_init(&facts);
	scan_facts_set(&facts.id, slice_of(what->envelope.id.text));
	find_hop(fetch->job->account, message, &facts);
	if (received_sender(message, sender, sizeof(sender)))
		scan_facts_set(&facts.sender, slice_of(sender));
	question.facts = &facts;
	filter_ask_begin(&what->ticket, &question);
	scan_facts_clear(&facts);
}

/* --- waiting */

static struct fetch_message *oldest(struct fetch_scan *scan)
{
	return &scan->items[scan->first % WAITING_MAX];
}

static uint64_t bytes_of(const struct fetch_message *what)
{
	return what->body.path == NULL ? what->body.size : 0;
}

static int place_oldest(struct fetch *fetch, struct error *error)
{
	struct fetch_scan *scan = &fetch->scan;
	struct fetch_message what = *oldest(scan);
	struct scan_verdict verdict;
	int result;

	scan->first++;
	scan->count--;
	scan->bytes -= bytes_of(&what);
	thread_activity_step("waiting for the scanners");
	filter_ask_end(&what.ticket, fetch->job->cancel, &verdict);
	scan->is_away = scan->is_away || verdict.waits;
	result = fetch_message_place(fetch, &what, &verdict, error);
	fetch_message_clear(&what);
	return result;
}

static void put(struct fetch *fetch)
{
	struct fetch_scan *scan = &fetch->scan;

	if (scan->items == NULL)
		scan->items = xcalloc(WAITING_MAX, sizeof(*scan->items));
	scan->items[(scan->first + scan->count) % WAITING_MAX] = fetch->message;
	scan->count++;
	scan->bytes += bytes_of(&fetch->message);
	fetch_message_release(fetch);
}

/* A stub is; a message that comes without some of its parts has the text and the small parts of its sender. */
static bool is_our_own(const struct plan_item *item)
{
	return item->action == PLAN_STUB && !item->is_later;
}

int fetch_scan_take(struct fetch *fetch, struct error *error)
{
	struct fetch_scan *scan = &fetch->scan;
	struct slice message;

	fetch_partial_close(fetch); /* it is whole */
	if (is_our_own(fetch->message.item) || !filter_ask_is_wanted(fetch->job->conf, CONF_FETCHED))
		return fetch_message_place(fetch, &fetch->message, NULL, error);
	if (body_view(&fetch->message.body, &message, error) != 0)
		return -1;
	ask(fetch, message);
	put(fetch);
	while (scan->count > 0 &&
	       (scan->count == WAITING_MAX || scan->bytes > WAITING_BYTES || filter_ask_is_ready(&oldest(scan)->ticket)))
		if (place_oldest(fetch, error) != 0)
			return -1;
	return 0;
}

int fetch_scan_all(struct fetch *fetch, struct error *error)
{
	while (fetch->scan.count > 0)
		if (place_oldest(fetch, error) != 0)
			return -1;
	return 0;
}

bool fetch_scan_has_twin(const struct fetch *fetch, const struct envelope *envelope)
{
	const struct fetch_scan *scan = &fetch->scan;

	for (size_t i = 0; i < scan->count; i++) {
		const struct envelope *other = &scan->items[(scan->first + i) % WAITING_MAX].envelope;

		if (other->digest == envelope->digest && other->body == envelope->body)
			return true;
	}
	return false;
}

void fetch_scan_drop(struct fetch *fetch)
{
	struct fetch_scan *scan = &fetch->scan;

	for (; scan->count > 0; scan->first++, scan->count--)
		fetch_message_clear(oldest(scan));
	scan->bytes = 0;
}
