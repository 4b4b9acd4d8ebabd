/* Values that name networks: addresses, prefixes, ranges, ports. */
#include "config/value.h"

#include <arpa/inet.h>

#define TEXT_MAX 64

/* Reads IPv4 (as ::ffff:a.b.c.d) or IPv6; *width is the number of bits of its family. */
static bool read_address(struct slice text, struct in6_addr *address, unsigned *width)
{
	char copy[TEXT_MAX];
	struct in_addr v4;

	if (text.len == 0 || text.len >= sizeof(copy) || slice_find(text, '\0') >= 0)
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (inet_pton(AF_INET6, copy, address) == 1) {
		*width = 128;
		return true;
	}
	if (inet_pton(AF_INET, copy, &v4) != 1)
		return false;
	memset(address, 0, sizeof(*address));
	address->s6_addr[10] = address->s6_addr[11] = 0xff;
	memcpy(&address->s6_addr[12], &v4, sizeof(v4));
	*width = 32;
	return true;
}

/* All addresses that share the first `bits` (of 128) with net->first. */
static void spread(struct conf_net *net, unsigned bits)
{
	net->last = net->first;
	for (unsigned i = 0; i < 16; i++) {
		unsigned fixed = bits <= i * 8 ? 0 : bits - i * 8;
		unsigned char mask = (unsigned char)(fixed >= 8 ? 0xff : 0xff00 >> fixed);

		net->first.s6_addr[i] &= mask;
		net->last.s6_addr[i] |= (unsigned char)~mask;
	}
}

static bool read_prefix(struct slice address, struct slice bits, struct conf_net *net)
{
	unsigned width;
	uint64_t count;

	if (!read_address(address, &net->first, &width) || !slice_number(bits, 0, width, &count))
		return false;
	spread(net, 128 - width + (unsigned)count);
	return true;
}

static bool read_range(struct slice from, struct slice to, struct conf_net *net)
{
	unsigned from_width, to_width;

	return read_address(slice_trim(from), &net->first, &from_width) &&
	       read_address(slice_trim(to), &net->last, &to_width) && from_width == to_width &&
	       memcmp(&net->first, &net->last, sizeof(net->first)) <= 0;
}

/* The notation of Office Mail Server: the first one to three numbers of an IPv4 address, perhaps
 * with a final dot or with stars for the rest. */
static bool read_beginning(struct slice text, struct conf_net *net)
{
	unsigned parts = 0;

	memset(&net->first, 0, sizeof(net->first));
	net->first.s6_addr[10] = net->first.s6_addr[11] = 0xff;
	while (text.len > 0) {
		struct slice part = slice_cut(&text, '.');
		uint64_t number;

		if (slice_is(part, "*") && parts > 0)
			break;
		if (parts == 3 || !slice_number(part, 0, 255, &number))
			return false;
		net->first.s6_addr[12 + parts++] = (unsigned char)number;
	}
	while (text.len > 0)
		if (!slice_is(slice_cut(&text, '.'), "*"))
			return false;
	spread(net, 96 + parts * 8);
	return parts > 0;
}

bool value_net(struct slice text, struct conf_net *net)
{
	ptrdiff_t slash = slice_find(text, '/');
	ptrdiff_t dash = slice_find(text, '-');
	unsigned width;

	if (slash >= 0)
		return read_prefix(slice_make(text.ptr, (size_t)slash),
		    slice_from(text, (size_t)slash + 1), net);
	if (dash >= 0)
		return read_range(slice_make(text.ptr, (size_t)dash),
		    slice_from(text, (size_t)dash + 1), net);
	if (read_address(text, &net->first, &width)) {
		net->last = net->first;
		return true;
	}
	return read_beginning(text, net);
}
