/*
 * The url of a scanner, parsed: what it speaks, and where it is. No I/O, no allocation: slices of the url.
 *
 *     clamd:///run/clamav/clamd.ctl   kind CLAMD, path "/run/clamav/clamd.ctl"
 *     rspamd://[::1]:11333            kind RSPAMD, host "::1", port 11333
 */
#ifndef LANPOST_CONFIG_SCANNER_URL_H
#define LANPOST_CONFIG_SCANNER_URL_H

#include "base/str.h"

enum scanner_kind { SCANNER_CLAMD, SCANNER_SPAMD, SCANNER_RSPAMD };

struct scanner_url {
	enum scanner_kind kind;
	struct slice path; /* of a socket of this computer; empty: it is reached by host and port */
	struct slice host; /* without the brackets of an IPv6 address */
	unsigned port;
};

/* Of a valid url (VALUE_SCANNER). */
struct scanner_url scanner_url_of(const char *url);
/* Where a scanner for spam learns, as a url in new memory: learn_url ("": none is configured), else that of spamd itself, and of rspamd that of its controller, which
 * has the next port. */
char *scanner_url_to_learn(const char *url, const char *learn_url);
/* SCAN_VIRUS or SCAN_SPAM (message/scan/scan_verdict.h). */
unsigned scanner_url_looks_for(enum scanner_kind kind);

#endif
