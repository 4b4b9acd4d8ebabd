/*
 * Checks of the configuration as a whole: references between sections, ambiguous names, keys
 * that depend on each other, files and folders that must exist.
 */
#include "config/conf_source.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "config/check/conf_check_priv.h"
#include "config/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- references to users */

static void list_users(struct check *check)
{
	const struct conf *conf = check->conf;
	size_t count = 0;

	check->users = xcalloc(conf->user_count + conf->group_count + conf->shared_count + 2, sizeof(*check->users));
	for (size_t i = 0; i < conf->user_count; i++)
		check->users[count++] = conf->users[i].name;
	check->users[count++] = CONF_POSTMASTER;
	for (size_t i = 0; i < conf->group_count; i++)
		check->users[count++] = conf->groups[i].name;
	for (size_t i = 0; i < conf->shared_count; i++)
		check->users[count++] = conf->shareds[i].name;
}

static bool is_user(const struct check *check, const char *name)
{
	return strcmp(name, CONF_POSTMASTER) == 0 || conf_find_user(check->conf, name) != NULL;
}

/* key: as in the file. field: gives the place that is reported. */
static void unknown_user(const struct check *check, const char *key, const char *name, const void *field, struct conf_place otherwise)
{
	const char *nearest = str_nearest(name, check->users);

	if (strcmp(name, CONF_DAEMON) == 0)
		ERROR_AT(check, field, otherwise, N_("%s: daemon has no mailbox and cannot be named here"),
		    key);
	else if (nearest != NULL)
		ERROR_AT(check, field, otherwise, N_("%s: there is no user `%s`; did you mean `%s`?"),
		    key, name, nearest);
	else
		ERROR_AT(check, field, otherwise,
		    N_("%s: there is no user `%s`; add one with `lanpost user add %s`"), key, name, name);
}

static void check_user(const struct check *check, const char *key, const char *name,
    const void *field, struct conf_place otherwise)
{
	if (conf_find_shared(check->conf, name) != NULL)
		ERROR_AT(check, field, otherwise, N_("%s: `%s` is a shared mailbox; name a user"), key, name);
	else if (name[0] != '\0' && !is_user(check, name))
		unknown_user(check, key, name, field, otherwise);
}

void conf_check_users(const struct check *check, const char *key, const struct strlist *list,
    struct conf_place otherwise)
{
	for (size_t i = 0; i < list->count; i++) {
		char *name = xstrndup(list->items[i], strcspn(list->items[i], "/:")); /* without a folder or a right */

		if (!is_user(check, name) && conf_find_group(check->conf, name) == NULL &&
		    conf_mailbox_at(check->conf, slice_of(name)) == NULL)
			unknown_user(check, key, name, list, otherwise);
		free(name);
	}
}

/* --- files and folders */

/* The nearest folder above (or at) path that exists. New memory. */
static char *existing_part(const char *path)
{
	char *folder = xstrdup(path);

	while (access(folder, F_OK) != 0 && errno == ENOENT) {
		char *slash = strrchr(folder, '/');

		if (slash == NULL || slash == folder) {
			free(folder);
			return xstrdup("/");
		}
		*slash = '\0';
	}
	return folder;
}

/* For root, access() succeeds even where nothing can be created (/proc), so a folder to be
 * created is tested by creating it. Sets errno. */
static bool can_make_folder_in(const char *folder)
{
	char *probe = xasprintf("%s/.lanpost.XXXXXX", folder);
	bool made = mkdtemp(probe) != NULL && rmdir(probe) == 0;
	int saved = errno;

	free(probe);
	errno = saved;
	return made;
}

static void check_spool(const struct check *check)
{
	char *const *spool = &check->conf->gateway.spool;
	char *folder;
	struct stat st;

	if (conf_was_faulty(check->source, spool))
		return;
	folder = existing_part(*spool);
	if (stat(folder, &st) == 0 && !S_ISDIR(st.st_mode)) {
		ERROR_AT(check, spool, check->source->main, N_("spool %s is not writable: %s is not a folder"),
		    *spool, folder);
	} else if (access(folder, W_OK | X_OK) != 0 ||
		   (strcmp(folder, *spool) != 0 && !can_make_folder_in(folder))) {
		int saved = errno;

		if (saved == EACCES && geteuid() != 0)
			ERROR_AT(check, spool, check->source->main,
			    N_("you have no write permission for spool %s; run this command as root "
			       "(sudo) or as the user of the gateway"), *spool);
		else
			ERROR_AT(check, spool, check->source->main, N_("spool %s is not writable: %s"), *spool,
			    PHRASE_WORD(error_errno_word(saved)));
	}
	free(folder);
}

void conf_check_readable(const struct check *check, const char *key, char *const *path, struct conf_place otherwise)
{
	struct stat st;

	if ((*path)[0] != '/')
		return;
	if (access(*path, R_OK) != 0) {
		int saved = errno;

		ERROR_AT(check, path, otherwise, N_("%s: cannot read %s: %s"), key, *path,
		    PHRASE_WORD(error_errno_word(saved)));
	} else if (stat(*path, &st) == 0 && !S_ISREG(st.st_mode)) {
		ERROR_AT(check, path, otherwise, N_("%s: %s is not a regular file"), key, *path);
	}
}

/* --- sections that may appear once */

