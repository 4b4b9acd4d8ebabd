/*
 * The last fetched messages, for testing a rule.
 */
#ifndef LANPOST_UI_TUI_RECENT_MAIL_H
#define LANPOST_UI_TUI_RECENT_MAIL_H

#include "config/conf.h"

struct recent_message {
	int64_t time;
	char *from, *subject; /* decoded, printable */
	char *account;
	char *bytes; /* its first part, unchanged */
	size_t len;
	uint64_t size;
	bool caught;
};

struct recent_mail {
	struct recent_message *items; /* newest first */
	size_t count, caught;
};

/* Reads at most this many from the mailboxes. */
void recent_mail_read(const struct conf *conf, size_t most, struct recent_mail *recent);
void recent_mail_clear(struct recent_mail *recent);
/* Marks those that a rule with this condition matches. Returns -1 if the condition is invalid. */
int recent_mail_try(const struct conf *conf, const char *when, struct recent_mail *recent, struct error *error);

#endif
