/* The servers of the demo: the origin and the destination of its messages. */
#include "ui-tui/demo/demo.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "message/compose.h"
#include "message/decode.h"

#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define AWAIT_MS 20000
#define SEND_SECONDS 15L

/* --- sending, as a mail program does */

struct upload {
	struct slice rest;
};

static size_t read_upload(char *room, size_t size, size_t count, void *context)
{
	struct upload *upload = context;
	size_t part = upload->rest.len < size * count ? upload->rest.len : size * count;

	memcpy(room, upload->rest.ptr, part);
	upload->rest = slice_from(upload->rest, part);
	return part;
}

static int compose(const struct demo_outgoing *letter, struct buf *out, struct error *error)
{
	struct addr from, to;

	if (!addr_parse(slice_of(letter->sender), &from) || !addr_parse(slice_of(letter->recipient), &to))
		return error_set(error, ERROR_PERMANENT, N_("`%s` is not a mail address (example: ivan@example.ru)"), letter->recipient);
	return compose_message(
	    &(struct compose){
		.from = &from,
		.to = &to,
		.subject = slice_of(letter->subject),
		.date = clock_wall(),
		.parts = {{COMPOSE_TEXT, slice_of(letter->text)}},
		.part_count = 1,
	    },
	    out, error);
}

static CURLcode perform(const struct demo_outgoing *letter, struct upload *upload)
{
	CURL *curl = curl_easy_init();
	char *url = xasprintf("smtp://127.0.0.1:%u/pc.office.lan", letter->port);
	struct curl_slist *recipients = curl_slist_append(NULL, letter->recipient);
	CURLcode code = CURLE_OUT_OF_MEMORY;

	if (curl != NULL) {
		curl_easy_setopt(curl, CURLOPT_URL, url);
		curl_easy_setopt(curl, CURLOPT_PROXY, "");
		curl_easy_setopt(curl, CURLOPT_MAIL_FROM, letter->sender);
		curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
		curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_upload);
		curl_easy_setopt(curl, CURLOPT_READDATA, upload);
		curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(curl, CURLOPT_TIMEOUT, SEND_SECONDS);
		code = curl_easy_perform(curl);
	}
	curl_easy_cleanup(curl);
	curl_slist_free_all(recipients);
	free(url);
	return code;
}

int demo_send(const struct demo_outgoing *letter, struct error *error)
{
	struct buf text = BUF_INIT(16384);
	struct upload upload;
	CURLcode code;

	if (compose(letter, &text, error) != 0) {
		buf_clear(&text);
		return -1;
	}
	upload.rest = buf_slice(&text);
	code = perform(letter, &upload);
	buf_clear(&text);
	return code == CURLE_OK ? 0
				: error_set(error, ERROR_TEMPORARY, N_("smtp://127.0.0.1:%u: \"%s\""),
				      letter->port, curl_easy_strerror(code));
}

/* --- reading mailboxes */

size_t demo_count(const struct conf *conf, const char *user)
{
	struct mailbox_list list;
	struct error ignored;
	size_t count;

	if (mailbox_list(SPOOL_OF(conf), user, &list, &ignored) != 0)
		return 0;
	count = list.count;
	mailbox_list_clear(&list);
	return count;
}

int demo_await(const struct conf *conf, const char *user, size_t count, struct error *error)
{
	int64_t deadline = clock_now_ms() + AWAIT_MS;

	while (demo_count(conf, user) < count) {
		if (demo_interrupted())
			return error_set(error, ERROR_CANCELLED, N_("interrupted"));
		if (clock_now_ms() > deadline)
			return error_set(error, ERROR_TEMPORARY,
			    N_("nothing arrived for %s within %d seconds"), user, AWAIT_MS / 1000);
		poll(NULL, 0, 20);
	}
	return 0;
}

int demo_each(const struct conf *conf, const char *user, demo_message_fn fn, void *context,
    struct error *error)
{
	struct mailbox_list list;

	if (mailbox_list(SPOOL_OF(conf), user, &list, error) != 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		struct slice bytes;

		if (mailbox_open(SPOOL_OF(conf), user, &list.items[i], &bytes, error) != 0)
			continue;
		fn(context, &list.items[i], bytes);
		fsx_unmap(bytes);
	}
	mailbox_list_clear(&list);
	return 0;
}

char *demo_header(struct slice message, const char *name)
{
	struct buf text = BUF_INIT(1024);
	struct header_field field;
	char *shown = xcalloc(1, 2048);

	if (header_find(message, name, &field)) {
		decode_field(&field, decode_message_charset(message), &text);
		str_printable(shown, 2048, buf_slice(&text));
	}
	buf_clear(&text);
	return shown;
}
