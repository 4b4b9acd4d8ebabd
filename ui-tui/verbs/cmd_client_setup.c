/*
 * lanpost client-setup: the settings for a user's mail program, and files for automatic setup.
 */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/process/service_user.h"
#include "base/net/lan_address.h"
#include "config/value.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/client-setup/client_setup.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/verbs/verbs.h"
#include "ui-tui/widgets/qr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FILE_MAX (4u << 20)
#define FILE_MODE 0644

/* --- text for people */

/* The dialogs of a mail program, in its own words. The texts get host, port and the word for the
 * encryption. */
static const struct program {
	const char *title, *incoming, *outgoing, *security[3], *login, *no_login;
} programs[] = {
    {N_("Thunderbird: New account > Existing mail > Configure manually"),
	N_("  Incoming server: %s, hostname %s, port %d, connection security: %s, authentication: Normal password"),
	N_("  Outgoing server: hostname %s, port %d, connection security: %s, authentication: %s"),
	{N_("None"), N_("STARTTLS"), N_("SSL/TLS")}, N_("Normal password"), N_("No authentication")},
    {N_("The Bat!: Account > Properties > Transport"),
	N_("  Receive mail: %s server %s, port %d, connection: %s"),
	N_("  Send mail: SMTP server %s, port %d, connection: %s; authentication: %s"),
	{N_("Regular"), N_("Secure to regular port (STARTTLS)"), N_("Secure to dedicated port (TLS)")},
	N_("RFC-2554, as for receiving"), N_("off")},
    {N_("Outlook: Add account > Advanced setup"),
	N_("  Incoming mail: %s, server %s, port %d, encryption: %s; no Secure Password Authentication (SPA)"),
	N_("  Outgoing mail: server %s, port %d, encryption: %s; my outgoing server requires authentication: %s"),
	{N_("None"), N_("STARTTLS"), N_("SSL/TLS")}, N_("yes, same settings as my incoming server"), N_("no")},
};

/* As people write it. */
static const char *protocol_name(const struct client_setup_service *service)
{
	if (!service->is_incoming)
		return "SMTP";
	return strcmp(service->protocol, "imap") == 0 ? "IMAP" : "POP3";
}

static void print_programs(const struct client_setup *setup)
{
	const struct client_setup_service *incoming = &setup->incoming[0], *outgoing = &setup->outgoing[0];

	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		const struct program *program = &programs[i];

		printf("\n%s\n", _(program->title));
		printf(_(program->incoming), protocol_name(incoming), setup->host, incoming->port, _(program->security[incoming->security]));
		puts("");
		printf(_(program->outgoing), setup->host, outgoing->port, _(program->security[outgoing->security]),
		    setup->sends_with_login ? _(program->login) : _(program->no_login));
		puts("");
	}
	printf("\n%s\n", _("Phones: Thunderbird for Android scans the QR code (Add account > Import "
	    "settings); an iPhone opens the .mobileconfig file. --write FOLDER creates both."));
}

static const char *password_text(const struct client_setup *setup)
{
	if (setup->has_password)
		return _("the password of the user");
	return setup->may_log_in ? _("not set: the user may enter anything")
				 : _("not set, but a password is required to log in: lanpost user passwd");
}

static void print_services(const struct client_setup_service *services, size_t count, const struct client_setup *setup)
{
	static const char *const security[] = {
	    [CLIENT_SETUP_PLAIN] = N_("no encryption"), [CLIENT_SETUP_STARTTLS] = N_("STARTTLS"), [CLIENT_SETUP_TLS] = N_("SSL/TLS")};

	for (size_t i = 0; i < count; i++)
		printf(services[i].is_incoming ? _("Incoming:     %s, %s, port %d, %s\n")
					       : _("Outgoing:     %s, %s, port %d, %s\n"),
		    protocol_name(&services[i]), setup->host, services[i].port, _(security[services[i].security]));
}

