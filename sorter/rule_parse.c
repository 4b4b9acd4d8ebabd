#include "sorter/rule_parse.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "sorter/pattern.h"
#include "sorter/rule_token.h"

#include <stdlib.h>

static const char *const joints[] = {"and", "or", NULL};

struct condition *rule_condition_new(enum condition_kind kind)
{
	struct condition *condition = xcalloc(1, sizeof(*condition));

	condition->kind = kind;
	return condition;
}

static void condition_add(struct condition *parent, struct condition *child)
{
	ARRAY_GROW(parent->children, parent->count);
	parent->children[parent->count++] = child;
}

bool rule_needs_body(const struct condition *condition)
{
	for (size_t i = 0; i < condition->count; i++)
		if (rule_needs_body(condition->children[i]))
			return true;
	if (condition->kind != CONDITION_TEST)
		return false;
	switch (condition->test.subject) {
	case TEST_ATTACHMENT:
	case TEST_BODY:
	case TEST_VIRUS:
	case TEST_SYMBOL:
	case TEST_SCANNED:
		return true;
	case TEST_SPAM:
		return condition->test.relation != TEST_PRESENT;
	default:
		return false;
	}
}

void rule_condition_free(struct condition *condition)
{
	if (condition == NULL)
		return;
	for (size_t i = 0; i < condition->count; i++)
		rule_condition_free(condition->children[i]);
	free(condition->children);
	free(condition->test.header);
	free(condition->test.text);
	free(condition->test.folded);
	pattern_free(condition->test.pattern);
	free(condition);
}

static struct condition *parse_or(struct parser *p);

static struct condition *parse_group(struct parser *p)
{
	struct condition *condition;

	rule_token_next(p);
	condition = parse_or(p);
	if (condition == NULL)
		return NULL;
	if (!rule_token_is(p, ")")) {
		rule_token_fail(p, N_("and, or, or a closing parenthesis"), joints);
		rule_condition_free(condition);
		return NULL;
	}
	rule_token_next(p);
	return condition;
}

static struct condition *parse_one(struct parser *p)
{
	struct condition *condition = NULL, *child;

	if (++p->depth > RULE_DEPTH_MAX) {
		error_set(p->error, ERROR_CONFIG, N_("the condition is nested more than %d deep"),
		    RULE_DEPTH_MAX);
	} else if (rule_token_is(p, "not")) {
		rule_token_next(p);
		child = parse_one(p);
		if (child != NULL) {
			condition = rule_condition_new(CONDITION_NOT);
			condition_add(condition, child);
		}
	} else if (rule_token_is(p, "(")) {
		condition = parse_group(p);
	} else if (rule_token_is(p, "always")) {
		rule_token_next(p);
		condition = rule_condition_new(CONDITION_ALWAYS);
	} else {
		condition = rule_test_parse(p);
	}
	p->depth--;
	return condition;
}

/* Reads `part { joint part }`; a single part is returned itself. */
static struct condition *parse_list(struct parser *p, const char *joint, enum condition_kind kind,
    struct condition *(*part)(struct parser *p))
{
	struct condition *first = part(p), *list;

	if (first == NULL || !rule_token_is(p, joint))
		return first;
	list = rule_condition_new(kind);
	condition_add(list, first);
	while (rule_token_is(p, joint)) {
		struct condition *child;

		rule_token_next(p);
		child = part(p);
		if (child == NULL) {
			rule_condition_free(list);
			return NULL;
		}
		condition_add(list, child);
	}
	return list;
}

static struct condition *parse_and(struct parser *p)
{
	return parse_list(p, "and", CONDITION_AND, parse_one);
}

static struct condition *parse_or(struct parser *p)
{
	return parse_list(p, "or", CONDITION_OR, parse_and);
}

struct condition *rule_parse(struct slice text, bool fold_yo, struct error *error)
{
	struct parser p = {.all = text, .rest = text, .error = error, .fold_yo = fold_yo};
	struct condition *condition;

	if (text.len > RULE_LENGTH_MAX) {
		error_set(error, ERROR_CONFIG, N_("the condition is longer than %u bytes"),
		    RULE_LENGTH_MAX);
		return NULL;
	}
	rule_token_next(&p);
	condition = parse_or(&p);
	if (condition != NULL && p.token.kind != TOKEN_END) {
		rule_token_fail(&p, N_("and, or, or the end"), joints);
		rule_condition_free(condition);
		return NULL;
	}
	return condition;
}
