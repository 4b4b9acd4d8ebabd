/*
 * LIST with its extensions (RFC 5258, 5819, 6154), LSUB and NAMESPACE.
 */
#include "base/alloc.h"

#include "lan-server/imap/imapd_entries.h"
#include "lan-server/imap/imapd_priv.h"

#include <stdlib.h>

#define PATTERNS_MAX 16

enum list_options {
	SELECT_SUBSCRIBED = 1,
	SELECT_USED = 2,
	SELECT_RECURSIVE = 4,
	RETURN_SUBSCRIBED = 8,
	RETURN_CHILDREN = 16,
	RETURN_USES = 32,
	IS_LSUB = 64,
	IS_PLAIN = 128, /* as in RFC 3501: with children and uses, which old programs ignore */
};

struct list {
	unsigned options; /* enum list_options */
	unsigned status;  /* items of STATUS; 0: none */
	char *patterns[PATTERNS_MAX];
	size_t pattern_count;
	struct imapd_entries entries;
	size_t at;
};

static void list_free(void *own)
{
	struct list *list = own;

	for (size_t i = 0; i < list->pattern_count; i++)
		free(list->patterns[i]);
	imapd_entries_clear(&list->entries);
	free(list);
}

/* --- arguments */

/* Options in parentheses; the first is opened already. */
static bool read_options(struct imapd_args *args, bool selects, struct list *list)
{
	static const struct {
		const char *name;
		unsigned selection, result;
	} options[] = {{"SUBSCRIBED", SELECT_SUBSCRIBED, RETURN_SUBSCRIBED}, {"SPECIAL-USE", SELECT_USED | RETURN_USES, RETURN_USES},
	    {"CHILDREN", 0, RETURN_CHILDREN}, {"RECURSIVEMATCH", SELECT_RECURSIVE, 0}, {"REMOTE", IS_PLAIN, 0}};

	if (imapd_args_accept(args, ')'))
		return true;
	do {
		bool found = false;

		for (size_t i = 0; i < ARRAY_LEN(options) && !found; i++) {
			unsigned bits = selects ? options[i].selection : options[i].result;

			found = bits != 0 && imapd_args_word(args, options[i].name);
			if (found)
				list->options |= bits & ~(unsigned)IS_PLAIN; /* there are no remote folders */
		}
		if (!found && !selects && imapd_args_word(args, "STATUS")) {
			imapd_args_space(args);
			list->status = imapd_status_items(args);
			found = list->status != 0;
		}
		if (!found)
			return false;
	} while (imapd_args_accept(args, ' '));
	return imapd_args_accept(args, ')');
}

static bool add_pattern(struct list *list, struct slice reference, struct imapd_args *args)
{
	struct slice pattern = imapd_args_pattern(args);

	if (args->failed || list->pattern_count == PATTERNS_MAX || reference.len + pattern.len > IMAPD_PATTERN_MAX)
		return false;
	list->patterns[list->pattern_count++] = xasprintf("%.*s%.*s", SLICE_PRINT(reference), SLICE_PRINT(pattern));
	return true;
}

static bool read_patterns(struct imapd_args *args, struct slice reference, struct list *list)
{
	bool in_list = imapd_args_accept(args, '(');

	do {
		if (!add_pattern(list, reference, args))
			return false;
	} while (in_list && imapd_args_accept(args, ' '));
	return !in_list || imapd_args_accept(args, ')');
}

static bool read_arguments(struct imapd_args *args, struct list *list)
{
	struct slice reference;
	bool is_extended = imapd_args_peek(args) == '(';

	if (imapd_args_accept(args, '(')) {
		if (!read_options(args, true, list))
			return false;
		imapd_args_space(args);
	}
	reference = imapd_args_astring(args);
	imapd_args_space(args);
	if (args->failed || !read_patterns(args, reference, list))
		return false;
	if (imapd_args_accept(args, ' ')) {
		is_extended = true;
		if (!imapd_args_word(args, "RETURN") || !imapd_args_accept(args, ' ') || !imapd_args_accept(args, '(') ||
		    !read_options(args, false, list))
			return false;
	}
	list->options |= is_extended ? 0 : IS_PLAIN;
	return imapd_args_done(args) && (!(list->options & SELECT_RECURSIVE) || (list->options & (SELECT_SUBSCRIBED | SELECT_USED)));
}

/* --- the answer */

static bool matches(struct imapd *imapd, const struct list *list, const struct imapd_entry *entry)
{
	bool is_inbox = strcmp(entry->name, "INBOX") == 0, found = false;
	struct buf wire = BUF_INIT(4096);

	imapd_name_wire(imapd, entry->name, &wire);
	for (size_t i = 0; i < list->pattern_count && !found; i++) {
		char *pattern = xstrdup(list->patterns[i]);

		for (char *c = pattern; is_inbox && *c != '\0'; c++)
			*c = *c >= 'a' && *c <= 'z' ? (char)(*c & ~0x20) : *c;
		found = imapd_pattern_matches(slice_of(pattern), buf_slice(&wire));
		free(pattern);
	}
	buf_clear(&wire);
	return found;
}

