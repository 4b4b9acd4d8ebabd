/* A message converted to 7 bits has the same parts at the same depths, and each decodes to the same content as the
 * original; everything outside of headers is 7-bit, or there is a reason; lines of quoted-printable and base64 have at
 * most 76 characters. */
#include "base/alloc.h"
#include "message/dot.h"
#include "message/mime.h"
#include "message/seven-bit/seven_bit.h"
#include "message/transfer.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int gather(void *context, struct slice bytes)
{
	return buf_append_slice(context, bytes);
}

/* With CRLF. */
static void to_wire(struct slice body, struct buf *out)
{
	struct dot_writer writer;

	dot_writer_init(&writer, true);
	writer.is_plain = true;
	assert(dot_write(&writer, body, out) == 0);
}

static void check_lines(struct slice body)
{
	while (body.len > 0) {
		struct slice line = slice_cut(&body, '\n');

		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		assert(line.len <= 76);
		assert(!slice_is(line, "."));
	}
}

static void check_requoted(struct slice before, struct slice after)
{
	struct buf wanted = BUF_INIT(8u << 20), got = BUF_INIT(8u << 20);

	assert(slice_is_ascii(after));
	assert(transfer_quoted_printable(before, &wanted) == 0 && transfer_quoted_printable(after, &got) == 0);
	assert(slice_equal(buf_slice(&wanted), buf_slice(&got)));
	buf_clear(&wanted);
	buf_clear(&got);
}

static void check_part(const struct mime_part *before, const struct mime_part *after, bool is_whole)
{
	struct slice was = mime_first_word(before->header, "Content-Transfer-Encoding");
	struct slice is = mime_first_word(after->header, "Content-Transfer-Encoding");
	struct buf wanted = BUF_INIT(8u << 20), got = BUF_INIT(8u << 20);

	assert(before->depth == after->depth && before->is_container == after->is_container);
	assert(slice_equal_nocase(before->type, after->type));
	assert(!is_whole || slice_is_ascii(after->body));
	if (slice_equal(before->body, after->body))
		return;
	if (slice_is_nocase(was, "quoted-printable")) {
		check_requoted(before->body, after->body);
		return;
	}
	assert(!slice_equal_nocase(was, is) && !before->is_container);
	check_lines(after->body);
	to_wire(before->body, &wanted);
	if (slice_is_nocase(is, "base64"))
		assert(transfer_base64(after->body, &got) == 0);
	else
		assert(slice_is_nocase(is, "quoted-printable") && transfer_quoted_printable(after->body, &got) == 0);
	assert(slice_equal(buf_slice(&wanted), buf_slice(&got)));
	buf_clear(&wanted);
	buf_clear(&got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = slice_make((const char *)data, size);
	struct buf out = BUF_INIT(64u << 20);
	struct mime_walk before, after;
	struct mime_part a, b;
	enum seven_bit verdict;
	const char *why;

	if (size > 100000)
		return 0;
	verdict = seven_bit_look(message, &why);
	assert((why[0] == '\0') == (verdict == SEVEN_BIT_NEEDED || verdict == SEVEN_BIT_NEEDLESS));
	if (verdict != SEVEN_BIT_NEEDED && verdict != SEVEN_BIT_PARTLY)
		return 0;
	assert(seven_bit_convert(message, verdict, gather, &out) == 0);
	seven_bit_look(buf_slice(&out), &why);
	assert((why[0] == '\0') == (verdict == SEVEN_BIT_NEEDED));
	mime_walk_init(&before, message);
	mime_walk_init(&after, buf_slice(&out));
	while (mime_walk_next(&before, &a)) {
		assert(mime_walk_next(&after, &b));
		check_part(&a, &b, verdict == SEVEN_BIT_NEEDED);
	}
	assert(!mime_walk_next(&after, &b));
	buf_clear(&out);
	return 0;
}
