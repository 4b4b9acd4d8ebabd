#include "mail/limits_now.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "mail/line_use.h"
#include "mail/route.h"
#include "mail/smarthost_hour.h"

#include <stdlib.h>

/* --- which are in force */

static int64_t time_of(const json_t *last)
{
	return json_integer_value(json_object_get(last, "time"));
}

static bool is_text(const json_t *value, const char *text)
{
	return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

/* room: what is left for sending. */
static struct limit_now load_send(const struct limits_now *limits, const struct line_room *room, const json_t *last)
{
	const json_t *ended_by = json_object_get(last, LIMITS_SEND);

	if (room->limit != NULL && room->bytes == 0)
		return (struct limit_now){.setting = room->limit};
	if (is_text(ended_by, "max_sent_per_session") && limits->conf->line.max_sent_per_session > 0)
		return (struct limit_now){.setting = "max_sent_per_session", .accepted = time_of(last)};
	if (room->limit != NULL && is_text(ended_by, room->limit) && line_use_until(room->limit, time_of(last)) > limits->now)
		return (struct limit_now){.setting = room->limit, .accepted = time_of(last), .room = room->bytes};
	return (struct limit_now){0};
}

static struct limit_now load_smarthost(const struct conf_smarthost *smarthost, struct state *state, int64_t now, const json_t *last)
{
	const struct smarthost_hour hour = smarthost_hour_load(state, smarthost->name, now);

	if (smarthost->max_messages_per_hour > 0 && hour.sent >= smarthost->max_messages_per_hour)
		return (struct limit_now){.setting = "max_messages_per_hour", .smarthost = smarthost->name, .until = hour.begun + SMARTHOST_HOUR};
	if (smarthost->max_messages_per_session > 0 &&
	    is_text(json_object_get(json_object_get(last, LIMITS_SMARTHOSTS), smarthost->name), "max_messages_per_session"))
		return (struct limit_now){.setting = "max_messages_per_session", .smarthost = smarthost->name, .accepted = time_of(last)};
	return (struct limit_now){0};
}

static struct limits_now no_limits(const struct conf *conf, int64_t now)
{
	return (struct limits_now){.conf = conf, .now = now, .smarthosts = xcalloc(conf->smarthost_count + 1, sizeof(struct limit_now))};
}

void limits_now_load(struct limits_now *limits, const struct conf *conf, struct state *state, int64_t now, bool counts_days)
{
	json_t *last = state_session_get(state);
	struct line_room rooms[LINE_WAYS];
	struct line_use use;

	*limits = no_limits(conf, now);
	line_use_load(&use, state, now);
	line_use_rooms(&use, counts_days, &conf->line, rooms);
	for (enum line_way way = LINE_TOGETHER; way <= LINE_RECEIVED; way++)
		if (rooms[way].limit != NULL && rooms[way].bytes == 0)
			limits->fetch.setting = rooms[way].limit;
	limits->send = load_send(limits, &rooms[LINE_SENT], last);
	for (size_t i = 0; i < conf->smarthost_count; i++)
		limits->smarthosts[i] = load_smarthost(&conf->smarthosts[i], state, now, last);
	json_decref(last);
}

void limits_now_read(struct limits_now *limits, const struct conf *conf)
{
	int64_t now = clock_wall();
	struct state *state;
	struct error error;

	if (state_open(&state, SPOOL_OF(conf), NULL, &error) != 0) {
		log_debug("event=limits-unknown reason=%s", LOG_ERROR(&error));
		*limits = no_limits(conf, now);
		return;
	}
	limits_now_load(limits, conf, state, now, true);
	state_close(state);
}

void limits_now_clear(struct limits_now *limits)
{
	free(limits->smarthosts);
	*limits = (struct limits_now){0};
}

/* --- what they keep back */

static bool keeps(const struct limit_now *limit, const struct envelope *envelope)
{
	return limit->setting != NULL && (limit->accepted == 0 || (envelope->time <= limit->accepted && envelope->size > limit->room));
}

/* NULL: nothing keeps it. */
static const struct limit_now *limit_of(const struct limits_now *limits, const struct envelope *envelope)
{
	const struct conf_smarthost *smarthost = route_smarthost(limits->conf, envelope->sender);
	const struct limit_now *limit = smarthost == NULL ? NULL : &limits->smarthosts[smarthost - limits->conf->smarthosts];

	if (keeps(&limits->send, envelope))
		return &limits->send;
	return limit != NULL && keeps(limit, envelope) ? limit : NULL;
}

static bool is_due(const struct limits_now *limits, const struct envelope *envelope)
{
	return envelope->next_attempt <= limits->now || envelope->last_attempt > limits->now;
}

bool limits_now_keep_any(const struct limits_now *limits)
{
	bool any = limits->send.setting != NULL;

	for (size_t i = 0; i < limits->conf->smarthost_count; i++)
		any = any || limits->smarthosts[i].setting != NULL;
	return any;
}

const char *limits_now_why(const struct limits_now *limits, const struct envelope *envelope, char text[PHRASE_MAX])
{
	const struct limit_now *limit = is_due(limits, envelope) ? limit_of(limits, envelope) : NULL;
	char until[PHRASE_MAX], reached[PHRASE_MAX];

	if (limit == NULL)
		return NULL;
	return phrase_set(text, PHRASE_MAX, N_("waits until %s: %s"), limits_now_until(limit, until), limits_now_reached(limit, reached));
}

/* In a new session: limits of sessions begin at 0 there. */
static bool may_leave(const struct limits_now *limits, const struct spool *spool, const struct queue_item *item, struct limits_wish wish)
{
	const struct limit_now *limit;
	struct envelope envelope;
	struct error error;
	bool may;

	if (queue_read(spool, item, &envelope, &error) != 0)
		return true; /* the session says why */
	limit = limit_of(limits, &envelope);
	may = (limit == NULL || limit->accepted != 0) && (wish.all || !wish.fetches || is_due(limits, &envelope));
	envelope_clear(&envelope);
	return may;
}

bool limits_now_forbid(const struct limits_now *limits, const struct spool *spool, struct limits_wish wish)
{
	struct queue_items items = {NULL, 0};
	struct error error;
	bool forbid;

	if ((wish.fetches && limits->fetch.setting == NULL) || (!wish.fetches && !wish.sends))
		return false;
	if (!wish.sends || (limits->send.setting != NULL && limits->send.accepted == 0))
		return true;
	if (queue_list(spool, 1u << QUEUE_ACTIVE | 1u << QUEUE_DEFERRED, &items, &error) != 0)
		return false;
	forbid = wish.fetches || items.count > 0; /* an empty queue is not a limit */
	for (size_t i = 0; i < items.count && forbid; i++)
		forbid = !may_leave(limits, spool, &items.items[i], wish);
	queue_items_clear(&items);
	return forbid;
}

/* --- for people */

const char *limits_now_until(const struct limit_now *limit, char text[PHRASE_MAX])
{
	return limit->until != 0 ? phrase_number(text, PHRASE_MAX, PHRASE_MOMENT, limit->until)
				 : phrase_word(text, PHRASE_MAX, line_use_waits_for(limit->setting));
}

const char *limits_now_reached(const struct limit_now *limit, char text[PHRASE_MAX])
{
	if (limit->smarthost != NULL)
		return phrase_set(text, PHRASE_MAX, N_("%s of smarthost %s is reached"), limit->setting, limit->smarthost);
	return phrase_set(text, PHRASE_MAX, N_("%s is reached"), limit->setting);
}

static void add(json_t *list, const struct limits_now *limits, const struct limit_now *limit, const char *format)
{
	char text[PHRASE_MAX], until[PHRASE_MAX], reached[PHRASE_MAX];
	int64_t ends = limit->until;

	if (limit->setting == NULL)
		return;
	if (ends == 0)
		ends = line_use_until(limit->setting, limits->now);
	phrase_set(text, sizeof(text), format, limits_now_until(limit, until), limits_now_reached(limit, reached));
	json_array_append_new(list, json_pack("{s:s, s:s?, s:o, s:s}", "setting", limit->setting, "smarthost", limit->smarthost, "until",
				     ends == 0 ? json_null() : json_integer(ends), "text", text));
}

json_t *limits_now_json(const struct limits_now *limits, bool mail_waits)
{
	static const char fetch[] = N_("Nothing is fetched until %s: %s"), send[] = N_("Mail waits in the queue until %s: %s");
	json_t *list = json_array();

	add(list, limits, &limits->fetch, fetch);
	for (size_t i = 0; mail_waits && i <= limits->conf->smarthost_count; i++)
		add(list, limits, i == 0 ? &limits->send : &limits->smarthosts[i - 1], send);
	return list;
}
