#include "mail/filter/release_request.h"

#include "base/alloc.h"
#include "message/fold.h"
#include "message/mime.h"
#include "message/msgid.h"

#define KEYWORD "$Release "
#define NUMBER_LEN 8
#define WORD_MAX 40
#define TEXT_MAX (64u << 10) /* people write above what they quote */

static bool is_number(struct slice word)
{
	size_t digits = 0;

	while (digits < word.len && word.ptr[digits] >= '0' && word.ptr[digits] <= '9')
		digits++;
	return (word.len == NUMBER_LEN && digits == NUMBER_LEN) || msgid_is(word);
}

/* Appends the words of a line if all of them are numbers; returns how many. */
static size_t add_numbers(struct slice line, struct buf *out)
{
	size_t start = out->len, count = 0;

	line = slice_trim(line);
	while (line.len > 0) {
		size_t len = 0;

		while (len < line.len && line.ptr[len] != ' ' && line.ptr[len] != ',' && line.ptr[len] != '\t')
			len++;
		if (len > 0 && !is_number(slice_make(line.ptr, len))) {
			out->len = start;
			return 0;
		}
		if (len > 0) {
			buf_append_byte(out, ' ');
			buf_append(out, line.ptr, len);
			count++;
		}
		line = slice_from(line, len < line.len ? len + 1 : len);
	}
	return count;
}

/* --- the subject */

static bool is_word(struct slice word)
{
	static const char *const words[] = {"release", "выпустить", "доставить"};
	struct buf folded = BUF_INIT(4 * WORD_MAX);
	bool is_one = false;

	fold_text(slice_make(word.ptr, word.len < WORD_MAX ? word.len : WORD_MAX), &folded);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		is_one = is_one || slice_is(buf_slice(&folded), words[i]);
	buf_clear(&folded);
	return is_one;
}

/* "Re: release 12345678": the numbers; none if it is another subject. */
static size_t subject_numbers(struct slice subject, struct buf *out)
{
	struct slice rest = slice_trim(subject), word;

	while (slice_begins_nocase(rest, "re:"))
		rest = slice_trim(slice_from(rest, 3));
	word = slice_cut(&rest, ' ');
	return is_word(word) ? add_numbers(rest, out) : 0;
}

static bool has_mark(struct slice subject)
{
	for (size_t at = 0; at < subject.len; at++)
		if (slice_begins_nocase(slice_from(subject, at), RELEASE_MARK))
			return true;
	return false;
}

bool release_request_is(struct slice subject)
{
	struct buf numbers = BUF_INIT(64u << 10);
	bool is_request = slice_begins_nocase(slice_trim(subject), "$release") || has_mark(subject) || subject_numbers(subject, &numbers) > 0;

	buf_clear(&numbers);
	return is_request;
}

/* --- the text */

static size_t text_numbers(struct slice text, struct buf *out)
{
	size_t count = 0;

	while (text.len > 0 && count < RELEASE_NUMBERS_MAX)
		count += add_numbers(slice_cut(&text, '\n'), out);
	return count;
}

/* The first text: other parts have it as HTML. */
static size_t message_numbers(struct slice message, struct buf *out)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	bool found = false;
	size_t count = 0;
	struct mime_walk walk;
	struct mime_part part;

	mime_walk_init(&walk, message);
	while (!found && mime_walk_next(&walk, &part)) {
		found = !part.is_container && mime_is_shown_text(&part);
		if (found) {
			mime_text(&part, &text);
			count = text_numbers(buf_slice(&text), out);
		}
	}
	buf_clear(&text);
	return count;
}

size_t release_request_numbers(struct slice subject, struct slice message, struct buf *out)
{
	size_t count = subject_numbers(subject, out);

	return count > 0 ? count : message_numbers(message, out);
}

/* --- for the session */

void release_request_write(const char *user, struct slice numbers, struct buf *subject)
{
	buf_printf(subject, KEYWORD "%s", user);
	buf_append_slice(subject, numbers);
}

bool release_request_read(struct slice subject, struct slice *user, struct slice *numbers)
{
	if (subject.len < sizeof(KEYWORD) || memcmp(subject.ptr, KEYWORD, sizeof(KEYWORD) - 1) != 0)
		return false;
	*numbers = slice_from(subject, sizeof(KEYWORD) - 1);
	*user = slice_cut(numbers, ' ');
	return user->len > 0 && numbers->len > 0;
}
