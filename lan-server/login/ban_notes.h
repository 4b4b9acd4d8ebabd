/*
 * The persistent part of bans.h: known addresses of users, and bans. Lines of text, one note each; the gateway stores them
 * in the spool.
 *
 *     known 192.168.1.5 1790000000 ivan
 *     address 192.168.1.9 1790000000 2
 *     network fd00:: 1790000000 1
 *
 * The number after the address is the expiry of the note (seconds since 1970), the last one counts the bans of that
 * address. The number of notes is limited: a user has at most BAN_NOTES_OF_USER known addresses, and a new note
 * replaces the oldest one.
 */
#ifndef LANPOST_LAN_BAN_NOTES_H
#define LANPOST_LAN_BAN_NOTES_H

#include "base/buf.h"

#include <netinet/in.h>

#define BAN_NOTE_NAME_MAX 320
#define BAN_NOTES_MAX 4096
#define BAN_NOTES_OF_USER 32
#define BAN_NOTES_TEXT_MAX (BAN_NOTES_MAX * (BAN_NOTE_NAME_MAX + 96))
#define BAN_NOTES_LONGEST (40 * 60)	/* seconds of the longest ban */
#define BAN_NOTES_FORGOTTEN (24 * 3600) /* seconds that a ban is kept after its end: the next one is longer */

enum ban_note_kind { BAN_NOTE_KNOWN, BAN_NOTE_ADDRESS, BAN_NOTE_NETWORK, BAN_NOTE_KINDS };

struct ban_note {
	enum ban_note_kind kind;
	struct in6_addr client;
	int64_t until;	/* seconds since 1970 */
	unsigned times; /* BAN_NOTE_ADDRESS, BAN_NOTE_NETWORK */
	char name[BAN_NOTE_NAME_MAX + 1]; /* BAN_NOTE_KNOWN: name of the user */
};

struct ban_notes {
	struct ban_note *items;
	size_t count;
};

/* One line, without its end. Reading returns false for anything else. */
void ban_note_write(const struct ban_note *note, struct buf *out);
bool ban_note_read(struct slice line, struct ban_note *note);

/* Adds a note, or renews the existing one. now: seconds since 1970. */
void ban_notes_add(struct ban_notes *notes, const struct ban_note *note, int64_t now);
/* Adds all notes of a text; invalid lines are skipped. */
void ban_notes_read(struct ban_notes *notes, struct slice text, int64_t now);
/* Writes the notes that have not ended. A ban that would end later than any ban can (the clock was wrong when it was noted,
 * and was corrected) is shortened to the longest one: otherwise each reload would renew it. */
void ban_notes_write(struct ban_notes *notes, int64_t now, struct buf *out);
void ban_notes_clear(struct ban_notes *notes);

#endif
