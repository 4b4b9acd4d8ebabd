#include "ui-tui/tui.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "sorter/sorter.h"
#include "ui-tui/tui_dialog.h"
#include "ui-tui/tui_frame.h"
#include "ui-tui/tui_text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TICK_MS 500
#define CONF_LOOK_MS 1000

static volatile sig_atomic_t ended;

static const struct tui_screen *const screens[SCREENS] = {
    [SCREEN_OVERVIEW] = &screen_overview,
    [SCREEN_USERS] = &screen_users,
    [SCREEN_ACCOUNTS] = &screen_accounts,
    [SCREEN_SORTER] = &screen_sorter,
    [SCREEN_QUEUE] = &screen_queue,
    [SCREEN_MAILBOXES] = &screen_mailboxes,
    [SCREEN_JOURNAL] = &screen_journal,
    [SCREEN_SETTINGS] = &screen_settings,
};

const struct tui_screen *tui_screen_of(enum tui_place place)
{
	return screens[place];
}

void tui_say(struct tui *tui, enum term_style style, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(tui->message, sizeof(tui->message), format, args);
	va_end(args);
	tui->message_style = style;
}

/* --- the configuration */

/* Changes when one of the files does. */
static uint64_t files_stamp(const struct cli *cli)
{
	static const char *const names[] = {"users.conf", "accounts.conf", "rules.conf"};
	const char *slash = strrchr(cli->config, '/');
	int folder = slash == NULL ? 0 : (int)(slash - cli->config + 1);
	uint64_t stamp = 0;

	for (size_t i = 0; i <= ARRAY_LEN(names); i++) {
		char *file = i == 0 ? xstrdup(cli->config) : xasprintf("%.*s%s", folder, cli->config, names[i - 1]);
		struct stat st = {0};

		if (stat(file, &st) == 0)
			stamp = stamp * 1000003 + (uint64_t)st.st_mtim.tv_nsec + (uint64_t)st.st_mtim.tv_sec * 31 +
				(uint64_t)st.st_ino * 17 + (uint64_t)st.st_size;
		free(file);
	}
	return stamp;
}

void tui_conf_refresh(struct tui *tui, bool now)
{
	uint64_t stamp = files_stamp(tui->cli);
	struct conf_problems problems = {0};
	struct conf *conf;

	if (!now && stamp == tui->conf_stamp)
		return;
	conf = conf_load_broken(tui->cli->config, &problems);
	if (conf == NULL) {
		conf_problems_clear(&problems);
		return;
	}
	sorter_check(conf, &problems);
	tui_state_close(tui); /* the spool may be another one */
	conf_problems_clear(&tui->problems);
	conf_free(tui->conf);
	tui->conf = conf;
	tui->problems = problems;
	tui->conf_stamp = stamp;
	tui->conf_number++;
}

/* The database is made by the gateway, whose user must own it. */
struct state *tui_state(struct tui *tui)
{
	char *path = xasprintf("%s/state.db", tui->conf->gateway.spool);
	struct error error;

	if (tui->state == NULL && access(path, R_OK | W_OK) == 0 &&
	    state_open(&tui->state, tui->conf->gateway.spool, NULL, &error) != 0)
		tui->state = NULL;
	free(path);
	return tui->state;
}

void tui_state_close(struct tui *tui)
{
	if (tui->state != NULL)
		state_close(tui->state);
	tui->state = NULL;
}

static void refresh(struct tui *tui, bool now)
{
	const struct tui_screen *screen = screens[tui->here];

	if (screen->refresh != NULL)
		screen->refresh(tui, tui->states[tui->here], now);
}

void tui_changed(struct tui *tui)
{
	tui_conf_refresh(tui, true);
	tui_link_ask(&tui->link);
	refresh(tui, true);
}

void tui_go(struct tui *tui, enum tui_place place, const char *id)
{
	const struct tui_screen *screen = screens[place];

	tui->here = place;
	tui->filtering = false;
	tui->message[0] = '\0';
	if (tui->states[place] == NULL)
		tui->states[place] = screen->open(tui);
	refresh(tui, true);
	if (id != NULL && screen->list != NULL)
		list_select(screen->list(tui->states[place]), id);
}

