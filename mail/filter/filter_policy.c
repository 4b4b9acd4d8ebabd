#include "mail/filter/filter_policy.h"

#include "base/i18n.h"
#include "mail/filter/filter_header.h"
#include "mail/filter/filter_strip.h"
#include "mail/filter/quarantine.h"
#include "spool/mailbox_name.h"

#include <stdlib.h>

static bool reaches(const struct scan_verdict *verdict, int64_t limit)
{
	return limit > 0 && verdict->looked & SCAN_SPAM && verdict->score >= limit;
}

/* Removes the replies of rules: nobody writes to the sender of spam. */
static void drop_replies(struct envelope *envelope)
{
	size_t kept = 0;

	for (size_t i = 0; i < envelope->place_count; i++) {
		if (envelope->places[i].kind == PLACE_REPLY)
			envelope_place_clear(&envelope->places[i]);
		else
			envelope->places[kept++] = envelope->places[i];
	}
	envelope->place_count = kept;
}

static void move_to_junk(const char *reason, struct envelope *envelope)
{
	drop_replies(envelope);
	for (size_t i = 0; i < envelope->place_count; i++) {
		struct place *place = &envelope->places[i];
		char *name;

		if (place->kind != PLACE_MAILBOX || mailbox_name_folder(slice_of(place->name)).len > 0)
			continue;
		name = mailbox_name_of(place->name, FILTER_JUNK);
		envelope_set(&place->name, slice_of(name));
		envelope_set(&place->why, slice_of(PHRASE("%s; %s", reason, place->why)));
		free(name);
	}
}

static bool is_refused(const struct conf_filter *filter, unsigned sources, const struct scan_verdict *verdict)
{
	bool refuses = filter->attachments == VIRUS_REJECT || (filter->attachments == VIRUS_STRIP && sources & CONF_OUTGOING);

	return !(sources & CONF_FETCHED) &&
	       ((verdict->virus[0] != '\0' && filter->virus == VIRUS_REJECT) || (verdict->attachment[0] != '\0' && refuses));
}

/* Fetched mail by its score and its sender. Returns true if it is kept. */
static bool judge_spam(const struct conf_filter *filter, const struct scan_verdict *verdict, enum filter_sender sender,
    struct envelope *envelope)
{
	if (sender == SENDER_ALLOWED)
		return false;
	if (reaches(verdict, filter->spam_quarantine)) {
		quarantine_take(envelope, PHRASE(N_("spam score %s"), SCAN_SCORE(verdict->score)));
		return true;
	}
	if (reaches(verdict, filter->spam_junk))
		move_to_junk(PHRASE(N_("spam score %s"), SCAN_SCORE(verdict->score)), envelope);
	else if (sender == SENDER_DENIED)
		move_to_junk(PHRASE(N_("[senders] deny")), envelope);
	return false;
}

enum filter_outcome filter_policy_apply(const struct conf *conf, unsigned sources, const struct scan_verdict *verdict,
    enum filter_sender sender, struct envelope *envelope)
{
	const struct conf_filter *filter = &conf->filter;
	bool has_virus = verdict->virus[0] != '\0', has_attachment = verdict->attachment[0] != '\0';
	bool strips = has_attachment && filter->attachments == VIRUS_STRIP && verdict->cuts.count > 0;

	if (verdict->waits && !has_virus && !has_attachment)
		return FILTER_WAITS;
	if (is_refused(filter, sources, verdict))
		return FILTER_REFUSES;
	filter_header_add(conf, verdict, envelope);
	if (has_virus && filter->virus != VIRUS_TAG) {
		quarantine_take(envelope, PHRASE(N_("virus %s"), verdict->virus));
		return FILTER_KEEPS;
	}
	if (has_attachment && filter->attachments != VIRUS_TAG && !strips) {
		quarantine_take(envelope, verdict->attachment);
		return FILTER_KEEPS;
	}
	if (sources & CONF_FETCHED && judge_spam(filter, verdict, sender, envelope))
		return FILTER_KEEPS;
	if (!strips || filter_strip(conf, verdict, verdict->attachment, envelope))
		return FILTER_DELIVERS;
	quarantine_take(envelope, verdict->attachment);
	return FILTER_KEEPS;
}
