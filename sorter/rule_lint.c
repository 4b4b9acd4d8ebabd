#include "sorter/rule_lint.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "message/decode.h"
#include "message/scan/scan_verdict.h"
#include "sorter/match.h"
#include "sorter/pattern.h"
#include "sorter/rule_header.h"

#include <stdlib.h>

/* Limit for the comparison of two conditions: nested ones could take very long. */
#define STEPS_MAX 2000

enum verdict { MAYBE, NEVER, ALWAYS };

struct lint {
	const struct conf *conf;
	int steps; /* rest of the limit for the current comparison */
	bool lacks_scanner; /* a test asks for what no scanner says */
};

static bool is_number(const struct test *test)
{
	return test->relation >= TEST_GREATER && test->relation <= TEST_EQUAL;
}

/* The numbers for which a test holds; returns false if there are none. */
static bool range_of(const struct test *test, uint64_t *from, uint64_t *to)
{
	*from = 0;
	*to = test->subject == TEST_HOUR ? 23 : UINT64_MAX;
	switch (test->relation) {
	case TEST_GREATER:
		if (test->number == UINT64_MAX)
			return false;
		*from = test->number + 1;
		break;
	case TEST_GREATER_EQUAL:
		*from = test->number;
		break;
	case TEST_LESS:
		if (test->number == 0)
			return false;
		if (test->number - 1 < *to)
			*to = test->number - 1;
		break;
	case TEST_LESS_EQUAL:
		if (test->number < *to)
			*to = test->number;
		break;
	default:
		*from = *to = test->number;
		break;
	}
	return *from <= *to;
}

/* --- whether a condition can hold at all */

/* Accounts whose mail is sorted: one with deliver_to skips the rules. */
static enum verdict verdict_of_account(const struct conf *conf, const struct condition *condition)
{
	size_t sorted = 0, matched = 0;

	for (size_t i = 0; i < conf->account_count; i++) {
		struct message_view view;
		struct hit hit = {0};

		if (conf->accounts[i].deliver_to.count > 0)
			continue;
		sorted++;
		message_view_init(&view, &(struct message_view_source){.account = conf->accounts[i].name,
		                     .fold_yo = conf->sorter.fold_yo});
		matched += match_condition(condition, &view, &hit);
		match_clear_hit(&hit);
		message_view_clear(&view);
	}
	if (conf->account_count == 0)
		return MAYBE;
	return matched == 0 ? NEVER : matched == sorted ? ALWAYS : MAYBE;
}

static bool has_control(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < ' ')
			return true;
	return false;
}

/* Decoded text has no control characters and no blanks at its ends, and body text no two
 * consecutive blanks.
 */
static enum verdict verdict_of_text(const struct test *test)
{
	struct slice text = slice_make(test->folded, test->folded_len);
	bool begins = test->relation == TEST_IS || test->relation == TEST_BEGINS;
	bool ends = test->relation == TEST_IS || test->relation == TEST_ENDS;

	if (test->relation == TEST_REGEX || text.len == 0)
		return MAYBE;
	if (has_control(text) || (begins && text.ptr[0] == ' ') ||
	    (ends && text.ptr[text.len - 1] == ' '))
		return NEVER;
	if (test->subject == TEST_BODY && slice_contains(text, "  "))
		return NEVER;
	return MAYBE;
}

/* Without a number, spam is also what the provider has marked. */
static bool lacks_scanner(const struct conf *conf, const struct test *test)
{
	if (test->subject == TEST_VIRUS)
		return !conf_scans(conf, SCAN_VIRUS, CONF_FETCHED);
	return (test->subject == TEST_SYMBOL || (test->subject == TEST_SPAM && is_number(test))) && !conf_scans(conf, SCAN_SPAM, CONF_FETCHED);
}

static enum verdict verdict_of_test(struct lint *lint, const struct condition *condition)
{
	const struct test *test = &condition->test;
	uint64_t from, to;

	if (test->subject == TEST_ACCOUNT)
		return verdict_of_account(lint->conf, condition);
	if (lacks_scanner(lint->conf, test)) {
		lint->lacks_scanner = true;
		return NEVER;
	}
	if (is_number(test)) {
		if (!range_of(test, &from, &to))
			return NEVER;
		return from == 0 && to >= (test->subject == TEST_HOUR ? 23 : UINT64_MAX) ? ALWAYS
		                                                                         : MAYBE;
	}
	return test->relation == TEST_PRESENT ? MAYBE : verdict_of_text(test);
}

static bool implies(struct lint *lint, const struct condition *b, const struct condition *a);

/* Two tests that cannot both hold: disjoint numbers, two names of one account, a test and its
 * opposite. */
