#include "gateway/report/usage.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/report/line_use.h"

#include <stdlib.h>
#include <string.h>

static const char *const lists[] = {"accounts", "users"};
static const char *const counters[] = {"received", "sent", "fetched", "written"};

static json_t *new_row(const char *name)
{
	return json_pack("{s:s?, s:i, s:i, s:i, s:i, s:f}", "name", name, "received", 0, "sent", 0, "fetched", 0, "written", 0, "price", 0.0);
}

json_t *usage_new(void)
{
	return json_pack("{s:[], s:[]}", lists[0], lists[1]);
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
static json_t *row_of(json_t *usage, const char *list, const char *name)
{
	json_t *rows = json_object_get(usage, list), *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (name_of(row) != NULL && strcmp(name_of(row), name) == 0)
			return row;
	row = new_row(name);
	json_array_append_new(rows, row);
	return row;
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

static void add_row(json_t *row, const json_t *more)
{
	for (size_t i = 0; i < ARRAY_LEN(counters); i++) {
		json_int_t value = json_integer_value(json_object_get(more, counters[i]));

		count(row, counters[i], value > 0 ? (uint64_t)value : 0);
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

/* --- the month */

/* What was stored, if it is as this version writes it. */
static bool is_usage(const json_t *usage)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (!json_is_array(json_object_get(usage, lists[i])))
			return false;
	return true;
}

json_t *usage_load(struct state *state, int64_t now)
{
	json_t *usage = state_usage_get(state);

	if (!is_usage(usage) || json_integer_value(json_object_get(usage, "month")) != clock_day(now) / 100) {
		json_decref(usage);
		usage = usage_new();
		json_object_set_new(usage, "month", json_integer(clock_day(now) / 100));
	}
	return usage;
}

static const char *known_name(const struct conf *conf, const char *list, const char *name)
{
	if (name == NULL)
		return "";
	return (strcmp(list, "users") == 0 ? conf_has_mailbox(conf, name) : conf_find_account(conf, name) != NULL) ? name : "";
}

static void merge(json_t *into, const json_t *usage, const struct conf *conf)
{
	json_t *row;
	size_t at;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_array_foreach(json_object_get(usage, lists[i]), at, row)
			add_row(row_of(into, lists[i], known_name(conf, lists[i], name_of(row))), row);
}

void usage_store(const json_t *usage, const struct conf *conf, struct state *state, int64_t now)
{
	json_t *before = usage_load(state, now), *month = usage_new();
	struct error error;

	json_object_set(month, "month", json_object_get(before, "month"));
	merge(month, before, conf);
	merge(month, usage, conf);
	if (state_usage_put(state, month, &error) != 0)
		log_warnx("event=line-use-not-stored reason=%s", LOG_ERROR(&error));
	json_decref(before);
	json_decref(month);
}

/* --- showing */

static int larger_first(const void *a, const void *b)
{
	const json_t *left = *(json_t *const *)a, *right = *(json_t *const *)b;
	double x = json_number_value(json_object_get(left, "received")) + json_number_value(json_object_get(left, "sent")),
	       y = json_number_value(json_object_get(right, "received")) + json_number_value(json_object_get(right, "sent"));

	return x < y ? 1 : x > y ? -1 : strcmp(name_or_none(left), name_or_none(right));
}

static json_t *largest(const json_t *rows)
{
	size_t all = json_array_size(rows);
	json_t **sorted = xcalloc(all + 1, sizeof(*sorted)), *out = json_array(), *others;

	for (size_t i = 0; i < all; i++)
		sorted[i] = json_array_get(rows, i);
	qsort(sorted, all, sizeof(json_t *), larger_first);
	for (size_t i = 0; i < all && i < USAGE_ROWS_MAX; i++)
		json_array_append(out, sorted[i]);
	if (all > USAGE_ROWS_MAX) {
		others = new_row(NULL);
		for (size_t i = USAGE_ROWS_MAX; i < all; i++)
			add_row(others, sorted[i]);
		json_array_append_new(out, others);
	}
	free(sorted);
	return out;
}

void usage_shorten(json_t *usage)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_object_set_new(usage, lists[i], largest(json_object_get(usage, lists[i])));
}

static const char *shown_name(const char *list, const char *name)
{
	if (name == NULL)
		return _("all others");
	if (name[0] != '\0')
		return name;
	return strcmp(list, "users") == 0 ? _("no user in particular") : _("mail sent, and other");
}

static long long number_of(const json_t *row, const char *counter)
{
	return json_integer_value(json_object_get(row, counter));
}

void usage_each(const json_t *usage, const char *list, bool has_price, usage_row_fn fn, void *context)
{
	char received[32], sent[32], price[LINE_PRICE_SIZE];
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(usage, list), i, row) {
		char *value = xasprintf(_("%lld fetched, %lld sent; on the line: %s received, %s sent"), number_of(row, "fetched"), number_of(row, "written"),
		    i18n_size(received, sizeof(received), (unsigned long long)number_of(row, "received")),
		    i18n_size(sent, sizeof(sent), (unsigned long long)number_of(row, "sent")));
		char *paid = !has_price ? NULL : xasprintf(_("%s; price: %s"), value,
		    line_use_price_text(price, (int64_t)(json_number_value(json_object_get(row, "price")) * LINE_PRICE_UNIT + 0.5)));

		fn(context, shown_name(list, name_of(row)), paid == NULL ? value : paid);
		free(value);
		free(paid);
	}
}
