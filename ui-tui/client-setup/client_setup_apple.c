/*
 * Apple's configuration profile: a mail account and, if the certificate is self-signed, the
 * certificate.
 */
#include "base/alloc.h"
#include "base/base64.h"
#include "base/i18n.h"
#include "ui-tui/client-setup/client_setup.h"
#include "message/xml.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#define UUID_TEXT 37
#define BASE64_LINE 64

/* RFC 9562 section 5.5: made from a name, under the namespace for URLs. */
static void uuid_of(const char *name, char out[UUID_TEXT])
{
	static const unsigned char namespace[16] = {
	    0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
	unsigned char digest[SHA_DIGEST_LENGTH];
	struct buf input = BUF_INIT(4096);
	size_t used = 0;

	buf_append(&input, namespace, sizeof(namespace));
	buf_append_text(&input, name);
	SHA1((const unsigned char *)input.ptr, input.len, digest);
	buf_clear(&input);
	digest[6] = (unsigned char)((digest[6] & 0x0f) | 0x50);
	digest[8] = (unsigned char)((digest[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < 16; i++)
		used += (size_t)snprintf(out + used, UUID_TEXT - used, "%s%02X",
		    i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", digest[i]);
}

static void put_string(struct buf *out, int indent, const char *key, const char *text)
{
	xml_element(out, indent, "key", key);
	xml_element(out, indent, "string", text);
}

static void put_flag(struct buf *out, int indent, const char *key, bool value)
{
	xml_element(out, indent, "key", key);
	buf_printf(out, "%*s<%s/>\n", indent, "", value ? "true" : "false");
}

static void put_integer(struct buf *out, int indent, const char *key, int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", value);
	xml_element(out, indent, "key", key);
	xml_element(out, indent, "integer", text);
}

/* The keys of every payload; `part` makes them unique. */
static void put_identity(const struct client_setup *setup, struct buf *out, int indent, const char *type, const char *part)
{
	char *identifier =
	    xasprintf("lanpost.%s.%s.%s", setup->conf->gateway.hostname, setup->user->name, part);
	char uuid[UUID_TEXT];

	uuid_of(identifier, uuid);
	put_string(out, indent, "PayloadType", type);
	put_integer(out, indent, "PayloadVersion", 1);
	put_string(out, indent, "PayloadIdentifier", identifier);
	put_string(out, indent, "PayloadUUID", uuid);
	free(identifier);
}

static void put_server(const struct client_setup *setup, struct buf *out, const struct client_setup_service *service)
{
	static const char *const names[2][5] = {
	    {"OutgoingMailServerHostName", "OutgoingMailServerPortNumber", "OutgoingMailServerUseSSL",
		"OutgoingMailServerAuthentication", "OutgoingMailServerUsername"},
	    {"IncomingMailServerHostName", "IncomingMailServerPortNumber", "IncomingMailServerUseSSL",
		"IncomingMailServerAuthentication", "IncomingMailServerUsername"},
	};
	const char *const *name = names[service->is_incoming];
	bool logs_in = service->is_incoming || setup->sends_with_login;

	put_string(out, 6, name[0], setup->host);
	put_integer(out, 6, name[1], service->port);
	put_flag(out, 6, name[2], service->security != CLIENT_SETUP_PLAIN);
	put_string(out, 6, name[3], logs_in ? "EmailAuthPassword" : "EmailAuthNone");
	if (logs_in)
		put_string(out, 6, name[4], setup->user->name);
}

static void put_account(const struct client_setup *setup, struct buf *out)
{
	const char *full_name = setup->user->full_name;

	buf_append_text(out, "    <dict>\n");
	put_identity(setup, out, 6, "com.apple.mail.managed", "mail");
	put_string(out, 6, "PayloadDisplayName", setup->address);
	put_string(out, 6, "EmailAccountType", strcmp(setup->incoming[0].protocol, "imap") == 0 ? "EmailTypeIMAP" : "EmailTypePOP");
	put_string(out, 6, "EmailAccountDescription", setup->conf->gateway.local_domain);
	put_string(out, 6, "EmailAccountName", full_name[0] != '\0' ? full_name : setup->user->name);
	put_string(out, 6, "EmailAddress", setup->address);
	put_server(setup, out, &setup->incoming[0]);
	put_server(setup, out, &setup->outgoing[0]);
	if (setup->sends_with_login)
		put_flag(out, 6, "OutgoingPasswordSameAsIncomingPassword", true);
	buf_append_text(out, "    </dict>\n");
}

static void put_certificate(const struct client_setup *setup, struct buf *out)
{
	struct slice der = slice_make(setup->certificate.der, setup->certificate.der_len);
	struct buf text = BUF_INIT(1u << 20);

	buf_append_text(out, "    <dict>\n");
	put_identity(setup, out, 6, "com.apple.security.pkcs1", "certificate");
	put_string(out, 6, "PayloadDisplayName", setup->conf->gateway.hostname);
	put_string(out, 6, "PayloadCertificateFileName", "lanpost.cer");
	xml_element(out, 6, "key", "PayloadContent");
	buf_append_text(out, "      <data>\n");
	base64_encode(der, &text);
	for (size_t at = 0; at < text.len; at += BASE64_LINE) {
		size_t left = text.len - at;

		buf_append(out, text.ptr + at, left < BASE64_LINE ? left : BASE64_LINE);
		buf_append_byte(out, '\n');
	}
	buf_append_text(out, "      </data>\n    </dict>\n");
	buf_clear(&text);
}

void client_setup_write_apple(const struct client_setup *setup, struct buf *out)
{
	char *description = xasprintf(_("Mail of %s"), setup->address);

	buf_append_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			     "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
			     "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
			     "<plist version=\"1.0\">\n<dict>\n");
	put_identity(setup, out, 2, "Configuration", "profile");
	put_string(out, 2, "PayloadDisplayName", description);
	put_string(out, 2, "PayloadOrganization", setup->conf->gateway.local_domain);
	xml_element(out, 2, "key", "PayloadContent");
	buf_append_text(out, "  <array>\n");
	put_account(setup, out);
	if (setup->certificate.der != NULL && setup->certificate.is_self_signed)
		put_certificate(setup, out);
	buf_append_text(out, "  </array>\n</dict>\n</plist>\n");
	free(description);
}
