/*
 * Decides where a recipient's mail goes: pure decisions from the configuration, no I/O.
 */
#ifndef LANPOST_MAIL_ROUTE_H
#define LANPOST_MAIL_ROUTE_H

#include "config/conf.h"
#include "message/addr.h"
#include "spool/envelope.h"

/* The field that the gateway adds to mail that it forwards or writes, with its hostname: mail that comes back with it is
 * not sent again. */
#define ROUTE_LOOP_FIELD "X-Lanpost-Loop"

enum route_kind {
	ROUTE_MAILBOX, /* a local user or shared mailbox, alias, or external alias; or postmaster */
	ROUTE_GROUP, /* a [group]: all its members */
	ROUTE_DAEMON,
	ROUTE_LESSON, /* spam or ham: scanners learn what is attached */
	ROUTE_OUTSIDE,
	ROUTE_UNKNOWN, /* in our domain, or a bare name, but unknown */
};

/* The destination of an address. */
struct route {
	enum route_kind kind;
	const char *user;	 /* of a mailbox or a group; a folder of lessons */
	const struct addr *addr; /* borrowed */
};

/* Bare names and names in local_domain (also user+detail) are local; an external alias of a
 * local user, too; with relay_unknown, unknown names of our own domain are external. *user gets
 * the mailbox name, or the group's (owned by conf or a literal). */
enum route_kind route_address(const struct conf *conf, const struct addr *addr, const char **user);
/* Adds our own domain to a bare name (not to the null sender). */
void route_qualify(const struct conf *conf, struct addr *addr);
/* The language (base/i18n.h) for mail to an address: that of the user to whom it leads, for postmaster that of the user in
 * [gateway] postmaster; for others the gateway's. */
const char *route_language(const struct conf *conf, const char *address);
/* The nearest local name to an unknown one, for a hint; NULL if none is near. */
const char *route_hint(const struct conf *conf, const struct addr *addr);

/* Adds a mailbox and everything that follows from it: the user's `forward` and `keep`, the user who reads postmaster's
 * mail, the boss's copy instead of their mailbox. Forward loops end after one round; each user's forward is followed once. */
void route_add_mailbox(
    const struct conf *conf, struct envelope *envelope, const char *user, struct slice why);
/* The same, but what is kept here goes into that folder of the user; "": none. */
void route_add_folder(
    const struct conf *conf, struct envelope *envelope, const char *user, const char *folder, struct slice why);
/* Adds postmaster's mailbox and that of the user who reads its mail, without forwards: for mail that must not
 * be sent on. */
void route_add_postmaster_here(const struct conf *conf, struct envelope *envelope, struct slice why);
/* Adds the places of any address (external: queue). An unknown or daemon address adds nothing;
 * its kind is returned. */
enum route_kind route_add(
    const struct conf *conf, struct envelope *envelope, const struct addr *addr, struct slice why);
/* The same, if route_address() was called already. */
void route_add_known(
    const struct conf *conf, struct envelope *envelope, const struct route *route, struct slice why);
/* Adds the boss's copy of a message that passed the LAN SMTP server. Does nothing without a
 * boss. */
void route_add_boss(const struct conf *conf, struct envelope *envelope);

/* The address under which this sender's mail leaves: the user's external alias for a LAN address; if there is none (or the
 * user was removed), the address itself in a split domain (relay_unknown), else the smarthost's default_sender, else the
 * LAN address unchanged, if its domain can exist on the internet. For postmaster the smarthost's, else that of the user
 * who reads its mail. An external address is unchanged, and so is the null sender (empty local part). Returns false if
 * mail of this sender cannot leave: external recipients could not reply. */
bool route_outside_sender(const struct conf *conf, const struct addr *sender, struct addr *outside);
/* The smarthost for mail of this sender, as the envelope has it; NULL: there is none. */
const struct conf_smarthost *route_smarthost(const struct conf *conf, const char *sender);
/* The address of postmaster, daemon or a user in our domain. */
struct addr route_own_address(const struct conf *conf, const char *name);
/* Whether an address is the gateway's own: postmaster's in our domain. */
bool route_is_postmaster(const struct conf *conf, const struct addr *addr);
/* The sender address of the gateway's own mail through this smarthost; returns false if there is
 * none. */
bool route_smarthost_address(const struct conf *conf, const struct conf_smarthost *smarthost, struct addr *outside);

#endif
