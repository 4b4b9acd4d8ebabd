#include "message/attachment/attachment_cut.h"

#include "base/alloc.h"
#include "message/attachment/attachment_odd.h"
#include "message/attachment/attachment_priv.h"
#include "message/header.h"

#include <stdio.h>

#define PLACEHOLDER "Content-Type: text/plain; charset=UTF-8\r\n\r\n-\r\n-"

struct cutting {
	struct slice message;
	struct scan_cuts *cuts;
	unsigned sealed;    /* parts from this depth on are signed or encrypted as a whole; 0: none */
	bool is_root_next;  /* the next part is the root of a message, whose header has more than the fields of a part */
};

/* --- one range */

static bool add(struct cutting *cutting, const char *from, size_t len, const struct scan_cut *what)
{
	struct scan_cuts *cuts = cutting->cuts;

	if (cuts->count == SCAN_CUTS_MAX)
		return false;
	cuts->items[cuts->count] = *what;
	cuts->items[cuts->count].at = (uint64_t)(from - cutting->message.ptr);
	cuts->items[cuts->count].len = len;
	cuts->count++;
	return true;
}

/* The line end before a boundary, and that at the end of the message, stay. */
static struct slice without_line_end(struct slice message, struct slice range)
{
	const char *end = range.ptr + range.len, *last = message.ptr + message.len;

	if (end < last && (*end == '\n' || *end == '\r'))
		return range;
	if (range.len > 0 && range.ptr[range.len - 1] == '\n')
		range.len -= range.len > 1 && range.ptr[range.len - 2] == '\r' ? 2 : 1;
	return range;
}

/* Of a root only the fields of the part go: those of the message stay, and the text follows them. */
static bool add_root(struct cutting *cutting, const struct mime_part *part, const struct scan_cut *what)
{
	static const struct scan_cut silent = {.is_silent = true};
	struct header_walk walk;
	struct header_field field;
	const char *end = part->header.ptr;
	struct slice range;

	if (header_count(part->header, "MIME-Version") != 1)
		return false;
	header_walk_init(&walk, part->header);
	while (header_walk_next(&walk, &field)) {
		end = field.raw.ptr + field.raw.len;
		if (slice_begins_nocase(field.name, "Content-") && !add(cutting, field.raw.ptr, field.raw.len, &silent))
			return false;
	}
	range = slice_make(end, (size_t)(part->body.ptr + part->body.len - end));
	range = without_line_end(cutting->message, range);
	return range.len > 0 && add(cutting, range.ptr, range.len, what);
}

static bool add_part(struct cutting *cutting, const struct mime_part *part, const struct scan_cut *what)
{
	struct slice range = slice_make(part->header.ptr, (size_t)(part->body.ptr + part->body.len - part->header.ptr));

	range = without_line_end(cutting->message, range);
	return add(cutting, range.ptr, range.len, what);
}

/* --- the walk */

/* A file in the text that people read: without it, the text would go, too. */
static bool is_the_text(const struct mime_part *part)
{
	struct buf name = BUF_INIT(64u << 10);
	bool is_text = mime_is_shown_text(part) && !mime_file_name(part, &name);

	buf_clear(&name);
	return is_text;
}

static bool cut_part(struct cutting *cutting, const struct mime_part *part, bool is_root, const struct attachment_finding *finding)
{
	struct scan_cut what = {.kind = finding->kind, .size = part->body.len};

	if (part->is_container || part->body.ptr == NULL || (cutting->sealed > 0 && part->depth >= cutting->sealed) || is_the_text(part) ||
	    attachment_part_is_odd(part))
		return false;
	if (slice_is_nocase(mime_first_word(part->header, "Content-Transfer-Encoding"), "base64"))
		what.size = part->body.len / 78 * 57 + part->body.len % 78 / 4 * 3;
	snprintf(what.name, sizeof(what.name), "%s", finding->name);
	snprintf(what.type, sizeof(what.type), "%s", finding->type);
	return is_root ? add_root(cutting, part, &what) : add_part(cutting, part, &what);
}

static void note_container(struct cutting *cutting, const struct mime_part *part)
{
	bool is_sealing = slice_is_nocase(part->type, "multipart/signed") || slice_is_nocase(part->type, "multipart/encrypted");

	if (cutting->sealed > 0 && part->depth < cutting->sealed)
		cutting->sealed = 0;
	if (cutting->sealed == 0 && is_sealing)
		cutting->sealed = part->depth + 1;
	cutting->is_root_next = part->is_container && slice_begins_nocase(part->type, "message/");
}

static bool cut_all(struct cutting *cutting, struct attachment_look *look)
{
	struct mime_walk walk;
	struct mime_part part;

	mime_walk_init(&walk, cutting->message);
	while (mime_walk_next(&walk, &part)) {
		bool is_root = cutting->is_root_next;

		note_container(cutting, &part);
		look->is_found = false;
		if (attachment_look_at_part(look, &part, "", 0) && !cut_part(cutting, &part, is_root, look->finding))
			return false;
	}
	look->is_found = false;
	return !attachment_look_is_cut(look, &walk, "");
}

/* --- what is left */

static bool is_clean(struct attachment_types *types, const struct attachment_rules *rules, const struct cutting *cutting)
{
	const struct scan_cuts *cuts = cutting->cuts;
	struct buf rest = BUF_INIT(cutting->message.len + SCAN_CUTS_MAX * sizeof(PLACEHOLDER));
	struct attachment_finding finding;
	size_t end = 0;
	bool is_clean;

	for (size_t i = 0; i < cuts->count; i++) {
		buf_append(&rest, cutting->message.ptr + end, (size_t)cuts->items[i].at - end);
		if (!cuts->items[i].is_silent)
			buf_append_text(&rest, PLACEHOLDER);
		end = (size_t)(cuts->items[i].at + cuts->items[i].len);
	}
	buf_append_slice(&rest, slice_from(cutting->message, end));
	is_clean = !rest.overflow && !attachment_find(types, rules, buf_slice(&rest), &finding);
	buf_clear(&rest);
	return is_clean;
}

bool attachment_cut(struct attachment_types *types, const struct attachment_rules *rules, struct slice message, struct scan_cuts *cuts)
{
	struct attachment_finding finding;
	struct attachment_look look = {.types = types, .rules = rules, .limits = ATTACHMENT_LIMITS_INIT, .finding = &finding};
	struct cutting cutting = {.message = message, .cuts = cuts, .is_root_next = true};
	bool is_cut;

	cuts->count = 0;
	is_cut = cut_all(&cutting, &look) && (cuts->count == 0 || is_clean(types, rules, &cutting));
	if (!is_cut)
		cuts->count = 0;
	return is_cut;
}
