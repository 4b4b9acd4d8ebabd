/*
 * What LIST can name: the folders of a user, shared mailboxes and their folders, the names above them that are not folders, and subscriptions of names that do not exist.
 */
#ifndef LANPOST_LAN_SERVER_IMAPD_ENTRIES_H
#define LANPOST_LAN_SERVER_IMAPD_ENTRIES_H

#include "base/map.h"
#include "spool/spool.h"

struct imapd_entry {
	char *name; /* of the folder: "INBOX", "Archive/2026", "Shared/info/Clients" */
	char *mailbox; /* its name in the storage; NULL: it does not exist */
	bool exists, has_children, is_subscribed, has_subscribed_below;
	const char *use; /* special use; NULL: none */
};

struct imapd_entries {
	struct imapd_entry **items; /* INBOX, then sorted */
	size_t count;
	struct map by_name;
};

/* shared: the shared mailboxes that the user sees. */
int imapd_entries_read(struct imapd_entries *entries, const struct spool *spool, const char *user, const struct strlist *shared,
    struct error *error);
void imapd_entries_clear(struct imapd_entries *entries);

/* Whether a name matches a pattern of LIST: "*" is anything, "%" anything without the separator. */
#define IMAPD_PATTERN_MAX 512
bool imapd_pattern_matches(struct slice pattern, struct slice name);

#endif
