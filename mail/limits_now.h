/*
 * The limits that keep mail back now: which setting of the line or of a smarthost, and until when.
 *
 * The one place that says so: for the queue's verbs, trace, status, the digest and the screens, and for a session, which does not connect the
 * line if there is nothing that it may do. A limit of a day, a month or an hour is looked up as it is now; that a limit of a session has ended
 * sending is in the result of the last session.
 */
#ifndef LANPOST_MAIL_LIMITS_NOW_H
#define LANPOST_MAIL_LIMITS_NOW_H

#include "base/phrase.h"
#include "spool/storage/storage.h"

#include <jansson.h>

#define LIMITS_SEND "send_limit" /* in the result of a session: the setting that has ended sending, or null, */
#define LIMITS_SMARTHOSTS "smarthost_limits" /* and by smarthost, if there is one */

struct limit_now {
	const char *setting;   /* NULL: there is no limit */
	const char *smarthost; /* its name; NULL: it is a limit of the line */
	int64_t until;	       /* of an hour: its end; 0: line_use_waits_for() says it */
	/* Of a limit that leaves room for a smaller message, or for the next session: only what was accepted up to then, and is larger. */
	int64_t accepted;
	uint64_t room;
};

struct limits_now {
	const struct conf *conf;
	int64_t now;
	struct limit_now fetch, send;
	struct limit_now *smarthosts; /* one for each */
};

/* counts_days: false if the clock is wrong: then limits of days and months do not count. */
void limits_now_load(struct limits_now *limits, const struct conf *conf, struct state *state, int64_t now, bool counts_days);
/* The same from the spool of conf; nothing is known if its state cannot be opened. */
void limits_now_read(struct limits_now *limits, const struct conf *conf);
void limits_now_clear(struct limits_now *limits);
/* Whether a limit keeps anything in the queue, if there is anything. */
bool limits_now_keep_any(const struct limits_now *limits);
/* "waits until the next day: max_sent_per_day is reached", as a phrase; NULL if no limit keeps this message in the queue. */
const char *limits_now_why(const struct limits_now *limits, const struct envelope *envelope, char text[PHRASE_MAX]);
/* Whether a session may do nothing because of them: neither fetch, if it is to, nor send what waits. */
struct limits_wish {
	bool fetches, sends;
	bool all; /* also what is not due */
};
bool limits_now_forbid(const struct limits_now *limits, const struct spool *spool, struct limits_wish wish);
/* All of them, for people: [{"setting": ..., "smarthost": ... or null, "until": ... or null, "text": phrase}]; those of sending only if mail waits. */
json_t *limits_now_json(const struct limits_now *limits, bool mail_waits);

/* "the next day", "29 Nov 14:05", as phrases; and "max_sent_per_day is reached". */
const char *limits_now_until(const struct limit_now *limit, char text[PHRASE_MAX]);
const char *limits_now_reached(const struct limit_now *limit, char text[PHRASE_MAX]);

#endif
