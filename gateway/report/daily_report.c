#include "gateway/report/daily_report.h"

#include "mail/limits_now.h"
#include "mail/line_use.h"
#include "mail/usage.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "message/xml.h"
#include "gateway/report/report.h"
#include "spool/event.h"
#include "spool/origin.h"
#include "spool/problem.h"
#include "mail/route.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DAY 86400
#define MAILBOXES_SHOWN 5
#define TEXT_MAX (128u << 10)

/* --- when */

int64_t daily_report_next(int64_t last, int64_t time_of_day)
{
	time_t when = (time_t)last;
	struct tm tm;
	int64_t next;

	localtime_r(&when, &tm);
	tm.tm_hour = (int)(time_of_day / 3600);
	tm.tm_min = (int)(time_of_day / 60 % 60);
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	next = (int64_t)mktime(&tm);
	if (next > last)
		return next;
	tm.tm_mday++;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm);
}

/* --- the two formats: lines of "name: value" under headings */

struct page {
	struct buf text, html;
	bool in_table;
};

static void end_table(struct page *page)
{
	if (page->in_table)
		buf_append_text(&page->html, "</table>\n");
	page->in_table = false;
}

static void heading(struct page *page, const char *title)
{
	end_table(page);
	buf_printf(&page->text, "%s%s\n", page->text.len > 0 ? "\n" : "", title);
	buf_append_text(&page->html, "<h3>");
	xml_text(&page->html, title);
	buf_append_text(&page->html, "</h3>\n<table cellpadding=\"4\">\n");
	page->in_table = true;
}

static void row(struct page *page, const char *name, const char *value)
{
	buf_printf(&page->text, "    %s: %s\n", name, value);
	buf_append_text(&page->html, "<tr><td>");
	xml_text(&page->html, name);
	buf_append_text(&page->html, "</td><td>");
	xml_text(&page->html, value);
	buf_append_text(&page->html, "</td></tr>\n");
}

static void row_amount(struct page *page, const char *name, uint64_t messages, uint64_t bytes)
{
	char size[32], value[96];

	snprintf(value, sizeof(value), "%llu (%s)", (unsigned long long)messages, i18n_size(size, sizeof(size), bytes));
	row(page, name, value);
}

static void row_count(struct page *page, const char *name, uint64_t count)
{
	char value[32];

	snprintf(value, sizeof(value), "%llu", (unsigned long long)count);
	row(page, name, value);
}

/* --- what happened */

struct day {
	struct page *page;
	uint64_t written, written_bytes, fetched, fetched_bytes, sent, refused, dropped, in_doubt;
};

static void add_accepted(struct day *day, const char *text, uint64_t count, uint64_t bytes)
{
	struct origin origin;

	origin_parse(text, &origin);
	if (origin.kind == ORIGIN_ACCOUNT) {
		row_amount(day->page, origin.name, count, bytes);
		day->fetched += count;
		day->fetched_bytes += bytes;
	} else if (origin.kind == ORIGIN_SMTP) {
		day->written += count;
		day->written_bytes += bytes;
	}
	origin_clear(&origin);
}

static void add_total(void *context, enum event event, const char *origin, uint64_t count, uint64_t bytes)
{
	struct day *day = context;

	switch (event) {
	case EVENT_ACCEPTED:
		add_accepted(day, origin, count, bytes);
		break;
	case EVENT_SENT:
		day->sent += count;
		break;
	case EVENT_REFUSED:
		day->refused += count;
		break;
	case EVENT_DROPPED:
		day->dropped += count;
		break;
	case EVENT_IN_DOUBT:
		day->in_doubt += count;
		break;
	default:
		break;
	}
}

static int add_traffic(struct page *page, struct state *state, int64_t since, int64_t now, struct error *error)
{
	struct day day = {.page = page};

	heading(page, _("Fetched, by account"));
	if (state_journal_totals(state, since * 1000000, now * 1000000, add_total, &day, error) != 0)
		return -1;
	row_amount(page, _("in all"), day.fetched, day.fetched_bytes);
	heading(page, _("Written in the office, and sent"));
	row_amount(page, _("messages from mail programs"), day.written, day.written_bytes);
	row_count(page, _("delivered to external recipients"), day.sent);
	row_count(page, _("refused recipients"), day.refused);
	if (day.dropped > 0)
		row_count(page, _("dropped by rules"), day.dropped);
	if (day.in_doubt > 0)
		row_count(page, _("possibly sent twice after a lost connection"), day.in_doubt);
	return 0;
}

