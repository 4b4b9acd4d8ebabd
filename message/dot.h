/*
 * Dot-stuffing and its removal (RFC 5321 section 4.5.2, RFC 1939 section 3), one byte at a time.
 *
 * Only CRLF "." CRLF ends the data: LF "." LF, CR "." CR and their mixtures are message bytes,
 * so that a second message cannot be smuggled in. They are recorded, so that the caller can
 * refuse the message. Both machines accept chunks of any size.
 */
#ifndef LANPOST_MESSAGE_DOT_H
#define LANPOST_MESSAGE_DOT_H

#include "base/buf.h"

/* Where the reader is, named by the bytes it has just seen. */
enum dot_state {
	DOT_LINE_START, /* at the start, or after CRLF */
	DOT_DOT,        /* "." at a line's start */
	DOT_DOT_CR,     /* "." CR at a line's start: one LF from the end */
	DOT_TEXT,       /* within a line */
	DOT_TEXT_CR,    /* within a line, after CR */
	DOT_END,        /* CRLF "." CRLF was read */
};

/* Reads stuffed bytes from the wire. */
struct dot_reader {
	enum dot_state state;
	bool bare_cr; /* a CR without LF was in the data */
	bool bare_lf; /* a LF without CR was in the data */
	bool has_nul; /* a NUL byte was in the data */
};

void dot_reader_init(struct dot_reader *reader);
/* Reads bytes of *input up to the end of the data and moves *input past what it read. Appends
 * the message bytes to out; a bare CR or LF is kept. Returns true at the end of the data (then
 * *input is what the peer sent after it); false when all was read and more is needed. Output is
 * never longer than input plus one. If out overflows its limit, the reader continues to the end,
 * and out->overflow is set. */
bool dot_read(struct dot_reader *reader, struct slice *input, struct buf *out);

/* Writes message bytes to the wire. A bare LF always becomes CRLF; a bare CR becomes CRLF for a
 * strict reader (SMTP), and is kept if bytes should arrive unchanged (POP3). */
struct dot_writer {
	bool line_start; /* at the start, or after a line end */
	bool after_cr;   /* after CR */
	bool keep_cr;
	bool is_plain; /* line ends only: no dot-stuffing and no final dot (RFC 3030) */
};

void dot_writer_init(struct dot_writer *writer, bool keep_bare_cr);
/* Appends stuffed bytes to out, at most twice as many plus one. Returns -1 if out overflows. */
int dot_write(struct dot_writer *writer, struct slice bytes, struct buf *out);
/* Ends the last line if necessary and appends "." CRLF (nothing if is_plain). */
int dot_write_end(struct dot_writer *writer, struct buf *out);

#endif
