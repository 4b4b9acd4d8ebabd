#include "gateway/report/kept_list.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/report/daily_report.h"
#include "mail/filter/kept.h"
#include "mail/route.h"
#include "message/decode.h"
#include "message/header.h"
#include "mail/filter/release_request.h"
#include "spool/mailbox_name.h"

#include <stdlib.h>

#define DAY 86400
#define US 1000000
#define SHOWN_MAX 100 /* messages in one list */
#define FIELD_MAX 200
#define KEY "kept-lists" /* when lists were last sent (seconds), and the time up to which they go (microseconds) */

/* What was kept in a time, for all users. */
struct list {
	const struct reporter *reporter;
	const struct mailbox_list *messages;
	int64_t since, until; /* microseconds since 1970; until: not included */
};

/* --- one list */

static void add_field(struct slice message, const char *name, const char *format, struct buf *out)
{
	struct buf text = BUF_INIT(64u << 10);
	char shown[FIELD_MAX];
	struct header_field field;

	if (header_find(message, name, &field))
		decode_field(&field, decode_message_charset(message), &text);
	buf_printf(out, format, str_printable(shown, sizeof(shown), buf_slice(&text)));
	buf_clear(&text);
}

static void add_message(const struct list *list, const struct kept *kept, struct buf *out)
{
	enum kept_kind kind = kept_kind_of(kept);
	bool is_free = kind != KEPT_VIRUS && kind & list->reporter->conf->filter.user_release;
	char when[64];

	/* No line is a number alone: a reply quotes all of them. */
	buf_printf(out, is_free ? _("Number %s: kept %s, %s\n") : _("Number %s: kept %s, %s. Only the admin can release it.\n"), KEPT_NUMBER(kept),
	    i18n_time(when, sizeof(when), msgid_time_us(slice_of(kept->first.text)) / US), PHRASE_SAID(kept->why));
	add_field(kept->bytes, "From", _("    From:    %s\n"), out);
	add_field(kept->bytes, "Subject", _("    Subject: %s\n\n"), out);
}

/* The time of the file counts, not that of the message, which may be long on its way here. */
static bool is_in_time(const struct list *list, const struct mailbox_message *message)
{
	int64_t time = mailbox_file_since(list->reporter->spool, MAILBOX_QUARANTINE, message);

	return time >= list->since && time < list->until;
}

/* A message that was released to others has a new file, and was listed before. */
static bool is_new(const struct list *list, const struct kept *kept)
{
	return strcmp(kept->first.text, kept->message->uidl) == 0 || msgid_time_us(slice_of(kept->first.text)) >= list->since;
}

/* Returns how many there are. */
static size_t add_messages(const struct list *list, const char *user, struct buf *out)
{
	size_t count = 0;

	for (size_t i = 0; i < list->messages->count; i++) {
		struct kept kept;

		if (!is_in_time(list, &list->messages->items[i]) || !kept_open(list->reporter->spool, &list->messages->items[i], &kept))
			continue;
		if (kept_is_for(&kept, user) && is_new(list, &kept) && ++count <= SHOWN_MAX)
			add_message(list, &kept, out);
		kept_close(&kept);
	}
	return count;
}

static void add_help(const struct conf *conf, size_t count, struct buf *out)
{
	struct addr daemon = route_own_address(conf, CONF_DAEMON);
	char address[ADDR_TEXT_MAX];

	if (count > SHOWN_MAX)
		buf_printf(out, _("and %zu more; ask the admin.\n\n"), count - SHOWN_MAX);
	buf_printf(out, _("To get one of them, reply to this message and write its number on a line of its own, or write to %s with the subject:\n"
			  "    release NUMBER\n"), addr_text(address, sizeof(address), &daemon));
	if (conf->filter.expire > 0)
		buf_printf(out, _n("Messages that nobody asks for are deleted after %lld day.\n", "Messages that nobody asks for are deleted after %lld days.\n",
				    conf->filter.expire / DAY), (long long)(conf->filter.expire / DAY));
}

static int send_list(const struct list *list, const char *user, struct error *error)
{
	const struct conf *conf = list->reporter->conf;
	const struct addr daemon = route_own_address(conf, CONF_DAEMON);
	struct buf text = BUF_INIT(REPORT_TEXT_MAX);
	char subject[160], when[64];
	size_t count;
	int result = 0;

	buf_printf(&text, _("These messages for you were kept back since %s:\n\n"), i18n_time(when, sizeof(when), list->since / US));
	count = add_messages(list, user, &text);
	snprintf(subject, sizeof(subject), _n("%zu message was kept back %s", "%zu messages were kept back %s", count), count, RELEASE_MARK);
	add_help(conf, count, &text);
	if (count > 0)
		result = report_send(list->reporter, &(struct report){.to = user, .subject = subject, .text = buf_slice(&text), .reply_to = &daemon},
		    NULL, 0, error);
	buf_clear(&text);
	return result;
}

static void send_all(const struct list *list)
{
	const struct conf *conf = list->reporter->conf;
	struct error error;

	for (size_t i = 0; i < conf->user_count; i++) {
		const char *before = i18n_speak(route_language(conf, conf->users[i].name));

		if (send_list(list, conf->users[i].name, &error) != 0)
			log_warnx("event=report-failed to=%s reason=%s", LOG_CSTR(conf->users[i].name), LOG_ERROR(&error));
		i18n_speak(before);
	}
}

/* --- when */

/* The first day begins now, and its list goes back one day: to what the first session has kept. */
static bool is_due(const struct conf_filter *filter, struct state *state, const int64_t now[2], int64_t *since)
{
	int64_t times[2] = {0, 0};
	struct error error;

	if (!filter->daily_list || filter->daily_list_at.count == 0)
		return false;
	if (state_numbers_get(state, KEY, times, 2, &error) == 2 && times[0] <= now[0]) {
		*since = times[1];
		return daily_report_next(times[0], filter->daily_list_at.items[0]) <= now[0];
	}
	times[0] = now[0];
	times[1] = now[1] - (int64_t)DAY * US;
	if (state_numbers_put(state, KEY, times, 2, &error) != 0)
		log_warnx("event=digest-not-noted reason=%s", LOG_ERROR(&error));
	return false;
}

void kept_list_send_due(const struct reporter *reporter)
{
	struct state *state = reporter->spool->state;
	const int64_t now = clock_wall_us(), times[2] = {now / US, now - US}; /* the last second is for the next list */
	struct list list = {.reporter = reporter, .until = times[1]};
	struct mailbox_list messages;
	struct error error;

	if (!is_due(&reporter->conf->filter, state, times, &list.since))
		return;
	/* Noted first: after a crash a list is missing rather than sent twice; the messages stay in the quarantine. */
	if (state_numbers_put(state, KEY, times, 2, &error) != 0 || mailbox_list(reporter->spool, MAILBOX_QUARANTINE, &messages, &error) != 0) {
		log_warnx("event=digest-failed reason=%s", LOG_ERROR(&error));
		return;
	}
	list.messages = &messages;
	if (messages.count > 0)
		send_all(&list);
	mailbox_list_clear(&messages);
}
