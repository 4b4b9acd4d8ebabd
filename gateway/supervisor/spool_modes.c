#include "gateway/supervisor/spool_modes.h"

#include "base/alloc.h"
#include "base/net/ctl_wire.h"
#include "base/log.h"
#include "base/process/service_user.h"

#include <dirent.h>
#include <endian.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Returns whether it was accessible to others before. */
static bool close_entry(int folder, const char *name)
{
	struct stat st;
	bool done;
	int fd;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) ||
	    (st.st_mode & 077) == 0 || st.st_uid != geteuid())
		return false;
	fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	done = fd >= 0 && fchmod(fd, st.st_mode & 0700) == 0;
	if (!done)
		log_warn("event=spool-not-closed name=%s", LOG_CSTR(name));
	if (fd >= 0)
		close(fd);
	return done;
}

static size_t close_entries(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	size_t count = 0;

	if (dir == NULL && fd >= 0)
		close(fd);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") == 0)
			close_entry(folder, "."); /* perhaps accessible to the group of the control socket before */
		else if (strcmp(entry->d_name, "..") != 0)
			count += close_entry(folder, entry->d_name);
	if (dir != NULL)
		closedir(dir);
	return count;
}

void spool_modes_close(const struct spool *spool)
{
	int folder = open(spool->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t count;

	if (folder < 0)
		return;
	count = close_entries(folder);
	close(folder);
	if (count > 0)
		log_info("event=spool-closed entries=%zu", count);
}

/* --- the control socket */

/* A gateway that a user runs privately is not for the operators. */
static bool is_the_service(void)
{
	const struct passwd *user = geteuid() == 0 ? NULL : getpwuid(geteuid());

	return geteuid() == 0 || (user != NULL && strcmp(user->pw_name, SERVICE_USER) == 0);
}

/* acl(5) as the kernel takes it in the attribute system.posix_acl_access; little endian, in this order. */
struct acl {
	uint32_t version;
	struct {
		uint16_t tag, rights;
		uint32_t id;
	} entries[5];
};

enum { ACL_OWNER = 0x01, ACL_OWN_GROUP = 0x04, ACL_GROUP = 0x08, ACL_MASK = 0x10, ACL_OTHERS = 0x20 };

/* Allows one more group. Setting an access control list only requires ownership of the file;
 * changing the group would require more. */
static int let_in(const char *path, gid_t group, unsigned owner, unsigned own_group, unsigned rights)
{
	const uint32_t nobody = htole32(UINT32_MAX);
	const struct acl acl = {htole32(2), {{htole16(ACL_OWNER), htole16((uint16_t)owner), nobody},
					       {htole16(ACL_OWN_GROUP), htole16((uint16_t)own_group), nobody},
					       {htole16(ACL_GROUP), htole16((uint16_t)rights), htole32(group)},
					       {htole16(ACL_MASK), htole16((uint16_t)rights), nobody},
					       {htole16(ACL_OTHERS), 0, nobody}}};

	return lsetxattr(path, "system.posix_acl_access", &acl, sizeof(acl), 0);
}

void spool_modes_share_socket(const struct spool *spool)
{
	const struct group *group = is_the_service() ? getgrnam(CTL_GROUP) : NULL;
	char *socket;

	if (group == NULL)
		return;
	socket = xasprintf("%s/" CTL_SOCKET_NAME, spool->folder);
	if (let_in(socket, group->gr_gid, 06, 06, 06) != 0 || let_in(spool->folder, group->gr_gid, 07, 0, 01) != 0)
		log_warn("event=control-not-shared group=" CTL_GROUP);
	free(socket);
}
