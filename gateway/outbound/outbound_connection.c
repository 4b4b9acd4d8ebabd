/* One connection: the messages in progress on it, and their handling when it breaks. */
#include "gateway/outbound/outbound_priv.h"

#include "base/process/thread_activity.h"
#include "base/file/fsx.h"
#include "base/i18n.h"

#define TRIES 2 /* lost connections during a message before it is deferred */

static void add(struct connection *connection, struct sending *sending)
{
	connection->window[connection->count++] = sending;
}

static void finish(struct connection *connection, struct sending *sending)
{
	struct entry *entry = sending->entry;

	outbound_settle(sending);
	if (sending->is_partial) {
		outbound_host_give_back(connection->host, entry);
	} else {
		outbound_keep_claim(connection, sending);
		outbound_host_finish(connection->host, entry);
	}
	outbound_sending_close(sending);
}

/* --- sending */

/* Makes the attempts durable, together with the rest of the batch: outcomes of other messages. */
static int announce(struct connection *connection, struct sending *const *sendings, size_t count, struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		const struct fact attempt = {.kind = FACT_ATTEMPT, .id = sendings[i]->envelope.id.text};

		if (sendings[i]->is_announced)
			continue;
		intake_batch_append(connection->batch, NULL, NULL, &attempt, 1);
		sendings[i]->is_announced = true;
	}
	return outbound_commit(connection) == 0 ? 0 : error_set(error, ERROR_IO, N_("cannot write the intake log"));
}

static int put_wanted(struct connection *connection, struct error *error)
{
	const struct sending *sending = connection->count > 0 ? connection->window[connection->count - 1] : NULL;
	const struct slice parts[2] = {sending != NULL ? buf_slice(&sending->header) : SLICE_NONE,
	    sending != NULL ? sending->body : SLICE_NONE};

	if (smtp_client_wants(&connection->smarthost.client) == NULL)
		return 0;
	if (smarthost_put(&connection->smarthost, parts, 2, error) != 0)
		return -1;
	/* Before the end of the message is sent. */
	return sending == NULL ? 0 : fsx_check_map(sending->message, error);
}

/* The next message that may be sent, NULL if there is none. */
static struct sending *open_next(struct connection *connection)
{
	struct entry *entry;

	while ((entry = outbound_host_take(connection->host)) != NULL) {
		struct sending *sending = outbound_sending_open(connection, entry);

		if (sending == NULL)
			outbound_host_finish(connection->host, entry);
		else if (outbound_sending_fits(sending, &connection->smarthost.client))
			return sending;
		else
			finish(connection, sending);
	}
	return NULL;
}

/* Takes the next messages, at most `room`, none after one that the client must wait for. */
static size_t take(struct connection *connection, size_t room, struct sending **fresh)
{
	const struct smtp_client *client = &connection->smarthost.client;
	size_t count = 0;

	while (count < room) {
		struct sending *sending = connection->spare != NULL ? connection->spare : open_next(connection);

		connection->spare = NULL;
		if (sending == NULL)
			break;
		fresh[count++] = sending;
		if (!smtp_client_is_eager(client, &sending->transaction))
			break;
	}
	return count;
}

static void drop(struct connection *connection, struct sending **fresh, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		outbound_host_give_back(connection->host, fresh[i]->entry);
		outbound_sending_close(fresh[i]);
	}
}

/* Begins as many as are allowed. */
static int refill(struct connection *connection, struct error *error)
{
	struct smtp_client *client = &connection->smarthost.client;
	struct sending *fresh[SMTP_WINDOW];
	size_t count = take(connection, smtp_client_room(client), fresh);

	/* If messages do not wait for a reply, all of them are recorded at once. */
	if (count > 0 && smtp_client_is_eager(client, &fresh[0]->transaction) && announce(connection, fresh, count, error) != 0) {
		drop(connection, fresh, count);
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		add(connection, fresh[i]);
		thread_activity_step("message %s", fresh[i]->envelope.id.text);
		smtp_client_begin(client, &fresh[i]->transaction);
		if (put_wanted(connection, error) == 0)
			continue;
		drop(connection, fresh + i + 1, count - i - 1);
		return -1;
	}
	return 0;
}

