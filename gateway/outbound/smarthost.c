#include "gateway/outbound/smarthost.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "config/conf.h"

#include <stdio.h>

#define REPLY_MS 120000
#define FINAL_MS 600000 /* RFC 5321 4.5.3.2.6: a server may need this long for the message */
#define PIECE 16384
#define OUT_FULL 65536 /* bytes that are collected for one write */

int smarthost_flush(struct smarthost *smarthost, struct error *error)
{
	struct buf *out = &smarthost->client.out;
	enum remote_result result;

	if (out->len == 0)
		return 0;
	result = remote_send(smarthost->remote, buf_slice(out), clock_now_ms() + REPLY_MS);
	buf_reset(out);
	if (result == REMOTE_OK)
		return 0;
	return remote_error(smarthost->remote, result, N_("sending"), error);
}

static int broken(const struct smarthost *smarthost, struct error *error)
{
	const struct smtp_reply *reply = &smarthost->client.reply;

	if (reply->code >= 400)
		return error_set(error, ERROR_TEMPORARY, N_("%s closed the connection: %s"),
		    remote_host(smarthost->remote), reply->text);
	return error_set(error, ERROR_PROTOCOL, N_("%s sent an invalid SMTP reply"),
	    remote_host(smarthost->remote));
}

static int receive(struct smarthost *smarthost, int64_t deadline, struct error *error)
{
	enum remote_result result;
	char input[4096];
	size_t got;

	result = remote_recv(smarthost->remote, input, sizeof(input), &got, deadline);
	if (result != REMOTE_OK)
		return remote_error(smarthost->remote, result, N_("waiting for a reply"), error);
	if (smtp_client_feed(&smarthost->client, slice_make(input, got)) == SMTP_BROKEN)
		return broken(smarthost, error);
	return 0;
}

int smarthost_exchange(struct smarthost *smarthost, struct error *error)
{
	const struct smtp_client *client = &smarthost->client;
	const struct smtp_transaction *oldest = client->count > 0 ? client->window[client->first] : NULL;
	bool is_final = oldest != NULL && oldest->step == SMTP_FINAL;
	uint64_t replies = client->replies;
	int64_t deadline;

	if (smarthost_flush(smarthost, error) != 0)
		return -1;
	deadline = clock_now_ms() + (is_final ? FINAL_MS : REPLY_MS);
	while (client->replies == replies)
		if (receive(smarthost, deadline, error) != 0)
			return -1;
	return 0;
}

int smarthost_put(struct smarthost *smarthost, const struct slice *parts, size_t count, struct error *error)
{
	struct smtp_client *client = &smarthost->client;

	for (size_t i = 0; i < count; i++) {
		for (struct slice rest = parts[i]; rest.len > 0;) {
			size_t len = rest.len < PIECE ? rest.len : PIECE;

			smtp_client_data(client, slice_make(rest.ptr, len));
			rest = slice_from(rest, len);
			if (client->out.len >= OUT_FULL && smarthost_flush(smarthost, error) != 0)
				return -1;
		}
	}
	smtp_client_data_end(client);
	return client->out.len >= OUT_FULL ? smarthost_flush(smarthost, error) : 0;
}

void smarthost_hang_up(struct smarthost *smarthost)
{
	if (smarthost->remote == NULL)
		return;
	remote_close(smarthost->remote);
	smarthost->remote = NULL;
	smtp_client_clear(&smarthost->client);
}

int smarthost_connect(struct smarthost *smarthost, bool may_pipeline, struct error *error)
{
	const struct remote_options options = {
	    .remote = &smarthost->settings->remote,
	    .hostname = smarthost->conf->gateway.hostname,
	    .proxy = smarthost->conf->line.proxy,
	    .cancel = smarthost->cancel,
	    .secrets = smarthost->secrets,
	    .wire = smarthost->wire,
	    .known = &smarthost->login_way,
	};

	if (smarthost->remote != NULL)
		return 0;
	if (remote_open(&smarthost->remote, &options, error) != 0)
		return -1;
	smtp_client_init(&smarthost->client);
	/* The login has sent EHLO: another one would cost a round trip. */
	smtp_client_feed(&smarthost->client, remote_hello(smarthost->remote));
	if (smarthost->client.state != SMTP_READY) {
		smarthost_hang_up(smarthost);
		return error_set(error, ERROR_PROTOCOL, N_("%s sent an invalid reply to EHLO"),
		    smarthost->settings->remote.url);
	}
	smarthost->client.can_pipeline = smarthost->client.can_pipeline && may_pipeline;
	return 0;
}

void smarthost_close(struct smarthost *smarthost)
{
	struct error ignored;

	if (smarthost->remote == NULL)
		return;
	smtp_client_quit(&smarthost->client);
	smarthost_flush(smarthost, &ignored);
	smarthost_hang_up(smarthost);
}
