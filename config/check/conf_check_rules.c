/*
 * Checks of groups and rules. sorter/ parses and checks the conditions.
 */
#include "base/i18n.h"
#include "config/check/conf_check_priv.h"

#define TAG_MAX 200
#define PREFIX_MAX 60 /* bytes; it shares a line with the subject */

/* --- groups */

static void check_member(const struct check *check, const struct conf_group *group, const char *name)
{
	if (conf_find_group(check->conf, name) != NULL)
		ERROR_AT(check, &group->members, group->place,
		    N_("members: `%s` is a group; list its members instead"), name);
}

static void check_group(const struct check *check, const struct conf_group *group)
{
	const struct conf_user *user = conf_owner_of(check->conf, slice_of(group->name));

	if (strcmp(group->name, CONF_POSTMASTER) == 0 || strcmp(group->name, CONF_DAEMON) == 0)
		conf_problem_add(check->source->problems, group->place, false,
		    N_("`%s` is reserved for the gateway"), group->name);
	else if (user != NULL)
		conf_problem_add(check->source->problems, group->place, false,
		    N_("`%s` is already a name of user %s (%s:%d)"), group->name, user->name,
		    user->place.file, user->place.line);
	if (group->members.count == 0 && !conf_was_faulty(check->source, &group->members))
		conf_problem_add(check->source->problems, group->place, false,
		    N_("[group %s] needs members, such as members = ivan, maria"), group->name);
	for (size_t i = 0; i < group->members.count; i++)
		check_member(check, group, group->members.items[i]);
	conf_check_users(check, "members", &group->members, group->place);
}

/* A group can name all users, and each can forward: a message has a place for each. */
static void check_count(const struct check *check)
{
	if (check->conf->user_count > CONF_USERS_MAX)
		conf_problem_add(check->source->problems, check->conf->users[CONF_USERS_MAX].place, false,
		    N_("there are %zu users, and lanpost serves up to %d: remove some, or set up a second gateway"),
		    check->conf->user_count, CONF_USERS_MAX);
}

void conf_check_groups(const struct check *check)
{
	for (size_t i = 0; i < check->conf->group_count; i++)
		check_group(check, &check->conf->groups[i]);
	check_count(check);
}

/* --- rules */

static bool is_header_line(const char *tag)
{
	size_t name = strcspn(tag, ":");

	if (name == 0 || tag[name] == '\0' || strlen(tag) > TAG_MAX)
		return false;
	for (size_t i = 0; i < name; i++)
		if (tag[i] <= ' ' || tag[i] > '~')
			return false;
	return true;
}

/* An invalid value may have been meant as an action. */
static bool does_nothing(const struct check *check, const struct conf_rule *rule)
{
	const void *const actions[] = {&rule->deliver, &rule->copy, &rule->forward, &rule->redirect,
	    &rule->drop, &rule->reject_to, &rule->tag, &rule->subject_prefix, &rule->reply, &rule->stop,
	    &rule->fetch, &rule->stub, &rule->leave, &rule->remove, &rule->priority};

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (conf_was_faulty(check->source, actions[i]))
			return false;
	return conf_rule_does_nothing(rule);
}

static bool has_listed_action(const struct conf_rule *rule)
{
	return rule->fetch || rule->stub || rule->leave || rule->remove || rule->priority != PRIORITY_NORMAL;
}

/* Before a message is fetched, nobody can get it. */
static bool has_other_action(const struct conf_rule *rule)
{
	return rule->deliver.count > 0 || rule->copy.count > 0 || rule->forward.count > 0 || rule->redirect.count > 0 || rule->reject_to.count > 0 ||
	       rule->drop || rule->tag[0] != '\0' || rule->subject_prefix[0] != '\0' || rule->reply[0] != '\0' || rule->stop;
}

