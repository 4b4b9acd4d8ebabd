/* Finds users, accounts, smarthosts and rules of a configuration by name or address. */
#include "config/conf.h"

#include "base/alloc.h"
#include "config/endpoint.h"

#include <stdlib.h>

const struct conf_user *conf_find_user(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->user_count; i++)
		if (strcmp(conf->users[i].name, name) == 0)
			return &conf->users[i];
	return NULL;
}

const struct conf_group *conf_find_group(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->group_count; i++)
		if (strcmp(conf->groups[i].name, name) == 0)
			return &conf->groups[i];
	return NULL;
}

bool conf_users_have(const struct conf *conf, const struct strlist *users, const char *user)
{
	for (size_t i = 0; i < users->count; i++) {
		const struct conf_group *group = conf_find_group(conf, users->items[i]);

		if (strcmp(users->items[i], user) == 0 || (group != NULL && strlist_has(&group->members, user)))
			return true;
	}
	return false;
}

const struct conf_account *conf_find_account(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->account_count; i++)
		if (strcmp(conf->accounts[i].name, name) == 0)
			return &conf->accounts[i];
	return NULL;
}

bool conf_forbids_attachments(const struct conf *conf, unsigned sources)
{
	const struct conf_filter *filter = &conf->filter;

	return (filter->attachments_on & sources) != 0 && (filter->attachments_forbidden.count > 0 || filter->attachments_kinds != 0);
}

bool conf_has_filters(const struct conf *conf)
{
	return conf->scanner_count > 0 || conf_forbids_attachments(conf, CONF_FETCHED | CONF_LOCAL | CONF_OUTGOING);
}

const struct conf_scanner *conf_find_scanner(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->scanner_count; i++)
		if (strcmp(conf->scanners[i].name, name) == 0)
			return &conf->scanners[i];
	return NULL;
}

const struct conf_smarthost *conf_find_smarthost(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->smarthost_count; i++)
		if (strcmp(conf->smarthosts[i].name, name) == 0)
			return &conf->smarthosts[i];
	return NULL;
}

/* POP3 and IMAP, with and without TLS, open the same mailbox. */
static struct slice without_usual_port(struct slice host)
{
	static const char *const ports[] = {":110", ":995", ":143", ":993"};

	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		size_t len = strlen(ports[i]);

		if (host.len > len && slice_is(slice_from(host, host.len - len), ports[i]))
			host.len -= len;
	}
	return host;
}

char *conf_mailbox(const struct conf_account *account)
{
	struct slice place = without_usual_port(endpoint_of(account->remote.url).place);
	char *name;

	name = xasprintf("%s %.*s", account->remote.user, SLICE_PRINT(place));
	str_lower_ascii(name);
	return name;
}

const struct conf_account *conf_account_twin(const struct conf *conf, const struct conf_account *account)
{
	char *mailbox = conf_mailbox(account);
	const struct conf_account *twin = NULL;

	for (size_t i = 0; twin == NULL && &conf->accounts[i] < account; i++) {
		char *other = conf_mailbox(&conf->accounts[i]);

		if (conf->accounts[i].enabled && strcmp(mailbox, other) == 0)
			twin = &conf->accounts[i];
		free(other);
	}
	free(mailbox);
	return twin;
}

/* The name before @local_domain; other texts unchanged. */
static struct slice without_local_domain(const struct conf *conf, struct slice address)
{
	ptrdiff_t at = slice_find(address, '@');

	if (at > 0 && slice_is_nocase(slice_from(address, (size_t)at + 1), conf->gateway.local_domain))
		return slice_make(address.ptr, (size_t)at);
	return address;
}

/* local: the address without the local domain. */
static bool user_owns(const struct conf *conf, const struct conf_user *user, struct slice address, struct slice local)
{
	if (user->external_alias[0] != '\0' && slice_is_nocase(address, user->external_alias))
		return true;
	if (slice_is_nocase(local, user->name))
		return true;
	for (size_t i = 0; i < user->aliases.count; i++)
		if (slice_equal_nocase(local, without_local_domain(conf, slice_of(user->aliases.items[i]))))
			return true;
	return false;
}

