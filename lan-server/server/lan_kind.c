#include "lan-server/server/lan_kind.h"

#include "lan-server/server/service.h"

#include <stddef.h>

#define MEMBER(name) offsetof(struct conf_lan, name)
#define ALWAYS 0 /* no STARTTLS: encrypted from the first byte */

static const struct {
	const char *name;
	const struct service *service;
	bool has_tls;
	size_t port, needs_tls; /* members of struct conf_lan */
} kinds[LAN_KINDS] = {
    [LAN_SMTP] = {"smtp", &service_smtp, false, MEMBER(smtp_port), MEMBER(smtp_tls_required)},
    [LAN_SUBMISSION] = {"submission", &service_smtp, false, MEMBER(submission_port), MEMBER(submission_tls_required)},
    [LAN_SMTPS] = {"smtps", &service_smtp, true, MEMBER(smtps_port), ALWAYS},
    [LAN_POP3] = {"pop3", &service_pop3, false, MEMBER(pop3_port), MEMBER(pop3_tls_required)},
    [LAN_POP3S] = {"pop3s", &service_pop3, true, MEMBER(pop3s_port), ALWAYS},
    [LAN_IMAP] = {"imap", &service_imap, false, MEMBER(imap_port), MEMBER(imap_tls_required)},
    [LAN_IMAPS] = {"imaps", &service_imap, true, MEMBER(imaps_port), ALWAYS},
};

const char *lan_kind_name(enum lan_kind kind)
{
	return kinds[kind].name;
}

const struct service *lan_kind_service(enum lan_kind kind)
{
	return kinds[kind].service;
}

bool lan_kind_has_tls(enum lan_kind kind)
{
	return kinds[kind].has_tls;
}

int64_t lan_kind_port(enum lan_kind kind, const struct conf_lan *lan)
{
	return *(const int64_t *)((const char *)lan + kinds[kind].port);
}

bool lan_kind_is_optional(enum lan_kind kind)
{
	return kinds[kind].service == &service_imap;
}

bool lan_kind_needs_tls(enum lan_kind kind, const struct conf_lan *lan)
{
	return !kinds[kind].has_tls && *(const bool *)((const char *)lan + kinds[kind].needs_tls);
}
