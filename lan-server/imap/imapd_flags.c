/*
 * Flags and keywords (RFC 9051 section 2.3.2) as the storage has them, and on the wire.
 */
#include "base/alloc.h"

#include "lan-server/imap/imapd_priv.h"

#include <stdlib.h>

static const struct {
	const char *name;
	uint32_t bit;
} flags_of[] = {
    {"\\Answered", FOLDER_ANSWERED},
    {"\\Flagged", FOLDER_FLAGGED},
    {"\\Deleted", FOLDER_DELETED},
    {"\\Seen", FOLDER_SEEN},
    {"\\Draft", FOLDER_DRAFT},
    {"$Forwarded", FOLDER_FORWARDED},
};

static void add_word(struct buf *out, bool *is_first, const char *word)
{
	buf_printf(out, "%s%s", *is_first ? "" : " ", word);
	*is_first = false;
}

static void add_all(struct imapd_view *view, uint32_t flags, struct buf *out, bool *is_first)
{
	const char *names[FOLDER_KEYWORDS_MAX];
	size_t keywords = flags >> FOLDER_KEYWORD_BIT == 0 ? 0 : folder_keywords(view->folder, names);

	for (size_t i = 0; i < ARRAY_LEN(flags_of); i++)
		if (flags & flags_of[i].bit)
			add_word(out, is_first, flags_of[i].name);
	for (size_t i = 0; i < keywords; i++)
		if ((flags & (1u << (FOLDER_KEYWORD_BIT + i))) && names[i][0] != '\0')
			add_word(out, is_first, names[i]);
}

void imapd_flags_append(struct imapd_view *view, uint32_t flags, bool is_recent, struct buf *out)
{
	bool is_first = true;

	buf_append_byte(out, '(');
	add_all(view, flags, out, &is_first);
	if (is_recent)
		add_word(out, &is_first, "\\Recent");
	buf_append_byte(out, ')');
}

void imapd_flags_announce(struct imapd *imapd, bool permanent)
{
	struct imapd_view *view = &imapd->view;
	const char *names[FOLDER_KEYWORDS_MAX];
	size_t keywords = folder_keywords(view->folder, names);
	struct buf *out = imapd_out(imapd);

	if (keywords == view->keywords && !permanent)
		return;
	view->keywords = keywords;
	buf_append_text(out, "* FLAGS ");
	imapd_flags_append(view, UINT32_MAX, false, out);
	buf_append_text(out, "\r\n* OK [PERMANENTFLAGS ");
	if (view->is_read_only) {
		buf_append_text(out, view->keeps_seen ? "(\\Seen)] Only this flag is kept\r\n" : "()] No flags can be changed\r\n");
		return;
	}
	imapd_flags_append(view, UINT32_MAX, false, out);
	out->len--; /* the parenthesis */
	buf_append_text(out, keywords < FOLDER_KEYWORDS_MAX ? " \\*)" : ")");
	buf_append_text(out, "] These flags are kept\r\n");
}

/* --- reading */

static bool is_keyword(struct slice text)
{
	return text.len > 0 && text.len <= 100 && text.ptr[0] != '\\';
}

static void add_keyword(struct slice text, struct folder *folder, struct strlist *keywords, uint32_t *flags)
{
	char *name = slice_dup(text);

	if (keywords != NULL && !strlist_has(keywords, name))
		strlist_add(keywords, name);
	else if (keywords == NULL)
		*flags |= folder_keyword(folder, name, true);
	free(name);
}

static bool read_flag(struct slice text, struct folder *folder, struct strlist *keywords, uint32_t *flags)
{
	for (size_t i = 0; i < ARRAY_LEN(flags_of); i++) {
		if (!slice_is_nocase(text, flags_of[i].name))
			continue;
		*flags |= flags_of[i].bit;
		return true;
	}
	if (slice_is_nocase(text, "\\Recent"))
		return true; /* the server's own: programs that copy send it */
	if (!is_keyword(text))
		return false;
	add_keyword(text, folder, keywords, flags);
	return true;
}

bool imapd_flags_read(struct imapd_args *args, struct folder *folder, struct strlist *keywords, uint32_t *flags)
{
	bool in_list = imapd_args_accept(args, '(');

	if (in_list && imapd_args_accept(args, ')'))
		return true;
	do {
		struct slice flag = imapd_args_flag(args);

		if (args->failed || (keywords != NULL && keywords->count > FOLDER_KEYWORDS_MAX) || !read_flag(flag, folder, keywords, flags))
			return false;
	} while (imapd_args_accept(args, ' '));
	if (in_list)
		imapd_args_expect(args, ')');
	return !args->failed;
}
