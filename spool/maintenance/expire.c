#include "spool/maintenance/expire.h"

#include "base/alloc.h"
#include "spool/mailbox/mail_archive.h"
#include "spool/storage/intake.h"
#include "spool/storage/mailbox.h"

#include <stdlib.h>

#define MICROSECONDS 1000000

bool expire_has(const struct spool *spool, const struct expire_what *what, const struct mailbox_message *message)
{
	if (message->time == 0) /* a foreign file without a time in its name */
		return mailbox_file_since(spool, what->mailbox, message) / MICROSECONDS < what->before;
	return message->time < what->before && (!what->by_stay || mailbox_since_us(message) / MICROSECONDS < what->before);
}

int expire_mailbox(const struct spool *spool, const struct expire_what *what, const struct expire_keeper *keeper,
    struct expired *expired, struct error *error)
{
	struct mailbox_list list;
	const char **uniques;
	struct error gone;
	int result = 0;

	*expired = (struct expired){0};
	if (mailbox_list(spool, what->mailbox, &list, error) != 0)
		return -1;
	uniques = xcalloc(list.count + 1, sizeof(*uniques));
	for (size_t i = 0; i < list.count && result == 0; i++) {
		if (!expire_has(spool, what, &list.items[i]))
			continue;
		if (keeper != NULL)
			result = keeper->keep(keeper->context, &list.items[i], error);
		uniques[expired->messages++] = list.items[i].unique;
		if (mailbox_size(spool, what->mailbox, &list.items[i], &gone) == 0)
			expired->bytes += list.items[i].size;
	}
	if (result == 0 && keeper != NULL && expired->messages > 0)
		result = keeper->sync(keeper->context, error);
	if (result == 0 && expired->messages > 0)
		result = intake_remove(spool->intake, what->mailbox, uniques, expired->messages, error);
	free(uniques);
	mailbox_list_clear(&list);
	return result;
}

struct archive {
	const struct spool *spool;
	const char *mailbox;
};

static int keep(void *context, const struct mailbox_message *message, struct error *error)
{
	const struct archive *archive = context;

	return mail_archive_keep(archive->spool, archive->mailbox, message, error);
}

static int sync_archive(void *context, struct error *error)
{
	return mail_archive_sync(((const struct archive *)context)->spool, error);
}

int expire_to_archive(const struct spool *spool, const struct expire_what *what, struct expired *expired, struct error *error)
{
	struct archive archive = {spool, what->mailbox};
	const struct expire_keeper keeper = {keep, sync_archive, &archive};

	return expire_mailbox(spool, what, &keeper, expired, error);
}
