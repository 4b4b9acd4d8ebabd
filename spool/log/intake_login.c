/*
 * Who has logged in last, on its way to the state: the last login of each user is kept in memory and written with the next
 * checkpoint, or by one of its own, but not more often than once in LOGINS_MS: mail programs log in again and again.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "spool/log/intake_priv.h"

#include <stdlib.h>

#define LOGINS_MS 60000

static struct note *find_login(struct intake *intake, const char *user)
{
	for (struct note *note = intake->logins; note != NULL; note = note->next)
		if (strcmp(note->text[0], user) == 0)
			return note;
	return NULL;
}

/* Returns the user's note without its texts but the name. */
static struct note *login_of(struct intake *intake, const char *user)
{
	struct note *note = find_login(intake, user);

	if (note == NULL) {
		note = xcalloc(1, sizeof(*note));
		note->kind = NOTE_LOGIN;
		note->text[0] = xstrdup(user);
		note->next = intake->logins;
		intake->logins = note;
	}
	free(note->text[1]);
	free(note->text[2]);
	return note;
}

void intake_login(struct intake *intake, const char *user, const char *protocol, const char *address)
{
	struct note *note;

	pthread_mutex_lock(&intake->lock);
	if (intake->logins == NULL) {
		int64_t now = clock_now_ms();

		intake->logins_at = intake->logins_written == 0 || now - intake->logins_written > LOGINS_MS
					? now
					: intake->logins_written + LOGINS_MS;
		pthread_cond_signal(&intake->wake);
	}
	note = login_of(intake, user);
	note->text[1] = xstrdup(protocol);
	note->text[2] = xstrdup(address);
	note->time = clock_wall();
	pthread_mutex_unlock(&intake->lock);
}

int64_t logins_left_ms(const struct intake *intake)
{
	return intake->logins == NULL ? INT64_MAX : clock_left_ms(intake->logins_at);
}

void logins_gather(struct intake *intake)
{
	if (intake->logins == NULL)
		return;
	*intake->notes_end = intake->logins;
	while (*intake->notes_end != NULL)
		intake->notes_end = &(*intake->notes_end)->next;
	intake->logins = NULL;
	intake->logins_written = clock_now_ms();
}
