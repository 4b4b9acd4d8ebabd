/*
 * QR codes: made by libqrencode, drawn for a page and for a terminal.
 */
#ifndef LANPOST_UI_TUI_QR_H
#define LANPOST_UI_TUI_QR_H

#include "base/buf.h"
#include "base/err.h"

/* A square of dark and light modules. */
struct qr {
	int width;
	unsigned char *dark; /* width * width, row by row: 1 dark, 0 light; owned */
};

/* Fails if the payload is too long for any QR code. */
int qr_encode(const char *payload, struct qr *qr, struct error *error);
void qr_clear(struct qr *qr);
/* With the quiet zone that ISO/IEC 18004 requires. */
void qr_write_svg(const struct qr *qr, struct buf *out);
/* Two modules per cell, black on white, with any colours of the terminal. */
void qr_write_terminal(const struct qr *qr, struct buf *out);
/* A line that qr_write_terminal() has written, without its colours; ptr NULL if it is another one. */
struct slice qr_cells_of(struct slice line);

#endif
