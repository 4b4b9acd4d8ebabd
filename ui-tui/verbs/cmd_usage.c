/*
 * lanpost usage: what each line, account and user has carried and paid, on days and in months.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "mail/usage.h"
#include "spool/storage/storage.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/command/table.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define NOON 43200 /* days are counted from noon to noon, so that a change of the clocks skips none */
#define DAY_SECONDS 86400

/* What is shown together. */
struct part {
	const char *list, *head;
};
static const struct part parts[] = {{"lines", N_("LINE")}, {"accounts", N_("ACCOUNT")}, {"users", N_("USER")}};

static unsigned long long number_of(const json_t *row, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(row, name));

	return value < 0 ? 0 : (unsigned long long)value;
}

/* --- a table of rows */

static void add_heads(struct table *table, const struct part *part, bool is_line)
{
	table_add(table, _(part->head));
	table_add(table, is_line ? _("SESSIONS") : _("FETCHED"));
	table_add(table, is_line ? _("MINUTES") : _("WRITTEN"));
	table_add(table, _("RECEIVED"));
	table_add(table, _("SENT"));
	table_add(table, _("PRICE"));
}

static void print_part(const json_t *usage, const struct part *part)
{
	const json_t *rows = json_object_get(usage, part->list), *row;
	struct table table = TABLE_SPARE("Lrrrrr", "001002");
	bool is_line = strcmp(part->list, "lines") == 0;
	char size[32];
	size_t i;

	if (json_array_size(rows) == 0)
		return;
	add_heads(&table, part, is_line);
	json_array_foreach(rows, i, row) {
		table_add(&table, usage_shown_name(part->list, json_string_value(json_object_get(row, "name"))));
		table_addf(&table, "%llu", number_of(row, is_line ? "sessions" : "fetched"));
		table_addf(&table, "%llu", is_line ? (number_of(row, "seconds") + 59) / 60 : number_of(row, "written"));
		table_add(&table, i18n_size(size, sizeof(size), number_of(row, "received")));
		table_add(&table, i18n_size(size, sizeof(size), number_of(row, "sent")));
		table_addf(&table, "%.2f", json_number_value(json_object_get(row, "price")));
	}
	table_print(&table);
	puts("");
}

static void print_usage(const json_t *usage)
{
	const char *from = json_string_value(json_object_get(usage, "from")), *to = json_string_value(json_object_get(usage, "to"));
	bool is_empty = true;

	if (strcmp(from, to) == 0)
		printf("%s", from);
	else
		printf(_("%s to %s"), from, to);
	puts("\n");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		is_empty = is_empty && json_array_size(json_object_get(usage, parts[i].list)) == 0;
		print_part(usage, &parts[i]);
	}
	if (is_empty)
		printf("%s\n\n", _("Nothing is known of a session."));
}

/* --- days and months */

static void name_days(json_t *usage, int64_t from, int64_t to)
{
	char text[32];

	snprintf(text, sizeof(text), "%04d-%02d-%02d", (int)(from / 10000), (int)(from / 100 % 100), (int)(from % 100));
	json_object_set_new(usage, "from", json_string(text));
	snprintf(text, sizeof(text), "%04d-%02d-%02d", (int)(to / 10000), (int)(to / 100 % 100), (int)(to % 100));
	json_object_set_new(usage, "to", json_string(text));
	json_object_del(usage, "month");
	usage_shorten(usage);
}

static int64_t last_of(int64_t month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t year = month / 100, number = month % 100;
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month * 100 + days[number - 1] + (number == 2 && is_leap);
}

/* today: 20261231; of this month until then. */
static json_t *usage_of_month(struct state *state, int64_t month, int64_t today)
{
	json_t *usage = usage_of(state, month);

	name_days(usage, month * 100 + 1, month == today / 100 ? today : last_of(month));
	return usage;
}

static int64_t noon_today(void)
{
	time_t now = (time_t)clock_wall();
	struct tm tm;

	localtime_r(&now, &tm);
	return clock_wall() - tm.tm_hour * 3600 - tm.tm_min * 60 - tm.tm_sec + NOON;
}

/* The last days, today included. */
static json_t *usage_of_days(struct state *state, uint64_t count)
{
	json_t *usage = usage_new();
	int64_t noon = noon_today();

	for (uint64_t i = 0; i < count; i++) {
		json_t *day = usage_of(state, clock_day(noon - (int64_t)i * DAY_SECONDS));

		usage_merge(usage, day);
		json_decref(day);
	}
	name_days(usage, clock_day(noon - (int64_t)(count - 1) * DAY_SECONDS), clock_day(noon));
	return usage;
}

/* "2026-11"; false after a message. */
static bool read_month(const char *text, int64_t *month)
{
	struct slice rest = slice_of(text), year = slice_cut(&rest, '-');
	uint64_t years, months;

	if (year.len == 4 && rest.len == 2 && slice_number(year, 1970, 9999, &years) && slice_number(rest, 1, 12, &months)) {
		*month = (int64_t)(years * 100 + months);
		return true;
	}
	cli_fail(CLI_USAGE, _("%s: `%s` is not a month (example: 2026-11)"), "--month", text);
	return false;
}

static int print(const struct cli *cli, json_t *list)
{
	const json_t *usage;
	size_t i;

	if (cli->json)
		return cli_print_json(list);
	json_array_foreach(list, i, usage)
		print_usage(usage);
	json_decref(list);
	return CLI_DONE;
}

static int show(const struct cli *cli, const struct conf *conf, const struct spool *spool)
{
	const char *of_month = cli_option(cli, "--month"), *of_days = cli_option(cli, "--days");
	int64_t today = clock_day(clock_wall()), month = today / 100;
	uint64_t days = 1;
	json_t *list;

	(void)conf;
	if (of_month != NULL && of_days != NULL)
		return cli_fail(CLI_USAGE, _("%s and %s cannot be used together"), "--month", "--days");
	if (of_month != NULL && !read_month(of_month, &month))
		return CLI_USAGE;
	if (of_days != NULL && !slice_number(slice_of(of_days), 1, USAGE_DAYS, &days))
		return cli_fail(CLI_USAGE, _("%s: `%s` is not a number from 1 to %d"), "--days", of_days, USAGE_DAYS);
	list = json_array();
	if (of_month == NULL)
		json_array_append_new(list, usage_of_days(spool->state, days));
	if (of_days == NULL)
		json_array_append_new(list, usage_of_month(spool->state, month, today));
	return print(cli, list);
}

int cmd_usage(struct cli *cli)
{
	return cli_with_state(cli, show);
}
