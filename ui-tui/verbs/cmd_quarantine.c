/*
 * lanpost quarantine: mail that the filter keeps, read directly from the spool; it is released or deleted by the admin.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "mail/filter/kept.h"
#include "spool/mailbox_name.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/command/message_summary.h"
#include "ui-tui/command/table.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>

/* A message that is kept, and what is shown of it. */
struct shown {
	struct kept kept;
	struct message_summary summary;
};

static bool read_shown(const struct spool *spool, const struct mailbox_message *message, struct shown *shown)
{
	if (!kept_open(spool, message, &shown->kept))
		return false;
	message_summary_read(shown->kept.bytes, &shown->summary);
	return true;
}

static void clear_shown(struct shown *shown)
{
	message_summary_clear(&shown->summary);
	kept_close(&shown->kept);
}

/* The places that it was for, as one text. New memory. */
static char *places_of(const struct shown *shown)
{
	struct buf text = BUF_INIT(ENVELOPE_TEXT_MAX);

	for (size_t i = 0; i < shown->kept.envelope.place_count; i++)
		buf_printf(&text, "%s%s", i == 0 ? "" : ", ", shown->kept.envelope.places[i].name);
	return buf_take(&text);
}

static json_t *kept_json(const struct shown *shown)
{
	json_t *list = json_array();

	for (size_t i = 0; i < shown->kept.envelope.place_count; i++)
		json_array_append_new(list, cli_json_text(shown->kept.envelope.places[i].name));
	return json_pack("{s:o, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:o}", "id", cli_json_text(shown->kept.message->uidl), "time",
	    (json_int_t)shown->kept.message->time, "size", (json_int_t)shown->kept.bytes.len, "why", PHRASE_SAID(shown->kept.why), "sender",
	    cli_json_text(shown->kept.envelope.sender), "recipients", list, "from", cli_json_text(shown->summary.from), "to",
	    cli_json_text(shown->summary.to), "subject", cli_json_text(shown->summary.subject));
}

/* --- list, show */

static void add_row(struct table *table, const struct shown *shown)
{
	char time[32], *places = places_of(shown);

	table_add(table, shown->kept.message->uidl);
	table_add(table, i18n_time(time, sizeof(time), shown->kept.message->time));
	table_add(table, PHRASE_SAID(shown->kept.why));
	table_add(table, shown->summary.from);
	table_add(table, places);
	table_add(table, shown->summary.subject);
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
		struct shown shown;

		if (!read_shown(SPOOL_OF(conf), &messages.items[i], &shown))
			continue;
		json_array_append_new(list, kept_json(&shown));
		add_row(&table, &shown);
		clear_shown(&shown);
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
static int find(const struct spool *spool, const char *id, struct mailbox_list *messages, struct shown *shown)
{
	struct error error = ERROR_INIT;

	if (mailbox_list(spool, MAILBOX_QUARANTINE, messages, &error) != 0) {
		cli_fail_error(&error);
		return -1;
	}
	for (size_t i = 0; i < messages->count; i++)
		if (strcmp(messages->items[i].uidl, id) == 0 && read_shown(spool, &messages->items[i], shown))
			return 0;
	mailbox_list_clear(messages);
	cli_fail(CLI_FAILED, _("there is no message %s in the quarantine; see lanpost quarantine list"), id);
	return -1;
}

static void print_kept(const struct shown *shown)
{
	char time[32], size[32], sender[1024], *places = places_of(shown);
	char *safe = xmalloc(strlen(places) * 4 + 1);

	printf(_("Message:   %s\n"), shown->kept.message->uidl);
	printf(_("Kept:      %s, %s: %s\n"), i18n_time(time, sizeof(time), shown->kept.message->time),
	    i18n_size(size, sizeof(size), shown->kept.bytes.len), PHRASE_SAID(shown->kept.why));
	printf(_("Envelope:  from <%s>\n"), str_printable(sender, sizeof(sender), slice_of(shown->kept.envelope.sender)));
	printf(_("For:       %s\n"), str_printable(safe, strlen(places) * 4 + 1, slice_of(places)));
	printf(_("Header:    From %s; To %s; Subject %s\n"), shown->summary.from, shown->summary.to, shown->summary.subject);
	free(safe);
	free(places);
}

int cmd_quarantine_show(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	struct mailbox_list messages;
	struct shown shown;
	int result = CLI_FAILED;

	if (conf != NULL && find(SPOOL_OF(conf), cli->words[0], &messages, &shown) == 0) {
		result = cli->json ? cli_print_json(kept_json(&shown)) : CLI_DONE;
		if (!cli->json)
			print_kept(&shown);
		clear_shown(&shown);
		mailbox_list_clear(&messages);
	}
	conf_free(conf);
	return result;
}

/* --- release, delete */

static int release(const struct spool *spool, struct kept *kept)
{
	struct error error = ERROR_INIT;

	if (kept_release(spool, kept, NULL, "lanpost quarantine", &error) != 0)
		return cli_fail_error(&error);
	printf(_("message %s is released\n"), kept->message->uidl);
	return CLI_DONE;
}

static int delete(const struct spool *spool, struct kept *kept)
{
	struct error error = ERROR_INIT;

	if (kept_delete(spool, kept, "lanpost quarantine", &error) != 0)
		return cli_fail_error(&error);
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
		struct shown shown;

		if (find(&spool, cli->words[i], &messages, &shown) != 0) {
			result = CLI_FAILED;
			continue;
		}
		if (change(&spool, &shown.kept) != CLI_DONE)
			result = CLI_FAILED;
		clear_shown(&shown);
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
