#include "mail/usage.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define COUNTERS 4
#define DAYS_KEPT (USAGE_DAYS + 2) /* whatever the clocks do */
#define DAY_SECONDS 86400
#define MONTHS_KEPT 60

/* What is counted in the rows of each list. */
static const struct list {
	const char *name, *counters[COUNTERS];
} lists[] = {
    {"accounts", {"received", "sent", "fetched", "written"}},
    {"users", {"received", "sent", "fetched", "written"}},
    {"lines", {"received", "sent", "sessions", "seconds"}},
};

static json_t *new_row(const struct list *list, const char *name)
{
	json_t *row = json_pack("{s:s?, s:f}", "name", name, "price", 0.0);

	for (size_t i = 0; i < COUNTERS; i++)
		json_object_set_new(row, list->counters[i], json_integer(0));
	return row;
}

json_t *usage_new(void)
{
	json_t *usage = json_object();

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_object_set_new(usage, lists[i].name, json_array());
	return usage;
}

/* --- rows */

static const char *name_of(const json_t *row)
{
	return json_string_value(json_object_get(row, "name"));
}

/* What was stored may have rows without a name. */
static const char *name_or_none(const json_t *row)
{
	return name_of(row) == NULL ? "" : name_of(row);
}

/* Borrowed; a new one if there is none. */
static json_t *row_in(json_t *usage, const struct list *list, const char *name)
{
	json_t *rows = json_object_get(usage, list->name), *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (name_of(row) != NULL && strcmp(name_of(row), name) == 0)
			return row;
	row = new_row(list, name);
	json_array_append_new(rows, row);
	return row;
}

static json_t *row_of(json_t *usage, const char *list, const char *name)
{
	size_t i = 0;

	while (strcmp(lists[i].name, list) != 0)
		i++;
	return row_in(usage, &lists[i], name);
}

static void count(json_t *row, const char *counter, uint64_t more)
{
	json_int_t sum = json_integer_value(json_object_get(row, counter));

	sum = more > (uint64_t)(INT64_MAX - sum) ? INT64_MAX : sum + (json_int_t)more;
	json_object_set_new(row, counter, json_integer(sum));
}

static void pay(json_t *row, double price)
{
	json_object_set_new(row, "price", json_real(json_number_value(json_object_get(row, "price")) + price));
}

static void add_row(const struct list *list, json_t *row, const json_t *more)
{
	for (size_t i = 0; i < COUNTERS; i++) {
		json_int_t value = json_integer_value(json_object_get(more, list->counters[i]));

		count(row, list->counters[i], value > 0 ? (uint64_t)value : 0);
	}
	pay(row, json_number_value(json_object_get(more, "price")));
}

/* --- the parts of a session */

static uint64_t sum_of(const struct byte_shares *shares)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < shares->count; i++)
		bytes += shares->items[i].bytes;
	return bytes;
}

/* The part of `all` that ends at `upto` of `sum`, without what was given before: nothing is lost by rounding. */
static uint64_t portion(uint64_t all, uint64_t upto, uint64_t sum, uint64_t *given)
{
	uint64_t until = upto >= sum ? all : (uint64_t)((double)all * (double)upto / (double)sum), part = until > *given ? until - *given : 0;

	*given += part;
	return part;
}

static void divide(json_t *usage, const struct usage_part *part, uint64_t sum)
{
	uint64_t upto = 0, received = 0, sent = 0;

	for (size_t i = 0; i < part->shares->count; i++) {
		const struct byte_share *share = &part->shares->items[i];
		json_t *row = row_of(usage, "users", share->user);

		upto += share->bytes;
		count(row, "received", portion(part->bytes.received, upto, sum, &received));
		count(row, "sent", portion(part->bytes.sent, upto, sum, &sent));
		count(row, part->is_outgoing ? "written" : "fetched", share->messages);
		pay(row, part->price * (double)share->bytes / (double)sum);
	}
}

void usage_add(json_t *usage, const struct usage_part *part)
{
	json_t *row;
	uint64_t sum = sum_of(part->shares);

	if (part->bytes.received + part->bytes.sent == 0 && part->price <= 0)
		return;
	row = row_of(usage, "accounts", part->account);
	count(row, "received", part->bytes.received);
	count(row, "sent", part->bytes.sent);
	count(row, part->is_outgoing ? "written" : "fetched", part->messages);
	pay(row, part->price);
	if (sum > 0) {
		divide(usage, part, sum);
		return;
	}
	row = row_of(usage, "users", "");
	count(row, "received", part->bytes.received);
	count(row, "sent", part->bytes.sent);
	pay(row, part->price);
}

void usage_add_session(json_t *usage, const char *way, struct remote_bytes bytes, int64_t seconds, double price)
{
	json_t *row = row_of(usage, "lines", way == NULL ? "" : way);

	count(row, "received", bytes.received);
	count(row, "sent", bytes.sent);
	count(row, "sessions", 1);
	count(row, "seconds", seconds > 0 ? (uint64_t)seconds : 0);
	pay(row, price);
}

/* --- days and months */

/* What was stored, if it is as this version writes it, or the one before, which had no lines. */
static bool is_usage(json_t *usage)
{
	if (json_is_object(usage) && json_object_get(usage, "lines") == NULL)
		json_object_set_new(usage, "lines", json_array());
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (!json_is_array(json_object_get(usage, lists[i].name)))
			return false;
	return true;
}

static bool is_month(int64_t period)
{
	return period < 1000000;
}

