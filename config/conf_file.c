#include "config/conf_file.h"

#include "base/alloc.h"
#include "base/file/path.h"

#include <string.h>

static const char *const names[CONF_FILES] = {"lanpost.conf", "users.conf", "accounts.conf", "rules.conf"};

const char *conf_file_name(enum conf_file file)
{
	return names[file];
}

char *conf_file_path(const char *main, enum conf_file file)
{
	if (file == CONF_FILE_MAIN)
		return xstrdup(main);
	return xasprintf("%.*s%s", (int)(path_name(main) - main), main, names[file]);
}

enum conf_file conf_file_find(const char *path)
{
	for (enum conf_file file = CONF_FILE_USERS; file < CONF_FILES; file++)
		if (strcmp(path_name(path), names[file]) == 0)
			return file;
	return CONF_FILE_MAIN;
}
