/*
 * Who has used the line: what it has carried and cost, by each of several lines, for each account and for each user, in a session, on a
 * day and in a month.
 *
 * What a connection has carried, with TLS, logins and lists, belongs to its account, and is divided among the users by the bytes of the
 * messages that it brought them (mail/byte_shares.h). The price is divided by bytes, too, those of minutes and of the session included:
 * on a thin line time passes because of bytes. So the sums over accounts and over users are those of the session. What no account has
 * carried (mail to smarthosts) is the account ""; what is for no user in particular is the user "".
 *
 * A usage is an object {"lines": [...], "accounts": [...], "users": [...]} whose rows have "name", "received", "sent" (bytes) and "price"; those
 * of accounts and users "fetched" and "written" (messages), those of lines "sessions" and "seconds". The line "" is the only one. That of a
 * month has "month" (202612), too. Days are kept for two months, months for five years.
 */
#ifndef LANPOST_MAIL_USAGE_H
#define LANPOST_MAIL_USAGE_H

#include "config/conf.h"
#include "mail/byte_shares.h"
#include "spool/storage/storage.h"
#include "upstream/remote.h"

#include <jansson.h>

#define USAGE_ROWS_MAX 100 /* that are shown */
#define USAGE_DAYS 60	   /* that are kept, today included */

/* Empty; the caller's. */
json_t *usage_new(void);
/* What an account's connections have carried. is_outgoing: the messages went out. */
struct usage_part {
	const char *account;
	struct remote_bytes bytes;
	double price;
	const struct byte_shares *shares;
	bool is_outgoing;
	uint64_t messages; /* each once */
};
void usage_add(json_t *usage, const struct usage_part *part);
/* A session on a line; way: NULL if there are not several. */
void usage_add_session(json_t *usage, const char *way, struct remote_bytes bytes, int64_t seconds, double price);
/* The usage of this month; the caller's. */
json_t *usage_load(struct state *state, int64_t now);
/* That of a day (20261231) or a month (202612), empty if nothing is known; the caller's. */
json_t *usage_of(struct state *state, int64_t period);
/* Adds one to another. */
void usage_merge(json_t *into, const json_t *usage);
/* Adds that of a session to the day and to the month and stores it. Lines, accounts and mailboxes that are no longer configured become "", so that it stays small. */
void usage_store(const json_t *usage, const struct conf *conf, struct state *state, int64_t now);
/* Forgets days and months that are too old. Only when the clock is right. */
void usage_expire(struct state *state, int64_t now);
/* Leaves the largest rows of each list, sorted; the sum of the others is a last one, whose name is null. */
void usage_shorten(json_t *usage);
/* For people: what a row without a name stands for, else its name. */
const char *usage_shown_name(const char *list, const char *name);
/* Calls back for each row of "accounts" or "users", with texts in the thread's language. */
typedef void (*usage_row_fn)(void *context, const char *name, const char *value);
void usage_each(const json_t *usage, const char *list, bool has_price, usage_row_fn fn, void *context);

#endif
