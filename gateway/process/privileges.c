#include "gateway/process/privileges.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/file/path.h"
#include "base/process/root_path.h"
#include "spool/maintenance/spool_give.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the log file */

/* Opens the folder of a path, if it belongs to root. */
static int open_folder_of(const char *path, const char **name)
{
	char *folder = path_folder(path);
	struct error ignored;
	int fd = root_path_open(folder, false, &ignored);

	*name = path_name(path);
	free(folder);
	return fd;
}

/* A log that root's gateway has written, or that must be created in a folder of root. If this fails, the log itself
 * reports it. */
static void give_log(const char *path, const struct service_user *user)
{
	const char *name;
	int folder, fd;
	struct stat st;

	if (path == NULL || path[0] == '\0' || (folder = open_folder_of(path, &name)) < 0)
		return;
	fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 && st.st_nlink == 1 &&
	    fchownat(fd, "", user->uid, user->gid, AT_EMPTY_PATH) != 0)
		log_warn("event=log-not-given file=%s", LOG_CSTR(path));
	if (fd >= 0)
		close(fd);
	close(folder);
}

/* --- what the user can read */

static bool can(const char *path, int how)
{
	return faccessat(AT_FDCWD, path, how, AT_EACCESS) == 0 || (errno != EACCES && errno != EPERM);
}

/* The first folder of the path that we cannot enter; returns false if there is none. */
static bool find_closed(const char *path, char *closed, size_t size)
{
	for (size_t len = 1; path[len - 1] != '\0'; len++)
		if ((path[len] == '/' || path[len] == '\0') && len < size) {
			memcpy(closed, path, len);
			closed[len] = '\0';
			if (!can(closed, X_OK))
				return true;
		}
	return false;
}

/* A file of root, in folders of root: makes it readable for the user's own group. */
static bool open_to_group(const char *path, const struct service_user *user)
{
	char self[40];
	struct error error;
	struct stat st;
	int fd = root_path_open(path, false, &error);
	bool done = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 && st.st_nlink == 1 && st.st_gid == 0 &&
		    service_user_has_own_group(user->gid) && fchownat(fd, "", 0, user->gid, AT_EMPTY_PATH) == 0;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd); /* there is no fchmod() of a descriptor with O_PATH */
	done = done && chmod(self, (st.st_mode & 0740) | 040) == 0;
	if (fd >= 0)
		close(fd);
	if (done)
		log_info("event=file-opened file=%s group=%s reason=\"the gateway must be able to read it as its own user\"", LOG_CSTR(path),
		    user->name);
	return done;
}

static int cannot_read(const char *path, const struct service_user *user, struct error *error)
{
	char closed[PATH_MAX];

	if (find_closed(path, closed, sizeof(closed)) && strcmp(closed, path) != 0)
		return error_set(error, ERROR_CONFIG,
		    N_("user %s, under which the gateway runs, cannot read %s because it cannot "
		       "enter the folder %s: move the file, or run chmod o+x %s"),
		    user->name, path, closed, closed);
	return error_set(error, ERROR_CONFIG, N_("user %s, under which the gateway runs, cannot read %s: chgrp %s %s && chmod g+r %s"),
	    user->name, path, user->name, path, path);
}

/* Called as the user. */
static int check_file(const char *path, const struct service_user *user, struct error *error)
{
	bool paused, opened;

	if (path == NULL || path[0] == '\0' || can(path, R_OK))
		return 0;
	paused = service_user_pause();
	opened = open_to_group(path, user);
	service_user_resume(paused);
	return opened && can(path, R_OK) ? 0 : cannot_read(path, user, error);
}

