#include "gateway/session/release_mail.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/log.h"
#include "mail/filter/kept.h"
#include "mail/filter/release_request.h"
#include "spool/mailbox_name.h"

#include <stdlib.h>

/* A message that is kept for the user. */
struct candidate {
	const struct mailbox_message *message; /* of the list; NULL: it is released */
	char number[KEPT_NUMBER_LEN + 1];
	struct msgid first;
};

struct search {
	const struct reporter *reporter;
	const char *user;
	struct slice number; /* or id */
	struct candidate *items;
	size_t count;
};

/* Each message is read once, however many numbers there are. */
static void find_all(struct search *search, const struct mailbox_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct kept kept;

		if (!kept_open(search->reporter->spool, &list->items[i], &kept))
			continue;
		if (kept_is_for(&kept, search->user)) {
			ARRAY_GROW(search->items, search->count);
			search->items[search->count] = (struct candidate){.message = &list->items[i], .first = kept.first};
			kept_number(search->items[search->count++].number, &kept);
		}
		kept_close(&kept);
	}
}

/* Returns how many have the number, *found the first one. */
static size_t find(const struct search *search, struct candidate **found)
{
	size_t count = 0;

	for (size_t i = 0; i < search->count; i++) {
		struct candidate *item = &search->items[i];

		if (item->message == NULL || !(slice_is(search->number, item->number) || slice_is(search->number, item->message->uidl) ||
						 slice_is(search->number, item->first.text)))
			continue;
		if (count++ == 0)
			*found = item;
	}
	return count;
}

/* Returns whether it is released. */
static bool try_one(const struct search *search, struct kept *kept, struct buf *out)
{
	const struct conf_filter *filter = &search->reporter->conf->filter;
	enum kept_kind kind = kept_kind_of(kept);
	const char *reason = PHRASE(N_("asked for by mail"));
	struct error error;

	if (kind == KEPT_VIRUS) {
		buf_printf(out, _("%.*s: it has a virus, or was not scanned for viruses. Only the admin can release it.\n"), SLICE_PRINT(search->number));
		return false;
	}
	if ((kind & filter->user_release) == 0) {
		buf_printf(out, _("%.*s: only the admin can release it (%s).\n"), SLICE_PRINT(search->number), PHRASE_SAID(kept->why));
		return false;
	}
	if (kept_release(search->reporter->spool, kept, search->user, reason, &error) != 0) {
		buf_printf(out, _("%.*s: not released: %s\n"), SLICE_PRINT(search->number), ERROR_SAID(&error));
		return false;
	}
	buf_printf(out, _("%.*s: released. It is in your mailbox.\n"), SLICE_PRINT(search->number));
	return true;
}

static void release_one(const struct search *search, struct buf *out)
{
	struct candidate *item = NULL;
	size_t count = find(search, &item);
	struct kept kept;

	if (count > 1) { /* none is released then */
		buf_printf(out, _("%.*s: two messages have this number. Ask the admin to release yours.\n"), SLICE_PRINT(search->number));
	} else if (count == 0 || !kept_open(search->reporter->spool, item->message, &kept)) {
		buf_printf(out, _("%.*s: no such message is kept for you. It may have been released or deleted.\n"), SLICE_PRINT(search->number));
	} else {
		if (try_one(search, &kept, out))
			item->message = NULL;
		kept_close(&kept);
	}
}

void release_mail(const struct reporter *reporter, struct slice user, struct slice numbers, struct buf *out)
{
	char *name = slice_dup(user);
	struct search search = {.reporter = reporter, .user = name};
	struct mailbox_list list;
	struct error error;

	log_info("event=release-asked user=%s", LOG_CSTR(name));
	if (mailbox_list(reporter->spool, MAILBOX_QUARANTINE, &list, &error) == 0) {
		find_all(&search, &list);
		for (size_t i = 0; i < RELEASE_NUMBERS_MAX && numbers.len > 0; i++) {
			search.number = slice_cut(&numbers, ' ');
			release_one(&search, out);
		}
		mailbox_list_clear(&list);
	} else {
		buf_printf(out, "%s\n", ERROR_SAID(&error));
	}
	free(search.items);
	free(name);
}