/* --- waiting */

static void look_around(struct tui *tui)
{
	int64_t now = clock_now_ms();

	tui_link_serve(&tui->link, tui->conf);
	if (tui->job != NULL)
		job_serve(tui->job);
	if (now - tui->conf_looked >= CONF_LOOK_MS) {
		tui->conf_looked = now;
		tui_conf_refresh(tui, false);
	}
	refresh(tui, false); /* the screen lives on below a dialog */
}

static void wait_for_news(struct tui *tui)
{
	struct pollfd fds[4] = {{.fd = 0, .events = POLLIN}};
	size_t count = 1;

	count += tui_link_poll(&tui->link, fds + count);
	if (tui->job != NULL && tui->job->fd >= 0)
		fds[count++] = (struct pollfd){.fd = tui->job->fd, .events = POLLIN};
	if (poll(fds, (nfds_t)count, TICK_MS) < 0 && errno != EINTR)
		tui->quit = true;
	if ((fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
		ended = 1; /* the terminal is gone */
}

void tui_keep_key(struct tui *tui, int key)
{
	if (key != TERM_TICK && key != TERM_CLICK && tui->ahead_count < ARRAY_LEN(tui->ahead))
		tui->ahead[tui->ahead_count++] = key;
}

static int kept_key(struct tui *tui)
{
	int key = tui->ahead[0];

	tui->ahead_count--;
	memmove(tui->ahead, tui->ahead + 1, tui->ahead_count * sizeof(tui->ahead[0]));
	return key;
}

int tui_key(struct tui *tui)
{
	int key = tui->ahead_count > 0 && tui->job == NULL ? kept_key(tui) : term_key(&tui->mouse);

	if (key == TERM_NONE && ended == 0) {
		tui_frame_draw(tui);
		wait_for_news(tui);
		look_around(tui);
		key = term_key(&tui->mouse);
	}
	if (ended != 0)
		tui->quit = true;
	if (key == TERM_CTRL('L'))
		term_redraw();
	if (key == TERM_CTRL('Z'))
		term_suspend();
	return tui->quit ? TERM_ESCAPE : key == TERM_NONE ? TERM_TICK : key;
}

void tui_overlay_push(struct tui *tui, struct tui_overlay *overlay)
{
	overlay->below = tui->overlay;
	tui->overlay = overlay;
}

void tui_overlay_pop(struct tui *tui)
{
	tui->overlay = tui->overlay->below;
}

/* --- keys */

static struct list *current_list(struct tui *tui)
{
	const struct tui_screen *screen = screens[tui->here];

	return screen->list == NULL ? NULL : screen->list(tui->states[tui->here]);
}

static void show_help(struct tui *tui)
{
	const struct tui_screen *screen = screens[tui->here];
	struct buf text = BUF_INIT(16384);
	char name[16];

	buf_printf(&text, "%s\n\n", _(screen->help));
	for (size_t i = 0; i < screen->action_count; i++)
		buf_printf(&text, "  %-6s %s\n", keys_name(screen->actions[i].key, name, sizeof(name)),
		    _(screen->actions[i].help));
	buf_append_text(&text, _("\nEverywhere:\n"
				 "  F2-F9  or 2-9: the screens\n"
				 "  /      show only rows that hold some text\n"
				 "  ^L     draw the screen anew\n"
				 "  F1     or ?: this help\n"
				 "  F10    or q: leave; the gateway goes on working\n"
				 "Letters work with a Cyrillic keyboard, too. The mouse works on rows, on the screens above and on "
				 "the keys below."));
	dialog_text(tui, _(screen->title), buf_text(&text));
	buf_clear(&text);
}

static void filter_key(struct tui *tui, int key)
{
	struct list *list = current_list(tui);
	char *text;

	if (key == TERM_ENTER || key == TERM_ESCAPE) {
		tui->filtering = false;
		if (key == TERM_ESCAPE)
			list_filter(list, "");
		return;
	}
	if (!tui_line_key(&tui->filter, key)) {
		list_key(list, key);
		return;
	}
	text = tui_line_text(&tui->filter);
	list_filter(list, text);
	free(text);
}

static bool run_action(struct tui *tui, int key)
{
	const struct tui_screen *screen = screens[tui->here];

	for (size_t i = 0; i < screen->action_count; i++)
		if (screen->actions[i].key == key) {
			tui->message[0] = '\0';
			screen->actions[i].run(tui, tui->states[tui->here]);
			return true;
		}
	return false;
}

static void take_key(struct tui *tui, int key);

static void click(struct tui *tui)
{
	struct list *list = current_list(tui);
	const struct rect *area = &tui->list_area;
	int key = tui_frame_key_at(tui, tui->mouse);
	size_t row;

	if (key != TERM_NONE) {
		take_key(tui, key);
		return;
	}
	if (list == NULL || tui->mouse.y < area->y || tui->mouse.y >= area->y + area->height)
		return;
	row = list_at(list, (size_t)(tui->mouse.y - area->y));
	if (row >= list->count || list->rows[row].is_heading)
		return;
	if (row == list->selected)
		run_action(tui, TERM_ENTER);
	else
		list->selected = row;
}

static bool frame_key(struct tui *tui, int key)
{
	struct list *list = current_list(tui);
	int digit = key > TERM_F + 1 && key < TERM_F + 10 ? key - TERM_F : key >= '2' && key <= '9' ? key - '0' : 0;

	if (digit != 0) {
		tui_go(tui, (enum tui_place)(digit - 2), NULL);
		return true;
	}
	if (list != NULL && list_key(list, key))
		return true;
	if (key == '/' && list != NULL) {
		tui->filtering = true;
		tui_line_set(&tui->filter, list->filter);
	} else if (key == TERM_ESCAPE && list != NULL) {
		list_filter(list, "");
	} else if (key == '?' || key == TERM_F + 1) {
		show_help(tui);
	} else if (key == 'q' || key == TERM_F + 10 || key == TERM_CTRL('Q')) {
		tui->quit = true;
	} else {
		return false;
	}
	return true;
}

static void take_key(struct tui *tui, int key)
{
	if (key == TERM_CLICK)
		click(tui);
	else if (tui->filtering)
		filter_key(tui, key);
	else if (!run_action(tui, key) && !frame_key(tui, key)) {
		int latin = tui_text_latin(key);

		if (key >= 'A' && key <= 'Z')
			latin = key + 32;
		if (latin != key && !run_action(tui, latin))
			frame_key(tui, latin);
	}
}

/* --- beginning and end */

static void on_end(int number)
{
	(void)number;
	ended = 1;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_end};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void loop(struct tui *tui)
{
	tui_go(tui, SCREEN_OVERVIEW, NULL);
	while (!tui->quit) {
		int key = tui_key(tui);

		if (!tui->quit)
			take_key(tui, key);
	}
}

int tui_main(struct cli *cli)
{
	struct conf *conf = cli_gateway_conf(cli);
	struct error error = ERROR_INIT;
	struct tui *tui;

	if (conf == NULL)
		return CLI_FAILED;
	catch_signals();
	tui = xcalloc(1, sizeof(*tui));
	tui->cli = cli;
	tui->conf = conf;
	tui_link_init(&tui->link);
	tui_conf_refresh(tui, true);
	if (term_open(&error) == 0) {
		loop(tui);
		term_close();
	}
	for (size_t i = 0; i < SCREENS; i++)
		if (tui->states[i] != NULL)
			screens[i]->close(tui->states[i]);
	tui_state_close(tui);
	tui_link_clear(&tui->link);
	conf_problems_clear(&tui->problems);
	conf_free(tui->conf);
	free(tui);
	return error.class == ERROR_NONE ? CLI_DONE : cli_fail(CLI_FAILED, "%s", ERROR_SAID(&error));
}
