#include "spool/log/record.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "message/escape.h"
#include "spool/mailbox/maildir_flags.h"
#include "spool/mailbox_name.h"

#include <stdlib.h>

#define CHECKSUM_DIGITS 8

/* A head is lines `fact <kind> <id> <name> <text>`, for some kinds with ` <to>`, then, with a message, `accept inline` or
 * `accept file <CRC-32 of its bytes, hexadecimal>` and the envelope. */

static const char *const fact_names[] = {
    [FACT_SENT] = "sent",
    [FACT_FAILED] = "failed",
    [FACT_ATTEMPT] = "attempt",
    [FACT_REMOVE] = "remove",
    [FACT_TRIGGER_DONE] = "trigger-done",
    [FACT_REPLY_DONE] = "reply-done",
    [FACT_FLAGS] = "flags",
    [FACT_MOVE] = "move",
    [FACT_COPY] = "copy",
    [FACT_VOID] = "void",
};

static bool has_to(enum fact_kind kind)
{
	return kind == FACT_FLAGS || kind == FACT_MOVE || kind == FACT_COPY;
}

void record_write(const struct fact *facts, size_t count, const struct envelope *envelope,
    const uint32_t *file_checksum, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		const char *words[] = {facts[i].id, facts[i].name, facts[i].text, facts[i].to};

		buf_printf(out, "fact %s", fact_names[facts[i].kind]);
		for (size_t word = 0; word < ARRAY_LEN(words) - !has_to(facts[i].kind); word++) {
			buf_append_byte(out, ' ');
			if (words[word] != NULL)
				escape_append(out, slice_of(words[word]));
		}
		buf_append_byte(out, '\n');
	}
	if (envelope == NULL)
		return;
	if (file_checksum != NULL)
		buf_printf(out, "accept file %08x\n", *file_checksum);
	else
		buf_append_text(out, "accept inline\n");
	envelope_write(envelope, out);
}

static bool is_file_name(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL;
}

static bool names_files(const struct fact *fact)
{
	switch (fact->kind) {
	case FACT_REMOVE:
		return mailbox_name_is_valid(slice_of(fact->name));
	case FACT_FLAGS:
		return mailbox_name_is_valid(slice_of(fact->name)) && maildir_flags_are(slice_of(fact->to));
	case FACT_MOVE:
		return mailbox_name_is_valid(slice_of(fact->name)) && mailbox_name_is_valid(slice_of(fact->to)) && is_file_name(fact->id);
	case FACT_COPY:
		return mailbox_name_is_valid(slice_of(fact->name)) && mailbox_name_is_valid(slice_of(fact->to)) && is_file_name(fact->text);
	default:
		return true;
	}
}

/* What leads to a file must lead to one of ours: a compromised process may have written it. */
static bool is_complete(const struct fact *fact)
{
	bool is_entry = fact->kind == FACT_SENT || fact->kind == FACT_FAILED;

	return fact->id != NULL && fact->name != NULL && fact->text != NULL && (!has_to(fact->kind) || fact->to != NULL) &&
	       (!is_entry || msgid_is(slice_of(fact->id))) && names_files(fact);
}

static bool parse_fact(struct slice line, struct record *record)
{
	struct slice kind = slice_cut(&line, ' ');
	struct slice id = slice_cut(&line, ' '), name = slice_cut(&line, ' ');
	struct fact fact = {0};

	while (fact.kind < ARRAY_LEN(fact_names) && !slice_is(kind, fact_names[fact.kind]))
		fact.kind++;
	if (fact.kind == ARRAY_LEN(fact_names))
		return false;
	fact.id = escape_undo(id);
	fact.name = escape_undo(name);
	fact.text = escape_undo(has_to(fact.kind) ? slice_cut(&line, ' ') : line);
	fact.to = has_to(fact.kind) ? escape_undo(line) : NULL;
	ARRAY_GROW(record->facts, record->fact_count);
	record->facts[record->fact_count++] = fact;
	return is_complete(&fact);
}

static bool parse_accept(struct slice line, struct record *record)
{
	struct slice where = slice_cut(&line, ' ');
	char digits[CHECKSUM_DIGITS + 1] = "";
	char *end;

	record->body_in_file = slice_is(where, "file");
	record->has_checksum = record->body_in_file && line.len > 0;
	if (!record->has_checksum)
		return true;
	if (line.len != CHECKSUM_DIGITS)
		return false;
	memcpy(digits, line.ptr, CHECKSUM_DIGITS);
	record->checksum = (uint32_t)strtoul(digits, &end, 16);
	return end == digits + CHECKSUM_DIGITS;
}

int record_parse(struct slice head, struct record *record, struct error *error)
{
	*record = (struct record){0};
	while (head.len > 0) {
		struct slice line = slice_cut(&head, '\n');
		struct slice word = slice_cut(&line, ' ');

		if (slice_is(word, "accept")) {
			if (!parse_accept(line, record)) {
				error_set(error, ERROR_PERMANENT, N_("the checksum of a log record is wrong"));
				goto failed;
			}
			if (envelope_parse(head, &record->envelope, error) != 0)
				goto failed;
			record->has_message = true;
			return 0;
		}
		if (!slice_is(word, "fact") || !parse_fact(line, record)) {
			error_set(error, ERROR_PERMANENT, N_("a log record contains a damaged line"));
			goto failed;
		}
	}
	return 0;
failed:
	record_clear(record);
	return -1;
}

void record_clear(struct record *record)
{
	for (size_t i = 0; i < record->fact_count; i++) {
		free((char *)record->facts[i].id);
		free((char *)record->facts[i].name);
		free((char *)record->facts[i].text);
		free((char *)record->facts[i].to);
	}
	free(record->facts);
	if (record->has_message)
		envelope_clear(&record->envelope);
	*record = (struct record){0};
}