static void check_gateway(const struct check *check)
{
	const struct conf_gateway *gateway = &check->conf->gateway;

	check_user(check, "boss", gateway->boss, &gateway->boss, check->source->main);
	conf_check_users(check, "daemon_users", &gateway->daemon_users, check->source->main);
	check_user(check, "postmaster", gateway->postmaster, &gateway->postmaster,
	    check->source->main);
	check_spool(check);
}

static void check_limits(const struct check *check)
{
	const struct conf_limits *limits = &check->conf->limits;

	if (limits->max_outgoing_size > limits->max_message_size)
		WARN_AT(check, &limits->max_outgoing_size, check->source->main,
		    N_("max_outgoing_size is larger than max_message_size, which limits all messages"));
}

static void check_dkims(const struct check *check)
{
	for (size_t i = 0; i < check->conf->dkim_count; i++) {
		const struct conf_dkim *dkim = &check->conf->dkims[i];

		if (!value_is_host(slice_of(dkim->name)))
			ERROR_AT(check, &dkim->selector, dkim->place, N_("[dkim %s]: the name must be a domain"), dkim->name);
		conf_check_readable(check, "key_file", &dkim->key_file, dkim->place);
	}
}

/* --- users */

/* The user to whom this user's mail is forwarded, if any. */
static const struct conf_user *next_of(const struct conf *conf, const struct conf_user *user)
{
	char *plain = conf_check_plain_name(conf, user->forward);
	const struct conf_user *next = plain[0] == '\0' ? NULL : conf_owner_of(conf, slice_of(plain));

	free(plain);
	return next;
}

/* Checked up to this many users: following all forwards to their end takes the cube of the number. Looping mail stays
 * with the last user of the loop: reported at the loop's first user, since it is rarely intended. */
static void check_circle(const struct check *check, const struct conf_user *user)
{
	const struct conf_user *at = next_of(check->conf, user);
	size_t steps = 1;

	for (; at != NULL && at > user && steps <= CONF_FORWARDS_MAX; steps++)
		at = next_of(check->conf, at);
	if (steps > CONF_FORWARDS_MAX && at != NULL && at > user)
		WARN_AT(check, &user->forward, user->place,
		    N_("forward: mail for user %s would be forwarded more than %d times; the last "
		       "user of the chain keeps it"), user->name,
		    CONF_FORWARDS_MAX);
	if (at == user)
		WARN_AT(check, &user->forward, user->place,
		    N_("forward: mail for user %s would be forwarded in a loop; the last user of "
		       "the loop keeps it"), user->name);
}

static void check_forward(const struct check *check, const struct conf_user *user)
{
	char *plain = conf_check_plain_name(check->conf, user->forward);

	if (strcmp(plain, user->name) == 0)
		ERROR_AT(check, &user->forward, user->place, N_("forward: user %s forwards to the same user"),
		    user->name);
	else if (plain[0] != '\0' && strchr(plain, '@') == NULL &&
		 conf_mailbox_at(check->conf, slice_of(plain)) == NULL)
		check_user(check, "forward", plain, &user->forward, user->place);
	else
		check_circle(check, user);
	free(plain);
}

static void check_weak_auth(const struct check *check, const struct conf_user *user)
{
	bool has_password = user->clear_password[0] != '\0';

	if (user->allow_weak_auth && !has_password)
		WARN_AT(check, &user->allow_weak_auth, user->place,
		    N_("user %s has allow_weak_auth, but no clear_password; set it with `lanpost "
		       "user passwd %s`"),
		    user->name, user->name);
	if (!user->allow_weak_auth && has_password)
		WARN_AT(check, &user->clear_password, user->place,
		    N_("user %s has a clear_password, which is used only with allow_weak_auth; remove it"),
		    user->name);
}

static void check_user_section(const struct check *check, const struct conf_user *user)
{
	if (strcmp(user->name, CONF_DAEMON) == 0) {
		conf_problem_add(check->source->problems, user->place, false,
		    N_("daemon is reserved for the gateway and cannot be a user"));
		return;
	}
	check_weak_auth(check, user);
	if (user->password[0] == '\0' && !check->conf->lan.allow_empty_password)
		WARN_AT(check, &user->password, user->place,
		    N_("user %s has no password and cannot log in (`lanpost user passwd %s`)"), user->name,
		    user->name);
	else if (user->password[0] == '\0' && !conf_was_faulty(check->source, &user->password))
		WARN_AT(check, &user->password, user->place,
		    conf_check_allows_strangers(check)
			? N_("user %s has no password, and allow includes public networks: anybody "
			    "there can read this mailbox (`lanpost user passwd %s`)")
			: N_("user %s has no password: everybody on the LAN can read this mailbox (`lanpost user passwd %s`)"),
		    user->name, user->name);
	conf_check_external_alias(check, &user->external_alias, user->place);
	check_forward(check, user);
}

void conf_check(const struct conf *conf, const struct conf_source *source)
{
	struct check check = {.conf = conf, .source = source};

	list_users(&check);
	check_gateway(&check);
	conf_check_lan(&check);
	check_limits(&check);
	conf_check_line(&check);
	conf_check_smarthosts(&check);
	check_dkims(&check);
	conf_check_accounts(&check);
	for (size_t i = 0; i < conf->user_count; i++)
		check_user_section(&check, &conf->users[i]);
	conf_check_names(&check);
	conf_check_users(&check, "unsorted_to", &conf->sorter.unsorted_to, source->main);
	conf_check_groups(&check);
	conf_check_shareds(&check);
	conf_check_rules(&check);
	conf_check_scanners(&check);
	conf_check_times(&check);
	free(check.users);
}
