#include "config/scanner_url.h"

#include "base/alloc.h"
#include "config/endpoint.h"
#include "message/scan/scan_verdict.h"

static const struct {
	const char *name;
	unsigned port, looks_for;
} kinds[] = {
    [SCANNER_CLAMD] = {"clamd", 3310, SCAN_VIRUS},
    [SCANNER_SPAMD] = {"spamd", 783, SCAN_SPAM},
    [SCANNER_RSPAMD] = {"rspamd", 11333, SCAN_SPAM},
};

struct scanner_url scanner_url_of(const char *url)
{
	struct slice rest = slice_of(url), scheme = slice_cut(&rest, ':');
	struct endpoint endpoint = endpoint_of(url);
	struct scanner_url result = {.kind = SCANNER_CLAMD, .path = slice_make("", 0), .host = endpoint.host};
	uint64_t port;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (slice_is_nocase(scheme, kinds[i].name))
			result.kind = (enum scanner_kind)i;
	rest = rest.ptr == NULL ? slice_make("", 0) : slice_from(rest, strlen("//"));
	if (rest.len > 0 && rest.ptr[0] == '/')
		result.path = rest;
	result.port = slice_number(endpoint.port, 1, 65535, &port) ? (unsigned)port : kinds[result.kind].port;
	return result;
}

unsigned scanner_url_looks_for(enum scanner_kind kind)
{
	return kinds[kind].looks_for;
}

char *scanner_url_to_learn(const char *url, const char *learn_url)
{
	struct scanner_url parsed = scanner_url_of(url);
	bool is_v6 = slice_find(parsed.host, ':') >= 0;

	if (learn_url[0] != '\0')
		return xstrdup(learn_url);
	if (parsed.kind != SCANNER_RSPAMD || parsed.path.len > 0)
		return xstrdup(url);
	return xasprintf("rspamd://%s%.*s%s:%u", is_v6 ? "[" : "", SLICE_PRINT(parsed.host), is_v6 ? "]" : "", parsed.port + 1);
}
