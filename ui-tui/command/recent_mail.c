#include "ui-tui/command/recent_mail.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "sorter/sorter.h"
#include "ui-tui/command/message_summary.h"
#include "ui-tui/command/replay.h"

#include <stdlib.h>

#define PART_MAX (128u << 10) /* of a message that is kept in memory */

/* The place of a message. */
struct place_of {
	const char *user; /* borrowed from the list of names */
	struct mailbox_message message;
};
struct places_of {
	struct place_of *items;
	size_t count;
};

static void add_mailbox(const struct spool *spool, const char *user, struct places_of *places)
{
	struct mailbox_list list;
	struct error error;

	if (mailbox_list(spool, user, &list, &error) != 0)
		return;
	for (size_t i = 0; i < list.count; i++) {
		ARRAY_GROW(places->items, places->count);
		places->items[places->count++] = (struct place_of){user, list.items[i]};
	}
	free(list.items); /* we own the data of its items now */
}

static int newest_first(const void *a, const void *b)
{
	const struct place_of *one = a, *other = b;

	if (one->message.time != other->message.time)
		return one->message.time < other->message.time ? 1 : -1;
	return strcmp(one->message.uidl, other->message.uidl);
}

static void keep(struct recent_mail *recent, const struct place_of *place, struct slice message, char *account)
{
	struct slice original = replay_as_it_came(message);
	struct recent_message *summary;
	struct message_summary head;

	message_summary_read(original, &head);
	ARRAY_GROW(recent->items, recent->count);
	summary = &recent->items[recent->count++];
	*summary = (struct recent_message){.time = place->message.time,
	    .from = head.from,
	    .subject = head.subject,
	    .account = account,
	    .len = original.len < PART_MAX ? original.len : PART_MAX,
	    .size = original.len};
	summary->bytes = xmalloc(summary->len + 1);
	memcpy(summary->bytes, original.ptr, summary->len);
	free(head.to);
	free(head.date);
}

/* Only fetched mail is sorted. */
static void read_one(const struct spool *spool, const struct place_of *place, struct recent_mail *recent)
{
	struct error error;
	struct slice bytes;
	char *account;

	if (mailbox_open(spool, place->user, &place->message, &bytes, &error) != 0)
		return;
	account = replay_field(bytes, "X-Lanpost-Account");
	if (account[0] != '\0')
		keep(recent, place, bytes, account);
	else
		free(account);
	fsx_unmap(bytes);
}

void recent_mail_read(const struct conf *conf, size_t most, struct recent_mail *recent)
{
	struct places_of places = {NULL, 0};
	struct strlist names = {NULL, 0};

	*recent = (struct recent_mail){NULL, 0, 0};
	conf_mailbox_names(conf, &names);
	for (size_t i = 0; i < names.count; i++)
		add_mailbox(SPOOL_OF(conf), names.items[i], &places);
	if (places.count > 0)
		qsort(places.items, places.count, sizeof(*places.items), newest_first);
	for (size_t i = 0; i < places.count && recent->count < most; i++)
		if (i == 0 || strcmp(places.items[i].message.uidl, places.items[i - 1].message.uidl) != 0)
			read_one(SPOOL_OF(conf), &places.items[i], recent);
	for (size_t i = 0; i < places.count; i++) {
		free(places.items[i].message.file);
		free(places.items[i].message.unique);
	}
	free(places.items);
	strlist_clear(&names); /* the places have its names */
}

void recent_mail_clear(struct recent_mail *recent)
{
	for (size_t i = 0; i < recent->count; i++) {
		free(recent->items[i].from);
		free(recent->items[i].subject);
		free(recent->items[i].account);
		free(recent->items[i].bytes);
	}
	free(recent->items);
	*recent = (struct recent_mail){NULL, 0, 0};
}

int recent_mail_try(const struct conf *conf, const char *when, struct recent_mail *recent, struct error *error)
{
	struct conf_rule rule = {.name = (char *)(uintptr_t) "new",
	    .when = (char *)(uintptr_t)when,
	    .tag = (char *)(uintptr_t) "",
	    .subject_prefix = (char *)(uintptr_t) "",
	    .reply = (char *)(uintptr_t) ""};
	struct conf alone = *conf; /* with only this rule */
	struct sorter *sorter;

	alone.rules = &rule;
	alone.rule_count = 1;
	recent->caught = 0;
	sorter = sorter_new(&alone, error);
	if (sorter == NULL)
		return -1;
	for (size_t i = 0; i < recent->count; i++) {
		struct recent_message *summary = &recent->items[i];
		const struct sorter_message message = {.message = slice_make(summary->bytes, summary->len),
		    .account = summary->account,
		    .size = summary->size,
		    .arrived = summary->time};
		struct sorter_decision decision;

		sorter_decide(sorter, &message, &decision);
		summary->caught = decision.match_count > 0;
		recent->caught += summary->caught;
		decision_clear(&decision);
	}
	sorter_free(sorter);
	return 0;
}
