#include "sorter/sorter.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "config/conf_folders.h"
#include "mail/bounce.h"
#include "message/decode.h"
#include "mail/route.h"
#include "sorter/auto_reply.h"
#include "sorter/decision_priv.h"
#include "sorter/match.h"
#include "sorter/rule_index.h"

#include <stdlib.h>

#define BY_ADDRESS_MAX 10000 /* limit of addresses of one message that are looked up */

struct sorter {
	const struct conf *conf;
	struct condition **conditions; /* one for each rule */
	struct rule_index *index;
};

static struct condition *parse_rule(
    const struct conf *conf, const struct conf_rule *rule, struct error *error)
{
	struct condition *condition = rule_parse(slice_of(rule->when), conf->sorter.fold_yo, error);

	if (condition == NULL)
		error_context(error, N_("rule %s"), rule->name);
	return condition;
}

struct sorter *sorter_new(const struct conf *conf, struct error *error)
{
	struct sorter *sorter = xcalloc(1, sizeof(*sorter));

	sorter->conf = conf;
	sorter->conditions = xcalloc(conf->rule_count + 1, sizeof(*sorter->conditions));
	for (size_t i = 0; i < conf->rule_count; i++) {
		sorter->conditions[i] = parse_rule(conf, &conf->rules[i], error);
		if (sorter->conditions[i] == NULL) {
			sorter_free(sorter);
			return NULL;
		}
	}
	sorter->index = rule_index_new(sorter->conditions, conf->rule_count);
	return sorter;
}

void sorter_free(struct sorter *sorter)
{
	if (sorter == NULL)
		return;
	for (size_t i = 0; i < sorter->conf->rule_count; i++)
		rule_condition_free(sorter->conditions[i]);
	free(sorter->conditions);
	rule_index_free(sorter->index);
	free(sorter);
}

int sorter_check(const struct conf *conf, struct conf_problems *problems)
{
	int result = 0;

	for (size_t i = 0; i < conf->rule_count; i++) {
		const struct conf_rule *rule = &conf->rules[i];
		struct error error = ERROR_INIT;
		struct condition *condition;

		if (rule->when[0] == '\0') /* reported by the check of the configuration */
			continue;
		condition = parse_rule(conf, rule, &error);
		if (condition != NULL && rule->on == RULE_LISTED && rule_needs_body(condition)) {
			conf_problem_add(problems, rule->when_place, false,
			    N_("[rule %s] has on = listed: the condition can test header fields, size, date and account, not the body, attachments or "
			       "scanners"),
			    rule->name);
			result = -1;
		}
		if (condition == NULL) {
			conf_problem_add(problems, rule->when_place, false, "%s", error.phrase);
			result = -1;
		}
		rule_condition_free(condition);
	}
	return result;
}

/* --- decisions */

/* A prefix that the subject already has (in replies) is not added again. */
static void add_prefix(struct message_view *view, const char *prefix, struct sorter_decision *decision)
{
	for (size_t i = 0; i < view->field_count; i++) {
		struct slice subject;

		if (!slice_is_nocase(view->fields[i].field.name, "Subject"))
			continue;
		subject = buf_slice(&message_view_field_text(view, &view->fields[i])->decoded);
		if (slice_contains(subject, prefix))
			return;
		break;
	}
	if (!strlist_has(&decision->prefixes, prefix))
		strlist_add(&decision->prefixes, prefix);
}

static void add_reply(const struct conf *conf, const struct conf_rule *rule,
    const struct message_view *view, const struct strlist *recipients, bool is_named, struct sorter_decision *decision)
{
	char text[ADDR_TEXT_MAX];
	struct addr to;

	if (rule->reply[0] == '\0' || decision->reply_rule != NULL)
		return;
	decision->reply_rule = rule->name;
	decision->reply_refusal = auto_reply_refusal(conf, view, recipients, is_named, &to);
	if (decision->reply_refusal == NULL)
		decision->reply_to = xstrdup(addr_text(text, sizeof(text), &to));
}

