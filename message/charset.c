#include "message/charset.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "message/charset_name.h"

#include <errno.h>
#include <iconv.h>
#include <pthread.h>
#include <stdlib.h>

#define CACHE_SIZE 64
/* Opening a converter loads a module and costs as much as converting 100 KB. No valid message has this many charsets;
 * further ones count as unknown, until the next message or the next second. */
#define OPENS_MAX 256
#define OPENS_MS 1000
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define SAMPLE_MAX 4096

/* --- descriptors, kept open per thread */
struct converter {
	char name[CHARSET_NAME_MAX + 1]; /* "" for a free place */
	iconv_t descriptor;
};
struct cache {
	struct converter items[CACHE_SIZE];
	size_t next; /* the slot to replace when all are in use */
	size_t opens; /* converters opened for this message */
	bool is_begun; /* the caller reports when another message begins */
	bool was_refused;
	int64_t since;
};

static pthread_key_t cache_key;
static pthread_once_t cache_once = PTHREAD_ONCE_INIT;

static void cache_free(void *value)
{
	struct cache *cache = value;

	for (size_t i = 0; i < CACHE_SIZE; i++)
		if (cache->items[i].name[0] != '\0')
			iconv_close(cache->items[i].descriptor);
	free(cache);
}

/* The main thread does not run key destructors. */
static void cache_free_at_exit(void)
{
	struct cache *cache = pthread_getspecific(cache_key);

	if (cache != NULL) {
		pthread_setspecific(cache_key, NULL);
		cache_free(cache);
	}
}

static void cache_start(void)
{
	if (pthread_key_create(&cache_key, cache_free) != 0)
		abort();
	atexit(cache_free_at_exit);
}

static struct cache *cache_of_thread(void)
{
	struct cache *cache;

	pthread_once(&cache_once, cache_start);
	cache = pthread_getspecific(cache_key);
	if (cache == NULL) {
		cache = xcalloc(1, sizeof(*cache));
		pthread_setspecific(cache_key, cache);
	}
	return cache;
}

void charset_begin_message(void)
{
	struct cache *cache = cache_of_thread();

	cache->opens = 0;
	cache->is_begun = true;
	cache->was_refused = false;
}

bool charset_was_refused(void)
{
	return cache_of_thread()->was_refused;
}

/* The limit per message; if the caller does not report the next message, the limit is per
 * second. */
static bool may_open(struct cache *cache)
{
	int64_t now = clock_now_ms();

	if (!cache->is_begun && now - cache->since >= OPENS_MS) {
		cache->since = now;
		cache->opens = 0;
	}
	cache->was_refused = cache->was_refused || cache->opens >= OPENS_MAX;
	return cache->opens++ < OPENS_MAX;
}

/* Returns (iconv_t)-1 for an unknown name, or when the message has had too many. */
static iconv_t converter_for(const char *name)
{
	struct cache *cache = cache_of_thread();
	struct converter *place;
	iconv_t descriptor;

	for (size_t i = 0; i < CACHE_SIZE; i++)
		if (strcmp(cache->items[i].name, name) == 0)
			return cache->items[i].descriptor;
	if (!may_open(cache))
		return (iconv_t)-1;
	descriptor = iconv_open("UTF-8", name);
	if (descriptor == (iconv_t)-1)
		return descriptor;
	place = &cache->items[cache->next++ % CACHE_SIZE];
	if (place->name[0] != '\0')
		iconv_close(place->descriptor);
	memcpy(place->name, name, strlen(name) + 1);
	place->descriptor = descriptor;
	return descriptor;
}

/* --- conversion */

static int append_utf8(struct slice bytes, struct buf *out)
{
	while (bytes.len > 0) {
		size_t good = 0, len;

		while (good < bytes.len && (len = utf8_char_len(slice_from(bytes, good))) > 0)
			good += len;
		if (buf_append(out, bytes.ptr, good) < 0)
			return -1;
		bytes = slice_from(bytes, good);
		if (bytes.len == 0)
			break;
		if (buf_append_text(out, REPLACEMENT) < 0)
			return -1;
		bytes = slice_from(bytes, 1);
	}
	return 0;
}

