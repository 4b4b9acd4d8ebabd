/*
 * Words, texts and signs of a condition, and the position of a mistake. For the parser only
 * (rule_parse.c, rule_test.c).
 */
#ifndef LANPOST_SORTER_RULE_TOKEN_H
#define LANPOST_SORTER_RULE_TOKEN_H

#include "sorter/rule_parse.h"

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_TEXT, TOKEN_SIGN, TOKEN_BAD };

struct token {
	enum token_kind kind;
	struct slice raw; /* of a text: the part between the quotes */
};

struct parser {
	struct slice all, rest;
	struct token token; /* the next token */
	struct error *error;
	int depth;
	bool fold_yo;
};

void rule_token_next(struct parser *p);
/* True if the next word or sign is this one. */
bool rule_token_is(const struct parser *p, const char *word);
/* The position of a character in the condition, from 1 on; at NULL: after the last one. */
int rule_token_position(const struct parser *p, const char *at);
/* The start of the next token; NULL at the end. */
const char *rule_token_start(const struct parser *p);
/* Reports that the next token is not the expected one; nearest (may be NULL): words of which it
 * may be a misspelling. */
void rule_token_fail(struct parser *p, const char *expected, const char *const *nearest);

/* Reads one test into a new condition; returns NULL with the error reported. */
struct condition *rule_test_parse(struct parser *p);
struct condition *rule_condition_new(enum condition_kind kind);

#endif
