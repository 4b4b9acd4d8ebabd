/*
 * lanpost queue list and show: waiting outgoing mail, read directly from the spool.
 */
#include "base/i18n.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/command/queue_entry.h"
#include "ui-tui/command/table.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>

#define ALL_STATES ((1u << QUEUE_STATES) - 1)

static const char *const status_names[] = {
    [PLACE_PENDING] = "pending", [PLACE_SENT] = "sent", [PLACE_FAILED] = "failed"};
static const char *const status_words[] = {
    [PLACE_PENDING] = N_("waiting"), [PLACE_SENT] = N_("sent"), [PLACE_FAILED] = N_("refused")};

/* --- as JSON */

static json_t *recipients_json(const struct envelope *envelope)
{
	json_t *list = json_array();

	for (size_t i = 0; i < envelope->place_count; i++) {
		const struct place *place = &envelope->places[i];

		if (place->kind == PLACE_QUEUE)
			json_array_append_new(list,
			    json_pack("{s:o, s:s, s:o}", "address", cli_json_text(place->name), "status",
				status_names[place->status], "reply", cli_json_text(place->reply)));
	}
	return list;
}

static json_t *entry_json(const struct queue_entry *entry, const struct limits_now *limits)
{
	const struct envelope *envelope = &entry->envelope;
	char text[PHRASE_MAX];
	const char *why = queue_entry_why(entry, limits, text);

	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:b, s:s?}", "id", entry->item->id.text,
	    "state", queue_state_names[entry->state], "sender",
	    cli_json_text(envelope->sender), "recipients", recipients_json(envelope), "subject",
	    cli_json_text(entry->summary.subject), "size", (json_int_t)entry->size, "time",
	    entry->has_envelope ? (json_int_t)envelope->time : 0, "attempts",
	    (json_int_t)envelope->attempts, "next_attempt", (json_int_t)envelope->next_attempt, "urgent", envelope->is_urgent, "limit", why);
}

/* --- as text */

static void add_heads(struct table *table)
{
	table_add(table, _("ID"));
	table_add(table, _("STATE"));
	table_add(table, _("SINCE"));
	table_add(table, _("SIZE"));
	table_add(table, _("FROM"));
	table_add(table, _("TO"));
	table_add(table, _("SUBJECT"));
	table_add(table, _("LAST REPLY"));
}

static void add_row(struct table *table, const struct queue_entry *entry)
{
	const struct envelope *envelope = &entry->envelope;
	const struct place *first = queue_entry_first(envelope);
	char *recipients = queue_entry_recipients(entry);
	char time[32], size[32];

	table_add(table, entry->item->id.text);
	table_add(table, queue_state_word(entry->state));
	table_add(table, entry->has_envelope ? i18n_time(time, sizeof(time), envelope->time) : "-");
	table_add(table, i18n_size(size, sizeof(size), entry->size));
	table_add(table, queue_entry_sender(entry));
	table_add(table, recipients);
	table_add(table, entry->summary.subject);
	table_add(table, first == NULL ? "" : PHRASE_SAID(first->reply));
	free(recipients);
}

/* And which limits keep messages there. */
static void print_table(struct table *table, const struct limits_now *limits)
{
	json_t *list = limits_now_json(limits, true), *limit;
	size_t i;

	table_print(table);
	json_array_foreach(list, i, limit)
		puts(PHRASE_SAID(json_string_value(json_object_get(limit, "text"))));
	json_decref(list);
}

