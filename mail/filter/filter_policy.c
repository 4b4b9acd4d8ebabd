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

/* The folder of a rule is left as it is. */
static bool may_be_junk(const struct place *place)
{
	return place->kind == PLACE_MAILBOX && mailbox_name_folder(slice_of(place->name)).len == 0;
}

static void explain(struct place *place, const char *first)
{
	envelope_set(&place->why, slice_of(place->why[0] == '\0' ? first : PHRASE("%s; %s", first, place->why)));
}

static void move_to_junk(struct place *place, const char *why)
{
	char *name = mailbox_name_of(place->name, FILTER_JUNK);

	envelope_set(&place->name, slice_of(name));
	free(name);
	explain(place, why);
}

/* What each mailbox makes of it. */
struct opinion {
	size_t allowed, junk; /* mailboxes */
};

/* is_spam: by its score. Changes the places only if apply is set. */
static struct opinion judge(const struct filter_senders *senders, const struct scan_verdict *verdict, bool is_spam, bool apply, struct envelope *envelope)
{
	struct opinion opinion = {0};

	for (size_t i = 0; i < envelope->place_count; i++) {
		struct place *place = &envelope->places[i];
		char why[PHRASE_MAX] = "", score[PHRASE_MAX];
		enum filter_sender sender;

		if (place->kind != PLACE_MAILBOX)
			continue;
		sender = filter_senders_judge(senders, place->name, why);
		phrase_set(score, sizeof(score), N_("spam score %s"), SCAN_SCORE(verdict->score));
		opinion.allowed += sender == SENDER_ALLOWED;
		if (sender == SENDER_ALLOWED && is_spam && apply)
			explain(place, PHRASE(N_("%s, but %s"), score, why));
		if (sender == SENDER_ALLOWED || (sender == SENDER_UNKNOWN && !is_spam))
			continue;
		opinion.junk++;
		if (apply && may_be_junk(place))
			move_to_junk(place, is_spam ? score : why);
	}
	return opinion;
}

/* Fetched mail by its score and its sender, with the header lines of the verdict. Returns true if it is kept. */
static bool judge_spam(const struct conf_filter *filter, const struct scan_verdict *verdict, const struct filter_senders *senders,
    struct envelope *envelope)
{
	bool is_bad = reaches(verdict, filter->spam_quarantine), is_spam = is_bad || reaches(verdict, filter->spam_junk);
	bool may_matter = is_spam || filter_senders_deny_any(senders->conf); /* who sent it; asking the state for each message would take long */
	struct opinion opinion = may_matter ? judge(senders, verdict, is_spam, false, envelope) : (struct opinion){0};
	bool is_junk = opinion.allowed == 0 && (is_spam || opinion.junk > 0);

	filter_header_add(verdict, is_junk, envelope);
	if (is_bad && opinion.allowed == 0) {
		quarantine_take(envelope, PHRASE(N_("spam score %s"), SCAN_SCORE(verdict->score)));
		return true;
	}
	if (may_matter)
		judge(senders, verdict, is_spam, true, envelope);
	if (is_junk)
		drop_replies(envelope);
	return false;
}

static bool is_refused(const struct conf_filter *filter, unsigned sources, const struct scan_verdict *verdict)
{
	bool refuses = filter->attachments == VIRUS_REJECT || (filter->attachments == VIRUS_STRIP && sources & CONF_OUTGOING);

	return !(sources & (CONF_FETCHED | FILTER_IS_ACCEPTED)) &&
	       ((verdict->virus[0] != '\0' && filter->virus == VIRUS_REJECT) || (verdict->attachment[0] != '\0' && refuses));
}

enum filter_outcome filter_policy_apply(const struct conf *conf, unsigned sources, const struct scan_verdict *verdict,
    const struct filter_senders *senders, struct envelope *envelope)
{
	const struct conf_filter *filter = &conf->filter;
	bool has_virus = verdict->virus[0] != '\0', has_attachment = verdict->attachment[0] != '\0';
	bool strips = has_attachment && filter->attachments == VIRUS_STRIP && verdict->cuts.count > 0;
	bool keeps_virus = has_virus && filter->virus != VIRUS_TAG;
	bool keeps = keeps_virus || (has_attachment && filter->attachments != VIRUS_TAG && !strips);

	if (verdict->waits && !has_virus && !has_attachment)
		return FILTER_WAITS;
	if (is_refused(filter, sources, verdict))
		return FILTER_REFUSES;
	if (envelope->place_count == 0) /* another copy of it has reached its recipients, or a rule drops it */
		return FILTER_DELIVERS;
	if (sources & CONF_FETCHED && !keeps) {
		if (judge_spam(filter, verdict, senders, envelope))
			return FILTER_KEEPS;
	} else {
		filter_header_add(verdict, reaches(verdict, filter->spam_junk > 0 ? filter->spam_junk : filter->spam_quarantine), envelope);
	}
	if (!keeps && (!strips || filter_strip(conf, verdict, verdict->attachment, envelope)))
		return FILTER_DELIVERS;
	quarantine_take(envelope, keeps_virus ? PHRASE(N_("virus %s"), verdict->virus) : verdict->attachment);
	return FILTER_KEEPS;
}
