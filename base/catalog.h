/*
 * The translations of one language, read from the file that msgfmt makes (.mo).
 *
 * libintl is not used to read it, for it cannot do what the gateway needs: it answers in one language for a whole process,
 * while a session writes to several users in theirs from several threads; and it translates nothing in the locale "C", for
 * which glibc since 2.41 takes C.UTF-8, too, the only locale that is on every system. A catalogue never changes once
 * it is open, so any thread may ask.
 */
#ifndef LANPOST_BASE_CATALOG_H
#define LANPOST_BASE_CATALOG_H

struct catalog;

/* NULL without such a file, or if it is not one. */
struct catalog *catalog_open(const char *path);
void catalog_close(struct catalog *catalog);
/* The translation, or NULL. It lives as long as the catalogue. */
const char *catalog_find(const struct catalog *catalog, const char *text);
/* The form for n things of a text that has forms, or NULL. */
const char *catalog_find_plural(const struct catalog *catalog, const char *one, unsigned long n);

#endif
