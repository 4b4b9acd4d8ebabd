/*
 * A section of the configuration as a form: its keys by the table of config/schema.c, changed in its file.
 *
 * What is saved keeps comments and order, is checked as a whole, and the gateway reads it at once. If somebody else has
 * changed the file meanwhile, that is said, and the changes can be put into the file as it is then.
 */
#ifndef LANPOST_UI_TUI_SECTION_H
#define LANPOST_UI_TUI_SECTION_H

#include "config/ini.h"
#include "ui-tui/command/edit.h"
#include "ui-tui/screens/form_dialog.h"

struct section_form {
	const char *kind; /* "user" */
	const char *name; /* NULL: a new one, whose name is asked for; "" for a section without names */
	const char *file; /* for a new one, beside lanpost.conf: "users.conf" */
	const char *only; /* this key alone, NULL: all */
	const char *title, *about; /* translated */
	void *context;
	/* All may be NULL. Adds fields of its own above the keys, which have no schema, and buttons behind Save and Cancel; the
	 * second one sees the whole form. */
	void (*prepare)(struct tui *tui, struct section_form *section, struct form *form);
	void (*prepared)(struct tui *tui, struct section_form *section, struct form *form);
	/* Whether a key is not a field here: it is written by apply(). */
	bool (*is_hidden)(const struct schema_key *key);
	void (*changed)(struct tui *tui, struct form_dialog *dialog); /* dialog->context is the section_form */
	void (*idle)(struct tui *tui, struct form_dialog *dialog);
	void (*draw_below)(struct tui *tui, struct form_dialog *dialog, struct rect area);
	int rows_below;
	/* Puts into the file what is not a field; false with dialog->message set. */
	bool (*apply)(struct tui *tui, struct form_dialog *dialog, struct edit *edit, const char *name);
	/* A button of its own was pressed. edit has the text with what is typed so far. */
	void (*pressed)(struct tui *tui, struct form_dialog *dialog, struct edit *edit, const char *name);
	struct form form;
	struct edit edit;
	char *more; /* the button for the fields that are not wanted every day */
	char *saved_name; /* after it was saved; the caller frees it */
};

/* Shows the form until it is saved (true) or left. */
bool section_form_run(struct tui *tui, struct section_form *section);

/* All files of the configuration as they are written; end it with ini_clear(). */
void section_read_all(const struct tui *tui, struct ini *ini);
/* A section, NULL if it is nowhere; and the text of a key in it, NULL if it is not given. */
const struct ini_section *section_find(const struct ini *ini, const char *kind, const char *name);
const char *section_value(const struct ini_section *section, const char *key);

#endif
