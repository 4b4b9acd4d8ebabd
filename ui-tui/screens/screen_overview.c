/*
 * Overview: the line, the running session, the day by hour, and the problems.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/screens/tui_list.h"
#include "ui-tui/wizard/start.h"
#include "ui-tui/screens/tui.h"
#include "ui-tui/screens/dialog.h"
#include "ui-tui/screens/overview.h"
#include "ui-tui/widgets/pace.h"
#include "ui-tui/widgets/plot.h"
#include "ui-tui/widgets/tui_text.h"
#include "ui-tui/screens/problem_file.h"
#include "ui-tui/screens/section_list.h"

#include <stdlib.h>

#define REFRESH_MS 5000
#define PLOT_ROWS 3
#define NOTES_MORE 2 /* lines of notes at most, beyond FACT_LINES */
#define LARGEST_MIN 6 /* messages per hour for a full column: a single one is not a peak */

static const struct list_column columns[] = {{"", 0, false}, {"", 12, false}};

struct overview {
	struct list list; /* see overview_fill() */
	struct tui_problems problems;
	struct overview_events events;
	struct plot plot;
	unsigned queue[QUEUE_STATES];
	json_t *last; /* session, NULL */
	struct pace pace;
	unsigned status_number, conf_number;
	bool was_up, ran;
};

static void *overview_open(struct tui *tui)
{
	struct overview *overview = xcalloc(1, sizeof(*overview));

	(void)tui;
	list_init(&overview->list, columns, ARRAY_LEN(columns));
	return overview;
}

static void overview_close(void *state)
{
	struct overview *overview = state;

	list_clear(&overview->list);
	tui_problems_clear(&overview->problems);
	overview_events_clear(&overview->events);
	json_decref(overview->last);
	free(overview);
}

static struct list *overview_list(void *state)
{
	return &((struct overview *)state)->list;
}

/* --- data */

static void count_queue(const struct spool *spool, unsigned counts[QUEUE_STATES])
{
	for (int state = 0; state < QUEUE_STATES; state++) {
		struct queue_items items;
		struct error error;

		counts[state] = 0;
		if (queue_list(spool, 1u << state, &items, &error) != 0)
			continue;
		counts[state] = (unsigned)items.count;
		queue_items_clear(&items);
	}
}

static void read_last_session(struct tui *tui, struct overview *overview)
{
	json_decref(overview->last);
	overview->last = state_session_get(tui_state(tui));
}

/* The lines after the facts to the end; the day's plot is omitted if the rows need its place. */
#define FACT_LINES 6
#define PLOT_LINES (PLOT_ROWS + 3)
#define ROW_LINES 4 /* for the selected row in full */

static bool has_plot(const struct tui *tui, const struct overview *overview, int height)
{
	int left = height - FACT_LINES - PLOT_LINES;

	return left >= 5 && (left >= (int)overview_rows(tui, &overview->problems) || height >= 2 * (FACT_LINES + PLOT_LINES));
}

static void fill_list(const struct tui *tui, struct overview *overview)
{
	int height = term_size().height - 3;
	int room = height - FACT_LINES - (has_plot(tui, overview, height) ? PLOT_LINES : 0) - ROW_LINES;

	overview_fill(tui, &overview->list, &overview->problems, &overview->events, room < 0 ? 0 : (size_t)room);
}

static void refresh_all(struct tui *tui, struct overview *overview)
{
	pace_begin(&overview->pace);
	overview->was_up = tui->link.is_up;
	overview->status_number = tui->link.status_number;
	overview->conf_number = tui->conf_number;
	count_queue(SPOOL_OF(tui->conf), overview->queue);
	plot_today(&overview->plot, tui_state(tui));
	read_last_session(tui, overview);
	tui_problems_find(tui, overview->queue, &overview->problems);
	overview_events_read(tui, &overview->events);
	pace_end(&overview->pace);
}

static void leave_session(struct list *list)
{
	const struct list_row *row = list_selected(list);

	if (row != NULL && strncmp(row->id, "problem ", 8) != 0)
		list_key(list, TERM_HOME);
}

