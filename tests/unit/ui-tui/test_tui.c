#include "ui-tui/command/cli.h"
#include "ui-tui/widgets/text_width.h"
#include "ui-tui/widgets/tui_line.h"
#include "ui-tui/widgets/list.h"
#include "ui-tui/widgets/plot.h"
#include "ui-tui/widgets/tui_text.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "spool/storage/state.h"
#include "spool/storage/state_journal.h"
#include "spool/storage/state_problems.h"
#include "tests/unit/remove_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void text_is_cut_by_columns(void **state)
{
	static const struct {
		const char *text;
		size_t width;
		const char *shown;
		size_t used;
	} cases[] = {
	    {"letter", 6, "letter", 6}, {"letters", 6, "lette…", 6}, {"Счёт на оплату", 5, "Счёт…", 5},
	    {"日本語", 6, "日本語", 6}, {"日本語", 5, "日本…", 5}, {"日本語", 4, "日…", 3}, {"x", 0, "", 0}, {"", 3, "", 0}};
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(tui_text_fit(out, sizeof(out), cases[i].text, cases[i].width), cases[i].used);
		assert_string_equal(out, cases[i].shown);
	}
	tui_text_fit(out, 8, "Счёт на оплату", 50); /* no space for more bytes: still whole characters */
	assert_true(utf8_is_valid(slice_of(out)));
}

static void text_is_wrapped_at_blanks(void **state)
{
	static const struct {
		const char *text;
		size_t width;
		const char *lines; /* apart by | */
	} cases[] = {
	    {"one two three", 7, "one two|three"}, {"one\ntwo", 10, "one|two"}, {"abcdefgh", 3, "abc|def|gh"},
	    {"Счёт на оплату", 7, "Счёт на|оплату"}, {"a\n\nb", 5, "a||b"}, {"  F2 the screens", 10, "  F2 the|screens"}, {"", 5, ""}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strlist lines = {NULL, 0};
		struct buf joined = BUF_INIT(1024);

		tui_text_wrap(cases[i].text, cases[i].width, &lines);
		for (size_t j = 0; j < lines.count; j++)
			buf_printf(&joined, "%s%s", j > 0 ? "|" : "", lines.items[j]);
		assert_string_equal(buf_text(&joined), cases[i].lines);
		buf_clear(&joined);
		strlist_clear(&lines);
	}
}

/* For any width: each character except blanks is in a line, in order, and no line is wider, unless a single
 * character is. */
