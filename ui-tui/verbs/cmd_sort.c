/*
 * lanpost sort FILE...: what the rules would do with these messages, and why. Delivers nothing.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "mail/filter/filter_preview.h"
#include "mail/multidrop.h"
#include "sorter/sorter.h"
#include "spool/storage/storage.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/command/input_file.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static json_t *match_json(const struct sorter_match *match)
{
	json_t *object = json_object();

	json_object_set_new(object, "name", cli_json_text(match->rule));
	json_object_set_new(object, "header", cli_json_text(match->header));
	json_object_set_new(object, "operator", cli_json_text(match->relation));
	json_object_set_new(object, "text", cli_json_text(match->text));
	json_object_set_new(object, "field", cli_json_text(match->field));
	json_object_set_new(object, "value", cli_json_text(match->value));
	json_object_set_new(object, "matched", cli_json_text(match->matched));
	json_object_set_new(object, "reason", cli_json_text(match->reason));
	return object;
}

static json_t *recipient_json(const struct sorter_recipient *recipient)
{
	json_t *object = json_object();

	json_object_set_new(
	    object, recipient->outside ? "address" : "user", cli_json_text(recipient->name));
	if (recipient->folder[0] != '\0')
		json_object_set_new(object, "folder", cli_json_text(recipient->folder));
	json_object_set_new(
	    object, "action", json_string(decision_action_name(recipient->action)));
	json_object_set_new(object, "rule", cli_json_text(recipient->rule));
	json_object_set_new(object, "reason", cli_json_text(recipient->reason));
	return object;
}

/* Either "to" or "refused". */
static json_t *reply_json(const struct sorter_decision *decision)
{
	json_t *object = json_object();

	json_object_set_new(object, "rule", cli_json_text(decision->reply_rule));
	if (decision->reply_to != NULL)
		json_object_set_new(object, "to", cli_json_text(decision->reply_to));
	else
		json_object_set_new(object, "refused", cli_json_text(decision->reply_refusal));
	return object;
}

static const char *sender_word(enum filter_sender sender)
{
	return sender == SENDER_ALLOWED ? "friend" : sender == SENDER_DENIED ? "denied" : "unknown";
}

static json_t *filter_json(const struct filter_preview *preview)
{
	json_t *list = json_array();

	for (size_t i = 0; i < preview->count; i++) {
		const struct filter_opinion *item = &preview->items[i];

		json_array_append_new(list, json_pack("{s:o, s:s, s:o}", "mailbox", cli_json_text(item->mailbox), "sender", sender_word(item->sender),
						"reason", cli_json_text(item->why)));
	}
	return list;
}

static json_t *decision_json(const char *file, const char *account, const struct sorter_decision *decision, const struct filter_preview *preview)
{
	json_t *object = json_object(), *rules = json_array(), *recipients = json_array();
	json_t *tags = json_array(), *prefixes = json_array();

	for (size_t i = 0; i < decision->match_count; i++)
		json_array_append_new(rules, match_json(&decision->matches[i]));
	for (size_t i = 0; i < decision->recipient_count; i++)
		json_array_append_new(recipients, recipient_json(&decision->recipients[i]));
	for (size_t i = 0; i < decision->tags.count; i++)
		json_array_append_new(tags, cli_json_text(decision->tags.items[i]));
	for (size_t i = 0; i < decision->prefixes.count; i++)
		json_array_append_new(prefixes, cli_json_text(decision->prefixes.items[i]));
	json_object_set_new(object, "file", cli_json_text(file));
	json_object_set_new(object, "account", cli_json_text(account));
	json_object_set_new(object, "rules", rules);
	json_object_set_new(object, "recipients", recipients);
	json_object_set_new(object, "filter", filter_json(preview));
	json_object_set_new(object, "dropped", json_boolean(decision->dropped_by != NULL));
	json_object_set_new(object, "tags", tags);
	json_object_set_new(object, "subject_prefixes", prefixes);
	if (decision->reply_rule != NULL)
		json_object_set_new(object, "reply", reply_json(decision));
	if (decision->unsorted != NULL)
		json_object_set_new(object, "unsorted", cli_json_text(decision->unsorted));
	return object;
}

static void print_safe(const char *label, const char *text)
{
	size_t size = strlen(text) * 4 + 1;
	char *safe = xmalloc(size);

	printf("  %s  %s\n", label, str_printable(safe, size, slice_of(text)));
	free(safe);
}

static const char *action_label(enum sorter_action action)
{
	switch (action) {
	case SORTER_COPY:
		return _("copy to:");
	case SORTER_FORWARD:
		return _("forward to:");
	case SORTER_REDIRECT:
		return _("redirect to:");
	case SORTER_REJECT:
		return _("for review to:");
	default:
		return _("deliver to:");
	}
}

static void print_opinion(const struct filter_opinion *opinion)
{
	static const char *const formats[] = {
	    [SENDER_UNKNOWN] = N_("%s (%s)"),
	    [SENDER_ALLOWED] = N_("%s: the sender is a friend (%s)"),
	    [SENDER_DENIED] = N_("%s: the sender is denied (%s)"),
	};
	char *text = xasprintf(_(formats[opinion->sender]), opinion->mailbox, PHRASE_SAID(opinion->why));

	print_safe(_("filter:"), text);
	free(text);
}

