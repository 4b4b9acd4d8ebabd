/* Finds sections and keys in the table, and the valid name nearest to an invalid one. */
#include "config/schema.h"

#include "base/alloc.h"

#include <stdlib.h>

const struct schema_section *schema_find(const char *kind)
{
	for (size_t i = 0; i < schema_section_count; i++)
		if (strcmp(schema_sections[i].kind, kind) == 0)
			return &schema_sections[i];
	return NULL;
}

const struct schema_section *schema_find_named(const char *kind, const char *name)
{
	for (size_t i = 0; i < schema_section_count; i++)
		if (strcmp(schema_sections[i].kind, kind) == 0 && (schema_sections[i].example != NULL) == (name[0] != '\0'))
			return &schema_sections[i];
	return schema_find(kind);
}

const struct schema_key *schema_find_key(const struct schema_section *section, const char *name)
{
	for (size_t i = 0; i < section->key_count; i++)
		if (strcmp(section->keys[i].name, name) == 0)
			return &section->keys[i];
	return NULL;
}

const char *schema_nearest(const char *kind)
{
	const char **names = xcalloc(schema_section_count + 1, sizeof(*names));
	const char *nearest;

	for (size_t i = 0; i < schema_section_count; i++)
		names[i] = schema_sections[i].kind;
	nearest = str_nearest(kind, names);
	free(names);
	return nearest;
}

const char *schema_nearest_key(const struct schema_section *section, const char *name)
{
	const char **names = xcalloc(section->key_count + 1, sizeof(*names));
	const char *nearest;

	for (size_t i = 0; i < section->key_count; i++)
		names[i] = section->keys[i].name;
	nearest = str_nearest(name, names);
	free(names);
	return nearest;
}

const struct schema_section *schema_home(const char *key)
{
	for (size_t i = 0; i < schema_section_count; i++)
		if (schema_find_key(&schema_sections[i], key) != NULL)
			return &schema_sections[i];
	return NULL;
}
