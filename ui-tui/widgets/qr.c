#include "ui-tui/widgets/qr.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

#define QUIET_ZONE 4
#define CELL_BEGIN "\033[30;47m" /* black on white */
#define CELL_END "\033[0m"

int qr_encode(const char *payload, struct qr *qr, struct error *error)
{
	QRcode *code = QRcode_encodeData(
	    (int)strlen(payload), (const unsigned char *)payload, 0, QR_ECLEVEL_M);
	size_t count;

	if (code == NULL)
		return error_errno(error, N_("this does not fit into a QR code"));
	count = (size_t)code->width * (size_t)code->width;
	*qr = (struct qr){.width = code->width, .dark = xmalloc(count)};
	for (size_t i = 0; i < count; i++)
		qr->dark[i] = code->data[i] & 1;
	QRcode_free(code);
	return 0;
}

void qr_clear(struct qr *qr)
{
	free(qr->dark);
	*qr = (struct qr){.dark = NULL};
}

/* Everything outside the square is light. */
static bool is_dark(const struct qr *qr, int row, int column)
{
	return row >= 0 && column >= 0 && row < qr->width && column < qr->width &&
	       qr->dark[row * qr->width + column] != 0;
}

void qr_write_svg(const struct qr *qr, struct buf *out)
{
	int size = qr->width + 2 * QUIET_ZONE;

	buf_printf(out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
	    "shape-rendering=\"crispEdges\">\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n<path d=\"",
	    size * 8, size * 8, size, size, size, size);
	for (int row = 0; row < qr->width; row++)
		for (int column = 0; column < qr->width; column++) {
			int end = column;

			while (is_dark(qr, row, end))
				end++;
			if (end > column)
				buf_printf(out, "M%d %dh%dv1h-%dz\n", column + QUIET_ZONE, row + QUIET_ZONE,
				    end - column, end - column);
			column = end;
		}
	buf_append_text(out, "\"/>\n</svg>\n");
}

void qr_write_terminal(const struct qr *qr, struct buf *out)
{
	static const char *const cells[] = {" ", "▄", "▀", "█"}; /* dark below: 1, above: 2 */

	for (int row = -QUIET_ZONE; row < qr->width + QUIET_ZONE; row += 2) {
		buf_append_text(out, CELL_BEGIN);
		for (int column = -QUIET_ZONE; column < qr->width + QUIET_ZONE; column++)
			buf_append_text(
			    out, cells[2 * is_dark(qr, row, column) + is_dark(qr, row + 1, column)]);
		buf_append_text(out, CELL_END "\n");
	}
}

struct slice qr_cells_of(struct slice line)
{
	const struct slice begin = SLICE_LITERAL(CELL_BEGIN), end = SLICE_LITERAL(CELL_END);

	if (line.len <= begin.len + end.len || !slice_equal(slice_make(line.ptr, begin.len), begin) ||
	    !slice_equal(slice_from(line, line.len - end.len), end))
		return SLICE_NONE;
	return slice_make(line.ptr + begin.len, line.len - begin.len - end.len);
}