/* LSUB shows names above subscribed ones if the pattern ends with %. */
static bool ends_in_percent(const struct list *list)
{
	const char *pattern = list->patterns[0];
	size_t len = strlen(pattern);

	return len > 0 && pattern[len - 1] == '%';
}

static bool is_selected(const struct list *list, const struct imapd_entry *entry)
{
	bool below = entry->has_subscribed_below && ((list->options & SELECT_RECURSIVE) || ((list->options & IS_LSUB) && ends_in_percent(list)));

	if ((list->options & SELECT_SUBSCRIBED) && !entry->is_subscribed && !below)
		return false;
	if ((list->options & SELECT_USED) && entry->use == NULL)
		return false;
	return (list->options & SELECT_SUBSCRIBED) || entry->exists || entry->has_children;
}

static void send_attributes(const struct list *list, const struct imapd_entry *entry, bool is_rev2, struct buf *out)
{
	bool with_all = list->options & IS_PLAIN;
	const char *between = "";

#define ADD(word)                                                                                                                                    \
	do {                                                                                                                                         \
		buf_printf(out, "%s%s", between, (word));                                                                                            \
		between = " ";                                                                                                                       \
	} while (0)
	if (!entry->exists && (is_rev2 || !with_all))
		ADD("\\NonExistent");
	if (!entry->exists && !(list->options & IS_LSUB && entry->is_subscribed))
		ADD("\\Noselect");
	if (with_all || (list->options & RETURN_CHILDREN))
		ADD(entry->has_children ? "\\HasChildren" : "\\HasNoChildren");
	if (entry->is_subscribed && (list->options & (RETURN_SUBSCRIBED | SELECT_SUBSCRIBED)) && !(list->options & IS_LSUB))
		ADD("\\Subscribed");
	if (entry->use != NULL && (with_all || (list->options & (RETURN_USES | SELECT_USED))))
		ADD(entry->use);
#undef ADD
}

static void send_entry(struct imapd *imapd, const struct list *list, const struct imapd_entry *entry)
{
	struct buf *out = imapd_out(imapd);

	buf_printf(out, "* %s (", list->options & IS_LSUB ? "LSUB" : "LIST");
	send_attributes(list, entry, imapd->enabled & IMAPD_REV2, out);
	buf_append_text(out, ") \"/\" ");
	imapd_name_append(imapd, entry->name, out);
	if ((list->options & SELECT_RECURSIVE) && entry->has_subscribed_below && !entry->is_subscribed)
		buf_append_text(out, " (\"CHILDINFO\" (\"SUBSCRIBED\"))");
	buf_append_text(out, "\r\n");
}

static void send_status(struct imapd *imapd, const struct list *list, const struct imapd_entry *entry)
{
	if (list->status != 0 && entry->exists)
		imapd_status_send(imapd, entry->mailbox, list->status); /* a folder that fails now is listed without it */
}

static enum imapd_reply list_step(struct imapd *imapd, void *own)
{
	struct list *list = own;

	for (; list->at < list->entries.count && !imapd_piece_is_full(imapd); list->at++) {
		const struct imapd_entry *entry = list->entries.items[list->at];

		if (!is_selected(list, entry) || !matches(imapd, list, entry))
			continue;
		send_entry(imapd, list, entry);
		send_status(imapd, list, entry);
	}
	return list->at < list->entries.count ? IMAPD_MORE : IMAPD_NOTHING_DONE;
}

static enum imapd_reply begin(struct imapd *imapd, struct imapd_args *args, unsigned options)
{
	struct list *list = xcalloc(1, sizeof(*list));
	struct strlist shared = {NULL, 0};
	struct error error = ERROR_INIT;
	enum imapd_reply reply;
	int result;

	list->options = options;
	if (!read_arguments(args, list)) {
		list_free(list);
		return IMAPD_SYNTAX;
	}
	if (list->pattern_count == 1 && list->patterns[0][0] == '\0' && options == 0) {
		buf_append_text(imapd_out(imapd), "* LIST (\\Noselect) \"/\" \"\"\r\n");
		list_free(list);
		return IMAPD_NOTHING_DONE;
	}
	imapd_shared_names(imapd, &shared);
	result = imapd_entries_read(&list->entries, imapd->options.spool, imapd->dialogue.user, &shared, &error);
	strlist_clear(&shared);
	if (result == 0)
		return imapd_job_begin(imapd, list_step, list_free, list);
	reply = imapd_storage_failed(imapd, "list", &error);
	list_free(list);
	return reply;
}

enum imapd_reply imapd_cmd_list(struct imapd *imapd, struct imapd_args *args)
{
	return begin(imapd, args, 0);
}

enum imapd_reply imapd_cmd_lsub(struct imapd *imapd, struct imapd_args *args)
{
	return begin(imapd, args, IS_LSUB | SELECT_SUBSCRIBED);
}

enum imapd_reply imapd_cmd_namespace(struct imapd *imapd, struct imapd_args *args)
{
	(void)args;
	buf_printf(imapd_out(imapd), "* NAMESPACE ((\"\" \"/\")) NIL %s\r\n",
	    imapd_has_shared(imapd) ? "((\"" IMAPD_SHARED "/\" \"/\"))" : "NIL");
	return IMAPD_NOTHING_DONE;
}
