/*
 * What follows from the verdict of the scanners, by [filter]: header lines, other places, or a refusal. Pure decisions.
 *
 *   a virus                  virus = quarantine: kept; reject: refused on the LAN, kept if fetched; tag: delivered
 *   fetched, spam_quarantine kept
 *   fetched, spam_junk       delivered to the folder Junk of each mailbox that no rule has chosen a folder for, and no rule replies to it
 *   forbidden attachment     attachments = quarantine, reject or tag, as for a virus; strip: delivered without it (filter_strip.h), or quarantine, if it
 *                            cannot be cut out; refused if it leaves the office
 *   not scanned, wait        it is not accepted now; neither is one whose attachments could not be looked at
 *
 * A friend never sends spam, a foe always does (mail/filter/filter_senders.h): each mailbox has its own. Mail that any of its recipients allows does not go to
 * the quarantine for its score: it is in Junk for the others.
 *
 * A message that is kept goes to the quarantine alone, with lines on top that say what its places and its sender were (mail/filter/quarantine.h).
 */
#ifndef LANPOST_MAIL_FILTER_POLICY_H
#define LANPOST_MAIL_FILTER_POLICY_H

#include "config/conf.h"
#include "mail/filter/filter_senders.h"
#include "message/scan/scan_verdict.h"
#include "spool/envelope.h"

#define FILTER_JUNK "Junk" /* the folder of a mailbox */

enum filter_outcome {
	FILTER_DELIVERS,
	FILTER_KEEPS,	/* in quarantine */
	FILTER_REFUSES, /* for a virus or an attachment */
	FILTER_WAITS,	/* a scanner is away: later */
};

#define FILTER_IS_ACCEPTED 16u /* with sources: it was accepted before, so it cannot be refused */

/* sources: CONF_FETCHED ...: where it comes from, or goes to. senders: of fetched mail, else NULL. The envelope has its places; without any it is mail that
 * nobody gets, which is not kept either. */
enum filter_outcome filter_policy_apply(const struct conf *conf, unsigned sources, const struct scan_verdict *verdict,
    const struct filter_senders *senders, struct envelope *envelope);

#endif
