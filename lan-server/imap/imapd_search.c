#include "lan-server/imap/imapd_search.h"

#include "base/alloc.h"
#include "base/clock.h"

#include "lan-server/imap/imapd_priv.h"
#include "lan-server/made_memory.h"

#include <stdlib.h>

#define LOOKED_AT 256 /* messages at a time */
#define SORT_TEXTS_MAX (256u << 20)
#define COUNTED (64u << 10) /* bytes that are kept, at a time */
#define TIMED 8	      /* messages between two looks at the clock */
#define STEP_MS 200   /* then the session looks whether it must end */

/* Counts what is kept, of several messages at a time: all sessions share one counter. */
static void keep(struct imapd_search *search, size_t bytes, size_t at_least)
{
	search->uncounted += bytes;
	if (search->uncounted <= at_least)
		return;
	if (made_memory_take(search->uncounted))
		search->kept += search->uncounted;
	else
		search->is_too_large = true;
	search->uncounted = 0;
}

static void search_free(void *own)
{
	struct imapd_search *search = own;

	made_memory_give(search->kept);
	for (size_t i = 0; search->threaded != NULL && i < search->found.count; i++)
		imap_thread_message_clear(&search->threaded[i]);
	free(search->values);
	imapd_sort_forget(search);
	buf_clear(&search->sort_texts);
	free(search->threaded);
	free(search->found.items);
	imapd_keys_free(search->keys);
	imapd_scratch_clear(&search->scratch);
	for (enum folder_cache which = 0; which < FOLDER_CACHES; which++)
		folder_cache_rest(search->folder, which);
	free(search);
}

/* --- looking at the messages */

static void note_found(struct imapd *imapd, struct imapd_search *search, struct imapd_candidate *candidate)
{
	size_t count = search->found.count;

	if (search->kind == IMAPD_THREAD)
		ARRAY_GROW(search->threaded, count);
	ARRAY_GROW(search->found.items, count);
	search->found.items[search->found.count++] = candidate->place;
	if (candidate->look.modseq > search->modseq)
		search->modseq = candidate->look.modseq;
	if (search->kind == IMAPD_SORT) {
		size_t before = search->sort_texts.len;

		imapd_sort_note(search, candidate);
		keep(search, search->sort_count * sizeof(*search->values) + search->sort_texts.len - before, COUNTED);
		search->is_too_large = search->is_too_large || search->sort_texts.overflow;
	}
	if (search->kind == IMAPD_THREAD) {
		imapd_thread_note(imapd, search, candidate);
		keep(search, imap_thread_message_bytes(&search->threaded[count]), COUNTED);
	}
}

static void look_at(struct imapd *imapd, struct imapd_search *search, const struct folder_message *look, size_t place)
{
	struct imapd_candidate candidate = {
	    .folder = imapd->view.folder,
	    .look = *look,
	    .place = place,
	    .is_recent = look->uid >= imapd->view.recent_from,
	    .now = search->now,
	    .uses_index = imapd->options.conf->lan.search_index,
	    .scratch = &search->scratch,
	};

	if (look->uid == 0)
		return;
	if (imapd_key_matches(search->keys, &candidate) && !candidate.is_gone)
		note_found(imapd, search, &candidate);
	search->is_too_large = search->is_too_large || candidate.is_too_large;
	imapd_candidate_close(&candidate);
}

/* Up to that time, about. */
static void look_at_some(struct imapd *imapd, struct imapd_search *search, int64_t until)
{
	const struct imapd_uids *uids = &imapd->view.uids;
	struct folder_message looked[LOOKED_AT];
	size_t count = uids->count - search->at < LOOKED_AT ? uids->count - search->at : LOOKED_AT;

	folder_look(imapd->view.folder, uids->items + search->at, count, looked);
	for (size_t i = 0; i < count && !search->is_too_large && (i % TIMED != 0 || i == 0 || clock_now_ms() < until); i++)
		look_at(imapd, search, &looked[i], search->at++);
	keep(search, 0, 0);
}

static void send_result(struct imapd *imapd, struct imapd_search *search);

