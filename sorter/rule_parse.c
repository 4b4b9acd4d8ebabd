#include "sorter/rule_parse.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/i18n.h"
#include "mail/fold.h"
#include "sorter/pattern.h"

#include <stdlib.h>

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_TEXT, TOKEN_SIGN, TOKEN_BAD };

struct token {
	enum token_kind kind;
	struct slice raw; /* of a text: what stands between the quotes */
};

struct parser {
	struct slice all, rest;
	struct token token; /* the one to be read next */
	struct error *error;
	int depth;
};

static const char *const operators[] = {
    "contains", "is", "begins", "ends", "matches", "regex", ">", ">=", "<", "<=", "=", NULL};
static const char *const text_operators[] = {
    "contains", "is", "begins", "ends", "matches", "regex", NULL};
static const char *const joints[] = {"and", "or", NULL};
static const char *const reserved[] = {
    "and", "or", "not", "contains", "is", "begins", "ends", "matches", "regex", NULL};

const char *test_operator_name(enum test_operator relation)
{
	return operators[relation];
}

/* --- tokens */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_word(char c)
{
	return c != '\0' && !is_blank(c) && strchr("\"()<>=", c) == NULL;
}

/* Reads a text; raw is left with the marks for quotes in it. */
static void read_text(struct parser *p)
{
	struct slice rest = slice_from(p->rest, 1);
	size_t len = 0;

	while (len < rest.len) {
		if (rest.ptr[len] == '"' && (len + 1 == rest.len || rest.ptr[len + 1] != '"'))
			break;
		if ((rest.ptr[len] == '"' || rest.ptr[len] == '\\') && len + 1 < rest.len)
			len++;
		len++;
	}
	p->token.kind = len < rest.len ? TOKEN_TEXT : TOKEN_BAD;
	p->token.raw = slice_make(rest.ptr, len < rest.len ? len : rest.len);
	p->rest = slice_from(rest, len + 1);
}

static void next(struct parser *p)
{
	size_t len = 0;

	p->rest = slice_trim(p->rest);
	p->token = (struct token){TOKEN_END, p->rest};
	if (p->rest.len == 0)
		return;
	if (p->rest.ptr[0] == '"') {
		read_text(p);
		return;
	}
	while (len < p->rest.len && is_word(p->rest.ptr[len]))
		len++;
	p->token.kind = len > 0 ? TOKEN_WORD : TOKEN_SIGN;
	if (len == 0)
		len = p->rest.len > 1 && p->rest.ptr[1] == '=' && strchr("<>", p->rest.ptr[0]) ? 2
		                                                                               : 1;
	p->token.raw = slice_make(p->rest.ptr, len);
	p->rest = slice_from(p->rest, len);
}

static bool at_word(const struct parser *p, const char *word)
{
	return (p->token.kind == TOKEN_WORD || p->token.kind == TOKEN_SIGN) &&
	       slice_is_nocase(p->token.raw, word);
}

/* --- errors */

static int position_of(const struct parser *p, const char *at)
{
	size_t byte = at == NULL ? p->all.len : (size_t)(at - p->all.ptr);
	int position = 1;

	for (size_t i = 0; i < byte && i < p->all.len;) {
		size_t len = utf8_char_len(slice_from(p->all, i));

		i += len == 0 ? 1 : len;
		position++;
	}
	return position;
}

static const char *here(const struct parser *p)
{
	return p->token.kind == TOKEN_END ? NULL : p->token.raw.ptr;
}

/* "at the end" or the word that stands where something else should. */
static void fail(struct parser *p, const char *expected, const char *const *nearest)
{
	int position = position_of(p, here(p));
	char *word, *hint;

	if (p->token.kind == TOKEN_BAD) {
		error_set(p->error, ERROR_CONFIG,
		    _("character %d: the quote opened here is never closed"), position - 1);
		return;
	}
	if (p->token.kind == TOKEN_END) {
		error_set(p->error, ERROR_CONFIG, _("the condition ends where %s should follow"),
		    expected);
		return;
	}
	word = slice_dup(p->token.raw.len > 60 ? slice_make(p->token.raw.ptr, 60) : p->token.raw);
	hint = nearest != NULL && p->token.kind == TOKEN_WORD
	           ? (char *)(uintptr_t)str_nearest(word, nearest)
	           : NULL;
	if (hint != NULL)
		error_set(p->error, ERROR_CONFIG,
		    _("character %d: \"%s\" stands where %s should; did you mean \"%s\"?"),
		    position, word, expected, hint);
	else
		error_set(p->error, ERROR_CONFIG, _("character %d: \"%s\" stands where %s should"),
		    position, word, expected);
	free(word);
}