int cmd_queue_list(struct cli *cli)
{
	struct table table = TABLE_SPARE("lllrLLLL", "00230010");
	struct conf *conf = cli_conf(cli);
	struct error error = ERROR_INIT;
	struct limits_now limits;
	struct queue_items items;
	json_t *list;

	if (conf == NULL)
		return CLI_FAILED;
	if (queue_list(SPOOL_OF(conf), ALL_STATES, &items, &error) != 0) {
		conf_free(conf);
		return cli_fail_error(&error);
	}
	list = json_array();
	limits_now_read(&limits, conf);
	add_heads(&table);
	for (size_t i = 0; i < items.count; i++) {
		struct queue_entry entry;

		queue_entry_read(SPOOL_OF(conf), &items.items[i], &entry);
		json_array_append_new(list, entry_json(&entry, &limits));
		add_row(&table, &entry);
		queue_entry_clear(&entry);
	}
	if (cli->json)
		cli_print_json(json_incref(list));
	else if (items.count == 0)
		puts(_("the queue is empty"));
	else
		print_table(&table, &limits);
	table_clear(&table);
	limits_now_clear(&limits);
	json_decref(list);
	queue_items_clear(&items);
	conf_free(conf);
	return CLI_DONE;
}

static const char *next_attempt(const struct queue_entry *entry, char *time, size_t size)
{
	if (entry->state == QUEUE_CORRUPT)
		return _("none: the message is damaged");
	if (entry->state == QUEUE_HOLD)
		return _("after the message is released");
	return entry->envelope.next_attempt == 0 ? _("in the next session") : i18n_time(time, size, entry->envelope.next_attempt);
}

static void print_entry(const struct queue_entry *entry, const struct limits_now *limits)
{
	const struct envelope *envelope = &entry->envelope;
	char text[PHRASE_MAX];
	const char *why = queue_entry_why(entry, limits, text);
	struct table table = TABLE_INIT("LlW");
	char time[32], next[32], size[32], sender[1024];

	printf(_("Message:   %s (%s)\n"), entry->item->id.text, queue_state_word(entry->state));
	printf(_("Accepted:  %s, %s\n"), entry->has_envelope ? i18n_time(time, sizeof(time), envelope->time) : "-",
	    i18n_size(size, sizeof(size), entry->size));
	printf(_("Envelope:  from <%s>\n"),
	    str_printable(sender, sizeof(sender), slice_of(envelope->sender)));
	printf(_("Header:    From %s; To %s; Subject %s\n"), entry->summary.from, entry->summary.to, entry->summary.subject);
	printf(_("Attempts:  %u, next %s\n"), envelope->attempts, next_attempt(entry, next, sizeof(next)));
	if (why != NULL)
		printf(_("Limit:     %s\n"), PHRASE_SAID(why));
	if (envelope->is_urgent)
		printf(_("Urgent:    it is sent first\n"));
	table_add(&table, _("RECIPIENT"));
	table_add(&table, _("STATE"));
	table_add(&table, _("LAST REPLY"));
	for (size_t i = 0; i < envelope->place_count; i++) {
		if (envelope->places[i].kind != PLACE_QUEUE)
			continue;
		table_add(&table, envelope->places[i].name);
		table_add(&table, _(status_words[envelope->places[i].status]));
		table_add(&table, PHRASE_SAID(envelope->places[i].reply));
	}
	table_print(&table);
}

static bool find_item(const struct spool *spool, const char *text, struct queue_item *item)
{
	struct msgid id = {""};
	struct error error;

	if (!msgid_is(slice_of(text)))
		return false;
	memcpy(id.text, text, MSGID_LEN);
	item->id = id;
	return queue_find(spool, &id, &item->state, &error) > 0;
}

int cmd_queue_show(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	struct queue_item item;
	struct queue_entry entry;
	struct limits_now limits;
	int result = CLI_DONE;

	if (conf == NULL)
		return CLI_FAILED;
	if (!find_item(SPOOL_OF(conf), cli->words[0], &item)) {
		conf_free(conf);
		return cli_fail(CLI_FAILED, _("there is no message %s in the queue; see lanpost queue list"),
		    cli->words[0]);
	}
	queue_entry_read(SPOOL_OF(conf), &item, &entry);
	limits_now_read(&limits, conf);
	if (cli->json)
		result = cli_print_json(entry_json(&entry, &limits));
	else
		print_entry(&entry, &limits);
	limits_now_clear(&limits);
	queue_entry_clear(&entry);
	conf_free(conf);
	return result;
}