/* SORT once more, from the first message on: what decides the order is read. */
static void begin_again(struct imapd_search *search)
{
	made_memory_give(search->kept);
	imapd_sort_forget(search);
	search->kept = search->at = search->found.count = 0;
	search->lacks_order = false;
	search->reads_terms = true;
}

static enum imapd_reply search_step(struct imapd *imapd, void *own)
{
	struct imapd_search *search = own;
	int64_t until = clock_now_ms() + STEP_MS;

	while (search->at < imapd->view.uids.count && clock_now_ms() < until && !search->is_too_large) {
		look_at_some(imapd, search, until);
		if (search->lacks_order)
			begin_again(search);
	}
	if (search->is_too_large)
		return IMAPD_LIMIT;
	if (search->at < imapd->view.uids.count)
		return IMAPD_MORE;
	if (search->kind == IMAPD_SORT)
		imapd_sort_send(imapd, search);
	else if (search->kind == IMAPD_THREAD)
		imapd_thread_send(imapd, search);
	else
		send_result(imapd, search);
	return IMAPD_DONE;
}

/* --- the answer of SEARCH */

static uint32_t *numbers_of(struct imapd *imapd, const struct imapd_search *search)
{
	uint32_t *numbers = imapd_places_uids(&imapd->view, &search->found);

	for (size_t i = 0; i < search->found.count && !imapd->uid; i++)
		numbers[i] = (uint32_t)search->found.items[i] + 1;
	return numbers;
}

/* RFC 5182 section 2.1: with MIN or MAX alone only those messages. */
static void save_result(struct imapd *imapd, const struct imapd_search *search)
{
	bool all = (search->returns & (IMAPD_RETURN_ALL | IMAPD_RETURN_COUNT)) || !(search->returns & (IMAPD_RETURN_MIN | IMAPD_RETURN_MAX));
	size_t count = search->found.count;

	imapd_uids_clear(&imapd->saved);
	for (size_t i = 0; i < count; i++)
		if (all || (i == 0 && (search->returns & IMAPD_RETURN_MIN)) || (i + 1 == count && (search->returns & IMAPD_RETURN_MAX)))
			imapd_uids_add(&imapd->saved, imapd->view.uids.items[search->found.items[i]]);
}

static void send_extended(struct imapd *imapd, const struct imapd_search *search, const uint32_t *numbers, size_t count)
{
	struct buf *out = imapd_out(imapd);

	buf_printf(out, "* ESEARCH (TAG \"%s\")%s", imapd->tag, imapd->uid ? " UID" : "");
	if (count > 0 && (search->returns & IMAPD_RETURN_MIN))
		buf_printf(out, " MIN %u", numbers[0]);
	if (count > 0 && (search->returns & IMAPD_RETURN_MAX))
		buf_printf(out, " MAX %u", numbers[count - 1]);
	if (search->returns & IMAPD_RETURN_COUNT)
		buf_printf(out, " COUNT %zu", count);
	if (count > 0 && (search->returns & IMAPD_RETURN_ALL)) {
		buf_append_text(out, " ALL ");
		imapd_uids_append(numbers, count, out);
	}
	if (count > 0 && search->with_modseq)
		buf_printf(out, " MODSEQ %llu", (unsigned long long)search->modseq);
	buf_append_text(out, "\r\n");
}

static void send_plain(struct imapd *imapd, const struct imapd_search *search, const uint32_t *numbers, size_t count)
{
	struct buf *out = imapd_out(imapd);

	buf_append_text(out, "* SEARCH");
	for (size_t i = 0; i < count; i++)
		buf_printf(out, " %u", numbers[i]);
	if (count > 0 && search->with_modseq)
		buf_printf(out, " (MODSEQ %llu)", (unsigned long long)search->modseq);
	buf_append_text(out, "\r\n");
}

