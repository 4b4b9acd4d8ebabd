/*
 * The last login of each user, before it is written to the state: kept in memory and written with the next checkpoint,
 * or by a separate one, but at most once per LOGINS_MS: mail programs log in frequently.
 */
#include "base/clock.h"
#include "base/cond.h"
#include "spool/log/intake_priv.h"

#include <assert.h>
#include <stdlib.h>

#define LOGINS_MS 60000

static void forget_login(struct intake *intake, const char *user)
{
	struct note **at = &intake->logins, *note;

	while (*at != NULL && strcmp((*at)->login.user, user) != 0)
		at = &(*at)->next;
	note = *at;
	if (note == NULL)
		return;
	*at = note->next;
	free(note);
}

void intake_login(struct intake *intake, const char *user, const char *protocol, const char *address)
{
	struct note *note = note_new(&(struct note){.kind = NOTE_LOGIN, .time = clock_wall(), .login = {user, protocol, address}});

	pthread_mutex_lock(&intake->lock);
	if (intake->logins == NULL) {
		int64_t now = clock_now_ms();

		intake->logins_at = intake->logins_written == 0 || now - intake->logins_written > LOGINS_MS
					? now
					: intake->logins_written + LOGINS_MS;
		pthread_cond_signal(&intake->wake);
	}
	forget_login(intake, user);
	note->next = intake->logins;
	intake->logins = note;
	pthread_mutex_unlock(&intake->lock);
}

int64_t intake_logins_left_ms(const struct intake *intake)
{
	assert(cond_is_locked(&intake->lock));
	return intake->logins == NULL ? INT64_MAX : clock_left_ms(intake->logins_at);
}

void intake_gather_logins(struct intake *intake)
{
	assert(cond_is_locked(&intake->lock));
	if (intake->logins == NULL)
		return;
	*intake->notes_end = intake->logins;
	while (*intake->notes_end != NULL)
		intake->notes_end = &(*intake->notes_end)->next;
	intake->logins = NULL;
	intake->logins_written = clock_now_ms();
}
