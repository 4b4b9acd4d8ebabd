/*
 * lanpost dkim DOMAIN [--new rsa|ed25519]: the key of a domain, and its DNS record.
 */
#include "base/i18n.h"
#include "base/process/service_user.h"
#include "config/ini_edit.h"
#include "message/dkim/dkim.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>

#define PART 200 /* a string in DNS has at most 255 bytes */

static int no_section(const char *domain)
{
	return cli_fail(CLI_FAILED,
	    _("there is no [dkim %s] in the configuration; add it with its selector and key_file "
	       "first"), domain);
}

static int show(const struct conf_dkim *dkim, bool json)
{
	struct buf record = BUF_INIT(8192);
	struct dkim_key *key = NULL;
	struct error error;
	bool paused;
	int result;

	paused = service_user_pause();
	result = dkim_key_load(dkim->key_file, &key, &error);
	service_user_resume(paused);
	if (result != 0)
		return cli_fail_error(&error);
	result = dkim_key_record(key, &record, &error);
	dkim_key_free(key);
	if (result != 0) {
		buf_clear(&record);
		return cli_fail_error(&error);
	}
	if (json) {
		cli_print_json(json_pack("{s:s, s:o, s:s}", "domain", dkim->name, "name",
		    json_sprintf("%s._domainkey.%s", dkim->selector, dkim->name), "record", buf_text(&record)));
	} else {
		printf(_("Add this TXT record to the DNS of %s:\n\n"), dkim->name);
		printf("%s._domainkey.%s. TXT (", dkim->selector, dkim->name);
		for (struct slice rest = buf_slice(&record); rest.len > 0; rest = slice_from(rest, rest.len < PART ? rest.len : PART))
			printf(" \"%.*s\"", (int)(rest.len < PART ? rest.len : PART), rest.ptr);
		printf(" )\n");
	}
	buf_clear(&record);
	return CLI_DONE;
}

/* The key is a file of the configuration. */
static int make_key(const struct cli *cli, const struct conf_dkim *dkim, const char *kind, struct error *error)
{
	bool paused = service_user_pause();
	int result = dkim_key_make(dkim->key_file, strcmp(kind, "ed25519") == 0, error);

	if (result == 0)
		result = ini_edit_own(dkim->key_file, cli->config, error);
	service_user_resume(paused);
	return result;
}

int cmd_dkim(struct cli *cli)
{
	struct conf *conf = cli_gateway_conf(cli);
	const char *make = cli_option(cli, "--new");
	const struct conf_dkim *dkim;
	struct error error;
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	dkim = conf_dkim_for(conf, cli->words[0]);
	if (dkim == NULL)
		result = no_section(cli->words[0]);
	else if (make != NULL && strcmp(make, "rsa") != 0 && strcmp(make, "ed25519") != 0)
		result = cli_fail(CLI_USAGE, _("unknown kind of key %s: use rsa or ed25519"), make);
	else if (make != NULL && make_key(cli, dkim, make, &error) != 0)
		result = cli_fail_error(&error);
	else
		result = show(dkim, cli->json);
	conf_free(conf);
	return result;
}