json_t *usage_of(struct state *state, int64_t period)
{
	json_t *usage = state_usage_get(state, period);

	if (is_usage(usage))
		return usage;
	json_decref(usage);
	usage = usage_new();
	if (is_month(period))
		json_object_set_new(usage, "month", json_integer(period));
	return usage;
}

json_t *usage_load(struct state *state, int64_t now)
{
	return usage_of(state, clock_day(now) / 100);
}

static const char *known_name(const struct conf *conf, const char *list, const char *name)
{
	bool is_known;

	if (name == NULL)
		return "";
	if (strcmp(list, "users") == 0)
		is_known = conf_has_mailbox(conf, name);
	else
		is_known = strcmp(list, "lines") == 0 ? conf_find_way(conf, name) != NULL : conf_find_account(conf, name) != NULL;
	return is_known ? name : "";
}

/* conf: NULL: all names stay. */
static void merge(json_t *into, const json_t *usage, const struct conf *conf)
{
	json_t *row;
	size_t at;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_array_foreach(json_object_get(usage, lists[i].name), at, row)
			add_row(&lists[i], row_in(into, &lists[i], conf == NULL ? name_or_none(row) : known_name(conf, lists[i].name, name_of(row))),
			    row);
}

void usage_merge(json_t *into, const json_t *usage)
{
	merge(into, usage, NULL);
}

static int add_to(int64_t period, const json_t *usage, const struct conf *conf, struct state *state, struct error *error)
{
	json_t *before = usage_of(state, period), *sum = usage_new();
	int result;

	if (is_month(period))
		json_object_set_new(sum, "month", json_integer(period));
	merge(sum, before, conf);
	merge(sum, usage, conf);
	result = state_usage_put(state, period, sum, error);
	json_decref(before);
	json_decref(sum);
	return result;
}

/* In one transaction: the days make up the month. */
static int store(const json_t *usage, const struct conf *conf, struct state *state, int64_t day, struct error *error)
{
	if (state_begin(state, error) != 0)
		return -1;
	if (add_to(day, usage, conf, state, error) == 0 && add_to(day / 100, usage, conf, state, error) == 0)
		return state_commit(state, error);
	state_abort(state);
	return -1;
}

void usage_store(const json_t *usage, const struct conf *conf, struct state *state, int64_t now)
{
	struct error error;

	if (store(usage, conf, state, clock_day(now), &error) != 0)
		log_warnx("event=line-use-not-stored reason=%s", LOG_ERROR(&error));
}

void usage_expire(struct state *state, int64_t now)
{
	int64_t month = clock_day(now) / 100, oldest = (month / 100 * 12 + month % 100 - 1) - MONTHS_KEPT;
	struct error error;

	if (state_usage_expire(state, clock_day(now - DAYS_KEPT * DAY_SECONDS), oldest / 12 * 100 + oldest % 12 + 1, &error) != 0)
		log_warnx("event=line-use-not-expired reason=%s", LOG_ERROR(&error));
}

/* --- showing */

static int larger_first(const void *a, const void *b)
{
	const json_t *left = *(json_t *const *)a, *right = *(json_t *const *)b;
	double x = json_number_value(json_object_get(left, "received")) + json_number_value(json_object_get(left, "sent")),
	       y = json_number_value(json_object_get(right, "received")) + json_number_value(json_object_get(right, "sent"));

	return x < y ? 1 : x > y ? -1 : strcmp(name_or_none(left), name_or_none(right));
}

static json_t *largest(const struct list *list, const json_t *rows)
{
	size_t all = json_array_size(rows);
	json_t **sorted = xcalloc(all + 1, sizeof(*sorted)), *out = json_array(), *others;

	for (size_t i = 0; i < all; i++)
		sorted[i] = json_array_get(rows, i);
	qsort(sorted, all, sizeof(json_t *), larger_first);
	for (size_t i = 0; i < all && i < USAGE_ROWS_MAX; i++)
		json_array_append(out, sorted[i]);
	if (all > USAGE_ROWS_MAX) {
		others = new_row(list, NULL);
		for (size_t i = USAGE_ROWS_MAX; i < all; i++)
			add_row(list, others, sorted[i]);
		json_array_append_new(out, others);
	}
	free(sorted);
	return out;
}

void usage_shorten(json_t *usage)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_object_set_new(usage, lists[i].name, largest(&lists[i], json_object_get(usage, lists[i].name)));
}

const char *usage_shown_name(const char *list, const char *name)
{
	if (name == NULL)
		return _("all others");
	if (name[0] != '\0')
		return name;
	if (strcmp(list, "lines") == 0)
		return _("the line");
	return strcmp(list, "users") == 0 ? _("no user in particular") : _("mail sent, and other");
}

static long long number_of(const json_t *row, const char *counter)
{
	return json_integer_value(json_object_get(row, counter));
}

void usage_each(const json_t *usage, const char *list, bool has_price, usage_row_fn fn, void *context)
{
	char received[32], sent[32];
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(usage, list), i, row) {
		char *value = xasprintf(_("%lld fetched, %lld sent; on the line: %s received, %s sent"), number_of(row, "fetched"), number_of(row, "written"),
		    i18n_size(received, sizeof(received), (unsigned long long)number_of(row, "received")),
		    i18n_size(sent, sizeof(sent), (unsigned long long)number_of(row, "sent")));
		char *paid = !has_price ? NULL : xasprintf(_("%s; price: %.2f"), value, json_number_value(json_object_get(row, "price")));

		fn(context, usage_shown_name(list, name_of(row)), paid == NULL ? value : paid);
		free(value);
		free(paid);
	}
}