static int convert(iconv_t descriptor, struct slice bytes, struct buf *out)
{
	char chunk[1024];
	char *in = (char *)(uintptr_t)bytes.ptr;
	size_t left = bytes.len;
	bool flushed = false;

	iconv(descriptor, NULL, NULL, NULL, NULL);
	while (!flushed) {
		char *to = chunk;
		size_t room = sizeof(chunk), result;

		/* After the last byte, one more call flushes a stateful charset. */
		flushed = left == 0;
		result = iconv(descriptor, flushed ? NULL : (void *)&in, &left, &to, &room);
		if (buf_append(out, chunk, sizeof(chunk) - room) < 0)
			return -1;
		if (result != (size_t)-1 || errno == E2BIG)
			continue;
		if (buf_append_text(out, REPLACEMENT) < 0)
			return -1;
		if (errno != EILSEQ || left == 0) /* cut off in the middle of a character */
			break;
		in++;
		left--;
	}
	return 0;
}

int charset_to_utf8(struct slice charset, struct slice bytes, struct buf *out)
{
	char name[CHARSET_NAME_MAX + 1];
	iconv_t descriptor;
	size_t start = out->len;
	int result;

	if (!charset_name(charset, name))
		return -1;
	if (strcmp(name, "utf-8") == 0) {
		result = append_utf8(bytes, out);
	} else if (strcmp(name, "us-ascii") == 0) {
		/* Mail that is labelled us-ascii but has 8-bit bytes was written by old programs in
		 * their own charset. */
		result = charset_guess_to_utf8(SLICE_NONE, bytes, out);
	} else {
		descriptor = converter_for(name);
		if (descriptor == (iconv_t)-1)
			return -1;
		result = convert(descriptor, bytes, out);
	}
	if (result < 0)
		out->len = start;
	return result;
}

/* --- guessing */

static const char *const candidates[] = {"windows-1251", "koi8-r", "cp866", "iso-8859-5"};

/* The frequency of the letters of Russian text, а to я, in tenths of a percent. */
static const unsigned char frequency[32] = {80, 16, 45, 17, 30, 84, 9, 17, 74, 12, 35, 44, 32, 67,
    110, 28, 47, 55, 63, 26, 3, 10, 5, 14, 7, 4, 1, 19, 17, 3, 6, 20};

/* The pairs that make up a good third of Russian text, and those of everyday subjects. */
static const char pairs[] =
    "стноенторонаовниракоитаеолпрпогорепеанселотаалтевоермооталолиативлаверодовдоотсявепакасч"
    "ёттпиелитотьайыйийаяиеогомамиздезадопоптпррасоситазачтутбы";

struct score {
	long sum;
	unsigned before; /* alphabet number of the character before, 0 for none */
	bool before_lower, before_latin;
};

/* а..я as 1..32, ё counts as е; 0 for everything else. */
static unsigned letter_number(uint32_t point, bool *lower)
{
	*lower = point >= 0x430 && point <= 0x451;
	if (point == 0x401 || point == 0x451)
		return 6;
	if (point >= 0x410 && point <= 0x44f)
		return (point - 0x410) % 32 + 1;
	return 0;
}

static uint32_t cyrillic_point(const char *p)
{
	return ((uint32_t)((unsigned char)p[0] & 0x1f) << 6) | ((unsigned char)p[1] & 0x3f);
}

static bool is_common_pair(unsigned a, unsigned b)
{
	for (size_t i = 0; i + 4 <= sizeof(pairs) - 1; i += 4) {
		bool lower;

		if (letter_number(cyrillic_point(pairs + i), &lower) == a &&
		    letter_number(cyrillic_point(pairs + i + 2), &lower) == b)
			return true;
	}
	return false;
}

