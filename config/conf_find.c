/* Finds users, accounts, smarthosts and rules of a configuration by name or address. */
#include "config/conf.h"

#include "base/alloc.h"
#include "config/endpoint.h"
#include "config/scanner_url.h"
#include "message/scan/scan_verdict.h"

#include <stdlib.h>
#include <time.h>

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

const struct conf_shared *conf_find_shared(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->shared_count; i++)
		if (strcmp(conf->shareds[i].name, name) == 0)
			return &conf->shareds[i];
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

const struct conf_rule *conf_find_rule(const struct conf *conf, struct slice name)
{
	for (size_t i = 0; i < conf->rule_count; i++)
		if (slice_is(name, conf->rules[i].name))
			return &conf->rules[i];
	return NULL;
}

bool conf_has_listed_rules(const struct conf *conf)
{
	for (size_t i = 0; i < conf->rule_count; i++)
		if (conf->rules[i].on == RULE_LISTED)
			return true;
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

bool conf_scans(const struct conf *conf, unsigned what, unsigned sources)
{
	bool scans = false;

	for (size_t i = 0; i < conf->scanner_count && !scans; i++)
		scans = conf->scanners[i].on & sources && scanner_url_looks_for(scanner_url_of(conf->scanners[i].url).kind) == what;
	return scans;
}

bool conf_learns(const struct conf *conf)
{
	bool learns = false;

	for (size_t i = 0; i < conf->scanner_count && !learns; i++)
		learns = conf->filter.learn && scanner_url_looks_for(scanner_url_of(conf->scanners[i].url).kind) == SCAN_SPAM;
	return learns;
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
static bool names(const struct conf *conf, const char *name, const struct strlist *aliases, const char *external_alias, struct slice address,
    struct slice local)
{
	if (external_alias[0] != '\0' && slice_is_nocase(address, external_alias))
		return true;
	if (slice_is_nocase(local, name))
		return true;
	for (size_t i = 0; i < aliases->count; i++)
		if (slice_equal_nocase(local, without_local_domain(conf, slice_of(aliases->items[i]))))
			return true;
	return false;
}

static bool user_owns(const struct conf *conf, const struct conf_user *user, struct slice address, struct slice local)
{
	return names(conf, user->name, &user->aliases, user->external_alias, address, local);
}

static bool is_reserved(struct slice local)
{
	return slice_is_nocase(local, CONF_POSTMASTER) || slice_is_nocase(local, CONF_DAEMON);
}

const struct conf_user *conf_owner_of(const struct conf *conf, struct slice address)
{
	struct slice local = without_local_domain(conf, address);

	if (is_reserved(local))
		return NULL;
	for (size_t i = 0; i < conf->user_count; i++)
		if (user_owns(conf, &conf->users[i], address, local))
			return &conf->users[i];
	return NULL;
}

/* --- mailboxes: of users, postmaster's, and shared ones */

const char *conf_mailbox_at(const struct conf *conf, struct slice address)
{
	const struct conf_user *user = conf_owner_of(conf, address);
	struct slice local = without_local_domain(conf, address);

	if (user != NULL)
		return user->name;
	for (size_t i = 0; i < conf->shared_count && !is_reserved(local); i++) {
		const struct conf_shared *shared = &conf->shareds[i];

		if (names(conf, shared->name, &shared->aliases, shared->external_alias, address, local))
			return shared->name;
	}
	return NULL;
}

void conf_mailbox_names(const struct conf *conf, struct strlist *names)
{
	strlist_add(names, CONF_POSTMASTER);
	for (size_t i = 0; i < conf->user_count; i++)
		if (strcmp(conf->users[i].name, CONF_POSTMASTER) != 0)
			strlist_add(names, conf->users[i].name);
	for (size_t i = 0; i < conf->shared_count; i++)
		strlist_add(names, conf->shareds[i].name);
}

bool conf_has_mailbox(const struct conf *conf, const char *name)
{
	return strcmp(name, CONF_POSTMASTER) == 0 || conf_find_user(conf, name) != NULL || conf_find_shared(conf, name) != NULL;
}

struct conf_expiry conf_mailbox_expiry(const struct conf *conf, const char *name)
{
	static const struct conf_folder_ages none;
	const struct conf_user *user = conf_find_user(conf, name);
	const struct conf_shared *shared = conf_find_shared(conf, name);

	if (user != NULL)
		return (struct conf_expiry){user->expire, &user->expire_folders, user->archive};
	if (shared != NULL)
		return (struct conf_expiry){shared->expire, &shared->expire_folders, shared->archive};
	return (struct conf_expiry){0, &none, false};
}

int64_t conf_mailbox_quota(const struct conf *conf, const char *name)
{
	const struct conf_shared *shared = conf_find_shared(conf, name);

	if (strcmp(name, CONF_POSTMASTER) == 0)
		return 0;
	return shared != NULL && shared->quota > 0 ? shared->quota : conf->limits.mailbox_quota;
}

static bool is_called(const struct conf *conf, const struct conf_user *user, struct slice name)
{
	return user_owns(conf, user, name, without_local_domain(conf, name));
}

static bool user_is_in(const struct conf *conf, const struct conf_user *user, const struct conf_group *group)
{
	for (size_t i = 0; group != NULL && i < group->members.count; i++)
		if (is_called(conf, user, slice_of(group->members.items[i])))
			return true;
	return false;
}

/* The right of a member "maria:read". */
static enum conf_share member_right(struct slice *member)
{
	struct slice right = *member;

	*member = slice_cut(&right, ':');
	return right.ptr != NULL ? SHARE_READ : SHARE_WRITE;
}

/* Who is named has that right; else the best one of the groups counts. */
enum conf_share conf_share_of(const struct conf *conf, const char *name, const char *user)
{
	const struct conf_shared *shared = conf_find_shared(conf, name);
	const struct conf_user *found = conf_find_user(conf, user);
	enum conf_share best = SHARE_NONE;

	for (size_t i = 0; shared != NULL && found != NULL && i < shared->members.count; i++) {
		struct slice member = slice_of(shared->members.items[i]);
		enum conf_share right = member_right(&member);
		char *group = slice_dup(member);
		bool is_in = user_is_in(conf, found, conf_find_group(conf, group));

		free(group);
		if (is_called(conf, found, member))
			return right;
		if (is_in && right > best)
			best = right;
	}
	return best;
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

/* --- hours of the day */

bool conf_hours_have(int64_t from, int64_t to, const struct tm *tm)
{
	int64_t second = tm->tm_hour * 3600 + tm->tm_min * 60 + tm->tm_sec;

	if (from < to)
		return second >= from && second < to;
	return second >= from || second < to; /* over midnight; equal: all day */
}

int64_t conf_size_at(const struct conf_sizes *sizes, int64_t now)
{
	time_t when = (time_t)now;
	struct tm tm;

	if (now <= 0 || localtime_r(&when, &tm) == NULL)
		return sizes->usual;
	for (size_t i = 0; i < sizes->count; i++)
		if (conf_hours_have(sizes->items[i].from, sizes->items[i].to, &tm))
			return sizes->items[i].size;
	return sizes->usual;
}

/* --- [line NAME]: a session uses one of them */

const struct conf_way *conf_way_next(const struct conf *conf, const struct conf_way *last, int64_t now)
{
	const struct conf_way *next = NULL;
	time_t when = (time_t)now;
	struct tm tm;

	if (localtime_r(&when, &tm) == NULL)
		return NULL;
	for (size_t i = 0; i < conf->way_count; i++) {
		const struct conf_way *way = &conf->ways[i];
		bool is_after = last == NULL || way->order > last->order || (way->order == last->order && way > last);

		if (is_after && conf_hours_have(way->hours_from, way->hours_to, &tm) && (next == NULL || way->order < next->order))
			next = way;
	}
	return next;
}

static void replace(char **text, const char *other)
{
	char *copy = xstrdup(other);

	free(*text);
	*text = copy;
}

void conf_way_use(struct conf *conf, const struct conf_way *way)
{
	struct conf_line *line = &conf->line;

	line->way = way->name;
	replace(&line->connect_command, way->connect_command);
	replace(&line->disconnect_command, way->disconnect_command);
	replace(&line->proxy, way->proxy);
	line->price_per_mb = way->price_per_mb;
	line->price_per_minute = way->price_per_minute;
	line->price_per_session = way->price_per_session;
}

const struct conf_way *conf_find_way(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->way_count; i++)
		if (strcmp(conf->ways[i].name, name) == 0)
			return &conf->ways[i];
	return NULL;
}

bool conf_line_is_dialled(const struct conf *conf)
{
	bool is_dialled = conf->line.connect_command[0] != '\0';

	for (size_t i = 0; i < conf->way_count; i++)
		is_dialled = is_dialled || conf->ways[i].connect_command[0] != '\0';
	return is_dialled;
}