static void print_certificate(const struct client_setup *setup)
{
	if (setup->certificate.der == NULL) {
		printf(_("Certificate:  %s; the gateway creates its own when it starts for the first time\n"),
		    ERROR_SAID(&setup->certificate_error));
		return;
	}
	printf(setup->certificate.is_self_signed
		   ? _("Certificate:  self-signed. The mail program asks once whether to trust it; "
		       "the SHA-256 fingerprint must be\n              %s\n")
		   : _("Certificate:  signed by an authority; its SHA-256 fingerprint is\n              %s\n"),
	    setup->certificate.sha256);
}

/* By IMAP a mail program uploads what it sends twice, unless the gateway keeps the copies. */
static void print_sent_copies(const struct client_setup *setup)
{
	if (strcmp(setup->incoming[0].protocol, "imap") != 0)
		return;
	if (setup->user->save_sent)
		puts(_("Sent mail:    the gateway keeps a copy in the folder Sent; the mail program need not do so"));
	else
		printf(_("Sent mail:    the mail program keeps a copy in the folder Sent. To let the gateway do this, without a\n"
			 "              second upload: lanpost user set %s --save-sent yes\n"), setup->user->name);
}

static void print_settings(const struct client_setup *setup)
{
	const char *outside = setup->user->external_alias;

	if (outside[0] != '\0')
		printf(_("Address:      %s; outside the office it becomes %s\n"), setup->address, outside);
	else
		printf(_("Address:      %s\n"), setup->address);
	if (setup->user->full_name[0] != '\0')
		printf(_("Full name:    %s\n"), setup->user->full_name);
	printf(_("Login name:   %s\n"), setup->user->name);
	printf(_("Password:     %s\n"), password_text(setup));
	print_services(setup->incoming, setup->incoming_count, setup);
	print_services(setup->outgoing, setup->outgoing_count, setup);
	print_sent_copies(setup);
	print_certificate(setup);
	print_programs(setup);
}

static int print_qr(const struct qr *qr)
{
	struct buf out = BUF_INIT(FILE_MAX);

	qr_write_terminal(qr, &out);
	printf("\n%s", buf_text(&out));
	buf_clear(&out);
	return CLI_DONE;
}

/* --- JSON */

static json_t *services_json(const struct client_setup *setup, const struct client_setup_service *services, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:i, s:s, s:b}", "protocol", services[i].protocol, "host",
			setup->host, "port", services[i].port, "security",
			client_setup_security_name(services[i].security), "login",
			services[i].is_incoming || setup->sends_with_login));
	return list;
}

static json_t *certificate_json(const struct client_setup *setup)
{
	if (setup->certificate.der == NULL)
		return json_null();
	return json_pack("{s:o, s:s, s:b}", "file", cli_json_text(setup->certificate_path), "sha256",
	    setup->certificate.sha256, "self_signed", setup->certificate.is_self_signed);
}

static json_t *setup_json(const struct client_setup *setup, const char *payload, const struct strlist *files)
{
	json_t *names = json_array();

	for (size_t i = 0; i < files->count; i++)
		json_array_append_new(names, cli_json_text(files->items[i]));
	return json_pack("{s:s, s:o, s:s, s:o, s:s, s:b, s:b, s:b, s:o, s:o, s:o, s:s, s:o}", "user", setup->user->name,
	    "full_name", cli_json_text(setup->user->full_name), "address", setup->address, "external_alias",
	    cli_json_text(setup->user->external_alias), "login", setup->user->name, "has_password",
	    setup->has_password, "may_log_in", setup->may_log_in, "save_sent", setup->user->save_sent, "incoming",
	    services_json(setup, setup->incoming, setup->incoming_count), "outgoing",
	    services_json(setup, setup->outgoing, setup->outgoing_count), "certificate", certificate_json(setup), "qr",
	    payload, "files", names);
}

/* --- files */

static bool write_file(const char *folder, const char *name, struct buf *content, struct strlist *files)
{
	char *path = xasprintf("%s/%s", folder, name);
	struct error error;
	bool done = fsx_replace(path, buf_slice(content), FILE_MODE, &error) == 0;

	if (done)
		strlist_add(files, path);
	else
		cli_fail_error(&error);
	buf_clear(content);
	free(path);
	return done;
}

