#include "ui-tui/screens/tui.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/process/service_user.h"
#include "config/conf_file.h"
#include "sorter/sorter.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/screens/tui_frame.h"
#include "ui-tui/screens/tui_input.h"
#include "ui-tui/screens/undo.h"

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
#define MESSAGE_MS 10000
#define BAD_MESSAGE_MS 120000

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
    [SCREEN_QUARANTINE] = &screen_quarantine,
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
	tui->message_said = clock_now_ms();
}

/* Success messages are shown for a while, error messages until a key is pressed. */
static void forget_message(struct tui *tui, int64_t now)
{
	int64_t shown = tui->message_style == STYLE_BAD ? BAD_MESSAGE_MS : MESSAGE_MS;

	if (now - tui->message_said >= shown)
		tui->message[0] = '\0';
}

/* --- the configuration */

void tui_conf_files(const struct cli *cli, struct strlist *files)
{
	for (enum conf_file file = CONF_FILE_MAIN; file < CONF_FILES; file++) {
		char *path = conf_file_path(cli->config, file);

		strlist_add(files, path);
		free(path);
	}
}

/* A value that changes when one of the files changes. */
static uint64_t files_stamp(const struct cli *cli)
{
	struct strlist files = {NULL, 0};
	uint64_t stamp = 0;

	tui_conf_files(cli, &files);
	for (size_t i = 0; i < files.count; i++) {
		struct stat st = {0};

		if (stat(files.items[i], &st) == 0)
			stamp = stamp * 1000003 + (uint64_t)st.st_mtim.tv_nsec + (uint64_t)st.st_mtim.tv_sec * 31 +
				(uint64_t)st.st_ino * 17 + (uint64_t)st.st_size;
	}
	strlist_clear(&files);
	return stamp;
}

/* Reads the configuration again if it has changed (or `now`). */
static void tui_conf_refresh(struct tui *tui, bool now)
{
	uint64_t stamp = files_stamp(tui->cli);
	struct conf_problems problems = {0};
	struct error error;
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
	if (service_user_act_for(conf->gateway.spool, &error) != 0) {
		term_close();
		exit(cli_fail_error(&error));
	}
	conf_problems_clear(&tui->problems);
	conf_free(tui->conf);
	tui->conf = conf;
	tui->problems = problems;
	tui->conf_stamp = stamp;
	tui->conf_number++;
}

/* The gateway creates the database, and its user must own it. */
struct state *tui_state(struct tui *tui)
{
	struct error error;

	if (tui->state == NULL && state_is_there(SPOOL_OF(tui->conf)) &&
	    state_open(&tui->state, SPOOL_OF(tui->conf), NULL, &error) != 0)
		tui->state = NULL;
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

	forget_message(tui, now);
	tui_link_serve(&tui->link, tui->conf);
	if (tui->job != NULL)
		job_serve(tui->job);
	if (now - tui->conf_looked >= CONF_LOOK_MS) {
		tui->conf_looked = now;
		tui_conf_refresh(tui, false);
	}
	refresh(tui, false); /* the screen continues below a dialog */
}

static void wait_for_news(struct tui *tui)
{
	struct pollfd fds[TUI_LINK_WIRES + 2] = {{.fd = 0, .events = POLLIN}};
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

/* --- start and end */

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
			tui_take_key(tui, key);
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
	undo_clear(tui);
	tui_state_close(tui);
	tui_link_clear(&tui->link);
	conf_problems_clear(&tui->problems);
	conf_free(tui->conf);
	free(tui);
	return error.class == ERROR_NONE ? CLI_DONE : cli_fail_error(&error);
}
