/* The decision of the sorter as a value: create, copy, clear. */
#include "base/alloc.h"
#include "base/i18n.h"
#include "sorter/decision_priv.h"

#include <stdlib.h>

#define QUOTE_MAX 120 /* bytes of external text in a reason */

const char *decision_action_name(enum sorter_action action)
{
	static const char *const names[] = {
	    "deliver", "copy", "forward", "redirect", "reject", "deliver", "deliver", "deliver"};

	return names[action];
}

/* A rule that delivers into a folder of a user replaces the delivery by address. */
static bool is_same_folder(const struct sorter_recipient *known, enum sorter_action action, const char *folder)
{
	return strcmp(known->folder, folder) == 0 || (action == SORTER_ADDRESS && known->action == SORTER_DELIVER);
}

void decision_add_recipient(struct sorter_decision *decision, enum sorter_action action,
    const char *name, const char *folder, const char *rule, const char *reason)
{
	bool outside = action == SORTER_FORWARD || action == SORTER_REDIRECT;

	for (size_t i = 0; i < decision->recipient_count; i++) {
		struct sorter_recipient *known = &decision->recipients[i];

		if (known->outside != outside || !slice_is_nocase(slice_of(name), known->name) || !is_same_folder(known, action, folder))
			continue;
		if (known->action == SORTER_COPY)
			known->action = action;
		return;
	}
	ARRAY_GROW(decision->recipients, decision->recipient_count);
	decision->recipients[decision->recipient_count++] =
	    (struct sorter_recipient){action, outside, name, folder, rule, xstrdup(reason)};
}

/* name: of a user or a shared mailbox, or another name of one. */
static void add_user(const struct conf *conf, struct sorter_decision *decision,
    enum sorter_action action, const char *name, const char *folder, const char *rule, const char *reason)
{
	const char *mailbox = strcmp(name, CONF_POSTMASTER) == 0 ? CONF_POSTMASTER : conf_mailbox_at(conf, slice_of(name));

	if (mailbox != NULL)
		decision_add_recipient(decision, action, mailbox, folder, rule, reason);
}

/* "buh" or "buh/Invoices" */
static void add_mailbox(const struct conf *conf, struct sorter_decision *decision,
    enum sorter_action action, const char *mailbox, const char *rule, const char *reason)
{
	const char *slash = strchr(mailbox, '/'), *folder = slash == NULL ? "" : slash + 1;
	char *name = xstrndup(mailbox, strcspn(mailbox, "/"));
	const struct conf_group *group = conf_find_group(conf, name);

	if (group == NULL)
		add_user(conf, decision, action, name, folder, rule, reason);
	for (size_t i = 0; group != NULL && i < group->members.count; i++)
		add_user(conf, decision, action, group->members.items[i], folder, rule, reason);
	free(name);
}

void decision_add_users(const struct conf *conf, struct sorter_decision *decision,
    enum sorter_action action, const struct strlist *names, const char *rule, const char *reason)
{
	for (size_t i = 0; i < names->count; i++)
		add_mailbox(conf, decision, action, names->items[i], rule, reason);
}

void decision_add_addresses(struct sorter_decision *decision, enum sorter_action action,
    const struct strlist *addresses, const char *rule, const char *reason)
{
	for (size_t i = 0; i < addresses->count; i++)
		decision_add_recipient(decision, action, addresses->items[i], "", rule, reason);
}

bool decision_is_placed(const struct sorter_decision *decision)
{
	for (size_t i = 0; i < decision->recipient_count; i++)
		if (decision->recipients[i].action != SORTER_COPY)
			return true;
	return false;
}

/* External text, shortened and in quotes. */
static char *quote(char *out, size_t size, const char *text)
{
	struct slice slice = slice_of(text);

	if (slice.len > QUOTE_MAX) {
		slice.len = QUOTE_MAX;
		while (slice.len > 0 && ((unsigned char)text[slice.len] & 0xc0) == 0x80)
			slice.len--;
	}
	return str_quote(out, size, slice);
}

static char *rule_reason(const struct conf_rule *rule, const struct hit *hit)
{
	char text[QUOTE_MAX * 4 + 8], matched[QUOTE_MAX * 4 + 8], value[QUOTE_MAX * 4 + 8];
	const struct test *test = hit->test;

	if (test == NULL)
		return phrase_new(
		    N_("rule %s: %s"), rule->name, quote(text, sizeof(text), rule->when));
	if (test->relation == TEST_PRESENT)
		return phrase_new(N_("rule %s: %s (%s: %s)"), rule->name, test->header, hit->header,
		    quote(value, sizeof(value), hit->value));
	if (test->relation > TEST_REGEX)
		return phrase_new(N_("rule %s: %s %s %s matched %s"), rule->name, test->header,
		    rule_operator_name(test->relation), test->text, hit->value);
	return phrase_new(N_("rule %s: %s %s %s matched %s in %s"), rule->name, test->header,
	    rule_operator_name(test->relation), quote(text, sizeof(text), test->text),
	    quote(matched, sizeof(matched), hit->matched), quote(value, sizeof(value), hit->value));
}

static char *take(char **text)
{
	char *taken = *text == NULL ? xstrdup("") : *text;

	*text = NULL;
	return taken;
}

const struct sorter_match *decision_add_match(
    struct sorter_decision *decision, const struct conf_rule *rule, struct hit *hit)
{
	char *reason = rule_reason(rule, hit); /* before the texts of the hit are moved */
	struct sorter_match match = {
	    .rule = rule->name,
	    .header = hit->test == NULL ? "" : hit->test->header,
	    .relation = hit->test == NULL ? "" : rule_operator_name(hit->test->relation),
	    .text = hit->test == NULL ? "" : hit->test->text,
	    .reason = reason,
	    .field = take(&hit->header),
	    .value = take(&hit->value),
	    .matched = take(&hit->matched),
	};

	ARRAY_GROW(decision->matches, decision->match_count);
	decision->matches[decision->match_count++] = match;
	return &decision->matches[decision->match_count - 1];
}

void decision_clear(struct sorter_decision *decision)
{
	for (size_t i = 0; i < decision->match_count; i++) {
		free(decision->matches[i].field);
		free(decision->matches[i].value);
		free(decision->matches[i].matched);
		free(decision->matches[i].reason);
	}
	for (size_t i = 0; i < decision->recipient_count; i++)
		free(decision->recipients[i].reason);
	free(decision->matches);
	free(decision->recipients);
	free(decision->unsorted);
	free(decision->reply_to);
	free(decision->return_path);
	strlist_clear(&decision->prefixes);
	strlist_clear(&decision->tags);
	memset(decision, 0, sizeof(*decision));
}
