/*
 * What the line has carried, today and this month, and what it costs: the limits of days and months, and prices.
 */
#ifndef LANPOST_GATEWAY_LINE_USE_H
#define LANPOST_GATEWAY_LINE_USE_H

#include "config/conf.h"
#include "spool/storage/storage.h"

#define LINE_PRICE_UNIT 10000 /* prices are whole numbers of this fraction */

struct line_use {
	int64_t day, day_bytes; /* the day as 20261231 */
	int64_t month, month_bytes, month_seconds, month_sessions; /* the month as 202612 */
	int64_t month_cost; /* in LINE_PRICE_UNIT; with the prices of each session */
	int64_t rate; /* bytes per second of recent sessions; 0: not known */
};

/* As it was stored; days and months that are over begin at 0. */
void line_use_load(struct line_use *use, struct state *state, int64_t now);
/* Adds a session and stores it. rate: bytes per second while it fetched; 0: too little to tell. */
void line_use_add(struct line_use *use, struct state *state, const struct conf_line *line, uint64_t bytes, int64_t seconds, uint64_t rate);
/* The bytes that max_bytes_per_day and max_bytes_per_month leave; -1: as many as you like. */
int64_t line_use_left(const struct line_use *use, const struct conf_line *line);
/* Whether the line has a price, and what a session costs, in LINE_PRICE_UNIT. */
bool line_use_has_price(const struct conf_line *line);
int64_t line_use_price(const struct conf_line *line, uint64_t bytes, int64_t seconds);
/* "12.35" */
#define LINE_PRICE_SIZE 32
const char *line_use_price_text(char out[LINE_PRICE_SIZE], int64_t price);

#endif
