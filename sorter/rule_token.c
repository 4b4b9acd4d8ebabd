#include "sorter/rule_token.h"

#include "base/i18n.h"

#include <stdlib.h>

/* --- tokens */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_word(char c)
{
	return c != '\0' && !is_blank(c) && strchr("\"()<>=", c) == NULL;
}

/* Reads a text; raw still contains the escapes. */
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

void rule_token_next(struct parser *p)
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

bool rule_token_is(const struct parser *p, const char *word)
{
	return (p->token.kind == TOKEN_WORD || p->token.kind == TOKEN_SIGN) &&
	       slice_is_nocase(p->token.raw, word);
}

/* --- errors */

int rule_token_position(const struct parser *p, const char *at)
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

const char *rule_token_start(const struct parser *p)
{
	return p->token.kind == TOKEN_END ? NULL : p->token.raw.ptr;
}

/* "at the end", or the word that was found instead of the expected one. */
void rule_token_fail(struct parser *p, const char *expected, const char *const *nearest)
{
	int position = rule_token_position(p, rule_token_start(p));
	const char *wanted = PHRASE_WORD(expected);
	char *word, *hint;

	if (p->token.kind == TOKEN_BAD) {
		error_set(p->error, ERROR_CONFIG,
		    N_("character %d: the closing quote is missing"), position - 1);
		return;
	}
	if (p->token.kind == TOKEN_END) {
		error_set(p->error, ERROR_CONFIG, N_("the condition ends too early: expected %s"),
		    wanted);
		return;
	}
	word = slice_dup(p->token.raw.len > 60 ? slice_make(p->token.raw.ptr, 60) : p->token.raw);
	hint = nearest != NULL && p->token.kind == TOKEN_WORD
	           ? (char *)(uintptr_t)str_nearest(word, nearest)
	           : NULL;
	if (hint != NULL)
		error_set(p->error, ERROR_CONFIG,
		    N_("character %d: found \"%s\", expected %s; did you mean \"%s\"?"),
		    position, word, wanted, hint);
	else
		error_set(p->error, ERROR_CONFIG, N_("character %d: found \"%s\", expected %s"),
		    position, word, wanted);
	free(word);
}
