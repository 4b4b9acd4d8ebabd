#include "sorter/pattern.h"

#include "base/alloc.h"
#include "base/i18n.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

/* A pathological pattern fails soon instead of stopping the mail. */
#define MATCH_LIMIT 500000
#define DEPTH_LIMIT 10000
#define HEAP_LIMIT_KIB (16u << 10)

struct pattern {
	pcre2_code *code;
	pcre2_match_context *limits;
};

/* Common mistakes; all other errors have the library's own text. */
static const struct {
	int number;
	const char *text;
} mistakes[] = {
    {PCRE2_ERROR_END_BACKSLASH, N_("it ends in a backslash")},
    {PCRE2_ERROR_UNKNOWN_ESCAPE, N_("a backslash before a letter without special meaning")},
    {PCRE2_ERROR_QUANTIFIER_OUT_OF_ORDER, N_("the numbers in {} are in the wrong order")},
    {PCRE2_ERROR_QUANTIFIER_TOO_BIG, N_("a number in {} is too large")},
    {PCRE2_ERROR_MISSING_SQUARE_BRACKET, N_("the ] of a [ is missing")},
    {PCRE2_ERROR_CLASS_RANGE_ORDER, N_("a range in [] is in the wrong order")},
    {PCRE2_ERROR_QUANTIFIER_INVALID, N_("there is nothing before *, + or ? that it could repeat")},
    {PCRE2_ERROR_MISSING_CLOSING_PARENTHESIS, N_("a closing parenthesis is missing")},
    {PCRE2_ERROR_UNMATCHED_CLOSING_PARENTHESIS, N_("an opening parenthesis is missing")},
    {PCRE2_ERROR_PATTERN_TOO_LARGE, N_("the regular expression is too large")},
    {PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH, N_("the text of (?<= or (?<! has no fixed length")},
    {PCRE2_ERROR_BACKSLASH_C_CALLER_DISABLED, N_("\\C is not allowed")},
};

static void set_mistake(int number, struct error *error)
{
	PCRE2_UCHAR reason[160];

	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++)
		if (mistakes[i].number == number) {
			error_set(error, ERROR_CONFIG, N_("invalid regular expression: %s"),
			    PHRASE_WORD(mistakes[i].text));
			return;
		}
	if (pcre2_get_error_message(number, reason, sizeof(reason)) < 0)
		reason[0] = '\0';
	error_set(error, ERROR_CONFIG, N_("invalid regular expression: %s"),
	    PHRASE("\"%s\"", (const char *)reason));
}

struct pattern *pattern_new(const char *text, size_t *offset, struct error *error)
{
	const uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_CASELESS | PCRE2_NEVER_BACKSLASH_C;
	struct pattern *pattern;
	pcre2_code *code;
	PCRE2_SIZE at = 0;
	int number;

	code = pcre2_compile((PCRE2_SPTR)text, strlen(text), options, &number, &at, NULL);
	if (code == NULL) {
		*offset = at;
		set_mistake(number, error);
		return NULL;
	}
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without it the search is only slower */
	pattern = xcalloc(1, sizeof(*pattern));
	pattern->code = code;
	pattern->limits = pcre2_match_context_create(NULL);
	if (pattern->limits == NULL)
		abort();
	pcre2_set_match_limit(pattern->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(pattern->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(pattern->limits, HEAP_LIMIT_KIB);
	return pattern;
}

void pattern_free(struct pattern *pattern)
{
	if (pattern == NULL)
		return;
	pcre2_match_context_free(pattern->limits);
	pcre2_code_free(pattern->code);
	free(pattern);
}

enum pattern_outcome pattern_find(
    const struct pattern *pattern, struct slice text, struct slice *found)
{
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(pattern->code, NULL);
	const char *start = text.len == 0 ? "" : text.ptr;
	int result;

	if (data == NULL)
		return PATTERN_GAVE_UP;
	result = pcre2_match(pattern->code, (PCRE2_SPTR)start, text.len, 0, PCRE2_NO_UTF_CHECK,
	    data, pattern->limits);
	if (result >= 0) {
		const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(data);

		/* \K in a lookahead can put the start after the end. */
		*found = ends[0] <= ends[1] ? slice_make(start + ends[0], ends[1] - ends[0]) : text;
	}
	pcre2_match_data_free(data);
	if (result >= 0)
		return PATTERN_FOUND;
	return result == PCRE2_ERROR_NOMATCH ? PATTERN_NONE : PATTERN_GAVE_UP;
}

/* --- globs: pieces between stars, each searched for from the end of the one before */

/* Bytes of text that the piece matches at its start, SIZE_MAX if it does not. */
static size_t match_here(struct slice piece, struct slice text)
{
	size_t at = 0;

	for (size_t i = 0; i < piece.len; i++) {
		size_t len = 1;

		if (at >= text.len)
			return SIZE_MAX;
		if (piece.ptr[i] == '?')
			len = utf8_char_len(slice_from(text, at));
		else if (piece.ptr[i] != text.ptr[at])
			return SIZE_MAX;
		at += len == 0 ? 1 : len;
	}
	return at;
}

/* No piece begins inside a character. */
static bool is_border(struct slice text, size_t at)
{
	return at >= text.len || ((unsigned char)text.ptr[at] & 0xc0) != 0x80;
}

static bool has_wildcard(struct slice piece)
{
	return slice_find(piece, '?') >= 0;
}

/* The first match from `from` on; *end gets its end. */
static bool find_piece(struct slice piece, struct slice text, size_t from, size_t *end)
{
	struct slice rest = slice_from(text, from);
	ptrdiff_t found;

	if (piece.len == 0) {
		*end = from;
		return true;
	}
	if (!has_wildcard(piece)) {
		found = slice_search(rest, piece);
		*end = found < 0 ? 0 : from + (size_t)found + piece.len;
		return found >= 0;
	}
	for (; from < text.len; from++) {
		size_t len =
		    is_border(text, from) ? match_here(piece, slice_from(text, from)) : SIZE_MAX;

		if (len == SIZE_MAX)
			continue;
		*end = from + len;
		return true;
	}
	return false;
}

/* True if the piece matches at the end of text, beginning at `from` or later. */
static bool match_end(struct slice piece, struct slice text, size_t from)
{
	size_t least = text.len < piece.len * 4 ? 0 : text.len - piece.len * 4;

	if (!has_wildcard(piece))
		return text.len - from >= piece.len &&
		       slice_equal(slice_from(text, text.len - piece.len), piece);
	for (from = from < least ? least : from; from <= text.len; from++) {
		size_t len =
		    is_border(text, from) ? match_here(piece, slice_from(text, from)) : SIZE_MAX;

		if (len != SIZE_MAX && from + len == text.len)
			return true;
	}
	return false;
}

bool pattern_match_glob(struct slice glob, struct slice text)
{
	struct slice rest = glob, piece = slice_cut(&rest, '*');
	size_t at = match_here(piece, text);

	if (rest.ptr == NULL) /* no star at all */
		return at == text.len;
	if (at == SIZE_MAX)
		return false;
	for (;;) {
		piece = slice_cut(&rest, '*');
		if (rest.ptr == NULL)
			return match_end(piece, text, at);
		if (!find_piece(piece, text, at, &at))
			return false;
	}
}
