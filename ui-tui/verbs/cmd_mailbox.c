/*
 * lanpost mailbox: the content of the mailboxes, read directly from the spool, and the removal of old
 * messages.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/process/service_user.h"
#include "base/owned.h"
#include "config/value.h"
#include "spool/maintenance/expire.h"
#include "spool/mailbox/mail_archive.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/command/message_summary.h"
#include "ui-tui/command/table.h"
#include "ui-tui/verbs/verbs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- list */

struct mailbox {
	char *user; /* or the name of a folder: "ivan/Sent" */
	bool has_user; /* false: the user was removed, the mailbox stays */
	bool is_shared;
	size_t messages;
	uint64_t bytes; /* of a user with all folders */
};

static int measure(const struct spool *spool, const char *user, bool has_user, struct mailbox *mailbox, struct error *error)
{
	*mailbox = (struct mailbox){.user = xstrdup(user), .has_user = has_user};
	return mailbox_bytes(spool, user, &mailbox->bytes, &mailbox->messages, error);
}

static void print_mailboxes(const struct mailbox *mailboxes, size_t count)
{
	struct table table = TABLE_INIT("Lrr");

	table_add(&table, _("MAILBOX"));
	table_add(&table, _("MESSAGES"));
	table_add(&table, _("SIZE"));
	for (size_t i = 0; i < count; i++) {
		char size[32];

		if (mailboxes[i].is_shared)
			table_addf(&table, _("%s (shared)"), mailboxes[i].user);
		else if (mailboxes[i].has_user)
			table_addf(&table, "%s%s", strchr(mailboxes[i].user, '/') != NULL ? "  " : "", mailboxes[i].user);
		else
			table_addf(&table, _("%s (no such user)"), mailboxes[i].user);
		table_addf(&table, "%zu", mailboxes[i].messages);
		table_add(&table, i18n_size(size, sizeof(size), mailboxes[i].bytes));
	}
	table_print(&table);
}

/* A folder follows its user. */
static void add_json(json_t *list, const struct mailbox *mailbox)
{
	const char *slash = strchr(mailbox->user, '/');
	json_t *last = json_array_get(list, json_array_size(list) - 1);

	if (slash == NULL)
		json_array_append_new(list,
		    json_pack("{s:s, s:I, s:I, s:b, s:b, s:[]}", "user", mailbox->user, "messages", (json_int_t)mailbox->messages, "bytes",
			(json_int_t)mailbox->bytes, "has_user", mailbox->has_user, "shared", mailbox->is_shared, "folders"));
	else
		json_array_append_new(json_object_get(last, "folders"),
		    json_pack("{s:o, s:I, s:I}", "folder", cli_json_text(slash + 1), "messages", (json_int_t)mailbox->messages, "bytes",
			(json_int_t)mailbox->bytes));
}

static json_t *mailboxes_json(const struct mailbox *mailboxes, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		add_json(list, &mailboxes[i]);
	return list;
}

struct mailboxes {
	struct mailbox *items;
	size_t count;
	int result;
};

static void add_one(struct mailboxes *mailboxes, const struct spool *spool, const char *name, bool has_user)
{
	struct error error = ERROR_INIT;

	ARRAY_GROW(mailboxes->items, mailboxes->count);
	if (measure(spool, name, has_user, &mailboxes->items[mailboxes->count++], &error) != 0)
		mailboxes->result = cli_fail_error(&error);
}

/* With its folders. */
static void add_mailbox(struct mailboxes *mailboxes, const struct spool *spool, const char *user, bool has_user)
{
	struct strlist names = {NULL, 0};
	struct error error = ERROR_INIT;

	add_one(mailboxes, spool, user, has_user);
	if (mailbox_names(spool, user, &names, &error) != 0)
		mailboxes->result = cli_fail_error(&error);
	for (size_t i = 1; i < names.count; i++)
		add_one(mailboxes, spool, names.items[i], true);
	strlist_clear(&names);
}

