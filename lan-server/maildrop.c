#include "lan-server/maildrop.h"

#include "base/alloc.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct maildrop_locks {
	pthread_mutex_t mutex;
	struct strlist users;
};

struct maildrop_locks *maildrop_locks_new(void)
{
	struct maildrop_locks *locks = xcalloc(1, sizeof(*locks));

	pthread_mutex_init(&locks->mutex, NULL);
	return locks;
}

void maildrop_locks_free(struct maildrop_locks *locks)
{
	if (locks == NULL)
		return;
	pthread_mutex_destroy(&locks->mutex);
	strlist_clear(&locks->users);
	free(locks);
}

static bool lock(struct maildrop_locks *locks, const char *user)
{
	bool taken;

	pthread_mutex_lock(&locks->mutex);
	taken = strlist_has(&locks->users, user);
	if (!taken)
		strlist_add(&locks->users, user);
	pthread_mutex_unlock(&locks->mutex);
	return !taken;
}

static void unlock(struct maildrop_locks *locks, const char *user)
{
	struct strlist *users = &locks->users;
	size_t i = 0;

	pthread_mutex_lock(&locks->mutex);
	while (strcmp(users->items[i], user) != 0)
		i++;
	free(users->items[i]);
	/* Order does not matter to anybody, but memory does: no gaps. */
	memmove(
	    &users->items[i], &users->items[i + 1], (users->count - i - 1) * sizeof(*users->items));
	users->count--;
	pthread_mutex_unlock(&locks->mutex);
}

int maildrop_open(
    struct maildrop *drop, const char *user, struct maildir_list *list, struct error *error)
{
	if (!lock(drop->locks, user))
		return 1;
	if (maildir_list(drop->spool, user, list, error) != 0) {
		log_warnx(
		    "event=mailbox-unreadable user=%s reason=%s", user, LOG_CSTR(error->text));
		unlock(drop->locks, user);
		return -1;
	}
	drop->user = xstrdup(user);
	return 0;
}

void maildrop_close(struct maildrop *drop)
{
	if (drop->user == NULL)
		return;
	unlock(drop->locks, drop->user);
	free(drop->user);
	drop->user = NULL;
}

/* A message that is gone is another program's doing; anything else the admin should know. */
static int unreadable(
    const struct maildrop *drop, const struct maildir_message *message, const struct error *error)
{
	if (error->saved_errno != ENOENT)
		log_warnx("event=message-unreadable user=%s file=%s reason=%s", drop->user,
		    LOG_CSTR(message->file), LOG_CSTR(error->text));
	return -1;
}

int maildrop_size(struct maildrop *drop, struct maildir_message *message)
{
	struct error error = ERROR_INIT;

	if (maildir_size(drop->spool, drop->user, message, &error) == 0)
		return 0;
	return unreadable(drop, message, &error);
}

int maildrop_read(
    struct maildrop *drop, const struct maildir_message *message, struct slice *bytes)
{
	struct error error = ERROR_INIT;

	if (maildir_open(drop->spool, drop->user, message, bytes, &error) == 0)
		return 0;
	return unreadable(drop, message, &error);
}

int maildrop_remove(
    struct maildrop *drop, const char *const *uniques, size_t count, struct error *error)
{
	if (intake_remove(drop->intake, drop->user, uniques, count, error) == 0)
		return 0;
	log_warnx("event=removal-failed user=%s count=%zu reason=%s", drop->user, count,
	    LOG_CSTR(error->text));
	return -1;
}