static void print_decision(const char *file, const struct sorter_decision *decision, const struct filter_preview *preview)
{
	printf("%s\n", file);
	for (size_t i = 0; i < decision->match_count; i++)
		print_safe(_("matched:"), PHRASE_SAID(decision->matches[i].reason));
	for (size_t i = 0; i < decision->tags.count; i++)
		print_safe(_("tag:"), decision->tags.items[i]);
	for (size_t i = 0; i < decision->prefixes.count; i++)
		print_safe(_("before the subject:"), decision->prefixes.items[i]);
	if (decision->dropped_by != NULL)
		print_safe(decision->recipient_count == 0 ? _("dropped by rule:") : _("stopped by rule:"),
		    decision->dropped_by);
	for (size_t i = 0; i < decision->recipient_count; i++) {
		const struct sorter_recipient *recipient = &decision->recipients[i];
		char *text = xasprintf("%s%s%s (%s)", recipient->name, recipient->folder[0] == '\0' ? "" : "/", recipient->folder,
		    PHRASE_SAID(recipient->reason));

		print_safe(action_label(recipient->action), text);
		free(text);
	}
	for (size_t i = 0; i < preview->count; i++)
		print_opinion(&preview->items[i]);
	if (decision->reply_to != NULL)
		print_safe(_("reply to:"), decision->reply_to);
	else if (decision->reply_rule != NULL)
		print_safe(_("no reply:"), _(decision->reply_refusal));
}

struct sorting {
	const struct cli *cli;
	const struct conf *conf;
	const struct sorter *sorter;
	const char *account;
	struct state *state; /* NULL: it is not known whom users have written to */
	json_t *all; /* NULL without --json */
};

static void show(const struct sorting *sorting, const char *file, struct slice message, const struct sorter_decision *decision)
{
	struct filter_preview preview;
	struct envelope envelope;

	envelope_init(&envelope);
	sorter_fill(sorting->conf, message, &envelope, decision);
	filter_preview_make(sorting->conf, sorting->state, message, &envelope, &preview);
	if (sorting->all != NULL)
		json_array_append_new(sorting->all, decision_json(file, sorting->account, decision, &preview));
	else
		print_decision(file, decision, &preview);
	filter_preview_clear(&preview);
	envelope_clear(&envelope);
}

static int sort_file(const struct sorting *sorting, const char *file)
{
	struct buf bytes = BUF_INIT(INPUT_FILE_MAX);
	struct error error = ERROR_INIT;
	struct sorter_message message;
	struct sorter_decision decision;
	struct strlist recipients = {NULL, 0};

	if (input_file_read(file, &bytes, &error) < 0) {
		buf_clear(&bytes);
		return cli_fail_error(&error);
	}
	multidrop_recipients(sorting->conf, conf_find_account(sorting->conf, sorting->account),
	    buf_slice(&bytes), &recipients);
	message = (struct sorter_message){
	    buf_slice(&bytes), sorting->account, bytes.len, clock_wall(), &recipients, NULL, NULL};
	sorter_decide(sorting->sorter, &message, &decision);
	strlist_clear(&recipients);
	show(sorting, file, buf_slice(&bytes), &decision);
	decision_clear(&decision);
	buf_clear(&bytes);
	return CLI_DONE;
}

/* A dry run needs no spool. */
static struct state *open_state(const struct conf *conf)
{
	struct state *state = NULL;
	struct error error;

	if (conf->senders.friends > 0 && access(conf->gateway.spool, F_OK) == 0 && state_open(&state, SPOOL_OF(conf), NULL, &error) != 0) {
		cli_warn(_("cannot read whom users have written to: %s"), ERROR_SAID(&error));
		state = NULL;
	}
	return state;
}

static int sort_files(const struct cli *cli, const struct conf *conf, const struct sorter *sorter,
    const char *account)
{
	struct sorting sorting = {cli, conf, sorter, account, open_state(conf), cli->json ? json_array() : NULL};
	int result = CLI_DONE;

	for (int i = 0; i < cli->count; i++)
		if (sort_file(&sorting, cli->words[i]) != CLI_DONE)
			result = CLI_FAILED;
	state_close(sorting.state);
	if (sorting.all != NULL && cli_print_json(sorting.all) != CLI_DONE)
		result = CLI_FAILED;
	return result;
}

/* Reports the first invalid rule, with its place. */
static int fail_rules(const struct conf *conf)
{
	struct conf_problems problems = {0};
	int result = CLI_FAILED;

	sorter_check(conf, &problems);
	if (problems.count > 0) {
		struct error error;

		conf_problem_error(&problems.items[0], &error);
		result = cli_fail_error(&error);
	}
	conf_problems_clear(&problems);
	return result;
}

static int with_conf(struct cli *cli, const struct conf *conf)
{
	const char *account = cli_option(cli, "--account");
	struct error error = ERROR_INIT;
	struct sorter *sorter;
	int result;

	if (account == NULL)
		account = "";
	else if (conf_find_account(conf, account) == NULL)
		return cli_fail(CLI_FAILED, _("there is no account %s"), account);
	sorter = sorter_new(conf, &error);
	if (sorter == NULL)
		return fail_rules(conf);
	result = sort_files(cli, conf, sorter, account);
	sorter_free(sorter);
	return result;
}

int cmd_sort(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	result = with_conf(cli, conf);
	conf_free(conf);
	return result;
}