/* What the line has carried this month, and its price. */
static void add_line(struct page *page, const struct conf *conf, struct state *state, int64_t now)
{
	char size[32], price[LINE_PRICE_SIZE];
	struct line_use use;

	line_use_load(&use, state, now);
	if (use.month_sessions == 0)
		return;
	heading(page, _("The line, this month"));
	row_count(page, _("sessions"), (uint64_t)use.month_sessions);
	row_count(page, _("minutes"), (uint64_t)(use.month_seconds + 59) / 60);
	row(page, _("received and sent"), i18n_size(size, sizeof(size), (uint64_t)use.month_bytes));
	if (line_use_has_price(&conf->line))
		row(page, _("price"), line_use_price_text(price, use.month_cost));
}

static void add_usage_row(void *context, const char *name, const char *value)
{
	row(context, name, value);
}

/* Who has used it. */
static void add_usage(struct page *page, const struct conf *conf, struct state *state, int64_t now)
{
	static const struct {
		const char *list, *title;
	} parts[] = {{"accounts", N_("The line, this month, by account")}, {"users", N_("The line, this month, by user")}};
	json_t *usage = usage_load(state, now);

	usage_shorten(usage);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (json_array_size(json_object_get(usage, parts[i].list)) == 0)
			continue;
		heading(page, _(parts[i].title));
		usage_each(usage, parts[i].list, line_use_has_price(&conf->line), add_usage_row, page);
	}
	json_decref(usage);
}

static void add_left(struct page *page, const struct conf *conf, struct state *state)
{
	heading(page, _("Left on the servers"));
	for (size_t i = 0; i < conf->account_count; i++) {
		json_t *account = state_session_account_get(state, conf->accounts[i].name), *one;
		size_t at;

		if (json_integer_value(json_object_get(account, "left")) > 0)
			row_count(page, conf->accounts[i].name, (uint64_t)json_integer_value(json_object_get(account, "left")));
		json_array_foreach(json_object_get(account, "waiting"), at, one)
		{
			const char *why = json_string_value(json_object_get(one, "why"));
			char size[32];

			row(page, i18n_size(size, sizeof(size), (uint64_t)json_integer_value(json_object_get(one, "size"))),
			    why == NULL ? "" : PHRASE_SAID(why));
		}
		json_decref(account);
	}
}

/* What keeps mail back now. */
static void add_limits(struct page *page, const struct conf *conf, struct state *state, int64_t now, bool mail_waits)
{
	struct limits_now limits;
	json_t *list, *one;
	size_t at;

	limits_now_load(&limits, conf, state, now, true);
	list = limits_now_json(&limits, mail_waits);
	json_array_foreach(list, at, one)
		row(page, _("limit"), PHRASE_SAID(json_string_value(json_object_get(one, "text"))));
	json_decref(list);
	limits_now_clear(&limits);
}

static void add_queue(struct page *page, const struct conf *conf, struct state *state, int64_t now)
{
	static const struct {
		enum queue_state state;
		const char *name;
	} states[] = {
	    {QUEUE_ACTIVE, N_("to send")},
	    {QUEUE_DEFERRED, N_("deferred")},
	    {QUEUE_HOLD, N_("held")},
	    {QUEUE_CORRUPT, N_("damaged")},
	};

	bool mail_waits = false;

	heading(page, _("The queue"));
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		struct queue_items items = {0};
		struct error error;

		if (queue_list(SPOOL_OF(conf), 1u << states[i].state, &items, &error) == 0)
			row_count(page, _(states[i].name), items.count);
		mail_waits = mail_waits || (items.count > 0 && (states[i].state == QUEUE_ACTIVE || states[i].state == QUEUE_DEFERRED));
		queue_items_clear(&items);
	}
	add_limits(page, conf, state, now, mail_waits);
}

/* --- present state */

struct mailbox {
	const char *user;
	uint64_t bytes;
	size_t messages;
};

static int by_size(const void *a, const void *b)
{
	uint64_t left = ((const struct mailbox *)a)->bytes, right = ((const struct mailbox *)b)->bytes;

	return left < right ? 1 : left > right ? -1 : 0;
}

