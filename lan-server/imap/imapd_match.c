/*
 * Whether a message matches a search key.
 */
#include "message/budget.h"
#include "message/imap/imap_search.h"

#include "lan-server/imap/imapd_key_priv.h"

#include <time.h>

#define DAY 86400

/* Opens it if what is needed is not open. False if it is gone. */
static bool open_message(struct imapd_candidate *candidate, enum imapd_needs needs)
{
	enum imapd_reply opened;

	if (candidate->is_gone || candidate->message.has >= needs)
		return !candidate->is_gone;
	imapd_message_close(&candidate->message);
	opened = imapd_message_open(&candidate->message, candidate->folder, &candidate->look, needs);
	candidate->is_gone = opened != IMAPD_NONE;
	candidate->is_too_large = opened == IMAPD_LIMIT;
	budget_begin();
	return !candidate->is_gone;
}

void imapd_candidate_close(struct imapd_candidate *candidate)
{
	imapd_message_close(&candidate->message);
}

void imapd_scratch_init(struct imapd_scratch *scratch)
{
	buf_init(&scratch->terms, IMAP_TERMS_MAX);
	buf_init(&scratch->index, IMAP_TEXT_INDEX_MAX);
}

void imapd_scratch_clear(struct imapd_scratch *scratch)
{
	buf_clear(&scratch->terms);
	buf_clear(&scratch->index);
}

/* Takes the terms from the cache, or makes and keeps them. */
static bool find_terms(struct imapd_candidate *candidate)
{
	struct buf *value = &candidate->scratch->terms;

	buf_reset(value);
	if (folder_cache_get(candidate->folder, FOLDER_TERMS, candidate->look.uid, value) && imap_terms_read(buf_slice(value), &candidate->terms))
		return true;
	if (!open_message(candidate, IMAPD_NEEDS_FIELDS))
		return false;
	buf_reset(value);
	imap_terms_make(candidate->message.header, value);
	folder_cache_put(candidate->folder, FOLDER_TERMS, candidate->look.uid, buf_slice(value));
	return imap_terms_read(buf_slice(value), &candidate->terms);
}

const struct imap_terms *imapd_candidate_terms(struct imapd_candidate *candidate)
{
	candidate->has_terms = candidate->has_terms || find_terms(candidate);
	return candidate->has_terms ? &candidate->terms : NULL;
}

/* Whether the index does not exclude that the message contains the text. */
static bool index_admits(const struct imapd_key *key, struct imapd_candidate *candidate)
{
	struct buf *value = &candidate->scratch->index;

	if (!candidate->uses_index || key->index_key.count == 0)
		return true;
	if (!candidate->has_index) {
		buf_reset(value);
		folder_cache_get(candidate->folder, FOLDER_TEXT, candidate->look.uid, value);
		candidate->has_index = true;
	}
	return imap_text_index_admits(buf_slice(value), key->kind == IMAPD_KEY_TEXT, &key->index_key);
}

/* Without its time and zone: the day on which people here saw it come. */
static int64_t day_of(int64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm tm = {.tm_gmtoff = 0};

	localtime_r(&time, &tm);
	seconds += tm.tm_gmtoff;
	return seconds >= 0 ? seconds / DAY : -((-seconds + DAY - 1) / DAY);
}

static bool compare_day(int64_t day, enum imapd_key_kind kind, enum imapd_key_kind before, int64_t wanted)
{
	if (kind == before)
		return day < wanted;
	return kind == before + 1 ? day == wanted : day >= wanted;
}

static uint64_t size_of(struct imapd_candidate *candidate)
{
	struct error error = ERROR_INIT;

	if (!candidate->look.size_known && folder_size(candidate->folder, &candidate->look, &error) != 0)
		candidate->is_gone = true;
	return candidate->look.size;
}

static bool sent_matches(const struct imapd_key *key, struct imapd_candidate *candidate)
{
	const struct imap_terms *terms = imapd_candidate_terms(candidate);

	if (terms == NULL)
		return false;
	return compare_day(terms->has_date ? terms->sent_day : day_of(candidate->look.time), key->kind, IMAPD_KEY_SENT_BEFORE, key->number);
}

