#include "message/imap/folder_use.h"

#include "base/alloc.h"

static const struct {
	const char *use, *names[6]; /* our own name is the first */
} uses[FOLDER_USES] = {
    {FOLDER_USE_SENT, {"Sent", "Sent Items", "Sent Messages", "Отправленные"}},
    {FOLDER_USE_DRAFTS, {"Drafts", "Черновики"}},
    {FOLDER_USE_JUNK, {"Junk", "Spam", "Спам"}},
    {FOLDER_USE_TRASH, {"Trash", "Deleted Items", "Deleted Messages", "Корзина", "Удаленные", "Удалённые"}},
    {"\\Archive", {"Archive", "Archives", "Архив"}},
};

const char *folder_use(const char *folder, size_t *rank)
{
	for (size_t i = 0; i < FOLDER_USES; i++)
		for (size_t j = 0; j < ARRAY_LEN(uses[i].names) && uses[i].names[j] != NULL; j++)
			if (slice_is_nocase(slice_of(folder), uses[i].names[j])) {
				*rank = j;
				return uses[i].use;
			}
	return NULL;
}

bool folder_has_use(const char *folder, const char *use)
{
	size_t rank;
	const char *found = folder_use(folder, &rank);

	return found != NULL && strcmp(found, use) == 0;
}

const char *folder_use_name(size_t n)
{
	return uses[n].names[0];
}

const char *folder_with_use(const struct strlist *folders, const char *use)
{
	const char *best = NULL;
	size_t best_rank = SIZE_MAX, rank;

	for (size_t i = 0; i < folders->count; i++) {
		const char *found = folder_use(folders->items[i], &rank);

		if (found != NULL && strcmp(found, use) == 0 && rank < best_rank) {
			best = folders->items[i];
			best_rank = rank;
		}
	}
	for (size_t i = 0; i < FOLDER_USES && best == NULL; i++)
		best = strcmp(uses[i].use, use) == 0 ? uses[i].names[0] : NULL;
	return best;
}
