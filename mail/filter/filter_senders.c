#include "mail/filter/filter_senders.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "mail/filter/friends.h"
#include "message/header.h"
#include "message/scan/received.h"
#include "spool/mailbox_name.h"

#include <stdlib.h>

/* "ivan@example.ru", "example.ru" or "@example.ru": also hosts below it. */
static bool has(const struct strlist *list, const char *address)
{
	const char *at = strrchr(address, '@');
	struct slice domain = slice_of(at == NULL ? "" : at + 1);

	for (size_t i = 0; i < list->count; i++) {
		struct slice item = slice_of(list->items[i]);
		struct slice tail;

		if (slice_equal_nocase(item, slice_of(address)))
			return true;
		if (item.len > 0 && item.ptr[0] == '@')
			item = slice_from(item, 1);
		if (slice_find(item, '@') >= 0 || item.len == 0 || domain.len < item.len)
			continue;
		tail = slice_from(domain, domain.len - item.len);
		if (slice_equal_nocase(tail, item) && (tail.len == domain.len || tail.ptr[-1] == '.'))
			return true;
	}
	return false;
}

static bool read_author(struct slice message, char *out, size_t size)
{
	struct header_field field;
	struct addr_item item;
	size_t at = 0;

	if (!header_find(message, "From", &field) || !addr_list_next(field.body, &at, &item) || !item.valid)
		return false;
	addr_text(out, size, &item.addr);
	return true;
}

/* What SpamAssassin and rspamd call a message that its sender's domain disowns. */
static bool names_forgery(struct slice symbol)
{
	static const char *const names[] = {"SPF_FAIL", "SPF_SOFTFAIL", "DMARC_REJECT", "DMARC_QUAR", "R_SPF_FAIL", "R_SPF_SOFTFAIL", "R_DKIM_REJECT",
	    "DMARC_POLICY_REJECT", "DMARC_POLICY_QUARANTINE"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_is(symbol, names[i]))
			return true;
	return false;
}

/* The list may be cut at its end: a full one proves nothing. */
static bool is_forged(const struct scan_verdict *verdict)
{
	struct slice symbols = slice_of(verdict->symbols);

	if (symbols.len + 64 > sizeof(verdict->symbols))
		return true;
	while (symbols.ptr != NULL)
		if (names_forgery(slice_trim(slice_cut(&symbols, ','))))
			return true;
	return false;
}

void filter_senders_read(struct filter_senders *senders, const struct conf *conf, struct state *state, struct slice message,
    const struct scan_verdict *verdict)
{
	*senders = (struct filter_senders){.conf = conf, .state = state, .is_forged = is_forged(verdict)};
	if (!received_sender(message, senders->sender, sizeof(senders->sender)))
		senders->sender[0] = '\0';
	if (!read_author(message, senders->author, sizeof(senders->author)))
		senders->author[0] = '\0';
}

static enum filter_sender find(const struct filter_senders *senders, const struct strlist *allow, const struct strlist *deny)
{
	const char *sender = senders->sender, *author = senders->author;
	bool has_sender = sender[0] != '\0', has_author = author[0] != '\0';

	if ((has_sender && has(deny, sender)) || (has_author && has(deny, author)))
		return SENDER_DENIED;
	if ((has_sender || has_author) && (!has_sender || has(allow, sender)) && (!has_author || has(allow, author)))
		return SENDER_ALLOWED;
	return SENDER_UNKNOWN;
}

static int64_t written_to(const struct filter_senders *senders, const char *mailbox)
{
	bool is_one = slice_equal_nocase(slice_of(senders->sender), slice_of(senders->author));

	return is_one && !senders->is_forged ? friends_since(senders->conf, senders->state, mailbox, senders->author) : 0;
}

static enum filter_sender judge(const struct filter_senders *senders, const char *user, char why[PHRASE_MAX])
{
	const struct conf *conf = senders->conf;
	const struct conf_user *section = conf_find_user(conf, user);
	enum filter_sender found = section == NULL ? SENDER_UNKNOWN : find(senders, &section->allow, &section->deny);
	int64_t time;

	if (found != SENDER_UNKNOWN) {
		phrase_set(why, PHRASE_MAX, "[user %s] %s", user, found == SENDER_DENIED ? "deny" : "allow");
		return found;
	}
	found = find(senders, &conf->senders.allow, &conf->senders.deny);
	if (found != SENDER_UNKNOWN) {
		phrase_set(why, PHRASE_MAX, "[senders] %s", found == SENDER_DENIED ? "deny" : "allow");
		return found;
	}
	time = written_to(senders, user);
	if (time == 0)
		return SENDER_UNKNOWN;
	phrase_set(why, PHRASE_MAX, N_("written to on %s"), PHRASE_TIME(time));
	return SENDER_ALLOWED;
}

enum filter_sender filter_senders_judge(const struct filter_senders *senders, const char *mailbox, char why[PHRASE_MAX])
{
	char *user = slice_dup(mailbox_name_user(slice_of(mailbox)));
	enum filter_sender found = judge(senders, user, why);

	free(user);
	return found;
}

bool filter_senders_deny_any(const struct conf *conf)
{
	bool have = conf->senders.deny.count > 0;

	for (size_t i = 0; i < conf->user_count && !have; i++)
		have = conf->users[i].deny.count > 0;
	return have;
}
