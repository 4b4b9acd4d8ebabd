#include "config/conf_folders.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define DAY 86400
#define ARROW " -> "

bool conf_folders_is_pattern(const char *text)
{
	return strpbrk(text, "*%") != NULL;
}

/* Where to go on if what follows a wildcard does not fit: the wildcard takes one more character. */
struct retry {
	const char *pattern; /* behind the wildcard; NULL: none */
	const char *folder;
};

static bool go_back(struct retry *any, struct retry *level, const char **pattern, const char **folder)
{
	struct retry *retry = level->pattern != NULL && *level->folder != '/' ? level : any;

	if (retry == any)
		level->pattern = NULL; /* it is behind the other one */
	if (retry->pattern == NULL)
		return false;
	*pattern = retry->pattern;
	*folder = ++retry->folder;
	return true;
}

/* Goes back only to the last wildcard of each kind, so it ends soon with any pattern. */
bool conf_folders_fit(const char *pattern, const char *folder)
{
	struct retry any = {NULL, NULL}, level = {NULL, NULL};

	while (*folder != '\0') {
		if (*pattern == '*' || *pattern == '%') {
			bool is_any = *pattern++ == '*';

			*(is_any ? &any : &level) = (struct retry){pattern, folder};
			if (is_any)
				level.pattern = NULL;
		} else if (*pattern == *folder) {
			pattern++;
			folder++;
		} else if (!go_back(&any, &level, &pattern, &folder)) {
			return false;
		}
	}
	while (*pattern == '*' || *pattern == '%')
		pattern++;
	return *pattern == '\0';
}

bool conf_folders_is_inbox(const struct conf_account *account)
{
	return account->folders.count == 0 || (account->folders.count == 1 && strcmp(account->folders.items[0], CONF_INBOX) == 0);
}

bool conf_folders_has(const struct conf_account *account, const char *folder)
{
	if (account->folders.count == 0)
		return strcmp(folder, CONF_INBOX) == 0;
	for (size_t i = 0; i < account->folders.count; i++)
		if (conf_folders_fit(account->folders.items[i], folder))
			return true;
	return false;
}

const char *conf_folders_entry_target(const char *entry)
{
	return strstr(entry, ARROW) + strlen(ARROW);
}

const char *conf_folders_target(const struct conf_account *account, const char *folder)
{
	for (size_t i = 0; i < account->folders_to.count; i++) {
		const char *entry = account->folders_to.items[i], *target = conf_folders_entry_target(entry);
		char *pattern = xstrndup(entry, (size_t)(target - entry) - strlen(ARROW));
		bool fits = conf_folders_fit(pattern, folder);

		free(pattern);
		if (fits)
			return target;
	}
	return NULL;
}

int64_t conf_folders_keep_days(const struct conf_account *account, const char *folder)
{
	for (size_t i = 0; i < account->folders_keep.count; i++) {
		const struct conf_folder_age *keep = &account->folders_keep.items[i];

		if (conf_folders_fit(keep->folder, folder))
			return keep->seconds < 0 ? -1 : keep->seconds / DAY;
	}
	return account->keep_days;
}

/* A host has no slash, so this is unambiguous. */
char *conf_folders_mailbox(const struct conf_account *account, const char *folder)
{
	char *base = conf_mailbox(account), *mailbox;

	if (strcmp(folder, CONF_INBOX) == 0)
		return base;
	mailbox = xasprintf("%s/%s", base, folder);
	free(base);
	return mailbox;
}

const char *conf_folders_of_mailbox(const struct conf_account *account, const char *mailbox)
{
	char *base = conf_mailbox(account);
	size_t len = strlen(base);
	const char *folder = NULL;

	if (strncmp(mailbox, base, len) == 0)
		folder = mailbox[len] == '\0' ? CONF_INBOX : mailbox[len] == '/' ? mailbox + len + 1 : NULL;
	free(base);
	return folder != NULL && conf_folders_has(account, folder) ? folder : NULL;
}
