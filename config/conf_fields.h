/*
 * The fields of a struct conf behind the rows of the table of keys (schema.h).
 */
#ifndef LANPOST_CONFIG_CONF_FIELDS_H
#define LANPOST_CONFIG_CONF_FIELDS_H

#include "config/conf.h"
#include "config/schema.h"

/* Returns the field of a key in its section's struct. */
void *conf_field_at(void *owner, const struct schema_key *key);
/* For sections with names: their number, and the pointer to their array. */
size_t *conf_count_of(struct conf *conf, const struct schema_section *section);
void **conf_array_of(struct conf *conf, const struct schema_section *section);
/* For all sections: the number of structs, one for those without names, and each of them. */
size_t conf_items_in(struct conf *conf, const struct schema_section *section);
void *conf_item_of(struct conf *conf, const struct schema_section *section, size_t index);
void conf_set_defaults(void *owner, const struct schema_section *section);

#endif
