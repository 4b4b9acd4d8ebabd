#include "upstream/line_ends.h"

void line_ends_mend(bool *after_cr, struct slice bytes, struct buf *out)
{
	while (bytes.len > 0) {
		ptrdiff_t at = slice_find(bytes, '\n');
		size_t len = at < 0 ? bytes.len : (size_t)at;

		buf_append(out, bytes.ptr, len);
		if (len > 0)
			*after_cr = bytes.ptr[len - 1] == '\r';
		if (at >= 0) {
			buf_append_text(out, *after_cr ? "\n" : "\r\n");
			*after_cr = false;
		}
		bytes = slice_from(bytes, at < 0 ? len : len + 1);
	}
}
