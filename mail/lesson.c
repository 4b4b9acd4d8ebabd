#include "mail/lesson.h"

#include "base/clock.h"
#include "base/log.h"
#include "message/imap/folder_use.h"
#include "spool/mailbox_name.h"

#include <stdlib.h>

#define TROUBLE "lessons-trouble"
#define KNOWN_SECONDS (90 * 86400)

const struct lesson_folder lesson_folders[LESSON_FOLDERS] = {
    {MAILBOX_LEARN "/spam", true, false},
    {MAILBOX_LEARN "/ham", false, false},
    {MAILBOX_LEARN "/spam-reports", true, true},
    {MAILBOX_LEARN "/ham-reports", false, true},
};

static const char *find(bool is_spam, bool is_report)
{
	for (size_t i = 0; i < LESSON_FOLDERS; i++)
		if (lesson_folders[i].is_spam == is_spam && lesson_folders[i].is_report == is_report)
			return lesson_folders[i].mailbox;
	return NULL;
}

const char *lesson_mailbox(bool is_spam)
{
	return find(is_spam, false);
}

bool lesson_is_mailbox(const char *mailbox)
{
	return slice_is(mailbox_name_user(slice_of(mailbox)), MAILBOX_LEARN);
}

/* Also of a folder below one with this use. */
static bool has_use(const char *mailbox, const char *use)
{
	struct slice folder = mailbox_name_folder(slice_of(mailbox));
	char *top = slice_dup(slice_cut(&folder, '/'));
	bool has = folder_has_use(top, use);

	free(top);
	return has;
}

const char *lesson_mailbox_of_move(const char *from, const char *to)
{
	bool was_junk = has_use(from, FOLDER_USE_JUNK), is_junk = has_use(to, FOLDER_USE_JUNK);

	if (was_junk == is_junk || has_use(to, FOLDER_USE_TRASH))
		return NULL;
	return lesson_mailbox(is_junk);
}

const char *lesson_mailbox_of_address(struct slice local)
{
	if (slice_is_nocase(local, "spam"))
		return find(true, true);
	return slice_is_nocase(local, "ham") ? find(false, true) : NULL;
}

static size_t count_waiting(const struct spool *spool, uint64_t *all_bytes)
{
	struct error error;
	size_t sum = 0;

	*all_bytes = 0;
	for (size_t i = 0; i < LESSON_FOLDERS; i++) {
		uint64_t bytes;
		size_t count;

		if (mailbox_bytes(spool, lesson_folders[i].mailbox, &bytes, &count, &error) == 0) {
			sum += count;
			*all_bytes += bytes;
		}
	}
	return sum;
}

size_t lesson_waiting(const struct spool *spool)
{
	uint64_t bytes;

	return count_waiting(spool, &bytes);
}

bool lesson_has_room(const struct spool *spool, size_t count)
{
	uint64_t bytes;

	return count_waiting(spool, &bytes) + count <= LESSONS_MAX && bytes < LESSONS_BYTES;
}

void lesson_trouble_put(struct state *state, const char *why)
{
	struct error error;

	if (state_set(state, TROUBLE, why, &error) != 0)
		log_warnx("event=lessons-state-failed reason=%s", LOG_ERROR(&error));
}

char *lesson_trouble_get(struct state *state)
{
	struct error error;
	char *why = NULL;

	if (state == NULL || state_get(state, TROUBLE, &why, &error) != 0)
		return NULL;
	return why;
}

void lesson_expire(struct state *state)
{
	struct error error;

	if (state_lessons_prune(state, clock_wall() - KNOWN_SECONDS, &error) != 0)
		log_warnx("event=lessons-state-failed reason=%s", LOG_ERROR(&error));
}
