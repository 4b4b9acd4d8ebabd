#include "base/process/environment.h"

#include "base/alloc.h"

#include <fnmatch.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Variables that a command of the admin may need: search path, user, language, time zone, password stores. LANPOST_* is
 * for anything else. docs/lanpostd.8 has this list. */
static const char *const for_commands[] = {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR",
    "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "GNUPGHOME", "PASSWORD_STORE_DIR", "CREDENTIALS_DIRECTORY", "LANPOST_*", NULL};

/* Variables that the programs themselves read: of systemd, the terminal, sanitizers and coverage. */
static const char *const for_programs[] = {"NOTIFY_SOCKET", "JOURNAL_STREAM", "TERM", "TERMINFO", "TERMINFO_DIRS", "COLORTERM", "NO_COLOR",
    "COLUMNS", "LINES", "ESCDELAY", "*SAN_OPTIONS", "GCOV_PREFIX*", "LLVM_PROFILE_FILE", NULL};

static bool is_one_of(const char *variable, const char *const *names)
{
	char name[64];
	size_t len = strcspn(variable, "=");

	if (len == 0 || len >= sizeof(name))
		return false;
	memcpy(name, variable, len);
	name[len] = '\0';
	for (size_t i = 0; names[i] != NULL; i++)
		if (fnmatch(names[i], name, 0) == 0)
			return true;
	return false;
}

bool environment_is_instrumented(void)
{
	const char *preloaded = getenv("LD_PRELOAD");

	return preloaded != NULL && preloaded[0] != '\0';
}

void environment_restrict(void)
{
	char **kept = environ;

	if (environment_is_instrumented())
		return;
	for (char **at = environ; at != NULL && *at != NULL; at++)
		if (is_one_of(*at, for_commands) || is_one_of(*at, for_programs))
			*kept++ = *at;
	if (kept != NULL)
		*kept = NULL;
}

char **environment_for_command(void)
{
	size_t count = 0, taken = 0;
	char **made;

	while (environ != NULL && environ[count] != NULL)
		count++;
	made = xcalloc(count + 2, sizeof(*made));
	for (size_t i = 0; i < count; i++)
		if (is_one_of(environ[i], for_commands))
			made[taken++] = environ[i];
	if (getenv("PATH") == NULL)
		made[taken] = (char *)(uintptr_t)DEFAULT_PATH;
	return made;
}
