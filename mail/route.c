#include "mail/route.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "mail/lesson.h"
#include "spool/mailbox_name.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_local(const struct conf *conf, const struct addr *addr)
{
	return addr->domain[0] == '\0' ||
	       slice_is_nocase(slice_of(addr->domain), conf->gateway.local_domain);
}

/* The local part up to '+': mail to ivan+shop is ivan's. */
static struct slice without_detail(struct slice local)
{
	ptrdiff_t plus = slice_find(local, '+');

	return plus > 0 ? slice_make(local.ptr, (size_t)plus) : local;
}

static bool find_local_name(
    const struct conf *conf, struct slice name, enum route_kind *kind, const char **user)
{
	const char *mailbox;

	if (slice_is_nocase(name, CONF_DAEMON)) {
		*kind = ROUTE_DAEMON;
		return true;
	}
	*kind = ROUTE_MAILBOX;
	if (slice_is_nocase(name, CONF_POSTMASTER)) {
		*user = CONF_POSTMASTER;
		return true;
	}
	mailbox = conf_mailbox_at(conf, name);
	if (mailbox != NULL) {
		*user = mailbox;
		return true;
	}
	*kind = ROUTE_GROUP;
	for (size_t i = 0; i < conf->group_count; i++) {
		if (!slice_is_nocase(name, conf->groups[i].name))
			continue;
		*user = conf->groups[i].name;
		return true;
	}
	return false;
}

static enum route_kind route_local(
    const struct conf *conf, const struct addr *addr, const char **user)
{
	struct slice local = slice_of(addr->local);
	enum route_kind kind;

	/* "ivan@example.ru"@local would otherwise match a user's external alias. */
	if (addr_looks_routed(addr))
		return ROUTE_UNKNOWN;
	if (find_local_name(conf, local, &kind, user) ||
	    find_local_name(conf, without_detail(local), &kind, user))
		return kind;
	*user = conf_learns(conf) ? lesson_mailbox_of_address(local) : NULL;
	if (*user != NULL)
		return ROUTE_LESSON;
	return conf->gateway.relay_unknown ? ROUTE_OUTSIDE : ROUTE_UNKNOWN;
}

enum route_kind route_address(const struct conf *conf, const struct addr *addr, const char **user)
{
	char text[ADDR_TEXT_MAX];
	const char *mailbox = conf_mailbox_at(conf, slice_of(addr_text(text, sizeof(text), addr)));

	if (mailbox != NULL) {
		*user = mailbox;
		return ROUTE_MAILBOX;
	}
	return is_local(conf, addr) ? route_local(conf, addr, user) : ROUTE_OUTSIDE;
}

static void add_names(const char **names, size_t *count, const char *name, const struct strlist *aliases)
{
	names[(*count)++] = name;
	for (size_t i = 0; i < aliases->count; i++)
		names[(*count)++] = aliases->items[i];
}

const char *route_hint(const struct conf *conf, const struct addr *addr)
{
	const char **names;
	const char *nearest;
	size_t count = 0, room = 2 + conf->group_count;

	for (size_t i = 0; i < conf->user_count; i++)
		room += 1 + conf->users[i].aliases.count;
	for (size_t i = 0; i < conf->shared_count; i++)
		room += 1 + conf->shareds[i].aliases.count;
	names = xcalloc(room, sizeof(*names));
	for (size_t i = 0; i < conf->user_count; i++)
		add_names(names, &count, conf->users[i].name, &conf->users[i].aliases);
	for (size_t i = 0; i < conf->shared_count; i++)
		add_names(names, &count, conf->shareds[i].name, &conf->shareds[i].aliases);
	for (size_t i = 0; i < conf->group_count; i++)
		names[count++] = conf->groups[i].name;
	names[count] = CONF_POSTMASTER;
	nearest = str_nearest(addr->local, names);
	free(names);
	return nearest;
}

