/*
 * Who logged in, and in whose name he writes (RFC 6409 sections 6.1 and 8.1).
 */
#include "message/header.h"
#include "mail/route.h"

#include "lan-server/smtp/smtpd_priv.h"

#include <stdio.h>

/* His name, aliases and external alias, with or without +detail; postmaster's too for the user who is postmaster. */
static bool is_own(const struct smtpd *smtpd, const struct addr *addr)
{
	const struct conf *conf = smtpd->options.conf;
	const char *owner;

	if (route_address(conf, addr, &owner) != ROUTE_MAILBOX)
		return false;
	return strcmp(owner, smtpd->user) == 0 ||
	       (strcmp(owner, CONF_POSTMASTER) == 0 && strcmp(conf->gateway.postmaster, smtpd->user) == 0);
}

bool smtpd_may_write_as(const struct smtpd *smtpd, const struct addr *sender)
{
	return !smtpd->options.conf->lan.check_from || smtpd->user == NULL || sender->local[0] == '\0' ||
	       is_own(smtpd, sender);
}

struct authors {
	bool own, has_from, has_sender;
	/* The first that is not his, "" if there is none. A group's name may look like an address, and none of ours is a group's (RFC 6854
	 * section 3). */
	char foreign[ADDR_TEXT_MAX];
};

/* What stands behind an address up to the next one, if it looks like another (`<his> <another>`, which is no list): some readers show
 * that. Comments do not count. */
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

bool smtpd_authors_are_fine(struct smtpd *smtpd, struct slice header, char *refusal, size_t size)
{
	const struct conf *conf = smtpd->options.conf;
	struct authors authors = {.own = false};
	char address[ADDR_TEXT_MAX];

	if (smtpd->user == NULL)
		return true;
	read_authors(smtpd, header, &authors);
	if (authors.has_from && !authors.own && authors.foreign[0] == '\0')
		snprintf(authors.foreign, sizeof(authors.foreign), "nobody");
	if (conf->lan.check_from && authors.foreign[0] != '\0') {
		snprintf(refusal, size,
		    "Author of the message does not belong to user %.64s: %.100s",
		    smtpd->user, authors.foreign);
		return false;
	}
	snprintf(address, sizeof(address), "%s@%s", smtpd->user, conf->gateway.local_domain);
	if (!authors.has_from && conf->lan.check_from) /* nobody's letter would be anybody's */
		envelope_add_header(&smtpd->tx->envelope, "From", slice_of(address));
	else if (authors.has_from && !authors.own && !authors.has_sender)
		envelope_add_header(&smtpd->tx->envelope, "Sender", slice_of(address));
	return true;
}