/* Mailboxes of removed users, which would be forgotten otherwise. */
static void add_orphans(struct mailboxes *mailboxes, const struct conf *conf)
{
	struct strlist names = {NULL, 0};

	mailbox_users(SPOOL_OF(conf), &names);
	for (size_t i = 0; i < names.count; i++)
		if (!conf_has_mailbox(conf, names.items[i]))
			add_mailbox(mailboxes, SPOOL_OF(conf), names.items[i], false);
	strlist_clear(&names);
}

static int list_mailboxes(const struct cli *cli, const struct conf *conf)
{
	struct mailboxes mailboxes = {NULL, 0, CLI_DONE};
	struct strlist names = {NULL, 0};

	conf_mailbox_names(conf, &names);
	for (size_t i = 0; i < names.count; i++) {
		size_t at = mailboxes.count;

		add_mailbox(&mailboxes, SPOOL_OF(conf), names.items[i], true);
		mailboxes.items[at].is_shared = conf_find_shared(conf, names.items[i]) != NULL;
	}
	strlist_clear(&names);
	add_orphans(&mailboxes, conf);
	if (cli->json && cli_print_json(mailboxes_json(mailboxes.items, mailboxes.count)) != CLI_DONE)
		mailboxes.result = CLI_FAILED;
	if (!cli->json)
		print_mailboxes(mailboxes.items, mailboxes.count);
	for (size_t i = 0; i < mailboxes.count; i++)
		free(mailboxes.items[i].user);
	free(mailboxes.items);
	return mailboxes.result;
}

int cmd_mailbox_list(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	result = list_mailboxes(cli, conf);
	conf_free(conf);
	return result;
}

/* --- show */

static void show_heads(struct table *table)
{
	table_add(table, _("ID"));
	table_add(table, _("ARRIVED"));
	table_add(table, _("SIZE"));
	table_add(table, _("WHOLE"));
	table_add(table, _("FROM"));
	table_add(table, _("SUBJECT"));
}

static void show_row(struct table *table, const struct mailbox_message *message,
    const struct message_summary *summary)
{
	char time[32], size[32];

	table_add(table, message->uidl);
	table_add(table, i18n_time(time, sizeof(time), message->time));
	table_add(table, i18n_size(size, sizeof(size), message->size));
	table_add(table, summary->whole == 0 ? "" : i18n_size(size, sizeof(size), summary->whole));
	table_add(table, summary->from);
	table_add(table, summary->subject);
}

static json_t *message_json(const struct mailbox_message *message, const struct message_summary *summary)
{
	return json_pack("{s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "id",
	    cli_json_text(message->uidl), "file", cli_json_text(message->file), "time",
	    (json_int_t)message->time, "size", (json_int_t)message->size, "whole_size",
	    summary->whole == 0 ? json_null() : json_integer((json_int_t)summary->whole), "from",
	    cli_json_text(summary->from), "to", cli_json_text(summary->to), "subject",
	    cli_json_text(summary->subject), "date", cli_json_text(summary->date));
}

/* A message that another program has removed meanwhile is skipped. */
static void show_message(const struct spool *spool, const char *user, struct mailbox_message *message,
    struct table *table, json_t *list)
{
	struct message_summary summary;

	if (!message_summary_find(spool, user, message, &summary))
		return;
	if (list != NULL)
		json_array_append_new(list, message_json(message, &summary));
	else
		show_row(table, message, &summary);
	message_summary_clear(&summary);
}

static int show_mailbox(const struct cli *cli, const struct conf *conf, const char *user)
{
	struct table table = TABLE_SPARE("llrrLL", "001000");
	json_t *list = cli->json ? json_array() : NULL;
	struct error error = ERROR_INIT;
	struct mailbox_list messages;

	if (mailbox_list(SPOOL_OF(conf), user, &messages, &error) != 0) {
		json_decref(list);
		return cli_fail_error(&error);
	}
	show_heads(&table);
	for (size_t i = 0; i < messages.count; i++)
		show_message(SPOOL_OF(conf), user, &messages.items[i], &table, list);
	mailbox_list_clear(&messages);
	if (list == NULL) {
		table_print(&table);
		return CLI_DONE;
	}
	table_clear(&table);
	return cli_print_json(list);
}

