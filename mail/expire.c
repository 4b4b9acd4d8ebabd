#include "mail/expire.h"

#include "base/alloc.h"
#include "mail/maildir.h"

#include <stdlib.h>

int expire_mailbox(struct intake *intake, const char *spool, const char *user, int64_t before,
    struct expired *expired, struct error *error)
{
	struct maildir_list list;
	const char **uniques;
	int result = 0;

	*expired = (struct expired){0};
	if (maildir_list(spool, user, &list, error) != 0)
		return -1;
	uniques = xcalloc(list.count + 1, sizeof(*uniques));
	for (size_t i = 0; i < list.count; i++) {
		if (list.items[i].time >= before)
			continue;
		uniques[expired->messages++] = list.items[i].unique;
		expired->bytes += list.items[i].size;
	}
	if (expired->messages > 0)
		result = intake_remove(intake, user, uniques, expired->messages, error);
	free(uniques);
	maildir_list_clear(&list);
	return result;
}