/* Returns false if the rule ends sorting. */
static bool apply_rule(const struct conf *conf, const struct conf_rule *rule, struct message_view *view,
    const struct strlist *recipients, struct hit *hit, struct sorter_decision *decision)
{
	const struct sorter_match *match = decision_add_match(decision, rule, hit);
	const char *reason = match->reason, *name = rule->name;
	bool is_named = match->field != NULL && decode_is_recipient_field(slice_of(match->field));

	if (rule->tag[0] != '\0')
		strlist_add(&decision->tags, rule->tag);
	if (rule->subject_prefix[0] != '\0')
		add_prefix(view, rule->subject_prefix, decision);
	if (rule->drop || rule->reject_to.count > 0) {
		decision_add_users(conf, decision, SORTER_REJECT, &rule->reject_to, name, reason);
		decision->dropped_by = name;
		return false;
	}
	decision_add_users(conf, decision, SORTER_DELIVER, &rule->deliver, name, reason);
	decision_add_users(conf, decision, SORTER_COPY, &rule->copy, name, reason);
	if (!decision->was_here) {
		decision_add_addresses(decision, SORTER_FORWARD, &rule->forward, name, reason);
		decision_add_addresses(decision, SORTER_REDIRECT, &rule->redirect, name, reason);
		add_reply(conf, rule, view, recipients, is_named, decision);
	}
	return !rule->stop;
}

/* Returns false if a rule ended sorting. */
static bool apply_rules(
    const struct sorter *sorter, struct message_view *view, const struct strlist *recipients, struct sorter_decision *decision)
{
	uint64_t *candidates = rule_index_candidates(sorter->index, view);
	size_t count = sorter->conf->rule_count;
	bool go_on = true;

	for (size_t i = 0; go_on && (i = rule_index_next(candidates, i, count)) < count; i++) {
		struct hit hit = {0};

		if (sorter->conf->rules[i].on == RULE_FETCHED && match_condition(sorter->conditions[i], view, &hit))
			go_on =
			    apply_rule(sorter->conf, &sorter->conf->rules[i], view, recipients, &hit, decision);
		match_clear_hit(&hit);
	}
	free(candidates);
	return go_on;
}

static void deliver_by_address(const struct conf *conf, const struct addr *addr,
    struct slice header, struct sorter_decision *decision)
{
	char text[ADDR_TEXT_MAX], name[40];
	const char *user;
	enum route_kind kind = route_address(conf, addr, &user);
	const struct conf_group *group = kind == ROUTE_GROUP ? conf_find_group(conf, user) : NULL;
	char *reason;

	if (kind != ROUTE_MAILBOX && group == NULL)
		return;
	reason = phrase_new(N_("by address: %s names %s"), str_printable(name, sizeof(name), header),
	    addr_text(text, sizeof(text), addr));
	if (group == NULL)
		decision_add_recipient(decision, SORTER_ADDRESS, user, "", "", reason);
	else
		decision_add_users(conf, decision, SORTER_ADDRESS, &group->members, "", reason);
	free(reason);
}

static void apply_addresses(
    const struct conf *conf, const struct message_view *view, struct sorter_decision *decision)
{
	size_t count = 0;

	for (size_t i = 0; i < view->field_count; i++) {
		const struct header_field *field = &view->fields[i].field;
		struct addr_item item;
		size_t at = 0;

		if (!decode_is_recipient_field(field->name))
			continue;
		while (count < BY_ADDRESS_MAX && addr_list_next(field->body, &at, &item)) {
			count++;
			if (item.valid)
				deliver_by_address(conf, &item.addr, field->name, decision);
		}
	}
}

/* The recipients that the provider noted of the envelope. */
static void apply_envelope(
    const struct conf *conf, const struct strlist *recipients, struct sorter_decision *decision)
{
	struct addr addr;

	for (size_t i = 0; i < recipients->count; i++)
		if (addr_parse(slice_of(recipients->items[i]), &addr))
			deliver_by_address(conf, &addr, SLICE_LITERAL("envelope"), decision);
}

static void apply_unsorted(const struct conf *conf, const struct conf_account *account,
    const char *reason, struct sorter_decision *decision)
{
	decision->unsorted = xstrdup(reason);
	if (account != NULL)
		decision_add_users(
		    conf, decision, SORTER_UNSORTED, &account->unsorted_to, "", reason);
	if (!decision_is_placed(decision))
		decision_add_users(
		    conf, decision, SORTER_UNSORTED, &conf->sorter.unsorted_to, "", reason);
	if (!decision_is_placed(decision))
		decision_add_recipient(decision, SORTER_UNSORTED, CONF_POSTMASTER, "", "", reason);
}

void sorter_decide_unsorted(const struct conf *conf, const struct conf_account *account, const char *reason,
    struct sorter_decision *decision)
{
	memset(decision, 0, sizeof(*decision));
	decision->was_here = true;
	apply_unsorted(conf, account, reason, decision);
}

