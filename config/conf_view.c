#include "config/conf_view.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "config/conf_fields.h"
#include "config/value.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <stdlib.h>

/* --- values */

static json_t *list_json(const struct strlist *list)
{
	json_t *items = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(items, json_string(list->items[i]));
	return items;
}

/* Ranges: first, last, first, ... */
static json_t *nets_json(const struct conf_nets *nets)
{
	json_t *items = json_array();
	char text[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < nets->count; i++) {
		json_array_append_new(items, json_string(inet_ntop(AF_INET6, &nets->items[i].first, text, sizeof(text))));
		json_array_append_new(items, json_string(inet_ntop(AF_INET6, &nets->items[i].last, text, sizeof(text))));
	}
	return items;
}

/* NULL for a type that no marked key has yet: a test makes sure that this does not occur. */
static json_t *value_json(enum value_type type, const void *field)
{
	if (type <= VALUE_PIN)
		return json_string(*(char *const *)field == NULL ? "" : *(char *const *)field);
	if (type == VALUE_FLAG)
		return json_boolean(*(const bool *)field);
	if (type <= VALUE_KEEP)
		return json_integer(*(const int64_t *)field);
	if (type == VALUE_WORD || type == VALUE_WORDS)
		return json_integer(*(const unsigned *)field);
	if (type >= VALUE_USERS && type <= VALUE_LISTEN)
		return list_json(field);
	return type == VALUE_NETS ? nets_json(field) : NULL;
}

static bool read_list(const json_t *value, struct strlist *list)
{
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *text = json_string_value(json_array_get(value, i));

		if (text == NULL)
			return false;
		strlist_add(list, text);
	}
	return json_is_array(value);
}

static bool read_nets(const json_t *value, struct conf_nets *nets)
{
	size_t count = json_array_size(value) / 2;

	nets->items = xcalloc(count + 1, sizeof(*nets->items));
	for (size_t i = 0; i < count; i++) {
		const char *first = json_string_value(json_array_get(value, 2 * i));
		const char *last = json_string_value(json_array_get(value, 2 * i + 1));

		if (first == NULL || last == NULL || inet_pton(AF_INET6, first, &nets->items[i].first) != 1 ||
		    inet_pton(AF_INET6, last, &nets->items[i].last) != 1)
			return false;
	}
	nets->count = count;
	return json_is_array(value);
}

static bool read_text(const json_t *value, char **field)
{
	if (json_is_string(value))
		*field = xstrdup(json_string_value(value));
	return json_is_string(value);
}

/* The default is cleared first. */
static bool read_value(const struct schema_key *key, const json_t *value, void *field)
{
	value_clear(key->type, field);
	if (key->type <= VALUE_PIN)
		return read_text(value, field);
	if (key->type == VALUE_FLAG)
		*(bool *)field = json_is_true(value);
	else if (key->type <= VALUE_KEEP)
		*(int64_t *)field = json_integer_value(value);
	else if (key->type == VALUE_WORD || key->type == VALUE_WORDS)
		*(unsigned *)field = (unsigned)json_integer_value(value);
	else if (key->type == VALUE_NETS)
		return read_nets(value, field);
	else
		return read_list(value, field);
	return json_is_boolean(value) || json_is_integer(value);
}

/* --- sections */

/* Returns NULL if one of its values cannot be written. */
static json_t *item_json(const struct schema_section *section, unsigned marks, void *item)
{
	json_t *object = json_object();

	if (section->example != NULL)
		json_object_set_new(object, "name", json_string(*(char **)item)); /* it comes first */
	for (size_t i = 0; i < section->key_count; i++) {
		const struct schema_key *key = &section->keys[i];

		if ((schema_seen_by(section, key) & marks) == 0 ||
		    json_object_set_new(object, key->name, value_json(key->type, conf_field_at(item, key))) == 0)
			continue;
		json_decref(object);
		return NULL;
	}
	return object;
}

static bool has_any(const struct schema_section *section, unsigned marks)
{
	for (size_t i = 0; i < section->key_count; i++)
		if (schema_seen_by(section, &section->keys[i]) & marks)
			return true;
	return false;
}

static json_t *section_json(struct conf *conf, const struct schema_section *section, unsigned marks)
{
	json_t *items = json_array();

	for (size_t i = 0; i < conf_items_in(conf, section); i++)
		if (json_array_append_new(items, item_json(section, marks, conf_item_of(conf, section, i))) != 0) {
			json_decref(items);
			return NULL;
		}
	return items;
}

int conf_view_write(const struct conf *conf, unsigned marks, struct buf *out, struct error *error)
{
	json_t *view = json_object();
	bool written = true;
	char *text = NULL;

	for (size_t i = 0; i < schema_section_count && written; i++)
		if (has_any(&schema_sections[i], marks))
			written = json_object_set_new(view, schema_sections[i].kind,
				      section_json((struct conf *)conf, &schema_sections[i], marks)) == 0;
	if (written)
		text = json_dumps(view, JSON_COMPACT);
	written = text != NULL && buf_append_text(out, text) == 0;
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
	json_decref(view);
	return written ? 0 : error_set(error, ERROR_LIMIT, N_("cannot pass the configuration to "
	    "another process"));
}

static bool read_item(const struct schema_section *section, const json_t *object, void *item)
{
	const char *name = json_string_value(json_object_get(object, "name"));

	conf_set_defaults(item, section);
	if (section->example != NULL)
		*(char **)item = xstrdup(name == NULL ? "" : name);
	for (size_t i = 0; i < section->key_count; i++) {
		const json_t *value = json_object_get(object, section->keys[i].name);

		if (value != NULL && !read_value(&section->keys[i], value, conf_field_at(item, &section->keys[i])))
			return false;
	}
	return json_is_object(object) && (section->example == NULL || name != NULL);
}

static bool read_section(struct conf *conf, const struct schema_section *section, const json_t *items)
{
	size_t count = json_array_size(items);

	if (section->example == NULL)
		return read_item(section, json_array_get(items, 0), conf_item_of(conf, section, 0)) || items == NULL;
	*conf_array_of(conf, section) = xcalloc(count + 1, section->size);
	for (size_t i = 0; i < count; i++) {
		*conf_count_of(conf, section) = i + 1; /* frees also a configuration that was only partly read */
		if (!read_item(section, json_array_get(items, i), conf_item_of(conf, section, i)))
			return false;
	}
	return true;
}

struct conf *conf_view_read(struct slice text, struct error *error)
{
	json_t *view = json_loadb(text.ptr, text.len, 0, NULL);
	struct conf *conf = xcalloc(1, sizeof(*conf));
	bool good = json_is_object(view);

	for (size_t i = 0; i < schema_section_count; i++)
		good = read_section(conf, &schema_sections[i], json_object_get(view, schema_sections[i].kind)) && good;
	json_decref(view);
	if (good)
		return conf;
	conf_free(conf);
	error_set(error, ERROR_PROTOCOL, N_("this is not a configuration from the gateway"));
	return NULL;
}
