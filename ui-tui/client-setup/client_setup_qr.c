/*
 * The QR code that Thunderbird for phones scans: its content and its drawing.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/client-setup/client_setup.h"

#include <jansson.h>
#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>

#define QUIET_ZONE 4
#define CELL_BEGIN "\033[30;47m" /* black on white */
#define CELL_END "\033[0m\n"

/* --- content: arrays and numbers of the format's version 1 */

enum { FORMAT_VERSION = 1, PROTOCOL_SMTP = 0, PROTOCOL_IMAP = 0, PROTOCOL_POP3 = 1, LOGIN_NONE = 0, LOGIN_PASSWORD = 1 };

static int protocol_number(const struct client_setup_service *service)
{
	if (!service->is_incoming)
		return PROTOCOL_SMTP;
	return strcmp(service->protocol, "imap") == 0 ? PROTOCOL_IMAP : PROTOCOL_POP3;
}

static json_t *server_json(const struct client_setup *setup, const struct client_setup_service *service)
{
	static const int security[] = {[CLIENT_SETUP_PLAIN] = 0, [CLIENT_SETUP_STARTTLS] = 2, [CLIENT_SETUP_TLS] = 3};
	bool logs_in = service->is_incoming || setup->sends_with_login;

	return json_pack("[i, s, i, i, i, s]", protocol_number(service), setup->host,
	    service->port, security[service->security], logs_in ? LOGIN_PASSWORD : LOGIN_NONE,
	    logs_in ? setup->user->name : "");
}

char *client_setup_qr_payload(const struct client_setup *setup)
{
	const char *full_name = setup->user->full_name;
	json_t *root = json_pack("[i, [i, i], o, [[o, [s, s]]]]", FORMAT_VERSION, 1, 1,
	    server_json(setup, &setup->incoming[0]), server_json(setup, &setup->outgoing[0]), setup->address,
	    full_name[0] != '\0' ? full_name : setup->user->name);
	char *text = json_dumps(root, JSON_COMPACT);

	json_decref(root);
	if (text == NULL)
		abort(); /* only if out of memory: the configuration is valid UTF-8 */
	return text;
}

/* --- drawing */

int client_setup_qr_encode(const char *payload, struct client_setup_qr *qr, struct error *error)
{
	QRcode *code = QRcode_encodeData(
	    (int)strlen(payload), (const unsigned char *)payload, 0, QR_ECLEVEL_M);
	size_t count;

	if (code == NULL)
		return error_errno(error, N_("the settings do not fit into a QR code"));
	count = (size_t)code->width * (size_t)code->width;
	*qr = (struct client_setup_qr){.width = code->width, .dark = xmalloc(count)};
	for (size_t i = 0; i < count; i++)
		qr->dark[i] = code->data[i] & 1;
	QRcode_free(code);
	return 0;
}

void client_setup_qr_clear(struct client_setup_qr *qr)
{
	free(qr->dark);
	*qr = (struct client_setup_qr){.dark = NULL};
}

/* Everything outside the square is light. */
static bool is_dark(const struct client_setup_qr *qr, int row, int column)
{
	return row >= 0 && column >= 0 && row < qr->width && column < qr->width &&
	       qr->dark[row * qr->width + column] != 0;
}

void client_setup_qr_write_svg(const struct client_setup_qr *qr, struct buf *out)
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

void client_setup_qr_write_terminal(const struct client_setup_qr *qr, struct buf *out)
{
	static const char *const cells[] = {" ", "▄", "▀", "█"}; /* dark below: 1, above: 2 */

	for (int row = -QUIET_ZONE; row < qr->width + QUIET_ZONE; row += 2) {
		buf_append_text(out, CELL_BEGIN);
		for (int column = -QUIET_ZONE; column < qr->width + QUIET_ZONE; column++)
			buf_append_text(
			    out, cells[2 * is_dark(qr, row, column) + is_dark(qr, row + 1, column)]);
		buf_append_text(out, CELL_END);
	}
}
