#include "message/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

/* The maximum distance between '<' and '>', with routes and comments: no valid path is longer. */
#define ANGLE_MAX 2048

/* A reader over one address. `sloppy` accepts dots that RFC 5321 does not allow but headers
 * contain. */
struct reader {
	const char *at, *end;
	bool sloppy;
};

static bool is_wsp(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

static bool is_atext(char c)
{
	return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Bytes of the visible character at p, 0 if it is not one: C1 controls and bidirectional marks
 * would make an address look like another one. */
static size_t visible_len(const char *p, const char *end)
{
	size_t len = utf8_char_len(slice_make(p, (size_t)(end - p)));
	const unsigned char *c = (const unsigned char *)p;

	if (len == 1 && (c[0] < 0x20 || c[0] == 0x7f))
		return 0;
	if (len == 2 && c[0] == 0xc2 && c[1] < 0xa0)
		return 0;
	if (len == 3 && c[0] == 0xe2 && c[1] == 0x80 &&
	    (c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xaa && c[2] <= 0xae)))
		return 0;
	if (len == 3 && c[0] == 0xe2 && c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9)
		return 0;
	return len;
}

static bool put(char *out, size_t max, size_t *len, const char *bytes, size_t count)
{
	if (count > max - *len)
		return false;
	memcpy(out + *len, bytes, count);
	*len += count;
	out[*len] = '\0';
	return true;
}

static bool read_quoted_local(struct reader *r, char *out)
{
	size_t len = 0;

	for (r->at++; r->at < r->end && *r->at != '"';) {
		size_t bytes;

		if (*r->at == '\\')
			r->at++;
		bytes = visible_len(r->at, r->end);
		if (bytes == 0 || !put(out, ADDR_LOCAL_MAX, &len, r->at, bytes))
			return false;
		r->at += bytes;
	}
	if (r->at == r->end || len == 0)
		return false;
	r->at++;
	return true;
}

static bool read_local(struct reader *r, char *out)
{
	size_t len = 0;

	if (r->at < r->end && *r->at == '"')
		return read_quoted_local(r, out);
	while (r->at < r->end) {
		size_t bytes = 1;

		if (*r->at == '.') {
			bool alone = len == 0 || out[len - 1] == '.';

			if (alone && !r->sloppy)
				return false;
		} else if ((unsigned char)*r->at >= 0x80) {
			bytes = visible_len(r->at, r->end);
		} else if (!is_atext(*r->at)) {
			break;
		}
		if (bytes == 0 || !put(out, ADDR_LOCAL_MAX, &len, r->at, bytes))
			return false;
		r->at += bytes;
	}
	return len > 0 && (r->sloppy || out[len - 1] != '.');
}

static bool is_ip_literal(const char *text, size_t len)
{
	char copy[INET6_ADDRSTRLEN + 8];
	unsigned char ip[16];

	if (len < 2 || len - 2 >= sizeof(copy) || memchr(text, '\0', len) != NULL)
		return false;
	memcpy(copy, text + 1, len - 2);
	copy[len - 2] = '\0';
	if (slice_begins_nocase(slice_of(copy), "IPv6:"))
		return inet_pton(AF_INET6, copy + 5, ip) == 1;
	return inet_pton(AF_INET, copy, ip) == 1;
}

static bool read_literal(struct reader *r, char *out)
{
	const char *start = r->at;
	size_t len = 0;

	while (r->at < r->end && *r->at != ']')
		r->at++;
	if (r->at == r->end)
		return false;
	r->at++;
	return is_ip_literal(start, (size_t)(r->at - start)) &&
	       put(out, ADDR_DOMAIN_MAX, &len, start, (size_t)(r->at - start));
}

/* Labels of letters, digits, '-' and '_' (which real hosts have), or of UTF-8 (RFC 6531). */
static bool read_labels(struct reader *r, char *out)
{
	size_t len = 0;

	while (r->at < r->end) {
		bool first = len == 0 || out[len - 1] == '.';
		size_t bytes = 1;

		if ((unsigned char)*r->at >= 0x80)
			bytes = visible_len(r->at, r->end);
		else if (*r->at == '.' || *r->at == '-')
			bytes = first ? 0 : 1;
		else if (!is_alnum(*r->at) && *r->at != '_')
			break;
		if (bytes == 0 || !put(out, ADDR_DOMAIN_MAX, &len, r->at, bytes))
			return false;
		r->at += bytes;
	}
	if (len > 0 && out[len - 1] == '.')
		out[--len] = '\0';
	return len > 0;
}

static bool read_addr(struct reader *r, struct addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (!read_local(r, addr->local))
		return false;
	if (r->at == r->end || *r->at != '@')
		return true;
	r->at++;
	if (r->at < r->end && *r->at == '[') {
		if (!read_literal(r, addr->domain))
			return false;
	} else if (!read_labels(r, addr->domain)) {
		return false;
	}
	str_lower_ascii(addr->domain);
	return true;
}

/* Only white space or the end may follow: "<a@b>c" is an attack, not a path with a parameter. */
static bool path_ends(struct reader *r, struct slice *rest)
{
	if (r->at < r->end && *r->at != ' ' && *r->at != '\t')
		return false;
	*rest = slice_trim(slice_make(r->at, (size_t)(r->end - r->at)));
	return true;
}

enum addr_path_kind addr_parse_path(
    struct slice text, bool null_allowed, struct addr *addr, struct slice *rest)
{
	struct reader r;
	bool angle;

	memset(addr, 0, sizeof(*addr));
	*rest = SLICE_NONE;
	text = slice_trim(text);
	if (text.len == 0)
		return ADDR_PATH_BAD;
	r = (struct reader){text.ptr, text.ptr + text.len, false};
	angle = *r.at == '<';
	if (angle)
		r.at++;
	if (angle && null_allowed && r.at < r.end && *r.at == '>') {
		r.at++;
		return path_ends(&r, rest) ? ADDR_PATH_NULL : ADDR_PATH_BAD;
	}
	if (!read_addr(&r, addr))
		goto bad;
	if (angle && (r.at == r.end || *r.at++ != '>'))
		goto bad;
	if (path_ends(&r, rest))
		return ADDR_PATH_OK;
bad:
	memset(addr, 0, sizeof(*addr));
	return ADDR_PATH_BAD;
}

static bool parse_whole(struct slice text, bool sloppy, struct addr *addr)
{
	struct reader r;

	memset(addr, 0, sizeof(*addr));
	if (text.len == 0)
		return false;
	r = (struct reader){text.ptr, text.ptr + text.len, sloppy};
	if (read_addr(&r, addr) && r.at == r.end)
		return true;
	memset(addr, 0, sizeof(*addr));
	return false;
}

bool addr_parse(struct slice text, struct addr *addr)
{
	return parse_whole(slice_trim(text), false, addr);
}

static bool needs_quotes(const char *local)
{
	char before = '.';

	for (const char *p = local; *p != '\0'; before = *p++) {
		if (*p == '.' ? before == '.' : !is_atext(*p) && (unsigned char)*p < 0x80)
			return true;
	}
	return before == '.';
}

char *addr_text(char *out, size_t size, const struct addr *addr)
{
	char quoted[ADDR_LOCAL_MAX * 2 + 3];
	const char *local = addr->local;
	size_t len = 0;

	if (local[0] != '\0' && needs_quotes(local)) {
		quoted[len++] = '"';
		for (const char *p = local; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				quoted[len++] = '\\';
			quoted[len++] = *p;
		}
		quoted[len++] = '"';
		quoted[len] = '\0';
		local = quoted;
	}
	snprintf(out, size, "%s%s%s", local, addr->domain[0] != '\0' ? "@" : "", addr->domain);
	return out;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return slice_equal_nocase(slice_of(a->local), slice_of(b->local)) &&
	       slice_equal_nocase(slice_of(a->domain), slice_of(b->domain));
}

bool addr_looks_routed(const struct addr *addr)
{
	return strpbrk(addr->local, "%!@:") != NULL;
}

/* --- address lists: every byte is read a bounded number of times, even if brackets are
 * unbalanced */

static const char *skip_quoted(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\' && p + 1 < end)
			p++;
	return p < end ? p + 1 : end;
}

static const char *skip_comment(const char *p, const char *end)
{
	size_t depth = 0;

	for (; p < end; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 0)
			return p + 1;
	}
	return end;
}