void route_qualify(const struct conf *conf, struct addr *addr)
{
	if (addr->local[0] == '\0' || addr->domain[0] != '\0')
		return;
	snprintf(addr->domain, sizeof(addr->domain), "%s", conf->gateway.local_domain);
	str_lower_ascii(addr->domain);
}

static bool add_outside(
    const struct conf *conf, struct envelope *envelope, const struct addr *addr, struct slice why)
{
	struct addr full = *addr;
	char text[ADDR_TEXT_MAX];

	route_qualify(conf, &full);
	return envelope_add(
	    envelope, PLACE_QUEUE, slice_of(addr_text(text, sizeof(text), &full)), why);
}

/* --- users and their forwards */

/* How far each user's forward was followed. */
enum visit { VISIT_NONE, VISIT_OPEN, VISIT_DONE };

/* The resolution of one recipient through groups and forwards. Each user is visited once, so the work is bounded by the
 * number of users, not by the number of paths between them. */
struct spread {
	const struct conf *conf;
	struct envelope *envelope;
	enum visit *visits; /* of conf's users, of its shared mailboxes, and of postmaster if it has no section */
	unsigned depth;
	const char *folder; /* of the first user; "": none */
};

static bool add_user(struct spread *spread, const char *user, struct slice why);
static bool add_owner(struct spread *spread, const struct conf_user *found, const char *user, struct slice why);

/* Returns true if any member got a place. */
static bool add_group(struct spread *spread, const char *name, struct slice why)
{
	const struct conf_group *group = conf_find_group(spread->conf, name);
	bool added = false;

	for (size_t i = 0; group != NULL && i < group->members.count; i++) {
		const char *member = group->members.items[i]; /* a user, an alias, or postmaster */
		const struct conf_user *owner = conf_owner_of(spread->conf, slice_of(member));
		const char *mailbox = owner == NULL ? conf_mailbox_at(spread->conf, slice_of(member)) : NULL;

		if (owner == NULL && mailbox != NULL)
			member = mailbox;
		added = (owner != NULL ? add_owner(spread, owner, owner->name, why) : add_user(spread, member, why)) || added;
	}
	return added;
}

/* Returns true if the user's `forward` led to a place. */
static bool add_forward(struct spread *spread, const struct conf_user *from)
{
	struct addr addr;
	const char *user;
	char *why;
	bool added = false;

	if (from->forward[0] == '\0' || spread->depth >= CONF_FORWARDS_MAX || !addr_parse(slice_of(from->forward), &addr))
		return false;
	why = phrase_new(N_("forwarded by %s"), from->name);
	spread->depth++;
	switch (route_address(spread->conf, &addr, &user)) {
	case ROUTE_MAILBOX:
		added = add_user(spread, user, slice_of(why));
		break;
	case ROUTE_GROUP:
		added = add_group(spread, user, slice_of(why));
		break;
	case ROUTE_OUTSIDE:
		added = add_outside(spread->conf, spread->envelope, &addr, slice_of(why));
		break;
	case ROUTE_DAEMON:
	case ROUTE_LESSON:
	case ROUTE_UNKNOWN:
		break;
	}
	spread->depth--;
	free(why);
	return added;
}

/* The folder is that of the user with whom it began. */
static void add_kept(struct spread *spread, const char *user, struct slice why)
{
	char *mailbox = mailbox_name_of(user, spread->depth == 0 ? spread->folder : "");

	envelope_add(spread->envelope, PLACE_MAILBOX, slice_of(mailbox), why);
	free(mailbox);
}

static enum visit *visit_of(struct spread *spread, const struct conf_user *user, const char *name)
{
	const struct conf *conf = spread->conf;
	const struct conf_shared *shared = user == NULL ? conf_find_shared(conf, name) : NULL;

	if (user != NULL)
		return &spread->visits[user - conf->users];
	return &spread->visits[conf->user_count + (shared != NULL ? (size_t)(shared - conf->shareds) : conf->shared_count)];
}

/* Returns false, with nothing added, for a user whose forward is already being followed. In a loop the mail
 * stays with the last user, so that it is never lost. found: NULL for a shared mailbox, and for postmaster without a section. */