static void wrapped_text_loses_nothing(void **state)
{
	static const char *const texts[] = {
	    "    SHA-256 of the certificate: 12:34:56:78:9A:BC:DE:F0:12:34:56:78:9A:BC:DE:F0:12:34:56:78:9A:BC:DE:F0",
	    "  Outgoing mail: smtp, port 587, connection security: STARTTLS\n\n   x\n", "      a", "          ", "日本語 テキスト で す",
	    "  Счёт на оплату номер 118 от поставщика с очень-очень-длинным-названием", "e\u0301e\u0301e\u0301 z\u0335\u0336 x",
	    "a  b   c    d", "\xff\xfe bytes \xc3", ""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		for (size_t width = 1; width < 100; width++) {
			struct strlist lines = {NULL, 0};
			const char *at = texts[i];

			tui_text_wrap(texts[i], width, &lines);
			for (size_t j = 0; j < lines.count; j++) {
				assert_true(text_width(lines.items[j]) <= (width > 2 ? width : 2));
				for (const char *c = lines.items[j]; *c != '\0'; c++) {
					at += *c == ' ' ? 0 : strspn(at, " \n");
					if (*c != ' ')
						assert_int_equal(*c, *at++);
				}
			}
			assert_int_equal(strspn(at, " \n"), strlen(at));
			strlist_clear(&lines);
		}
}

static void search_is_blind_to_case(void **state)
{
	(void)state;
	assert_true(tui_text_has("Счёт на ОПЛАТУ 118", "оплату счёт"));
	assert_true(tui_text_has("anything", ""));
	assert_true(tui_text_has("ivan@office.lan", "IVAN"));
	assert_false(tui_text_has("Счёт на оплату", "счёт акт"));
	assert_int_equal(tui_text_latin(L'й'), 'q');
	assert_int_equal(tui_text_latin(L'Ы'), 'S');
	assert_int_equal(tui_text_compare("Ёлка", "ель"), -1);
	assert_int_equal(tui_text_compare("ИВАН", "иван"), 0);
	assert_int_equal(tui_text_compare("b", "a"), 1);
	assert_int_equal(tui_text_compare("a", "ab"), -1);
	assert_int_equal(tui_text_latin('s'), 's');
	assert_int_equal(tui_text_latin(L'é'), L'é');
}

static void lines_are_edited(void **state)
{
	static const struct {
		const char *before;
		int keys[6];
		const char *after;
	} cases[] = {
	    {"", {'a', 0x451, 'b'}, "aёb"},
	    {"abc", {TERM_BACKSPACE}, "ab"},
	    {"abc", {TERM_HOME, TERM_DELETE, 'x'}, "xbc"},
	    {"abc", {TERM_LEFT, TERM_LEFT, 'x'}, "axbc"},
	    {"one two", {TERM_CTRL('W')}, "one "},
	    {"one two", {TERM_LEFT, TERM_CTRL('U')}, "o"},
	    {"one two", {TERM_HOME, TERM_RIGHT, TERM_CTRL('K')}, "o"},
	    {"a", {TERM_TICK, TERM_UP, 7}, "a"},
	    {"", {TERM_BACKSPACE, TERM_LEFT, TERM_DELETE}, ""},
	    {"one two", {TERM_WORD_LEFT, TERM_WORD_LEFT, 'x'}, "xone two"},
	    {"one two", {TERM_HOME, TERM_WORD_RIGHT, 'x'}, "one xtwo"},
	};
	struct tui_line *line = xcalloc(1, sizeof(*line));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text;

		tui_line_set(line, cases[i].before);
		for (size_t j = 0; j < 6 && cases[i].keys[j] != 0; j++)
			tui_line_key(line, cases[i].keys[j]);
		text = tui_line_text(line);
		assert_string_equal(text, cases[i].after);
		free(text);
	}
	free(line);
}

/* Typing replaces a proposed text; movement keys edit it. */
static void proposals_give_way(void **state)
{
	static const struct {
		int keys[3];
		const char *after;
	} cases[] = {{{'3', '0', 'd'}, "30d"}, {{TERM_LEFT, 'x', 0}, "90xd"}, {{TERM_TICK, 'x', 0}, "x"}, {{TERM_BACKSPACE, 'w', 0}, "90w"}};
	struct tui_line *line = xcalloc(1, sizeof(*line));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text;

		tui_line_set(line, "90d");
		line->is_proposal = true;
		for (size_t j = 0; j < 3 && cases[i].keys[j] != 0; j++)
			tui_line_key(line, cases[i].keys[j]);
		text = tui_line_text(line);
		assert_string_equal(text, cases[i].after);
		free(text);
	}
	free(line);
}

static void long_lines_show_the_cursor(void **state)
{
	struct tui_line *line = xcalloc(1, sizeof(*line));
	size_t cursor;
	char *view;

	(void)state;
	tui_line_set(line, "0123456789");
	view = tui_line_view(line, 5, false, &cursor);
	assert_string_equal(view, "6789");
	assert_int_equal(cursor, 4);
	free(view);
	tui_line_key(line, TERM_HOME);
	view = tui_line_view(line, 5, true, &cursor);
	assert_string_equal(view, "*****");
	assert_int_equal(cursor, 0);
	free(view);
	for (int i = 0; i < 2 * TUI_LINE_MAX; i++)
		tui_line_key(line, 'x');
	assert_int_equal(line->len, TUI_LINE_MAX);
	free(line);
}

/* --- lists */

static const struct list_column columns[] = {{"A", 4, false}, {"B", 0, false}, {"C", 0, true}};

static void fill(struct list *list, const char *ids)
{
	list_begin(list);
	for (; *ids != '\0'; ids++) {
		char id[2] = {*ids, '\0'};

		if (*ids == '#') {
			list_heading(list, "heading");
			continue;
		}
		list_add(list, id, STYLE_NORMAL);
		list_cell(list, id);
		list_cellf(list, "row %c", *ids);
	}
	list_end(list);
}

static const char *selected(const struct list *list)
{
	return list_selected(list) == NULL ? "-" : list_selected(list)->id;
}