static void add_mailboxes(struct page *page, const struct conf *conf)
{
	struct strlist names = {NULL, 0};
	struct mailbox *boxes;
	size_t count = 0;

	conf_mailbox_names(conf, &names);
	boxes = xcalloc(names.count, sizeof(*boxes));
	for (size_t i = 0; i < names.count; i++) {
		struct error error;

		boxes[count].user = names.items[i];
		count += mailbox_bytes(SPOOL_OF(conf), names.items[i], &boxes[count].bytes, &boxes[count].messages, &error) == 0;
	}
	qsort(boxes, count, sizeof(*boxes), by_size);
	heading(page, _("The largest mailboxes"));
	for (size_t i = 0; i < count && i < MAILBOXES_SHOWN; i++)
		row_amount(page, boxes[i].user, boxes[i].messages, boxes[i].bytes);
	free(boxes);
	strlist_clear(&names);
}

static void add_disk(struct page *page, const struct conf *conf)
{
	uint64_t free_bytes = fsx_free_bytes(conf->gateway.spool);
	char size[32];

	heading(page, _("The disk"));
	if (free_bytes != UINT64_MAX)
		row(page, _("free"), i18n_size(size, sizeof(size), free_bytes));
}

static void add_problem(void *context, const char *key, const char *text, int64_t since)
{
	char when[64];
	char *value = xasprintf(_("since %s: %s"), i18n_time(when, sizeof(when), since), PHRASE_SAID(text));

	row(context, PHRASE_SAID(PROBLEM_NAME(key)), value);
	free(value);
}

static int add_problems(struct page *page, struct state *state, struct error *error)
{
	heading(page, _("Current problems"));
	return state_problems(state, add_problem, page, error);
}

/* --- sending it */

static int write_page(struct page *page, const struct conf *conf, struct state *state, int64_t since, int64_t now,
    struct error *error)
{
	int result;

	buf_append_text(&page->html, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head><body>\n");
	result = add_problems(page, state, error);
	if (result == 0)
		result = add_traffic(page, state, since, now, error);
	add_line(page, conf, state, now);
	add_usage(page, conf, state, now);
	add_left(page, conf, state);
	add_queue(page, conf, state, now);
	add_mailboxes(page, conf);
	add_disk(page, conf);
	end_table(page);
	buf_append_text(&page->html, "</body></html>\n");
	return result;
}

static int send_report(const struct reporter *reporter, int64_t since, int64_t now, struct error *error)
{
	struct page page = {.text = BUF_INIT(TEXT_MAX), .html = BUF_INIT(TEXT_MAX)};
	const char *before = i18n_speak(route_language(reporter->conf, CONF_POSTMASTER));
	int result = write_page(&page, reporter->conf, reporter->spool->state, since, now, error);
	char subject[160], when[64];

	snprintf(subject, sizeof(subject), _("Mail since %s"), i18n_time(when, sizeof(when), since));
	if (result == 0)
		result = report_send(reporter,
		    &(struct report){.to = CONF_POSTMASTER, .subject = subject, .text = buf_slice(&page.text), .html = buf_slice(&page.html)},
		    NULL, 0, error);
	i18n_speak(before);
	buf_clear(&page.text);
	buf_clear(&page.html);
	return result;
}

/* The time of the last digest; without one the day begins now, and a time in the future is ignored. */
static int64_t last_report(struct state *state, int64_t now)
{
	struct error error;
	int64_t last;

	return state_numbers_get(state, "digest", &last, 1, &error) == 1 && last <= now ? last : 0;
}

void daily_report_send_due(const struct reporter *reporter)
{
	const struct conf_numbers *times = &reporter->conf->gateway.digest;
	struct state *state = reporter->spool->state;
	int64_t now = clock_wall(), last = last_report(state, now);
	struct error error;

	if (times->count == 0 || (last > 0 && daily_report_next(last, times->items[0]) > now))
		return;
	if (last > 0 && send_report(reporter, now - last > 7 * DAY ? now - 7 * DAY : last, now, &error) != 0) {
		log_warnx("event=digest-failed reason=%s", LOG_ERROR(&error));
		return;
	}
	if (state_numbers_put(state, "digest", &now, 1, &error) != 0)
		log_warnx("event=digest-not-noted reason=%s", LOG_ERROR(&error));
}
