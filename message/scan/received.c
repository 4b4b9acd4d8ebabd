#include "message/scan/received.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "message/addr.h"
#include "message/header.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#define LINES_MAX 50
#define LINE_MAX_BYTES 8192

/* --- the words of a line */

/* The next word, or a comment with its parentheses; nested ones belong to it. */
static struct slice next_word(struct slice *rest)
{
	struct slice text = slice_trim(*rest);
	size_t len = 0, depth = 0;

	for (; len < text.len; len++) {
		char c = text.ptr[len];

		if (c == '(')
			depth++;
		else if (c == ')' && depth > 0 && --depth == 0 && text.ptr[0] == '(') {
			len++;
			break;
		} else if (depth == 0 && (c == ' ' || c == '\t' || c == ';'))
			break;
		if (c == '(' && depth == 1 && len > 0)
			break;
	}
	*rest = slice_from(text, len < text.len && text.ptr[len] == ';' ? len + 1 : len);
	return slice_make(text.ptr, len);
}

static void copy_name(struct slice word, char *out)
{
	while (word.len > 0 && word.ptr[word.len - 1] == '.')
		word.len--;
	if (word.len < RECEIVED_NAME_MAX)
		str_printable(out, RECEIVED_NAME_MAX, word);
}

/* "[192.0.2.1]", "IPv6:2001:db8::1", "192.0.2.1:25" */
static bool read_address(struct slice word, struct in6_addr *address)
{
	char text[INET6_ADDRSTRLEN + 1];
	struct in_addr four;

	if (word.len > 0 && word.ptr[0] == '[')
		word = slice_from(word, 1);
	if (slice_begins_nocase(word, "IPv6:"))
		word = slice_from(word, 5);
	word = slice_cut(&word, ']');
	while (word.len > 0 && strchr(">;,", word.ptr[word.len - 1]) != NULL)
		word.len--;
	if (word.len == 0 || word.len >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", SLICE_PRINT(word));
	if (inet_pton(AF_INET6, text, address) == 1)
		return true;
	text[strcspn(text, ":")] = '\0';
	if (inet_pton(AF_INET, text, &four) != 1)
		return false;
	memset(address, 0, sizeof(*address));
	address->s6_addr[10] = address->s6_addr[11] = 0xff;
	memcpy(&address->s6_addr[12], &four, sizeof(four));
	return true;
}

/* --- a line */

struct line {
	struct received_hop from;
	bool has_address;
	char by[RECEIVED_NAME_MAX];
};

static struct slice next_of_comment(struct slice *rest)
{
	static const char ends[] = " \t(),";
	size_t start = 0, len;

	while (start < rest->len && strchr(ends, rest->ptr[start]) != NULL)
		start++;
	for (len = start; len < rest->len && strchr(ends, rest->ptr[len]) == NULL;)
		len++;
	start = len - start;
	*rest = slice_from(*rest, len);
	return slice_make(rest->ptr - start, start);
}

static bool is_name(struct slice word)
{
	return slice_find(word, '.') > 0 && slice_find(word, '=') < 0 && slice_find(word, '@') < 0 && slice_find(word, ':') < 0;
}

/* "(mail.example.ru [192.0.2.1])", "([192.0.2.1] helo=mail.example.ru)", "(HELO x)", "(192.0.2.1)" */
static void read_comment(struct slice comment, struct line *line)
{
	bool is_helo = false;

	for (struct slice word = next_of_comment(&comment); word.len > 0; word = next_of_comment(&comment)) {
		bool was_helo = is_helo;

		is_helo = slice_is_nocase(word, "helo") || slice_is_nocase(word, "ehlo");
		if (was_helo)
			copy_name(word, line->from.helo);
		else if (slice_begins_nocase(word, "helo=") || slice_begins_nocase(word, "ehlo="))
			copy_name(slice_from(word, 5), line->from.helo);
		else if (!line->has_address && read_address(word, &line->from.address))
			line->has_address = true;
		else if (line->from.name[0] == '\0' && is_name(word))
			copy_name(word, line->from.name);
	}
}

static void read_from(struct slice word, struct line *line)
{
	if (read_address(word, &line->from.address))
		line->has_address = true;
	copy_name(word, line->from.helo);
}

static void read_line(struct slice text, struct line *line)
{
	bool in_from = false;

	*line = (struct line){.has_address = false};
	while (text.len > 0 && line->by[0] == '\0') {
		struct slice word = next_word(&text);

		if (word.len > 0 && word.ptr[0] == '(') {
			if (in_from)
				read_comment(word, line);
		} else if (slice_is_nocase(word, "from") && !in_from) {
			read_from(next_word(&text), line);
			in_from = true;
		} else if (slice_is_nocase(word, "by")) {
			copy_name(next_word(&text), line->by);
		}
	}
}

/* --- whose */

static bool is_in(const char *name, const struct strlist *domains)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < domains->count; i++) {
		const char *domain = domains->items[i];
		size_t tail = strlen(domain);

		if (len >= tail && slice_is_nocase(slice_make(name + len - tail, tail), domain) && (len == tail || name[len - tail - 1] == '.'))
			return true;
	}
	return false;
}

