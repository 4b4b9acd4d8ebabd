/*
 * lanpost mailbox fetch: the whole messages of stubs, as a reply to the stub or a flag by IMAP requests them (mail/whole_request.h).
 */
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "mail/whole_request.h"
#include "message/stub_reply.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/control_client.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>

/* --- which ones */

static const struct mailbox_message *find(const struct mailbox_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].uidl, id) == 0)
			return &list->items[i];
	return NULL;
}

/* Adds the id of the stub, which is not that of its copies. Returns an exit code, with the reason reported. */
static int add_stub(const struct spool *spool, const char *mailbox, const struct mailbox_message *message, struct strlist *ids)
{
	char *id = mailbox_origin(message);
	struct error error = ERROR_INIT;
	int result = CLI_DONE;
	struct slice bytes;
	uint64_t size;

	if (mailbox_open(spool, mailbox, message, &bytes, &error) != 0) {
		result = cli_fail_error(&error);
	} else {
		if (!stub_reply_is_stub(bytes, id, &size))
			result = cli_fail(CLI_FAILED, _("message %s is not a stub: it is whole already"), message->uidl);
		else if (!strlist_has(ids, id))
			strlist_add(ids, id);
		fsx_unmap(bytes);
	}
	free(id);
	return result;
}

/* All or none. */
static int find_stubs(const struct cli *cli, const struct spool *spool, const char *mailbox, struct strlist *ids)
{
	struct mailbox_list list;
	struct error error = ERROR_INIT;
	int result = CLI_DONE;

	if (cli->count - 1 > WHOLE_REQUESTS_MAX)
		return cli_fail(CLI_USAGE, _("%d messages at once are too many: at most %d"), cli->count - 1, WHOLE_REQUESTS_MAX);
	if (mailbox_list(spool, mailbox, &list, &error) != 0)
		return cli_fail_error(&error);
	for (int i = 1; i < cli->count && result == CLI_DONE; i++) {
		const struct mailbox_message *message = find(&list, cli->words[i]);

		if (message == NULL)
			result = cli_fail(CLI_FAILED, _("there is no message %s in mailbox %s; see lanpost mailbox show %s"), cli->words[i], mailbox, mailbox);
		else
			result = add_stub(spool, mailbox, message, ids);
	}
	mailbox_list_clear(&list);
	return result;
}

/* --- the request */

static int write_request(const struct cli *cli, const struct conf *conf, const char *mailbox, struct strlist *ids)
{
	struct error error = ERROR_INIT;
	struct spool spool;
	int result;

	if (spool_open(&spool, conf, &(struct spool_options){.writer = "admin"}, &error) != 0)
		return cli_fail_error(&error);
	result = find_stubs(cli, &spool, mailbox, ids);
	if (result == CLI_DONE &&
	    whole_request_write(
		&(struct whole_request){.conf = conf, .spool = &spool, .session = "", .asks = CONF_POSTMASTER, .mailbox = mailbox}, ids, &error) != 0)
		result = cli_fail_error(&error);
	if (spool_close(&spool, &error) != 0)
		result = cli_fail_error(&error);
	return result;
}

/* --- what came of it */

static bool has_origin(const struct mailbox_list *list, const char *id)
{
	bool found = false;

	for (size_t i = 0; i < list->count && !found; i++) {
		char *origin = mailbox_origin(&list->items[i]);

		found = strcmp(origin, id) == 0;
		free(origin);
	}
	return found;
}

static int say_what_came(const struct conf *conf, const char *mailbox, const struct strlist *ids)
{
	struct mailbox_list list;
	struct error error;
	size_t missing = 0;

	if (mailbox_list(SPOOL_OF(conf), mailbox, &list, &error) != 0)
		return cli_fail_error(&error);
	for (size_t i = 0; i < ids->count; i++)
		missing += has_origin(&list, ids->items[i]);
	mailbox_list_clear(&list);
	if (missing > 0)
		return cli_fail(CLI_FAILED,
		    _n("%zu whole message has not come to mailbox %s, and its stub stays; lanpost trace shows what has happened to it",
			"%zu whole messages have not come to mailbox %s, and their stubs stay; lanpost trace shows what has happened to them", missing),
		    missing, mailbox);
	printf(_n("%zu whole message is in the place of its stub\n", "%zu whole messages are in the place of their stubs\n", ids->count), ids->count);
	return CLI_DONE;
}

static int run_session(const struct cli *cli, const struct conf *conf, const char *mailbox, const struct strlist *ids)
{
	bool waits = cli_option(cli, "--no-wait") == NULL;
	int result;

	if (control_client_gateway_pid(conf) == 0) {
		puts(_("the gateway is not running: the request waits until it starts"));
		return CLI_DONE;
	}
	if (!waits)
		printf(_n("%zu whole message is requested\n", "%zu whole messages are requested\n", ids->count), ids->count);
	result = cmd_session_run(cli, conf,
	    json_pack("{s:s, s:b, s:b, s:b, s:b}", "verb", "session", "fetch", 0, "send", 0, "triggers", 1, "wait", waits));
	return result == CLI_DONE && waits ? say_what_came(conf, mailbox, ids) : result;
}

static int fetch(const struct cli *cli, const struct conf *conf, const char *mailbox)
{
	struct strlist ids = {.items = NULL};
	int result = write_request(cli, conf, mailbox, &ids);

	if (result == CLI_DONE)
		result = run_session(cli, conf, mailbox, &ids);
	strlist_clear(&ids);
	return result;
}

int cmd_mailbox_fetch(struct cli *cli)
{
	return cli_with_mailbox(cli, fetch);
}
