#include "ui-tui/screens/section_list.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/command/control_client.h"
#include "ui-tui/screens/dialog.h"
#include "ui-tui/screens/undo.h"

#include <stdio.h>
#include <stdlib.h>

#define ANSWER_SECONDS 30

struct section_list *section_list_open(const struct list_column *columns, size_t count)
{
	struct section_list *rows = xcalloc(1, sizeof(*rows));

	list_init(&rows->list, columns, count);
	return rows;
}

void section_list_close(void *state)
{
	struct section_list *rows = state;

	list_clear(&rows->list);
	free(rows);
}

struct list *section_list_list(void *state)
{
	return &((struct section_list *)state)->list;
}

bool section_list_are_stale(const struct tui *tui, struct section_list *rows, bool now)
{
	bool stale = now || rows->conf_number != tui->conf_number || rows->status_number != tui->link.status_number;

	rows->conf_number = tui->conf_number;
	rows->status_number = tui->link.status_number;
	return stale;
}

char *section_list_selected(const struct list *list)
{
	const struct list_row *row = list_selected(list);

	return row == NULL ? NULL : xstrdup(row->id);
}

#define NAMES_SHOWN 3

/* "ivan", "ivan, anna", or "ivan, anna, olga and 4 more"; new memory. */
static char *section_list_names(const struct strlist *ids)
{
	struct buf names = BUF_INIT(8192);
	size_t shown = ids->count <= NAMES_SHOWN + 1 ? ids->count : NAMES_SHOWN;
	char *text;

	for (size_t i = 0; i < shown; i++)
		buf_printf(&names, "%s%s", i == 0 ? "" : ", ", ids->items[i]);
	if (ids->count > shown) /* TRANSLATORS: follows some names */
		buf_printf(&names, _n(" and %zu more", " and %zu more", ids->count - shown), ids->count - shown);
	text = xstrdup(buf_text(&names));
	buf_clear(&names);
	return text;
}

/* One question for all of them, with their number. */
static bool ask_removal(struct tui *tui, const struct strlist *ids, const char *question, const char *yes)
{
	char *names = section_list_names(ids), *text = xasprintf(question, names), *all = text;
	bool agreed;

	if (ids->count > 1)
		all = xasprintf(_n("%s\n\n"
		    "Marked: %zu row.", "%s\n\n"
		        "Marked: %zu rows.", ids->count), text, ids->count);
	agreed = dialog_confirm(tui, _("Remove"), all, yes);
	if (all != text)
		free(all);
	free(text);
	free(names);
	return agreed;
}

void section_list_remove(struct tui *tui, struct list *list, const char *question, const char *yes, int (*verb)(struct cli *cli))
{
	struct strlist ids = {NULL, 0};
	char *names;

	list_chosen(list, &ids);
	if (ids.count > 0 && ask_removal(tui, &ids, question, yes)) {
		undo_files_begin(tui);
		if (dialog_quiet_each(tui, verb, &ids, NULL, NULL) == CLI_DONE)
			list_unmark(list);
		names = section_list_names(&ids);
		undo_files_end(tui, _("%s removed"), names);
		free(names);
	}
	tui_changed(tui);
	strlist_clear(&ids);
}

void section_list_show(struct tui *tui, struct list *list, const char *title, int (*verb)(struct cli *cli))
{
	struct strlist ids = {NULL, 0};

	list_chosen(list, &ids);
	if (ids.count > 0)
		dialog_verb(tui, title, verb, &ids);
	strlist_clear(&ids);
}

/* --- a request */

struct asking {
	const struct conf *conf;
	json_t *request;
	const char *done;
};

static int ask(void *context)
{
	struct asking *asking = context;
	json_t *answer;
	int result = control_client_call(asking->conf, json_incref(asking->request), ANSWER_SECONDS, NULL, NULL, &answer);

	if (result == CLI_DONE) {
		puts(asking->done);
		json_decref(answer);
	}
	return result;
}

int section_list_ask_gateway(struct tui *tui, json_t *request, const char *done)
{
	struct asking asking = {tui->conf, request, done};
	int result = dialog_quiet_job(tui, ask, &asking, NULL);

	json_decref(request);
	return result;
}