static bool write_files(const struct client_setup *setup, const struct qr *qr, const char *folder, struct strlist *files)
{
	struct buf autoconfig = BUF_INIT(FILE_MAX), apple = BUF_INIT(FILE_MAX), svg = BUF_INIT(FILE_MAX);
	char *apple_name = xasprintf("%s.mobileconfig", setup->user->name);
	char *svg_name = xasprintf("%s.svg", setup->user->name);
	struct error error;
	bool done = fsx_make_dirs(folder, &error) == 0;

	if (!done)
		cli_fail_error(&error);
	client_setup_write_autoconfig(setup, &autoconfig);
	client_setup_write_apple(setup, &apple);
	qr_write_svg(qr, &svg);
	done = done && write_file(folder, "config-v1.1.xml", &autoconfig, files) &&
	       write_file(folder, apple_name, &apple, files) && write_file(folder, svg_name, &svg, files);
	buf_clear(&autoconfig);
	buf_clear(&apple);
	buf_clear(&svg);
	free(apple_name);
	free(svg_name);
	return done;
}

/* --- */

static int tell(const struct cli *cli, const struct client_setup *setup, const struct qr *qr, const char *payload,
    const struct strlist *files)
{
	if (cli->json)
		return cli_print_json(setup_json(setup, payload, files));
	print_settings(setup);
	for (size_t i = 0; i < files->count; i++)
		printf(_("written: %s\n"), files->items[i]);
	return cli_shows_qr(cli) ? print_qr(qr) : CLI_DONE;
}

static int write_and_tell(const struct cli *cli, const struct client_setup *setup)
{
	const char *folder = cli_option(cli, "--write");
	struct strlist files = {NULL, 0};
	char *payload = client_setup_qr_payload(setup);
	struct qr qr;
	struct error error;
	int result = CLI_FAILED;
	bool paused, done;

	if (qr_encode(payload, &qr, &error) != 0) {
		cli_fail_error(&error);
	} else {
		paused = service_user_pause(); /* the files belong to the admin */
		done = folder == NULL || write_files(setup, &qr, folder, &files);
		service_user_resume(paused);
		if (done)
			result = tell(cli, setup, &qr, payload, &files);
		qr_clear(&qr);
	}
	strlist_clear(&files);
	free(payload);
	return result;
}

static bool is_host(const char *text)
{
	struct in6_addr address;

	return value_is_host(slice_of(text)) || inet_pton(AF_INET, text, &address) == 1 ||
	       inet_pton(AF_INET6, text, &address) == 1;
}

/* The server address for a PC of the LAN: the gateway's name if it resolves to one of our addresses there, else the
 * address. New memory. */
static char *reachable_host(const struct conf *conf)
{
	struct strlist addresses = {NULL, 0};
	char *host;

	lan_addresses(&addresses);
	host = xstrdup(addresses.count == 0 || lan_knows(conf->gateway.hostname) ? conf->gateway.hostname : addresses.items[0]);
	strlist_clear(&addresses);
	return host;
}

static int set_up(struct cli *cli, struct conf *conf, const struct conf_user *user)
{
	const char *host = cli_option(cli, "--host");
	char *own = host == NULL ? reachable_host(conf) : NULL;
	struct client_setup setup;
	int result;

	if (host != NULL && !is_host(host))
		return cli_fail(CLI_FAILED, _("`%s` is neither a host name nor an IP address"), host);
	client_setup_gather(&setup, conf, user, host != NULL ? host : own);
	if (setup.incoming_count == 0 || setup.outgoing_count == 0)
		result = cli_fail(CLI_FAILED, _("mail programs cannot connect: the ports for IMAP and POP3, "
		    "or those for SMTP, in [lan] are all 0"));
	else
		result = write_and_tell(cli, &setup);
	client_setup_clear(&setup);
	free(own);
	return result;
}

int cmd_client_setup(struct cli *cli)
{
	return cli_with_user(cli, set_up);
}