int cmd_mailbox_show(struct cli *cli)
{
	return cli_with_mailbox(cli, show_mailbox);
}

/* --- purge */

#define AGE_MAX (36500LL * 86400) /* seconds; no message is that old */

static bool read_age(const struct cli *cli, int64_t *seconds)
{
	const struct value_limits limits = {.min = 1, .max = AGE_MAX};
	const char *text = cli_option(cli, "--older");
	struct error error = ERROR_INIT;

	if (text == NULL)
		cli_fail(CLI_USAGE, _("specify the age of the messages (example: --older 90d)"));
	else if (value_parse(VALUE_DURATION, slice_of(text), &limits, seconds, &error) != 0)
		cli_fail(CLI_USAGE, "--older: %s", ERROR_SAID(&error));
	else
		return true;
	return false;
}

/* --- one mbox file instead of the archive's folders */

struct mbox {
	const struct spool *spool;
	const char *user, *path;
	int fd;
};

static int append(void *context, const struct mailbox_message *message, struct error *error)
{
	const struct mbox *mbox = context;

	return mail_archive_append(mbox->fd, mbox->path, mbox->spool, mbox->user, message, error);
}

static int sync_mbox(void *context, struct error *error)
{
	const struct mbox *mbox = context;

	return fsx_sync_data(mbox->fd, mbox->path, error);
}

static int remove_to_mbox(struct mbox *mbox, int64_t before, struct expired *expired, struct error *error)
{
	const struct expire_keeper keeper = {append, sync_mbox, mbox};
	bool paused = service_user_pause();
	int result;

	mbox->fd = owned_open(mbox->path, O_WRONLY | O_EXCL, 0600);
	service_user_resume(paused);
	if (mbox->fd < 0)
		return error_errno(error, N_("cannot create the file %s"), mbox->path);
	result = expire_mailbox(mbox->spool, &(struct expire_what){.mailbox = mbox->user, .before = before}, &keeper, expired, error);
	return fsx_close(mbox->fd, mbox->path, error) == 0 ? result : -1;
}

/* Which messages are removed from a mailbox, and where they are stored. */
struct removal {
	const char *user;
	int64_t before;	  /* messages that arrived earlier */
	bool archive;	  /* move to the archive's folders; else they are removed */
	const char *mbox; /* or to this file; NULL: none */
};

static int remove_old(const struct spool *spool, const struct removal *removal, struct expired *expired, struct error *error)
{
	struct mbox mbox = {spool, removal->user, removal->mbox, -1};
	const struct expire_what what = {.mailbox = removal->user, .before = removal->before};

	if (mbox.path != NULL)
		return remove_to_mbox(&mbox, removal->before, expired, error);
	if (removal->archive)
		return expire_to_archive(spool, &what, expired, error);
	return expire_mailbox(spool, &what, NULL, expired, error);
}

/* The messages to be removed, and the arrival of the newest. */
struct plan {
	struct expired expired;
	int64_t newest;
};

static int plan_removal(const struct spool *spool, const char *user, int64_t before, struct plan *plan, struct error *error)
{
	const struct expire_what what = {.mailbox = user, .before = before};
	struct mailbox_list list;
	struct error gone;

	*plan = (struct plan){{0}, 0};
	if (mailbox_list(spool, user, &list, error) != 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		if (!expire_has(spool, &what, &list.items[i]))
			continue;
		plan->expired.messages++;
		if (mailbox_size(spool, user, &list.items[i], &gone) == 0)
			plan->expired.bytes += list.items[i].size;
		plan->newest = list.items[i].time > plan->newest ? list.items[i].time : plan->newest;
	}
	mailbox_list_clear(&list);
	return 0;
}

