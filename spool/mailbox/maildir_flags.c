#include "spool/mailbox/maildir_flags.h"

#include "base/alloc.h"
#include "spool/storage/folder.h"

static const struct {
	char letter;
	uint32_t flag;
} flags_of_letters[] = {
    {'D', FOLDER_DRAFT}, {'F', FOLDER_FLAGGED}, {'P', FOLDER_FORWARDED}, {'R', FOLDER_ANSWERED}, {'S', FOLDER_SEEN}, {'T', FOLDER_DELETED},
};

static uint32_t flag_of(char letter)
{
	if (letter >= 'a' && letter <= 'z')
		return 1u << (FOLDER_KEYWORD_BIT + letter - 'a');
	for (size_t i = 0; i < ARRAY_LEN(flags_of_letters); i++)
		if (flags_of_letters[i].letter == letter)
			return flags_of_letters[i].flag;
	return 0;
}

/* Where the flags begin: the last ":2,"; NULL: it has none. */
static const char *find_flags(const char *name)
{
	const char *found = NULL;

	for (const char *at = strstr(name, ":2,"); at != NULL; at = strstr(at + 1, ":2,"))
		found = at;
	return found;
}

uint32_t maildir_flags_of(const char *name)
{
	const char *at = find_flags(name);
	uint32_t flags = 0;

	for (at = at == NULL ? "" : at + 3; *at != '\0' && *at != ','; at++)
		flags |= flag_of(*at);
	return flags;
}

char *maildir_flags_letters(uint32_t flags, char out[MAILDIR_LETTERS_MAX])
{
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(flags_of_letters); i++)
		if ((flags & flags_of_letters[i].flag) != 0)
			out[len++] = flags_of_letters[i].letter;
	for (int n = 0; n < FOLDER_KEYWORDS_MAX; n++)
		if ((flags >> (FOLDER_KEYWORD_BIT + n) & 1) != 0)
			out[len++] = (char)('a' + n);
	out[len] = '\0';
	return out;
}

bool maildir_flags_are(struct slice letters)
{
	for (size_t i = 0; i < letters.len; i++)
		if (flag_of(letters.ptr[i]) == 0)
			return false;
	return letters.len < MAILDIR_LETTERS_MAX;
}

char *maildir_flags_name(const char *name, const char *letters)
{
	struct slice base = slice_of(name);
	const char *at = find_flags(name);

	if (at != NULL)
		base.len = (size_t)(at - name);
	return xasprintf("%.*s:2,%s", SLICE_PRINT(base), letters);
}
