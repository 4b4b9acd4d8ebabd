/*
 * The content of the QR code that Thunderbird for phones scans.
 */
#include "ui-tui/client-setup/client_setup.h"

#include <jansson.h>
#include <stdlib.h>

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
