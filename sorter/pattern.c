#include "sorter/pattern.h"

#include "base/alloc.h"
#include "base/i18n.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

/* A pattern that runs wild gives up soon instead of stopping the mail. */
#define MATCH_LIMIT 500000
#define DEPTH_LIMIT 10000
#define HEAP_LIMIT_KIB (16u << 10)

struct pattern {
	pcre2_code *code;
	pcre2_match_context *limits;
};

struct pattern *pattern_new(const char *text, size_t *offset, struct error *error)
{
	const uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_CASELESS | PCRE2_NEVER_BACKSLASH_C;
	struct pattern *pattern;
	pcre2_code *code;
	PCRE2_SIZE at = 0;
	PCRE2_UCHAR reason[160];
	int number;

	code = pcre2_compile((PCRE2_SPTR)text, strlen(text), options, &number, &at, NULL);
	if (code == NULL) {
		if (pcre2_get_error_message(number, reason, sizeof(reason)) < 0)
			reason[0] = '\0';
		*offset = at;
		error_set(error, ERROR_CONFIG, _("the regular expression cannot be used: %s"),
		    (const char *)reason);
		return NULL;
	}
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without it the search is slower, no more */
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

		/* \K in a lookahead can make the start stand behind the end. */
		*found = ends[0] <= ends[1] ? slice_make(start + ends[0], ends[1] - ends[0]) : text;
	}
	pcre2_match_data_free(data);
	if (result >= 0)
		return PATTERN_FOUND;
	return result == PCRE2_ERROR_NOMATCH ? PATTERN_NONE : PATTERN_GAVE_UP;
}

bool glob_match(struct slice glob, struct slice text)
{
	size_t g = 0, t = 0, star = SIZE_MAX, retry = 0;

	while (t < text.len) {
		size_t len = utf8_char_len(slice_from(text, t));

		if (len == 0)
			len = 1;
		if (g < glob.len && glob.ptr[g] == '*') {
			star = g++;
			retry = t;
		} else if (g < glob.len && glob.ptr[g] == '?') {
			g++;
			t += len;
		} else if (g < glob.len && glob.ptr[g] == text.ptr[t]) {
			g++;
			t++;
		} else if (star != SIZE_MAX) {
			g = star + 1;
			t = ++retry;
		} else {
			return false;
		}
	}
	while (g < glob.len && glob.ptr[g] == '*')
		g++;
	return g == glob.len;
}