static bool contradict(struct lint *lint, const struct condition *b, const struct condition *a)
{
	const struct test *one = &b->test, *other = &a->test;
	uint64_t from, to, other_from, other_to;

	if (a->kind == CONDITION_NOT)
		return implies(lint, b, a->children[0]);
	if (a->kind != CONDITION_TEST || b->kind != CONDITION_TEST ||
	    one->subject != other->subject)
		return false;
	if (one->subject == TEST_ACCOUNT)
		return one->relation == TEST_IS && other->relation == TEST_IS &&
		       (one->folded_len != other->folded_len ||
		           memcmp(one->folded, other->folded, one->folded_len) != 0);
	return is_number(one) && is_number(other) && range_of(one, &from, &to) &&
	       range_of(other, &other_from, &other_to) && (from > other_to || other_from > to);
}

static enum verdict verdict_of(struct lint *lint, const struct condition *condition);

static enum verdict verdict_of_list(struct lint *lint, const struct condition *condition)
{
	enum verdict ends = condition->kind == CONDITION_AND ? NEVER : ALWAYS;
	size_t same = 0;

	for (size_t i = 0; i < condition->count; i++) {
		enum verdict verdict = verdict_of(lint, condition->children[i]);

		if (verdict == ends)
			return ends;
		same += verdict != MAYBE;
	}
	if (same == condition->count)
		return ends == NEVER ? ALWAYS : NEVER;
	for (size_t i = 0; ends == NEVER && i < condition->count; i++)
		for (size_t j = 0; j < condition->count; j++)
			if (i != j &&
			    contradict(lint, condition->children[i], condition->children[j]))
				return NEVER;
	return MAYBE;
}

static enum verdict verdict_of(struct lint *lint, const struct condition *condition)
{
	enum verdict verdict;

	if (lint->steps-- <= 0)
		return MAYBE;
	switch (condition->kind) {
	case CONDITION_ALWAYS:
		return ALWAYS;
	case CONDITION_TEST:
		return verdict_of_test(lint, condition);
	case CONDITION_NOT:
		verdict = verdict_of(lint, condition->children[0]);
		return verdict == MAYBE ? MAYBE : verdict == NEVER ? ALWAYS : NEVER;
	case CONDITION_AND:
	case CONDITION_OR:
		break;
	}
	return verdict_of_list(lint, condition);
}

/* --- whether one condition holds whenever another one does */

/* a examines everything that b examines. */
static bool covers(const struct test *a, const struct test *b)
{
	if (a->subject == TEST_HEADER)
		return b->subject == TEST_HEADER && slice_is_nocase(slice_of(a->header), b->header);
	if (a->subject == TEST_RECIPIENT && b->subject == TEST_HEADER)
		return decode_is_recipient_field(slice_of(b->header));
	if (a->subject == TEST_ANYHEADER)
		return b->subject == TEST_HEADER || b->subject == TEST_RECIPIENT ||
		       b->subject == TEST_ANYHEADER || b->subject == TEST_LIST;
	return a->subject == b->subject;
}

static struct slice folded(const struct test *test)
{
	return slice_make(test->folded, test->folded_len);
}

static bool contains(struct slice text, struct slice part)
{
	return part.len == 0 || slice_search(text, part) >= 0;
}

/* True if every text that the glob matches contains this text. */
static bool glob_contains(struct slice glob, struct slice part)
{
	size_t start = 0;

	for (size_t i = 0; i <= glob.len; i++) {
		if (i < glob.len && glob.ptr[i] != '*' && glob.ptr[i] != '?')
			continue;
		if (contains(slice_make(glob.ptr + start, i - start), part))
			return true;
		start = i + 1;
	}
	return false;
}

static bool text_implies(const struct test *b, const struct test *a)
{
	struct slice wanted = folded(a), text = folded(b);

	if (a->relation == b->relation &&
	    (a->relation == TEST_REGEX ? strcmp(a->text, b->text) == 0 : slice_equal(wanted, text)))
		return true;
	switch (a->relation) {
	case TEST_CONTAINS:
		if (wanted.len == 0)
			return true;
		if (b->relation == TEST_MATCHES)
			return glob_contains(text, wanted);
		return b->relation < TEST_MATCHES && contains(text, wanted);
	case TEST_BEGINS:
		return (b->relation == TEST_IS || b->relation == TEST_BEGINS) &&
		       text.len >= wanted.len &&
		       slice_equal(slice_make(text.ptr, wanted.len), wanted);
	case TEST_ENDS:
		return (b->relation == TEST_IS || b->relation == TEST_ENDS) &&
		       text.len >= wanted.len &&
		       slice_equal(slice_from(text, text.len - wanted.len), wanted);
	case TEST_MATCHES:
		return slice_is(wanted, "*") ||
		       (b->relation == TEST_IS && pattern_match_glob(wanted, text));
	default:
		return false;
	}
}

