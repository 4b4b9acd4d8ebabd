/*
 * The Russian translations as a table that can be asked in both directions, whatever language the process speaks: gettext
 * answers in that one only.
 */
#ifndef LANPOST_BASE_CATALOG_H
#define LANPOST_BASE_CATALOG_H

/* Opens `<folder>/ru/LC_MESSAGES/lanpost.mo`, once in a process. Without it there are no translations. */
void catalog_open(const char *folder);
/* NULL if there is none. The texts live as long as the process. */
const char *catalog_russian(const char *english);
const char *catalog_english(const char *russian);

#endif
