/*
 * Where each user is known and who is shut out (lan-server/login/ban_notes.h), kept in the spool by the supervisor for the process that checks
 * passwords, which has no files. A new note is in memory at once, so that process may die at any time; it is on the disk a second later
 * at most.
 */
#ifndef LANPOST_GATEWAY_LOGIN_NOTES_H
#define LANPOST_GATEWAY_LOGIN_NOTES_H

#include "spool/spool.h"
#include "lan-server/login/ban_notes.h"

struct login_notes {
	char *path;
	struct ban_notes notes;
	int64_t write_at; /* monotonic, 0: nothing has changed */
	int64_t written;
};

/* Reads what is there; what cannot be read is logged, and missed. */
void login_notes_open(struct login_notes *notes, const struct spool *spool);
/* Takes a note, as a line. */
void login_notes_add(struct login_notes *notes, const char *line);
/* Appends all that have not ended. */
void login_notes_write(const struct login_notes *notes, struct buf *out);
/* Saves what has changed, if it is time for that. now: monotonic; INT64_MAX saves at once. */
void login_notes_save(struct login_notes *notes, int64_t now);
void login_notes_close(struct login_notes *notes);

#endif
