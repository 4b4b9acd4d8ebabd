/*
 * lanpost quarantine: mail that the filter keeps, read directly from the spool; it is released or deleted by the admin.
 */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "mail/filter/quarantine.h"
#include "spool/mailbox_name.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/command/message_summary.h"
#include "ui-tui/command/table.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>

/* A message that is kept. */
struct kept {
	const struct mailbox_message *message;
	struct slice file, bytes; /* as stored, and without the lines of the quarantine */
	struct envelope envelope;
	char *why;
	struct message_summary summary;
};

static bool read_kept(const struct spool *spool, const struct mailbox_message *message, struct kept *kept)
{
	struct error error;

	*kept = (struct kept){.message = message};
	if (mailbox_open(spool, MAILBOX_QUARANTINE, message, &kept->file, &error) != 0)
		return false;
	if (!quarantine_read(kept->file, &kept->envelope, &kept->bytes, &kept->why)) {
		envelope_init(&kept->envelope); /* it can be deleted only */
		kept->bytes = kept->file;
		kept->why = xstrdup("");
	}
	message_summary_read(kept->bytes, &kept->summary);
	return true;
}

static void clear_kept(struct kept *kept)
{
	message_summary_clear(&kept->summary);
	envelope_clear(&kept->envelope);
	free(kept->why);
	fsx_unmap(kept->file);
}

/* The places that it was for, as one text. New memory. */
static char *places_of(const struct kept *kept)
{
	struct buf text = BUF_INIT(ENVELOPE_TEXT_MAX);

	for (size_t i = 0; i < kept->envelope.place_count; i++)
		buf_printf(&text, "%s%s", i == 0 ? "" : ", ", kept->envelope.places[i].name);
	return buf_take(&text);
}

static json_t *kept_json(const struct kept *kept)
{
	json_t *list = json_array();

	for (size_t i = 0; i < kept->envelope.place_count; i++)
		json_array_append_new(list, cli_json_text(kept->envelope.places[i].name));
	return json_pack("{s:o, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:o}", "id", cli_json_text(kept->message->uidl), "time",
	    (json_int_t)kept->message->time, "size", (json_int_t)kept->bytes.len, "why", PHRASE_SAID(kept->why), "sender",
	    cli_json_text(kept->envelope.sender), "recipients", list, "from", cli_json_text(kept->summary.from), "to",
	    cli_json_text(kept->summary.to), "subject", cli_json_text(kept->summary.subject));
}

/* --- list, show */

static void add_row(struct table *table, const struct kept *kept)
{
	char time[32], *places = places_of(kept);

	table_add(table, kept->message->uidl);
	table_add(table, i18n_time(time, sizeof(time), kept->message->time));
	table_add(table, PHRASE_SAID(kept->why));
	table_add(table, kept->summary.from);
	table_add(table, places);
	table_add(table, kept->summary.subject);
	free(places);
}

static void add_heads(struct table *table)
{
	table_add(table, _("ID"));
	table_add(table, _("SINCE"));
	table_add(table, _("WHY"));
	table_add(table, _("FROM"));
	table_add(table, _("TO"));
	table_add(table, _("SUBJECT"));
}

int cmd_quarantine_list(struct cli *cli)
{
	struct table table = TABLE_SPARE("llLLLL", "001001");
	struct conf *conf = cli_conf(cli);
	struct mailbox_list messages;
	struct error error = ERROR_INIT;
	json_t *list = json_array();

	if (conf == NULL || mailbox_list(SPOOL_OF(conf), MAILBOX_QUARANTINE, &messages, &error) != 0) {
		json_decref(list);
		conf_free(conf);
		return error.class == ERROR_NONE ? CLI_FAILED : cli_fail_error(&error);
	}
	add_heads(&table);
	for (size_t i = 0; i < messages.count; i++) {
		struct kept kept;

		if (!read_kept(SPOOL_OF(conf), &messages.items[i], &kept))
			continue;
		json_array_append_new(list, kept_json(&kept));
		add_row(&table, &kept);
		clear_kept(&kept);
	}
	if (cli->json)
		cli_print_json(json_incref(list));
	else if (messages.count == 0)
		puts(_("the quarantine is empty"));
	else
		table_print(&table);
	table_clear(&table);
	json_decref(list);
	mailbox_list_clear(&messages);
	conf_free(conf);
	return CLI_DONE;
}

/* Returns -1 if there is none of that id, with the reason reported. */
static int find(const struct spool *spool, const char *id, struct mailbox_list *messages, struct kept *kept)
{
	struct error error = ERROR_INIT;

	if (mailbox_list(spool, MAILBOX_QUARANTINE, messages, &error) != 0) {
		cli_fail_error(&error);
		return -1;
	}
	for (size_t i = 0; i < messages->count; i++)
		if (strcmp(messages->items[i].uidl, id) == 0 && read_kept(spool, &messages->items[i], kept))
			return 0;
	mailbox_list_clear(messages);
	cli_fail(CLI_FAILED, _("there is no message %s in the quarantine; see lanpost quarantine list"), id);
	return -1;
}

