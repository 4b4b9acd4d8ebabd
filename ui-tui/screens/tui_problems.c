#include "ui-tui/screens/tui_problems.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/file/path.h"
#include "config/conf_file.h"
#include "spool/problem.h"
#include "spool/maintenance/damage.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SHOWN_MAX 50 /* of the configuration; the others appear when these are fixed */

static void add(struct tui_problems *problems, enum term_style style, enum tui_place place, const char *id,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

static void add(struct tui_problems *problems, enum term_style style, enum tui_place place, const char *id,
    const char *format, ...)
{
	struct tui_problem problem = {.style = style, .place = place, .id = xstrdup(id)};
	va_list args;

	va_start(args, format);
	problem.text = xvasprintf(format, args);
	va_end(args);
	ARRAY_GROW(problems->items, problems->count);
	problems->items[problems->count++] = problem;
}

void tui_problems_clear(struct tui_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		free(problems->items[i].id);
		free(problems->items[i].text);
		free(problems->items[i].file);
	}
	free(problems->items);
	*problems = (struct tui_problems){0};
}

static enum tui_place place_of_file(const char *file)
{
	static const enum tui_place places[CONF_FILES] = {[CONF_FILE_MAIN] = SCREEN_SETTINGS,
	    [CONF_FILE_USERS] = SCREEN_USERS, [CONF_FILE_ACCOUNTS] = SCREEN_ACCOUNTS, [CONF_FILE_RULES] = SCREEN_SORTER};

	return places[conf_file_find(file)];
}

static void find_in_files(const struct conf_problems *found, bool warnings, struct tui_problems *problems)
{
	for (size_t i = 0; i < found->count && i < SHOWN_MAX; i++) {
		const struct conf_problem *item = &found->items[i];

		struct conf_problem shown = *item;
		struct error error;

		if (item->is_warning != warnings)
			continue;
		shown.place.file = path_name(item->place.file);
		conf_problem_error(&shown, &error);
		add(problems, warnings ? STYLE_WARNING : STYLE_BAD, place_of_file(item->place.file), "", "%s", ERROR_SAID(&error));
		problems->items[problems->count - 1].file = xstrdup(item->place.file);
		problems->items[problems->count - 1].line = item->place.line;
		problems->items[problems->count - 1].is_exposed = item->is_exposed;
	}
}

/* "account sales" refers to that account. */
static void add_known(void *context, const char *key, const char *text, int64_t since)
{
	static const struct {
		const char *kind;
		enum tui_place place;
	} kinds[] = {{"account ", SCREEN_ACCOUNTS}, {"login account ", SCREEN_ACCOUNTS}, {"smarthost ", SCREEN_SETTINGS}, {"login smarthost ", SCREEN_SETTINGS}};
	enum tui_place place = SCREEN_JOURNAL;
	char id[256] = "", time[32];
	struct msgid entry;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strncmp(key, kinds[i].kind, strlen(kinds[i].kind)) == 0) {
			place = kinds[i].place;
			snprintf(id, sizeof(id), place == SCREEN_ACCOUNTS ? "%s" : "smarthost|%s|url",
			    key + strlen(kinds[i].kind));
		}
	if (damage_entry(key, &entry)) {
		place = SCREEN_QUEUE;
		snprintf(id, sizeof(id), "%s", entry.text);
	}
	/* TRANSLATORS: a problem: what, since when, what is wrong */
	add(context, STYLE_BAD, place, id, _("%s, since %s: %s"), PHRASE_SAID(PROBLEM_NAME(key)),
	    i18n_time(time, sizeof(time), since), PHRASE_SAID(text));
}

static void find_in_queue(const unsigned counts[], struct tui_problems *problems)
{
	if (counts[QUEUE_CORRUPT] > 0)
		add(problems, STYLE_BAD, SCREEN_QUEUE, "", _n("%u message in the queue is damaged",
		    "%u messages in the queue are damaged", counts[QUEUE_CORRUPT]), counts[QUEUE_CORRUPT]);
	if (counts[QUEUE_DEFERRED] > 0)
		add(problems, STYLE_WARNING, SCREEN_QUEUE, "", _n("%u message was deferred and is "
		    "retried automatically",
		    "%u messages were deferred and are retried automatically", counts[QUEUE_DEFERRED]), counts[QUEUE_DEFERRED]);
	if (counts[QUEUE_HOLD] > 0)
		add(problems, STYLE_WARNING, SCREEN_QUEUE, "", _n("%u message is on hold",
		    "%u messages are on hold", counts[QUEUE_HOLD]), counts[QUEUE_HOLD]);
}

static void find_missing(const struct conf *conf, struct tui_problems *problems)
{
	if (conf->user_count == 0)
		add(problems, STYLE_WARNING, SCREEN_USERS, "", "%s",
		    _("there are no users yet: nobody can read or send mail"));
	if (conf->account_count == 0)
		add(problems, STYLE_WARNING, SCREEN_ACCOUNTS, "", "%s",
		    _("there are no accounts yet: no mail is fetched"));
	if (conf->smarthost_count == 0)
		add(problems, STYLE_WARNING, SCREEN_SETTINGS, "smarthost", "%s",
		    _("there is no smarthost yet: no mail is sent outside the office"));
}

const char *tui_problem_advice(const struct tui_problem *problem)
{
	static const char *const advice[SCREENS] = {
	    [SCREEN_OVERVIEW] = N_("Start the gateway here, or as a service (systemctl start lanpost)."),
	    [SCREEN_USERS] = N_("Open the user on the Users screen and correct the setting, or edit "
	        "the file; `lanpost check` prints all errors."),
	    [SCREEN_ACCOUNTS] = N_("Open the Accounts screen: t tests the account step by step and "
	        "says what to change, Enter changes it. The problem ends with the next successful "
	        "session."),
	    [SCREEN_SORTER] = N_("Open the rule on the Sorter screen and correct it, or edit the "
	        "file; `lanpost check` prints all errors."),
	    [SCREEN_QUEUE] = N_("The Queue screen shows each message and the last reply of the "
	        "server. Enter shows it in full, y retries, h holds, d deletes."),
	    [SCREEN_MAILBOXES] = N_("See the Mailboxes screen."),
	    [SCREEN_JOURNAL] = N_("The Journal screen shows what happened; the log has the details. "
	        "The problem ends when the gateway finds that it is resolved."),
	    [SCREEN_SETTINGS] = N_("Change the setting on the Settings screen, or edit the file; "
	        "`lanpost check` prints all errors."),
	};

	return _(advice[problem->place]);
}

void tui_problems_find(struct tui *tui, const unsigned queue_counts[], struct tui_problems *problems)
{
	struct state *state = tui_state(tui);
	struct error error;

	tui_problems_clear(problems);
	if (!tui->link.is_up)
		add(problems, STYLE_BAD, SCREEN_OVERVIEW, "", "%s",
		    _("the gateway is not running: no mail is accepted, fetched or sent"));
	find_in_files(&tui->problems, false, problems);
	if (state != NULL)
		state_problems(state, add_known, problems, &error);
	find_in_queue(queue_counts, problems);
	find_missing(tui->conf, problems);
	find_in_files(&tui->problems, true, problems);
}
