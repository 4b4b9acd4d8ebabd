/*
 * A section of the configuration as a form: its keys from the table in config/schema.c, saved to its file.
 *
 * Saving keeps comments and order, checks the whole configuration, and reloads the gateway. If another process has
 * changed the file meanwhile, this is reported, and the changes can be applied to its present text.
 */
#ifndef LANPOST_UI_TUI_SECTION_H
#define LANPOST_UI_TUI_SECTION_H

#include "config/ini.h"
#include "ui-tui/command/config_edit.h"
#include "ui-tui/screens/form_dialog.h"

struct section_form {
	const char *kind; /* "user" */
	const char *name; /* NULL: a new one, with a field for its name; "" for a section without names */
	enum conf_file file; /* for a new one */
	const char *only; /* only this key, NULL: all */
	const char *title, *about; /* translated */
	void *context;
	/* All may be NULL. Adds separate fields without a schema above the keys, and buttons after Save and Cancel; the
	 * second function sees the whole form. */
	void (*prepare)(struct tui *tui, struct section_form *section, struct form *form);
	void (*prepared)(struct tui *tui, struct section_form *section, struct form *form);
	/* Whether a key is not a field here: apply() writes it. */
	bool (*is_hidden)(const struct schema_key *key);
	void (*changed)(struct tui *tui, struct form_dialog *dialog); /* dialog->context is the section_form */
	void (*idle)(struct tui *tui, struct form_dialog *dialog);
	void (*draw_below)(struct tui *tui, struct form_dialog *dialog, struct rect area);
	int rows_below;
	/* Writes values without a field to the file; returns false with dialog->message set. */
	bool (*apply)(struct tui *tui, struct form_dialog *dialog, struct config_edit *edit, const char *name);
	/* An additional button was pressed. edit has the text with the input so far. */
	void (*pressed)(struct tui *tui, struct form_dialog *dialog, struct config_edit *edit, const char *name);
	struct form form;
	struct config_edit edit;
	char *more; /* the button for the rarely used fields */
	char *saved_name; /* after it was saved; the caller frees it */
};

/* Shows the form until it is saved (true) or cancelled. */
bool section_form_run(struct tui *tui, struct section_form *section);

/* All files of the configuration as text; the caller calls ini_clear(). */
void section_read_all(const struct tui *tui, struct ini *ini);
/* Finds a section, NULL if it does not exist; and the text of a key in it, NULL if it is not
 * set. */
const struct ini_section *section_find(const struct ini *ini, const char *kind, const char *name);
const char *section_value(const struct ini_section *section, const char *key);

#endif
