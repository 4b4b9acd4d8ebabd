#include "message/line_reader.h"

void line_reader_init(struct line_reader *reader, size_t limit)
{
	*reader = (struct line_reader){.line = BUF_INIT(limit)};
}

void line_reader_clear(struct line_reader *reader)
{
	buf_clear(&reader->line);
	reader->handed_out = reader->cut = false;
	reader->dropped = 0;
}

static void keep(struct line_reader *reader, struct slice part)
{
	size_t room = reader->line.limit - reader->line.len;

	if (part.len > room) {
		reader->cut = true;
		reader->dropped += part.len - room;
		part.len = room;
	}
	buf_append_slice(&reader->line, part);
}

enum line_result line_read(struct line_reader *reader, struct slice *input, struct slice *line)
{
	ptrdiff_t end = slice_find(*input, '\n');

	if (reader->handed_out) {
		buf_reset(&reader->line);
		reader->handed_out = reader->cut = false;
		reader->dropped = 0;
	}
	keep(reader, slice_make(input->ptr, end < 0 ? input->len : (size_t)end));
	*input = slice_from(*input, end < 0 ? input->len : (size_t)end + 1);
	*line = buf_slice(&reader->line);
	if (end < 0)
		return reader->dropped > LINE_DROPPED_MAX ? LINE_ENDLESS : LINE_MORE;
	if (line->len > 0 && line->ptr[line->len - 1] == '\r')
		line->len--;
	reader->handed_out = true;
	return reader->cut ? LINE_CUT : LINE_WHOLE;
}