static void score_letter(struct score *score, unsigned letter, bool lower)
{
	score->sum += frequency[letter - 1] / 8 + (lower ? 2 : 0);
	if (score->before != 0) {
		if (is_common_pair(score->before, letter))
			score->sum += 12;
		if (score->before_lower && !lower)
			score->sum -= 25;
	}
}

/* Russian letters are evidence for a charset; symbols, box drawing and half-Latin words are
 * evidence against it. */
static long score_text(struct slice text)
{
	struct score score = {0};

	while (text.len > 0) {
		size_t len = utf8_char_len(text);
		unsigned letter = 0;
		bool lower = false, latin;

		if (len == 0)
			len = 1;
		if (len == 2)
			letter = letter_number(cyrillic_point(text.ptr), &lower);
		latin =
		    len == 1 && ascii_lower(text.ptr[0]) >= 'a' && ascii_lower(text.ptr[0]) <= 'z';
		if (letter != 0)
			score_letter(&score, letter, lower);
		else if (len > 1)
			score.sum -= len == 2 ? 15 : 20;
		if ((letter != 0 && score.before_latin) || (latin && score.before != 0))
			score.sum -= 20;
		score.before = letter;
		score.before_lower = lower;
		score.before_latin = latin;
		text = slice_from(text, len);
	}
	return score.sum;
}

static const char *guess(struct slice bytes)
{
	const char *best = "windows-1252"; /* if nothing looks like Russian */
	long best_score = 0;

	if (bytes.len > SAMPLE_MAX)
		bytes.len = SAMPLE_MAX;
	for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
		struct buf text = BUF_INIT(SAMPLE_MAX * 4);
		long score;

		if (charset_to_utf8(slice_of(candidates[i]), bytes, &text) == 0) {
			score = score_text(buf_slice(&text));
			if (score > best_score) {
				best = candidates[i];
				best_score = score;
			}
		}
		buf_clear(&text);
	}
	return best;
}

/* Tries the hint; false, with nothing appended, if it is unknown or the bytes are not valid in
 * it. A raw header cannot be in a charset that is not a superset of ASCII. */
static bool convert_by_hint(struct slice hint, struct slice bytes, struct buf *out)
{
	static const char *const wide[] = {
	    "utf-16", "utf-32", "ucs", "utf-7", "unicode", "utf16", "utf32"};
	size_t start = out->len;

	for (size_t i = 0; i < ARRAY_LEN(wide); i++)
		if (slice_begins_nocase(slice_trim(hint), wide[i]))
			return false;
	if (charset_to_utf8(hint, bytes, out) < 0)
		return false;
	if (!slice_contains(slice_from(buf_slice(out), start), REPLACEMENT))
		return true;
	out->len = start;
	return false;
}

/* Truncated or damaged UTF-8: text in any other charset rarely has a valid sequence. */
static bool is_damaged_utf8(struct slice bytes)
{
	size_t valid = 0, invalid = 0;

	while (bytes.len > 0) {
		size_t len = utf8_char_len(bytes);

		valid += len > 1;
		invalid += len == 0;
		bytes = slice_from(bytes, len == 0 ? 1 : len);
	}
	return valid > invalid * 2;
}

int charset_guess_to_utf8(struct slice hint, struct slice bytes, struct buf *out)
{
	if (bytes.len == 0 || utf8_is_valid(bytes))
		return buf_append_slice(out, bytes);
	if (is_damaged_utf8(bytes))
		return append_utf8(bytes, out);
	if (hint.len > 0 && convert_by_hint(hint, bytes, out))
		return 0;
	return charset_to_utf8(slice_of(guess(bytes)), bytes, out);
}

const char *charset_guess(struct slice bytes)
{
	return utf8_is_valid(bytes) || is_damaged_utf8(bytes) ? "utf-8" : guess(bytes);
}
