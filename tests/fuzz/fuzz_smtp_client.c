/*
 * Any server talks to the SMTP client: a recipient counts as sent only if the message was out, memory and what we send are
 * bounded, and no line of ours ends in anything but CRLF.
 */
#include "gateway/smtp_client.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECIPIENTS 3

static void check_sent(struct buf *out, struct buf *all)
{
	buf_append_slice(all, buf_slice(out));
	assert(!out->overflow);
	buf_reset(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_make((const char *)data, size);
	struct smtp_recipient recipients[RECIPIENTS] = {
	    {.address = "a@y"}, {.address = "b@y"}, {.address = "c@y"}};
	struct smtp_transaction transaction = {
	    .sender = "s@x", .recipients = recipients, .count = RECIPIENTS};
	struct buf all = BUF_INIT(1u << 20);
	struct smtp_client client;
	bool begun = false;

	smtp_client_init(&client);
	smtp_client_hello(&client, "h");
	while (rest.len > 0 && client.state != SMTP_BROKEN) {
		smtp_client_feed(&client, slice_make(rest.ptr, 1));
		rest = slice_from(rest, 1);
		if (client.state == SMTP_READY && !begun) {
			begun = true;
			smtp_client_begin(&client, &transaction);
		}
		if (client.state == SMTP_DATA) {
			smtp_client_data(&client, SLICE_LITERAL("A: b\n\n.\n.\r"));
			smtp_client_data_end(&client);
		}
		check_sent(&client.out, &all);
		assert(client.lines.line.len <= client.lines.line.limit);
	}
	if (begun && client.state == SMTP_READY)
		for (int i = 0; i < RECIPIENTS; i++) {
			assert(recipients[i].reply.code >= 200);
			assert(!smtp_reply_ok(&recipients[i].reply) || client.final_dot);
		}
	for (size_t i = 0; i < all.len; i++)
		assert((all.ptr[i] == '\n') == (i > 0 && all.ptr[i - 1] == '\r'));
	smtp_client_clear(&client);
	buf_clear(&all);
	return 0;
}