static bool text_matches(const struct imapd_key *key, struct imapd_candidate *candidate)
{
	struct slice text = buf_slice(&key->text);

	if (key->text.overflow || !index_admits(key, candidate) || !open_message(candidate, IMAPD_NEEDS_BYTES))
		return false;
	return imap_search_text(imapd_message_tree(&candidate->message), key->kind == IMAPD_KEY_TEXT, text);
}

static bool field_matches(const struct imapd_key *key, struct imapd_candidate *candidate)
{
	struct slice text = buf_slice(&key->text);
	const struct imap_terms *terms = key->field_number >= 0 ? imapd_candidate_terms(candidate) : NULL;

	if (key->text.overflow)
		return false;
	if (terms != NULL && terms->fields.ptr != NULL)
		return imap_terms_find(terms, key->field_number, text);
	return open_message(candidate, key->needs) &&
	       imap_search_field(candidate->message.header, key->field, text);
}

static bool all_match(const struct imapd_key *key, struct imapd_candidate *candidate)
{
	for (; key != NULL; key = key->next)
		if (!imapd_key_matches(key, candidate))
			return false;
	return true;
}

static bool any_matches(const struct imapd_key *key, struct imapd_candidate *candidate)
{
	for (; key != NULL; key = key->next)
		if (imapd_key_matches(key, candidate))
			return true;
	return false;
}

bool imapd_key_matches(const struct imapd_key *key, struct imapd_candidate *candidate)
{
	const struct folder_message *look = &candidate->look;

	switch (key->kind) {
	case IMAPD_KEY_ALL:
		return true;
	case IMAPD_KEY_NONE:
		return false;
	case IMAPD_KEY_AND:
		return all_match(key->child, candidate);
	case IMAPD_KEY_OR:
		return any_matches(key->child, candidate);
	case IMAPD_KEY_NOT:
		return !imapd_key_matches(key->child, candidate);
	case IMAPD_KEY_FLAGS:
		return (look->flags & key->flags) == key->flags;
	case IMAPD_KEY_RECENT:
		return candidate->is_recent;
	case IMAPD_KEY_SET:
		return key->marks[candidate->place / 8] & (1u << candidate->place % 8);
	case IMAPD_KEY_BEFORE:
	case IMAPD_KEY_ON:
	case IMAPD_KEY_SINCE:
		return compare_day(day_of(look->time), key->kind, IMAPD_KEY_BEFORE, key->number);
	case IMAPD_KEY_SAVED_BEFORE:
	case IMAPD_KEY_SAVED_ON:
	case IMAPD_KEY_SAVED_SINCE:
		return compare_day(day_of(look->saved), key->kind, IMAPD_KEY_SAVED_BEFORE, key->number);
	case IMAPD_KEY_SENT_BEFORE:
	case IMAPD_KEY_SENT_ON:
	case IMAPD_KEY_SENT_SINCE:
		return sent_matches(key, candidate);
	case IMAPD_KEY_OLDER:
		return look->time <= candidate->now - key->number;
	case IMAPD_KEY_YOUNGER:
		return look->time >= candidate->now - key->number;
	case IMAPD_KEY_LARGER:
		return size_of(candidate) > (uint64_t)key->number;
	case IMAPD_KEY_SMALLER:
		return size_of(candidate) < (uint64_t)key->number;
	case IMAPD_KEY_MODSEQ:
		return look->modseq >= (uint64_t)key->number;
	case IMAPD_KEY_EMAILID:
		return open_message(candidate, IMAPD_NEEDS_BYTES) && slice_is(buf_slice(&key->text), candidate->message.id);
	case IMAPD_KEY_FIELD:
		return field_matches(key, candidate);
	case IMAPD_KEY_BODY:
	case IMAPD_KEY_TEXT:
		return text_matches(key, candidate);
	}
	return false;
}
