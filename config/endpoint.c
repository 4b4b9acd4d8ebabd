#include "config/endpoint.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *scheme;
	enum endpoint_protocol protocol;
	bool tls;
} schemes[] = {
    {"pop3", ENDPOINT_POP3, false}, {"pop3s", ENDPOINT_POP3, true}, {"imap", ENDPOINT_IMAP, false},
    {"imaps", ENDPOINT_IMAP, true}, {"smtp", ENDPOINT_SMTP, false}, {"smtps", ENDPOINT_SMTP, true},
};

static void read_scheme(struct endpoint *endpoint, struct slice scheme)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (slice_is_nocase(scheme, schemes[i].scheme)) {
			endpoint->protocol = schemes[i].protocol;
			endpoint->tls = schemes[i].tls;
		}
}

/* The host ends at its last colon, or at the bracket that closes an IPv6 address. */
static void read_host(struct endpoint *endpoint)
{
	struct slice place = endpoint->place;
	ptrdiff_t end;

	if (place.len > 0 && place.ptr[0] == '[' && (end = slice_find(place, ']')) >= 0) {
		endpoint->host = slice_make(place.ptr + 1, (size_t)end - 1);
		place = slice_from(place, (size_t)end + 1);
		endpoint->port = place.len > 0 && place.ptr[0] == ':' ? slice_from(place, 1) : slice_make(place.ptr, 0);
		return;
	}
	end = slice_find_last(place, ':');
	endpoint->host = end < 0 ? place : slice_make(place.ptr, (size_t)end);
	endpoint->port = end < 0 ? slice_make(place.ptr + place.len, 0) : slice_from(place, endpoint->host.len + 1);
}

struct endpoint endpoint_of(const char *url)
{
	const char *begin = strstr(url, "://");
	struct endpoint endpoint = {.protocol = ENDPOINT_OTHER};

	if (begin != NULL)
		read_scheme(&endpoint, slice_make(url, (size_t)(begin - url)));
	begin = begin == NULL ? url : begin + strlen("://");
	endpoint.place = slice_make(begin, strcspn(begin, "/?#"));
	endpoint.place = slice_from(endpoint.place, (size_t)(slice_find_last(endpoint.place, '@') + 1));
	read_host(&endpoint);
	return endpoint;
}

/* Accepts 127.0.0.0/8, but not 127.example.ru. */
static bool is_loopback(struct slice host)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr address;

	snprintf(text, sizeof(text), "%.*s", SLICE_PRINT(host));
	return host.len < sizeof(text) && inet_pton(AF_INET, text, &address) == 1 && ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
}

bool endpoint_is_local(const struct endpoint *endpoint)
{
	return slice_is_nocase(endpoint->host, "localhost") || slice_is(endpoint->host, "::1") || is_loopback(endpoint->host);
}
