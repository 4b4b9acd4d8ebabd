#include "gateway/damage.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/report.h"
#include "mail/queue.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define NAMES_MAX 16384 /* of all that is listed in one letter */

/* True the first time. Both files of a queue entry count as one. */
static bool is_news(struct state *state, const char *name)
{
	size_t len = strlen(name);
	bool is_pair = len > 4 && (strcmp(name + len - 4, ".env") == 0 || strcmp(name + len - 4, ".msg") == 0);
	char *key = xasprintf("corrupt %.*s", (int)(is_pair ? len - 4 : len), name);
	struct error error;
	int news = state_problem_set(state, key, "set-aside", name, clock_wall(), &error);

	if (news < 0)
		log_warnx("event=problem-not-noted reason=%s", LOG_ERROR(&error));
	free(key);
	return news == 1;
}

static void list_news(const char *folder, struct state *state, struct buf *names)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char shown[512];

		if (entry->d_name[0] != '.' && strstr(entry->d_name, ".tmp") == NULL &&
		    is_news(state, entry->d_name))
			buf_printf(names, "    %s\n",
			    str_printable(shown, sizeof(shown), slice_of(entry->d_name)));
	}
	if (dir != NULL)
		closedir(dir);
}

void damage_report(const struct conf *conf, struct intake *intake, struct state *state,
    const char *session)
{
	char *folder = xasprintf("%s/queue/%s", conf->gateway.spool, queue_state_names[QUEUE_CORRUPT]);
	struct buf names = BUF_INIT(NAMES_MAX), text = BUF_INIT(REPORT_TEXT_MAX);
	struct error error;

	list_news(folder, state, &names);
	if (names.len > 0) {
		buf_printf(&text, _("These files were damaged and set aside in %s:\n\n"), folder);
		buf_append_slice(&text, buf_slice(&names));
		buf_append_text(&text,
		    _("\nEverything else goes on. What can still be read of a letter is in its file; "
		      "`lanpost queue delete ID` removes a damaged letter of the queue.\n"));
		if (report_send(conf, intake, session, CONF_POSTMASTER, _("Problem: damaged files"),
			buf_slice(&text), NULL, 0, &error) != 0)
			log_warnx("event=report-failed subject=damage reason=%s", LOG_ERROR(&error));
	}
	buf_clear(&names);
	buf_clear(&text);
	free(folder);
}
