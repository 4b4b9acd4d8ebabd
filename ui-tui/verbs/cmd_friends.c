/*
 * lanpost user friends: whom a user has written to; their mail to this user is not spam. With --forget one of them is removed.
 */
#include "base/i18n.h"
#include "spool/storage/storage.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/command/table.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>

struct listing {
	const struct conf *conf;
	struct table table;
	json_t *list;
};

static void add(void *context, const char *mailbox, const char *address, int64_t time)
{
	struct listing *listing = context;
	char text[32];

	(void)mailbox;
	json_array_append_new(listing->list, json_pack("{s:o, s:I, s:I}", "address", cli_json_text(address), "written", (json_int_t)time, "until",
						 (json_int_t)(time + listing->conf->senders.friends)));
	table_add(&listing->table, address);
	table_add(&listing->table, i18n_time(text, sizeof(text), time));
}

static int list(const struct cli *cli, const struct conf *conf, struct state *state, const char *name)
{
	struct listing listing = {.conf = conf, .table = TABLE_SPARE("Ll", "10"), .list = json_array()};
	struct error error;
	int result = CLI_DONE;

	table_add(&listing.table, _("ADDRESS"));
	table_add(&listing.table, _("WRITTEN TO"));
	if (state_friends(state, name, add, &listing, &error) != 0)
		result = cli_fail_error(&error);
	else if (cli->json)
		result = cli_print_json(json_incref(listing.list));
	else if (json_array_size(listing.list) == 0)
		printf(_("%s has written to nobody outside yet\n"), name);
	else
		table_print(&listing.table);
	table_clear(&listing.table);
	json_decref(listing.list);
	return result;
}

static int forget(struct state *state, const char *name, const char *address)
{
	struct error error;
	int result = state_friend_forget(state, name, address, &error);

	if (result < 0)
		return cli_fail_error(&error);
	if (result == 0)
		return cli_fail(CLI_FAILED, _("%s has not written to %s; see lanpost user friends %s"), name, address, name);
	printf(_("%s is no longer a friend of %s\n"), address, name);
	return CLI_DONE;
}

int cmd_user_friends(struct cli *cli)
{
	struct conf *conf = cli_gateway_conf(cli);
	const char *name = cli->words[0], *address = cli_option(cli, "--forget");
	struct state *state;
	struct error error;
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	if (!conf_has_mailbox(conf, name)) {
		result = cli_fail(CLI_FAILED, _("there is no mailbox %s; see lanpost mailbox list"), name);
	} else if (state_open(&state, SPOOL_OF(conf), NULL, &error) != 0) {
		result = cli_fail_error(&error);
	} else {
		result = address != NULL ? forget(state, name, address) : list(cli, conf, state, name);
		state_close(state);
	}
	conf_free(conf);
	return result;
}
