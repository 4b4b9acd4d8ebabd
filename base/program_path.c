#include "base/program_path.h"

#include "base/alloc.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

char *program_path(const char *where)
{
	char program[PATH_MAX], *slash;
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (len <= 0)
		return NULL;
	program[len] = '\0';
	slash = strrchr(program, '/');
	return xasprintf("%.*s/%s", slash == NULL ? 0 : (int)(slash - program), program, where);
}
