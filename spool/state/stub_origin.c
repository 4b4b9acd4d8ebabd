/* Where stubs in the folder Fetch come from, each a value of the state. */
#include "spool/storage/stub_origin.h"

#include "base/alloc.h"
#include "base/str.h"
#include "spool/mailbox_name.h"

#include <stdlib.h>

static char *key_of(const char *user, const char *id)
{
	return xasprintf("stub %s %s", id, user);
}

int stub_origin_put(struct state *state, const char *user, const char *id, const char *mailbox, struct error *error)
{
	char *key = key_of(user, id);
	int result = state_set(state, key, mailbox, error);

	free(key);
	return result;
}

char *stub_origin_get(struct state *state, const char *user, const char *id)
{
	char *key = key_of(user, id), *mailbox = NULL;
	struct error error;

	if (state_get(state, key, &mailbox, &error) != 0 || mailbox == NULL || !mailbox_name_is_valid(slice_of(mailbox))) {
		free(mailbox);
		mailbox = NULL;
	}
	free(key);
	return mailbox;
}

void stub_origin_forget(struct state *state, const char *user, const char *id)
{
	char *key = key_of(user, id);
	struct error error;

	state_set(state, key, NULL, &error); /* what stays is of no harm: ids are never used twice */
	free(key);
}