static void overview_refresh(struct tui *tui, void *state, bool now)
{
	struct overview *overview = state;
	bool is_due = pace_is_due(&overview->pace, REFRESH_MS) || overview->was_up != tui->link.is_up ||
		      (overview->status_number != tui->link.status_number && pace_is_due(&overview->pace, 500)) || overview->conf_number != tui->conf_number;

	if (now || is_due)
		refresh_all(tui, overview);
	fill_list(tui, overview); /* a session is in progress in between */
	if (overview->ran && !tui->link.session_runs) /* problems have priority over its rows */
		leave_session(&overview->list);
	overview->ran = tui->link.session_runs;
}

/* --- drawing */

static long long number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

static int draw_fact(int y, struct rect area, const char *label, enum term_style style, const char *text)
{
	term_put(y, area.x + 1, 12, STYLE_DIM, label);
	term_put(y, area.x + 14, area.width - 15, style, text);
	return y + 1;
}

static char *gateway_text(const struct tui *tui)
{
	const json_t *gateway = json_object_get(tui->link.status, "gateway");
	char since[32];

	if (!tui->link.is_up)
		return xasprintf(_("not running (spool %s)"), tui->conf->gateway.spool);
	if (gateway == NULL)
		return xstrdup(_("running"));
	return xasprintf(_("%s, version %s, since %s"), text_of(gateway, "hostname"), text_of(gateway, "version"),
	    i18n_time(since, sizeof(since), number_of(gateway, "since")));
}

static char *line_text(const struct tui *tui)
{
	const struct conf_line *line = &tui->conf->line;

	if (!conf_line_is_dialled(tui->conf))
		return xstrdup(_("always connected"));
	if (tui->conf->way_count > 0)
		return xstrdup(tui->link.session_runs ? _("one of several lines, for this session") : _("disconnected until a session starts"));
	if (tui->link.session_runs)
		return xasprintf(_("connected for this session: %s"), line->connect_command);
	return xasprintf(_("disconnected until a session starts: %s"), line->connect_command);
}

static char *session_text(const struct tui *tui)
{
	long long next = number_of(json_object_get(tui->link.status, "session"), "next");
	char time[32];

	if (tui->link.session_runs)
		return xstrdup(_("running now; press c to cancel it"));
	if (!tui->link.is_up)
		return xstrdup("-");
	if (next == 0)
		return xstrdup(_("none scheduled; press s to start one"));
	return xasprintf(_("next at %s; press s to start one now"), i18n_time(time, sizeof(time), next));
}

/* A session that only sent, or fetched from other accounts, has no data about them. */
static bool has_account_in_trouble(const struct overview *overview)
{
	for (size_t i = 0; i < overview->problems.count; i++)
		if (overview->problems.items[i].place == SCREEN_ACCOUNTS && overview->problems.items[i].style == STYLE_BAD)
			return true;
	return false;
}

static char *last_text(const struct overview *overview, enum term_style *style)
{
	const json_t *accounts = json_object_get(overview->last, "accounts");
	bool failed = json_is_true(json_object_get(overview->last, "failed"));
	bool in_trouble = !failed && has_account_in_trouble(overview);
	const char *line = json_string_value(json_object_get(overview->last, "line"));
	long long fetched = 0;
	char time[32], *text, *with_line;

	*style = overview->last == NULL ? STYLE_NORMAL : failed ? STYLE_BAD : in_trouble ? STYLE_WARNING : STYLE_GOOD;
	if (overview->last == NULL)
		return xstrdup(_("none yet"));
	for (size_t i = 0; i < json_array_size(accounts); i++)
		fetched += number_of(json_array_get(accounts, i), "fetched");
	text = xasprintf(_("%s, %s: fetched %lld, sent %lld"),
	    i18n_time(time, sizeof(time), number_of(overview->last, "time")),
	    failed       ? _("with errors")
	    : in_trouble ? _("finished, but some accounts have problems (see below)")
			 : _("successful"),
	    fetched, number_of(overview->last, "sent"));
	if (line == NULL)
		return text;
	with_line = xasprintf(_("%s; line %s"), text, line); /* of several */
	free(text);
	return with_line;
}

