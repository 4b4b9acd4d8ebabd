#include "message/idn.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <unicase.h>

#define LABEL_MAX 63

/* RFC 3492 section 5. */
enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 0x80 };

struct label {
	uint32_t points[LABEL_MAX];
	size_t count;
};

/* The first character of valid UTF-8. */
static uint32_t code_point(struct slice text, size_t len)
{
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t point = (unsigned char)text.ptr[0] & masks[len];

	for (size_t i = 1; i < len; i++)
		point = point << 6 | ((unsigned char)text.ptr[i] & 0x3f);
	return point;
}

static bool read_points(struct slice text, struct label *label)
{
	label->count = 0;
	while (text.len > 0) {
		size_t len = utf8_char_len(text);

		if (len == 0 || len > 4 || label->count == LABEL_MAX)
			return false;
		label->points[label->count++] = code_point(text, len);
		text = slice_from(text, len);
	}
	return true;
}

static uint32_t adapt(uint32_t delta, uint32_t count, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / count;
	for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static char digit(uint32_t value)
{
	return (char)(value < 26 ? 'a' + value : '0' + value - 26);
}

static void put_delta(uint32_t delta, uint32_t bias, struct buf *out)
{
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;

		if (delta < t)
			break;
		buf_append_byte(out, digit(t + (delta - t) % (BASE - t)));
		delta = (delta - t) / (BASE - t);
	}
	buf_append_byte(out, digit(delta));
}

static uint32_t next_point(const struct label *label, uint32_t from)
{
	uint32_t next = UINT32_MAX;

	for (size_t i = 0; i < label->count; i++)
		if (label->points[i] >= from && label->points[i] < next)
			next = label->points[i];
	return next;
}

/* RFC 3492 section 6.3. A label has 63 characters of 21 bits at most, so nothing here overflows. */
static void punycode(const struct label *label, struct buf *out)
{
	uint32_t n = FIRST, delta = 0, bias = BIAS, basic = 0, done;

	for (size_t i = 0; i < label->count; i++)
		if (label->points[i] < FIRST)
			buf_append_byte(out, (char)label->points[i]), basic++;
	if (basic > 0)
		buf_append_byte(out, '-');
	for (done = basic; done < label->count; delta++, n++) {
		uint32_t next = next_point(label, n);

		delta += (next - n) * (done + 1);
		n = next;
		for (size_t i = 0; i < label->count; i++) {
			delta += label->points[i] < n;
			if (label->points[i] != n)
				continue;
			put_delta(delta, bias, out);
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
	}
}

static bool put_label(struct slice text, struct buf *out)
{
	struct label label;
	size_t before = out->len;

	if (slice_is_ascii(text)) {
		buf_append_slice(out, text);
	} else {
		if (!read_points(text, &label))
			return false;
		buf_append_text(out, "xn--");
		punycode(&label, out);
	}
	return out->len > before && out->len - before <= LABEL_MAX;
}

/* Small letters, composed (RFC 5895 section 2). Not case folding: ß and ss are different domains (RFC 5894 section 7.2). */
static bool make_small(const char *domain, struct buf *out)
{
	size_t len;
	uint8_t *small = u8_tolower((const uint8_t *)domain, strlen(domain), NULL, UNINORM_NFC, NULL, &len);
	bool fine = small != NULL && buf_append(out, (const char *)small, len) == 0;

	free(small);
	return fine;
}

bool idn_to_ascii(const char *domain, char *out, size_t size)
{
	struct buf small = BUF_INIT(4 * ADDR_DOMAIN_MAX), text = BUF_INIT(4 * ADDR_DOMAIN_MAX);
	struct slice rest;
	bool fine = utf8_is_valid(slice_of(domain)) && make_small(domain, &small);

	rest = buf_slice(&small);
	while (fine && rest.len > 0) {
		if (text.len > 0)
			buf_append_byte(&text, '.');
		fine = put_label(slice_cut(&rest, '.'), &text);
	}
	fine = fine && !text.overflow && text.len < size;
	if (fine)
		snprintf(out, size, "%s", buf_text(&text));
	buf_clear(&small);
	buf_clear(&text);
	return fine;
}

bool idn_address(const struct addr *addr, struct addr *out)
{
	*out = *addr;
	if (!slice_is_ascii(slice_of(addr->local)))
		return false;
	return slice_is_ascii(slice_of(addr->domain)) || idn_to_ascii(addr->domain, out->domain, sizeof(out->domain));
}
