/*
 * Builds a struct conf: files to lines and values (ini.c), values to fields by the table of keys
 * (schema.c), then the checks of the whole (conf_check.c).
 */
#include "config/conf.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/file/path.h"
#include "base/process/service_user.h"
#include "config/conf_fields.h"
#include "config/conf_file.h"
#include "config/conf_source.h"
#include "config/ini.h"
#include "config/schema.h"
#include "config/value.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_BYTES 64

struct loader {
	struct conf *conf;
	struct conf_source source;
	struct ini ini;
	struct conf_place *places; /* one for each entry of the ini */
	size_t place_count;
	const char *edited; /* the file to be read from edited_text, or NULL */
	struct slice edited_text;
};

struct conf_place conf_place_of(const struct conf_source *source, const void *field,
    struct conf_place otherwise)
{
	const struct conf_place *place =
	    map_get(&source->places, slice_make((const char *)&field, sizeof(field)));

	return place == NULL ? otherwise : *place;
}

bool conf_was_given(const struct conf_source *source, const void *field)
{
	return map_get(&source->places, slice_make((const char *)&field, sizeof(field))) != NULL;
}

bool conf_was_faulty(const struct conf_source *source, const void *field)
{
	return map_get(&source->faulty, slice_make((const char *)&field, sizeof(field))) != NULL;
}

/* --- files */

/* The gateway's group may read root's files if the folder is closed to all others: the package does this. */
static bool is_for_the_group(const char *path, const struct stat *st)
{
	char *folder = path_folder(path);
	struct stat its;
	bool meant = (stat(folder, &its) == 0 && its.st_gid == st->st_gid && (its.st_mode & 017) == 010) ||
		     (st->st_uid == 0 && service_user_has_own_group(st->st_gid));

	free(folder);
	return meant && (st->st_mode & 037) == 0;
}

static bool is_readable_by_others(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & 077) != 0 && !is_for_the_group(path, &st);
}

static bool is_secret_entry(const struct ini_section *section, const struct ini_entry *entry)
{
	const struct schema_section *known = schema_find_named(section->kind, section->name);
	const struct schema_key *key = known == NULL ? NULL : schema_find_key(known, entry->key);

	return key != NULL && value_is_secret(key->type) && entry->value[0] != '\0';
}

mode_t conf_private_mode(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return 0600;
	st.st_mode &= ~(mode_t)037;
	return is_for_the_group(path, &st) && (st.st_mode & 040) != 0 ? 0640 : 0600;
}

static void check_secrecy(struct loader *loader, const char *file, size_t first)
{
	size_t count = loader->source.problems->count;

	if (!is_readable_by_others(file))
		return;
	for (size_t i = first; i < loader->ini.count; i++) {
		const struct ini_section *section = &loader->ini.sections[i];

		for (size_t j = 0; j < section->count; j++) {
			if (!is_secret_entry(section, &section->entries[j]))
				continue;
			conf_problem_add(loader->source.problems, section->entries[j].place, true,
			    N_("the file contains passwords, but other users can read it: chmod 600 "
			       "%s"),
			    file);
			if (loader->source.problems->count > count)
				loader->source.problems->items[count].is_exposed = true;
			return;
		}
	}
}

/* The configuration belongs to the admin: it is read with the rights of the user who started the
 * program. */
static int read_as_admin(const char *file, char **text, size_t *len, struct error *error)
{
	bool paused = service_user_pause();
	int result = fsx_read(file, INI_FILE_MAX, text, len, error);

	service_user_resume(paused);
	return result;
}

static void read_text(struct loader *loader, const char *file)
{
	struct error error = ERROR_INIT;
	size_t len;
	char *text;

	if (loader->edited != NULL && strcmp(file, loader->edited) == 0) {
		ini_read(&loader->ini, file, loader->edited_text, loader->source.problems);
		return;
	}
	if (read_as_admin(file, &text, &len, &error) != 0) {
		conf_problem_add(loader->source.problems, (struct conf_place){file, 0}, false, "%s",
		    error.phrase);
		return;
	}
	ini_read(&loader->ini, file, slice_make(text, len), loader->source.problems);
	explicit_bzero(text, len);
	free(text);
}

