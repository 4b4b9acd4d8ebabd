#include "mail/login_memory.h"

#include "base/log.h"
#include "upstream/login.h"

#include <stdio.h>
#include <stdlib.h>

static void make_key(const char *kind, const char *name, char *key, size_t size)
{
	snprintf(key, size, "login %s %s", kind, name);
}

enum conf_auth login_recall(struct state *state, const char *kind, const char *name)
{
	enum conf_auth way = AUTH_AUTO;
	char key[128], *text = NULL;
	struct error error;

	make_key(kind, name, key, sizeof(key));
	if (state_get(state, key, &text, &error) == 0 && text != NULL)
		way = login_by_name(text);
	free(text);
	return way;
}

void login_remember(struct state *state, const char *kind, const char *name, enum conf_auth way)
{
	char key[128];
	struct error error;

	make_key(kind, name, key, sizeof(key));
	if (state_set(state, key, login_name(way), &error) != 0)
		log_warnx("event=not-remembered %s=%s what=login reason=%s", kind, LOG_CSTR(name), LOG_ERROR(&error));
}
