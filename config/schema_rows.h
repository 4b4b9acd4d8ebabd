/* The words of the table of keys (schema.c): the type and place of a value, and its limits. */
#ifndef LANPOST_CONFIG_SCHEMA_ROWS_H
#define LANPOST_CONFIG_SCHEMA_ROWS_H

#include "config/schema.h"

/* The offset of a field, and an error at compile time if the field is not of the type that
 * the row's values are parsed into. */
#define FIELD(owner, field, type) _Generic(((struct owner *)0)->field, type : offsetof(struct owner, field))

#define TEXT(o, f) VALUE_TEXT, FIELD(o, f, char *)
#define COMMAND(o, f) VALUE_COMMAND, FIELD(o, f, char *)
#define CONDITION(o, f) VALUE_CONDITION, FIELD(o, f, char *)
#define SECRET(o, f) VALUE_SECRET, FIELD(o, f, char *)
#define HASH(o, f) VALUE_HASH, FIELD(o, f, char *)
#define SCRAM(o, f) VALUE_SCRAM, FIELD(o, f, char *)
#define HOST(o, f) VALUE_HOST, FIELD(o, f, char *)
#define USER(o, f) VALUE_USER, FIELD(o, f, char *)
#define NAME(o, f) VALUE_NAME, FIELD(o, f, char *)
#define ADDRESS(o, f) VALUE_ADDRESS, FIELD(o, f, char *)
#define PATH(o, f) VALUE_PATH, FIELD(o, f, char *)
#define URL(o, f) VALUE_URL, FIELD(o, f, char *)
#define SCANNER(o, f) VALUE_SCANNER, FIELD(o, f, char *)
#define PIN(o, f) VALUE_PIN, FIELD(o, f, char *)
#define FLAG(o, f) VALUE_FLAG, FIELD(o, f, bool)
#define INTEGER(o, f) VALUE_INTEGER, FIELD(o, f, int64_t)
#define SIZE(o, f) VALUE_SIZE, FIELD(o, f, int64_t)
#define SIZES(o, f) VALUE_SIZES, FIELD(o, f, struct conf_sizes)
#define PRICE(o, f) VALUE_PRICE, FIELD(o, f, int64_t)
#define SCORE(o, f) VALUE_SCORE, FIELD(o, f, int64_t)
#define SECONDS(o, f) VALUE_SECONDS, FIELD(o, f, int64_t) /* only where the default is below an hour */
#define DURATION(o, f) VALUE_DURATION, FIELD(o, f, int64_t)
#define MINUTES(o, f) VALUE_MINUTES, FIELD(o, f, int64_t)
#define INTERVAL(o, f) VALUE_INTERVAL, FIELD(o, f, int64_t)
#define KEEP(o, f) VALUE_KEEP, FIELD(o, f, int64_t)
#define WORD(o, f, type) VALUE_WORD, FIELD(o, f, enum type)
#define WORDS(o, f) VALUE_WORDS, FIELD(o, f, unsigned)
#define DAYS(o, f) VALUE_DAYS, FIELD(o, f, unsigned)
#define HOURS(o, f) VALUE_HOURS, FIELD(o, f, int64_t)
#define PIXELS(o, f) VALUE_PIXELS, FIELD(o, f, int64_t)
#define QUEUED(o, f) VALUE_QUEUED, FIELD(o, f, int64_t)
#define TIMES(o, f) VALUE_TIMES, FIELD(o, f, struct conf_numbers)
#define DATES(o, f) VALUE_DATES, FIELD(o, f, struct conf_numbers)
#define DURATIONS(o, f) VALUE_DURATIONS, FIELD(o, f, struct conf_numbers)
#define USERS(o, f) VALUE_USERS, FIELD(o, f, struct strlist)
#define MEMBERS(o, f) VALUE_MEMBERS, FIELD(o, f, struct strlist)
#define MAILBOXES(o, f) VALUE_MAILBOXES, FIELD(o, f, struct strlist)
#define NAMES(o, f) VALUE_NAMES, FIELD(o, f, struct strlist)
#define ADDRESSES(o, f) VALUE_ADDRESSES, FIELD(o, f, struct strlist)
#define SENDERS(o, f) VALUE_SENDERS, FIELD(o, f, struct strlist)
#define DOMAINS(o, f) VALUE_DOMAINS, FIELD(o, f, struct strlist)
#define PATTERNS(o, f) VALUE_PATTERNS, FIELD(o, f, struct strlist)
#define LISTEN(o, f) VALUE_LISTEN, FIELD(o, f, struct strlist)
#define NETS(o, f) VALUE_NETS, FIELD(o, f, struct conf_nets)
#define FOLDER_AGES(o, f) VALUE_FOLDER_AGES, FIELD(o, f, struct conf_folder_ages)
#define FOLDERS(o, f) VALUE_FOLDERS, FIELD(o, f, struct strlist)
#define FOLDER_TARGETS(o, f) VALUE_FOLDER_TARGETS, FIELD(o, f, struct strlist)
#define FOLDER_KEEPS(o, f) VALUE_FOLDER_KEEPS, FIELD(o, f, struct conf_folder_ages)

/* schema_optional.c */
#define SCHEMA_SCANNER_KEYS 7
#define SCHEMA_FILTER_KEYS 12
#define SCHEMA_SENDERS_KEYS 3
extern const struct schema_key scanner_keys[SCHEMA_SCANNER_KEYS];
extern const struct schema_key filter_keys[SCHEMA_FILTER_KEYS];
extern const struct schema_key senders_keys[SCHEMA_SENDERS_KEYS];
#define SCHEMA_WAY_KEYS 8
extern const struct schema_key way_keys[SCHEMA_WAY_KEYS];

#define KILO 1024LL
#define MEGA (1024 * KILO)
#define GIGA (1024 * MEGA)
#define MINUTE 60LL
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define RANGE(from, to) {.min = (from), .max = (to)}
#define TIME(from, to, proposed) {.min = (from), .max = (to), .unit = (proposed)}
#define ANY {.max = INT64_MAX}
#define ONE_OF(...) {.words = (const char *const[]){__VA_ARGS__, NULL}}

#endif