static void read_file(struct loader *loader, const char *path, bool must_exist)
{
	bool is_edited = loader->edited != NULL && strcmp(path, loader->edited) == 0;
	size_t first = loader->ini.count;
	const char *file;

	if (!must_exist && !is_edited && access(path, F_OK) != 0 && errno == ENOENT)
		return;
	strlist_add(&loader->conf->files, path);
	file = loader->conf->files.items[loader->conf->files.count - 1];
	read_text(loader, file);
	check_secrecy(loader, file, first);
}

static void read_files(struct loader *loader, const char *path)
{
	read_file(loader, path, true);
	loader->source.main.file = loader->conf->files.items[0];
	for (enum conf_file file = CONF_FILE_USERS; file < CONF_FILES; file++) {
		char *other = conf_file_path(path, file);

		if (strcmp(other, path) != 0)
			read_file(loader, other, false);
		free(other);
	}
}

/* --- sections and keys */

static void unknown_section(struct loader *loader, const struct ini_section *section)
{
	const char *nearest = schema_nearest(section->kind);

	if (nearest != NULL)
		conf_problem_add(loader->source.problems, section->place, false,
		    N_("unknown section [%s]; did you mean [%s]?"), section->kind, nearest);
	else
		conf_problem_add(loader->source.problems, section->place, false,
		    N_("unknown section [%s]"), section->kind);
}

static void unknown_key(struct loader *loader, const struct schema_section *section,
    const struct ini_entry *entry)
{
	const char *nearest = schema_nearest_key(section, entry->key);
	const struct schema_section *home = schema_home(entry->key);
	struct conf_problems *problems = loader->source.problems;

	if (nearest == NULL && home != NULL)
		conf_problem_add(problems, entry->place, false,
		    N_("unknown key `%s` in [%s]; it belongs to [%s]"), entry->key, section->kind,
		    home->kind);
	else if (nearest != NULL)
		conf_problem_add(problems, entry->place, false,
		    N_("unknown key `%s` in [%s]; did you mean `%s`?"), entry->key, section->kind,
		    nearest);
	else
		conf_problem_add(problems, entry->place, false, N_("unknown key `%s` in [%s]"),
		    entry->key, section->kind);
}

/* Names that can be addresses. */
static bool has_mailbox_name(const char *kind)
{
	return strcmp(kind, "user") == 0 || strcmp(kind, "group") == 0 || strcmp(kind, "mailbox") == 0;
}

/* Names of accounts, smarthosts and rules appear in logs, journals and on command lines. */
static bool is_section_name(const char *kind, const char *name)
{
	size_t len = strlen(name);

	if (has_mailbox_name(kind))
		return conf_is_mailbox_name(slice_of(name)) || strcmp(name, CONF_DAEMON) == 0;
	if (len == 0 || len > NAME_MAX_BYTES || name[0] == '-')
		return false;
	for (const char *at = name; *at != '\0'; at++)
		if (strchr("\"'\\/;#:=<>,\t", *at) != NULL || (*at == ' ' && strcmp(kind, "rule") != 0))
			return false;
	return true;
}

/* Returns false, with the problem reported, for a section that cannot be used. */
static bool check_section(struct loader *loader, const struct schema_section *known,
    const struct ini_section *section)
{
	struct conf_problems *problems = loader->source.problems;

	if (known == NULL) {
		unknown_section(loader, section);
		return false;
	}
	if (known->example == NULL && section->name[0] != '\0') {
		conf_problem_add(problems, section->place, false, N_("[%s] takes no name"), known->kind);
		return false;
	}
	if (known->example != NULL && section->name[0] == '\0') {
		conf_problem_add(problems, section->place, false,
		    N_("[%s] needs a name, such as [%s %s]"), known->kind, known->kind, known->example);
		return false;
	}
	if (known->example != NULL && !is_section_name(known->kind, section->name)) {
		conf_problem_add(problems, section->place, false,
		    has_mailbox_name(known->kind)
			? N_("`%s` is not a valid name of a user, group or mailbox: use 1 to 64 characters "
			    "of a-z 0-9 . _ -, beginning with a letter or digit")
			: N_("`%s` is not a valid name: it may not contain quotes, spaces or any of "
			    "/ \\ ; # : = < > ,"),
		    section->name);
		return false;
	}
	return true;
}

