/*
 * Lines out of a stream of bytes cut anywhere, each at most this long: for the client side of POP3 and SMTP.
 *
 * CRLF ends a line; a LF alone does too, since servers exist that send it in replies. What is longer
 * than the limit is handed out cut, with a sign; its rest is dropped.
 */
#ifndef LANPOST_MESSAGE_LINE_READER_H
#define LANPOST_MESSAGE_LINE_READER_H

#include "base/buf.h"

enum line_result {
	LINE_MORE, /* all input was read, the line is not whole yet */
	LINE_WHOLE,
	LINE_CUT,  /* it was too long: its beginning */
	LINE_ENDLESS, /* too much was dropped of it: no end is waited for: hang up */
};

#define LINE_DROPPED_MAX (1u << 20)

struct line_reader {
	struct buf line;
	bool handed_out, cut;
	size_t dropped; /* bytes of the line that were more than the limit */
};

void line_reader_init(struct line_reader *reader, size_t limit);
void line_reader_clear(struct line_reader *reader);
/* Moves *input past what it read. *line, without its end, is valid until the next call. */
enum line_result line_read(struct line_reader *reader, struct slice *input, struct slice *line);

#endif