/* Properties of the message that are needed to fill an envelope. */
static void note_fields(const struct message_view *view, struct sorter_decision *decision)
{
	for (size_t i = view->field_count; i-- > 0;) {
		const struct header_field *field = &view->fields[i].field;
		char text[ADDR_TEXT_MAX];
		struct addr_item item;
		size_t at = 0;

		if (slice_is_nocase(field->name, "Subject"))
			decision->subject_at = (size_t)(field->body.ptr - view->source.message.ptr);
		if (!slice_is_nocase(field->name, "Return-Path"))
			continue;
		free(decision->return_path);
		decision->return_path = NULL;
		if (addr_list_next(field->body, &at, &item) && item.valid)
			decision->return_path = xstrdup(addr_text(text, sizeof(text), &item.addr));
		else
			decision->return_path = xstrdup("");
	}
}

static bool runs_in_circle(const struct message_view *view)
{
	size_t count = 0;

	for (size_t i = 0; i < view->field_count; i++)
		count += slice_is_nocase(view->fields[i].field.name, "Received");
	return count > SORTER_RECEIVED_MAX;
}

/* The line that the gateway adds to mail that it sends on, and the one that the fetcher adds to each
 * message: "from pop.example.ru by gw with POP3S id ...". Some servers remove one of them. */
static bool was_sent_on_here(const struct conf *conf, const struct message_view *view)
{
	char *mark = xasprintf(" by %s with ", conf->gateway.hostname);
	size_t len = strlen(mark);
	bool found = false;

	for (size_t i = 0; i < view->field_count && !found; i++) {
		struct slice name = view->fields[i].field.name, body = view->fields[i].field.body;
		ptrdiff_t at;

		if (slice_is_nocase(name, ROUTE_LOOP_FIELD))
			found = slice_is_nocase(slice_trim(body), conf->gateway.hostname);
		if (!slice_is_nocase(name, "Received"))
			continue;
		at = slice_search(body, slice_make(mark, len));
		if (at < 0)
			continue;
		body = slice_from(body, (size_t)at + len);
		found = slice_begins_nocase(body, "POP3") || slice_begins_nocase(body, "IMAP");
	}
	free(mark);
	return found;
}

static const char *unsorted_reason(const struct sorter_decision *decision)
{
	if (decision->was_here)
		return N_("mail loop: the message was here before and is not forwarded again");
	return decision->match_count == 0 ? N_("no rule matched")
	                                  : N_("the matching rules do not deliver it");
}

static void decide(const struct sorter *sorter, const struct conf_account *account,
    const struct strlist *recipients, struct message_view *view, struct sorter_decision *decision)
{
	const struct conf *conf = sorter->conf;

	if (runs_in_circle(view)) {
		decision->unsorted = phrase_new(N_("mail loop: too many Received lines"));
		decision_add_recipient(
		    decision, SORTER_UNSORTED, CONF_POSTMASTER, "", "", decision->unsorted);
		return;
	}
	if (apply_rules(sorter, view, recipients, decision) && conf->sorter.by_address) {
		if (recipients != NULL && recipients->count > 0)
			apply_envelope(conf, recipients, decision);
		else
			apply_addresses(conf, view, decision);
	}
	/* A message that rules could not check completely: a person must see it. */
	if (view->is_cut && decision->dropped_by == NULL) {
		decision->unsorted = phrase_new(N_("the rules could not check the whole message: it "
		    "has too many or too long header fields, parts or charsets"));
		decision_add_recipient(decision, SORTER_UNSORTED, CONF_POSTMASTER, "", "", decision->unsorted);
	} else if (!decision_is_placed(decision) && decision->dropped_by == NULL) {
		apply_unsorted(conf, account, PHRASE_WORD(unsorted_reason(decision)), decision);
	}
}

/* What the account says about the folder from which the message comes; "": nothing. */
static const char *target_of(const struct conf_account *account, const char *folder)
{
	const char *target = account == NULL || folder == NULL ? NULL : conf_folders_target(account, folder);

	return target == NULL ? "" : target;
}

/* Only a folder: of each user who gets the message. */
static void move_all(struct sorter_decision *decision, const char *folder)
{
	for (size_t i = 0; i < decision->recipient_count; i++)
		if (!decision->recipients[i].outside && decision->recipients[i].folder[0] == '\0')
			decision->recipients[i].folder = folder;
}

/* An account may deliver to users independent of the message. */
static bool decide_by_account(const struct conf *conf, const struct conf_account *account, const char *target, struct sorter_decision *decision)
{
	char *reason;

	if (target[0] != '\0' && target[0] != '*') {
		reason = phrase_new(N_("folders_to of account %s"), account->name);
		decision_add_users(conf, decision, SORTER_ACCOUNT, &(struct strlist){(char *[]){(char *)(uintptr_t)target}, 1}, "", reason);
		free(reason);
		return decision->recipient_count > 0;
	}
	if (account == NULL || account->deliver_to.count == 0)
		return false;
	reason = phrase_new(N_("deliver_to of account %s"), account->name);
	decision_add_users(conf, decision, SORTER_ACCOUNT, &account->deliver_to, "", reason);
	free(reason);
	return decision->recipient_count > 0;
}

