#include "base/phrase.h"

#include "base/alloc.h"
#include "base/conversion.h"
#include "base/i18n.h"
#include "base/str.h"

#include <stdio.h>

#define BEGIN '\x02'
#define NEXT '\x1f'
#define END '\x03'
#define NUMBER '\x1d' /* a size or a time: GS, its kind, digits */

#define DEPTH_MAX 8
#define ARGS_MAX 16
#define WORK_MAX 512 /* limit of arguments that are translated for one phrase */
#define TEXT_MAX 4096

/* --- making one */

struct writer {
	char *out;
	size_t size, len;
	size_t open; /* open phrases: there is always room for their ends and the NUL */
};

static size_t room(const struct writer *writer)
{
	size_t kept = writer->len + writer->open + 1;

	return kept < writer->size ? writer->size - kept : 0;
}

static void put_byte(struct writer *writer, char byte)
{
	if (room(writer) > 0)
		writer->out[writer->len++] = byte;
}

static bool begin(struct writer *writer)
{
	if (room(writer) < 2)
		return false;
	put_byte(writer, BEGIN);
	writer->open++;
	return true;
}

static void end(struct writer *writer)
{
	writer->open--;
	put_byte(writer, END);
}

static void put_text(struct writer *writer, struct slice text)
{
	str_printable(writer->out + writer->len, room(writer) + 1, text);
	writer->len += strlen(writer->out + writer->len);
}

/* The bytes up to the next control byte of a phrase. */
static struct slice plain_run(struct slice text)
{
	size_t len = 0;

	while (len < text.len && strchr("\x02\x03\x1d\x1e\x1f", text.ptr[len]) == NULL)
		len++;
	return slice_make(text.ptr, len);
}

/* Copies a phrase: only its own control bytes, as many ends as beginnings, and nothing after it. */
static void put_phrase(struct writer *writer, const char *phrase)
{
	struct slice rest = slice_of(phrase);
	size_t before = writer->open;

	while (rest.len > 0) {
		struct slice run = plain_run(rest);
		char byte;

		put_text(writer, run);
		rest = slice_from(rest, run.len);
		if (rest.len == 0)
			break;
		byte = rest.ptr[0];
		rest = slice_from(rest, 1);
		if (byte == BEGIN ? !begin(writer) : writer->open == before)
			break;
		if (byte == END)
			end(writer);
		else if (byte != BEGIN)
			put_byte(writer, byte);
		if (writer->open == before)
			break;
	}
	while (writer->open > before)
		end(writer);
}

static void put_argument(struct writer *writer, const char *text)
{
	if (phrase_is(text))
		put_phrase(writer, text);
	else
		put_text(writer, slice_of(text));
}

static struct writer writer_begin(char *out, size_t size)
{
	struct writer writer = {.out = out, .size = size};

	out[0] = '\0';
	begin(&writer);
	return writer;
}

static char *writer_end(struct writer *writer)
{
	if (writer->open > 0)
		end(writer);
	writer->out[writer->len] = '\0';
	return writer->out;
}

/* Every argument becomes a text, with the conversion that the format has for it. A `*` is also an argument and counts in
 * the positions of translations. */
static void put_arguments(struct writer *writer, const char *format, va_list *args)
{
	struct conversion conversion;

	while (conversion_next(&format, &conversion)) {
		char text[TEXT_MAX];

		if (conversion.type == '%')
			continue;
		for (int i = 0; i < conversion.stars; i++)
			put_byte(writer, NEXT);
		put_byte(writer, NEXT);
		if (conversion_is_plain_text(&conversion)) {
			const char *argument = va_arg(*args, const char *);

			put_argument(writer, argument == NULL ? "" : argument);
		} else {
			put_text(writer, slice_of(conversion_print(&conversion, args, text, sizeof(text))));
		}
	}
}

char *phrase_vset(char *out, size_t size, const char *format, va_list args)
{
	struct writer writer = writer_begin(out, size);
	va_list copy;

	put_text(&writer, slice_of(format));
	va_copy(copy, args);
	put_arguments(&writer, format, &copy);
	va_end(copy);
	return writer_end(&writer);
}

char *phrase_set(char *out, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	phrase_vset(out, size, format, args);
	va_end(args);
	return out;
}

