/*
 * A server in the configuration, parsed from its URL. No I/O, no allocation: slices of the URL.
 *
 *     pop3s://pop.example.ru:995      protocol POP3, tls, place "pop.example.ru:995", host "pop.example.ru", port "995"
 *     socks5h://me:secret@[::1]:1080  protocol OTHER, place "[::1]:1080", host "::1", port "1080"
 */
#ifndef LANPOST_CONFIG_ENDPOINT_H
#define LANPOST_CONFIG_ENDPOINT_H

#include "base/str.h"

enum endpoint_protocol { ENDPOINT_OTHER, ENDPOINT_POP3, ENDPOINT_IMAP, ENDPOINT_SMTP };

struct endpoint {
	enum endpoint_protocol protocol;
	bool tls;           /* from the first byte: pop3s, imaps, smtps */
	struct slice place; /* host and port, as they are written */
	struct slice host;  /* without the brackets of an IPv6 address */
	struct slice port;  /* empty: the protocol's default */
};

/* The slices point into the URL. A text without "://" has the protocol OTHER. */
struct endpoint endpoint_of(const char *url);
/* Whether the host is this computer, by name or address: no data leaves it. */
bool endpoint_is_local(const struct endpoint *endpoint);

#endif
