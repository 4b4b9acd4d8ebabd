/*
 * Checks of names and addresses: each leads to one user or shared mailbox only.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "base/map.h"
#include "config/check/conf_check_priv.h"

#include <stdlib.h>

char *conf_check_plain_name(const struct conf *conf, const char *name)
{
	char *plain = xstrdup(name), *at = strchr(plain, '@');

	str_lower_ascii(plain);
	if (at != NULL && slice_is_nocase(slice_of(at + 1), conf->gateway.local_domain))
		*at = '\0';
	return plain;
}

static bool is_in_local_domain(const struct conf *conf, const char *address)
{
	const char *at = strrchr(address, '@');

	return at != NULL && slice_is_nocase(slice_of(at + 1), conf->gateway.local_domain);
}

/* In a split domain our own domain also exists on the internet. */
void conf_check_external_alias(const struct check *check, char *const *alias, struct conf_place place)
{
	if (is_in_local_domain(check->conf, *alias) && !check->conf->gateway.relay_unknown)
		ERROR_AT(check, alias, place, N_("external_alias: %s is in local_domain; it must be an external address"), *alias);
}

/* --- names */

/* A user or a shared mailbox. */
struct owner {
	const char *name;
	bool is_shared;
	struct conf_place place;
	const struct strlist *aliases;
	char *const *external_alias;
};

/* Each name may refer to one of them only. */
static void claim(const struct check *check, struct map *names, const struct owner *owner, const char *name, const void *field)
{
	char *plain = conf_check_plain_name(check->conf, name);
	const struct owner *other = map_get(names, slice_of(plain));

	if ((field != NULL || owner->is_shared) && (strcmp(plain, CONF_POSTMASTER) == 0 || strcmp(plain, CONF_DAEMON) == 0))
		ERROR_AT(check, field, owner->place, N_("`%s` is reserved for the gateway"), name);
	else if (other == NULL)
		map_put(names, slice_of(plain), (void *)owner);
	else if (other != owner)
		ERROR_AT(check, field, owner->place,
		    other->is_shared ? N_("`%s` is already a name of mailbox %s (%s:%d)") : N_("`%s` is already a name of user %s (%s:%d)"), name,
		    other->name, other->place.file, other->place.line);
	free(plain);
}

static struct owner *list_owners(const struct conf *conf, size_t *count)
{
	struct owner *owners = xcalloc(conf->user_count + conf->shared_count + 1, sizeof(*owners));

	*count = 0;
	for (size_t i = 0; i < conf->user_count; i++) {
		const struct conf_user *user = &conf->users[i];

		owners[(*count)++] = (struct owner){user->name, false, user->place, &user->aliases, &user->external_alias};
	}
	for (size_t i = 0; i < conf->shared_count; i++) {
		const struct conf_shared *shared = &conf->shareds[i];

		owners[(*count)++] = (struct owner){shared->name, true, shared->place, &shared->aliases, &shared->external_alias};
	}
	return owners;
}

/* Names of sections first, so that a conflict is reported for the alias. */
void conf_check_names(const struct check *check)
{
	struct map names = MAP_INIT;
	size_t count;
	struct owner *owners = list_owners(check->conf, &count);

	for (size_t i = 0; i < count; i++)
		claim(check, &names, &owners[i], owners[i].name, NULL);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < owners[i].aliases->count; j++)
			claim(check, &names, &owners[i], owners[i].aliases->items[j], owners[i].aliases);
		if ((*owners[i].external_alias)[0] != '\0')
			claim(check, &names, &owners[i], *owners[i].external_alias, owners[i].external_alias);
	}
	map_clear(&names);
	free(owners);
}

/* --- shared mailboxes */

static void check_member(const struct check *check, const struct conf_shared *shared, const char *member)
{
	char *name = xstrndup(member, strcspn(member, ":"));

	if (conf_owner_of(check->conf, slice_of(name)) == NULL && conf_mailbox_at(check->conf, slice_of(name)) != NULL)
		ERROR_AT(check, &shared->members, shared->place, N_("members: `%s` is a shared mailbox; list its members instead"), name);
	free(name);
}

static void check_shared(const struct check *check, const struct conf_shared *shared)
{
	const struct conf_group *group = conf_find_group(check->conf, shared->name);

	if (group != NULL)
		conf_problem_add(check->source->problems, shared->place, false, N_("`%s` is already the name of a group (%s:%d)"),
		    shared->name, group->place.file, group->place.line);
	if (shared->members.count == 0 && !conf_was_faulty(check->source, &shared->members))
		conf_problem_add(check->source->problems, shared->place, false,
		    N_("[mailbox %s] needs members, such as members = ivan, maria:read"), shared->name);
	for (size_t i = 0; i < shared->members.count; i++)
		check_member(check, shared, shared->members.items[i]);
	conf_check_users(check, "members", &shared->members, shared->place);
	conf_check_external_alias(check, &shared->external_alias, shared->place);
}

void conf_check_shareds(const struct check *check)
{
	for (size_t i = 0; i < check->conf->shared_count; i++)
		check_shared(check, &check->conf->shareds[i]);
}
