#include "mail/filter/filter_preview.h"

#include "base/alloc.h"
#include "mail/filter/filter_policy.h"

#include <stdlib.h>

static void add(struct filter_preview *preview, const struct place *place, enum filter_sender sender, const char *why)
{
	ARRAY_GROW(preview->items, preview->count);
	preview->items[preview->count++] = (struct filter_opinion){xstrdup(place->name), sender, xstrdup(why)};
}

/* before: the mailboxes that the rules have chosen, in the same order. */
static void add_opinions(const struct filter_senders *senders, const struct strlist *before, const struct envelope *envelope,
    struct filter_preview *preview)
{
	for (size_t i = 0, mailbox = 0; i < envelope->place_count; i++) {
		const struct place *place = &envelope->places[i];
		char why[PHRASE_MAX] = "";
		enum filter_sender sender;

		if (place->kind != PLACE_MAILBOX)
			continue;
		sender = filter_senders_judge(senders, place->name, why);
		if (sender != SENDER_UNKNOWN)
			add(preview, place, sender, why);
		else if (mailbox < before->count && strcmp(place->name, before->items[mailbox]) != 0)
			add(preview, place, sender, place->why);
		mailbox++;
	}
}

void filter_preview_make(const struct conf *conf, struct state *state, struct slice message, struct envelope *envelope, struct filter_preview *preview)
{
	struct scan_verdict verdict;
	struct filter_senders senders;
	struct strlist before = {NULL, 0};

	*preview = (struct filter_preview){NULL, 0};
	if (!scan_verdict_find(message, &verdict))
		verdict = (struct scan_verdict){0};
	for (size_t i = 0; i < envelope->place_count; i++)
		if (envelope->places[i].kind == PLACE_MAILBOX)
			strlist_add(&before, envelope->places[i].name);
	filter_senders_read(&senders, conf, state, message, &verdict);
	if (filter_policy_apply(conf, CONF_FETCHED, &verdict, &senders, envelope) == FILTER_KEEPS)
		add(preview, &envelope->places[0], SENDER_UNKNOWN, envelope->places[0].why);
	else
		add_opinions(&senders, &before, envelope, preview);
	strlist_clear(&before);
}

void filter_preview_clear(struct filter_preview *preview)
{
	for (size_t i = 0; i < preview->count; i++) {
		free(preview->items[i].mailbox);
		free(preview->items[i].why);
	}
	free(preview->items);
	*preview = (struct filter_preview){NULL, 0};
}
