/*
 * Words, texts and signs of a condition, and where in it something went wrong. For the parser only
 * (rule_parse.c, rule_test.c).
 */
#ifndef LANPOST_SORTER_RULE_TOKEN_H
#define LANPOST_SORTER_RULE_TOKEN_H

#include "sorter/rule_parse.h"

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_TEXT, TOKEN_SIGN, TOKEN_BAD };

struct token {
	enum token_kind kind;
	struct slice raw; /* of a text: what is between the quotes */
};

struct parser {
	struct slice all, rest;
	struct token token; /* the one to be read next */
	struct error *error;
	int depth;
	bool fold_yo;
};

void token_next(struct parser *p);
/* True if the word or sign to be read next is this one. */
bool token_is(const struct parser *p, const char *word);
/* Which character of the condition it is, from 1 on; at NULL: behind the last one. */
int token_position(const struct parser *p, const char *at);
/* Where the token to be read next begins; NULL at the end. */
const char *token_start(const struct parser *p);
/* Says that the next token is where `expected` should; nearest (may be NULL): words that it may
 * be a typing error of. */
void token_fail(struct parser *p, const char *expected, const char *const *nearest);

/* Reads one test into a condition of its own; NULL with the error reported. */
struct condition *rule_test_parse(struct parser *p);
struct condition *condition_new(enum condition_kind kind);

#endif
