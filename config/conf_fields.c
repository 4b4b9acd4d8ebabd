#include "config/conf_fields.h"

#include <stdlib.h>

void *conf_field_at(void *owner, const struct schema_key *key)
{
	return (char *)owner + key->offset;
}

size_t *conf_count_of(struct conf *conf, const struct schema_section *section)
{
	return (size_t *)(void *)((char *)conf + section->count_offset);
}

void **conf_array_of(struct conf *conf, const struct schema_section *section)
{
	return (void **)(void *)((char *)conf + section->offset);
}

void *conf_item_of(struct conf *conf, const struct schema_section *section, size_t index)
{
	if (section->example == NULL)
		return (char *)conf + section->offset;
	return (char *)*conf_array_of(conf, section) + index * section->size;
}

size_t conf_items_in(struct conf *conf, const struct schema_section *section)
{
	return section->example == NULL ? 1 : *conf_count_of(conf, section);
}

void conf_set_defaults(void *owner, const struct schema_section *section)
{
	for (size_t i = 0; i < section->key_count; i++) {
		const struct schema_key *key = &section->keys[i];
		const char *value = key->value == NULL ? "" : key->value;
		struct error error = ERROR_INIT;

		/* A word cannot be empty; if the default is empty, the code that reads the key
		 * sets it. */
		if (key->type == VALUE_WORD && value[0] == '\0')
			continue;
		value_parse(key->type, slice_of(value), &key->limits, conf_field_at(owner, key), &error);
	}
}

static void clear_item(void *owner, const struct schema_section *section)
{
	for (size_t i = 0; i < section->key_count; i++)
		value_clear(section->keys[i].type, conf_field_at(owner, &section->keys[i]));
	if (section->example != NULL)
		free(*(char **)owner); /* the name comes first */
}

void conf_free(struct conf *conf)
{
	if (conf == NULL)
		return;
	for (size_t i = 0; i < schema_section_count; i++) {
		const struct schema_section *section = &schema_sections[i];

		for (size_t j = 0; j < conf_items_in(conf, section); j++)
			clear_item(conf_item_of(conf, section, j), section);
		if (section->example != NULL)
			free(*conf_array_of(conf, section));
	}
	strlist_clear(&conf->files);
	free(conf);
}

static bool is_in(const void *field, const struct conf_remote *remote)
{
	return remote != NULL && (const char *)field >= (const char *)remote && (const char *)field < (const char *)(remote + 1);
}

void conf_wipe_secrets(struct conf *conf, const struct conf_remote *except)
{
	for (size_t i = 0; i < schema_section_count; i++) {
		const struct schema_section *section = &schema_sections[i];

		for (size_t j = 0; j < conf_items_in(conf, section) * section->key_count; j++) {
			const struct schema_key *key = &section->keys[j % section->key_count];
			char **text = conf_field_at(conf_item_of(conf, section, j / section->key_count), key);

			if (value_is_secret(key->type) && *text != NULL && !is_in(text, except))
				explicit_bzero(*text, strlen(*text));
		}
	}
}