static int tell_plan(const struct cli *cli, const char *user, const struct plan *plan)
{
	char size[32], time[32];

	if (cli->json)
		return cli_print_json(json_pack("{s:s, s:I, s:I, s:I}", "user", user, "would_remove",
		    (json_int_t)plan->expired.messages, "bytes", (json_int_t)plan->expired.bytes, "newest",
		    (json_int_t)plan->newest));
	printf(_n("%zu message (%s) would be removed from mailbox %s; the newest arrived %s\n",
		   "%zu messages (%s) would be removed from mailbox %s; the newest arrived %s\n", plan->expired.messages),
	    plan->expired.messages, i18n_size(size, sizeof(size), plan->expired.bytes), user,
	    plan->expired.messages == 0 ? "-" : i18n_time(time, sizeof(time), plan->newest));
	return CLI_DONE;
}

static int confirm_purge(const struct cli *cli, const char *user, const struct plan *plan)
{
	char size[32], time[32], *question;
	int result;

	if (plan->expired.messages == 0)
		return CLI_DONE;
	question = xasprintf(_n("Permanently remove %zu message (%s) from mailbox %s (the newest arrived %s)?",
				 "Permanently remove %zu messages (%s) from mailbox %s (the newest "
				 "arrived %s)?",
				 plan->expired.messages),
	    plan->expired.messages, i18n_size(size, sizeof(size), plan->expired.bytes), user,
	    i18n_time(time, sizeof(time), plan->newest));
	result = cli_confirm_removal(cli, question);
	free(question);
	return result;
}

static int tell_removal(const struct cli *cli, const char *user, bool archive, const struct expired *expired)
{
	char size[32];

	if (cli->json)
		return cli_print_json(json_pack("{s:s, s:I, s:I}", "user", user, "removed",
		    (json_int_t)expired->messages, "bytes", (json_int_t)expired->bytes));
	printf(archive ? _n("%zu message (%s) of mailbox %s was moved to the archive\n",
			     "%zu messages (%s) of mailbox %s were moved to the archive\n", expired->messages)
		       : _n("%zu message (%s) was removed from mailbox %s\n",
			     "%zu messages (%s) were removed from mailbox %s\n", expired->messages),
	    expired->messages, i18n_size(size, sizeof(size), expired->bytes), user);
	return CLI_DONE;
}

static int take_out(const struct cli *cli, const struct conf *conf, const char *user, bool archive, int64_t before)
{
	const struct removal removal = {user, before, archive, cli_option(cli, "--mbox")};
	struct error error = ERROR_INIT;
	struct spool spool;
	struct expired expired = {0};
	int result;

	if (spool_open(&spool, conf, &(struct spool_options){.writer = "admin"}, &error) != 0)
		return cli_fail_error(&error);
	result = remove_old(&spool, &removal, &expired, &error);
	if (result != 0)
		cli_fail_error(&error);
	if (spool_close(&spool, &error) != 0)
		result = cli_fail_error(&error);
	return result == 0 ? tell_removal(cli, user, archive, &expired) : CLI_FAILED;
}

static int purge_mailbox(const struct cli *cli, const struct conf *conf, const char *user)
{
	struct error error = ERROR_INIT;
	struct plan plan;
	int64_t age = 0, before;
	int result;

	if (!read_age(cli, &age))
		return CLI_USAGE;
	before = clock_wall() - age;
	if (plan_removal(SPOOL_OF(conf), user, before, &plan, &error) != 0)
		return cli_fail_error(&error);
	if (cli_option(cli, "--dry-run") != NULL)
		return tell_plan(cli, user, &plan);
	result = confirm_purge(cli, user, &plan);
	return result == CLI_DONE ? take_out(cli, conf, user, false, before) : result;
}

static int archive_mailbox(const struct cli *cli, const struct conf *conf, const char *user)
{
	int64_t age = 0;

	if (!read_age(cli, &age))
		return CLI_USAGE;
	return take_out(cli, conf, user, true, clock_wall() - age);
}

int cmd_mailbox_purge(struct cli *cli)
{
	return cli_with_mailbox(cli, purge_mailbox);
}

int cmd_mailbox_archive(struct cli *cli)
{
	return cli_with_mailbox(cli, archive_mailbox);
}
