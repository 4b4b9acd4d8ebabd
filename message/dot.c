#include "message/dot.h"

void dot_reader_init(struct dot_reader *reader)
{
	*reader = (struct dot_reader){.state = DOT_LINE_START};
}

/* A byte within a line, or the first of a line if it is not a dot. */
static enum dot_state text_byte(struct dot_reader *reader, char c, struct buf *out)
{
	if (c == '\r')
		return DOT_TEXT_CR;
	reader->bare_lf |= c == '\n';
	reader->has_nul |= c == '\0';
	buf_append_byte(out, c);
	return DOT_TEXT;
}

/* CR is held back until the next byte shows whether it ends a line. */
static enum dot_state after_cr(struct dot_reader *reader, char c, struct buf *out)
{
	if (c == '\n') {
		buf_append(out, "\r\n", 2);
		return DOT_LINE_START;
	}
	reader->bare_cr = true;
	buf_append_byte(out, '\r');
	return text_byte(reader, c, out);
}

static enum dot_state step(struct dot_reader *reader, char c, struct buf *out)
{
	switch (reader->state) {
	case DOT_LINE_START:
		return c == '.' ? DOT_DOT : text_byte(reader, c, out);
	case DOT_DOT:
		/* The dot was stuffing, unless the end of the data follows. */
		return c == '\r' ? DOT_DOT_CR : text_byte(reader, c, out);
	case DOT_DOT_CR:
		return c == '\n' ? DOT_END : after_cr(reader, c, out);
	case DOT_TEXT:
		return text_byte(reader, c, out);
	case DOT_TEXT_CR:
		return after_cr(reader, c, out);
	case DOT_END:
		break;
	}
	return DOT_END;
}

#define RUN_MAX 1024 /* limits how much is read again after each unusual byte */

static size_t find(struct slice input, char byte)
{
	ptrdiff_t at = slice_find(input, byte);

	return at < 0 ? input.len : (size_t)at;
}

/* The run of bytes that need no change: most of a message. */
static size_t plain_run(struct slice input)
{
	input.len = input.len < RUN_MAX ? input.len : RUN_MAX;
	input.len = find(input, '\r');
	input.len = find(input, '\n');
	return find(input, '\0');
}

/* The complete lines at the front that need no change. */
static size_t plain_lines(struct slice input)
{
	size_t done = 0;

	while (done < input.len && input.ptr[done] != '.') {
		struct slice line = slice_from(input, done);
		size_t end = find(line, '\n');

		if (end == 0 || end == line.len)
			break;
		line.len = end;
		if (find(line, '\r') != end - 1 || find(line, '\0') != end)
			break;
		done += end + 1;
	}
	return done;
}

bool dot_read(struct dot_reader *reader, struct slice *input, struct buf *out)
{
	while (reader->state != DOT_END && input->len > 0) {
		size_t run = reader->state == DOT_LINE_START ? plain_lines(*input)
			   : reader->state == DOT_TEXT	     ? plain_run(*input)
							     : 0;

		buf_append(out, input->ptr, run);
		*input = slice_from(*input, run);
		if (input->len == 0)
			break;
		reader->state = step(reader, input->ptr[0], out);
		*input = slice_from(*input, 1);
	}
	return reader->state == DOT_END;
}

void dot_writer_init(struct dot_writer *writer, bool keep_bare_cr)
{
	*writer = (struct dot_writer){.line_start = true, .keep_cr = keep_bare_cr};
}

/* CR was written, and c, which is not LF, is next. */
static void write_bare_cr(struct dot_writer *writer, struct buf *out)
{
	writer->after_cr = false;
	if (writer->keep_cr)
		return;
	buf_append_byte(out, '\n');
	writer->line_start = true;
}

static void write_byte(struct dot_writer *writer, char c, struct buf *out)
{
	if (c == '\n') {
		buf_append_text(out, writer->after_cr ? "\n" : "\r\n");
		writer->line_start = true;
		writer->after_cr = false;
		return;
	}
	if (writer->after_cr)
		write_bare_cr(writer, out);
	if (c == '.' && writer->line_start && !writer->is_plain)
		buf_append_byte(out, '.');
	buf_append_byte(out, c);
	writer->line_start = false;
	writer->after_cr = c == '\r';
}

/* The whole lines at the front that are copied unchanged. */
static size_t clean_lines(const struct dot_writer *writer, struct slice bytes)
{
	size_t done = 0;

	while (done < bytes.len && bytes.ptr[done] != '.') {
		struct slice rest = slice_from(bytes, done);
		size_t end = find(rest, '\n');

		if (end == 0 || end == rest.len || rest.ptr[end - 1] != '\r' ||
		    (!writer->keep_cr && find(rest, '\r') != end - 1))
			break;
		done += end + 1;
	}
	return done;
}

int dot_write(struct dot_writer *writer, struct slice bytes, struct buf *out)
{
	while (bytes.len > 0) {
		size_t run = 0;

		if (!writer->after_cr)
			run = writer->line_start ? clean_lines(writer, bytes) : plain_run(bytes);
		if (run > 0) {
			buf_append(out, bytes.ptr, run);
		} else {
			write_byte(writer, bytes.ptr[0], out);
			run = 1;
		}
		bytes = slice_from(bytes, run);
	}
	return out->overflow ? -1 : 0;
}

int dot_write_end(struct dot_writer *writer, struct buf *out)
{
	if (writer->after_cr)
		buf_append_byte(out, '\n');
	else if (!writer->line_start)
		buf_append_text(out, "\r\n");
	if (!writer->is_plain)
		buf_append_text(out, ".\r\n");
	return out->overflow ? -1 : 0;
}
