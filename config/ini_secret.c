#include "config/ini_secret.h"

#include "base/rand.h"
#include "config/ini.h"
#include "config/schema.h"

#include <stdio.h>

/* A hash of crypt(3) that no password has: of its 43 letters the dice have thrown every one. */
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
	kind = slice_cut(&kind, ' ');
	snprintf(name, sizeof(name), "%.*s", SLICE_PRINT(kind));
	str_lower_ascii(name);
	return schema_find(name);
}

/* The key of a line, if its value is secret. */
static const struct schema_key *secret_key(const struct schema_section *section, struct slice line)
{
	struct slice key = slice_trim(slice_cut(&line, '='));
	const struct schema_key *found;
	char name[64];

	if (section == NULL || line.ptr == NULL || slice_trim(line).len == 0)
		return NULL;
	snprintf(name, sizeof(name), "%.*s", SLICE_PRINT(key));
	str_lower_ascii(name);
	found = schema_find_key(section, name);
	return found != NULL && value_is_secret(found->type) ? found : NULL;
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
