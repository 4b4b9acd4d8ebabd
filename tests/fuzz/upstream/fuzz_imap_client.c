/*
 * The IMAP client with any server: the same events whether the bytes arrive at once or one by one, message data with
 * CRLF line ends only, data between its beginning and its end, bounded memory.
 *
 * The first byte chooses the commands.
 */
#include "upstream/imap_client.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct trace {
	struct buf text;   /* events and words */
	struct buf joined; /* message bytes */
	bool in_data;
};

static void note(struct trace *trace, const struct imap_event *event)
{
	assert(trace->in_data == (event->what == IMAP_DATA || event->what == IMAP_SECTION || event->what == IMAP_DATA_END) ||
	       event->what == IMAP_GARBAGE);
	trace->in_data = event->what == IMAP_DATA_BEGIN || event->what == IMAP_DATA || event->what == IMAP_SECTION;
	if (event->what == IMAP_DATA) {
		buf_append_slice(&trace->joined, event->text);
		return;
	}
	buf_printf(&trace->text, "%d %d %u %llu %d %d at %zu ", event->what, event->command, event->number,
	    (unsigned long long)event->size, event->ok, event->is_deleted, trace->joined.len);
	buf_append_slice(&trace->text, event->text);
}

static void run(struct slice input, uint8_t commands, size_t cut, struct trace *trace)
{
	struct imap_client client;
	struct imap_event event;
	bool broken = false;

	imap_client_init(&client);
	for (unsigned i = 0; i < 8; i++)
		imap_client_send(&client, (enum imap_command)((commands + i) % (IMAP_LOGOUT + 1)), i + 1,
		    SLICE_LITERAL("1"));
	while (input.len > 0 && !broken) {
		struct slice piece = slice_make(input.ptr, input.len < cut ? input.len : cut);

		input = slice_from(input, piece.len);
		while (!broken && imap_client_next(&client, &piece, &event) != IMAP_NEED) {
			note(trace, &event);
			broken = event.what == IMAP_GARBAGE;
		}
		assert(broken || piece.len == 0);
		assert(client.lines.line.len <= IMAP_LINE_MAX && !client.data.overflow);
	}
	imap_client_clear(&client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace whole = {BUF_INIT(64u << 20), BUF_INIT(64u << 20), false};
	struct trace bytes = {BUF_INIT(64u << 20), BUF_INIT(64u << 20), false};
	struct slice input;

	if (size < 1)
		return 0;
	input = slice_make((const char *)data + 1, size - 1);
	run(input, data[0], size, &whole);
	run(input, data[0], 1, &bytes);
	assert(slice_equal(buf_slice(&whole.text), buf_slice(&bytes.text)));
	assert(slice_equal(buf_slice(&whole.joined), buf_slice(&bytes.joined)));
	for (size_t i = 0; i < whole.joined.len; i++)
		assert(whole.joined.ptr[i] != '\n' || (i > 0 && whole.joined.ptr[i - 1] == '\r'));
	buf_clear(&whole.text);
	buf_clear(&whole.joined);
	buf_clear(&bytes.text);
	buf_clear(&bytes.joined);
	return 0;
}
