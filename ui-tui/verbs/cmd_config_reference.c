/*
 * lanpost config-reference: the pages of the manual, or their parts, that are generated from the program's tables, in the
 * language of the process. `config-reference verbs TEMPLATE` is for `make pages` only.
 */
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "config/conf_reference.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <unicase.h>
#include <unistr.h>

#define PAGE_MAX (1u << 20)

/* man shows a bare - as a hyphen, which cannot be copied into a shell. */
static void add_text(const char *text, struct buf *out)
{
	for (; *text != '\0'; text++)
		buf_printf(out, *text == '-' ? "\\-" : "%c", *text);
}

/* With a capital letter, in any script. */
static void add_sentence(const char *text, struct buf *out)
{
	uint8_t capital[6];
	ucs4_t first;
	int len = u8_strmbtouc(&first, (const uint8_t *)text), written;

	if (len <= 0)
		return;
	written = u8_uctomb(capital, uc_toupper(first), sizeof(capital));
	if (written > 0)
		buf_append(out, capital, (size_t)written);
	add_text(text + len, out);
}

static void add_verb(const struct verb *verb, struct buf *out)
{
	buf_append_text(out, ".TP\n\\fB");
	add_text(verb->name, out);
	buf_append_text(out, "\\fR ");
	add_text(verb->words, out);
	buf_append_text(out, "\n");
	add_sentence(_(verb->help), out);
	buf_append_text(out, ".\n");
}

static const struct verb *next_verb(const struct verb *verb, const struct verb *end)
{
	while (verb < end && verb->help == NULL)
		verb++;
	return verb;
}

/* Each line "@VERB" of the template becomes the verb's entry. The template must have all verbs, in the order of the
 * table. */
static int fill(const struct cli *cli, struct slice template, struct buf *out)
{
	const struct verb *end = cli->verbs + cli->verb_count, *due = next_verb(cli->verbs, end);

	while (template.len > 0) {
		struct slice line = slice_cut(&template, '\n');

		if (line.len == 0 || line.ptr[0] != '@') {
			buf_printf(out, "%.*s\n", SLICE_PRINT(line));
			continue;
		}
		if (due == end || !slice_is(slice_from(line, 1), due->name))
			return cli_fail(CLI_FAILED, "%s: has the line %.*s where @%s is due", cli->words[1], SLICE_PRINT(line),
			    due == end ? "" : due->name);
		add_verb(due, out);
		due = next_verb(due + 1, end);
	}
	return due == end ? CLI_DONE : cli_fail(CLI_FAILED, "%s: the line @%s is missing", cli->words[1], due->name);
}

static int print_verbs(const struct cli *cli, struct buf *out)
{
	struct error error;
	char *template;
	size_t len;
	int result;

	if (fsx_read(cli->words[1], PAGE_MAX, &template, &len, &error) != 0)
		return cli_fail_error(&error);
	result = fill(cli, slice_make(template, len), out);
	free(template);
	return result;
}

int cmd_config_reference(struct cli *cli)
{
	struct buf text = BUF_INIT(PAGE_MAX);
	int result = CLI_DONE;

	if (cli->count == 2 && strcmp(cli->words[0], "verbs") == 0)
		result = print_verbs(cli, &text);
	else if (cli->count > 0)
		conf_reference_man(&text);
	else
		conf_reference_write(&text);
	if (result == CLI_DONE && fputs(buf_text(&text), stdout) == EOF)
		result = cli_fail(CLI_FAILED, "cannot write");
	buf_clear(&text);
	return result;
}