/* --- the tree */

static struct condition *condition_new(enum condition_kind kind)
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

void condition_free(struct condition *condition)
{
	if (condition == NULL)
		return;
	for (size_t i = 0; i < condition->count; i++)
		condition_free(condition->children[i]);
	free(condition->children);
	free(condition->test.header);
	free(condition->test.text);
	free(condition->test.folded);
	pattern_free(condition->test.pattern);
	free(condition);
}

/* A text without its marks: "" and \" are a quote; before anything but a quote or itself a
 * backslash is just that, so that regular expressions need no doubling. */
static char *unquote(struct slice raw, bool is_regex)
{
	struct buf out = BUF_INIT(RULE_LENGTH_MAX);

	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.ptr[i];
		char after = i + 1 < raw.len ? raw.ptr[i + 1] : '\0';

		if (after == '"' || (c == '\\' && after == '\\' && !is_regex)) {
			if (c == '"' || c == '\\')
				c = raw.ptr[++i];
		} else if (c == '\\' && after == '\\') {
			buf_append_byte(&out, raw.ptr[i++]); /* both stay */
		}
		buf_append_byte(&out, c);
	}
	buf_text(&out);
	return out.ptr;
}

static bool parse_operator(struct parser *p, struct test *test)
{
	const char *expected =
	    test->subject == TEST_SIZE ? _("one of > >= < <= =") : _("an operator");
	size_t first = test->subject == TEST_SIZE ? TEST_GREATER : TEST_CONTAINS;
	size_t last = test->subject == TEST_SIZE ? TEST_EQUAL : TEST_REGEX;

	for (size_t i = first; i <= last; i++) {
		if (at_word(p, operators[i])) {
			test->relation = (enum test_operator)i;
			next(p);
			return true;
		}
	}
	fail(p, expected, test->subject == TEST_SIZE ? NULL : text_operators);
	return false;
}

static bool parse_size(struct parser *p, struct test *test)
{
	static const char units[] = "kmg";
	struct slice digits = p->token.raw;
	uint64_t factor = 1;

	if (p->token.kind == TOKEN_WORD && digits.len > 1) {
		char unit = ascii_lower(digits.ptr[digits.len - 1]);
		const char *at = strchr(units, unit);

		if (at != NULL && unit != '\0') {
			digits.len--;
			for (const char *u = units; u <= at; u++)
				factor *= 1024;
		}
	}
	if (p->token.kind != TOKEN_WORD ||
	    !slice_number(digits, 0, UINT64_MAX / factor, &test->size)) {
		fail(p, _("a size such as 5M"), NULL);
		return false;
	}
	test->size *= factor;
	test->text = slice_dup(p->token.raw);
	next(p);
	return true;
}

static bool compile_regex(struct parser *p, struct test *test)
{
	size_t offset = 0;

	test->pattern = pattern_new(test->text, &offset, p->error);
	if (test->pattern != NULL)
		return true;
	error_context(p->error, _("character %d"),
	    position_of(
	        p, p->token.raw.ptr + (offset < p->token.raw.len ? offset : p->token.raw.len)));
	return false;
}

static bool parse_text(struct parser *p, struct test *test)
{
	struct buf folded = BUF_INIT(RULE_LENGTH_MAX * 8);

	if (p->token.kind != TOKEN_TEXT) {
		fail(p, _("a text in double quotes"), NULL);
		return false;
	}
	test->text = unquote(p->token.raw, test->relation == TEST_REGEX);
	if (!utf8_is_valid(slice_of(test->text))) {
		error_set(p->error, ERROR_CONFIG, _("character %d: the text is not UTF-8"),
		    position_of(p, here(p)));
		return false;
	}
	if (test->relation == TEST_REGEX && !compile_regex(p, test))
		return false;
	fold_text(slice_of(test->text), &folded);
	buf_text(&folded);
	test->folded = folded.ptr;
	test->folded_len = folded.len;
	next(p);
	return true;
}