static void check_listed(const struct check *check, const struct conf_rule *rule)
{
	if (rule->on == RULE_FETCHED) {
		if (has_listed_action(rule))
			conf_problem_add(check->source->problems, rule->place, false,
			    N_("[rule %s] has fetch, stub, leave, delete or priority: add on = listed"), rule->name);
		return;
	}
	if (has_other_action(rule))
		conf_problem_add(check->source->problems, rule->place, false,
		    N_("[rule %s] has on = listed: its only actions are fetch, stub, leave, delete and priority"), rule->name);
	if (rule->fetch + rule->stub + rule->leave + rule->remove > 1)
		conf_problem_add(check->source->problems, rule->place, false,
		    N_("[rule %s] has more than one of fetch, stub, leave and delete"), rule->name);
	if (rule->remove)
		WARN_AT(check, &rule->remove, rule->place,
		    N_("[rule %s] deletes messages on the server before anybody has seen them; only their headers are in the journal. Try it with "
		       "leave = yes first"),
		    rule->name);
}

bool conf_rule_does_nothing(const struct conf_rule *rule)
{
	return rule->deliver.count == 0 && rule->copy.count == 0 && rule->forward.count == 0 &&
	       rule->redirect.count == 0 && rule->reject_to.count == 0 && !rule->drop &&
	       rule->tag[0] == '\0' && rule->subject_prefix[0] == '\0' && rule->reply[0] == '\0' &&
	       !rule->stop && !has_listed_action(rule);
}

static void check_lists(const struct check *check, const struct conf_rule *rule)
{
	conf_check_users(check, "deliver", &rule->deliver, rule->place);
	conf_check_users(check, "copy", &rule->copy, rule->place);
	conf_check_users(check, "reject_to", &rule->reject_to, rule->place);
	if (rule->drop && (rule->deliver.count > 0 || rule->copy.count > 0 ||
			      rule->forward.count > 0 || rule->redirect.count > 0))
		WARN_AT(check, &rule->drop, rule->place,
		    N_("[rule %s] has both deliver and drop; drop wins and nothing is delivered"), rule->name);
	else if (rule->reject_to.count > 0 && (rule->drop || rule->deliver.count > 0 ||
		     rule->copy.count > 0 || rule->forward.count > 0 || rule->redirect.count > 0))
		WARN_AT(check, &rule->reject_to, rule->place,
		    N_("[rule %s] has both deliver and reject_to; only the users of reject_to get "
		       "the message"),
		    rule->name);
}

static void check_texts(const struct check *check, const struct conf_rule *rule)
{
	if (rule->tag[0] != '\0' && strlen(rule->tag) > TAG_MAX)
		ERROR_AT(check, &rule->tag, rule->place, N_("tag: longer than %d bytes"), TAG_MAX);
	else if (strchr(rule->tag, ':') != NULL && !is_header_line(rule->tag))
		ERROR_AT(check, &rule->tag, rule->place,
		    N_("tag: `%s` is not a header line (example: X-Tag: invoice)"), rule->tag);
	if (strlen(rule->subject_prefix) > PREFIX_MAX)
		ERROR_AT(check, &rule->subject_prefix, rule->place,
		    N_("subject_prefix: longer than %d bytes"), PREFIX_MAX);
	if (conf_was_given(check->source, &rule->reply_days) && rule->reply[0] == '\0')
		WARN_AT(check, &rule->reply_days, rule->place,
		    N_("[rule %s] has reply_days, but no reply"), rule->name);
}

static void check_rule(const struct check *check, const struct conf_rule *rule)
{
	if (rule->when[0] == '\0' && !conf_was_faulty(check->source, &rule->when))
		ERROR_AT(check, &rule->when, rule->place,
		    N_("[rule %s] needs a condition `when` (example: when = always)"), rule->name);
	check_lists(check, rule);
	check_texts(check, rule);
	check_listed(check, rule);
	if (does_nothing(check, rule))
		conf_problem_add(check->source->problems, rule->place, true,
		    N_("[rule %s] does nothing: add an action such as deliver = ivan, tag or drop = "
		       "yes"),
		    rule->name);
}

void conf_check_rules(const struct check *check)
{
	for (size_t i = 0; i < check->conf->rule_count; i++)
		check_rule(check, &check->conf->rules[i]);
}
