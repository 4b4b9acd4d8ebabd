/*
 * The SMTP client with any server and several messages in progress: a recipient counts as sent only if the message was
 * sent, results come in order, memory and output are bounded, and every line that we send ends in CRLF.
 */
#include "upstream/smtp_client.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECIPIENTS 2
#define LETTERS 20

struct letter {
	struct smtp_recipient recipients[RECIPIENTS];
	struct smtp_transaction transaction;
};

static void check_sent(struct buf *out, struct buf *all)
{
	assert(!out->overflow);
	buf_append_slice(all, buf_slice(out));
	buf_reset(out);
}

static void put_wanted(struct smtp_client *client)
{
	if (smtp_client_wants(client) == NULL)
		return;
	smtp_client_data(client, SLICE_LITERAL("A: b\n\n.\n.\r"));
	smtp_client_data_end(client);
}

static void check_fates(const struct letter *letters, size_t begun)
{
	for (size_t i = 0; i < begun; i++)
		for (int j = 0; j < RECIPIENTS; j++) {
			const struct smtp_reply *reply = &letters[i].recipients[j].reply;

			if (letters[i].transaction.step != SMTP_DONE)
				continue;
			assert(i == 0 || letters[i - 1].transaction.step == SMTP_DONE);
			assert(reply->code >= 200);
			assert(!smtp_reply_ok(reply) || letters[i].transaction.is_whole);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_make((const char *)data, size);
	struct letter letters[LETTERS] = {0};
	struct buf all = BUF_INIT(1u << 20);
	struct smtp_client client;
	size_t begun = 0;

	smtp_client_init(&client);
	while (rest.len > 0 && client.state != SMTP_BROKEN) {
		smtp_client_feed(&client, slice_make(rest.ptr, 1));
		rest = slice_from(rest, 1);
		put_wanted(&client);
		for (size_t room = smtp_client_room(&client); room > 0 && begun < LETTERS; room--) {
			struct letter *letter = &letters[begun++];

			letter->recipients[0].address = letter->recipients[1].address = "a@y";
			letter->recipients[0].notify = DSN_SUCCESS | DSN_DELAY;
			letter->recipients[0].orcpt = "rfc822;a+2Bb@y";
			letter->transaction = (struct smtp_transaction){
			    .sender = "s@x", .ret = DSN_RET_HDRS, .envid = "e", .recipients = letter->recipients, .count = RECIPIENTS, .size = 12};
			smtp_client_begin(&client, &letter->transaction);
			put_wanted(&client);
		}
		check_sent(&client.out, &all);
		assert(client.count <= SMTP_WINDOW);
		assert(client.lines.line.len <= client.lines.line.limit);
	}
	check_fates(letters, begun);
	for (size_t i = 0; i < all.len; i++)
		assert((all.ptr[i] == '\n') == (i > 0 && all.ptr[i - 1] == '\r'));
	smtp_client_clear(&client);
	buf_clear(&all);
	return 0;
}
