#include "ui-tui/tui_rows.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/client.h"
#include "ui-tui/tui_dialog.h"

#include <stdio.h>
#include <stdlib.h>

#define ANSWER_SECONDS 30

struct rows *rows_open(const struct list_column *columns, size_t count)
{
	struct rows *rows = xcalloc(1, sizeof(*rows));

	list_init(&rows->list, columns, count);
	return rows;
}

void rows_close(void *state)
{
	struct rows *rows = state;

	list_clear(&rows->list);
	free(rows);
}

struct list *rows_list(void *state)
{
	return &((struct rows *)state)->list;
}

bool rows_are_stale(const struct tui *tui, struct rows *rows, bool now)
{
	bool stale = now || rows->conf_number != tui->conf_number || rows->status_number != tui->link.status_number;

	rows->conf_number = tui->conf_number;
	rows->status_number = tui->link.status_number;
	return stale;
}

char *rows_selected(const struct list *list)
{
	const struct list_row *row = list_selected(list);

	return row == NULL ? NULL : xstrdup(row->id);
}

void rows_remove(struct tui *tui, const struct list *list, const char *question, const char *yes, int (*verb)(struct cli *cli))
{
	struct strlist words = {NULL, 0};
	char *name = rows_selected(list), *text;

	if (name == NULL)
		return;
	text = xasprintf(question, name);
	strlist_add(&words, name);
	if (dialog_confirm(tui, _("Remove"), text, yes))
		dialog_quiet_verb(tui, verb, &words, NULL, NULL);
	tui_changed(tui);
	strlist_clear(&words);
	free(text);
	free(name);
}

void rows_show(struct tui *tui, const struct list *list, const char *title, int (*verb)(struct cli *cli))
{
	struct strlist words = {NULL, 0};
	char *name = rows_selected(list);

	if (name == NULL)
		return;
	strlist_add(&words, name);
	dialog_verb(tui, title, verb, &words);
	strlist_clear(&words);
	free(name);
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
	int result = client_call(asking->conf, json_incref(asking->request), ANSWER_SECONDS, NULL, NULL, &answer);

	if (result == CLI_DONE) {
		puts(asking->done);
		json_decref(answer);
	}
	return result;
}

int rows_ask_gateway(struct tui *tui, json_t *request, const char *done)
{
	struct asking asking = {tui->conf, request, done};
	int result = dialog_quiet_job(tui, ask, &asking, NULL);

	json_decref(request);
	return result;
}
