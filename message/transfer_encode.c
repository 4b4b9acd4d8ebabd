#include "message/transfer_encode.h"

#include "base/base64.h"

#define QUOTED_LINE_MAX 75 /* and the "=" of a soft break */
#define PIECE 4096

void transfer_encoder_init(struct transfer_encoder *encoder, enum transfer_encoding encoding)
{
	*encoder = (struct transfer_encoder){.encoding = encoding};
	dot_writer_init(&encoder->lines, true);
	encoder->lines.is_plain = true;
}

/* --- quoted-printable */

static void put_token(struct transfer_encoder *encoder, const char *token, size_t len, struct buf *out)
{
	if (encoder->column + len > QUOTED_LINE_MAX) {
		buf_append_text(out, "=\r\n");
		encoder->column = 0;
	}
	buf_append(out, token, len);
	encoder->column += len;
}

static void put_escaped(struct transfer_encoder *encoder, char c, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	const char token[3] = {'=', digits[(unsigned char)c >> 4], digits[(unsigned char)c & 15]};

	put_token(encoder, token, sizeof(token), out);
}

static bool is_literal(const struct transfer_encoder *encoder, char c)
{
	bool breaks = encoder->column >= QUOTED_LINE_MAX;
	bool starts = breaks || encoder->column == 0;

	if (c == ' ' || c == '\t')
		return true;
	return c > ' ' && c < 0x7f && c != '=' && !(c == '.' && starts) && !(c == '-' && breaks);
}

static void put_byte(struct transfer_encoder *encoder, char c, struct buf *out)
{
	if (is_literal(encoder, c))
		put_token(encoder, &c, 1, out);
	else
		put_escaped(encoder, c, out);
}

static void end_line(struct transfer_encoder *encoder, struct buf *out)
{
	buf_append_text(out, "\r\n");
	encoder->column = 0;
}

/* LF occurs only after CR: the line ends were already normalized. */
static void quote(struct transfer_encoder *encoder, struct slice bytes, struct buf *out)
{
	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.ptr[i], held = encoder->held;

		encoder->held = c == ' ' || c == '\t' || c == '\r' ? c : '\0';
		if (held == '\r' && c == '\n') {
			end_line(encoder, out);
			continue;
		}
		if (held == '\r' || (held != '\0' && c == '\r'))
			put_escaped(encoder, held, out);
		else if (held != '\0')
			put_byte(encoder, held, out);
		if (encoder->held == '\0')
			put_byte(encoder, c, out);
	}
}

/* --- base64 */

static void put_group(struct transfer_encoder *encoder, struct buf *out)
{
	if (encoder->groups++ > 0)
		buf_append_text(out, "\r\n");
	base64_encode(slice_make(encoder->group, encoder->grouped), out);
	encoder->grouped = 0;
}

static void group(struct transfer_encoder *encoder, struct slice bytes, struct buf *out)
{
	while (bytes.len > 0) {
		size_t room = TRANSFER_GROUP - encoder->grouped;
		size_t len = bytes.len < room ? bytes.len : room;

		memcpy(encoder->group + encoder->grouped, bytes.ptr, len);
		encoder->grouped += len;
		bytes = slice_from(bytes, len);
		if (encoder->grouped == TRANSFER_GROUP)
			put_group(encoder, out);
	}
}

/* --- */

static void encode(struct transfer_encoder *encoder, struct slice bytes, struct buf *out)
{
	if (encoder->encoding == TRANSFER_BASE64)
		group(encoder, bytes, out);
	else
		quote(encoder, bytes, out);
}

int transfer_encode(struct transfer_encoder *encoder, struct slice bytes, struct buf *out)
{
	struct buf lines = BUF_INIT(2 * PIECE + 2);

	while (bytes.len > 0) {
		size_t len = bytes.len < PIECE ? bytes.len : PIECE;

		dot_write(&encoder->lines, slice_make(bytes.ptr, len), &lines);
		encode(encoder, buf_slice(&lines), out);
		buf_reset(&lines);
		bytes = slice_from(bytes, len);
	}
	buf_clear(&lines);
	return out->overflow ? -1 : 0;
}

int transfer_encode_end(struct transfer_encoder *encoder, struct buf *out)
{
	if (encoder->held != '\0')
		put_escaped(encoder, encoder->held, out);
	if (encoder->grouped > 0)
		put_group(encoder, out);
	return out->overflow ? -1 : 0;
}
