/*
 * The configuration in a backup, and the part for the LAN server: they contain no value that the configuration reader
 * takes for the value of a secret key.
 *
 * The input is a configuration file in which each byte 1 stands for the word MARK: where that is part of secret values alone, it must be
 * gone.
 */
#include "base/buf.h"
#include "config/conf_view.h"
#include "config/ini.h"
#include "config/ini_secret.h"
#include "config/schema.h"
#include "tests/fuzz/common/fuzz.h"

#define MARK "Zq7SecretQz"
#define RESTORED "$5$restored$"

static size_t count_marks(struct slice text)
{
	size_t count = 0;

	for (const char *at; (at = memmem(text.ptr, text.len, MARK, strlen(MARK))) != NULL; count++)
		text = slice_from(text, (size_t)(at - text.ptr) + strlen(MARK));
	return count;
}

/* As the schema has it, also where the section is one of which there may be but one. */
static bool is_secret(const struct ini_section *section, const struct ini_entry *entry)
{
	const struct schema_section *known = schema_find(section->kind);
	const struct schema_key *key = known == NULL ? NULL : schema_find_key(known, entry->key);

	return key != NULL && value_is_secret(key->type);
}

/* All marks of a text are in secret values. */
static bool marks_are_secret(const struct ini *ini, struct slice text)
{
	size_t secret = 0;

	for (size_t i = 0; i < ini->count; i++)
		for (size_t j = 0; j < ini->sections[i].count; j++)
			if (is_secret(&ini->sections[i], &ini->sections[i].entries[j]))
				secret += count_marks(slice_of(ini->sections[i].entries[j].value));
	return secret > 0 && secret == count_marks(text);
}

static void check_no_secret(struct slice text)
{
	struct conf_problems problems = {0};
	struct ini ini = {0};

	ini_read(&ini, "fuzz.conf", text, &problems);
	for (size_t i = 0; i < ini.count; i++)
		for (size_t j = 0; j < ini.sections[i].count; j++) {
			const struct ini_entry *entry = &ini.sections[i].entries[j];

			assert(!is_secret(&ini.sections[i], entry) || entry->value[0] == '\0' ||
			       strncmp(entry->value, RESTORED, strlen(RESTORED)) == 0);
		}
	ini_clear(&ini);
	conf_problems_clear(&problems);
}

/* The LAN server's part of the same configuration. */
static void check_view(struct slice text)
{
	static char *path;
	struct buf view = BUF_INIT(CONF_VIEW_MAX);
	struct conf_problems problems = {0};
	struct conf *conf, *read;
	struct error error;

	if (path == NULL)
		path = xasprintf("%s/lanpost.conf", fuzz_folder());
	conf = conf_load_edited_broken(path, path, text, &problems);
	if (conf_view_write(conf, SCHEMA_FOR_LAN, &view, &error) == 0) {
		assert(count_marks(buf_slice(&view)) == 0);
		read = conf_view_read(buf_slice(&view), &error);
		assert(read != NULL);
		conf_free(read);
	}
	conf_free(conf);
	conf_problems_clear(&problems);
	buf_clear(&view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF_INIT(INI_FILE_MAX), copy = BUF_INIT(8u << 20);
	struct conf_problems problems = {0};
	struct ini ini = {0};

	for (size_t i = 0; i < size; i++) {
		if (data[i] == 1)
			buf_append_text(&text, MARK);
		else
			buf_append_byte(&text, (char)data[i]);
	}
	ini_read(&ini, "fuzz.conf", buf_slice(&text), &problems);
	ini_without_secrets(buf_slice(&text), &copy);
	if (marks_are_secret(&ini, buf_slice(&text))) {
		assert(count_marks(buf_slice(&copy)) == 0);
		check_view(buf_slice(&text));
	}
	check_no_secret(buf_slice(&copy));
	ini_clear(&ini);
	conf_problems_clear(&problems);
	buf_clear(&text);
	buf_clear(&copy);
	return 0;
}
