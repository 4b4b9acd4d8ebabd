/* One connection: the messages in progress on it, and their handling when it breaks. */
#include "gateway/outbound/outbound_priv.h"

#include "base/process/thread_activity.h"
#include "base/fsx.h"
#include "base/i18n.h"
#include "base/log.h"

#define TRIES 2 /* lost connections during a message before it is deferred */

static void add(struct lane *lane, struct sending *sending)
{
	lane->window[lane->count++] = sending;
}

static void finish(struct lane *lane, struct sending *sending)
{
	struct entry *entry = sending->entry;

	outbound_settle(sending);
	if (sending->is_partial)
		host_give_back(lane->host, entry);
	else
		host_finish(lane->host, entry);
	sending_close(sending);
}

/* --- sending */

/* Makes the attempts durable, together with the rest of the batch: outcomes of other messages. */
static int announce(struct lane *lane, struct sending *const *sendings, size_t count, struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		const struct fact attempt = {.kind = FACT_ATTEMPT, .id = sendings[i]->envelope.id.text};

		if (sendings[i]->is_announced)
			continue;
		intake_batch_append(lane->batch, NULL, NULL, &attempt, 1);
		sendings[i]->is_announced = true;
	}
	return outbound_commit(lane) == 0 ? 0 : error_set(error, ERROR_IO, N_("cannot write the intake log"));
}

static int put_wanted(struct lane *lane, struct error *error)
{
	const struct sending *sending = lane->count > 0 ? lane->window[lane->count - 1] : NULL;
	const struct slice parts[2] = {sending != NULL ? buf_slice(&sending->header) : SLICE_NONE,
	    sending != NULL ? sending->body : SLICE_NONE};

	if (smtp_client_wants(&lane->smarthost.client) == NULL)
		return 0;
	if (smarthost_put(&lane->smarthost, parts, 2, error) != 0)
		return -1;
	/* Before the end of the message is sent. */
	return sending == NULL ? 0 : fsx_check_map(sending->message, error);
}

/* The next message that may be sent, NULL if there is none. */
static struct sending *open_next(struct lane *lane)
{
	struct entry *entry;

	while ((entry = host_take(lane->host)) != NULL) {
		struct sending *sending = sending_open(lane, entry);

		if (sending == NULL)
			host_finish(lane->host, entry);
		else if (sending_fits(sending, &lane->smarthost.client))
			return sending;
		else
			finish(lane, sending);
	}
	return NULL;
}

/* Takes the next messages, at most `room`, none after one that the client must wait for. */
static size_t take(struct lane *lane, size_t room, struct sending **fresh)
{
	const struct smtp_client *client = &lane->smarthost.client;
	size_t count = 0;

	while (count < room) {
		struct sending *sending = lane->spare != NULL ? lane->spare : open_next(lane);

		lane->spare = NULL;
		if (sending == NULL)
			break;
		fresh[count++] = sending;
		if (!smtp_client_is_eager(client, &sending->transaction))
			break;
	}
	return count;
}

static void drop(struct lane *lane, struct sending **fresh, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		host_give_back(lane->host, fresh[i]->entry);
		sending_close(fresh[i]);
	}
}

/* Begins as many as there is room for. */
static int refill(struct lane *lane, struct error *error)
{
	struct smtp_client *client = &lane->smarthost.client;
	struct sending *fresh[SMTP_WINDOW];
	size_t count = take(lane, smtp_client_room(client), fresh);

	/* If messages do not wait for a reply, all of them are recorded at once. */
	if (count > 0 && smtp_client_is_eager(client, &fresh[0]->transaction) && announce(lane, fresh, count, error) != 0) {
		drop(lane, fresh, count);
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		add(lane, fresh[i]);
		thread_activity_step("message %s", fresh[i]->envelope.id.text);
		smtp_client_begin(client, &fresh[i]->transaction);
		if (put_wanted(lane, error) == 0)
			continue;
		drop(lane, fresh + i + 1, count - i - 1);
		return -1;
	}
	return 0;
}

