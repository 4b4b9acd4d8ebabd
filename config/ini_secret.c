#include "config/ini_secret.h"

#include "base/rand.h"
#include "config/ini.h"
#include "config/schema.h"

#include <stdio.h>

/* A crypt(3) hash that no known password has: its 43 characters are random. */
static void add_unknown_password(struct buf *out)
{
	static const char letters[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	unsigned char bytes[43];

	rand_bytes(bytes, sizeof(bytes));
	buf_append_text(out, "password = $5$restored$");
	for (size_t i = 0; i < sizeof(bytes); i++)
		buf_append_byte(out, letters[bytes[i] & (i + 1 < sizeof(bytes) ? 63 : 15)]);
	buf_append_text(out, "\n");
}

static const struct schema_section *section_of(struct slice line)
{
	struct slice rest = slice_from(line, 1), kind;
	char name[32];

	kind = slice_trim(slice_cut(&rest, ']'));
	for (size_t i = 0; i < kind.len; i++)
		if (kind.ptr[i] == ' ' || kind.ptr[i] == '\t')
			kind.len = i;
	snprintf(name, sizeof(name), "%.*s", SLICE_PRINT(kind));
	str_lower_ascii(name);
	return schema_find(name);
}

static const struct schema_key *secret_in(const struct schema_section *section, const char *name)
{
	const struct schema_key *found = schema_find_key(section, name);

	return found != NULL && value_is_secret(found->type) ? found : NULL;
}

/* The key of a line, if its value is secret. If the section has no such key, the key counts as in other sections: a
 * misspelled or unclosed title must not reveal a password. */
static const struct schema_key *secret_key(const struct schema_section *section, struct slice line)
{
	struct slice key = slice_trim(slice_cut(&line, '='));
	const struct schema_key *found = NULL;
	char name[64];

	if (line.ptr == NULL || slice_trim(line).len == 0)
		return NULL;
	snprintf(name, sizeof(name), "%.*s", SLICE_PRINT(key));
	str_lower_ascii(name);
	if (section != NULL && schema_find_key(section, name) != NULL)
		return secret_in(section, name);
	for (size_t i = 0; i < schema_section_count && found == NULL; i++)
		found = secret_in(&schema_sections[i], name);
	return found;
}

void ini_without_secrets(struct slice text, struct buf *out)
{
	const struct schema_section *section = NULL;
	struct buf whole = BUF_INIT(INI_FILE_MAX);
	struct ini_lines lines;

	ini_lines_init(&lines, ini_without_mark(text));
	while (ini_next_line(&lines, &whole)) {
		struct slice line = slice_trim(buf_slice(&whole));
		const struct schema_key *key = NULL;

		if (line.len > 0 && line.ptr[0] == '[')
			section = section_of(line);
		else if (line.len > 0 && line.ptr[0] != ';' && line.ptr[0] != '#')
			key = secret_key(section, line);
		if (key == NULL) {
			buf_append_slice(out, lines.raw);
			continue;
		}
		buf_printf(out, "; %s was left out of the backup\n", key->name);
		if (key->type == VALUE_HASH)
			add_unknown_password(out);
	}
	buf_clear(&whole);
}
