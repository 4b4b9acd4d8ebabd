#include "gateway/session/release_mail.h"

#include "base/i18n.h"
#include "base/log.h"
#include "mail/filter/kept.h"
#include "mail/filter/release_request.h"
#include "spool/mailbox_name.h"

#include <stdlib.h>

struct search {
	const struct reporter *reporter;
	const char *user;
	struct slice number; /* or id */
	const struct mailbox_list *list;
};

/* The next one from *at on that has this number and is for the user; its places are then open in *kept. */
static bool find_next(const struct search *search, size_t *at, struct kept *kept)
{
	for (; *at < search->list->count; (*at)++) {
		if (!kept_open(search->reporter->spool, &search->list->items[*at], kept))
			continue;
		if (kept_is_for(kept, search->user) &&
		    (slice_is(search->number, KEPT_NUMBER(kept)) || slice_is(search->number, kept->message->uidl) || slice_is(search->number, kept->first.text)))
			return true;
		kept_close(kept);
	}
	return false;
}

/* Two messages may have the same short number: none is released then. */
static bool is_only_one(const struct search *search, size_t at)
{
	struct kept other;

	at++;
	if (!find_next(search, &at, &other))
		return true;
	kept_close(&other);
	return false;
}

static void try_one(const struct search *search, struct kept *kept, struct buf *out)
{
	const struct conf_filter *filter = &search->reporter->conf->filter;
	enum kept_kind kind = kept_kind_of(kept);
	const char *reason = PHRASE(N_("asked for by mail"));
	struct error error;

	if (kind == KEPT_VIRUS)
		buf_printf(out, _("%.*s: it has a virus, or was not scanned for viruses. Only the admin can release it.\n"), SLICE_PRINT(search->number));
	else if ((kind & filter->user_release) == 0)
		buf_printf(out, _("%.*s: only the admin can release it (%s).\n"), SLICE_PRINT(search->number), PHRASE_SAID(kept->why));
	else if (kept_release(search->reporter->spool, kept, search->user, reason, &error) != 0)
		buf_printf(out, _("%.*s: not released: %s\n"), SLICE_PRINT(search->number), ERROR_SAID(&error));
	else
		buf_printf(out, _("%.*s: released. It is in your mailbox.\n"), SLICE_PRINT(search->number));
}

static void release_one(const struct search *search, struct buf *out)
{
	struct kept kept;
	size_t at = 0;

	if (!find_next(search, &at, &kept)) {
		buf_printf(out, _("%.*s: no such message is kept for you. It may have been released or deleted.\n"), SLICE_PRINT(search->number));
		return;
	}
	if (is_only_one(search, at))
		try_one(search, &kept, out);
	else
		buf_printf(out, _("%.*s: two messages have this number. Ask the admin to release yours.\n"), SLICE_PRINT(search->number));
	kept_close(&kept);
}

void release_mail(const struct reporter *reporter, struct slice user, struct slice numbers, struct buf *out)
{
	char *name = slice_dup(user);
	struct search search = {.reporter = reporter, .user = name};

	for (size_t i = 0; i < RELEASE_NUMBERS_MAX && numbers.len > 0; i++) {
		struct mailbox_list list;
		struct error error;

		search.number = slice_cut(&numbers, ' ');
		if (mailbox_list(reporter->spool, MAILBOX_QUARANTINE, &list, &error) != 0) { /* a release changes it */
			buf_printf(out, "%s\n", ERROR_SAID(&error));
			break;
		}
		search.list = &list;
		release_one(&search, out);
		mailbox_list_clear(&list);
	}
	log_info("event=release-asked user=%s", LOG_CSTR(name));
	free(name);
}
