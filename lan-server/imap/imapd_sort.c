/*
 * The answers of SORT and THREAD (RFC 5256).
 */
#include "base/alloc.h"

#include "lan-server/imap/imapd_priv.h"
#include "lan-server/imap/imapd_search.h"

#include <endian.h>
#include <stdlib.h>

#define KEPT_MAX 250 /* bytes of a text that decide the order: 100,000 messages are sorted in memory */

static const char *const names[] = {[IMAPD_SORT_ARRIVAL] = "ARRIVAL",
    [IMAPD_SORT_CC] = "CC",
    [IMAPD_SORT_DATE] = "DATE",
    [IMAPD_SORT_FROM] = "FROM",
    [IMAPD_SORT_SIZE] = "SIZE",
    [IMAPD_SORT_SUBJECT] = "SUBJECT",
    [IMAPD_SORT_TO] = "TO"};

bool imapd_sort_read(struct imapd_args *args, struct imapd_search *search)
{
	imapd_args_expect(args, '(');
	do {
		bool is_reverse = imapd_args_word(args, "REVERSE");
		size_t i = 0;

		if (is_reverse)
			imapd_args_space(args);
		while (i < ARRAY_LEN(names) && !imapd_args_word(args, names[i]))
			i++;
		if (args->failed || i == ARRAY_LEN(names) || search->sort_count == IMAPD_SORT_KEYS_MAX)
			return false;
		search->is_reverse[search->sort_count] = is_reverse;
		search->sort_keys[search->sort_count++] = (enum imapd_sort_key)i;
	} while (imapd_args_accept(args, ' '));
	imapd_args_expect(args, ')');
	imapd_args_space(args);
	return !args->failed;
}

bool imapd_thread_read(struct imapd_args *args, struct imapd_search *search)
{
	search->by_references = imapd_args_word(args, "REFERENCES");
	if (!search->by_references && !imapd_args_word(args, "ORDEREDSUBJECT"))
		return false;
	imapd_args_space(args);
	return !args->failed;
}

/* --- what the order depends on */

static const struct imap_terms nothing = {.has_date = false};

static struct imapd_sort_value text_value(struct imapd_search *search, struct slice text)
{
	struct imapd_sort_value value = {.text = search->sort_texts.len};

	if (text.len > KEPT_MAX)
		text.len = KEPT_MAX;
	memcpy(&value.start, text.len > 0 ? text.ptr : "", text.len < sizeof(value.start) ? text.len : sizeof(value.start));
	value.start = be64toh(value.start);
	buf_append_slice(&search->sort_texts, text);
	buf_append_byte(&search->sort_texts, '\0');
	return value;
}

static struct imapd_sort_value number_value(int64_t number)
{
	return (struct imapd_sort_value){.start = (uint64_t)number ^ 1ULL << 63, .text = SIZE_MAX};
}

static const struct imap_terms *terms_of(struct imapd_candidate *candidate)
{
	const struct imap_terms *terms = imapd_candidate_terms(candidate);

	return terms != NULL ? terms : &nothing;
}

static int64_t sent_time(struct imapd_candidate *candidate)
{
	const struct imap_terms *terms = terms_of(candidate);

	return terms->has_date ? terms->sent_time : candidate->look.time;
}

static int64_t size_of(struct imapd_candidate *candidate)
{
	struct error error = ERROR_INIT;

	if (!candidate->look.size_known)
		folder_size(candidate->folder, &candidate->look, &error); /* unknown: 0 */
	return (int64_t)candidate->look.size;
}

static struct imapd_sort_value value_of(struct imapd_search *search, enum imapd_sort_key key, struct imapd_candidate *candidate)
{
	switch (key) {
	case IMAPD_SORT_ARRIVAL:
		break;
	case IMAPD_SORT_SIZE:
		return number_value(size_of(candidate));
	case IMAPD_SORT_DATE:
		return number_value(sent_time(candidate));
	case IMAPD_SORT_SUBJECT:
		return text_value(search, terms_of(candidate)->subject);
	case IMAPD_SORT_CC:
		return text_value(search, terms_of(candidate)->cc);
	case IMAPD_SORT_FROM:
		return text_value(search, terms_of(candidate)->from);
	case IMAPD_SORT_TO:
		return text_value(search, terms_of(candidate)->to);
	}
	return number_value(candidate->look.time);
}

void imapd_sort_note(struct imapd_search *search, struct imapd_candidate *candidate)
{
	size_t at = search->found.count - 1;

	if ((at & (at - 1)) == 0)
		search->values = xrealloc(search->values, (at == 0 ? 1 : 2 * at) * search->sort_count * sizeof(*search->values));
	for (size_t i = 0; i < search->sort_count; i++)
		search->values[at * search->sort_count + i] = value_of(search, search->sort_keys[i], candidate);
}

void imapd_thread_note(struct imapd *imapd, struct imapd_search *search, struct imapd_candidate *candidate)
{
	struct imap_thread_message *message = &search->threaded[search->found.count - 1];

	*message = (struct imap_thread_message){
	    .number = imapd->uid ? candidate->look.uid : (uint32_t)candidate->place + 1, .date = sent_time(candidate)};
	imap_terms_thread(terms_of(candidate), message);
}

/* --- the order */

/* A message of those found, small, so that 100,000 are sorted in the processor's cache; mostly the first key decides. */
struct sorted {
	uint64_t start;
	size_t at;
};

static int compare_values(const struct imapd_search *search, const struct imapd_sort_value *one, const struct imapd_sort_value *other)
{
	if (one->start != other->start)
		return one->start < other->start ? -1 : 1;
	return one->text == SIZE_MAX ? 0 : strcmp(search->sort_texts.ptr + one->text, search->sort_texts.ptr + other->text);
}

static int compare(const void *a, const void *b, void *context)
{
	const struct imapd_search *search = context;
	const struct sorted *one = a, *other = b;

	if (one->start != other->start)
		return (one->start < other->start) == search->is_reverse[0] ? 1 : -1;
	for (size_t i = 0; i < search->sort_count; i++) {
		int order = compare_values(search, &search->values[one->at * search->sort_count + i], &search->values[other->at * search->sort_count + i]);

		if (order != 0)
			return search->is_reverse[i] ? -order : order;
	}
	return one->at < other->at ? -1 : one->at > other->at;
}

static struct sorted *sort(struct imapd_search *search)
{
	struct sorted *sorted = xcalloc(search->found.count + 1, sizeof(*sorted));

	for (size_t i = 0; i < search->found.count; i++)
		sorted[i] = (struct sorted){search->values[i * search->sort_count].start, i};
	qsort_r(sorted, search->found.count, sizeof(*sorted), compare, search);
	return sorted;
}

void imapd_sort_send(struct imapd *imapd, struct imapd_search *search)
{
	struct sorted *sorted = sort(search);
	struct buf *out = imapd_out(imapd);

	buf_append_text(out, "* SORT");
	for (size_t i = 0; i < search->found.count; i++) {
		size_t place = search->found.items[sorted[i].at];

		buf_append_byte(out, ' ');
		buf_append_number(out, imapd->uid ? imapd->view.uids.items[place] : place + 1);
	}
	buf_append_text(out, "\r\n");
	free(sorted);
}

void imapd_thread_send(struct imapd *imapd, struct imapd_search *search)
{
	struct buf *out = imapd_out(imapd);

	buf_append_text(out, search->found.count > 0 ? "* THREAD " : "* THREAD");
	if (search->by_references)
		imap_thread_by_references(search->threaded, search->found.count, out);
	else
		imap_thread_by_subject(search->threaded, search->found.count, out);
	buf_append_text(out, "\r\n");
}