static bool add_owner(struct spread *spread, const struct conf_user *found, const char *user, struct slice why)
{
	const struct conf *conf = spread->conf;
	const char *also = conf->gateway.postmaster;
	enum visit *visit = visit_of(spread, found, user);
	bool forwarded;

	if (*visit != VISIT_NONE)
		return *visit == VISIT_DONE;
	*visit = VISIT_OPEN;
	forwarded = found != NULL && add_forward(spread, found);
	if (!forwarded || found->keep)
		add_kept(spread, user, why);
	spread->folder = "";
	if (strcmp(user, CONF_POSTMASTER) == 0 && also[0] != '\0')
		add_user(spread, also, why);
	*visit = VISIT_DONE;
	return true;
}

static bool add_user(struct spread *spread, const char *user, struct slice why)
{
	return add_owner(spread, conf_find_user(spread->conf, user), user, why);
}

static struct spread spread_begin(const struct conf *conf, struct envelope *envelope)
{
	return (struct spread){conf, envelope, xcalloc(conf->user_count + conf->shared_count + 1, sizeof(enum visit)), 0, ""};
}

void route_add_mailbox(
    const struct conf *conf, struct envelope *envelope, const char *user, struct slice why)
{
	route_add_folder(conf, envelope, user, "", why);
}

void route_add_folder(
    const struct conf *conf, struct envelope *envelope, const char *user, const char *folder, struct slice why)
{
	struct spread spread = spread_begin(conf, envelope);

	spread.folder = folder;
	add_user(&spread, user, why);
	free(spread.visits);
}

void route_add_postmaster_here(const struct conf *conf, struct envelope *envelope, struct slice why)
{
	envelope_add(envelope, PLACE_MAILBOX, SLICE_LITERAL(CONF_POSTMASTER), why);
	if (conf->gateway.postmaster[0] != '\0')
		envelope_add(envelope, PLACE_MAILBOX, slice_of(conf->gateway.postmaster), why);
}

static void add_members(const struct conf *conf, struct envelope *envelope, const char *group, struct slice why)
{
	struct spread spread = spread_begin(conf, envelope);

	add_group(&spread, group, why);
	free(spread.visits);
}

void route_add_known(
    const struct conf *conf, struct envelope *envelope, const struct route *route, struct slice why)
{
	if (route->kind == ROUTE_MAILBOX)
		route_add_mailbox(conf, envelope, route->user, why);
	else if (route->kind == ROUTE_GROUP)
		add_members(conf, envelope, route->user, why);
	else if (route->kind == ROUTE_LESSON)
		envelope_add(envelope, PLACE_MAILBOX, slice_of(route->user), why);
	else if (route->kind == ROUTE_OUTSIDE)
		add_outside(conf, envelope, route->addr, why);
}

enum route_kind route_add(
    const struct conf *conf, struct envelope *envelope, const struct addr *addr, struct slice why)
{
	struct route route = {.addr = addr};

	route.kind = route_address(conf, addr, &route.user);
	route_add_known(conf, envelope, &route, why);
	return route.kind;
}

void route_add_boss(const struct conf *conf, struct envelope *envelope)
{
	if (conf->gateway.boss[0] != '\0')
		envelope_add(envelope, PLACE_BOSS, slice_of(conf->gateway.boss),
		    slice_of(PHRASE(N_("copy for the boss"))));
}

/* The provider accepts mail with this sender. */
static bool smarthost_address(const struct conf_smarthost *smarthost, struct addr *outside)
{
	struct addr address;

	if (!addr_parse(slice_of(smarthost->default_sender), &address))
		return false;
	*outside = address;
	return true;
}

/* Domains that external recipients cannot reply to: a bare name, and those that RFC 2606, 6761, 6762 and 9476 and
 * convention reserve for private networks. */
