#include "sorter/auto_reply.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "message/decode.h"
#include "mail/route.h"

static const struct header_field *find(const struct message_view *view, const char *name)
{
	for (size_t i = 0; i < view->field_count; i++)
		if (slice_is_nocase(view->fields[i].field.name, name))
			return &view->fields[i].field;
	return NULL;
}

static bool is_from_list(const struct message_view *view)
{
	for (size_t i = 0; i < view->field_count; i++)
		if (message_view_is_list_field(&view->fields[i].field))
			return true;
	return false;
}

static bool is_spam(const struct message_view *view)
{
	for (size_t i = 0; i < view->field_count; i++)
		if (message_view_is_spam_field(&view->fields[i].field))
			return true;
	return false;
}

static bool is_from_program(const struct message_view *view)
{
	static const char *const precedences[] = {"bulk", "list", "junk", "auto_reply"};
	const struct header_field *submitted = find(view, "Auto-Submitted");
	const struct header_field *precedence = find(view, "Precedence");

	if (submitted != NULL && !slice_begins_nocase(slice_trim(submitted->body), "no"))
		return true;
	for (size_t i = 0; precedence != NULL && i < ARRAY_LEN(precedences); i++)
		if (slice_begins_nocase(slice_trim(precedence->body), precedences[i]))
			return true;
	return find(view, "X-Auto-Response-Suppress") != NULL ||
	       find(view, "X-Autoreply") != NULL || find(view, "X-Autorespond") != NULL;
}

/* Local parts that no person reads (RFC 3834 section 2, and common ones). */
static bool is_name_of_program(struct slice local)
{
	static const char *const beginnings[] = {"mailer-daemon", "listserv", "majordomo", "owner-",
	    "noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "do_not_reply",
	    "bounce", "postmaster"};
	static const char *const ends[] = {"-request", "-owner", "-bounces", "-noreply", "-daemon"};

	for (size_t i = 0; i < ARRAY_LEN(beginnings); i++)
		if (slice_begins_nocase(local, beginnings[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t len = strlen(ends[i]);

		if (local.len >= len &&
		    slice_is_nocase(slice_from(local, local.len - len), ends[i]))
			return true;
	}
	return false;
}

/* The sender of the envelope as the provider noted it, else the author. Returns false for the
 * null sender, or if there is none. */
static bool find_sender(const struct message_view *view, struct addr *to)
{
	const struct header_field *field = find(view, "Return-Path");
	struct addr_item item;
	size_t at = 0;

	if (field == NULL)
		field = find(view, "From");
	if (field == NULL || !addr_list_next(field->body, &at, &item) || !item.valid)
		return false;
	*to = item.addr;
	return to->domain[0] != '\0';
}

bool auto_reply_is_ours(const struct conf *conf, const struct conf_account *account, const struct addr *addr)
{
	enum route_kind kind;
	struct addr login;
	const char *name;

	kind = route_address(conf, addr, &name);
	if (kind == ROUTE_MAILBOX || kind == ROUTE_GROUP)
		return true;
	if (account == NULL || !addr_parse(slice_of(account->remote.user), &login))
		return false;
	/* A login without a domain is the local part of the account's address. */
	return login.domain[0] == '\0' ? strcasecmp(addr->local, login.local) == 0 : addr_equal(addr, &login);
}

/* RFC 3834 section 2: reply only to mail that was written to us; otherwise third parties would get
 * replies because of forged mail. */
static bool names_us(const struct conf *conf, const struct message_view *view, const struct strlist *recipients)
{
	const struct conf_account *account = conf_find_account(conf, view->source.account);
	struct addr_item item;
	struct addr addr;

	for (size_t i = 0; recipients != NULL && i < recipients->count; i++)
		if (addr_parse(slice_of(recipients->items[i]), &addr) && auto_reply_is_ours(conf, account, &addr))
			return true;
	for (size_t i = 0; i < view->field_count; i++) {
		const struct header_field *field = &view->fields[i].field;
		size_t at = 0;

		for (size_t count = 0; decode_is_recipient_field(field->name) && count < MESSAGE_VIEW_ADDRESSES_MAX &&
				       addr_list_next(field->body, &at, &item); count++)
			if (item.valid && auto_reply_is_ours(conf, account, &item.addr))
				return true;
	}
	return false;
}

static bool is_our_own(const struct conf *conf, const struct message_view *view, const struct addr *to)
{
	const struct conf_account *account = conf_find_account(conf, view->source.account);
	char text[ADDR_TEXT_MAX];
	const char *user;

	return route_address(conf, to, &user) != ROUTE_OUTSIDE ||
	       (account != NULL && slice_is_nocase(slice_of(addr_text(text, sizeof(text), to)),
	                               account->remote.user));
}

const char *auto_reply_refusal(const struct conf *conf, const struct message_view *view, const struct strlist *recipients, bool is_named,
    struct addr *to)
{
	if (is_from_list(view))
		return N_("no reply to a mailing list");
	if (is_from_program(view))
		return N_("no reply to a program");
	if (is_spam(view)) /* its sender is usually forged */
		return N_("no reply to spam");
	if (!find_sender(view, to))
		return N_("no reply to a message without a sender");
	if (is_name_of_program(slice_of(to->local)))
		return N_("no reply to a program");
	if (is_our_own(conf, view, to))
		return N_("no reply to our own messages");
	if (!is_named && !names_us(conf, view, recipients))
		return N_("no reply to a message without one of our addresses");
	return NULL;
}