void sorter_decide(const struct sorter *sorter, const struct sorter_message *message,
    struct sorter_decision *decision)
{
	const struct conf_account *account = conf_find_account(sorter->conf, message->account);
	const char *target = target_of(account, message->folder);
	struct scan_verdict written;
	struct message_view view;

	memset(decision, 0, sizeof(*decision));
	message_view_init(&view, &(struct message_view_source){
	                     .message = message->message,
	                     .account = message->account,
	                     .size = message->size,
	                     .arrived = message->arrived,
	                     .fold_yo = sorter->conf->sorter.fold_yo,
	                     .spam_limit = sorter->conf->filter.spam_junk,
	                     .verdict = message->verdict != NULL ? message->verdict : scan_verdict_find(message->message, &written) ? &written : NULL,
	                     .body_literals = rule_index_body(sorter->index),
	                 });
	note_fields(&view, decision);
	decision->is_bounce = bounce_is_one(message->message);
	decision->was_here = was_sent_on_here(sorter->conf, &view) || runs_in_circle(&view);
	if (!decide_by_account(sorter->conf, account, target, decision))
		decide(sorter, account, message->recipients, &view, decision);
	if (target[0] == '*')
		move_all(decision, target + 2);
	message_view_clear(&view);
}

/* --- on the server */

/* The highest priority of those who will get it, as far as that is known. */
static enum conf_priority priority_of_recipients(const struct sorter *sorter, const struct sorter_message *message, const struct message_view *view)
{
	const struct conf *conf = sorter->conf;
	const struct conf_account *account = conf_find_account(conf, message->account);
	struct sorter_decision decision = {.matches = NULL};
	enum conf_priority priority = PRIORITY_LOW;

	if (!decide_by_account(conf, account, target_of(account, message->folder), &decision) && conf->sorter.by_address) {
		if (message->recipients != NULL && message->recipients->count > 0)
			apply_envelope(conf, message->recipients, &decision);
		else
			apply_addresses(conf, view, &decision);
	}
	for (size_t i = 0; i < decision.recipient_count; i++) {
		const struct conf_user *user = conf_find_user(conf, decision.recipients[i].name);
		enum conf_priority one = user == NULL ? PRIORITY_NORMAL : user->priority;

		priority = one > priority ? one : priority;
	}
	if (decision.recipient_count == 0)
		priority = PRIORITY_NORMAL;
	decision_clear(&decision);
	return priority;
}

/* Returns false once nothing more can change. */
static bool apply_listed(const struct conf_rule *rule, struct hit *hit, struct sorter_listed *listed)
{
	struct sorter_decision decision = {.matches = NULL};

	if (listed->priority == PRIORITY_NORMAL)
		listed->priority = rule->priority;
	if (!rule->fetch && !rule->stub && !rule->leave && !rule->remove)
		return true;
	listed->rule = rule;
	listed->reason = xstrdup(decision_add_match(&decision, rule, hit)->reason);
	decision_clear(&decision);
	return false;
}

void sorter_decide_listed(const struct sorter *sorter, const struct sorter_message *message, struct sorter_listed *listed)
{
	const struct conf *conf = sorter->conf;
	struct message_view view;
	bool go_on = true;

	*listed = (struct sorter_listed){.priority = PRIORITY_NORMAL};
	message_view_init(&view, &(struct message_view_source){.message = message->message, .account = message->account, .size = message->size,
	                     .arrived = message->arrived, .fold_yo = conf->sorter.fold_yo, .spam_limit = conf->filter.spam_junk});
	for (size_t i = 0; i < conf->rule_count && go_on; i++) {
		struct hit hit = {0};

		if (conf->rules[i].on == RULE_LISTED && !rule_needs_body(sorter->conditions[i]) &&
		    match_condition(sorter->conditions[i], &view, &hit))
			go_on = apply_listed(&conf->rules[i], &hit, listed);
		match_clear_hit(&hit);
	}
	if (listed->priority == PRIORITY_NORMAL)
		listed->priority = priority_of_recipients(sorter, message, &view);
	if (view.is_cut) /* what the rules could not check is fetched */
		sorter_listed_clear(listed);
	message_view_clear(&view);
}

void sorter_listed_clear(struct sorter_listed *listed)
{
	free(listed->reason);
	*listed = (struct sorter_listed){.priority = PRIORITY_NORMAL};
}
