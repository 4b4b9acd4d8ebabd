#include "config/conf_reference.h"

#include "base/i18n.h"
#include "config/schema.h"

struct unit {
	int64_t size;
	const char *letter;
};

/* In the largest unit that gives a whole number. */
static void write_amount(struct buf *out, enum value_type type, int64_t amount)
{
	static const struct unit sizes[] = {{1LL << 30, "G"}, {1LL << 20, "M"}, {1LL << 10, "K"}, {1, ""}};
	static const struct unit times[] = {{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
	static const struct unit plain[] = {{1, ""}};
	const struct unit *unit = plain;

	if (amount > 0 && type == VALUE_SIZE)
		unit = sizes;
	else if (amount > 0 && (type == VALUE_DURATION || type == VALUE_INTERVAL || type == VALUE_DURATIONS))
		unit = times;
	while (amount % unit->size != 0)
		unit++;
	buf_printf(out, "%lld%s%s", (long long)(amount / unit->size), unit->letter,
	    type == VALUE_KEEP ? "d" : "");
}

static void write_limits(struct buf *out, const struct schema_key *key)
{
	const char *const *words = key->limits.words;

	for (; words != NULL && *words != NULL; words++)
		buf_printf(out, "%s `%s%s`", words == key->limits.words ? "" : ",", *words,
		    key->type == VALUE_URL ? "://" : "");
	if (key->limits.words != NULL || key->limits.max == INT64_MAX)
		return;
	buf_append_text(out, "; ");
	write_amount(out, key->type, key->limits.min);
	buf_append_text(out, " … ");
	write_amount(out, key->type, key->limits.max);
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
