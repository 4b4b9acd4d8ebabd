/*
 * The translations of one language, read from the file that msgfmt makes (.mo).
 *
 * libintl is not used: it has one language for a whole process, while a session writes to several users in their
 * languages from several threads; and it translates nothing in the locale "C" (since glibc 2.41 also in C.UTF-8, the
 * only locale that every system has). A catalogue never changes once it is open, so any thread may use it.
 */
#ifndef LANPOST_BASE_CATALOG_H
#define LANPOST_BASE_CATALOG_H

struct catalog;

/* Opens the file. Returns NULL if it does not exist or is not a catalogue. */
struct catalog *catalog_open(const char *path);
void catalog_close(struct catalog *catalog);
/* The translation, or NULL. It lives as long as the catalogue. */
const char *catalog_find(const struct catalog *catalog, const char *text);
/* The form for n things of a text that has forms, or NULL. */
const char *catalog_find_plural(const struct catalog *catalog, const char *one, unsigned long n);

#endif
