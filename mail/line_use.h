/*
 * What the line has carried, today and this month, and what it costs: the limits of days and months, and prices.
 */
#ifndef LANPOST_MAIL_LINE_USE_H
#define LANPOST_MAIL_LINE_USE_H

#include "config/conf.h"
#include "spool/storage/storage.h"
#include "upstream/remote.h"

#define LINE_PRICE_UNIT 10000 /* prices are whole numbers of this fraction */

struct line_use {
	int64_t day, day_bytes; /* the day as 20261231 */
	int64_t month, month_bytes, month_seconds, month_sessions; /* the month as 202612 */
	struct remote_bytes day_ways, month_ways; /* each direction apart, since the version that counts them */
	int64_t month_cost; /* in LINE_PRICE_UNIT; with the prices of each session */
	int64_t rate; /* bytes per second of recent sessions; 0: not known */
};

/* As it was stored; days and months that are over begin at 0. Sums are kept when the clock jumps and comes back: all months, and the last days. */
void line_use_load(struct line_use *use, struct state *state, int64_t now);
/* Adds a session and stores it. rate: bytes per second while it fetched; 0: too little to tell. */
void line_use_add(struct line_use *use, struct state *state, const struct conf_line *line, struct remote_bytes bytes, int64_t seconds,
    uint64_t rate);

/* What the limits of bytes leave: of both directions together, and of each. */
enum line_way { LINE_TOGETHER, LINE_RECEIVED, LINE_SENT, LINE_WAYS };
struct line_room {
	const char *limit; /* the setting that leaves least; NULL: there is no limit */
	uint64_t bytes;	   /* that a session may have */
};
/* counts_days: false if the clock is wrong: then only the limits of a session count. */
void line_use_rooms(const struct line_use *use, bool counts_days, const struct conf_line *line, struct line_room rooms[LINE_WAYS]);
/* For what a limit makes wait: N_("the next session"), "the next day" or "the next month". Other settings end only a session. */
const char *line_use_waits_for(const char *limit);
/* When that is, by the local clock; 0: the next session. */
int64_t line_use_until(const char *limit, int64_t now);
bool line_use_is_of_session(const char *limit);
/* Whether the line has a price, and what a session costs, in LINE_PRICE_UNIT. */
bool line_use_has_price(const struct conf_line *line);
int64_t line_use_price(const struct conf_line *line, uint64_t bytes, int64_t seconds);
/* "12.35" */
#define LINE_PRICE_SIZE 32
const char *line_use_price_text(char out[LINE_PRICE_SIZE], int64_t price);

#endif
