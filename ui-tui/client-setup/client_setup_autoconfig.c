/*
 * Mozilla's autoconfiguration file, which Thunderbird and others look for at http://autoconfig.DOMAIN/mail/ and in their
 * folder isp/.
 */
#include "ui-tui/client-setup/client_setup.h"
#include "message/xml.h"

#include <stdio.h>

/* The login may be any address of a user, so one file serves all of them. */
#define LOGIN "%EMAILADDRESS%"

static void write_server(const struct client_setup *setup, const struct client_setup_service *service, struct buf *out)
{
	static const char *const security[] = {
	    [CLIENT_SETUP_PLAIN] = "plain", [CLIENT_SETUP_STARTTLS] = "STARTTLS", [CLIENT_SETUP_TLS] = "SSL"};
	const char *element = service->is_incoming ? "incomingServer" : "outgoingServer";
	bool logs_in = service->is_incoming || setup->sends_with_login;
	char port[16];

	snprintf(port, sizeof(port), "%d", service->port);
	buf_printf(out, "    <%s type=\"%s\">\n", element, service->protocol);
	xml_element(out, 6, "hostname", setup->host);
	xml_element(out, 6, "port", port);
	xml_element(out, 6, "socketType", security[service->security]);
	xml_element(out, 6, "authentication", logs_in ? "password-cleartext" : "none");
	if (logs_in)
		xml_element(out, 6, "username", LOGIN);
	buf_printf(out, "    </%s>\n", element);
}

void client_setup_write_autoconfig(const struct client_setup *setup, struct buf *out)
{
	const char *domain = setup->conf->gateway.local_domain;

	buf_append_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<clientConfig version=\"1.1\">\n"
			     "  <emailProvider id=\"");
	xml_text(out, domain);
	buf_append_text(out, "\">\n");
	xml_element(out, 4, "domain", domain);
	xml_element(out, 4, "displayName", domain);
	xml_element(out, 4, "displayShortName", domain);
	for (size_t i = 0; i < setup->incoming_count; i++)
		write_server(setup, &setup->incoming[i], out);
	for (size_t i = 0; i < setup->outgoing_count; i++)
		write_server(setup, &setup->outgoing[i], out);
	buf_append_text(out, "  </emailProvider>\n</clientConfig>\n");
}
