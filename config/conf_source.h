/*
 * The origin of each value of a configuration, while it is loaded and checked.
 */
#ifndef LANPOST_CONFIG_CONF_SOURCE_H
#define LANPOST_CONFIG_CONF_SOURCE_H

#include "base/map.h"
#include "config/conf.h"

struct conf_source {
	struct map places; /* address of a field in the conf -> struct conf_place of its value */
	struct map faulty; /* fields with an invalid value, which was already reported */
	struct conf_problems *problems;
	struct conf_place main; /* lanpost.conf, line 0 */
};

/* The place of this field's value; `otherwise` if it is a default. */
struct conf_place conf_place_of(const struct conf_source *source, const void *field,
    struct conf_place otherwise);
bool conf_was_given(const struct conf_source *source, const void *field);
bool conf_was_faulty(const struct conf_source *source, const void *field);

/* All checks that concern more than one value (config/check/). */
void conf_check(const struct conf *conf, const struct conf_source *source);

#endif