/* --- results */

static void give_back(struct connection *connection, struct sending *sending)
{
	outbound_host_give_back(connection->host, sending->entry);
	outbound_sending_close(sending);
}

/* No recipient was accepted, and not because of the message: there are too many connections. */
static bool is_turned_away(const struct sending *sending)
{
	for (size_t i = 0; i < sending->transaction.count; i++)
		if (!smtp_reply_is_of_connection(&sending->transaction.recipients[i].reply))
			return false;
	return true;
}

static void settle(struct connection *connection, struct sending *sending)
{
	if (is_turned_away(sending)) {
		connection->is_turned_away = true;
		connection->reply = sending->transaction.recipients[0].reply;
		give_back(connection, sending);
	} else if (outbound_sending_wants_name(sending)) {
		outbound_host_set_refuses_null(connection->host);
		sending->entry->in_our_name = true;
		outbound_journal(sending, EVENT_ATTEMPT, "", PHRASE(N_("the smarthost does not "
		    "accept mail without a sender; its login address is used as the sender")));
		give_back(connection, sending);
	} else {
		connection->progressed = true;
		finish(connection, sending);
	}
}

static void collect(struct connection *connection)
{
	size_t done = 0;

	while (done < connection->count && connection->window[done]->transaction.step == SMTP_DONE)
		settle(connection, connection->window[done++]);
	connection->count -= done;
	memmove(connection->window, connection->window + done, connection->count * sizeof(*connection->window));
}

/* It may have been accepted without a reply. */
static bool is_in_doubt(const struct connection *connection, const struct smtp_transaction *transaction)
{
	return transaction->is_whole && !connection->smarthost.client.is_leaving &&
	       (transaction->accepted > 0 || transaction->answered < transaction->sent);
}

/* The connection is lost. */
static void abandon(struct connection *connection, const struct error *error)
{
	const struct smtp_client *client = &connection->smarthost.client;
	bool is_its_own = (client->stutters && !client->one_by_one) || (client->is_leaving && smtp_reply_is_of_connection(&client->reply));

	collect(connection);
	for (size_t i = 0; i < connection->count; i++) {
		struct sending *sending = connection->window[i];
		bool doubt = is_in_doubt(connection, &sending->transaction);

		/* Only the oldest message can be the cause. */
		sending->entry->breaks += i == 0 && !is_its_own;
		if (doubt)
			outbound_journal(sending, EVENT_IN_DOUBT, "", error->phrase);
		if (doubt || (sending->entry->breaks >= TRIES && error->class != ERROR_CANCELLED)) {
			outbound_undecide(sending, error->phrase, client->stutters);
			finish(connection, sending);
		} else {
			give_back(connection, sending);
		}
	}
	connection->count = 0;
	if (connection->spare != NULL)
		drop(connection, &connection->spare, 1);
	connection->spare = NULL;
}

/* Sends the pending output and waits for replies. Meanwhile the disk works: attempts and outcomes are made durable
 * before the replies are read that release messages. */
static int exchange(struct connection *connection, struct error *error)
{
	int result;

	if (smarthost_flush(&connection->smarthost, error) != 0 || announce(connection, connection->window, connection->count, error) != 0)
		return -1;
	if (connection->spare == NULL)
		connection->spare = open_next(connection);
	thread_activity_wait();
	result = smarthost_exchange(&connection->smarthost, error);
	thread_activity_resume();
	return result;
}

int outbound_connection_run(struct connection *connection, struct error *error)
{
	for (;;) {
		if (put_wanted(connection, error) != 0 || (!connection->is_turned_away && refill(connection, error) != 0))
			break;
		if (connection->count == 0 && connection->is_turned_away) {
			error_set(error, ERROR_TEMPORARY, N_("%s accepts fewer connections: %s"), remote_host(connection->smarthost.remote),
			    connection->reply.text);
			break;
		}
		if (connection->count == 0)
			return 0;
		if (exchange(connection, error) != 0)
			break;
		collect(connection);
	}
	abandon(connection, error);
	return -1;
}
