/*
 * lanpost learn: the scanners for spam shall learn what messages are: of files, and of mailboxes and the quarantine by their ids. The running gateway
 * hands them to the scanners (mail/lesson.h).
 */
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "mail/lesson.h"
#include "mail/filter/lesson_message.h"
#include "mail/filter/quarantine.h"
#include "spool/mailbox_name.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/input_file.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>

static int accept_lesson(const struct spool *spool, bool is_spam, struct slice bytes, const char *why, struct error *error)
{
	struct envelope envelope;

	envelope_init(&envelope);
	origin_set_gateway(&envelope.origin);
	envelope_add(&envelope, PLACE_MAILBOX, slice_of(lesson_mailbox(is_spam)), slice_of(why));
	return intake_accept_text(spool->intake, &envelope, bytes, NULL, 0, error);
}

/* --- by id */

struct search {
	const struct spool *spool;
	const char *id;
	struct slice bytes; /* mapped; SLICE_NONE: not found yet */
};

static void look_in(struct search *search, const char *mailbox)
{
	struct mailbox_list list;
	struct error error;

	if (mailbox_list(search->spool, mailbox, &list, &error) != 0)
		return;
	for (size_t i = 0; i < list.count && search->bytes.ptr == NULL; i++) {
		char *origin = mailbox_origin(&list.items[i]);
		bool is_it = strcmp(origin, search->id) == 0 || strcmp(list.items[i].uidl, search->id) == 0;

		free(origin);
		if (is_it && mailbox_open(search->spool, mailbox, &list.items[i], &search->bytes, &error) != 0)
			search->bytes = SLICE_NONE;
	}
	mailbox_list_clear(&list);
}

static void look_everywhere(struct search *search)
{
	struct strlist users = {NULL, 0}, mailboxes = {NULL, 0};
	struct error error;

	mailbox_users(search->spool, &users);
	for (size_t i = 0; i < users.count; i++)
		if (mailbox_names(search->spool, users.items[i], &mailboxes, &error) != 0)
			cli_warn("%s", ERROR_SAID(&error));
	strlist_add(&mailboxes, MAILBOX_QUARANTINE);
	for (size_t i = 0; i < mailboxes.count && search->bytes.ptr == NULL; i++)
		look_in(search, mailboxes.items[i]);
	strlist_clear(&mailboxes);
	strlist_clear(&users);
}

/* The lines of the quarantine are not the message's. */
static struct slice without_kept_lines(struct slice file)
{
	struct envelope envelope;
	struct slice message;
	struct msgid first;
	char *why;

	if (!quarantine_read(file, &envelope, &message, &why, &first))
		return file;
	envelope_clear(&envelope);
	free(why);
	return message;
}

static int learn_id(const struct spool *spool, bool is_spam, const char *id)
{
	struct search search = {.spool = spool, .id = id, .bytes = SLICE_NONE};
	struct error error = ERROR_INIT;
	int result = CLI_DONE;

	look_everywhere(&search);
	if (search.bytes.ptr == NULL)
		return cli_fail(CLI_FAILED, _("there is no message %s in a mailbox or the quarantine"), id);
	if (accept_lesson(spool, is_spam, without_kept_lines(search.bytes), PHRASE(N_("message %s"), id), &error) != 0)
		result = cli_fail_error(&error);
	fsx_unmap(search.bytes);
	return result;
}

/* --- files */

static int learn_file(const struct spool *spool, bool is_spam, const char *file)
{
	struct buf bytes = BUF_INIT(LESSON_BYTES_MAX);
	struct error error = ERROR_INIT;
	int result = CLI_DONE;

	if (input_file_read(file, &bytes, &error) < 0 || accept_lesson(spool, is_spam, buf_slice(&bytes), PHRASE(N_("file %s"), file), &error) != 0)
		result = cli_fail_error(&error);
	buf_clear(&bytes);
	return result;
}

static bool is_id(const char *word)
{
	return msgid_is(slice_of(word));
}

/* --- the verb */

static int learn_all(struct cli *cli, const struct conf *conf, bool is_spam)
{
	struct error error = ERROR_INIT;
	struct spool spool;
	int result = CLI_DONE, taken = 0;

	if (spool_open(&spool, conf, &(struct spool_options){.writer = "admin"}, &error) != 0)
		return cli_fail_error(&error);
	for (int i = 1; i < cli->count && result == CLI_DONE; i++) {
		if (!lesson_has_room(&spool, 1))
			result = cli_fail(CLI_FAILED, _("%d messages wait to be learned already; see lanpost status"), LESSONS_MAX);
		else
			result = (is_id(cli->words[i]) ? learn_id : learn_file)(&spool, is_spam, cli->words[i]);
		taken += result == CLI_DONE;
	}
	if (spool_close(&spool, &error) != 0)
		result = cli_fail_error(&error);
	if (taken > 0)
		printf(_n("%d message will be learned; lanpost trace and lanpost status show it\n",
			   "%d messages will be learned; lanpost trace and lanpost status show it\n", (unsigned)taken), taken);
	return result;
}

int cmd_learn(struct cli *cli)
{
	bool is_spam = strcmp(cli->words[0], "spam") == 0;
	struct conf *conf;
	int result;

	if (!is_spam && strcmp(cli->words[0], "ham") != 0)
		return cli_fail(CLI_USAGE, _("learn what? spam or ham; see lanpost learn --help"));
	conf = cli_gateway_conf(cli);
	if (conf == NULL)
		return CLI_FAILED;
	if (!conf_learns(conf))
		result = cli_fail(CLI_FAILED, _("no scanner learns: that takes a [scanner] with a url of spamd or rspamd, and learn = yes in [filter]"));
	else
		result = learn_all(cli, conf, is_spam);
	conf_free(conf);
	return result;
}
