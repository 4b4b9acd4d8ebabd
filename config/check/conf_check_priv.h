/*
 * Declarations that the checks of the configuration share.
 */
#ifndef LANPOST_CONFIG_CONF_CHECK_PRIV_H
#define LANPOST_CONFIG_CONF_CHECK_PRIV_H

#include "config/conf_source.h"

struct check {
	const struct conf *conf;
	const struct conf_source *source;
	const char **users; /* all names of users and groups, NULL-terminated */
};

#define PROBLEM(check, field, otherwise, is_warning, ...)                                          \
	conf_problem_add((check)->source->problems,                                                \
	    conf_place_of((check)->source, (field), (otherwise)), (is_warning), __VA_ARGS__)
#define ERROR_AT(check, field, otherwise, ...) PROBLEM(check, field, otherwise, false, __VA_ARGS__)
#define WARN_AT(check, field, otherwise, ...) PROBLEM(check, field, otherwise, true, __VA_ARGS__)

/* Reports each name in a list that is neither a user, an alias, postmaster, nor a group. key: as in the
 * file. list: whose place is reported. */
void conf_check_users(const struct check *check, const char *key, const struct strlist *list,
    struct conf_place otherwise);
/* Names and addresses of users and shared mailboxes, conf_check_names.c. */
void conf_check_names(const struct check *check);
void conf_check_shareds(const struct check *check);
void conf_check_external_alias(const struct check *check, char *const *alias, struct conf_place place);
/* name@local_domain is the same as the name. Lower case, new memory. */
char *conf_check_plain_name(const struct conf *conf, const char *name);
/* Groups and rules, conf_check_rules.c. */
void conf_check_groups(const struct check *check);
void conf_check_rules(const struct check *check);
/* [lan], conf_check_lan.c. */
void conf_check_lan(const struct check *check);
/* Whether the IP filter accepts clients that are not on a private network. */
bool conf_check_allows_strangers(const struct check *check);
/* Reports a file that is named and cannot be read. */
void conf_check_readable(const struct check *check, const char *key, char *const *path, struct conf_place otherwise);
/* [line] and [line NAME], conf_check_lan.c. */
void conf_check_line(const struct check *check);
/* [account] and [smarthost], conf_check_servers.c. */
void conf_check_accounts(const struct check *check);
void conf_check_smarthosts(const struct check *check);
/* [scanner] and [filter], conf_check_scanners.c. */
void conf_check_scanners(const struct check *check);
/* Suspicious lengths of time, conf_check_times.c. */
void conf_check_times(const struct check *check);

#endif
