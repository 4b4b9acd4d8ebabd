#include "ui-tui/command/check_access.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/process/service_user.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 4 /* mailboxes/USER/.Folder/cur */
#define ENTRIES_MAX 20000

struct checker {
	const struct conf *conf;
	struct conf_problems *problems;
	const char *user; /* the user of the gateway */
	size_t seen, foreign; /* of the spool: checked, not usable */
	char *first;	      /* not usable */
};

/* --- files */

static bool may(const char *path, int how)
{
	return faccessat(AT_FDCWD, path, how, AT_EACCESS) == 0 || (errno != EACCES && errno != EPERM);
}

static void check_file(struct checker *checker, const char *path, struct conf_place place)
{
	if (path[0] == '\0' || may(path, R_OK))
		return;
	conf_problem_add(checker->problems, place, true,
	    N_("user %s, under which the gateway runs, cannot read %s: chgrp %s %s && chmod g+r %s"), checker->user, path,
	    checker->user, path, path);
}

static void check_files(struct checker *checker)
{
	const struct conf *conf = checker->conf;
	struct conf_place main = {conf->files.items[0], 0};

	for (size_t i = 0; i < conf->files.count; i++)
		check_file(checker, conf->files.items[i], (struct conf_place){conf->files.items[i], 0});
	check_file(checker, conf->lan.tls_cert, main);
	check_file(checker, conf->lan.tls_key, main);
	for (size_t i = 0; i < conf->dkim_count; i++)
		check_file(checker, conf->dkims[i].key_file, main);
	for (size_t i = 0; i < conf->account_count; i++)
		check_file(checker, conf->accounts[i].remote.ca_file, conf->accounts[i].place);
	for (size_t i = 0; i < conf->smarthost_count; i++)
		check_file(checker, conf->smarthosts[i].remote.ca_file, conf->smarthosts[i].place);
}

/* --- the spool */

static void check_entry(struct checker *checker, const char *path, const struct stat *st)
{
	if (may(path, S_ISDIR(st->st_mode) ? R_OK | W_OK | X_OK : R_OK | W_OK))
		return;
	checker->foreign++;
	if (checker->first == NULL)
		checker->first = xstrdup(path);
}

/* Folders that cannot be entered are reported, not entered. */
static void walk(struct checker *checker, const char *folder, int depth)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL && checker->seen < ENTRIES_MAX) {
		char *path;
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		path = xasprintf("%s/%s", folder, entry->d_name);
		checker->seen++;
		if (lstat(path, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) {
			check_entry(checker, path, &st);
			if (S_ISDIR(st.st_mode) && depth > 0)
				walk(checker, path, depth - 1);
		}
		free(path);
	}
	if (dir != NULL)
		closedir(dir);
}

static void check_spool(struct checker *checker)
{
	const char *folder = checker->conf->gateway.spool;
	struct stat st;

	if (lstat(folder, &st) != 0)
		return;
	check_entry(checker, folder, &st);
	walk(checker, folder, DEPTH_MAX);
	if (checker->foreign > 0)
		conf_problem_add(checker->problems, (struct conf_place){checker->conf->files.items[0], 0}, true,
		    N_("user %s, under which the gateway runs, cannot use some files of the spool "
		       "(%zu, the first: %s): chown -R %s: %s"),
		    checker->user, checker->foreign, checker->first, checker->user, folder);
	free(checker->first);
}

/* If the spool belongs to root or is missing, the user lanpost applies only to the configuration of the
 * service. */
static bool find_user(const struct conf *conf, struct service_user *user)
{
	enum service_user_kind kind = service_user_find(conf->gateway.spool, user);
	bool is_service = strcmp(conf->files.items[0], LANPOST_SYSCONFDIR "/lanpost/lanpost.conf") == 0;

	return kind == SERVICE_USER_OWNER || (kind == SERVICE_USER_DEFAULT && is_service);
}

void check_access(const struct conf *conf, struct conf_problems *problems)
{
	struct checker checker = {.conf = conf, .problems = problems};
	struct service_user user;
	struct error error;

	if (!find_user(conf, &user) || service_user_act(&user, &error) != 0)
		return;
	checker.user = user.name;
	check_files(&checker);
	check_spool(&checker);
	service_user_pause();
}
