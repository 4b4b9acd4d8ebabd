/*
 * A form on the screen.
 */
#ifndef LANPOST_UI_TUI_FORM_DIALOG_H
#define LANPOST_UI_TUI_FORM_DIALOG_H

#include "ui-tui/screens/tui.h"
#include "ui-tui/widgets/form.h"

struct form_dialog {
	const char *title;
	const char *about; /* a line above the fields, "" */
	struct form *form;
	void *context;
	/* Called after a change; may be NULL. */
	void (*changed)(struct tui *tui, struct form_dialog *dialog);
	/* Called when nothing was typed for a moment; may be NULL. */
	void (*idle)(struct tui *tui, struct form_dialog *dialog);
	/* Draws an area below the fields, this many rows high; may be NULL. */
	void (*draw_below)(struct tui *tui, struct form_dialog *dialog, struct rect area);
	int rows_below;
	/* F4 in a field for names: the names to choose from (initialised); may be NULL. */
	void (*names)(struct tui *tui, struct form_dialog *dialog, const struct form_field *field, struct strlist *names);
	char message[512]; /* the error of the whole form, "" */

	/* Private: */
	size_t top;
	struct rect fields_area;
	int button_ends[FORM_BUTTONS], buttons_y;
};

/* Runs it until a button is pressed; returns its index, -1 for Esc. Changes are not lost without a
 * question. */
int form_dialog_run(struct tui *tui, struct form_dialog *dialog);

#endif
