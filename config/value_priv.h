/* The parsers for value.c's table of types. */
#ifndef LANPOST_CONFIG_VALUE_PRIV_H
#define LANPOST_CONFIG_VALUE_PRIV_H

#include "config/value.h"

/* why has one %s, for the text. Returns -1. */
int value_wrong(struct error *error, const char *why, struct slice text);
/* "pop3, imap": as many as fit, each followed by `after`. */
void value_join_words(char *out, size_t size, const char *const *words, const char *after);
/* Takes ownership of text; frees the old value of the field. */
void value_put_text(void *field, char *text);
/* "8:30" in seconds since midnight; 24:00 only if last_too. */
bool value_read_time(struct slice text, bool last_too, int64_t *seconds);
/* "15m", "1h30m", 0 in seconds, within the limits. */
int value_read_duration(struct slice text, const struct value_limits *limits, int64_t *seconds,
    struct error *error);

bool value_is_user(struct slice text); /* a name that a user may have */
bool value_is_mailbox(struct slice text); /* the same, perhaps with a folder of that user */
bool value_is_name(struct slice item); /* a local name or an address */

/* Each parses text into the field, which has the C type of its kind (value.h). */
typedef int value_parser(struct slice text, const struct value_limits *limits, void *field,
    struct error *error);
value_parser value_parse_text, value_parse_hash, value_parse_scram, value_parse_host, value_parse_user, value_parse_name,
    value_parse_address, value_parse_path, value_parse_url, value_parse_scanner, value_parse_pin,
    value_parse_flag, value_parse_integer, value_parse_size, value_parse_score, value_parse_seconds, value_parse_duration, value_parse_minutes, value_parse_interval,
    value_parse_keep, value_parse_word, value_parse_words, value_parse_days, value_parse_hours, value_parse_pixels,
    value_parse_times, value_parse_queued, value_parse_dates, value_parse_durations, value_parse_users, value_parse_members, value_parse_mailboxes, value_parse_names,
    value_parse_addresses, value_parse_senders, value_parse_domains, value_parse_patterns, value_parse_listen, value_parse_nets,
    value_parse_folder_ages, value_parse_price, value_parse_sizes,
    value_parse_folders, value_parse_folder_targets, value_parse_folder_keeps;

#endif
