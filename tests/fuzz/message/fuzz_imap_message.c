/* All that IMAP tells of a message: every section is inside the message or made of its fields, lists have balanced parentheses, a name
 * that can be decoded is encoded to the same bytes again. */
#include "tests/fuzz/common/fuzz.h"

#include "message/budget.h"
#include "message/date.h"
#include "message/imap/imap_envelope.h"
#include "message/imap/imap_search.h"
#include "message/imap/imap_section.h"
#include "message/imap/imap_thread.h"
#include "message/imap/imap_utf7.h"

/* The length of the literal that is announced at text[at] ("{5}\r\n"), and where it begins. */
static size_t literal(struct slice text, size_t at, size_t *start)
{
	size_t len = 0;

	for (at++; text.ptr[at] != '}'; at++)
		len = len * 10 + (size_t)(text.ptr[at] - '0');
	assert(text.ptr[at + 1] == '\r' && text.ptr[at + 2] == '\n');
	*start = at + 3;
	return len;
}

static void check_balance(struct slice list)
{
	int depth = 0;

	for (size_t i = 0; i < list.len; i++) {
		if (list.ptr[i] == '"') {
			for (i++; list.ptr[i] != '"'; i++)
				i += list.ptr[i] == '\\';
		} else if (list.ptr[i] == '{') {
			size_t start, len = literal(list, i, &start);

			assert(start + len <= list.len);
			i = start + len - 1;
		} else {
			depth += (list.ptr[i] == '(') - (list.ptr[i] == ')');
			assert(depth >= 0);
		}
	}
	assert(depth == 0);
}

static void check_lists(const struct imap_tree *tree)
{
	struct buf out = BUF_INIT(8u << 20);

	imap_envelope(tree->root->header, &out);
	if (!out.overflow)
		check_balance(buf_slice(&out));
	for (int extended = 0; extended < 2; extended++) {
		buf_reset(&out);
		imap_structure(tree, extended, &out);
		if (!out.overflow)
			check_balance(buf_slice(&out));
	}
	buf_clear(&out);
}

static void check_section(const struct imap_tree *tree, struct slice message, struct slice text)
{
	struct buf fields = BUF_INIT(8u << 20), name = BUF_INIT(64u << 10), binary = BUF_INIT(8u << 20);
	struct imap_section section;
	struct slice bytes;

	if (!imap_section_read(text, &section))
		return;
	imap_section_name(&section, &name);
	bytes = imap_section_bytes(tree, &section, &fields);
	if (bytes.len > 0 && fields.len == 0)
		assert(bytes.ptr >= message.ptr && bytes.ptr + bytes.len <= message.ptr + message.len);
	if (section.kind == IMAP_SECTION_WHOLE)
		imap_section_binary(tree, &section, &binary);
	imap_section_clear(&section);
	buf_clear(&fields);
	buf_clear(&name);
	buf_clear(&binary);
}

static void check_search(const struct imap_tree *tree, struct slice text)
{
	struct imap_thread_message messages[3] = {{.number = 1, .date = 2}, {.number = 2, .date = 1}, {.number = 3, .date = 1}};
	struct buf folded = BUF_INIT(64u << 10), out = BUF_INIT(64u << 10);
	int64_t time;

	budget_begin();
	imap_search_fold(text, &folded);
	imap_search_text(tree, true, buf_slice(&folded));
	imap_search_field(tree->root->header, "Subject", buf_slice(&folded));
	imap_search_preview(tree, 200, &out);
	assert(utf8_is_valid(buf_slice(&out)));
	imap_search_sent_day(tree->root->header, &time);
	buf_reset(&out);
	for (size_t i = 0; i < 3; i++)
		imap_thread_message_read(&messages[i], i == 1 ? SLICE_LITERAL("Message-ID: <a>\r\n") : tree->root->header, text);
	imap_thread_by_references(messages, 3, &out);
	check_balance(buf_slice(&out));
	imap_thread_by_subject(messages, 3, &out);
	check_balance(buf_slice(&out));
	for (size_t i = 0; i < 3; i++)
		imap_thread_message_clear(&messages[i]);
	buf_clear(&folded);
	buf_clear(&out);
}

static void check_name(struct slice text)
{
	struct buf name = BUF_INIT(64u << 10), again = BUF_INIT(64u << 10);

	if (imap_utf7_decode(text, "./", &name) == 0) {
		assert(utf8_is_valid(buf_slice(&name)));
		assert(imap_utf7_encode(buf_slice(&name), "./", &again) == 0);
		assert(slice_equal(buf_slice(&again), text));
	}
	buf_clear(&name);
	buf_clear(&again);
}

/* A line of text (a section, a name, a word to search), then the message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = slice_make((const char *)data, size), text = slice_cut(&message, '\n');
	struct imap_tree tree;
	struct date date;

	if (text.len > 1000)
		return 0;
	if (message.ptr == NULL)
		message = SLICE_LITERAL("");
	check_name(text);
	date_read(text, &date);
	imap_tree_read(&tree, message);
	check_lists(&tree);
	check_section(&tree, message, text);
	check_search(&tree, text);
	imap_tree_clear(&tree);
	return 0;
}
