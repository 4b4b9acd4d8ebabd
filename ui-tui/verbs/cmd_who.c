/*
 * lanpost who: the mail programs that are connected to the LAN server.
 */
#include "base/i18n.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/command/control_client.h"
#include "ui-tui/command/table.h"
#include "ui-tui/verbs/verbs.h"
#include "ui-tui/command/who.h"

#include <stdio.h>

#define ANSWER_SECONDS 30

static void print_clients(const json_t *clients)
{
	struct table table = TABLE_SPARE("LlllrL", "010202");

	table_add(&table, _("USER"));
	table_add(&table, _("PROTOCOL"));
	table_add(&table, _("ADDRESS"));
	table_add(&table, _("CONNECTED"));
	table_add(&table, _("IDLE"));
	table_add(&table, _("DOES"));
	for (size_t i = 0; i < json_array_size(clients); i++) {
		const json_t *client = json_array_get(clients, i);
		char protocol[32], time[32], idle[32], does[128];

		table_add(&table, who_user(client));
		table_add(&table, who_protocol(client, protocol, sizeof(protocol)));
		table_add(&table, who_address(client));
		table_add(&table, i18n_time(time, sizeof(time), json_integer_value(json_object_get(client, "since"))));
		table_add(&table, who_idle(client, idle, sizeof(idle)));
		table_add(&table, who_activity(client, does, sizeof(does)));
	}
	table_print(&table);
}

int cmd_who(struct cli *cli)
{
	struct conf *conf = cli_control_conf(cli);
	json_t *answer, *clients;
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	result = control_client_call(conf, json_pack("{s:s}", "verb", "who"), ANSWER_SECONDS, NULL, NULL, &answer);
	if (result == CLI_DONE) {
		clients = json_object_get(answer, "clients");
		if (cli->json)
			result = cli_print_json(json_incref(clients));
		else if (json_array_size(clients) == 0)
			puts(_("No mail program is connected."));
		else
			print_clients(clients);
		json_decref(answer);
	}
	conf_free(conf);
	return result;
}