/* An address that nobody on the internet has: within the provider (RFC 1918, RFC 6598, RFC 4193, RFC 3927, loopback). */
static bool is_internal(const struct in6_addr *address)
{
	const unsigned char *b = address->s6_addr;

	if (!IN6_IS_ADDR_V4MAPPED(address))
		return IN6_IS_ADDR_LOOPBACK(address) || IN6_IS_ADDR_LINKLOCAL(address) || IN6_IS_ADDR_UNSPECIFIED(address) ||
		       (b[0] & 0xfe) == 0xfc;
	b += 12;
	return b[0] == 10 || b[0] == 127 || b[0] == 0 || (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168) ||
	       (b[0] == 169 && b[1] == 254) || (b[0] == 100 && (b[1] & 0xc0) == 64);
}

/* The provider has taken the message from itself. */
static bool is_from_inside(const struct line *line, const struct strlist *trusted)
{
	return !line->has_address || is_internal(&line->from.address) || (line->from.name[0] != '\0' && is_in(line->from.name, trusted)) ||
	       (line->from.name[0] == '\0' && is_in(line->from.helo, trusted));
}

bool received_last_hop(struct slice message, const struct strlist *trusted, struct received_hop *hop)
{
	struct header_walk walk;
	struct header_field field;
	size_t lines = 0;
	bool found = false;

	header_walk_init(&walk, message);
	while (!found && lines < LINES_MAX && header_walk_next(&walk, &field)) {
		struct buf text = BUF_INIT(LINE_MAX_BYTES);
		struct line line = {.has_address = false};
		bool is_whole;

		if (!slice_is_nocase(field.name, "Received"))
			continue;
		lines++;
		is_whole = header_unfold(field.body, &text) == 0;
		if (is_whole)
			read_line(buf_slice(&text), &line);
		buf_clear(&text);
		/* The first lines may name a server without its domain: the provider's own, if they do not name another. */
		if (!is_whole || (line.by[0] != '\0' && strchr(line.by, '.') != NULL && !is_in(line.by, trusted)))
			break;
		if (is_from_inside(&line, trusted))
			continue;
		*hop = line.from;
		found = true;
	}
	return found;
}

/* --- providers */

/* The servers that fetch names are not always in the domain of those that receive. */
static const struct {
	const char *fetched, *domains[6];
} providers[] = {
    {"gmail.com", {"google.com", "gmail.com", "googlemail.com"}},
    {"googlemail.com", {"google.com", "gmail.com", "googlemail.com"}},
    {"office365.com", {"outlook.com", "office365.com", "prod.outlook.com", "protection.outlook.com"}},
    {"outlook.com", {"outlook.com", "hotmail.com", "office365.com", "protection.outlook.com"}},
    {"yandex.ru", {"yandex.net", "yandex.ru", "yandex.com", "yandex-team.ru"}},
    {"yandex.com", {"yandex.net", "yandex.ru", "yandex.com", "yandex-team.ru"}},
    {"mail.ru", {"mail.ru", "i.mail.ru"}},
    {"rambler.ru", {"rambler.ru", "rambler-co.ru"}},
    {"mail.me.com", {"icloud.com", "me.com", "apple.com", "mac.com"}},
    {"yahoo.com", {"yahoo.com", "yahoodns.net"}},
    {"gmx.net", {"gmx.net", "gmx.com", "kundenserver.de", "1and1.com"}},
    {"gmx.com", {"gmx.net", "gmx.com", "kundenserver.de", "1and1.com"}},
    {"web.de", {"web.de", "kundenserver.de"}},
    {"fastmail.com", {"messagingengine.com", "fastmail.com", "internal"}},
    {"zoho.com", {"zoho.com", "zohomail.com"}},
};

static bool ends_with(struct slice host, const char *domain)
{
	size_t len = strlen(domain);

	return host.len >= len && slice_is_nocase(slice_from(host, host.len - len), domain) &&
	       (host.len == len || host.ptr[host.len - len - 1] == '.');
}

/* "pop.mail.example.ru" -> "mail.example.ru"; a host with two labels is its own domain. */
static struct slice domain_of(struct slice host)
{
	ptrdiff_t dot = slice_find(host, '.');
	struct slice rest = dot < 0 ? host : slice_from(host, (size_t)dot + 1);

	return slice_find(rest, '.') < 0 ? host : rest;
}

void received_domains(struct slice host, struct strlist *domains)
{
	char *own;

	for (size_t i = 0; i < ARRAY_LEN(providers); i++)
		if (ends_with(host, providers[i].fetched)) {
			for (size_t j = 0; j < ARRAY_LEN(providers[i].domains) && providers[i].domains[j] != NULL; j++)
				strlist_add(domains, providers[i].domains[j]);
			return;
		}
	own = slice_dup(domain_of(host));
	strlist_add(domains, own);
	free(own);
}

bool received_is_fetched(struct slice message)
{
	static const char *const ways[] = {" with POP3 id ", " with POP3S id ", " with IMAP id ", " with IMAPS id "};
	struct header_field field;
	bool found = false;

	if (!header_find(message, "Received", &field))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		found = found || slice_contains(field.body, ways[i]);
	return found;
}

bool received_sender(struct slice message, char *out, size_t size)
{
	struct buf text = BUF_INIT(LINE_MAX_BYTES);
	struct header_field field;
	struct slice rest;
	struct addr addr;
	enum addr_path_kind kind = ADDR_PATH_BAD;

	if (header_find(message, "Return-Path", &field) && header_unfold(field.body, &text) == 0)
		kind = addr_parse_path(buf_slice(&text), true, &addr, &rest);
	buf_clear(&text);
	if (kind == ADDR_PATH_NULL)
		out[0] = '\0';
	else if (kind == ADDR_PATH_OK)
		addr_text(out, size, &addr);
	return kind != ADDR_PATH_BAD;
}