/* An empty value means the default, except for `allow`: empty means that no client is accepted. */
static bool may_be_empty(enum value_type type)
{
	return type == VALUE_NETS || type == VALUE_LISTEN;
}

static void read_entry(struct loader *loader, const struct schema_section *known, void *owner,
    const struct ini_entry *entry)
{
	const struct schema_key *key = schema_find_key(known, entry->key);
	struct slice text = slice_of(entry->value), field_key;
	struct error error = ERROR_INIT;
	void *field;

	if (key == NULL) {
		unknown_key(loader, known, entry);
		return;
	}
	field = conf_field_at(owner, key);
	field_key = slice_make((const char *)&field, sizeof(field));
	loader->places[loader->place_count] = entry->place;
	map_put(&loader->source.places, field_key, &loader->places[loader->place_count++]);
	if (key->type != VALUE_SECRET)
		text = slice_trim(text);
	if (!entry->is_faulty && text.len == 0 && !may_be_empty(key->type))
		return;
	if (!entry->is_faulty &&
	    value_parse(key->type, text, &key->limits, field, &error) == 0)
		return;
	map_put(&loader->source.faulty, field_key, field);
	if (!entry->is_faulty)
		conf_problem_add(loader->source.problems, entry->place, false, "%s: %s", key->name,
		    error.phrase);
}

/* NULL for the first section of this name; a second one is already an error, but its keys are
 * checked, too. */
static void *find_item(struct conf *conf, const struct schema_section *known, const char *name)
{
	for (size_t i = 0; i < conf_items_in(conf, known); i++)
		if (known->example == NULL ||
		    strcmp(*(char **)conf_item_of(conf, known, i), name) == 0)
			return conf_item_of(conf, known, i);
	return NULL;
}

static void read_section(struct loader *loader, const struct schema_section *known,
    const struct ini_section *section)
{
	struct conf *conf = loader->conf;
	void *owner = find_item(conf, known, section->name);

	if (owner == NULL) {
		owner = conf_item_of(conf, known, (*conf_count_of(conf, known))++);
		*(char **)owner = xstrdup(section->name);
		*(struct conf_place *)(void *)((char *)owner + known->place_offset) = section->place;
		conf_set_defaults(owner, known);
	}
	for (size_t i = 0; i < section->count; i++)
		read_entry(loader, known, owner, &section->entries[i]);
}

/* The arrays are allocated in their final size before anything is read, so that the addresses of
 * fields stay valid and identify them. */
static void make_room(struct loader *loader)
{
	for (size_t i = 0; i < schema_section_count; i++) {
		const struct schema_section *known = &schema_sections[i];
		size_t count = 0;

		if (known->example == NULL) {
			conf_set_defaults(conf_item_of(loader->conf, known, 0), known);
			continue;
		}
		for (size_t j = 0; j < loader->ini.count; j++)
			count += strcmp(loader->ini.sections[j].kind, known->kind) == 0;
		*conf_array_of(loader->conf, known) = xcalloc(count + 1, known->size);
	}
	loader->places = xcalloc(loader->ini.entry_count + 1, sizeof(*loader->places));
}

/* The login, if that is an address: the provider accepts it as a sender. */
static void find_default_sender(struct conf_smarthost *smarthost)
{
	if (smarthost->default_sender[0] != '\0' || !value_is_address(slice_of(smarthost->remote.user)))
		return;
	free(smarthost->default_sender);
	smarthost->default_sender = xstrdup(smarthost->remote.user);
}