static bool is_private_domain(const char *domain)
{
	static const char *const endings[] = {"lan", "local", "localdomain", "localhost", "internal", "intranet", "private", "corp",
	    "home", "office", "test", "invalid", "example", "alt"};
	const char *dot = strrchr(domain, '.');
	const char *last = dot == NULL ? domain : dot + 1;

	if (dot == NULL || strcasecmp(domain, "home.arpa") == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(endings); i++)
		if (strcasecmp(last, endings[i]) == 0)
			return true;
	return false;
}

/* The external alias of a local sender's mailbox; "": none. Replies to the gateway's own mail go to the user who reads postmaster's mail. */
static const char *alias_of(const struct conf *conf, const struct addr *sender)
{
	const struct conf_shared *shared;
	const struct conf_user *user;
	const char *name = NULL;

	if (route_local(conf, sender, &name) != ROUTE_MAILBOX)
		return "";
	if (strcmp(name, CONF_POSTMASTER) == 0 && conf->gateway.postmaster[0] != '\0')
		name = conf->gateway.postmaster;
	user = conf_find_user(conf, name);
	shared = conf_find_shared(conf, name);
	return user != NULL ? user->external_alias : shared != NULL ? shared->external_alias : "";
}

bool route_is_postmaster(const struct conf *conf, const struct addr *addr)
{
	return is_local(conf, addr) && slice_is_nocase(without_detail(slice_of(addr->local)), CONF_POSTMASTER);
}

bool route_smarthost_address(const struct conf *conf, const struct conf_smarthost *smarthost, struct addr *outside)
{
	const struct addr postmaster = {CONF_POSTMASTER, ""};
	const char *alias = alias_of(conf, &postmaster);

	return smarthost_address(smarthost, outside) || (alias[0] != '\0' && addr_parse(slice_of(alias), outside));
}

bool route_outside_sender(const struct conf *conf, const struct addr *sender, struct addr *outside)
{
	const struct conf_smarthost *smarthost;
	char text[ADDR_TEXT_MAX];
	const char *alias;

	*outside = *sender;
	if (sender->local[0] == '\0' || !is_local(conf, sender))
		return true;
	route_qualify(conf, outside);
	alias = alias_of(conf, sender);
	if (alias[0] != '\0' && !route_is_postmaster(conf, sender))
		return addr_parse(slice_of(alias), outside);
	/* A split domain also exists on the internet, so its addresses are valid there. */
	if (conf->gateway.relay_unknown)
		return true;
	/* Without a smarthost the mail waits, and its sender address is not decided yet. */
	smarthost = conf_smarthost_for(conf, slice_of(addr_text(text, sizeof(text), sender)));
	if (smarthost == NULL || smarthost_address(smarthost, outside))
		return true;
	if (alias[0] != '\0')
		return addr_parse(slice_of(alias), outside);
	return !is_private_domain(outside->domain);
}

const struct conf_smarthost *route_smarthost(const struct conf *conf, const char *sender)
{
	struct addr addr, outside;
	char text[ADDR_TEXT_MAX];

	if (sender[0] == '\0' || !addr_parse(slice_of(sender), &addr) || !route_outside_sender(conf, &addr, &outside))
		return conf_smarthost_for(conf, slice_of(sender));
	return conf_smarthost_for(conf, slice_of(addr_text(text, sizeof(text), &outside)));
}

const char *route_language(const struct conf *conf, const char *address)
{
	const struct conf_user *user = NULL;
	const char *name;
	struct addr addr;

	if (addr_parse(slice_of(address), &addr) && route_address(conf, &addr, &name) == ROUTE_MAILBOX) {
		if (strcmp(name, CONF_POSTMASTER) == 0 && conf->gateway.postmaster[0] != '\0')
			name = conf->gateway.postmaster;
		user = conf_find_user(conf, name);
	}
	return conf_language_code(user != NULL ? user->language : conf->gateway.language);
}

struct addr route_own_address(const struct conf *conf, const char *name)
{
	struct addr addr = {.local = ""};

	snprintf(addr.local, sizeof(addr.local), "%s", name);
	route_qualify(conf, &addr);
	return addr;
}
