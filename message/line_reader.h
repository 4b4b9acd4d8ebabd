/*
 * Lines out of a stream of bytes in chunks of any size, with a length limit: for the client side of POP3
 * and SMTP.
 *
 * A line ends with CRLF or LF alone, since some servers send that in replies. A longer line is returned
 * truncated, with LINE_CUT; its rest is dropped.
 */
#ifndef LANPOST_MESSAGE_LINE_READER_H
#define LANPOST_MESSAGE_LINE_READER_H

#include "base/buf.h"

enum line_result {
	LINE_MORE, /* all input was read, the line is not complete yet */
	LINE_WHOLE,
	LINE_CUT,  /* it was too long: its beginning */
	LINE_ENDLESS, /* too much of it was dropped: disconnect, do not wait for its end */
};

#define LINE_DROPPED_MAX (1u << 20)

struct line_reader {
	struct buf line;
	bool handed_out, cut;
	size_t dropped; /* bytes of the line beyond the limit */
};

void line_reader_init(struct line_reader *reader, size_t limit);
void line_reader_clear(struct line_reader *reader);
/* Moves *input past what it read. *line, without its end, is valid until the next call. */
enum line_result line_read(struct line_reader *reader, struct slice *input, struct slice *line);

#endif
