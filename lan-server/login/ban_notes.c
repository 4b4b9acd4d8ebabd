#include "lan-server/login/ban_notes.h"

#include "base/alloc.h"
#include "base/net/net.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define NUMBER_MAX INT32_MAX

static const char *const kinds[BAN_NOTE_KINDS] = {"known", "address", "network"};

/* --- one note */

void ban_note_write(const struct ban_note *note, struct buf *out)
{
	char address[NET_ADDRESS_MAX];

	buf_printf(out, "%s %s %lld ", kinds[note->kind], net_address_text(address, &note->client), (long long)note->until);
	if (note->kind == BAN_NOTE_KNOWN)
		buf_append_text(out, note->name);
	else
		buf_printf(out, "%u", note->times);
}

static bool read_kind(struct slice word, enum ban_note_kind *kind)
{
	for (int i = 0; i < BAN_NOTE_KINDS; i++)
		if (slice_is(word, kinds[i])) {
			*kind = (enum ban_note_kind)i;
			return true;
		}
	return false;
}

/* In the form of net_address_text(). */
static bool read_address(struct slice word, struct in6_addr *address)
{
	char text[NET_ADDRESS_MAX];
	struct in_addr v4;

	if (word.len == 0 || word.len >= sizeof(text))
		return false;
	memcpy(text, word.ptr, word.len);
	text[word.len] = '\0';
	if (inet_pton(AF_INET, text, &v4) != 1)
		return inet_pton(AF_INET6, text, address) == 1;
	*address = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
	memcpy(&address->s6_addr[12], &v4, sizeof(v4));
	return true;
}

static bool read_name(struct slice name, struct ban_note *note)
{
	if (name.len == 0 || name.len > BAN_NOTE_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.ptr[i] <= ' ')
			return false;
	memcpy(note->name, name.ptr, name.len);
	note->name[name.len] = '\0';
	return true;
}

bool ban_note_read(struct slice line, struct ban_note *note)
{
	uint64_t until, times = 0;
	struct slice rest = line;

	*note = (struct ban_note){.times = 0};
	if (!read_kind(slice_cut(&rest, ' '), &note->kind) || !read_address(slice_cut(&rest, ' '), &note->client) ||
	    !slice_number(slice_cut(&rest, ' '), 0, INT64_MAX / 2, &until))
		return false;
	if (note->kind == BAN_NOTE_KNOWN ? !read_name(rest, note) : !slice_number(rest, 0, NUMBER_MAX, &times))
		return false;
	note->until = (int64_t)until;
	note->times = (unsigned)times;
	return true;
}

/* --- all of them */

static bool has_ended(const struct ban_note *note, int64_t now)
{
	return note->until + (note->kind == BAN_NOTE_KNOWN ? 0 : BAN_NOTES_FORGOTTEN) <= now;
}

static bool is_of(const struct ban_note *note, const struct ban_note *user)
{
	return note->kind == BAN_NOTE_KNOWN && user->kind == BAN_NOTE_KNOWN && strcmp(note->name, user->name) == 0;
}

static bool is_same(const struct ban_note *a, const struct ban_note *b)
{
	return a->kind == b->kind && IN6_ARE_ADDR_EQUAL(&a->client, &b->client) && strcmp(a->name, b->name) == 0;
}

/* The place of a new note: it replaces the same one, one that has ended, the user's oldest if they have the maximum, or
 * the oldest of all if there is the maximum; else it is appended. */
static size_t find_place(const struct ban_notes *notes, const struct ban_note *note, int64_t now)
{
	size_t ended = notes->count, oldest = 0, oldest_of_user = notes->count, of_user = 0;

	for (size_t i = 0; i < notes->count; i++) {
		const struct ban_note *item = &notes->items[i];

		if (is_same(item, note))
			return i;
		if (has_ended(item, now))
			ended = i;
		if (item->until < notes->items[oldest].until)
			oldest = i;
		if (!is_of(item, note))
			continue;
		of_user++;
		if (oldest_of_user == notes->count || item->until < notes->items[oldest_of_user].until)
			oldest_of_user = i;
	}
	if (of_user >= BAN_NOTES_OF_USER)
		return oldest_of_user;
	return ended < notes->count || notes->count < BAN_NOTES_MAX ? ended : oldest;
}

void ban_notes_add(struct ban_notes *notes, const struct ban_note *note, int64_t now)
{
	size_t at = find_place(notes, note, now);

	if (at == notes->count) {
		ARRAY_GROW(notes->items, notes->count);
		notes->count++;
	}
	notes->items[at] = *note;
}

void ban_notes_read(struct ban_notes *notes, struct slice text, int64_t now)
{
	struct ban_note note;

	while (text.len > 0)
		if (ban_note_read(slice_cut(&text, '\n'), &note) && !has_ended(&note, now))
			ban_notes_add(notes, &note, now);
}

static void shorten(struct ban_note *note, int64_t now)
{
	if (note->kind != BAN_NOTE_KNOWN && note->until > now + BAN_NOTES_LONGEST)
		note->until = now + BAN_NOTES_LONGEST;
}

void ban_notes_write(struct ban_notes *notes, int64_t now, struct buf *out)
{
	for (size_t i = 0; i < notes->count; i++) {
		if (has_ended(&notes->items[i], now))
			continue;
		shorten(&notes->items[i], now);
		ban_note_write(&notes->items[i], out);
		buf_append_byte(out, '\n');
	}
}

void ban_notes_clear(struct ban_notes *notes)
{
	free(notes->items);
	*notes = (struct ban_notes){NULL, 0};
}
