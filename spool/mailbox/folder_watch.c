/* News of folders for sessions that wait: one inotify descriptor and one thread for the whole process. */
#include "spool/mailbox/folder_priv.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/log.h"
#include "spool/layout_priv.h"
#include "spool/storage/mailbox.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#define EVENTS (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_ONLYDIR)
#define STACK_SIZE (64 * 1024)
#define PARTS 2 /* new/ and cur/ */

struct watch {
	struct folder *folder;
	int event_fd;
	int parts[PARTS]; /* watch descriptors: those of one folder are the same for all its watches */
	struct watch *next;
};

static struct {
	pthread_mutex_t lock;
	int inotify; /* 0: not begun */
	struct watch *first;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- the thread */

static void wake(const struct watch *watch)
{
	uint64_t one = 1;

	if (write(watch->event_fd, &one, sizeof(one)) != sizeof(one) && errno != EAGAIN)
		log_warn("event=watch-failed");
}

void folder_watch_wake(const struct folder_seen *seen)
{
	pthread_mutex_lock(&all.lock);
	for (const struct watch *watch = all.first; watch != NULL; watch = watch->next)
		if (watch->folder->seen == seen)
			wake(watch);
	pthread_mutex_unlock(&all.lock);
}

static void wake_those(int part, uint32_t mask)
{
	pthread_mutex_lock(&all.lock);
	for (const struct watch *watch = all.first; watch != NULL; watch = watch->next)
		if ((mask & IN_Q_OVERFLOW) || watch->parts[0] == part || watch->parts[1] == part)
			wake(watch);
	pthread_mutex_unlock(&all.lock);
}

static void *read_news(void *unused)
{
	char bytes[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	int last = -1;

	(void)unused;
	for (;;) {
		ssize_t len = read(all.inotify, bytes, sizeof(bytes));

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			break;
		last = -1;
		for (ssize_t at = 0; at < len;) {
			const struct inotify_event *event = (const struct inotify_event *)(bytes + at);

			if (event->wd != last) /* a thousand events of one folder wake once */
				wake_those(event->wd, event->mask);
			last = event->wd;
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
	log_warn("event=watch-failed");
	return NULL;
}

static int start_thread(void)
{
	pthread_attr_t attributes;
	sigset_t signals, before;
	pthread_t thread;
	int result;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	sigfillset(&signals);
	pthread_sigmask(SIG_BLOCK, &signals, &before);
	result = pthread_create(&thread, &attributes, read_news, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return result;
}

/* With the lock held. */
static int begin(struct error *error)
{
	if (all.inotify > 0)
		return 0;
	all.inotify = inotify_init1(IN_CLOEXEC);
	if (all.inotify <= 0) {
		all.inotify = 0;
		return error_errno(error, N_("cannot watch folders"));
	}
	errno = start_thread();
	if (errno == 0)
		return 0;
	error_errno(error, N_("cannot watch folders"));
	close(all.inotify);
	all.inotify = 0;
	return -1;
}

/* --- watches */

/* With the lock held. */
static int watch_parts(struct watch *watch, struct error *error)
{
	const struct folder *common = folder_common(watch->folder);

	for (size_t i = 0; i < PARTS; i++) {
		char *part = folder_is_outbox(watch->folder) ? folder_outbox_watched(common->spool, i)
							     : layout_mailbox(common->spool, common->mailbox, folder_parts[i]);

		watch->parts[i] = inotify_add_watch(all.inotify, part, EVENTS);
		if (watch->parts[i] < 0)
			error_errno(error, N_("cannot watch %s"), part);
		free(part);
		if (watch->parts[i] < 0)
			return -1;
	}
	return 0;
}

/* With the lock held: other watches of the same folder have the same descriptors. */
static void end_parts(const struct watch *watch)
{
	for (const struct watch *other = all.first; other != NULL; other = other->next)
		if (other->parts[0] == watch->parts[0] || other->parts[1] == watch->parts[1])
			return;
	for (size_t i = 0; i < PARTS; i++)
		if (watch->parts[i] >= 0)
			inotify_rm_watch(all.inotify, watch->parts[i]); /* fails if the folder is gone */
}

int folder_watch(struct folder *folder, int event_fd, struct error *error)
{
	struct watch *watch = xmalloc(sizeof(*watch));
	const struct folder *common = folder_common(folder);
	/* The INBOX exists before its first message. */
	int result = strchr(common->mailbox, '/') != NULL ? 0 : mailbox_make(common->spool, common->mailbox, error);

	*watch = (struct watch){.folder = folder, .event_fd = event_fd, .parts = {-1, -1}};
	pthread_mutex_lock(&all.lock);
	if (result == 0)
		result = begin(error);
	if (result == 0)
		result = watch_parts(watch, error);
	if (result == 0) {
		watch->next = all.first;
		all.first = watch;
	} else {
		end_parts(watch);
		free(watch);
	}
	pthread_mutex_unlock(&all.lock);
	return result;
}

void folder_unwatch(struct folder *folder, int event_fd)
{
	struct watch **link = &all.first, *watch;

	pthread_mutex_lock(&all.lock);
	while (*link != NULL && ((*link)->folder != folder || (*link)->event_fd != event_fd))
		link = &(*link)->next;
	watch = *link;
	if (watch != NULL) {
		*link = watch->next;
		end_parts(watch);
		free(watch);
	}
	pthread_mutex_unlock(&all.lock);
}