char *phrase_new(const char *format, ...)
{
	char phrase[PHRASE_TEXT_MAX];
	va_list args;

	va_start(args, format);
	phrase_vset(phrase, sizeof(phrase), format, args);
	va_end(args);
	return xstrdup(phrase);
}

char *phrase_join(char *out, size_t size, const char *first, const char *second)
{
	return phrase_set(out, size, "%s: %s", first, second);
}

char *phrase_word(char *out, size_t size, const char *word)
{
	struct writer writer = writer_begin(out, size);

	put_text(&writer, slice_of(word));
	return writer_end(&writer);
}

char *phrase_number(char *out, size_t size, enum phrase_number kind, long long number)
{
	snprintf(out, size, "%c%c%c%lld%c", BEGIN, NUMBER, (char)kind, number, END);
	return out;
}

bool phrase_is(const char *text)
{
	return text[0] == BEGIN;
}

/* --- saying one */

struct shown {
	char *out;
	size_t size, len;
	const char *language;
	int work;
};

static void show_text(struct shown *shown, struct slice text)
{
	str_printable(shown->out + shown->len, shown->size - shown->len, text);
	shown->len += strlen(shown->out + shown->len);
}

/* Takes the next part (id or argument) off the text between STX and ETX. */
static struct slice cut_part(struct slice *rest)
{
	size_t len = 0;
	int depth = 0;

	for (; len < rest->len; len++) {
		char byte = rest->ptr[len];

		depth += byte == BEGIN ? 1 : byte == END ? -1 : 0;
		if (depth < 0 || (depth == 0 && byte == NEXT))
			break;
	}
	struct slice part = slice_make(rest->ptr, len);

	*rest = len < rest->len && rest->ptr[len] == NEXT ? slice_from(*rest, len + 1) : SLICE_NONE;
	return part;
}

static void show_number(struct shown *shown, struct slice id)
{
	char text[64];
	uint64_t number;

	if (id.len < 3 || !slice_number(slice_from(id, 2), 0, INT64_MAX, &number))
		return;
	if (id.ptr[1] == PHRASE_BYTES)
		i18n_size_in(shown->language, text, sizeof(text), number);
	else
		i18n_time_in(shown->language, text, sizeof(text), (long long)number);
	show_text(shown, slice_of(text));
}

static void show(struct shown *shown, struct slice phrase, int depth);

static void show_part(struct shown *shown, struct slice part, int depth)
{
	if (part.len > 0 && part.ptr[0] == BEGIN)
		show(shown, part, depth + 1);
	else
		show_text(shown, part);
}

static void fill_in(struct shown *shown, const char *format, const struct slice *args, size_t count, int depth)
{
	struct conversion conversion;
	const char *from = format;
	size_t next = 0;

	while (conversion_next(&format, &conversion)) {
		show_text(shown, slice_make(from, (size_t)(conversion.start - from)));
		from = format;
		if (conversion.type == '%') {
			show_text(shown, SLICE_LITERAL("%"));
			continue;
		}
		next += (size_t)conversion.stars;
		size_t at = conversion.position > 0 ? (size_t)conversion.position - 1 : next++;

		if (at < count && shown->work-- > 0)
			show_part(shown, args[at], depth);
	}
	show_text(shown, slice_of(from));
}

static void show(struct shown *shown, struct slice phrase, int depth)
{
	struct slice rest = slice_from(phrase, 1), args[ARGS_MAX];
	struct slice id = cut_part(&rest);
	char copy[TEXT_MAX];
	size_t count = 0;

	if (depth > DEPTH_MAX || shown->len + 1 >= shown->size)
		return;
	if (id.len > 0 && id.ptr[0] == NUMBER) {
		show_number(shown, id);
		return;
	}
	while (rest.ptr != NULL && count < ARGS_MAX)
		args[count++] = cut_part(&rest);
	snprintf(copy, sizeof(copy), "%.*s", SLICE_PRINT(id));
	fill_in(shown, i18n_in(shown->language, copy), args, count, depth);
}

char *phrase_show(char *out, size_t size, const char *phrase, const char *language)
{
	struct shown shown = {out, size, 0, language != NULL ? language : i18n_language(), WORK_MAX};

	out[0] = '\0';
	show_part(&shown, slice_of(phrase), 0);
	return out;
}