/* Defaults that a literal in the table cannot express. */
static void fill_in(struct loader *loader)
{
	struct conf *conf = loader->conf;
	char name[256] = "";

	if (conf->gateway.hostname[0] == '\0') {
		if (gethostname(name, sizeof(name) - 1) != 0 || !value_is_host(slice_of(name)))
			memcpy(name, "localhost", sizeof("localhost"));
		free(conf->gateway.hostname);
		conf->gateway.hostname = xstrdup(name);
	}
	if (!conf_was_given(&loader->source, &conf->gateway.language))
		conf->gateway.language = strcmp(i18n_locale_language(), "ru") == 0 ? LANGUAGE_RU : LANGUAGE_EN;
	for (size_t i = 0; i < conf->user_count; i++)
		if (!conf_was_given(&loader->source, &conf->users[i].language))
			conf->users[i].language = conf->gateway.language;
	for (size_t i = 0; i < conf->smarthost_count; i++)
		find_default_sender(&conf->smarthosts[i]);
	for (size_t i = 0; i < conf->rule_count; i++)
		conf->rules[i].when_place =
		    conf_place_of(&loader->source, &conf->rules[i].when, conf->rules[i].place);
}

/* A condition that is missing or invalid was already reported: no second complaint. */
static void fill_in_conditions(struct conf *conf)
{
	for (size_t i = 0; i < conf->rule_count; i++) {
		if (conf->rules[i].when[0] != '\0')
			continue;
		free(conf->rules[i].when);
		conf->rules[i].when = xstrdup("always");
	}
}

/* A line that is always on: for those who do not see [line], too (schema_view.c). */
static void settle_scanners(struct conf *conf)
{
	for (size_t i = 0; i < conf->scanner_count && !conf_line_is_dialled(conf); i++)
		conf->scanners[i].needs_line = false;
}

/* Fills loader->conf, which the caller has created. Returns false if there was any error. */
static bool load(struct loader *loader, const char *path, struct conf_problems *problems)
{
	size_t errors = problems->errors;

	loader->source.problems = problems;
	read_files(loader, path);
	make_room(loader);
	for (size_t i = 0; i < loader->ini.count; i++) {
		const struct ini_section *section = &loader->ini.sections[i];
		const struct schema_section *known = schema_find_named(section->kind, section->name);

		if (check_section(loader, known, section))
			read_section(loader, known, section);
	}
	fill_in(loader);
	if (loader->ini.count > 0 || problems->errors == errors) /* else nothing could be read, and that was reported */
		conf_check(loader->conf, &loader->source);
	fill_in_conditions(loader->conf);
	settle_scanners(loader->conf);
	conf_problems_sort(problems);
	map_clear(&loader->source.places);
	map_clear(&loader->source.faulty);
	free(loader->places);
	ini_clear(&loader->ini);
	return problems->errors == errors;
}

struct conf *conf_load_edited(const char *path, const char *edited, struct slice text,
    struct conf_problems *problems)
{
	struct loader loader = {.conf = xcalloc(1, sizeof(struct conf)),
	    .edited = edited,
	    .edited_text = text};

	if (load(&loader, path, problems))
		return loader.conf;
	conf_free(loader.conf);
	return NULL;
}

struct conf *conf_load(const char *path, struct conf_problems *problems)
{
	return conf_load_edited(path, NULL, SLICE_NONE, problems);
}

struct conf *conf_load_edited_broken(const char *path, const char *edited, struct slice text,
    struct conf_problems *problems)
{
	struct loader loader = {.conf = xcalloc(1, sizeof(struct conf)),
	    .edited = edited,
	    .edited_text = text};

	load(&loader, path, problems);
	return loader.conf;
}

struct conf *conf_load_broken(const char *path, struct conf_problems *problems)
{
	return conf_load_edited_broken(path, NULL, SLICE_NONE, problems);
}
