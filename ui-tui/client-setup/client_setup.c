#include "ui-tui/client-setup/client_setup.h"

#include "base/alloc.h"
#include "spool/layout.h"

#include <stddef.h>
#include <stdlib.h>

/* The best first: IMAP before POP3, encrypted from the first byte, then STARTTLS. */
static const struct {
	size_t port; /* offset in struct conf_lan */
	const char *protocol;
	bool is_incoming;
	enum client_setup_security security;
} services[] = {
    {offsetof(struct conf_lan, imaps_port), "imap", true, CLIENT_SETUP_TLS},
    {offsetof(struct conf_lan, imap_port), "imap", true, CLIENT_SETUP_STARTTLS},
    {offsetof(struct conf_lan, pop3s_port), "pop3", true, CLIENT_SETUP_TLS},
    {offsetof(struct conf_lan, pop3_port), "pop3", true, CLIENT_SETUP_STARTTLS},
    {offsetof(struct conf_lan, smtps_port), "smtp", false, CLIENT_SETUP_TLS},
    {offsetof(struct conf_lan, submission_port), "smtp", false, CLIENT_SETUP_STARTTLS},
    {offsetof(struct conf_lan, smtp_port), "smtp", false, CLIENT_SETUP_STARTTLS},
};

static void gather_services(struct client_setup *setup)
{
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		int64_t port = *(const int64_t *)((const char *)&setup->conf->lan + services[i].port);
		struct client_setup_service service = {services[i].protocol, services[i].is_incoming, (int)port, services[i].security};

		if (port == 0)
			continue;
		if (service.is_incoming)
			setup->incoming[setup->incoming_count++] = service;
		else
			setup->outgoing[setup->outgoing_count++] = service;
	}
}

void client_setup_gather(struct client_setup *setup, const struct conf *conf, const struct conf_user *user, const char *host)
{
	*setup = (struct client_setup){
	    .conf = conf,
	    .user = user,
	    .host = host,
	    .address = xasprintf("%s@%s", user->name, conf->gateway.local_domain),
	    .has_password = user->password[0] != '\0',
	    .certificate_path = conf->lan.tls_cert[0] != '\0'
				    ? xstrdup(conf->lan.tls_cert)
				    : layout_tls(SPOOL_OF(conf), "cert.pem"),
	};
	setup->may_log_in = setup->has_password || conf->lan.allow_empty_password;
	setup->sends_with_login = setup->has_password || conf->lan.require_auth;
	gather_services(setup);
	if (tls_certificate_read(setup->certificate_path, &setup->certificate, &setup->certificate_error) != 0)
		setup->certificate.der = NULL;
}

void client_setup_clear(struct client_setup *setup)
{
	free(setup->address);
	free(setup->certificate_path);
	tls_certificate_clear(&setup->certificate);
	*setup = (struct client_setup){.conf = NULL};
}

const char *client_setup_security_name(enum client_setup_security security)
{
	static const char *const names[] = {[CLIENT_SETUP_PLAIN] = "none", [CLIENT_SETUP_STARTTLS] = "starttls", [CLIENT_SETUP_TLS] = "tls"};

	return names[security];
}
