#include "spool/envelope_parts.h"

#include <assert.h>

/* A text, or a range of the message. */
struct piece {
	const char *text; /* NULL: a range */
	uint64_t at, len;
};

struct pieces {
	struct piece items[ENVELOPE_PARTS_MAX];
	size_t count;
	uint64_t end; /* the message up to here is in them, or cut out */
};

static void add_text(struct pieces *pieces, const char *text)
{
	if (text[0] == '\0')
		return;
	assert(pieces->count < ENVELOPE_PARTS_MAX);
	pieces->items[pieces->count++] = (struct piece){text, 0, strlen(text)};
}

static void add_until(struct pieces *pieces, uint64_t at)
{
	if (at <= pieces->end)
		return;
	assert(pieces->count < ENVELOPE_PARTS_MAX);
	pieces->items[pieces->count++] = (struct piece){NULL, pieces->end, at - pieces->end};
	pieces->end = at;
}

static void find_pieces(const struct envelope *envelope, uint64_t size, bool is_whole, struct pieces *pieces)
{
	const char *insert = envelope->insert;

	*pieces = (struct pieces){.count = 0};
	add_text(pieces, envelope->header);
	for (size_t i = 0; i < envelope->cut_count && !is_whole; i++) {
		const struct envelope_cut *cut = &envelope->cuts[i];

		if (cut->at < pieces->end || cut->at > size || cut->len > size - cut->at)
			continue;
		if (insert[0] != '\0' && envelope->insert_at <= cut->at) {
			add_until(pieces, envelope->insert_at);
			add_text(pieces, insert);
			insert = "";
		}
		add_until(pieces, cut->at);
		add_text(pieces, cut->text);
		pieces->end = cut->at + cut->len;
	}
	if (insert[0] != '\0') {
		add_until(pieces, envelope->insert_at < size ? envelope->insert_at : size);
		add_text(pieces, insert);
	}
	add_until(pieces, size);
}

size_t envelope_parts(const struct envelope *envelope, struct slice message, bool is_whole, struct slice *parts)
{
	struct pieces pieces;

	find_pieces(envelope, message.len, is_whole, &pieces);
	for (size_t i = 0; i < pieces.count; i++) {
		const struct piece *piece = &pieces.items[i];

		parts[i] = slice_make(piece->text != NULL ? piece->text : message.ptr + piece->at, (size_t)piece->len);
	}
	return pieces.count;
}

uint64_t envelope_parts_size(const struct envelope *envelope, uint64_t message, bool is_whole)
{
	struct pieces pieces;
	uint64_t size = 0;

	find_pieces(envelope, message, is_whole, &pieces);
	for (size_t i = 0; i < pieces.count; i++)
		size += pieces.items[i].len;
	return size;
}
