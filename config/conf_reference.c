#include "config/conf_reference.h"

#include "base/i18n.h"
#include "config/schema.h"

static void write_limits(struct buf *out, const struct schema_key *key)
{
	const char *const *words = key->limits.words;

	for (; words != NULL && *words != NULL; words++)
		buf_printf(out, "%s `%s%s`", words == key->limits.words ? "" : ",", *words,
		    key->type == VALUE_URL ? "://" : "");
	if (key->limits.words != NULL || key->limits.max == INT64_MAX)
		return;
	buf_append_text(out, "; ");
	value_append_amount(out, key->type, key->limits.min);
	buf_append_text(out, " … ");
	value_append_amount(out, key->type, key->limits.max);
}

void conf_reference_value(struct buf *out, const struct schema_key *key)
{
	buf_append_text(out, _(value_syntax(key->type)));
	write_limits(out, key);
	buf_append_text(out, _(". Default: "));
	buf_append_text(out, key->value != NULL && key->value[0] != '\0' ? key->value
			     : key->stands != NULL			  ? _(key->stands)
									  : _("empty"));
}

static void write_key(struct buf *out, const struct schema_key *key)
{
	buf_printf(out, "| `%s` | %s", key->name, _(value_syntax(key->type)));
	if (key->type == VALUE_URL)
		buf_append_text(out, ":");
	write_limits(out, key);
	if (key->value != NULL && key->value[0] != '\0')
		buf_printf(out, " | `%s`", key->value);
	else
		buf_printf(out, " | %s", key->stands == NULL ? "" : _(key->stands));
	buf_printf(out, " | %s |\n", _(key->help));
}

static void write_section(struct buf *out, const struct schema_section *section)
{
	buf_printf(out, "\n## [%s%s%s]\n%s\n\n", section->kind, section->example == NULL ? "" : " ",
	    section->example == NULL ? "" : section->example, _(section->help));
	buf_printf(out, "| %s | %s | %s | |\n| --- | --- | --- | --- |\n", _("key"), _("value"),
	    _("default"));
	for (size_t i = 0; i < section->key_count; i++)
		write_key(out, &section->keys[i]);
}

/* --- the manual page: man(7) */

/* Text in which nothing is a request or an escape. */
static void append_roff(struct buf *out, const char *text)
{
	if (text[0] == '.' || text[0] == '\'')
		buf_append_text(out, "\\&");
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			buf_append_text(out, "\\e");
		else if (*text == '-')
			buf_append_text(out, "\\-");
		else if (*text != '`') /* Markdown's, for names */
			buf_append_byte(out, *text);
	}
}

static void write_man_key(struct buf *out, const struct schema_key *key)
{
	struct buf value = BUF_INIT(4096);

	conf_reference_value(&value, key);
	buf_printf(out, ".TP\n.BR %s \" = \"\n", key->name);
	append_roff(out, _(key->help));
	buf_append_text(out, "\n.br\n");
	append_roff(out, buf_text(&value));
	buf_append_text(out, ".\n");
	buf_clear(&value);
}

void conf_reference_man(struct buf *out)
{
	buf_append_text(out, ".\\\" Written by `lanpost config-reference man`; change config/schema.c instead.\n"
			     ".TH LANPOST.CONF 5 \"\" \"lanpost\"\n");
	/* TRANSLATORS: this and the next capitals are headings of manual pages */
	buf_printf(out, ".SH %s\nlanpost.conf \\- %s", _("NAME"), _("configuration of the mail gateway lanpost\n"));
	buf_printf(out, ".SH %s\n", _("DESCRIPTION"));
	append_roff(out, _("/etc/lanpost/lanpost.conf (or -c FILE) and, beside it, users.conf, accounts.conf and rules.conf: all INI files, all optional but the first; any section may stand in any of them. Names of sections, keys and users are written in upper or lower case alike; files are in UTF-8. ; or # begins a comment: a value that holds one stands whole in single quotes. \\ at the end of a line continues it in the next one. A section and a key stand once only. An empty value means the default; only an empty allow, deny or listen is empty. lanpost check tells every problem with file and line."));
	buf_append_byte(out, '\n');
	for (size_t i = 0; i < schema_section_count; i++) {
		const struct schema_section *section = &schema_sections[i];

		buf_printf(out, ".SH [%s%s%s]\n", section->kind, section->example == NULL ? "" : " ",
		    section->example == NULL ? "" : section->example);
		append_roff(out, _(section->help));
		buf_append_byte(out, '\n');
		for (size_t j = 0; j < section->key_count; j++)
			write_man_key(out, &section->keys[j]);
	}
	buf_printf(out, ".SH \"%s\"\n.BR lanpost (1),\n.BR lanpost\\-rules (5),\n.BR lanpostd (8)\n", _("SEE ALSO"));
}

/* --- the Markdown page */

void conf_reference_write(struct buf *out)
{
	buf_append_text(out, _("# Configuration\n\n"
			       "`/etc/lanpost/lanpost.conf` (or `-c FILE`) and, beside it, `users.conf`, `accounts.conf` and `rules.conf`:\n"
			       "all INI files, all optional but the first; any section may stand in any of them. `lanpost check` tells\n"
			       "every problem with file and line.\n\n"
			       "- Names of sections, keys and users are written in upper or lower case alike. Files are in UTF-8.\n"
			       "- `;` or `#` begins a comment. A value that holds one stands whole in single quotes:\n"
			       "  `when = 'subject contains \"a;b\"'`.\n"
			       "- `\\` at the end of a line continues it in the next one; together they may have 1000 bytes.\n"
			       "- A section and a key stand once only. An empty value means the default; only an empty `allow`,\n"
			       "  `deny` or `listen` is empty.\n\n"
			       "This page is written by `lanpost config-reference`; change `config/schema.c` instead.\n"));
	for (size_t i = 0; i < schema_section_count; i++)
		write_section(out, &schema_sections[i]);
}
