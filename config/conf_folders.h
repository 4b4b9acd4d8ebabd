/*
 * The folders of an IMAP account: which are fetched, and what differs in them.
 *
 * Names are UTF-8 with / between their levels, whatever the server uses, and distinguish capitals, except INBOX. In a pattern * is any text,
 * % any text without /.
 */
#ifndef LANPOST_CONFIG_CONF_FOLDERS_H
#define LANPOST_CONFIG_CONF_FOLDERS_H

#include "config/conf.h"

#define CONF_INBOX "INBOX"

/* Only INBOX, as by default: then the server is not asked which folders it has. */
bool conf_folders_is_inbox(const struct conf_account *account);
/* Whether this folder is fetched. */
bool conf_folders_has(const struct conf_account *account, const char *folder);
bool conf_folders_fit(const char *pattern, const char *folder);
/* Whether the text is a pattern, and not a name. */
bool conf_folders_is_pattern(const char *text);
/* The mailbox in an entry of folders_to. */
const char *conf_folders_entry_target(const char *entry);
/* The mailbox where its messages go: "ivan/Orders"; with "*" as user: a folder of those whom sorting finds. NULL: as the mail of INBOX. */
const char *conf_folders_target(const struct conf_account *account, const char *folder);
/* As conf_account.keep_days. */
int64_t conf_folders_keep_days(const struct conf_account *account, const char *folder);
/* The name under which the seen messages of a folder are stored: conf_mailbox() for INBOX, else that and the folder. New memory. */
char *conf_folders_mailbox(const struct conf_account *account, const char *folder);
/* The folder, if this is conf_folders_mailbox() of a folder that the account fetches; else NULL. */
const char *conf_folders_of_mailbox(const struct conf_account *account, const char *mailbox);

#endif