const struct conf_user *conf_owner_of(const struct conf *conf, struct slice address)
{
	struct slice local = without_local_domain(conf, address);

	if (slice_is_nocase(local, CONF_POSTMASTER) || slice_is_nocase(local, CONF_DAEMON))
		return NULL;
	for (size_t i = 0; i < conf->user_count; i++)
		if (user_owns(conf, &conf->users[i], address, local))
			return &conf->users[i];
	return NULL;
}

enum fit { FIT_NONE, FIT_ALL, FIT_DOMAIN, FIT_ADDRESS };

static enum fit smarthost_fit(const struct conf_smarthost *smarthost, struct slice sender)
{
	ptrdiff_t at = slice_find(sender, '@');
	struct slice domain = at < 0 ? SLICE_NONE : slice_from(sender, (size_t)at + 1);
	enum fit best = smarthost->senders.count == 0 ? FIT_ALL : FIT_NONE;

	for (size_t i = 0; i < smarthost->senders.count; i++) {
		struct slice item = slice_of(smarthost->senders.items[i]);

		if (domain.len > 0 && slice_equal_nocase(item, sender))
			return FIT_ADDRESS;
		if (item.len > 0 && item.ptr[0] == '@')
			item = slice_from(item, 1);
		if (domain.len > 0 && slice_equal_nocase(item, domain))
			best = FIT_DOMAIN;
	}
	return best;
}

const struct conf_dkim *conf_dkim_for(const struct conf *conf, const char *domain)
{
	for (size_t i = 0; i < conf->dkim_count; i++)
		if (strcasecmp(conf->dkims[i].name, domain) == 0)
			return &conf->dkims[i];
	return NULL;
}

bool conf_is_fallback(const struct conf *conf, const struct conf_smarthost *smarthost)
{
	for (size_t i = 0; i < conf->smarthost_count; i++)
		if (strlist_has(&conf->smarthosts[i].fallback, smarthost->name))
			return true;
	return false;
}

const struct conf_smarthost *conf_smarthost_for(const struct conf *conf, struct slice sender)
{
	const struct conf_smarthost *best = NULL;
	enum fit best_fit = FIT_NONE;

	for (size_t i = 0; i < conf->smarthost_count; i++) {
		enum fit fit = smarthost_fit(&conf->smarthosts[i], sender);

		if (fit == FIT_ALL && conf_is_fallback(conf, &conf->smarthosts[i]))
			continue;
		if (fit > best_fit) {
			best_fit = fit;
			best = &conf->smarthosts[i];
		}
	}
	return best;
}

bool conf_is_mailbox_name(struct slice name)
{
	if (name.len == 0 || name.len > 64 || slice_is(name, CONF_DAEMON))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (!alphanumeric && (i == 0 || (c != '.' && c != '_' && c != '-')))
			return false;
	}
	return true;
}

bool conf_remote_names_its_server(const struct conf_remote *remote)
{
	return remote->ca_file[0] != '\0' || remote->pin_sha256[0] != '\0';
}

/* IPv4 is kept as ::ffff:a.b.c.d, which is inside ::/0; but a user who writes ::/0 means IPv6
 * only. */
bool conf_nets_have(const struct conf_nets *nets, const struct in6_addr *address)
{
	for (size_t i = 0; i < nets->count; i++)
		if ((!IN6_IS_ADDR_V4MAPPED(address) || IN6_IS_ADDR_V4MAPPED(&nets->items[i].first)) &&
		    memcmp(&nets->items[i].first, address, sizeof(*address)) <= 0 &&
		    memcmp(address, &nets->items[i].last, sizeof(*address)) <= 0)
			return true;
	return false;
}

const char *conf_language_code(enum conf_language language)
{
	return language == LANGUAGE_RU ? "ru" : "en";
}
