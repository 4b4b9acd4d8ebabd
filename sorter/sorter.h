/*
 * Who gets a fetched message, and why: rules, then the addresses in its header, then whoever takes
 * what is left. No I/O; a struct sorter never changes and may be used by many threads.
 *
 * In this order:
 *  1. `deliver_to` of the account: these users get it, nothing else is looked at.
 *
 *  2. The rules in the order of the file. All that match add their recipients and tags, until
 *     one with `stop = yes`. A rule with `drop = yes` ends sorting, too: the message goes only
 *     to those whom rules above it named, and to nobody if there are none.
 *
 *  3. by_address, unless a rule stopped or dropped: local users whom a recipient header names.
 *     `daemon` is never among them.
 *
 *  4. What nobody got so far goes to unsorted_to of the account, else of [sorter], else to
 *     postmaster.
 *
 * A message with more than SORTER_RECEIVED_MAX Received lines runs in a circle: it goes to
 * postmaster only.
 */
#ifndef LANPOST_SORTER_SORTER_H
#define LANPOST_SORTER_SORTER_H

#include "config/conf.h"
#include "mail/envelope.h"

#define SORTER_RECEIVED_MAX 50

struct sorter;

/* Compiles the rules. conf is borrowed and must outlive the sorter. NULL with the first bad rule in
 * *error. */
struct sorter *sorter_new(const struct conf *conf, struct error *error);
void sorter_free(struct sorter *sorter);
/* Adds one problem for each rule whose condition cannot be read. Returns 0, or -1 if there were
 * any. */
int sorter_check(const struct conf *conf, struct conf_problems *problems);

struct sorter_message {
	struct slice message; /* header and body, or as much of it as there is */
	const char *account;  /* "" for none */
	uint64_t size;
	int64_t arrived; /* seconds since 1970 */
};

/* A rule that matched. */
struct sorter_match {
	/* Owned by the conf and the sorter; the latter three are of the test that did it, "" where
	 * there is none to show. */
	const char *rule;
	const char *header, *relation, *text;
	/* The message's header, its decoded value, and the part of it that matched. */
	char *field, *value, *matched;
	/* rule invoices: subject contains "счёт" matched "Счёт" in "Счёт на оплату" */
	char *reason;
};

struct sorter_recipient {
	bool outside;     /* name is an address to which it is forwarded, else a user */
	const char *name; /* owned by the conf or a literal */
	const char *rule; /* "" if no rule named it */
	char *reason;
};

struct sorter_decision {
	struct sorter_match *matches;
	size_t match_count;
	struct sorter_recipient *recipients; /* each once, with the first reason */
	size_t recipient_count;
	struct strlist tags;    /* as in the configuration */
	const char *dropped_by; /* rule, NULL if none dropped it */
	char *unsorted;         /* why nobody was found for it, NULL if somebody was */
};

/* decision need not be initialised. */
void sorter_decide(const struct sorter *sorter, const struct sorter_message *message,
    struct sorter_decision *decision);
void sorter_decision_clear(struct sorter_decision *decision);

/* Puts a decision into the envelope: places with their reasons, and header lines (X-Lanpost-Rule,
 * tags, X-Lanpost-Unsorted). A dropped message may be left without places. */
void sorter_fill(
    const struct conf *conf, struct envelope *envelope, const struct sorter_decision *decision);

#endif
