#include "gateway/sandbox.h"

#include "base/alloc.h"
#include "base/log.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* All of the first version (Linux 5.13), and what later ones add as far as these headers know it. */
#define WRITE_FIRST                                                                                                       \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                 \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |                    \
	    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_MAKE_CHAR |                   \
	    LANDLOCK_ACCESS_FS_MAKE_BLOCK)
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

void sandbox_children(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		log_warn("event=no-new-privs-failed");
}

/* 0: the kernel has no Landlock, or it is switched off. */
static int landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return version < 1 ? 0 : (int)version;
}

/* Without REFER no file may be linked into another folder: delivery needs it, so before version 2 writing is not bound at all. */
static uint64_t writing(int version)
{
	if (version < 2)
		return 0;
	return WRITE_FIRST | LANDLOCK_ACCESS_FS_REFER | (version >= 3 ? LANDLOCK_ACCESS_FS_TRUNCATE : 0);
}

static void allow(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};

	if (path[0] == '\0' || access == 0)
		return;
	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0 || syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
		log_warn("event=sandbox-rule-failed path=%s", LOG_CSTR(path));
	if (rule.parent_fd >= 0)
		close(rule.parent_fd);
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL || slash == path ? xstrdup("") : xstrndup(path, (size_t)(slash - path));
}

bool sandbox_lan(const struct conf *conf)
{
	int version = landlock_version(), ruleset;
	const struct landlock_ruleset_attr attributes = {
	    .handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | writing(version)};
	char *log_folder;

	if (version == 0)
		return false;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	if (ruleset < 0) {
		log_warn("event=sandbox-failed");
		return false;
	}
	log_folder = folder_of(conf->log.file);
	allow(ruleset, conf->gateway.spool, writing(version));
	allow(ruleset, log_folder, writing(version));
	allow(ruleset, "/dev", writing(version) & LANDLOCK_ACCESS_FS_WRITE_FILE); /* null, log */
	free(log_folder);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) {
		log_warn("event=sandbox-failed");
		close(ruleset);
		return false;
	}
	close(ruleset);
	log_info("event=sandbox landlock=%d", version);
	return true;
}
