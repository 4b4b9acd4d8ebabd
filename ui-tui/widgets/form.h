/*
 * A form: labelled fields that are checked during input, and buttons below. No I/O.
 *
 * A field may represent a key of the configuration; then config/schema.c defines its validity, default and help.
 * An empty field means the default.
 */
#ifndef LANPOST_UI_TUI_FORM_H
#define LANPOST_UI_TUI_FORM_H

#include "config/schema.h"
#include "ui-tui/widgets/tui_line.h"

#define FORM_BUTTONS 4

enum form_kind { FORM_TEXT, FORM_SECRET, FORM_CHOICE };

struct form_field {
	const char *key;		 /* its name; of a schema key, or our own */
	const char *label, *help;	 /* translated; borrowed */
	const struct schema_key *schema; /* NULL: none */
	enum form_kind kind;
	const char *const *words;	 /* of a choice, NULL-terminated */
	const char *const *shown;	 /* the labels of the words, N_(); NULL: the words themselves */
	struct tui_line line;
	char *before;	  /* its text when the form was created */
	bool is_touched;  /* the user has typed in it */
	bool is_required;
	char error[256];  /* the error of the text, "" */
	char note[1024];	  /* further text about it, "" */
};

struct form {
	struct form_field **fields;
	size_t count; /* number of shown fields; the others appear with the button "more" */
	size_t total;
	size_t at; /* the current field; count and more: the buttons */
	const char *buttons[FORM_BUTTONS]; /* translated; Enter presses the first one */
	size_t button_count;
	bool has_more; /* the last button shows the other fields */
};

enum form_event { FORM_NOTHING, FORM_MOVED, FORM_CHANGED, FORM_PRESSED };

void form_clear(struct form *form);
/* Adds a field; its arguments must outlive the form. */
struct form_field *form_add(struct form *form, const char *key, const char *label, enum form_kind kind,
    const char *text);
/* Adds a field for a key of the configuration. */
struct form_field *form_add_key(struct form *form, const struct schema_section *section, const struct schema_key *key,
    const char *text);
/* Called after all fields and buttons: the fields from there on are shown when the button with that text
 * is pressed. */
void form_hide(struct form *form, size_t from, const char *button);
void form_button(struct form *form, const char *label);
struct form_field *form_find(const struct form *form, const char *key); /* NULL */
/* New memory; wipe it if it is a secret. */
char *form_text(const struct form_field *field);
/* Sets the text of a field that the user has not changed. */
void form_suggest(struct form_field *field, const char *text);
bool form_is_changed(const struct form_field *field);
bool form_any_changed(const struct form *form);
/* Checks each field; returns the first invalid one, NULL if all are valid. */
struct form_field *form_check(struct form *form);
/* Goes to a field. */
void form_focus(struct form *form, const struct form_field *field);
/* Presses the current button. */
enum form_event form_press(struct form *form);
/* Handles a key. FORM_PRESSED: the button form->at - form->count. */
enum form_event form_key(struct form *form, int key);

#endif
