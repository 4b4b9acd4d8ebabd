#include "ui-tui/command/rights.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/command/cli.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool rights_missing(const char *path, int how)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL ? xstrdup(".") : xstrndup(path, (size_t)(slash - path) + 1);
	const struct group *group = NULL;
	struct stat st;
	bool forbidden = access(path, how) != 0 && errno == EACCES;

	if (forbidden && how == R_OK && stat(folder, &st) == 0 && (st.st_mode & 0050) == 0050 && st.st_gid != 0)
		group = getgrgid(st.st_gid);
	if (forbidden && group != NULL)
		cli_fail(CLI_FAILED, _("cannot read %s: permission denied. Run it as root (sudo lanpost), or join the group %s"), path, group->gr_name);
	else if (forbidden)
		cli_fail(CLI_FAILED, _("cannot use %s: permission denied. Run it as root: sudo lanpost"), path);
	free(folder);
	return forbidden;
}
