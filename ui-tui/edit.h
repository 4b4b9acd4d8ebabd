/*
 * Changes to the configuration by the verbs: read a file, edit its text, and put it in place only if the
 * whole is good with it; a running gateway is told.
 */
#ifndef LANPOST_UI_TUI_EDIT_H
#define LANPOST_UI_TUI_EDIT_H

#include "base/buf.h"
#include "ui-tui/cli.h"

struct edit {
	struct cli *cli;   /* borrowed, as is conf */
	struct conf *conf; /* as it was before the change */
	char *file;
	struct buf text, before; /* as it is to be, and as it was read */
};

/* Begins with the file that holds a section, or with the one of that name beside lanpost.conf ("users.conf"). Returns
 * false after a message. The caller ends it with edit_clear() in either case. */
bool edit_begin(struct edit *edit, struct cli *cli, struct conf *conf, const char *file);
bool edit_begin_beside(struct edit *edit, struct cli *cli, struct conf *conf, const char *name);
void edit_clear(struct edit *edit);
/* The text as it was read: changes can be made anew. */
void edit_restart(struct edit *edit);
/* Whether somebody else has written the file since it was read. */
bool edit_is_stale(const struct edit *edit);
/* Reads the file again, so that changes go into what it is now. Returns false after a message. */
bool edit_reread(struct edit *edit);
/* Sets a key. Returns false after a message. */
bool edit_set(struct edit *edit, const char *kind, const char *name, const char *key, const char *value);
/* Sets the keys that were given as options; one that stands more than once becomes a list. */
bool edit_set_options(struct edit *edit, const char *kind, const char *name);
/* Refuses what would be wrong, else writes the file and tells the gateway. Returns an exit code. */
int edit_commit(struct edit *edit);
/* Takes a section out of its file and commits that. Returns an exit code. */
int edit_remove(struct edit *edit, const char *kind, const char *name);

#endif
