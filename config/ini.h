/*
 * INI files: values from iniparser, line numbers from our own index.
 *
 * iniparser has no line numbers, merges repeated sections, uses the last of repeated keys and
 * cuts unquoted values at ; and #, all silently. So each file is first read line by line here,
 * which detects all this and records the place of every key; iniparser then gets the valid
 * lines, with numbers instead of section names, and returns the values.
 */
#ifndef LANPOST_CONFIG_INI_H
#define LANPOST_CONFIG_INI_H

#include "base/buf.h"
#include "config/conf.h"

#define INI_FILE_MAX (1024 * 1024)
#define INI_LINE_MAX 1000   /* with its continuations: iniparser's own limit is 1024 */
#define INI_KEYS_MAX 20000  /* keys and sections in all files */
#define INI_SECTION_MAX 100 /* keys in one section */

struct ini_entry {
	char *key;   /* lower case */
	char *value; /* without white space and quotes around it */
	bool is_faulty; /* iniparser would read a different value; already reported */
	struct conf_place place;
};

struct ini_section {
	char *kind; /* first word, lower case */
	char *name; /* the rest, lower case (ASCII letters); "" if none exists */
	struct conf_place place;
	struct ini_entry *entries;
	size_t count;
};

struct ini {
	struct ini_section *sections; /* in order of files and lines */
	size_t count;
	size_t entry_count; /* of all sections */
};

/* Adds a file's text to the ini, which the caller initialises to zero. Errors are added to
 * problems, and the rest of the file is read. file must outlive the ini. Not thread-safe,
 * because iniparser is not. */
void ini_read(struct ini *ini, const char *file, struct slice text, struct conf_problems *problems);
void ini_clear(struct ini *ini);

/* A walk over the lines of a text, each with its continuation lines (\ at the end). */
struct ini_lines {
	struct slice raw;   /* the bytes of the line, line ends included */
	int first, last;    /* the numbers of its lines */
	bool is_unfinished; /* ends in \ at the end of the text */
	struct slice rest;
	const char *end;
};
/* The text without a byte order mark. */
struct slice ini_without_mark(struct slice text);
void ini_lines_init(struct ini_lines *lines, struct slice text);
/* Reads the next line, without line ends and backslashes, into whole. Returns false at the end. */
bool ini_next_line(struct ini_lines *lines, struct buf *whole);
/* Bytes of a value (trimmed) up to the comment that ends it. */
size_t ini_value_end(struct slice raw);


#endif
