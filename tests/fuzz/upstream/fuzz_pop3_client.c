/*
 * The POP3 client with any server: the same events whether the bytes arrive at once or one by one, message data with
 * CRLF line ends only, bounded memory.
 *
 * The first byte chooses the commands.
 */
#include "upstream/pop3_client.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct trace {
	struct buf text;   /* events and lines */
	struct buf joined; /* message bytes */
};

static void note(struct trace *trace, const struct pop3_event *event)
{
	if (event->what == POP3_DATA) {
		for (size_t i = 0; i < event->text.len; i++)
			assert(event->text.ptr[i] != '\n' || (i > 0 && event->text.ptr[i - 1] == '\r'));
		buf_append_slice(&trace->joined, event->text);
		return;
	}
	buf_printf(&trace->text, "%d %d %u %d %d at %zu ", event->what, event->command,
	    event->number, event->ok, event->cut, trace->joined.len);
	buf_append_slice(&trace->text, event->text);
}

static void run(struct slice input, uint8_t commands, size_t cut, struct trace *trace)
{
	struct pop3_client client;
	struct pop3_event event;
	bool broken = false;

	pop3_client_init(&client);
	for (unsigned i = 0; i < 8; i++)
		pop3_client_send(&client, (enum pop3_command)((commands + i) % (POP3_QUIT + 1)), i, 0);
	while (input.len > 0 && !broken) {
		struct slice piece = slice_make(input.ptr, input.len < cut ? input.len : cut);

		input = slice_from(input, piece.len);
		while (!broken && pop3_client_next(&client, &piece, &event) != POP3_NEED) {
			note(trace, &event);
			broken = event.what == POP3_GARBAGE;
		}
		assert(broken || piece.len == 0);
		assert(client.lines.line.len <= POP3_LINE_MAX && !client.data.overflow);
	}
	pop3_client_clear(&client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace whole = {BUF_INIT(64u << 20), BUF_INIT(64u << 20)};
	struct trace bytes = {BUF_INIT(64u << 20), BUF_INIT(64u << 20)};
	struct slice input;

	if (size < 1)
		return 0;
	input = slice_make((const char *)data + 1, size - 1);
	run(input, data[0], size, &whole);
	run(input, data[0], 1, &bytes);
	assert(slice_equal(buf_slice(&whole.text), buf_slice(&bytes.text)));
	assert(slice_equal(buf_slice(&whole.joined), buf_slice(&bytes.joined)));
	buf_clear(&whole.text);
	buf_clear(&whole.joined);
	buf_clear(&bytes.text);
	buf_clear(&bytes.joined);
	return 0;
}
