#include "spool/problem.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <stdio.h>

/* Keys that end in a blank are followed by a name. */
static const struct {
	const char *key, *shown;
} names[] = {
    /* TRANSLATORS: %s is a name; all of these follow "Problem: " and are also used at the beginning of a line */
    {"account ", N_("account %s")},
    {"smarthost ", N_("smarthost %s")},
    {"login account ", N_("the sign-in of account %s")},
    {"login smarthost ", N_("the sign-in of smarthost %s")},
    {"corrupt ", N_("damaged file %s")},
    {"message ", N_("a message of account %s")},
    {"uids ", N_("the UIDs of account %s")},
    {"replies ", N_("replies of rule %s")},
    {"queue", N_("sending the queue")},
    {"line", N_("the line")},
    {"hanging up", N_("disconnecting the line")},
    {"while up", N_("the command while_up")},
    {"session", N_("the communication session")},
    {"process session", N_("the session process")},
    {"process lan", N_("the LAN server")},
    {"process filter", N_("the process that asks the scanners")},
    {"process watch", N_("the process that waits for new mail")},
    {"scanner ", N_("scanner %s")},
    {"disk", N_("the disk")},
    {"clock", N_("the clock")},
    {"log", N_("accepting mail")},
    {"state.db", N_("the record of fetched messages")},
};

char *problem_name(char *out, size_t size, const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t len = strlen(names[i].key);

		if (strcmp(key, names[i].key) == 0)
			return phrase_word(out, size, names[i].shown);
		if (names[i].key[len - 1] == ' ' && strncmp(key, names[i].key, len) == 0)
			return phrase_set(out, size, names[i].shown, key + len);
	}
	snprintf(out, size, "%s", key);
	return out;
}
