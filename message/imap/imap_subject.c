#include "message/imap/imap_subject.h"

#include "base/alloc.h"
#include "message/fold.h"

static const char blanks[] = " \t\r\n";

static void skip_blanks(struct slice *text)
{
	while (text->len > 0 && memchr(blanks, text->ptr[0], sizeof(blanks) - 1) != NULL)
		*text = slice_from(*text, 1);
}

static bool drop_end(struct slice *text, const char *end)
{
	size_t len = strlen(end);

	*text = slice_trim(*text);
	if (text->len < len || !slice_is_nocase(slice_from(*text, text->len - len), end))
		return false;
	text->len -= len;
	return true;
}

/* "[lanpost] ": subj-blob. */
static bool drop_blob(struct slice *text)
{
	struct slice rest = *text;

	if (rest.len == 0 || rest.ptr[0] != '[')
		return false;
	for (size_t i = 1; i < rest.len && rest.ptr[i] != '['; i++) {
		if (rest.ptr[i] != ']')
			continue;
		*text = slice_from(rest, i + 1);
		skip_blanks(text);
		return true;
	}
	return false;
}

/* "Re: ", "Fwd [2]: ": subj-refwd. */
static bool drop_reply(struct slice *text)
{
	static const char *const words[] = {"re", "fwd", "fw"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct slice rest = *text;

		if (!slice_begins_nocase(rest, words[i]))
			continue;
		rest = slice_from(rest, strlen(words[i]));
		skip_blanks(&rest);
		drop_blob(&rest);
		if (rest.len == 0 || rest.ptr[0] != ':')
			continue;
		*text = slice_from(rest, 1);
		return true;
	}
	return false;
}

/* *(subj-blob) subj-refwd. */
static bool drop_leader(struct slice *text)
{
	struct slice rest = *text;

	while (drop_blob(&rest))
		;
	if (!drop_reply(&rest))
		return false;
	*text = rest;
	return true;
}

/* Steps 2 to 5. Returns whether something of a reply was dropped. */
static bool drop_all(struct slice *text)
{
	bool is_reply = false, again = true;

	while (drop_end(text, "(fwd)"))
		is_reply = true;
	while (again) {
		struct slice rest;

		skip_blanks(text);
		again = drop_leader(text);
		is_reply = is_reply || again;
		skip_blanks(text);
		rest = *text;
		if (drop_blob(&rest) && rest.len > 0) {
			*text = rest;
			again = true;
		}
	}
	*text = slice_trim(*text);
	return is_reply;
}

bool imap_subject_base(struct slice subject, struct buf *out)
{
	bool is_reply = drop_all(&subject);

	while (slice_begins_nocase(subject, "[fwd:") && subject.ptr[subject.len - 1] == ']') {
		subject = slice_make(subject.ptr + 5, subject.len - 6);
		drop_all(&subject);
		is_reply = true;
	}
	fold_text(subject, out);
	return is_reply;
}
