/*
 * The table of all sections and keys.
 *
 * The loader, `lanpost check`, the hints on typing errors and docs/configuration.md use it. A new
 * setting needs a field in conf.h and a row in schema.c.
 */
#ifndef LANPOST_CONFIG_SCHEMA_H
#define LANPOST_CONFIG_SCHEMA_H

#include "config/value.h"

struct schema_key {
	const char *name;
	enum value_type type;
	size_t offset;	     /* of the field in the section's struct */
	const char *value;   /* the default, as in a file; NULL: "" */
	const char *stands;  /* what an empty default means, for people; may be NULL */
	struct value_limits limits;
	const char *help;
};

struct schema_section {
	const char *kind;    /* "gateway", "user" */
	const char *example; /* name shown in the reference; NULL: this section has no name */
	size_t size;	     /* of its struct */
	size_t offset;	     /* in struct conf: of the struct, or of the pointer to the array */
	size_t count_offset; /* in struct conf, if it is an array */
	size_t place_offset; /* in the section's struct, if it is an array; the name is the first field */
	const struct schema_key *keys;
	size_t key_count;
	const char *help;
};

extern const struct schema_section schema_sections[];
extern const size_t schema_section_count;

/* Finds a section or key by its (lower-case) name; NULL if it does not exist. */
const struct schema_section *schema_find(const char *kind);
const struct schema_key *schema_find_key(const struct schema_section *section, const char *name);
/* The same where some sections of a kind have a name and one has none: [line], [line gsm]. */
const struct schema_section *schema_find_named(const char *kind, const char *name);
/* The valid name nearest to an invalid one, or NULL. */
const char *schema_nearest(const char *kind);
const char *schema_nearest_key(const struct schema_section *section, const char *name);
/* The first other section that has such a key, or NULL. */
const struct schema_section *schema_home(const char *key);

/* Processes that get a part of the configuration (conf_view.h). */
enum {
	SCHEMA_FOR_LAN = 1, /* the LAN server */
};
/* The processes that see this key: a positive list, so that no process sees a new key of most sections
 * by default. */
unsigned schema_seen_by(const struct schema_section *section, const struct schema_key *key);

/* The label of a key, translated; its name if schema_label.c has none. */
const char *schema_label(const struct schema_section *section, const struct schema_key *key);
/* Its position in a form: the smallest comes first. */
size_t schema_order(const struct schema_section *section, const struct schema_key *key);
/* Whether a form shows it at once, not only after "more". */
bool schema_is_everyday(const struct schema_section *section, const struct schema_key *key);

#endif
