#include "ui-tui/widgets/tui_line.h"

#include "base/alloc.h"
#include "base/str.h"
#include "ui-tui/widgets/keys.h"

#include <stdlib.h>
#include <wctype.h>

void tui_line_set(struct tui_line *line, const char *text)
{
	const char *at = text;
	mbstate_t state = {0};
	size_t count = mbsrtowcs(line->text, &at, TUI_LINE_MAX, &state);

	if (count == (size_t)-1)
		count = 0;
	line->text[count] = L'\0';
	line->len = line->at = count;
	line->left = 0;
	line->is_proposal = false;
}

static char *narrow(const wchar_t *text, size_t len)
{
	char *out = xmalloc(len * 4 + 1);
	const wchar_t *at = text;
	mbstate_t state = {0};
	size_t count = wcsnrtombs(out, &at, len, len * 4, &state);

	out[count == (size_t)-1 ? 0 : count] = '\0';
	return out;
}

char *tui_line_text(const struct tui_line *line)
{
	return narrow(line->text, line->len);
}

void tui_line_wipe(struct tui_line *line)
{
	explicit_bzero(line, sizeof(*line));
}

/* Removes text[from, to) and puts the cursor there. */
static void take_out(struct tui_line *line, size_t from, size_t to)
{
	wmemmove(line->text + from, line->text + to, line->len - to + 1);
	line->len -= to - from;
	line->at = from;
}

static size_t word_before(const struct tui_line *line)
{
	size_t at = line->at;

	while (at > 0 && line->text[at - 1] == L' ')
		at--;
	while (at > 0 && line->text[at - 1] != L' ')
		at--;
	return at;
}

static size_t word_behind(const struct tui_line *line)
{
	size_t at = line->at;

	while (at < line->len && line->text[at] != L' ')
		at++;
	while (at < line->len && line->text[at] == L' ')
		at++;
	return at;
}

static bool insert(struct tui_line *line, int character)
{
	if (!iswprint((wint_t)character))
		return false;
	if (line->len == TUI_LINE_MAX)
		return true;
	wmemmove(line->text + line->at + 1, line->text + line->at, line->len - line->at + 1);
	line->text[line->at++] = (wchar_t)character;
	line->len++;
	return true;
}

bool tui_line_key(struct tui_line *line, int key)
{
	if (line->is_proposal && key > 0 && iswprint((wint_t)key))
		take_out(line, 0, line->len);
	if (key != TERM_TICK && key != TERM_RESIZE)
		line->is_proposal = false;
	switch (key) {
	case TERM_LEFT:
		line->at -= line->at > 0;
		return true;
	case TERM_RIGHT:
		line->at += line->at < line->len;
		return true;
	case TERM_WORD_LEFT:
		line->at = word_before(line);
		return true;
	case TERM_WORD_RIGHT:
		line->at = word_behind(line);
		return true;
	case TERM_HOME:
	case TERM_CTRL('A'):
		line->at = 0;
		return true;
	case TERM_END:
	case TERM_CTRL('E'):
		line->at = line->len;
		return true;
	case TERM_BACKSPACE:
		if (line->at > 0)
			take_out(line, line->at - 1, line->at);
		return true;
	case TERM_DELETE:
		if (line->at < line->len)
			take_out(line, line->at, line->at + 1);
		return true;
	case TERM_CTRL('U'):
		take_out(line, 0, line->at);
		return true;
	case TERM_CTRL('K'):
		take_out(line, line->at, line->len);
		return true;
	case TERM_CTRL('W'):
		take_out(line, word_before(line), line->at);
		return true;
	default:
		return key > 0 && insert(line, key);
	}
}

static size_t columns_of(const wchar_t *text, size_t from, size_t to)
{
	size_t columns = 0;

	for (size_t i = from; i < to; i++)
		columns += wcwidth(text[i]) > 0 ? (size_t)wcwidth(text[i]) : 0;
	return columns;
}

char *tui_line_view(struct tui_line *line, size_t width, bool is_secret, size_t *cursor)
{
	struct tui_line *shown = xmalloc(sizeof(*shown));
	size_t end;
	char *view;

	*shown = *line;
	for (size_t i = 0; is_secret && i < shown->len; i++)
		shown->text[i] = L'*';
	if (line->left > line->at)
		line->left = line->at;
	while (line->left < line->at && columns_of(shown->text, line->left, line->at) + 1 > width)
		line->left++;
	for (end = line->left; end < shown->len && columns_of(shown->text, line->left, end + 1) <= width;)
		end++;
	*cursor = columns_of(shown->text, line->left, line->at);
	view = narrow(shown->text + line->left, end - line->left);
	tui_line_wipe(shown);
	free(shown);
	return view;
}