/* --- results */

static void give_back(struct lane *lane, struct sending *sending)
{
	host_give_back(lane->host, sending->entry);
	sending_close(sending);
}

/* No recipient was accepted, and not because of the message: there are too many connections. */
static bool is_turned_away(const struct sending *sending)
{
	for (size_t i = 0; i < sending->transaction.count; i++)
		if (!smtp_reply_is_of_connection(&sending->transaction.recipients[i].reply))
			return false;
	return true;
}

static void settle(struct lane *lane, struct sending *sending)
{
	if (is_turned_away(sending)) {
		lane->is_turned_away = true;
		lane->reply = sending->transaction.recipients[0].reply;
		give_back(lane, sending);
	} else if (sending_wants_name(sending)) {
		host_set_refuses_null(lane->host);
		sending->entry->in_our_name = true;
		outbound_journal(sending, EVENT_ATTEMPT, "", PHRASE(N_("the smarthost does not "
		    "accept mail without a sender; its login address is used as the sender")));
		give_back(lane, sending);
	} else {
		lane->progressed = true;
		finish(lane, sending);
	}
}

static void collect(struct lane *lane)
{
	size_t done = 0;

	while (done < lane->count && lane->window[done]->transaction.step == SMTP_DONE)
		settle(lane, lane->window[done++]);
	lane->count -= done;
	memmove(lane->window, lane->window + done, lane->count * sizeof(*lane->window));
}

/* It may have been accepted without a reply. */
static bool is_in_doubt(const struct lane *lane, const struct smtp_transaction *transaction)
{
	return transaction->is_whole && !lane->smarthost.client.is_leaving &&
	       (transaction->accepted > 0 || transaction->answered < transaction->sent);
}

/* The connection is lost. */
static void abandon(struct lane *lane, const struct error *error)
{
	const struct smtp_client *client = &lane->smarthost.client;
	bool is_its_own = (client->stutters && !client->one_by_one) || (client->is_leaving && smtp_reply_is_of_connection(&client->reply));

	collect(lane);
	for (size_t i = 0; i < lane->count; i++) {
		struct sending *sending = lane->window[i];
		bool doubt = is_in_doubt(lane, &sending->transaction);

		/* Only the oldest message can be the cause. */
		sending->entry->breaks += i == 0 && !is_its_own;
		if (doubt)
			outbound_journal(sending, EVENT_IN_DOUBT, "", error->phrase);
		if (doubt || (sending->entry->breaks >= TRIES && error->class != ERROR_CANCELLED)) {
			outbound_undecide(sending, error->phrase, client->stutters);
			finish(lane, sending);
		} else {
			give_back(lane, sending);
		}
	}
	lane->count = 0;
	if (lane->spare != NULL)
		drop(lane, &lane->spare, 1);
	lane->spare = NULL;
}

/* Sends the pending output and waits for replies. Meanwhile the disk works: attempts and outcomes are made durable
 * before the replies are read that release messages. */
static int exchange(struct lane *lane, struct error *error)
{
	int result;

	if (smarthost_flush(&lane->smarthost, error) != 0 || announce(lane, lane->window, lane->count, error) != 0)
		return -1;
	if (lane->spare == NULL)
		lane->spare = open_next(lane);
	thread_activity_wait();
	result = smarthost_exchange(&lane->smarthost, error);
	thread_activity_resume();
	return result;
}

int lane_run(struct lane *lane, struct error *error)
{
	for (;;) {
		if (put_wanted(lane, error) != 0 || (!lane->is_turned_away && refill(lane, error) != 0))
			break;
		if (lane->count == 0 && lane->is_turned_away) {
			error_set(error, ERROR_TEMPORARY, N_("%s accepts fewer connections: %s"), remote_host(lane->smarthost.remote),
			    lane->reply.text);
			break;
		}
		if (lane->count == 0)
			return 0;
		if (exchange(lane, error) != 0)
			break;
		collect(lane);
	}
	abandon(lane, error);
	return -1;
}
