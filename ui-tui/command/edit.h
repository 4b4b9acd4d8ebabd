/*
 * Changes to the configuration by verbs and forms: read a file, edit its text, and put it in place only if it makes nothing
 * worse; a running gateway reloads as soon as the whole is good.
 */
#ifndef LANPOST_UI_TUI_EDIT_H
#define LANPOST_UI_TUI_EDIT_H

#include "base/buf.h"
#include "ui-tui/command/cli.h"

struct edit {
	struct cli *cli;   /* borrowed, as is conf */
	struct conf *conf; /* as it was before the change */
	char *file;
	struct buf text, before; /* as it is to be, and as it was read */
	/* May be NULL: has the last word on the configuration as it would be. Returns an exit code, after a message. */
	int (*approve)(struct edit *edit, const struct conf *after);
	const char *name; /* of the section, for `approve` */
	/* After edit_commit(): what the admin should know of the whole all the same; "" for nothing. */
	char remark[512];
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
/* Removes a key, which need not be there. Returns false after a message. */
bool edit_unset(struct edit *edit, const char *kind, const char *name, const char *key);
/* Sets the keys that were given as options (one that is given more than once becomes a list, an empty one is removed), and
 * removes those of --unset. */
bool edit_set_options(struct edit *edit, const char *kind, const char *name);
/* Refuses what would bring a new error, unless there are fewer than before; else writes the file. A configuration that is
 * good is reported to the gateway. Returns an exit code. */
int edit_commit(struct edit *edit);
/* Changes a section that is there by the options that were given (edit_set_options) and commits that. approve: as in struct
 * edit. Returns an exit code. */
int edit_section(struct cli *cli, struct conf *conf, const char *file, const char *kind, const char *name,
    int (*approve)(struct edit *edit, const struct conf *after));
/* Takes a section out of its file and commits that. Returns an exit code. */
int edit_remove(struct edit *edit, const char *kind, const char *name);

#endif