static void print_kept(const struct kept *kept)
{
	char time[32], size[32], sender[1024], *places = places_of(kept);
	char *safe = xmalloc(strlen(places) * 4 + 1);

	printf(_("Message:   %s\n"), kept->message->uidl);
	printf(_("Kept:      %s, %s: %s\n"), i18n_time(time, sizeof(time), kept->message->time),
	    i18n_size(size, sizeof(size), kept->bytes.len), PHRASE_SAID(kept->why));
	printf(_("Envelope:  from <%s>\n"), str_printable(sender, sizeof(sender), slice_of(kept->envelope.sender)));
	printf(_("For:       %s\n"), str_printable(safe, strlen(places) * 4 + 1, slice_of(places)));
	printf(_("Header:    From %s; To %s; Subject %s\n"), kept->summary.from, kept->summary.to, kept->summary.subject);
	free(safe);
	free(places);
}

int cmd_quarantine_show(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	struct mailbox_list messages;
	struct kept kept;
	int result = CLI_FAILED;

	if (conf != NULL && find(SPOOL_OF(conf), cli->words[0], &messages, &kept) == 0) {
		result = cli->json ? cli_print_json(kept_json(&kept)) : CLI_DONE;
		if (!cli->json)
			print_kept(&kept);
		clear_kept(&kept);
		mailbox_list_clear(&messages);
	}
	conf_free(conf);
	return result;
}

/* --- release, delete */

/* One record has both: the message in its places, and its removal here. So it is in one or in the other, whatever dies. */
static int accept_again(const struct spool *spool, struct kept *kept, struct error *error)
{
	const struct fact removal = {.kind = FACT_REMOVE, .name = MAILBOX_QUARANTINE, .text = kept->message->unique};
	struct body body;
	char *origin = xasprintf("quarantine %s", kept->message->uidl);
	int result;

	origin_clear(&kept->envelope.origin);
	origin_parse(origin, &kept->envelope.origin);
	free(origin);
	body_init(&body, spool);
	result = body_append(&body, kept->bytes, &kept->envelope.id, error);
	if (result == 0)
		result = body_finish(&body, error);
	if (result == 0)
		result = intake_accept(spool->intake, &kept->envelope, &body, &removal, 1, error);
	else
		body_clear(&body, false);
	return result;
}

static int release(const struct spool *spool, struct kept *kept)
{
	char *places = places_of(kept);
	struct error error = ERROR_INIT;
	int result = CLI_DONE;

	if (kept->envelope.place_count == 0)
		result = cli_fail(CLI_FAILED, _("message %s has lost its recipients: it can only be deleted"), kept->message->uidl);
	else if (accept_again(spool, kept, &error) != 0)
		result = cli_fail_error(&error);
	if (result == CLI_DONE) {
		intake_journal(spool->intake, kept->message->uidl, "", EVENT_RELEASED, places, "lanpost quarantine");
		printf(_("message %s is released\n"), kept->message->uidl);
	}
	free(places);
	return result;
}

static int delete(const struct spool *spool, struct kept *kept)
{
	const struct fact removal = {.kind = FACT_REMOVE, .name = MAILBOX_QUARANTINE, .text = kept->message->unique};
	struct error error = ERROR_INIT;

	if (intake_accept(spool->intake, NULL, NULL, &removal, 1, &error) != 0)
		return cli_fail_error(&error);
	intake_journal(spool->intake, kept->message->uidl, "", EVENT_DELETED, "", "lanpost quarantine");
	printf(_("message %s was deleted\n"), kept->message->uidl);
	return CLI_DONE;
}

static int change_all(struct cli *cli, int (*change)(const struct spool *spool, struct kept *kept))
{
	struct conf *conf = cli_gateway_conf(cli);
	struct error error = ERROR_INIT;
	struct spool spool;
	int result = CLI_DONE;

	if (conf == NULL)
		return CLI_FAILED;
	if (spool_open(&spool, conf, &(struct spool_options){.writer = "admin"}, &error) != 0) {
		conf_free(conf);
		return cli_fail_error(&error);
	}
	for (int i = 0; i < cli->count; i++) {
		struct mailbox_list messages;
		struct kept kept;

		if (find(&spool, cli->words[i], &messages, &kept) != 0) {
			result = CLI_FAILED;
			continue;
		}
		if (change(&spool, &kept) != CLI_DONE)
			result = CLI_FAILED;
		clear_kept(&kept);
		mailbox_list_clear(&messages);
	}
	if (spool_close(&spool, &error) != 0)
		result = cli_fail_error(&error);
	conf_free(conf);
	return result;
}

int cmd_quarantine_release(struct cli *cli)
{
	return change_all(cli, release);
}

int cmd_quarantine_delete(struct cli *cli)
{
	char *question = xasprintf(_n("Permanently delete %d message from the quarantine?", "Permanently delete %d messages from the quarantine?",
				 (unsigned)cli->count), cli->count);
	int result = cli_confirm_removal(cli, question);

	free(question);
	return result == CLI_DONE ? change_all(cli, delete) : result;
}
