/*
 * The answers of SORT and THREAD (RFC 5256).
 */
#include "base/alloc.h"
#include "message/addr.h"
#include "message/decode.h"
#include "message/fold.h"
#include "message/imap/imap_search.h"
#include "message/imap/imap_subject.h"

#include "lan-server/imap/imapd_priv.h"
#include "lan-server/imap/imapd_search.h"

#include <stdlib.h>

#define SUBJECT_MAX 4096
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

static void decode_subject(struct slice header, struct buf *out)
{
	struct header_field field;

	if (header_find(header, "Subject", &field))
		decode_field(&field, decode_message_charset(header), out);
}

static char *subject_of(struct slice header)
{
	struct buf subject = BUF_INIT(SUBJECT_MAX), base = BUF_INIT(2 * SUBJECT_MAX);
	struct slice start;
	char *kept;

	decode_subject(header, &subject);
	imap_subject_base(buf_slice(&subject), &base);
	start = buf_slice(&base);
	start.len = start.len < KEPT_MAX ? start.len : KEPT_MAX;
	kept = start.len > 0 ? slice_dup(start) : xstrdup("");
	buf_clear(&subject);
	buf_clear(&base);
	return kept;
}

/* The mailbox (local part) of the first address. */
static char *address_of(struct slice header, const char *name)
{
	struct buf folded = BUF_INIT(4 * KEPT_MAX);
	struct header_field field;
	struct addr_item item;
	size_t at = 0;
	char *kept;

	if (header_find(header, name, &field) && addr_list_next(field.body, &at, &item))
		fold_text(slice_of(item.addr.local), &folded);
	kept = xstrdup(buf_text(&folded));
	buf_clear(&folded);
	return kept;
}

static int64_t sent_time(struct imapd_candidate *candidate)
{
	int64_t time;

	if (imapd_candidate_open(candidate, IMAPD_NEEDS_LISTING) && imap_search_sent_time(candidate->message.header, &time))
		return time;
	return candidate->look.time;
}

static struct slice header_of(struct imapd_candidate *candidate)
{
	return imapd_candidate_open(candidate, IMAPD_NEEDS_LISTING) ? candidate->message.header : SLICE_LITERAL("");
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
		sorted->values[i].text = subject_of(header_of(candidate));
		break;
	case IMAPD_SORT_CC:
	case IMAPD_SORT_FROM:
	case IMAPD_SORT_TO:
		sorted->values[i].text = address_of(header_of(candidate), names[search->sort_keys[i]]);
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
	struct slice header = header_of(candidate);
	struct buf subject = BUF_INIT(SUBJECT_MAX);

	*message = (struct imap_thread_message){
	    .number = imapd->uid ? candidate->look.uid : (uint32_t)candidate->place + 1, .date = sent_time(candidate)};
	decode_subject(header, &subject);
	imap_thread_message_read(message, header, buf_slice(&subject));
	buf_clear(&subject);
}

/* --- the order */

static int compare(const void *a, const void *b, void *context)
{
	const struct imapd_sorted *one = a, *other = b;
	const struct imapd_search *search = context;

	for (size_t i = 0; i < search->sort_count; i++) {
		int order;

		if (one->values[i].text != NULL)
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
