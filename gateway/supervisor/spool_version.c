#include "gateway/supervisor/spool_version.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/str.h"
#include "spool/layout.h"

#include <stdlib.h>
#include <unistd.h>

static int write_version(const char *path, struct error *error)
{
	char *text = xasprintf("%d\n", SPOOL_VERSION);
	int result = fsx_replace(path, slice_of(text), 0600, error);

	free(text);
	return result;
}

static int read_version(const struct spool *spool, const char *path, struct error *error)
{
	uint64_t version;
	size_t len;
	char *text;
	bool good;

	if (fsx_read(path, 64, &text, &len, error) != 0)
		return -1;
	good = slice_number(slice_trim(slice_make(text, len)), 1, 1000000, &version);
	free(text);
	if (!good)
		return error_set(error, ERROR_CONFIG, N_("%s does not contain a number; the format "
		    "of this spool is %d"), path, SPOOL_VERSION);
	if (version > SPOOL_VERSION)
		return error_set(error, ERROR_CONFIG,
		    N_("the spool %s was written by a newer lanpost (format %llu; this one supports "
		       "%d): install the newer one again"), spool->folder,
		    (unsigned long long)version, SPOOL_VERSION);
	return version < SPOOL_VERSION ? write_version(path, error) : 0;
}

int spool_version_check(const struct spool *spool, struct error *error)
{
	char *path = layout_version(spool);
	int result = access(path, F_OK) == 0 ? read_version(spool, path, error) : write_version(path, error);

	free(path);
	return result;
}