/* The content of a comment that begins with '(' at start and ends at the given end. */
static struct slice comment_text(const char *start, const char *after)
{
	size_t len = (size_t)(after - start) - 1;

	if (len > 0 && after[-1] == ')')
		len--;
	return slice_trim(slice_make(start + 1, len));
}

/* Finds the '>' for the '<' at p. Without one the span ends at the first comma, unless quotes
 * make that position ambiguous: then everything that was read is skipped, so that nothing is
 * read twice.
 */
static const char *angle_end(const char *p, const char *end, bool *closed)
{
	const char *comma = NULL;
	bool quotes = false;

	if (end - p > ANGLE_MAX)
		end = p + ANGLE_MAX;
	*closed = false;
	for (p++; p < end && *p != '<'; p++) {
		if (*p == '>') {
			*closed = true;
			return p;
		}
		if ((*p == ',' || *p == ';') && comma == NULL)
			comma = p;
		if (*p == '"') {
			quotes = true;
			p = skip_quoted(p, end) - 1;
		}
	}
	return comma != NULL && !quotes ? comma : p;
}

/* Copies an addr-spec without comments and without white space around '.' and '@' (old mail has
 * it). Other white space becomes one blank. Returns SLICE_NONE if it is too long. */
static struct slice plain_spec(struct slice spec, char *out, size_t size)
{
	const char *p = spec.ptr, *end = spec.ptr + spec.len;
	size_t len = 0;

