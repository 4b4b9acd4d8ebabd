/*
 * Checks the sender addresses of the logged-in user (RFC 6409 sections 6.1 and 8.1).
 */
#include "message/header.h"
#include "mail/route.h"

#include "lan-server/smtp/smtpd_priv.h"

#include <stdio.h>

/* Whether this mailbox's addresses belong to the logged-in user: postmaster's do, too, for the user who is postmaster, and those of a
 * shared mailbox for its members who may write. */
static bool is_self(const struct smtpd *smtpd, const char *owner)
{
	const struct conf *conf = smtpd->options.conf;
	const char *user = smtpd->dialogue.user;

	return strcmp(owner, user) == 0 || (strcmp(owner, CONF_POSTMASTER) == 0 && strcmp(conf->gateway.postmaster, user) == 0) ||
	       conf_share_of(conf, owner, user) == SHARE_WRITE;
}

bool smtpd_may_write_as(const struct smtpd *smtpd, const char *owner)
{
	return !smtpd->options.conf->lan.check_from || smtpd->dialogue.user == NULL || (owner != NULL && is_self(smtpd, owner));
}

/* The names, aliases and external aliases of the user and of their shared mailboxes, with or without +detail. */
static bool is_own(const struct smtpd *smtpd, const struct addr *addr)
{
	const char *owner;

	return route_address(smtpd->options.conf, addr, &owner) == ROUTE_MAILBOX && is_self(smtpd, owner);
}

#define FOREIGN_SHOWN_MAX 100 /* fits into a reply line (RFC 5321 section 4.5.3.1.5) */

struct authors {
	bool own, has_from, has_sender;
	/* The first foreign address, "" if there is none. A group's name may look like an address, but is never one of
	 * ours (RFC 6854 section 3). */
	char foreign[FOREIGN_SHOWN_MAX + 1];
};

/* The text after an address up to the next one, if it looks like another address (`<own> <another>`, which is not a list):
 * some readers show it. Comments do not count. */
static struct slice another_behind(struct slice rest)
{
	int depth = 0;

	for (size_t i = 0; i < rest.len; i++) {
		if (rest.ptr[i] == '(' || rest.ptr[i] == ')')
			depth += rest.ptr[i] == '(' ? 1 : -1;
		else if (rest.ptr[i] == '@' && depth <= 0)
			return rest;
	}
	return SLICE_NONE;
}

static void note_addresses(const struct smtpd *smtpd, struct slice body, bool is_from, struct authors *authors)
{
	struct addr_item item;
	size_t at = 0;

	while (addr_list_next(body, &at, &item)) {
		const char *end = item.spec.ptr + item.spec.len;
		struct slice another = another_behind(slice_make(end, (size_t)(body.ptr + at - end)));
		bool own = item.valid && is_own(smtpd, &item.addr);
		struct slice odd = item.group.len > 0 ? item.group : another;

		if (is_from && own)
			authors->own = true;
		if ((!own || odd.len > 0) && authors->foreign[0] == '\0')
			str_printable(authors->foreign, sizeof(authors->foreign), odd.len > 0 ? odd : item.spec);
	}
}

static void read_authors(const struct smtpd *smtpd, struct slice header, struct authors *authors)
{
	struct header_walk walk;
	struct header_field field;

	header_walk_init(&walk, header);
	while (header_walk_next(&walk, &field)) {
		bool is_from = slice_is_nocase(field.name, "From");

		if (!is_from && !slice_is_nocase(field.name, "Sender"))
			continue;
		authors->has_from = authors->has_from || is_from;
		authors->has_sender = authors->has_sender || !is_from;
		note_addresses(smtpd, field.body, is_from, authors);
	}
}

/* Adds missing fields: From if the message has no author, Sender if it is in another user's name. */
static void add_author(struct smtpd *smtpd, const struct authors *authors)
{
	const struct conf *conf = smtpd->options.conf;
	struct addr own = {.domain = ""};
	char address[ADDR_TEXT_MAX];

	snprintf(own.local, sizeof(own.local), "%s", smtpd->dialogue.user);
	route_qualify(conf, &own);
	addr_text(address, sizeof(address), &own);
	if (!authors->has_from && conf->lan.check_from)
		envelope_add_header(&smtpd->tx->envelope, "From", slice_of(address));
	else if (authors->has_from && !authors->own && !authors->has_sender)
		envelope_add_header(&smtpd->tx->envelope, "Sender", slice_of(address));
}

enum smtpd_reply smtpd_check_authors(struct smtpd *smtpd, struct slice header)
{
	struct authors authors = {.own = false};

	if (smtpd->dialogue.user == NULL)
		return REPLY_NONE;
	read_authors(smtpd, header, &authors);
	if (authors.has_from && !authors.own && authors.foreign[0] == '\0')
		snprintf(authors.foreign, sizeof(authors.foreign), "nobody");
	if (smtpd->options.conf->lan.check_from && authors.foreign[0] != '\0')
		return smtpd_about(smtpd, REPLY_AUTHOR_NOT_OWN, smtpd->dialogue.user, authors.foreign);
	add_author(smtpd, &authors);
	return REPLY_NONE;
}