static bool is_header_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] <= ' ' || name.ptr[i] >= 0x7f || name.ptr[i] == ':')
			return false;
	return name.len > 0;
}

static enum test_subject subject_of(const struct parser *p)
{
	static const struct {
		const char *word;
		enum test_subject subject;
	} words[] = {{"recipient", TEST_RECIPIENT}, {"anyheader", TEST_ANYHEADER},
	    {"account", TEST_ACCOUNT}, {"size", TEST_SIZE}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (at_word(p, words[i].word))
			return words[i].subject;
	return TEST_HEADER;
}

static bool is_reserved(struct slice word)
{
	for (size_t i = 0; reserved[i] != NULL; i++)
		if (slice_is_nocase(word, reserved[i]))
			return true;
	return false;
}

static struct condition *parse_test(struct parser *p)
{
	struct condition *condition;
	struct test *test;
	bool named = p->token.kind == TOKEN_TEXT ||
	             (p->token.kind == TOKEN_WORD && !is_reserved(p->token.raw));

	if (!named || !is_header_name(p->token.raw)) {
		fail(p, _("the name of a header, recipient, anyheader, account, size or always"),
		    NULL);
		return NULL;
	}
	condition = condition_new(CONDITION_TEST);
	test = &condition->test;
	test->subject = subject_of(p);
	test->header = slice_dup(p->token.raw);
	next(p);
	if (parse_operator(p, test) &&
	    (test->subject == TEST_SIZE ? parse_size(p, test) : parse_text(p, test)))
		return condition;
	condition_free(condition);
	return NULL;
}

static struct condition *parse_or(struct parser *p);

static struct condition *parse_group(struct parser *p)
{
	struct condition *condition;

	next(p);
	condition = parse_or(p);
	if (condition == NULL)
		return NULL;
	if (!at_word(p, ")")) {
		fail(p, _("and, or, or a closing parenthesis"), joints);
		condition_free(condition);
		return NULL;
	}
	next(p);
	return condition;
}

static struct condition *parse_one(struct parser *p)
{
	struct condition *condition = NULL, *child;

	if (++p->depth > RULE_DEPTH_MAX) {
		error_set(p->error, ERROR_CONFIG, _("the condition is nested more than %d deep"),
		    RULE_DEPTH_MAX);
	} else if (at_word(p, "not")) {
		next(p);
		child = parse_one(p);
		if (child != NULL) {
			condition = condition_new(CONDITION_NOT);
			condition_add(condition, child);
		}
	} else if (at_word(p, "(")) {
		condition = parse_group(p);
	} else if (at_word(p, "always")) {
		next(p);
		condition = condition_new(CONDITION_ALWAYS);
	} else {
		condition = parse_test(p);
	}
	p->depth--;
	return condition;
}

/* Reads `part { joint part }`; a single part stands for itself. */
static struct condition *parse_list(struct parser *p, const char *joint, enum condition_kind kind,
    struct condition *(*part)(struct parser *p))
{
	struct condition *first = part(p), *list;

	if (first == NULL || !at_word(p, joint))
		return first;
	list = condition_new(kind);
	condition_add(list, first);
	while (at_word(p, joint)) {
		struct condition *child;

		next(p);
		child = part(p);
		if (child == NULL) {
			condition_free(list);
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

struct condition *rule_parse(struct slice text, struct error *error)
{
	struct parser p = {.all = text, .rest = text, .error = error};
	struct condition *condition;

	if (text.len > RULE_LENGTH_MAX) {
		error_set(error, ERROR_CONFIG, _("the condition is longer than %u bytes"),
		    RULE_LENGTH_MAX);
		return NULL;
	}
	next(&p);
	condition = parse_or(&p);
	if (condition != NULL && p.token.kind != TOKEN_END) {
		fail(&p, _("and, or, or the end"), joints);
		condition_free(condition);
		return NULL;
	}
	return condition;
}