	while (p < end) {
		const char *next = p + 1;

		if (*p == '(') {
			p = skip_comment(p, end);
			continue;
		}
		if (*p == '"')
			next = skip_quoted(p, end);
		if ((size_t)(next - p) + 1 > size - len)
			return SLICE_NONE;
		if (is_wsp(*p)) {
			if (len > 0 && strchr(" .@", out[len - 1]) == NULL)
				out[len++] = ' ';
		} else {
			if ((*p == '.' || *p == '@') && len > 0 && out[len - 1] == ' ')
				len--;
			memcpy(out + len, p, (size_t)(next - p));
			len += (size_t)(next - p);
		}
		p = next;
	}
	return slice_trim(slice_make(out, len));
}

static bool parse_spec(struct slice spec, struct addr *addr)
{
	char plain[ADDR_TEXT_MAX * 2];

	return parse_whole(plain_spec(spec, plain, sizeof(plain)), true, addr);
}

/* Drops an obsolete route (RFC 5322 section 4.4): "@a,@b:c@d" is c@d. */
static struct slice without_route(struct slice spec)
{
	spec = slice_trim(spec);
	if (spec.len > 0 && spec.ptr[0] == '@') {
		ptrdiff_t colon = slice_find(spec, ':');

		if (colon >= 0)
			return slice_trim(slice_from(spec, (size_t)colon + 1));
	}
	return spec;
}

/* "Ivan ivan@example.ru", without the brackets: the last word is the address. */
static void split_bare(struct addr_item *item)
{
	size_t at = item->spec.len;

	while (at > 0 && !is_wsp(item->spec.ptr[at - 1]))
		at--;
	if (at == 0 || slice_find(slice_from(item->spec, at), '@') < 0)
		return;
	item->valid = parse_spec(slice_from(item->spec, at), &item->addr);
	if (item->valid) {
		item->name = slice_trim(slice_make(item->spec.ptr, at));
		item->spec = slice_from(item->spec, at);
	}
}

/* One element of the list, as far as it was read. */
struct element {
	const char *start, *last; /* first byte outside comments, end of the last one */
	struct slice angle, comment, group;
	bool has_angle;
	bool literal; /* an address literal's colons ("[IPv6:...]") open no group */
};

static bool finish(struct element *e, struct addr_item *item)
{
	memset(item, 0, sizeof(*item));
	item->group = e->group;
	if (!e->has_angle && e->start == NULL)
		return false;
	if (e->has_angle) {
		item->spec = without_route(e->angle);
		if (e->start != NULL)
			item->name = slice_make(e->start, (size_t)(e->last - e->start));
		item->valid = parse_spec(item->spec, &item->addr);
	} else {
		item->spec = slice_make(e->start, (size_t)(e->last - e->start));
		item->valid = parse_spec(item->spec, &item->addr);
		if (!item->valid)
			split_bare(item);
	}
	if (item->name.len == 0)
		item->name = e->comment;
	return true;
}

/* Reads one token of an element at p; returns where the next one begins. */
static const char *element_token(struct element *e, const char *p, const char *end)
{
	const char *next = p + 1;
	bool closed;

	if (*p == '(') {
		next = skip_comment(p, end);
		if (e->comment.len == 0)
			e->comment = comment_text(p, next);
		return next;
	}
	if (*p == '<' && !e->has_angle) {
		next = angle_end(p, end, &closed);
		e->angle = slice_make(p + 1, (size_t)(next - p) - 1);
		e->has_angle = true;
		return closed ? next + 1 : next;
	}
	if (*p == '"')
		next = skip_quoted(p, end);
	if (!is_wsp(*p) && !e->has_angle) {
		if (e->start == NULL)
			e->start = p;
		e->last = next;
		e->literal = e->literal || *p == '[';
	}
	return next;
}

bool addr_list_next(struct slice body, size_t *at, struct addr_item *item)
{
	const char *end, *p;
	struct element e = {0};

	if (*at >= body.len)
		return false;
	end = body.ptr + body.len;
	for (p = body.ptr + *at; p < end;) {
		if (*p == ',' || *p == ';') {
			p++;
			if (finish(&e, item)) {
				item->ends_group = p[-1] == ';';
				goto found;
			}
			e = (struct element){.group = e.group};
		} else if (*p == ':' && !e.has_angle && !e.literal) {
			e = (struct element){.group = e.start == NULL ? e.group : slice_make(e.start, (size_t)(e.last - e.start))};
			p++;
		} else {
			p = element_token(&e, p, end);
		}
	}
	if (!finish(&e, item)) {
		*at = body.len;
		return false;
	}
found:
	*at = (size_t)(p - body.ptr);
	return true;
}