static bool test_implies(const struct test *b, const struct test *a)
{
	uint64_t from, to, b_from, b_to;

	if (!covers(a, b))
		return false;
	if (a->relation == TEST_PRESENT)
		return b->relation == TEST_PRESENT || a->subject == TEST_LIST;
	if (b->relation == TEST_PRESENT || is_number(a) != is_number(b))
		return false;
	if (!is_number(a))
		return text_implies(b, a);
	return range_of(a, &from, &to) && range_of(b, &b_from, &b_to) && from <= b_from &&
	       b_to <= to;
}

static bool implied_by_any(
    struct lint *lint, const struct condition *list, const struct condition *a)
{
	for (size_t i = 0; i < list->count; i++)
		if (implies(lint, list->children[i], a))
			return true;
	return false;
}

static bool implies_any(struct lint *lint, const struct condition *b, const struct condition *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (implies(lint, b, list->children[i]))
			return true;
	return false;
}

static bool implies(struct lint *lint, const struct condition *b, const struct condition *a)
{
	if (lint->steps-- <= 0)
		return false;
	if (a->kind == CONDITION_ALWAYS)
		return true;
	if (b->kind == CONDITION_OR) {
		for (size_t i = 0; i < b->count; i++)
			if (!implies(lint, b->children[i], a))
				return false;
		return true;
	}
	if (a->kind == CONDITION_AND) {
		for (size_t i = 0; i < a->count; i++)
			if (!implies(lint, b, a->children[i]))
				return false;
		return true;
	}
	if (b->kind == CONDITION_AND && implied_by_any(lint, b, a))
		return true;
	if (a->kind == CONDITION_OR && implies_any(lint, b, a))
		return true;
	if (a->kind == CONDITION_NOT && b->kind == CONDITION_NOT)
		return implies(lint, a->children[0], b->children[0]);
	if (a->kind == CONDITION_TEST && b->kind == CONDITION_TEST &&
	    test_implies(&b->test, &a->test))
		return true;
	return a->kind == CONDITION_TEST && verdict_of(lint, a) == ALWAYS;
}

/* --- the rules */

static bool ends_sorting(const struct conf_rule *rule)
{
	return rule->stop || rule->drop || rule->reject_to.count > 0 || rule->fetch || rule->stub || rule->leave || rule->remove;
}

static bool drops_all(const struct conf *conf, const struct conf_rule *rule, const struct condition *condition)
{
	struct lint lint = {.conf = conf, .steps = STEPS_MAX};

	return rule->drop && rule->reject_to.count == 0 && verdict_of(&lint, condition) == ALWAYS;
}

bool rule_drops_all(const struct conf *conf, const struct conf_rule *rule)
{
	struct error error;
	struct condition *condition = rule_parse(slice_of(rule->when), conf->sorter.fold_yo, &error);
	bool all = condition != NULL && drops_all(conf, rule, condition);

	rule_condition_free(condition);
	return all;
}

static void check_rule(const struct conf *conf, struct condition *const *conditions, size_t at,
    struct conf_problems *problems)
{
	const struct conf_rule *rule = &conf->rules[at];
	struct lint lint = {.conf = conf, .steps = STEPS_MAX};

	rule_header_check(rule, conditions[at], problems);
	if (rule->remove && verdict_of(&lint, conditions[at]) == ALWAYS)
		conf_problem_add(problems, rule->place, true, N_("[rule %s] deletes all mail on the servers"), rule->name);
	if (drops_all(conf, rule, conditions[at]))
		conf_problem_add(problems, rule->place, true, N_("[rule %s] discards all mail that "
		    "reaches it"), rule->name);
	if (verdict_of(&lint, conditions[at]) == NEVER) {
		conf_problem_add(problems, rule->when_place, true,
		    lint.lacks_scanner ? N_("[rule %s] can never match: no [scanner] of fetched mail gives the verdict that it asks for") : N_("[rule %s] can never match"),
		    rule->name);
		return;
	}
	for (size_t i = 0; i < at; i++) {
		const struct conf_rule *above = &conf->rules[i];

		if (conditions[i] == NULL || above->on != rule->on || !ends_sorting(above))
			continue;
		lint.steps = STEPS_MAX;
		if (!implies(&lint, conditions[at], conditions[i]))
			continue;
		conf_problem_add(problems, rule->when_place, true,
		    N_("[rule %s] never applies: [rule %s] (%s:%d) matches the same messages and "
		       "stops sorting"),
		    rule->name, above->name, above->place.file, above->place.line);
		return;
	}
}

void rule_lint(const struct conf *conf, struct conf_problems *problems)
{
	struct condition **conditions = xcalloc(conf->rule_count + 1, sizeof(struct condition *));
	struct error error;

	for (size_t i = 0; i < conf->rule_count; i++)
		conditions[i] =
		    rule_parse(slice_of(conf->rules[i].when), conf->sorter.fold_yo, &error);
	for (size_t i = 0; i < conf->rule_count; i++)
		if (conditions[i] != NULL)
			check_rule(conf, conditions, i, problems);
	for (size_t i = 0; i < conf->rule_count; i++)
		rule_condition_free(conditions[i]);
	free(conditions);
}
