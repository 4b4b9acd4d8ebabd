/*
 * Decides who gets a fetched message, and why: rules, then the addresses in its header, then the
 * default recipient. No I/O; a struct sorter never changes and may be used by many threads.
 *
 * In this order:
 *
 *   1. `folders_to` of the account, if it names mailboxes for the folder, else `deliver_to`: these users get it, nothing else is checked.
 *
 *   2. The rules in the order of the file. All that match add their recipients, tags and prefixes,
 *      until one with `stop = yes`. A rule with `drop = yes` or `reject_to` ends sorting, too: the
 *      message goes only to the recipients of earlier rules, and to those of reject_to; to nobody if
 *      none exist. The first rule with a `reply` gives the reply, if one may be given.
 *
 *   3. by_address, unless a rule ended sorting: local users that a recipient header names.
 *      `daemon` is never among them.
 *
 *   4. A message without a recipient goes to unsorted_to of the account, else of [sorter], else to
 *      postmaster. Copies do not count.
 *
 * If `folders_to` names only a folder, and not whose, the users who get it by 2 to 4 get it there, unless a rule names another folder.
 *
 * Users may be given by name, alias or group. A message with more than SORTER_RECEIVED_MAX Received
 * lines is in a loop: it goes to postmaster only. One that was fetched here before is not sent on or
 * replied to again: if it would only have been sent on, unsorted_to gets it.
 */
#ifndef LANPOST_SORTER_SORTER_H
#define LANPOST_SORTER_SORTER_H

#include "config/conf.h"
#include "message/scan/scan_verdict.h"
#include "spool/envelope.h"

#define SORTER_RECEIVED_MAX 50

struct sorter;

/* Compiles the rules. conf is borrowed and must outlive the sorter. Returns NULL with the first
 * invalid rule in *error. */
struct sorter *sorter_new(const struct conf *conf, struct error *error);
void sorter_free(struct sorter *sorter);
/* Adds one problem for each rule with an invalid condition. Returns 0, or -1 if there were any. */
int sorter_check(const struct conf *conf, struct conf_problems *problems);

struct sorter_message {
	struct slice message; /* header and body, or the part that is available */
	const char *account;  /* "" for none */
	uint64_t size;
	int64_t arrived; /* seconds since 1970 */
	/* For a catch-all mailbox: the recipients that the provider noted, used instead of those
	 * in the header. NULL or empty: not known. */
	const struct strlist *recipients;
	/* Of our scanners. NULL: as an earlier delivery has written it into the header of the message, which is one of our own
	 * storage. */
	const struct scan_verdict *verdict;
	const char *folder; /* of the account, from which it comes; NULL: not known */
};

/* A rule that matched. */
struct sorter_match {
	/* Owned by the conf and the sorter; the latter three belong to the test that matched, ""
	 * if there is nothing to show. */
	const char *rule;
	const char *header, *relation, *text;
	/* The message's header, its decoded value, and the part of it that matched. */
	char *field, *value, *matched;
	/* rule invoices: subject contains "счёт" matched "Счёт" in "Счёт на оплату" */
	char *reason;
};

/* The key of the rule, or the reason without a rule, by which a user gets it. */
enum sorter_action {
	SORTER_DELIVER,
	SORTER_COPY,
	SORTER_FORWARD,
	SORTER_REDIRECT,
	SORTER_REJECT,
	SORTER_ACCOUNT, /* deliver_to */
	SORTER_ADDRESS,
	SORTER_UNSORTED,
};

struct sorter_recipient {
	enum sorter_action action;
	bool outside;     /* name is an external address, else a user */
	const char *name; /* owned by the conf or a literal */
	const char *folder; /* of that user, the same; "": none */
	const char *rule; /* "" if no rule named it */
	char *reason;
};

struct sorter_decision {
	struct sorter_match *matches;
	size_t match_count;
	struct sorter_recipient *recipients; /* each recipient once, with the first reason */
	size_t recipient_count;
	struct strlist tags;     /* as in the configuration */
	struct strlist prefixes; /* prefixes that the subject does not have yet */
	const char *dropped_by;  /* the rule that dropped or rejected it, or NULL */
	char *unsorted;          /* why no recipient was found, NULL if there is one */
	/* The first matching rule with a reply, or NULL. */
	const char *reply_rule;
	char *reply_to;            /* NULL: there must be no reply */
	const char *reply_refusal; /* and this is the reason; translated */
	bool was_here;             /* it was fetched or sent on before and has come back, or is in a loop: it is not sent on
	 * again */
	bool is_bounce;            /* it is a report about another message: if it is sent on, then without a sender */
	/* For sorter_fill(). */
	size_t subject_at; /* the offset of the subject's text in the message; 0: no subject */
	char *return_path; /* the sender of the message, "" for the null sender, NULL if it has none */
};

/* "deliver", "copy", "forward", "redirect", "reject"; without a rule it is "deliver". */
const char *decision_action_name(enum sorter_action action);

/* decision need not be initialised. */
void sorter_decide(const struct sorter *sorter, const struct sorter_message *message,
    struct sorter_decision *decision);
void decision_clear(struct sorter_decision *decision);

/* Puts a decision about this message into the envelope: places with their reasons, header lines
 * (X-Lanpost-Rule, tags, X-Lanpost-Unsorted), the prefix of the subject, the sender for sending
 * it on. A dropped message may have no places. */
void sorter_fill(const struct conf *conf, struct slice message, struct envelope *envelope,
    const struct sorter_decision *decision);

/* --- a message that is still on the server */

/* What the rules with `on = listed` say of it. */
struct sorter_listed {
	const struct conf_rule *rule; /* the first with fetch, stub, leave or delete; NULL: none */
	char *reason; /* why it matches: a phrase; NULL without a rule */
	enum conf_priority priority; /* of the first rule that names one, else of its recipients */
};
/* message->message: its header; message->size: as the server lists it. *listed need not be initialised. */
void sorter_decide_listed(const struct sorter *sorter, const struct sorter_message *message, struct sorter_listed *listed);
void sorter_listed_clear(struct sorter_listed *listed);

/* --- a decision that another process makes */

/* Writes the parts of a decision that sorter_fill() needs. */
void decision_write(const struct sorter_decision *decision, struct buf *out);
/* Reads that. The writer may have been compromised by the message: every rule, user, address, tag and prefix must be one
 * from the configuration, a message is dropped only by a rule that drops, and an address from the message (for a reply or
 * a bounce) must be valid. message: the one that it is about. Returns false for anything else. The names in *decision are
 * conf's. */
bool decision_read(const struct conf *conf, struct slice message, struct slice text, struct sorter_decision *decision);
/* A reason that another process gives: a phrase, or one printable line. New memory. */
char *decision_take_reason(struct slice text);
/* The decision for a message that could not be sorted: as if no rule had matched, and it is not sent on. account: NULL for
 * none. */
void sorter_decide_unsorted(const struct conf *conf, const struct conf_account *account, const char *reason,
    struct sorter_decision *decision);

#endif
