#include "ui-tui/widgets/tui_text.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"

#include <stdlib.h>
#include <wchar.h>
#include <wctype.h>

/* Bytes of the character at the front and its columns. */
static size_t next_character(const char *text, size_t left, size_t *columns)
{
	mbstate_t state = {0};
	wchar_t character;
	size_t len = mbrtowc(&character, text, left, &state);
	int width;

	if (len == 0 || len > left) {
		*columns = 1;
		return 1;
	}
	width = wcwidth(character);
	*columns = width > 0 ? (size_t)width : 0;
	return len;
}

char *tui_text_time(char *out, size_t size, int64_t wall)
{
	time_t then = (time_t)wall, now = (time_t)clock_wall();
	struct tm tm, today;

	localtime_r(&then, &tm);
	localtime_r(&now, &today);
	if (tm.tm_yday == today.tm_yday && tm.tm_year == today.tm_year)
		strftime(out, size, "%H:%M:%S", &tm);
	else /* TRANSLATORS: month, day and time, for strftime(3) */
		strftime(out, size, _("%m-%d %H:%M"), &tm);
	return out;
}

/* Bytes that fit into the columns. */
static size_t fitting(const char *text, size_t width, size_t *used)
{
	size_t at = 0, left = strlen(text);

	*used = 0;
	while (at < left) {
		size_t columns, len = next_character(text + at, left - at, &columns);

		if (*used + columns > width)
			break;
		*used += columns;
		at += len;
	}
	return at;
}

size_t tui_text_fit(char *out, size_t size, const char *text, size_t width)
{
	size_t used, bytes = fitting(text, width, &used);
	bool is_cut = text[bytes] != '\0' && width > 0;

	if (is_cut)
		bytes = fitting(text, width - 1, &used);
	while (bytes + sizeof("…") > size) /* never in the middle of a character */
		do
			bytes--;
		while (bytes > 0 && ((unsigned char)text[bytes] & 0xC0) == 0x80);
	memcpy(out, text, bytes);
	memcpy(out + bytes, is_cut ? "…" : "", is_cut ? sizeof("…") : 1);
	return used + is_cut;
}

/* The end of the piece of this line that fits, at a blank after its indent if there is one. */
static size_t break_at(const char *line, size_t indent, size_t width)
{
	size_t used, end = fitting(line, width, &used), at = end;

	if (line[end] == '\0')
		return end;
	while (at > indent && line[at] != ' ')
		at--;
	if (at > indent)
		return at;
	return end > indent ? end : indent + next_character(line + indent, strlen(line + indent), &used);
}

/* Only the first piece of a line has its indent; it is omitted if it would leave no room. */
static void wrap_line(char *line, size_t width, struct strlist *lines)
{
	size_t indent = strspn(line, " ");

	if (indent >= width) {
		line += indent;
		indent = 0;
	}
	do {
		size_t end = break_at(line, indent, width);
		char kept = line[end];

		line[end] = '\0';
		strlist_add(lines, line);
		line[end] = kept;
		line += end;
		line += strspn(line, " ");
		indent = 0;
	} while (*line != '\0');
}

void tui_text_wrap(const char *text, size_t width, struct strlist *lines)
{
	char *copy = xstrdup(text), *rest = copy, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		wrap_line(line, width, lines);
	free(copy);
}

/* Lower case in new memory, L"" for invalid text. */
static wchar_t *folded(const char *text, size_t len)
{
	wchar_t *wide = xcalloc(len + 1, sizeof(*wide));
	const char *at = text;
	mbstate_t state = {0};
	size_t count = mbsnrtowcs(wide, &at, len, len, &state);

	if (count == (size_t)-1)
		count = 0;
	wide[count] = L'\0';
	for (size_t i = 0; i < count; i++)
		wide[i] = (wchar_t)towlower((wint_t)wide[i]);
	return wide;
}

bool tui_text_has(const char *text, const char *query)
{
	wchar_t *haystack = folded(text, strlen(text));
	struct slice rest = slice_of(query);
	bool has = true;

	while (has && rest.len > 0) {
		struct slice word = slice_cut(&rest, ' ');
		wchar_t *needle = folded(word.ptr, word.len);

		has = wcsstr(haystack, needle) != NULL;
		free(needle);
	}
	free(haystack);
	return has;
}

/* The character at the front in lower case; 0 at the end. */
static wint_t take_folded(const char **text)
{
	mbstate_t state = {0};
	wchar_t character = 0;
	size_t len = mbrtowc(&character, *text, MB_CUR_MAX, &state);

	if (**text == '\0')
		return 0;
	if (len == 0 || len > MB_CUR_MAX) {
		character = (unsigned char)**text;
		len = 1;
	}
	*text += len;
	return character == L'Ё' || character == L'ё' ? L'е' : towlower((wint_t)character);
}

int tui_text_compare(const char *a, const char *b)
{
	for (;;) {
		wint_t left = take_folded(&a), right = take_folded(&b);

		if (left != right)
			return left < right ? -1 : 1;
		if (left == 0)
			return 0;
	}
}

int tui_text_latin(int character)
{
	static const wchar_t cyrillic[] = L"йцукенгшщзхъфывапролджэячсмитьбю";
	static const char latin[] = "qwertyuiop[]asdfghjkl;'zxcvbnm,.";
	wint_t lower = towlower((wint_t)character);
	const wchar_t *found = lower > 127 ? wcschr(cyrillic, (wchar_t)lower) : NULL;
	int letter = found == NULL ? character : latin[found - cyrillic];

	return found != NULL && (wint_t)character != lower && letter >= 'a' && letter <= 'z' ? letter - 32 : letter;
}