static int check_files(const struct conf *conf, const struct service_user *user, struct error *error)
{
	int result = 0;

	for (size_t i = 0; i < conf->files.count && result == 0; i++)
		result = check_file(conf->files.items[i], user, error);
	if (result == 0)
		result = check_file(conf->lan.tls_cert, user, error);
	if (result == 0)
		result = check_file(conf->lan.tls_key, user, error);
	for (size_t i = 0; i < conf->dkim_count && result == 0; i++)
		result = check_file(conf->dkims[i].key_file, user, error);
	for (size_t i = 0; i < conf->account_count && result == 0; i++)
		result = check_file(conf->accounts[i].remote.ca_file, user, error);
	for (size_t i = 0; i < conf->smarthost_count && result == 0; i++)
		result = check_file(conf->smarthosts[i].remote.ca_file, user, error);
	return result;
}

static int check_spool(const char *folder, const struct service_user *user, struct error *error)
{
	char closed[PATH_MAX];

	if (find_closed(folder, closed, sizeof(closed)))
		return error_set(error, ERROR_CONFIG,
		    N_("user %s, under which the gateway runs, cannot reach the spool %s because it "
		       "cannot enter the folder %s: run chmod o+x %s"),
		    user->name, folder, closed, closed);
	if (!can(folder, R_OK | W_OK | X_OK))
		return error_set(error, ERROR_CONFIG, N_("user %s, under which the gateway runs, cannot use the spool: chmod u+rwx %s"),
		    user->name, folder);
	return 0;
}

/* Problems that would otherwise appear only later. */
static int check_as(const struct conf *conf, const struct service_user *user, struct error *error)
{
	int result;

	if (service_user_act(user, error) != 0)
		return -1;
	result = check_spool(conf->gateway.spool, user, error);
	if (result == 0)
		result = check_files(conf, user, error);
	service_user_pause();
	return result;
}

/* --- */

static int no_user(struct error *error)
{
	return error_set(error, ERROR_CONFIG,
	    N_("the gateway does not run as root, and user %s does not exist: adduser --system "
	       "--group --home /var/lib/lanpost --no-create-home %s; or give the spool to another "
	       "user, or see --run-as-root in lanpostd(8)"),
	    SERVICE_USER, SERVICE_USER);
}

int privileges_plan(struct privileges *plan, const struct conf *conf, bool run_as_root, struct error *error)
{
	const char *folder = conf->gateway.spool;
	enum service_user_kind kind = service_user_find(folder, &plan->user);

	plan->are_dropped = plan->stay_bare = false;
	if (kind == SERVICE_USER_SELF)
		return 0;
	if (run_as_root) {
		log_warnx("event=runs-as-root reason=\"--run-as-root: whoever breaks into the gateway has the whole computer\"");
		return 0;
	}
	if (kind == SERVICE_USER_ALONE) {
		log_warnx("event=runs-as-root reason=\"this user namespace has no other user\"");
		return 0;
	}
	if (kind == SERVICE_USER_CLOSED) {
		log_warnx("event=runs-as-root reason=\"the spool is in a folder that only root may enter: no other user can run this "
			  "gateway; it runs without root's capabilities\"");
		plan->stay_bare = true;
		return 0;
	}
	if (kind == SERVICE_USER_MISSING)
		return no_user(error);
	if (kind == SERVICE_USER_DEFAULT && spool_give(folder, &plan->user, error) != 0)
		return -1;
	plan->are_dropped = true;
	give_log(conf->log.file, &plan->user);
	return check_as(conf, &plan->user, error);
}

/* Commands of the configuration use the home of their user, not root's. */
static void set_environment(const struct service_user *user)
{
	const struct passwd *entry = getpwuid(user->uid);

	setenv("HOME", entry == NULL ? "/" : entry->pw_dir, 1);
	setenv("USER", user->name, 1);
	setenv("LOGNAME", user->name, 1);
}

int privileges_drop(const struct privileges *plan, struct error *error)
{
	if (plan->stay_bare)
		return service_user_stay_bare(error);
	if (!plan->are_dropped)
		return 0;
	set_environment(&plan->user);
	if (service_user_become(&plan->user, error) != 0)
		return -1;
	log_info("event=privileges-dropped user=%s", plan->user.name);
	return 0;
}
