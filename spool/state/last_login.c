/* The last logins, each a value of the state. */
#include "spool/storage/last_login.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>

int last_login_put(struct state *state, const char *user, const char *protocol, const char *address, int64_t time,
    struct error *error)
{
	char *key = xasprintf("login %s", user), *text = xasprintf("%lld %s %s", (long long)time, protocol, address);
	int result = state_set(state, key, text, error);

	free(text);
	free(key);
	return result;
}

void last_login_get(struct state *state, const char *user, struct last_login *login)
{
	char *key = xasprintf("login %s", user), *text = NULL;
	struct slice rest, word;
	struct error error;
	uint64_t time;

	*login = (struct last_login){0};
	if (state != NULL && state_get(state, key, &text, &error) == 0 && text != NULL) {
		rest = slice_of(text);
		word = slice_cut(&rest, ' ');
		if (slice_number(word, 0, INT64_MAX, &time))
			login->time = (int64_t)time;
		str_printable(login->protocol, sizeof(login->protocol), slice_cut(&rest, ' '));
		str_printable(login->address, sizeof(login->address), rest);
	}
	free(text);
	free(key);
}
