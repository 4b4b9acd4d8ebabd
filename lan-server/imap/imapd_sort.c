/*
 * The answers of SORT and THREAD (RFC 5256).
 */
#include "base/alloc.h"
#include "spool/storage/storage.h"

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

/* In the order of unsigned numbers. */
static uint64_t number_value(int64_t number)
{
	return (uint64_t)number ^ 1ULL << 63;
}

/* Where it is. */
static uint64_t text_value(struct imapd_search *search, struct slice text)
{
	size_t at = search->sort_texts.len;

	if (text.len > KEPT_MAX)
		text.len = KEPT_MAX;
	buf_append_slice(&search->sort_texts, text);
	buf_append_byte(&search->sort_texts, '\0');
	return at;
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

static uint64_t value_of(struct imapd_search *search, enum imapd_sort_key key, struct imapd_candidate *candidate)
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

/* The number of the folder's order that a key is; FOLDER_ORDERS: none, its values are known without reading anything. */
static size_t order_of(enum imapd_sort_key key)
{
	static const enum imapd_sort_key keys[FOLDER_ORDERS] = {IMAPD_SORT_SUBJECT, IMAPD_SORT_FROM, IMAPD_SORT_TO, IMAPD_SORT_CC, IMAPD_SORT_DATE};
	size_t i = 0;

	while (i < FOLDER_ORDERS && keys[i] != key)
		i++;
	return i;
}

size_t imapd_sort_prepare(struct imapd *imapd, struct imapd_search *search)
{
	const struct imapd_uids *uids = &imapd->view.uids;
	size_t bytes = 0;

	for (size_t i = 0; i < search->sort_count; i++) {
		size_t order = order_of(search->sort_keys[i]);

		if (order == FOLDER_ORDERS)
			continue;
		search->orders[i] = xcalloc(uids->count + 1, sizeof(uint32_t));
		folder_order_get(search->folder, order, uids->items, uids->count, search->orders[i]);
		bytes += uids->count * sizeof(uint32_t);
	}
	return bytes;
}

void imapd_sort_forget(struct imapd_search *search)
{
	for (size_t i = 0; i < search->sort_count; i++) {
		free(search->orders[i]);
		search->orders[i] = NULL;
	}
}

/* A value that the folder knows, or one for which the message is read. */
static uint64_t find_value(struct imapd_search *search, size_t key, struct imapd_candidate *candidate)
{
	uint32_t number;

	if (search->orders[key] == NULL)
		return value_of(search, search->sort_keys[key], candidate);
	number = search->orders[key][candidate->place];
	search->lacks_order = search->lacks_order || number == 0;
	return number;
}

void imapd_sort_note(struct imapd_search *search, struct imapd_candidate *candidate)
{
	size_t at = search->found.count - 1;

	if ((at & (at - 1)) == 0)
		search->values = xrealloc(search->values, (at == 0 ? 1 : 2 * at) * search->sort_count * sizeof(*search->values));
	for (size_t i = 0; i < search->sort_count; i++)
		search->values[at * search->sort_count + i] = find_value(search, i, candidate);
	search->misses_some = search->misses_some || candidate->is_gone;
}

void imapd_thread_note(struct imapd *imapd, struct imapd_search *search, struct imapd_candidate *candidate)
{
	struct imap_thread_message *message = &search->threaded[search->found.count - 1];

	*message = (struct imap_thread_message){
	    .number = imapd->uid ? candidate->look.uid : (uint32_t)candidate->place + 1, .date = sent_time(candidate)};
	imap_terms_thread(terms_of(candidate), message);
}

/* --- the order by one key, as numbers */

/* A message of those found, small, so that 100,000 are sorted in the processor's cache. */
struct sorted {
	uint64_t start;
	size_t at;
};

struct ranking {
	struct imapd_search *search;
	size_t key;
	bool is_text;
	uint32_t *numbers, last;
};

static int by_start(const void *a, const void *b)
{
	uint64_t one = ((const struct sorted *)a)->start, other = ((const struct sorted *)b)->start;

	return one < other ? -1 : one > other;
}

/* The bytes of the text from there on, as a number; zeros after its end. */
static uint64_t start_of(const struct ranking *ranking, size_t at, size_t from)
{
	const struct imapd_search *search = ranking->search;
	const char *text = search->sort_texts.ptr + search->values[at * search->sort_count + ranking->key] + from;
	uint64_t start = 0;

	memcpy(&start, text, strnlen(text, sizeof(start)));
	return be64toh(start);
}

/* They are equal so far; texts that also have the same next bytes are sorted by those behind. */
static void rank(struct ranking *ranking, struct sorted *sorted, size_t count, size_t from)
{
	if (count > 1)
		qsort(sorted, count, sizeof(*sorted), by_start);
	for (size_t i = 0, end; i < count; i = end) {
		bool goes_on = ranking->is_text && (sorted[i].start & 0xff) != 0;

		for (end = i + 1; end < count && sorted[end].start == sorted[i].start;)
			end++;
		if (end - i == 1 || !goes_on) {
			ranking->last++;
			for (size_t j = i; j < end; j++)
				ranking->numbers[sorted[j].at] = ranking->last;
			continue;
		}
		for (size_t j = i; j < end; j++)
			sorted[j].start = start_of(ranking, sorted[j].at, from + sizeof(uint64_t));
		rank(ranking, sorted + i, end - i, from + sizeof(uint64_t));
	}
}

/* The folder keeps an order of most of its messages: it serves searches that find fewer, too. */
static void keep_order(struct imapd *imapd, const struct imapd_search *search, size_t order, uint32_t *numbers)
{
	if (search->misses_some || search->found.count < imapd->view.uids.count / 2 + 1) {
		free(numbers);
		return;
	}
	folder_order_put(search->folder, order,
	    (struct folder_order){imapd_places_uids(&imapd->view, &search->found), numbers, search->found.count});
}

/* Numbers take the place of a key's values. */
static void rank_by(struct imapd *imapd, struct imapd_search *search, size_t key)
{
	size_t order = order_of(search->sort_keys[key]), count = search->found.count;
	struct sorted *sorted = xcalloc(count + 1, sizeof(*sorted));
	struct ranking ranking = {search, key, search->sort_keys[key] != IMAPD_SORT_DATE, xcalloc(count + 1, sizeof(uint32_t)), 0};

	for (size_t i = 0; i < count; i++)
		sorted[i] = (struct sorted){ranking.is_text ? start_of(&ranking, i, 0) : search->values[i * search->sort_count + key], i};
	rank(&ranking, sorted, count, 0);
	for (size_t i = 0; i < count; i++)
		search->values[i * search->sort_count + key] = ranking.numbers[i];
	free(sorted);
	keep_order(imapd, search, order, ranking.numbers);
}

/* --- the order by all keys */

/* One pass of a radix sort, by 8 bits. It keeps the order of equal ones, and does nothing where all have the same bits. */
static bool sort_by_byte(const struct sorted *from, struct sorted *to, size_t count, unsigned shift)
{
	size_t begins[257] = {0};

	for (size_t i = 0; i < count; i++)
		begins[(from[i].start >> shift & 0xff) + 1]++;
	if (count == 0 || begins[(from[0].start >> shift & 0xff) + 1] == count)
		return false;
	for (size_t i = 1; i < 256; i++)
		begins[i] += begins[i - 1];
	for (size_t i = 0; i < count; i++)
		to[begins[from[i].start >> shift & 0xff]++] = from[i];
	return true;
}

/* The values are numbers, mostly small ones: so the last key comes first, and each is sorted without comparing. New memory. */
static struct sorted *sort(struct imapd_search *search)
{
	size_t count = search->found.count;
	struct sorted *sorted = xcalloc(count + 1, sizeof(*sorted)), *spare = xcalloc(count + 1, sizeof(*spare));

	for (size_t i = 0; i < count; i++)
		sorted[i].at = i;
	for (size_t key = search->sort_count; key-- > 0;) {
		for (size_t i = 0; i < count; i++) {
			sorted[i].start = search->values[sorted[i].at * search->sort_count + key];
			if (search->is_reverse[key])
				sorted[i].start = ~sorted[i].start;
		}
		for (unsigned shift = 0; shift < 64; shift += 8)
			if (sort_by_byte(sorted, spare, count, shift)) {
				struct sorted *swapped = sorted;

				sorted = spare;
				spare = swapped;
			}
	}
	free(spare);
	return sorted;
}

void imapd_sort_send(struct imapd *imapd, struct imapd_search *search)
{
	struct buf *out = imapd_out(imapd);
	struct sorted *sorted;

	for (size_t i = 0; i < search->sort_count && search->reads_terms; i++)
		if (order_of(search->sort_keys[i]) < FOLDER_ORDERS)
			rank_by(imapd, search, i);
	sorted = sort(search);
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
