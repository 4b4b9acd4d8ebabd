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

/* Writes text so that it contains no request and no escape. */
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
	/* TRANSLATORS: this and the next texts in capitals are headings of manual pages */
	buf_printf(out, ".SH %s\nlanpost.conf \\- %s", _("NAME"), _("configuration of the mail gateway lanpost\n"));
	buf_printf(out, ".SH %s\n", _("DESCRIPTION"));
	append_roff(out, _("The configuration is /etc/lanpost/lanpost.conf (or -c FILE) and, in the "
	    "same folder, users.conf, accounts.conf and rules.conf. All are INI files; only the "
	    "first is required. Any section may be in any of these files. Names of sections, keys "
	    "and users are not case-sensitive. The files are in UTF-8. A ; or # begins a comment; "
	    "put a value that contains one of them in single quotes as a whole. A \\ at the end of "
	    "a line continues it in the next line. Each section and each key of a section may "
	    "appear only once. An empty value means the default; only allow, deny and listen can be "
	    "set to empty. lanpost check reports every error with file and line."));
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
	    "The configuration is `/etc/lanpost/lanpost.conf` (or `-c FILE`) and, in the same "
	    "folder, `users.conf`,\n"
	    "`accounts.conf` and `rules.conf`. All are INI files; only the first is required. Any "
	    "section may be in any of\n"
	    "these files. `lanpost check` reports every error with file and line.\n\n"
	    "- Names of sections, keys and users are not case-sensitive. The files are in UTF-8.\n"
	    "- A `;` or `#` begins a comment. Put a value that contains one of them in single "
	    "quotes as a whole:\n  `when = 'subject contains \"a;b\"'`.\n"
	    "- A `\\` at the end of a line continues it in the next line; together they may have "
	    "1000 bytes.\n"
	    "- Each section and each key of a section may appear only once. An empty value means "
	    "the default; only `allow`,\n  `deny` and `listen` can be set to empty.\n\n"
	    "This page is generated by `lanpost config-reference`; change `config/schema.c` "
	    "instead.\n"));
	for (size_t i = 0; i < schema_section_count; i++)
		write_section(out, &schema_sections[i]);
}