static void selection_stays_with_its_row(void **state)
{
	struct list list;

	(void)state;
	list_init(&list, columns, ARRAY_LEN(columns));
	list_window(&list, 3);
	fill(&list, "");
	assert_string_equal(selected(&list), "-");
	fill(&list, "#abc");
	assert_string_equal(selected(&list), "a");
	list_key(&list, TERM_DOWN);
	fill(&list, "#xyabc");
	assert_string_equal(selected(&list), "b");
	fill(&list, "#xyac"); /* gone: the row in its place */
	assert_string_equal(selected(&list), "c");
	list_key(&list, TERM_HOME);
	assert_string_equal(selected(&list), "x");
	list_key(&list, TERM_UP);
	assert_string_equal(selected(&list), "x");
	list_clear(&list);
}

static void end_is_followed(void **state)
{
	struct list list;

	(void)state;
	list_init(&list, columns, ARRAY_LEN(columns));
	list_window(&list, 2);
	list.follow = true;
	fill(&list, "abc");
	assert_string_equal(selected(&list), "c");
	fill(&list, "abcde");
	assert_string_equal(selected(&list), "e");
	assert_int_equal(list.top, 3);
	list_key(&list, TERM_UP);
	fill(&list, "abcdef");
	assert_string_equal(selected(&list), "d");
	list_key(&list, TERM_END);
	fill(&list, "abcdefg");
	assert_string_equal(selected(&list), "g");
	list_clear(&list);
}

static void filter_hides_rows_and_empty_headings(void **state)
{
	struct list list;

	(void)state;
	list_init(&list, columns, ARRAY_LEN(columns));
	list_window(&list, 5);
	fill(&list, "#ab#cd");
	list_filter(&list, "ROW C");
	assert_string_equal(selected(&list), "c");
	assert_int_equal(list_shown(&list), 1);
	assert_int_equal(list_at(&list, 0), 3); /* the second heading */
	assert_int_equal(list_at(&list, 2), list.count);
	list_filter(&list, "");
	assert_int_equal(list_shown(&list), 4);
	list_clear(&list);
}

static void marks_stay_with_their_rows(void **state)
{
	struct strlist ids = {NULL, 0};
	struct list list;

	(void)state;
	list_init(&list, columns, ARRAY_LEN(columns));
	list_window(&list, 5);
	fill(&list, "abc");
	list_mark(&list);
	list_mark(&list);
	fill(&list, "xbac");
	list_chosen(&list, &ids);
	assert_int_equal(ids.count, 2);
	assert_string_equal(ids.items[0], "b");
	strlist_clear(&ids);
	fill(&list, "c");
	list_chosen(&list, &ids);
	assert_int_equal(ids.count, 1);
	assert_string_equal(ids.items[0], "c");
	strlist_clear(&ids);
	list_clear(&list);
}

static char *order(const struct list *list)
{
	struct buf ids = BUF_INIT(256);
	char *text;

	for (size_t i = 0; i < list->count; i++)
		buf_append_text(&ids, list->rows[i].is_heading ? "#" : list->rows[i].id);
	text = xstrdup(buf_text(&ids));
	buf_clear(&ids);
	return text;
}

static void assert_order(const struct list *list, const char *wanted)
{
	char *is = order(list);

	assert_string_equal(is, wanted);
	free(is);
}

static void rows_are_sorted_inside_their_groups(void **state)
{
	struct list list;

	(void)state;
	list_init(&list, columns, ARRAY_LEN(columns));
	list_window(&list, 9);
	fill(&list, "#cab#fde");
	list_select(&list, "d");
	list_sort_next(&list);
	assert_order(&list, "#abc#def");
	assert_string_equal(selected(&list), "d");
	list_sort_reverse(&list);
	assert_order(&list, "#cba#fed");
	fill(&list, "#caxb#fde"); /* and stay so when the list is filled again */
	assert_order(&list, "#xcba#fed");
	list_sort_next(&list);
	list_sort_next(&list);
	list_sort_next(&list); /* behind the last column */
	assert_order(&list, "#caxb#fde");
	list_clear(&list);
}