static void send_result(struct imapd *imapd, struct imapd_search *search)
{
	uint32_t *numbers = numbers_of(imapd, search);

	if (search->returns & IMAPD_RETURN_SAVE)
		save_result(imapd, search);
	if (search->is_extended || (imapd->enabled & IMAPD_REV2)) {
		if (search->returns == 0)
			search->returns = IMAPD_RETURN_ALL;
		if (search->returns != IMAPD_RETURN_SAVE)
			send_extended(imapd, search, numbers, search->found.count);
	} else {
		send_plain(imapd, search, numbers, search->found.count);
	}
	free(numbers);
}

/* --- arguments */

static bool read_returns(struct imapd_args *args, struct imapd_search *search)
{
	static const struct {
		const char *name;
		unsigned bit;
	} known[] = {{"MIN", IMAPD_RETURN_MIN}, {"MAX", IMAPD_RETURN_MAX}, {"ALL", IMAPD_RETURN_ALL}, {"COUNT", IMAPD_RETURN_COUNT},
	    {"SAVE", IMAPD_RETURN_SAVE}};

	search->is_extended = true;
	imapd_args_space(args);
	imapd_args_expect(args, '(');
	while (!args->failed && imapd_args_peek(args) != ')') {
		size_t i = 0;

		while (i < ARRAY_LEN(known) && !imapd_args_word(args, known[i].name))
			i++;
		if (i == ARRAY_LEN(known))
			return false;
		search->returns |= known[i].bit;
		if (!imapd_args_accept(args, ' '))
			break;
	}
	imapd_args_expect(args, ')');
	imapd_args_space(args);
	return !args->failed;
}

static enum imapd_reply read_charset(struct imapd_args *args)
{
	struct slice charset = imapd_args_astring(args);

	imapd_args_space(args);
	if (args->failed)
		return IMAPD_SYNTAX;
	return slice_is_nocase(charset, "UTF-8") || slice_is_nocase(charset, "US-ASCII") ? IMAPD_NONE : IMAPD_BAD_CHARSET;
}

static enum imapd_reply read_arguments(struct imapd *imapd, struct imapd_args *args, struct imapd_search *search)
{
	enum imapd_reply reply = IMAPD_NONE;

	if (search->kind == IMAPD_SORT ? !imapd_sort_read(args, search) : search->kind == IMAPD_THREAD && !imapd_thread_read(args, search))
		return IMAPD_SYNTAX;
	if (search->kind == IMAPD_SEARCH && imapd_args_word(args, "RETURN") && !read_returns(args, search))
		return IMAPD_SYNTAX;
	if (search->kind != IMAPD_SEARCH) {
		reply = read_charset(args);
	} else if (imapd_args_word(args, "CHARSET")) {
		imapd_args_space(args);
		reply = read_charset(args);
	}
	return reply != IMAPD_NONE ? reply : imapd_keys_read(imapd, args, &search->keys, &search->with_modseq);
}

static enum imapd_reply begin(struct imapd *imapd, struct imapd_args *args, enum imapd_search_kind kind)
{
	struct imapd_search *search = xcalloc(1, sizeof(*search));
	enum imapd_reply reply;

	search->kind = kind;
	search->folder = imapd->view.folder;
	search->now = clock_wall();
	imapd_scratch_init(&search->scratch);
	buf_init(&search->sort_texts, SORT_TEXTS_MAX);
	reply = read_arguments(imapd, args, search);
	if (reply != IMAPD_NONE) {
		search_free(search);
		return reply;
	}
	if (search->with_modseq)
		imapd_enable_condstore(imapd);
	if (kind == IMAPD_SORT)
		keep(search, imapd_sort_prepare(imapd, search), 0);
	return imapd_job_begin(imapd, search_step, search_free, search);
}

enum imapd_reply imapd_cmd_search(struct imapd *imapd, struct imapd_args *args)
{
	return begin(imapd, args, IMAPD_SEARCH);
}

enum imapd_reply imapd_cmd_sort(struct imapd *imapd, struct imapd_args *args)
{
	return begin(imapd, args, IMAPD_SORT);
}

enum imapd_reply imapd_cmd_thread(struct imapd *imapd, struct imapd_args *args)
{
	return begin(imapd, args, IMAPD_THREAD);
}