/* Whole, as long as the problems have room below. */
static int draw_note(int y, struct rect area, const json_t *object, const char *field)
{
	const char *note = json_string_value(json_object_get(object, field));
	struct strlist lines = {NULL, 0};

	if (note != NULL)
		tui_text_wrap(PHRASE_SAID(note), area.width > 15 ? (size_t)area.width - 15 : 1, &lines);
	for (size_t i = 0; i < lines.count && y < area.y + FACT_LINES + NOTES_MORE; i++)
		y = draw_fact(y, area, "", STYLE_WARNING, lines.items[i]);
	strlist_clear(&lines);
	return y;
}

static int draw_facts(struct tui *tui, const struct overview *overview, struct rect area)
{
	const json_t *limits = json_object_get(tui->link.status, "limits"); /* that keep mail back now */
	enum term_style last_style;
	char *gateway = gateway_text(tui), *line = line_text(tui), *session = session_text(tui);
	char *last = last_text(overview, &last_style);
	char *queue = xasprintf(_("%u to send, %u deferred, %u held, %u damaged"), overview->queue[QUEUE_ACTIVE],
	    overview->queue[QUEUE_DEFERRED], overview->queue[QUEUE_HOLD], overview->queue[QUEUE_CORRUPT]);
	int y = area.y;

	y = draw_fact(y, area, _("Gateway"), tui->link.is_up ? STYLE_GOOD : STYLE_BAD, gateway);
	y = draw_fact(y, area, _("Line"), STYLE_NORMAL, line);
	y = draw_fact(y, area, _("Session"), tui->link.session_runs ? STYLE_WARNING : STYLE_NORMAL, session);
	y = draw_fact(y, area, _("Last session"), last_style, last);
	y = draw_note(y, area, overview->last, "note");
	y = draw_fact(y, area, _("Queue"), overview->queue[QUEUE_CORRUPT] > 0 ? STYLE_BAD : STYLE_NORMAL, queue);
	for (size_t i = 0; i < json_array_size(limits); i++)
		y = draw_note(y, area, json_array_get(limits, i), "text");
	free(gateway);
	free(line);
	free(session);
	free(last);
	free(queue);
	return y;
}

static int draw_plot(const struct plot *plot, struct rect area, int y)
{
	unsigned largest = plot->largest < LARGEST_MIN ? LARGEST_MIN : plot->largest;
	int x = area.x + 2;

	term_putf(y++, area.x + 1, area.width - 2, STYLE_STRONG, _("Today: fetched %u, sent %u (per "
	    "recipient)"), plot->in_total,
	    plot->out_total);
	for (int row = PLOT_ROWS - 1; row >= 0; row--, y++)
		for (int hour = 0; hour < 24; hour++) {
			term_put(y, x + hour * 3, 1, STYLE_GOOD, plot_cell(plot->in[hour], largest, PLOT_ROWS, row));
			term_put(y, x + hour * 3 + 1, 1, STYLE_WARNING,
			    plot_cell(plot->out[hour], largest, PLOT_ROWS, row));
		}
	for (int hour = 0; hour < 24; hour++)
		term_putf(y, x + hour * 3, 2, hour == plot->hour ? STYLE_STRONG : STYLE_DIM, "%02d", hour);
	return y + 2;
}

static void overview_draw(struct tui *tui, void *state, struct rect area)
{
	struct overview *overview = state;
	int end = area.y + area.height, y = draw_facts(tui, overview, area) + 1;

	if (has_plot(tui, overview, area.height))
		y = draw_plot(&overview->plot, area, y);
	if (overview->problems.count == 0)
		term_put(y++, area.x + 1, area.width - 2, STYLE_GOOD, _("No problems."));
	tui_list_draw_with_row(tui, &overview->list, (struct rect){y, area.x, end - y, area.width});
}

/* --- actions */

static void do_session(struct tui *tui, void *state)
{
	(void)state;
	section_list_ask_gateway(tui, json_pack("{s:s, s:b}", "verb", "session", "wait", 0), _("session started"));
}

static void do_cancel(struct tui *tui, void *state)
{
	(void)state;
	section_list_ask_gateway(tui, json_pack("{s:s}", "verb", "cancel"),
	    _("stopping the session; fetched messages stay"));
}

