#include "gateway/smarthost.h"

#include "base/clock.h"
#include "base/i18n.h"

#include <stdio.h>

#define REPLY_MS 120000
#define FINAL_MS 600000 /* RFC 5321 4.5.3.2.6: a server may take its time over the message */
#define CHUNK 16384

static int flush(struct smarthost *smarthost, struct error *error)
{
	struct buf *out = &smarthost->client.out;
	enum remote_result result;

	if (out->len == 0)
		return 0;
	result = remote_send(smarthost->remote, buf_slice(out), clock_now_ms() + REPLY_MS);
	buf_reset(out);
	if (result == REMOTE_OK)
		return 0;
	return remote_error(smarthost->remote, result, _("sending"), error);
}

static int broken(const struct smarthost *smarthost, struct error *error)
{
	const struct smtp_reply *reply = &smarthost->client.reply;

	if (reply->code >= 400)
		return error_set(error, ERROR_TEMPORARY, _("%s broke off: %s"),
		    remote_host(smarthost->remote), reply->text);
	return error_set(error, ERROR_PROTOCOL, _("%s answers what no SMTP server answers"),
	    remote_host(smarthost->remote));
}

/* Waits until something is answered. */
static int await(struct smarthost *smarthost, int64_t deadline, struct error *error)
{
	enum remote_result result;
	char input[4096];
	size_t got;

	result = remote_recv(smarthost->remote, input, sizeof(input), &got, deadline);
	if (result != REMOTE_OK)
		return remote_error(smarthost->remote, result, _("waiting for a reply"), error);
	if (smtp_client_feed(&smarthost->client, slice_make(input, got)) == SMTP_BROKEN)
		return broken(smarthost, error);
	return 0;
}

static void hang_up(struct smarthost *smarthost)
{
	if (smarthost->remote == NULL)
		return;
	remote_close(smarthost->remote);
	smarthost->remote = NULL;
	smtp_client_clear(&smarthost->client);
}

int smarthost_connect(struct smarthost *smarthost, struct error *error)
{
	const struct remote_options options = {
	    .remote = &smarthost->settings->remote,
	    .hostname = smarthost->conf->gateway.hostname,
	    .proxy = smarthost->conf->line.proxy,
	    .cancel = smarthost->cancel,
	};
	int64_t deadline = clock_now_ms() + REPLY_MS;
	int result;

	if (smarthost->remote != NULL)
		return 0;
	if (remote_open(&smarthost->remote, &options, error) != 0)
		return -1;
	smtp_client_init(&smarthost->client);
	smtp_client_hello(&smarthost->client, smarthost->conf->gateway.hostname);
	result = flush(smarthost, error);
	while (result == 0 && smarthost->client.state != SMTP_READY)
		result = await(smarthost, deadline, error);
	if (result != 0)
		hang_up(smarthost);
	else if (!smarthost->may_pipeline)
		smarthost->client.can_pipeline = false;
	return result;
}

void smarthost_close(struct smarthost *smarthost)
{
	struct error ignored;

	if (smarthost->remote == NULL)
		return;
	smtp_client_quit(&smarthost->client);
	flush(smarthost, &ignored);
	hang_up(smarthost);
}

/* --- a transaction */

static int send_message(struct smarthost *smarthost, const struct slice *parts, size_t count,
    struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		for (struct slice rest = parts[i]; rest.len > 0;) {
			size_t len = rest.len < CHUNK ? rest.len : CHUNK;

			smtp_client_data(&smarthost->client, slice_make(rest.ptr, len));
			rest = slice_from(rest, len);
			if (flush(smarthost, error) != 0)
				return -1;
		}
	}
	return 0;
}

static int exchange(struct smarthost *smarthost, const struct slice *parts, size_t count,
    struct error *error)
{
	struct smtp_client *client = &smarthost->client;
	size_t answered = client->answered;
	int64_t deadline = clock_now_ms() + REPLY_MS;

	while (client->state != SMTP_READY) {
		if (client->state == SMTP_DATA) {
			if (send_message(smarthost, parts, count, error) != 0)
				return -1;
			smtp_client_data_end(client);
			deadline = clock_now_ms() + FINAL_MS;
		} else if (client->answered != answered) {
			deadline = clock_now_ms() + REPLY_MS;
		}
		answered = client->answered;
		if (flush(smarthost, error) != 0 || await(smarthost, deadline, error) != 0)
			return -1;
	}
	return 0;
}

enum smarthost_end smarthost_send(struct smarthost *smarthost, struct smtp_transaction *transaction,
    const struct slice *parts, size_t part_count, int (*before_data)(void *context), void *context,
    struct error *error)
{
	struct smtp_client *client = &smarthost->client;
	enum smarthost_end end;

	smtp_client_begin(client, transaction);
	if (flush(smarthost, error) != 0) {
		hang_up(smarthost);
		return SMARTHOST_BROKEN;
	}
	if (before_data(context) != 0) {
		hang_up(smarthost);
		return SMARTHOST_STOPPED;
	}
	if (exchange(smarthost, parts, part_count, error) == 0)
		return SMARTHOST_DONE;
	end = client->final_dot ? SMARTHOST_IN_DOUBT : SMARTHOST_BROKEN;
	hang_up(smarthost);
	return end;
}
