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

static uint64_t start_of(struct slice text)
{
	uint64_t start = 0;

	memcpy(&start, text.ptr != NULL ? text.ptr : "", text.len < sizeof(start) ? text.len : sizeof(start));
	return be64toh(start);
}

static void note_text(struct imapd_sorted *sorted, size_t i, struct slice text)
{
	if (text.len > KEPT_MAX)
		text.len = KEPT_MAX;
	sorted->values[i].text = slice_dup(text);
	sorted->values[i].start = start_of(text);
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

static void note_value(struct imapd_search *search, struct imapd_sorted *sorted, size_t i, struct imapd_candidate *candidate)
{
	struct error error = ERROR_INIT;

	switch (search->sort_keys[i]) {
	case IMAPD_SORT_ARRIVAL:
		sorted->values[i].number = candidate->look.time;
		break;
	case IMAPD_SORT_SIZE:
		if (!candidate->look.size_known)
			folder_size(candidate->folder, &candidate->look, &error); /* unknown: 0 */
		sorted->values[i].number = (int64_t)candidate->look.size;
		break;
	case IMAPD_SORT_DATE:
		sorted->values[i].number = sent_time(candidate);
		break;
	case IMAPD_SORT_SUBJECT:
		note_text(sorted, i, terms_of(candidate)->subject);
		break;
	case IMAPD_SORT_CC:
		note_text(sorted, i, terms_of(candidate)->cc);
		break;
	case IMAPD_SORT_FROM:
		note_text(sorted, i, terms_of(candidate)->from);
		break;
	case IMAPD_SORT_TO:
		note_text(sorted, i, terms_of(candidate)->to);
		break;
	}
}

void imapd_sort_note(struct imapd_search *search, struct imapd_candidate *candidate)
{
	struct imapd_sorted *sorted = &search->sorted[search->found.count - 1];

	*sorted = (struct imapd_sorted){.place = candidate->place};
	for (size_t i = 0; i < search->sort_count; i++)
		note_value(search, sorted, i, candidate);
}

void imapd_thread_note(struct imapd *imapd, struct imapd_search *search, struct imapd_candidate *candidate)
{
	struct imap_thread_message *message = &search->threaded[search->found.count - 1];

	*message = (struct imap_thread_message){
	    .number = imapd->uid ? candidate->look.uid : (uint32_t)candidate->place + 1, .date = sent_time(candidate)};
	imap_terms_thread(terms_of(candidate), message);
}

/* --- the order */

static int compare(const void *a, const void *b, void *context)
{
	const struct imapd_sorted *one = a, *other = b;
	const struct imapd_search *search = context;

	for (size_t i = 0; i < search->sort_count; i++) {
		int order;

		if (one->values[i].start != other->values[i].start)
			order = one->values[i].start > other->values[i].start ? 1 : -1;
		else if (one->values[i].text != NULL)
			order = strcmp(one->values[i].text, other->values[i].text);
		else
			order = (one->values[i].number > other->values[i].number) - (one->values[i].number < other->values[i].number);
		if (order != 0)
			return search->is_reverse[i] ? -order : order;
	}
	return (one->place > other->place) - (one->place < other->place);
}

void imapd_sort_send(struct imapd *imapd, struct imapd_search *search)
{
	struct buf *out = imapd_out(imapd);

	if (search->found.count > 0)
		qsort_r(search->sorted, search->found.count, sizeof(*search->sorted), compare, search);
	buf_append_text(out, "* SORT");
	for (size_t i = 0; i < search->found.count; i++) {
		size_t place = search->sorted[i].place;

		buf_printf(out, " %u", imapd->uid ? imapd->view.uids.items[place] : (uint32_t)place + 1);
	}
	buf_append_text(out, "\r\n");
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
