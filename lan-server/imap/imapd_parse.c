#include "lan-server/imap/imapd_parse.h"

#include "base/alloc.h"
#include "message/date.h"

#define DAY 86400

struct imapd_args imapd_args_of(char *bytes, size_t len)
{
	return (struct imapd_args){bytes, bytes + len, false};
}

bool imapd_args_done(const struct imapd_args *args)
{
	return !args->failed && args->at == args->end;
}

static struct slice fail(struct imapd_args *args)
{
	args->failed = true;
	args->at = args->end;
	return SLICE_NONE;
}

char imapd_args_peek(const struct imapd_args *args)
{
	return args->at < args->end ? *args->at : '\0';
}

bool imapd_args_accept(struct imapd_args *args, char byte)
{
	if (args->at == args->end || *args->at != byte)
		return false;
	args->at++;
	return true;
}

void imapd_args_expect(struct imapd_args *args, char byte)
{
	if (!imapd_args_accept(args, byte))
		fail(args);
}

void imapd_args_space(struct imapd_args *args)
{
	imapd_args_expect(args, ' ');
}

static struct slice rest_of(const struct imapd_args *args)
{
	return slice_make(args->at, (size_t)(args->end - args->at));
}

/* --- atoms */

enum { ATOM = 1, ASTRING = 2, PATTERN = 4, SET = 8, WORD = 16 };

static unsigned char_kinds(unsigned char c)
{
	if (c <= ' ' || c >= 0x7f || c == '(' || c == ')' || c == '{' || c == '"' || c == '\\')
		return 0;
	if (c == '%' || c == '*')
		return PATTERN | (c == '*' ? SET : 0);
	if (c == ']')
		return ASTRING | PATTERN;
	if ((c >= '0' && c <= '9') || c == ':' || c == ',' || c == '$')
		return ATOM | ASTRING | PATTERN | SET | WORD;
	return ATOM | ASTRING | PATTERN | (c == '[' || c == '<' ? 0 : WORD);
}

static struct slice take_kind(struct imapd_args *args, unsigned kind)
{
	char *begin = args->at;

	while (args->at < args->end && ((char_kinds((unsigned char)*args->at) & kind) || (kind == PATTERN && (unsigned char)*args->at >= 0x80)))
		args->at++;
	return args->at > begin ? slice_make(begin, (size_t)(args->at - begin)) : fail(args);
}

bool imapd_args_word(struct imapd_args *args, const char *word)
{
	size_t len = strlen(word);

	if (!slice_begins_nocase(rest_of(args), word))
		return false;
	if (args->at + len < args->end && (char_kinds((unsigned char)args->at[len]) & WORD) && (char_kinds((unsigned char)word[len - 1]) & WORD))
		return false;
	args->at += len;
	return true;
}

struct slice imapd_args_atom(struct imapd_args *args)
{
	return take_kind(args, ATOM);
}

struct slice imapd_args_set(struct imapd_args *args)
{
	return take_kind(args, SET);
}

struct slice imapd_args_flag(struct imapd_args *args)
{
	char *begin = args->at;

	imapd_args_accept(args, '\\');
	take_kind(args, ATOM);
	return args->failed ? SLICE_NONE : slice_make(begin, (size_t)(args->at - begin));
}

/* --- strings */

bool imapd_literal_announced(struct slice line, struct imapd_literal *literal)
{
	size_t start = imapd_literal_start(line);
	struct slice digits;

	if (start == line.len)
		return false;
	*literal = (struct imapd_literal){.waits = true};
	digits = slice_from(line, start + 1 + (line.ptr[start] == '~'));
	digits.len--;
	if (digits.len > 0 && digits.ptr[digits.len - 1] == '+') {
		literal->waits = false;
		digits.len--;
	}
	if (!slice_number(digits, 0, UINT64_MAX - 1, &literal->len))
		literal->len = UINT64_MAX;
	return true;
}

size_t imapd_literal_start(struct slice line)
{
	size_t at = line.len;

	if (at < 3 || line.ptr[--at] != '}')
		return line.len;
	at -= line.ptr[at - 1] == '+';
	if (line.ptr[at - 1] < '0' || line.ptr[at - 1] > '9')
		return line.len;
	while (at > 0 && line.ptr[at - 1] >= '0' && line.ptr[at - 1] <= '9')
		at--;
	if (at == 0 || line.ptr[at - 1] != '{')
		return line.len;
	at--;
	return at > 0 && line.ptr[at - 1] == '~' ? at - 1 : at;
}

