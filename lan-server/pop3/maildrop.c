#include "lan-server/pop3/maildrop.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/file/fsx.h"
#include "base/log.h"
#include "base/net/net.h"
#include "mail/filter/filter_policy.h"
#include "spool/mailbox_name.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#define TAKE_OVER_MS 3000 /* for a session that was disconnected to release the mailbox */
#define REMEMBERED_MAX 4096

struct maildrop_locks {
	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t freed;  /* a mailbox was closed */
	struct maildrop *open; /* each a different user's */
	struct map opened;     /* user -> when it was opened last, int64_t; only with a login delay */
};

struct maildrop_locks *maildrop_locks_new(void)
{
	struct maildrop_locks *locks = xcalloc(1, sizeof(*locks));

	pthread_mutex_init(&locks->mutex, NULL);
	cond_init(&locks->freed);
	return locks;
}

static void forget_opened(struct maildrop_locks *locks)
{
	struct slice key;
	void *value;
	size_t at = 0;

	while (map_next(&locks->opened, &at, &key, &value))
		free(value);
	map_clear(&locks->opened);
}

void maildrop_locks_free(struct maildrop_locks *locks)
{
	if (locks == NULL)
		return;
	forget_opened(locks);
	pthread_cond_destroy(&locks->freed);
	pthread_mutex_destroy(&locks->mutex);
	free(locks);
}

/* --- with the mutex held */

static struct maildrop *find_open(const struct maildrop_locks *locks, const char *user)
{
	struct maildrop *drop = locks->open;

	assert(cond_is_locked(&locks->mutex));
	while (drop != NULL && strcmp(drop->user, user) != 0)
		drop = drop->next;
	return drop;
}

/* Disconnects a session that may be dead, and waits until it is gone. Returns false if it is
 * alive. */
static bool take_over(struct maildrop_locks *locks, struct maildrop *holder, const char *user)
{
	int64_t deadline = clock_now_ms() + TAKE_OVER_MS;

	if (clock_now_ms() - *holder->heard < MAILDROP_SILENT_MS)
		return false;
	log_info("event=mailbox-taken-over user=%s reason=\"its session has been silent\"", user);
	shutdown(holder->fd, SHUT_RDWR);
	while (find_open(locks, user) == holder && cond_wait_until(&locks->freed, &locks->mutex, deadline))
		;
	return find_open(locks, user) == NULL;
}

static bool is_too_soon(struct maildrop_locks *locks, const char *user, int64_t delay)
{
	int64_t *last = map_get(&locks->opened, slice_of(user)), now = clock_now_ms();

	assert(cond_is_locked(&locks->mutex));
	if (delay == 0)
		return false;
	if (last != NULL && now - *last < delay)
		return true;
	if (last == NULL) {
		if (locks->opened.count >= REMEMBERED_MAX)
			forget_opened(locks);
		last = xmalloc(sizeof(*last));
		map_put(&locks->opened, slice_of(user), last);
	}
	*last = now;
	return false;
}

/* --- opening and closing */

static enum maildrop_outcome lock(struct maildrop *drop, const char *user)
{
	struct maildrop_locks *locks = drop->locks;
	struct maildrop *holder;
	enum maildrop_outcome outcome = MAILDROP_OPEN;

	assert(drop->user == NULL);
	pthread_mutex_lock(&locks->mutex);
	holder = find_open(locks, user);
	if (holder != NULL && !take_over(locks, holder, user))
		outcome = MAILDROP_IN_USE;
	else if (is_too_soon(locks, user, drop->login_delay))
		outcome = MAILDROP_TOO_SOON;
	if (outcome == MAILDROP_OPEN) {
		drop->user = xstrdup(user);
		*drop->heard = clock_now_ms();
		drop->next = locks->open;
		locks->open = drop;
	}
	pthread_mutex_unlock(&locks->mutex);
	return outcome;
}

void maildrop_close(struct maildrop *drop)
{
	struct maildrop **link;

	if (drop->user == NULL)
		return;
	pthread_mutex_lock(&drop->locks->mutex);
	for (link = &drop->locks->open; *link != drop; link = &(*link)->next)
		;
	*link = drop->next;
	pthread_cond_broadcast(&drop->locks->freed);
	pthread_mutex_unlock(&drop->locks->mutex);
	free(drop->user);
	free(drop->junk);
	map_clear(&drop->in_junk);
	drop->user = drop->junk = NULL;
}

/* --- the folder Junk */

static int by_age(const void *one, const void *other)
{
	const struct mailbox_message *a = one, *b = other;

	return a->time != b->time ? (a->time < b->time ? -1 : 1) : strcmp(a->unique, b->unique);
}

