/*
 * Where a recipient's mail goes: pure decisions over the configuration, no I/O.
 */
#ifndef LANPOST_MAIL_ROUTE_H
#define LANPOST_MAIL_ROUTE_H

#include "config/conf.h"
#include "message/addr.h"
#include "spool/envelope.h"

/* The field that the gateway puts into what it sends on or writes itself, with its hostname: what comes back with it does not
 * leave again. */
#define ROUTE_LOOP_FIELD "X-Lanpost-Loop"

enum route_kind {
	ROUTE_MAILBOX, /* a local user, alias, or somebody's external alias; or postmaster */
	ROUTE_GROUP, /* a [group]: all its members */
	ROUTE_DAEMON,
	ROUTE_OUTSIDE,
	ROUTE_UNKNOWN, /* in our domain, or a bare name, but nobody's */
};

/* Where an address leads. */
struct route {
	enum route_kind kind;
	const char *user;	 /* of a mailbox or a group */
	const struct addr *addr; /* borrowed */
};

/* Bare names and names in local_domain (also user+detail) are local; an external alias of a local
 * user, too; with relay_unknown unknown names of our own domain are outside. *user gets the mailbox
 * name, or the group's (owned by conf or a literal). */
enum route_kind route_address(const struct conf *conf, const struct addr *addr, const char **user);
/* A bare name (not the null sender) means our own domain: adds it. */
void route_qualify(const struct conf *conf, struct addr *addr);
/* The language (base/i18n.h) in which somebody is written to: that of the user to whom the address leads, postmaster's being that of
 * [gateway] postmaster; of others the gateway's. */
const char *route_language(const struct conf *conf, const char *address);
/* The nearest local name to an unknown one, for a hint; NULL if none is near. */
const char *route_hint(const struct conf *conf, const struct addr *addr);

/* Adds a mailbox with all that follows from it: the user's `forward` and `keep`, postmaster's own
 * user, the boss's copy winning over their mailbox. Forward circles end after one turn; each user's forward is followed once. */
void route_add_mailbox(
    const struct conf *conf, struct envelope *envelope, const char *user, struct slice why);
/* Postmaster's mailbox and that of the user who reads their mail, with no forward: what must not leave again. */
void route_add_postmaster_here(const struct conf *conf, struct envelope *envelope, struct slice why);
/* Adds whatever the address means (outside: queue). An unknown or daemon address adds nothing and
 * returns its kind. */
enum route_kind route_add(
    const struct conf *conf, struct envelope *envelope, const struct addr *addr, struct slice why);
/* The same where route_address() has been asked already. */
void route_add_known(
    const struct conf *conf, struct envelope *envelope, const struct route *route, struct slice why);
/* The boss's copy of a message that passed the LAN SMTP server. Nothing without a boss. */
void route_add_boss(const struct conf *conf, struct envelope *envelope);

/* The address under which this sender's mail leaves: their external alias for a LAN address; where they
 * has none (or there is no such user any longer), the address itself in a split domain (relay_unknown), else the smarthost's
 * default_sender, else the LAN address unchanged, if it is in a domain that can exist outside. Postmaster's is the smarthost's, else that of the user who reads their mail.
 * An address that is not local leaves unchanged, and so does the null sender (empty local part).
 * False if mail of this sender cannot leave: nobody outside could answer it. */
bool route_outside_sender(const struct conf *conf, const struct addr *sender, struct addr *outside);
/* The address of postmaster, daemon or a user in our domain. */
struct addr route_own_address(const struct conf *conf, const char *name);
/* Whether an address is the gateway's own: postmaster's in our domain. */
bool route_is_postmaster(const struct conf *conf, const struct addr *addr);
/* The address under which the gateway itself writes through this smarthost; false if none exists. */
bool route_smarthost_address(const struct conf *conf, const struct conf_smarthost *smarthost, struct addr *outside);

#endif