static void do_start(struct tui *tui, void *state)
{
	(void)state;
	if (tui->link.is_up)
		tui_say(tui, STYLE_NORMAL, "%s", _("the gateway is already running"));
	else if (dialog_quiet_job(tui, start_gateway, tui->cli, NULL) == CLI_DONE)
		tui->link.tried = 0;
}

/* The whole text of a problem, the lines of its file, and what to do. New memory. */
static char *problem_text(const struct tui_problem *problem)
{
	struct buf text = BUF_INIT(65536);
	char *all;

	buf_printf(&text, "%s\n\n", problem->text);
	if (problem->file != NULL)
		problem_file_lines(problem, &text);
	if (problem->file != NULL && problem->line > 0)
		buf_append_text(&text, "\n");
	buf_append_text(&text, problem->is_exposed ? _("Make the file private, so that only the "
	    "gateway and root can read the passwords.")
						   : tui_problem_advice(problem));
	all = xstrdup(buf_text(&text));
	buf_clear(&text);
	return all;
}

/* Opens the screen for it, or fixes it after confirmation. */
static void show_problem(struct tui *tui, void *state, const struct tui_problem *problem)
{
	enum tui_place place = problem->place;
	/* The list of problems is rebuilt while the box is open. */
	char *id = problem->file == NULL ? xstrdup(problem->id) : problem_file_row(tui, problem), *text = problem_text(problem);
	char *file = problem->is_exposed ? xstrdup(problem->file) : NULL;
	char *there = place == SCREEN_OVERVIEW ? xstrdup(_("Start the gateway"))
					       : xasprintf(_("Go to %s"), _(tui_screen_of(place)->title));
	char *close = file == NULL ? NULL : xasprintf(_("Make the file private (chmod %o)"), (unsigned)conf_private_mode(file));
	const char *const choices[] = {close, there, _("Close")};
	int skipped = close == NULL, chosen;

	chosen = dialog_choose(tui, _("Problem"), text, choices + skipped, ARRAY_LEN(choices) - (size_t)skipped);
	if (chosen >= 0)
		chosen += skipped;
	if (chosen == 0)
		problem_file_close(tui, file);
	else if (chosen == 1 && place == SCREEN_OVERVIEW)
		do_start(tui, state);
	else if (chosen == 1)
		tui_go(tui, place, id);
	free(close);
	free(file);
	free(there);
	free(text);
	free(id);
}

static void follow_problem(struct tui *tui, struct overview *overview, const char *text)
{
	for (size_t i = 0; i < overview->problems.count; i++)
		if (strcmp(overview->problems.items[i].text, text) == 0) {
			show_problem(tui, overview, &overview->problems.items[i]);
			return;
		}
}

static void do_follow(struct tui *tui, void *state)
{
	struct overview *overview = state;
	char *id = section_list_selected(&overview->list); /* the rows are refilled while a box is open */

	if (id == NULL)
		return;
	if (strncmp(id, "problem ", 8) == 0)
		follow_problem(tui, overview, id + 8);
	else if (strncmp(id, "account ", 8) == 0)
		tui_go(tui, SCREEN_ACCOUNTS, id + 8);
	else
		tui_go(tui, strcmp(id, "queue") == 0 ? SCREEN_QUEUE : SCREEN_JOURNAL, NULL);
	free(id);
}

static const struct tui_action actions[] = {
    {'s', N_("Session now"), N_("run a session now: fetch and send"), do_session, 0},
    {'c', N_("Cancel"), N_("cancel the running session; fetched messages stay"), do_cancel, 1},
    {'b', N_("Start gateway"), N_("start the gateway if it is not running"), do_start, 2},
    {TERM_ENTER, N_("What to do"), N_("show the whole problem and what to do; on other rows: open "
        "their screen"), do_follow, 0},
};

const struct tui_screen screen_overview = {
    .title = N_("Overview"),
    .help = N_("The state of the gateway at a glance: the line, the session, the queue, the "
        "messages received (left, green) and sent (right, yellow) today by hour, and the problems."),
    .actions = actions,
    .action_count = ARRAY_LEN(actions),
    .open = overview_open,
    .close = overview_close,
    .refresh = overview_refresh,
    .draw = overview_draw,
    .list = overview_list,
};