/* Adds its messages. If it cannot be listed, the others are shown. */
static void add_junk(struct maildrop *drop, struct mailbox_list *list)
{
	struct mailbox_list junk;
	struct error error;

	drop->junk = mailbox_name_of(drop->user, FILTER_JUNK);
	if (mailbox_list(drop->spool, drop->junk, &junk, &error) != 0) {
		log_warnx("event=mailbox-unreadable user=%s reason=%s", LOG_CSTR(drop->junk), LOG_ERROR(&error));
		return;
	}
	if (junk.count > 0) {
		list->items = xrealloc(list->items, (list->count + junk.count) * sizeof(*list->items));
		memcpy(list->items + list->count, junk.items, junk.count * sizeof(*junk.items));
		for (size_t i = 0; i < junk.count; i++)
			map_put(&drop->in_junk, slice_of(junk.items[i].unique), drop);
		list->count += junk.count;
		qsort(list->items, list->count, sizeof(*list->items), by_age);
	}
	free(junk.items); /* its messages are the list's now */
}

static const char *mailbox_of(struct maildrop *drop, const char *unique)
{
	return map_get(&drop->in_junk, slice_of(unique)) != NULL ? drop->junk : drop->user;
}

static enum maildrop_outcome lock_and_list(
    struct maildrop *drop, const char *user, struct mailbox_list *list, struct error *error)
{
	enum maildrop_outcome outcome = lock(drop, user);

	if (outcome != MAILDROP_OPEN)
		return outcome;
	if (mailbox_list(drop->spool, user, list, error) == 0) {
		if (drop->shows_junk)
			add_junk(drop, list);
		return outcome;
	}
	log_warnx("event=mailbox-unreadable user=%s reason=%s", user, LOG_ERROR(error));
	maildrop_close(drop);
	return MAILDROP_FAILED;
}

enum maildrop_outcome maildrop_open(
    struct maildrop *drop, const char *user, struct mailbox_list *list, struct error *error)
{
	static const char *const names[] = {
	    [MAILDROP_OPEN] = "open",
	    [MAILDROP_IN_USE] = "in-use",
	    [MAILDROP_TOO_SOON] = "too-soon",
	    [MAILDROP_FAILED] = "failed",
	};
	enum maildrop_outcome outcome = lock_and_list(drop, user, list, error);
	char address[NET_ADDRESS_MAX];

	log_info("event=pop3-login session=%s ip=%s user=%s result=%s messages=%zu", drop->session,
	    net_address_text(address, &drop->client), user, names[outcome], outcome == MAILDROP_OPEN ? list->count : 0);
	return outcome;
}

/* A message that is gone was removed by another program; any other error is for the admin. */
static int unreadable(
    const struct maildrop *drop, const struct mailbox_message *message, const struct error *error)
{
	if (error->saved_errno != ENOENT)
		log_warnx("event=message-unreadable user=%s file=%s reason=%s", drop->user,
		    LOG_CSTR(message->file), LOG_ERROR(error));
	return -1;
}

int maildrop_size(struct maildrop *drop, struct mailbox_message *message)
{
	struct error error = ERROR_INIT;

	assert(drop->user != NULL);
	if (mailbox_size(drop->spool, mailbox_of(drop, message->unique), message, &error) == 0)
		return 0;
	return unreadable(drop, message, &error);
}

int maildrop_read(
    struct maildrop *drop, const struct mailbox_message *message, struct slice *bytes)
{
	struct error error = ERROR_INIT;

	assert(drop->user != NULL);
	if (mailbox_open(drop->spool, mailbox_of(drop, message->unique), message, bytes, &error) == 0)
		return 0;
	return unreadable(drop, message, &error);
}

void maildrop_done(struct maildrop *drop, struct slice bytes)
{
	(void)drop;
	fsx_unmap(bytes);
}

bool maildrop_is_intact(struct maildrop *drop, struct slice bytes)
{
	struct error error;

	if (fsx_check_map(bytes, &error) == 0)
		return true;
	log_warnx("event=message-unreadable session=%s user=%s reason=%s", drop->session, drop->user, LOG_ERROR(&error));
	return false;
}

int maildrop_remove(
    struct maildrop *drop, const char *const *uniques, size_t count, struct error *error)
{
	const char **other = xcalloc(count + 1, sizeof(*other)), **junk = xcalloc(count + 1, sizeof(*junk));
	size_t others = 0, junks = 0;
	int result = 0;

	assert(drop->user != NULL);
	for (size_t i = 0; i < count; i++)
		if (mailbox_of(drop, uniques[i]) == drop->user)
			other[others++] = uniques[i];
		else
			junk[junks++] = uniques[i];
	if (others > 0)
		result = intake_remove(drop->spool->intake, drop->user, other, others, error);
	if (result == 0 && junks > 0)
		result = intake_remove(drop->spool->intake, drop->junk, junk, junks, error);
	free(other);
	free(junk);
	if (result != 0) {
		log_warnx("event=removal-failed user=%s count=%zu reason=%s", drop->user, count, LOG_ERROR(error));
		return -1;
	}
	log_info("event=pop3-removed session=%s user=%s messages=%zu", drop->session, drop->user, count);
	return 0;
}
