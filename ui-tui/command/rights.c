#include "ui-tui/command/rights.h"

#include "base/net/ctl_wire.h"
#include "base/i18n.h"
#include "base/file/path.h"
#include "ui-tui/command/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool rights_missing(const char *path, int how)
{
	char *folder = path_folder(path);
	bool by_group = false;
	struct stat st;
	bool forbidden = access(path, how) != 0 && errno == EACCES;

	if (forbidden && how == R_OK && stat(folder, &st) == 0 && (st.st_mode & 0050) == 0050 && st.st_gid != 0)
		by_group = true;
	if (forbidden && by_group)
		cli_fail(CLI_FAILED,
		    _("cannot read %s: permission denied. Run it as root: sudo lanpost. For status, who, session, queue flush, reload and stop "
		      "membership in the group %s is enough"),
		    path, CTL_GROUP);
	else if (forbidden)
		cli_fail(CLI_FAILED, _("cannot use %s: permission denied. Run it as root: sudo lanpost"), path);
	free(folder);
	return forbidden;
}