static void numbers_are_sorted_as_numbers(void **state)
{
	static const int64_t sizes[] = {900, 5, 1200};
	struct list list;

	(void)state;
	list_init(&list, columns, ARRAY_LEN(columns));
	list.sorted = 0;
	list_begin(&list);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char id[2] = {(char)('a' + i), '\0'};

		list_add(&list, id, STYLE_NORMAL);
		list_cellf(&list, "%lld", (long long)sizes[i]);
		list_number(&list, sizes[i]);
	}
	list_end(&list);
	assert_order(&list, "bac");
	list_clear(&list);
}

static void rows_are_found_after_the_filter_is_gone(void **state)
{
	struct list list;

	(void)state;
	list_init(&list, columns, ARRAY_LEN(columns));
	list_window(&list, 9);
	fill(&list, "#abc#ade");
	assert_false(list_find(&list, true)); /* nothing was looked for yet */
	list_filter(&list, "row a");
	list_filter(&list, "");
	list_select(&list, "b");
	assert_true(list_find(&list, true));
	assert_int_equal(list.selected, 5);
	assert_true(list_find(&list, true)); /* round the end */
	assert_int_equal(list.selected, 1);
	assert_true(list_find(&list, false));
	assert_int_equal(list.selected, 5);
	assert_true(list_next_group(&list, false));
	assert_int_equal(list.selected, 1);
	assert_true(list_next_group(&list, true));
	assert_int_equal(list.selected, 5);
	assert_false(list_next_group(&list, true));
	list_filter(&list, "nothing of that");
	list_filter(&list, "");
	assert_false(list_find(&list, false));
	list_clear(&list);
	list_init(&list, columns, ARRAY_LEN(columns));
	assert_false(list_find(&list, true));
	assert_false(list_next_group(&list, true));
	list_clear(&list);
}

static void marks_are_turned_round(void **state)
{
	struct list list;

	(void)state;
	list_init(&list, columns, ARRAY_LEN(columns));
	list_window(&list, 9);
	fill(&list, "#abc");
	list_mark_others(&list);
	assert_int_equal(list_marked(&list), 3);
	list_filter(&list, "row b");
	assert_int_equal(list_marked(&list), 1); /* invisible rows are not changed */
	list_mark_others(&list);
	list_filter(&list, "");
	assert_int_equal(list_marked(&list), 2);
	list_unmark(&list);
	assert_int_equal(list_marked(&list), 0);
	assert_int_equal(list_motion('j'), TERM_DOWN);
	assert_int_equal(list_motion('G'), TERM_END);
	assert_int_equal(list_motion('x'), 'x');
	list_clear(&list);
}