static struct slice take_literal(struct imapd_args *args)
{
	char *end = memchr(args->at, '\r', (size_t)(args->end - args->at));
	struct imapd_literal literal;
	struct slice bytes;

	if (end == NULL || end + 1 == args->end || end[1] != '\n' ||
	    !imapd_literal_announced(slice_make(args->at, (size_t)(end - args->at)), &literal) ||
	    literal.len > (uint64_t)(args->end - end - 2))
		return fail(args);
	bytes = slice_make(end + 2, (size_t)literal.len);
	args->at = end + 2 + literal.len;
	return slice_find(bytes, '\0') >= 0 ? fail(args) : bytes;
}

static struct slice take_quoted(struct imapd_args *args)
{
	char *begin = ++args->at, *out = begin;

	for (; args->at < args->end && *args->at != '"'; args->at++) {
		if (*args->at == '\\' && ++args->at == args->end)
			return fail(args);
		if (*args->at == '\r' || *args->at == '\n' || *args->at == '\0')
			return fail(args);
		*out++ = *args->at;
	}
	imapd_args_expect(args, '"');
	return args->failed ? SLICE_NONE : slice_make(begin, (size_t)(out - begin));
}

static bool is_string(const struct imapd_args *args)
{
	char next = imapd_args_peek(args);

	return next == '"' || next == '{' || (next == '~' && args->at + 1 < args->end && args->at[1] == '{');
}

struct slice imapd_args_string(struct imapd_args *args)
{
	if (!is_string(args))
		return fail(args);
	return *args->at == '"' ? take_quoted(args) : take_literal(args);
}

struct slice imapd_args_astring(struct imapd_args *args)
{
	return is_string(args) ? imapd_args_string(args) : take_kind(args, ASTRING);
}

struct slice imapd_args_pattern(struct imapd_args *args)
{
	return is_string(args) ? imapd_args_string(args) : take_kind(args, PATTERN);
}

struct slice imapd_args_nstring(struct imapd_args *args)
{
	return imapd_args_word(args, "NIL") ? SLICE_NONE : imapd_args_string(args);
}

/* --- numbers and dates */

uint64_t imapd_args_number(struct imapd_args *args, uint64_t max)
{
	char *begin = args->at;
	uint64_t number = 0;

	while (args->at < args->end && *args->at >= '0' && *args->at <= '9')
		args->at++;
	if (!slice_number(slice_make(begin, (size_t)(args->at - begin)), 0, max, &number))
		fail(args);
	return number;
}

static int64_t take_month(struct imapd_args *args)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

	for (size_t i = 0; i < ARRAY_LEN(months); i++) {
		if (!slice_begins_nocase(rest_of(args), months[i]))
			continue;
		args->at += 3;
		return (int64_t)i + 1;
	}
	fail(args);
	return 1;
}

static int64_t take_day(struct imapd_args *args)
{
	int64_t day, month, year;

	imapd_args_accept(args, ' ');
	day = (int64_t)imapd_args_number(args, 31);
	imapd_args_expect(args, '-');
	month = take_month(args);
	imapd_args_expect(args, '-');
	year = (int64_t)imapd_args_number(args, 9999);
	if (day == 0 || year < 1900)
		fail(args);
	return date_of_day(year, month, day) / DAY;
}

int64_t imapd_args_date(struct imapd_args *args)
{
	bool is_quoted = imapd_args_accept(args, '"');
	int64_t day = take_day(args);

	if (is_quoted)
		imapd_args_expect(args, '"');
	return day;
}

static int64_t take_time(struct imapd_args *args)
{
	int64_t hours = (int64_t)imapd_args_number(args, 23), minutes, seconds;

	imapd_args_expect(args, ':');
	minutes = (int64_t)imapd_args_number(args, 59);
	imapd_args_expect(args, ':');
	seconds = (int64_t)imapd_args_number(args, 60);
	return (hours * 60 + minutes) * 60 + seconds;
}

static int64_t take_zone(struct imapd_args *args)
{
	bool is_west = imapd_args_accept(args, '-');
	int64_t zone, seconds;

	if (!is_west)
		imapd_args_expect(args, '+');
	zone = (int64_t)imapd_args_number(args, 9959);
	seconds = (zone / 100 * 60 + zone % 100) * 60;
	return is_west ? -seconds : seconds;
}

int64_t imapd_args_date_time(struct imapd_args *args)
{
	int64_t time;

	imapd_args_expect(args, '"');
	time = take_day(args) * DAY;
	imapd_args_space(args);
	time += take_time(args);
	imapd_args_space(args);
	time -= take_zone(args);
	imapd_args_expect(args, '"');
	return time;
}
