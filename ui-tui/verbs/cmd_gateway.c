/*
 * lanpost reload and lanpost stop.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/control_client.h"
#include "ui-tui/verbs/verbs.h"

#include <poll.h>
#include <stdio.h>

#define RELOAD_SECONDS 30
#define STOP_SECONDS 60

int cmd_reload(struct cli *cli)
{
	struct conf *conf = cli_control_conf(cli);
	json_t *answer;
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	result = control_client_call(conf, json_pack("{s:s}", "verb", "reload"), RELOAD_SECONDS, NULL, NULL,
	    &answer);
	if (result == CLI_DONE) {
		puts(_("the gateway uses the new configuration now"));
		json_decref(answer);
	}
	conf_free(conf);
	return result;
}

/* A zombie process counts as gone. */
static bool is_alive(pid_t pid)
{
	char path[40], state = 'Z';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z';
	fclose(file);
	return state != 'Z' && state != 'X';
}

static int stop_and_wait(const struct conf *conf)
{
	int64_t deadline = clock_now_ms() + STOP_SECONDS * 1000;
	pid_t pid = control_client_gateway_pid(conf);
	json_t *answer;
	int result = control_client_call(conf, json_pack("{s:s}", "verb", "stop"), RELOAD_SECONDS, NULL, NULL,
	    &answer);

	if (result != CLI_DONE)
		return result;
	json_decref(answer);
	while (control_client_gateway_pid(conf) == pid || (pid > 0 && is_alive(pid))) {
		if (clock_left_ms(deadline) == 0)
			return cli_fail(CLI_FAILED,
			    _("the gateway (process %d) is still running after %d seconds; see its "
			       "log"), (int)pid,
			    STOP_SECONDS);
		poll(NULL, 0, 50);
	}
	puts(_("the gateway has stopped"));
	return CLI_DONE;
}

int cmd_stop(struct cli *cli)
{
	struct conf *conf = cli_control_conf(cli);
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	result = stop_and_wait(conf);
	conf_free(conf);
	return result;
}