static void columns_share_the_room(void **state)
{
	static const struct {
		const char *b, *c;
		int width, wanted[3];
	} cases[] = {
	    {"short", "also short", 43, {1, 5, 34}},		  /* the last one takes the rest */
	    {"a long text of some thirty bytes", "tiny", 24, {1, 16, 4}}, /* columns that need less leave more */
	    {"a long text of some thirty bytes", "another text of some thirty", 24, {1, 10, 10}},
	    {"x", "y", 2, {1, 0, 0}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int widths[LIST_COLUMNS];
		struct list list;

		list_init(&list, columns, ARRAY_LEN(columns));
		list_begin(&list);
		list_add(&list, "1", STYLE_NORMAL);
		list_cell(&list, "a");
		list_cell(&list, cases[i].b);
		list_cell(&list, cases[i].c);
		list_end(&list);
		list_layout(&list, cases[i].width, widths);
		for (size_t j = 0; j < 3; j++)
			assert_int_equal(widths[j], cases[i].wanted[j]);
		list_clear(&list);
	}
}

/* --- the plot */

static void hours_are_counted(void **state)
{
	struct plot plot = {0};

	(void)state;
	plot_count(&plot, 86400, 86400, "accepted", "account sales");
	plot_count(&plot, 86400, 86400 + 3599, "accepted", "account sales");
	plot_count(&plot, 86400, 86400 + 3600 * 23 + 5, "sent", "250 ok");
	plot_count(&plot, 86400, 86400 + 5, "accepted", "smtp 10.0.0.1");
	plot_count(&plot, 86400, 86399, "sent", "");
	plot_count(&plot, 86400, 86400 * 2 + 3700, "sent", "");
	assert_int_equal(plot.in[0], 2);
	assert_int_equal(plot.out[23], 1);
	assert_int_equal(plot.in_total, 2);
	assert_int_equal(plot.out_total, 1);
	assert_int_equal(plot.largest, 2);
}

static void bars_are_drawn_in_eighths(void **state)
{
	(void)state;
	assert_string_equal(plot_cell(0, 0, 3, 0), " ");
	assert_string_equal(plot_cell(10, 10, 3, 2), "█");
	assert_string_equal(plot_cell(1, 1000, 3, 0), "▁"); /* something is seen of anything */
	assert_string_equal(plot_cell(1, 1000, 3, 1), " ");
	assert_string_equal(plot_cell(5, 10, 2, 0), "█");
	assert_string_equal(plot_cell(5, 10, 2, 1), " ");
}

/* --- what the journal and the problems give */

static void add_row(void *context, const struct journal_message *message, const struct journal_event *event)
{
	buf_printf(context, "%s/%s/%s ", event->event, message->sender, event->place);
}

static void add_problem(void *context, const char *key, const char *text, int64_t since)
{
	buf_printf(context, "%s: %s (%lld) ", key, text, (long long)since);
}

static void journal(struct state *database, const char *id, int64_t time_us, const char *event, const char *place)
{
	struct error error;
	const struct journal_event row = {.id = id, .time_us = time_us, .event = event, .place = place, .session = "",
	    .detail = strcmp(event, "accepted") == 0 ? "account sales" : ""};

	assert_int_equal(state_journal_add(database, &row, &error), 0);
}

static void last_events_and_problems_are_read(void **state)
{
	char folder[] = "/tmp/lanpost-test-XXXXXX";
	struct buf text = BUF_INIT(4096);
	struct state *database;
	struct error error;
	struct msgid first = msgid_new(), second = msgid_new();
	struct journal_message message = {.id = first.text, .message_id = "", .sender = "kim", .recipients = "", .subject = ""};
	int64_t now = clock_wall_us();
	struct plot plot;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(state_open(&database, &(struct spool){.folder = folder}, NULL, &error), 0);
	assert_int_equal(state_message_add(database, &message, &error), 0);
	journal(database, first.text, now, "accepted", "");
	journal(database, first.text, now + 2, "delivered", "ivan");
	journal(database, second.text, now + 1, "queued", "x@y.ru");
	assert_int_equal(state_journal_last(database, 2, add_row, &text, &error), 0);
	assert_string_equal(buf_text(&text), first.text[0] != '\0' && strcmp(first.text, second.text) < 0
						 ? "queued//x@y.ru delivered/kim/ivan "
						 : "accepted/kim/ delivered/kim/ivan ");
	plot_today(&plot, database);
	assert_int_equal(plot.in_total, 1);
	buf_reset(&text);
	assert_int_equal(state_problem_set(database, "disk", "low", "the disk is full", 7, &error), 1);
	assert_int_equal(state_problem_set(database, "account sales", "login", "refused", 5, &error), 1);
	assert_int_equal(state_problems(database, add_problem, &text, &error), 0);
	assert_string_equal(buf_text(&text), "account sales: refused (5) disk: the disk is full (7) ");
	state_close(database);
	buf_clear(&text);
	assert_int_equal(remove_tree(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_is_cut_by_columns),
	    cmocka_unit_test(text_is_wrapped_at_blanks),
	    cmocka_unit_test(wrapped_text_loses_nothing),
	    cmocka_unit_test(search_is_blind_to_case),
	    cmocka_unit_test(lines_are_edited),
	    cmocka_unit_test(proposals_give_way),
	    cmocka_unit_test(long_lines_show_the_cursor),
	    cmocka_unit_test(selection_stays_with_its_row),
	    cmocka_unit_test(end_is_followed),
	    cmocka_unit_test(filter_hides_rows_and_empty_headings),
	    cmocka_unit_test(marks_stay_with_their_rows),
	    cmocka_unit_test(rows_are_sorted_inside_their_groups),
	    cmocka_unit_test(numbers_are_sorted_as_numbers),
	    cmocka_unit_test(rows_are_found_after_the_filter_is_gone),
	    cmocka_unit_test(marks_are_turned_round),
	    cmocka_unit_test(columns_share_the_room),
	    cmocka_unit_test(hours_are_counted),
	    cmocka_unit_test(bars_are_drawn_in_eighths),
	    cmocka_unit_test(last_events_and_problems_are_read),
	};

	i18n_start("en");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
