#include "base/process/service_user.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/str.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct groups {
	gid_t *items;
	int count;
};

static struct {
	bool is_acting, was_root;
	struct service_user user;
	struct groups ours, theirs;
} now;

/* --- the user */

/* A user namespace that an unprivileged user has created (`unshare -r`) maps one user. */
static bool is_alone(void)
{
	FILE *map = fopen("/proc/self/uid_map", "re");
	unsigned long long first, outside, count, sum = 0;

	while (map != NULL && sum < 2 && fscanf(map, "%llu %llu %llu", &first, &outside, &count) == 3)
		sum += count;
	if (map != NULL)
		fclose(map);
	return sum == 1;
}

static void set_user(struct service_user *user, const struct passwd *entry, uid_t uid, gid_t gid)
{
	*user = (struct service_user){.uid = uid, .gid = entry == NULL ? gid : entry->pw_gid, .is_listed = entry != NULL};
	if (entry == NULL)
		snprintf(user->name, sizeof(user->name), "#%u", (unsigned)uid);
	else
		snprintf(user->name, sizeof(user->name), "%s", entry->pw_name);
}

/* Whether a folder above belongs to root and is closed to other users, as /root is. */
static bool is_closed(const char *path)
{
	char folder[PATH_MAX];
	struct stat st;

	for (size_t len = 1; path[0] == '/' && path[len] != '\0' && len < sizeof(folder); len++) {
		if (path[len] != '/')
			continue;
		memcpy(folder, path, len);
		folder[len] = '\0';
		if (lstat(folder, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == 0 && (st.st_mode & (S_IXGRP | S_IXOTH)) == 0)
			return true;
	}
	return false;
}

enum service_user_kind service_user_find(const char *folder, struct service_user *user)
{
	const struct passwd *entry;
	struct stat st;

	if (geteuid() != 0)
		return SERVICE_USER_SELF;
	if (is_alone())
		return SERVICE_USER_ALONE;
	if (stat(folder, &st) == 0 && st.st_uid != 0) {
		set_user(user, getpwuid(st.st_uid), st.st_uid, st.st_gid);
		return SERVICE_USER_OWNER;
	}
	if (is_closed(folder))
		return SERVICE_USER_CLOSED;
	entry = getpwnam(SERVICE_USER);
	if (entry == NULL || entry->pw_uid == 0)
		return SERVICE_USER_MISSING;
	set_user(user, entry, entry->pw_uid, entry->pw_gid);
	return SERVICE_USER_DEFAULT;
}

bool service_user_was_root(void)
{
	return now.was_root || geteuid() == 0;
}

bool service_user_has_own_group(gid_t group)
{
	const struct group *entry = group == 0 ? NULL : getgrgid(group);
	const struct passwd *user = entry == NULL || entry->gr_mem[0] != NULL ? NULL : getpwnam(entry->gr_name);

	return user != NULL && user->pw_gid == group;
}

/* --- becoming */

static int take_groups(const struct service_user *user)
{
	return user->is_listed ? initgroups(user->name, user->gid) : setgroups(1, &user->gid);
}

/* No program that is run later can gain capabilities, not even one with file capabilities. Not allowed in every
 * container. */
static void drop_bounding_set(void)
{
	for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
			return;
}

/* A change of the user removes the capabilities, unless the process was started with unusual secure bits. */
static bool drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capset, &header, sets) != 0 || syscall(SYS_capget, &header, sets) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(sets); i++)
		if (sets[i].effective != 0 || sets[i].permitted != 0 || sets[i].inheritable != 0)
			return false;
	return true;
}

static bool is_for_good(const struct service_user *user)
{
	uid_t real, effective, saved;
	gid_t real_group, effective_group, saved_group;

	return getresuid(&real, &effective, &saved) == 0 && real == user->uid && effective == user->uid && saved == user->uid &&
	       getresgid(&real_group, &effective_group, &saved_group) == 0 && real_group == user->gid &&
	       effective_group == user->gid && saved_group == user->gid && setresuid(0, 0, 0) != 0 && setuid(0) != 0;
}

int service_user_become(const struct service_user *user, struct error *error)
{
	service_user_pause();
	now.was_root = true;
	drop_bounding_set();
	if (take_groups(user) != 0 || setresgid(user->gid, user->gid, user->gid) != 0 ||
	    setresuid(user->uid, user->uid, user->uid) != 0)
		return error_errno(error, N_("cannot switch to user %s"), user->name);
	if (!drop_capabilities() || !is_for_good(user))
		return error_set(error, ERROR_PERMANENT, N_("cannot switch permanently to user %s: "
		    "privileges of root would remain"), user->name);
	return 0;
}

int service_user_stay_bare(struct error *error)
{
	drop_bounding_set();
	if (!drop_capabilities())
		return error_set(error, ERROR_PERMANENT, N_("cannot give up the capabilities of root"));
	return 0;
}

/* --- acting */

static int read_groups(struct groups *groups)
{
	free(groups->items);
	groups->count = getgroups(0, NULL);
	groups->items = xcalloc((size_t)(groups->count < 0 ? 0 : groups->count) + 1, sizeof(*groups->items));
	if (groups->count >= 0)
		groups->count = getgroups(groups->count, groups->items);
	return groups->count < 0 ? -1 : 0;
}

static int set_groups(const struct groups *groups)
{
	return setgroups((size_t)groups->count, groups->items);
}

static int enter(void)
{
	if (set_groups(&now.theirs) != 0 || setegid(now.user.gid) != 0 || seteuid(now.user.uid) != 0)
		return -1;
	now.is_acting = true;
	return 0;
}

static void leave(void)
{
	if (seteuid(0) != 0 || setegid(0) != 0 || set_groups(&now.ours) != 0)
		abort(); /* nothing may continue partly with the rights of one and partly with those of the other */
	now.is_acting = false;
}

int service_user_act(const struct service_user *user, struct error *error)
{
	service_user_pause();
	now.was_root = true;
	now.user = *user;
	if (read_groups(&now.ours) != 0)
		return error_errno(error, N_("cannot switch to user %s"), user->name);
	if (take_groups(user) == 0 && read_groups(&now.theirs) == 0 && enter() == 0)
		return 0;
	error_errno(error, N_("cannot switch to user %s"), user->name);
	leave();
	return -1;
}

int service_user_act_for(const char *folder, struct error *error)
{
	struct service_user user;

	service_user_pause(); /* the spool may be a different one by now */
	return service_user_find(folder, &user) == SERVICE_USER_OWNER ? service_user_act(&user, error) : 0;
}

int service_user_settle(struct error *error)
{
	return now.is_acting ? service_user_become(&now.user, error) : 0;
}

bool service_user_pause(void)
{
	int saved = errno;

	if (!now.is_acting)
		return false;
	leave();
	errno = saved;
	return true;
}

void service_user_resume(bool paused)
{
	int saved = errno;

	if (paused && enter() != 0)
		abort();
	errno = saved;
}
