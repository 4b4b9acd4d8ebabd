/*
 * Known addresses of users, and bans (lan-server/login/ban_notes.h). The supervisor stores them in the spool for the
 * password process, which has no files. A new note is in memory at once, so that process may die at any time; it is
 * written to disk within a second.
 */
#ifndef LANPOST_GATEWAY_LOGIN_NOTES_H
#define LANPOST_GATEWAY_LOGIN_NOTES_H

#include "spool/spool.h"
#include "lan-server/login/ban_notes.h"

struct login_notes {
	char *path;
	struct ban_notes notes;
	int64_t write_at; /* monotonic; 0: no changes */
	int64_t written;
};

/* Reads the stored notes; unreadable ones are logged and skipped. */
void login_notes_open(struct login_notes *notes, const struct spool *spool);
/* Adds a note in the form of a line. */
void login_notes_add(struct login_notes *notes, const char *line);
/* Appends all notes that have not expired. */
void login_notes_write(struct login_notes *notes, struct buf *out);
/* Saves changes when they are due. now: monotonic; INT64_MAX saves at once. */
void login_notes_save(struct login_notes *notes, int64_t now);
void login_notes_close(struct login_notes *notes);

#endif
