#include "mail/filter/quarantine.h"

#include "base/alloc.h"
#include "message/escape.h"
#include "message/header.h"
#include "spool/mailbox_name.h"

#include <stdlib.h>

#define FIELD "X-Lanpost-Quarantine"
#define TEXT_MAX ENVELOPE_TEXT_MAX

/* Only what a release can restore. */
static const struct {
	enum place_kind kind;
	const char *word;
} kinds[] = {{PLACE_MAILBOX, "mailbox"}, {PLACE_BOSS, "boss"}, {PLACE_QUEUE, "queue"}, {PLACE_OWN, "own"}};

static void put(struct buf *out, const char *word, const char *name, const char *why)
{
	buf_printf(out, "%s: %s ", FIELD, word);
	escape_append(out, slice_of(name));
	buf_append_byte(out, ' ');
	escape_append(out, slice_of(why));
	buf_append_text(out, "\r\n");
}

static void put_header(const struct envelope *envelope, const char *why, struct buf *header)
{
	put(header, "why", why, "");
	put(header, "sender", envelope->sender, "");
	for (size_t i = 0; i < envelope->place_count; i++) {
		const struct place *place = &envelope->places[i];

		for (size_t j = 0; j < ARRAY_LEN(kinds); j++)
			if (kinds[j].kind == place->kind)
				put(header, kinds[j].word, place->name, place->why);
	}
}

void quarantine_take(struct envelope *envelope, const char *why)
{
	struct buf header = BUF_INIT(TEXT_MAX);

	put_header(envelope, why, &header);
	for (size_t i = 0; i < envelope->place_count; i++)
		envelope_place_clear(&envelope->places[i]);
	envelope->place_count = 0;
	buf_append_text(&header, envelope->header);
	envelope_set(&envelope->header, buf_slice(&header));
	buf_clear(&header);
	envelope_add(envelope, PLACE_MAILBOX, slice_of(MAILBOX_QUARANTINE), slice_of(why));
}

void quarantine_keep_whole(struct envelope *envelope, const char *why)
{
	struct buf header = BUF_INIT(TEXT_MAX);

	put_header(envelope, why, &header);
	envelope_set(&envelope->kept_header, buf_slice(&header));
	buf_clear(&header);
	envelope_add(envelope, PLACE_MAILBOX, slice_of(MAILBOX_QUARANTINE), slice_of(why));
}

void quarantine_keep_rest(struct envelope *envelope, const struct envelope *rest, const char *why, const struct msgid *first)
{
	struct buf header = BUF_INIT(TEXT_MAX);

	put_header(rest, why, &header);
	put(&header, "first", first->text, "");
	envelope_set(&envelope->kept_header, buf_slice(&header));
	buf_clear(&header);
	envelope_add(envelope, PLACE_MAILBOX, slice_of(MAILBOX_QUARANTINE), slice_of(why));
}

/* --- reading */

static bool read_place(struct slice word, const char *name, const char *why, struct envelope *envelope)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		bool is_folder = kinds[i].kind != PLACE_QUEUE;

		if (slice_is(word, kinds[i].word))
			return (!is_folder || mailbox_name_is_valid(slice_of(name))) &&
			       envelope_add(envelope, kinds[i].kind, slice_of(name), slice_of(why));
	}
	return false;
}

static bool read_line(struct slice line, struct envelope *envelope, char **why, struct msgid *first_id)
{
	struct slice word = slice_cut(&line, ' '), first = slice_cut(&line, ' ');
	char *name = escape_undo(first), *reason = escape_undo(line);
	bool good = name != NULL && reason != NULL;

	if (good && slice_is(word, "why")) {
		free(*why);
		*why = xstrdup(name);
	} else if (good && slice_is(word, "sender")) {
		envelope_set(&envelope->sender, slice_of(name));
	} else if (good && slice_is(word, "first") && msgid_is(slice_of(name))) {
		memcpy(first_id->text, name, MSGID_LEN + 1);
	} else {
		good = good && read_place(word, name, reason, envelope);
	}
	free(name);
	free(reason);
	return good;
}

bool quarantine_read(struct slice file, struct envelope *envelope, struct slice *message, char **why, struct msgid *first)
{
	struct header_walk walk;
	struct header_field field;
	const char *end = file.ptr;
	bool good = true;

	*why = NULL;
	first->text[0] = '\0';
	envelope_init(envelope);
	header_walk_init(&walk, file);
	while (good && header_walk_next(&walk, &field) && field.raw.ptr == end && slice_is(field.name, FIELD)) {
		good = read_line(slice_trim(field.body), envelope, why, first);
		end = field.raw.ptr + field.raw.len;
	}
	if (good && *why != NULL) {
		*message = slice_from(file, (size_t)(end - file.ptr));
		return true;
	}
	free(*why);
	*why = NULL;
	envelope_clear(envelope);
	return false;
}
