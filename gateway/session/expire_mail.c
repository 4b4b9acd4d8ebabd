#include "gateway/session/expire_mail.h"

#include "base/clock.h"
#include "base/log.h"
#include "message/imap/folder_use.h"
#include "spool/maintenance/expire.h"
#include "mail/lesson.h"
#include "spool/mailbox_name.h"
#include "spool/storage/storage.h"

#include <stdlib.h>
#include <string.h>

/* The folder that an entry of expire_folders means: "Trash" is also the trash that is called "Корзина". */
static const char *folder_meant(const struct strlist *folders, const char *name)
{
	size_t rank;
	const char *use = folder_use(name, &rank);

	return use == NULL || rank > 0 || strlist_has(folders, name) ? name : folder_with_use(folders, use);
}

static bool is_at_or_below(const char *folder, const char *top)
{
	size_t len = strlen(top);

	return strncmp(folder, top, len) == 0 && (folder[len] == '\0' || folder[len] == '/');
}

/* How long messages stay in a folder: the entry that is nearest to it decides. 0: for ever. */
static int64_t age_of(const struct conf_folder_ages *ages, const struct strlist *folders, const char *folder)
{
	size_t best = 0;
	int64_t seconds = 0;

	for (size_t i = 0; i < ages->count; i++) {
		const struct conf_folder_age *age = &ages->items[i];
		const char *top = folder_meant(folders, age->folder);

		if (!is_at_or_below(folder, top) || strlen(top) < best)
			continue;
		best = strlen(top);
		seconds = age->seconds;
	}
	return seconds;
}

static void expire_one(const struct spool *spool, const char *mailbox, int64_t age, bool archive)
{
	const struct expire_what what = {.mailbox = mailbox, .before = clock_wall() - age, .by_stay = true};
	struct expired expired;
	struct error error;
	int result;

	if (age == 0)
		return;
	result = archive ? expire_to_archive(spool, &what, &expired, &error) : expire_mailbox(spool, &what, NULL, &expired, &error);
	if (result != 0)
		log_warnx("event=mail-not-expired mailbox=%s reason=%s", LOG_CSTR(mailbox), LOG_ERROR(&error));
	else if (expired.messages > 0)
		log_info("event=mail-expired mailbox=%s messages=%zu bytes=%llu", LOG_CSTR(mailbox), expired.messages,
		    (unsigned long long)expired.bytes);
}

static void expire_folders(const struct spool *spool, const char *name, const struct conf_expiry *expiry)
{
	struct strlist folders = {NULL, 0};
	struct error error;

	if (folder_names(spool, name, &folders, &error) != 0)
		log_warnx("event=mail-not-expired mailbox=%s reason=%s", name, LOG_ERROR(&error));
	for (size_t i = 0; i < folders.count; i++) {
		char *mailbox = mailbox_name_of(name, folders.items[i]);

		expire_one(spool, mailbox, age_of(expiry->folders, &folders, folders.items[i]), expiry->archive);
		free(mailbox);
	}
	strlist_clear(&folders);
}

void expire_mail(const struct conf *conf, const struct spool *spool)
{
	struct strlist names = {NULL, 0};

	expire_one(spool, MAILBOX_QUARANTINE, conf->filter.expire, false);
	for (size_t i = 0; i < LESSON_FOLDERS; i++)
		expire_one(spool, lesson_folders[i].mailbox, conf->filter.expire, false);
	conf_mailbox_names(conf, &names);
	for (size_t i = 0; i < names.count; i++) {
		struct conf_expiry expiry = conf_mailbox_expiry(conf, names.items[i]);

		expire_one(spool, names.items[i], expiry.inbox, expiry.archive);
		if (expiry.folders->count > 0)
			expire_folders(spool, names.items[i], &expiry);
	}
	strlist_clear(&names);
}
