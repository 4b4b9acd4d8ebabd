/*
 * What was made of the messages of a folder (folder_cache_get()): files beside its messages, none of which is needed
 * (spool/QUEUE.md, "Folders").
 *
 * An entry of the folder's table has the places of its values. A place may be out of date whenever no lock is held: a value whose
 * checksum does not fit is not there.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/reserve.h"

#include <stdlib.h>

#define RECORDS_SPARE 1000 /* as the index: written again when it has more than twice what is needed */
#define FEW_BYTES 16384	   /* may wait until the folder is closed */
#define PAUSE_MS 60000	   /* after the disk has failed, or is full */
#define SHORT_PAUSE_MS 1000 /* after another program has changed the file */

static const char *const names[FOLDER_CACHES] = {[FOLDER_LISTING] = "lanpost-cache", [FOLDER_TERMS] = "lanpost-terms", [FOLDER_TEXT] = "lanpost-search"};

static char *path_of(const struct folder *folder, enum folder_cache which)
{
	return layout_mailbox(folder->spool, folder->mailbox, names[which]);
}

void folder_caches_init(struct folder *folder)
{
	for (size_t i = 0; i < FOLDER_CACHES; i++) {
		pthread_mutex_init(&folder->caches[i].lock, NULL);
		cache_file_forget(&folder->caches[i].file);
	}
}

void folder_caches_clear(struct folder *folder)
{
	for (size_t i = 0; i < FOLDER_CACHES; i++) {
		cache_file_forget(&folder->caches[i].file);
		pthread_mutex_destroy(&folder->caches[i].lock);
	}
}

/* --- places: each of these takes the folder's lock for a moment, also while the cache's lock is held */

/* A UID alone would do as the seed; the unique name makes it impossible that a value is taken for that of another file. False: the message is
 * gone. */
static bool find_place(struct folder *folder, enum folder_cache which, struct cache_spot *spot, uint32_t *seed)
{
	const struct folder_table *table = &folder->table;
	size_t index = folder->caches[which].next;

	pthread_mutex_lock(&folder->lock);
	if (index >= table->count || table->items[index].uid != spot->uid || !folder_entry_is_live(&table->items[index]))
		index = folder_table_by_uid(table, spot->uid);
	folder->caches[which].next = index + 1;
	if (index != SIZE_MAX) {
		spot->at = (uint64_t)folder->table.items[index].cached[which] * CACHE_FILE_UNIT;
		*seed = cache_file_seed(folder->validity, folder_entry_unique(&folder->table.items[index]));
	}
	pthread_mutex_unlock(&folder->lock);
	return index != SIZE_MAX;
}

static void set_places(struct folder *folder, enum folder_cache which, const struct cache_spot *spots, size_t count)
{
	pthread_mutex_lock(&folder->lock);
	for (size_t i = 0; i < count; i++) {
		size_t index = folder_table_by_uid(&folder->table, spots[i].uid);

		if (index != SIZE_MAX)
			folder->table.items[index].cached[which] = (uint32_t)(spots[i].at / CACHE_FILE_UNIT);
	}
	pthread_mutex_unlock(&folder->lock);
}

static void forget_places(struct folder *folder, enum folder_cache which)
{
	pthread_mutex_lock(&folder->lock);
	for (size_t i = 0; i < folder->table.count; i++)
		folder->table.items[i].cached[which] = 0;
	pthread_mutex_unlock(&folder->lock);
}

static struct cache_spot *all_places(struct folder *folder, enum folder_cache which, size_t *count)
{
	struct cache_spot *spots;

	*count = 0;
	pthread_mutex_lock(&folder->lock);
	spots = xcalloc(folder->table.live + 1, sizeof(*spots));
	for (size_t i = 0; i < folder->table.count; i++) {
		const struct folder_entry *entry = &folder->table.items[i];

		if (folder_entry_is_live(entry) && entry->cached[which] != 0)
			spots[(*count)++] = (struct cache_spot){entry->uid, (uint64_t)entry->cached[which] * CACHE_FILE_UNIT};
	}
	pthread_mutex_unlock(&folder->lock);
	return spots;
}

/* --- the file, with the cache's lock */

/* Nothing is kept for a while. */
static void give_up(struct folder *folder, enum folder_cache which, const struct error *error)
{
	struct folder_cache_state *cache = &folder->caches[which];

	log_debug("event=cache-not-kept folder=%s file=%s reason=%s", LOG_CSTR(folder->mailbox), names[which], LOG_ERROR(error));
	cache_file_forget(&cache->file);
	forget_places(folder, which);
	cache->is_loaded = false;
	cache->off_until = clock_now_ms() + (error->class == ERROR_TEMPORARY ? SHORT_PAUSE_MS : PAUSE_MS);
}

/* False: there is no cache now. */
static bool load(struct folder *folder, enum folder_cache which, const char *path)
{
	struct folder_cache_state *cache = &folder->caches[which];
	struct cache_spot *spots;
	size_t count;

	if (cache->is_loaded)
		return true;
	if (folder->is_deleted || clock_now_ms() < cache->off_until)
		return false;
	cache_file_load(&cache->file, path, folder_uid_validity(folder), &spots, &count);
	set_places(folder, which, spots, count);
	free(spots);
	cache->is_loaded = true;
	return true;
}

static void rewrite_if_large(struct folder *folder, enum folder_cache which, const char *path)
{
	struct folder_cache_state *cache = &folder->caches[which];
	struct cache_spot *spots;
	struct error error;
	size_t count;
	int result;

	if (cache->file.records <= RECORDS_SPARE || cache->file.written < cache->file.size)
		return;
	spots = all_places(folder, which, &count);
	if (cache->file.records > 2 * count + RECORDS_SPARE) {
		result = cache_file_rewrite(&cache->file, path, spots, count, &error);
		set_places(folder, which, spots, count);
		if (result != 0)
			give_up(folder, which, &error);
	}
	free(spots);
}

static void flush(struct folder *folder, enum folder_cache which, const char *path)
{
	struct folder_cache_state *cache = &folder->caches[which];
	struct error error;

	if (cache->file.pending.len == 0)
		return;
	if (!reserve_has_room(folder->spool, cache->file.pending.len)) {
		error_set(&error, ERROR_FULL, N_("the disk is nearly full"));
		give_up(folder, which, &error);
	} else if (cache_file_write(&cache->file, path, &error) != 0) {
		give_up(folder, which, &error);
	} else {
		rewrite_if_large(folder, which, path);
	}
}

/* --- for all */

bool folder_cache_get(struct folder *view, enum folder_cache which, uint32_t uid, struct buf *out)
{
	struct folder *folder = folder_common(view);
	struct folder_cache_state *cache = &folder->caches[which];
	struct cache_spot spot = {.uid = uid};
	char *path = NULL;
	uint32_t seed;
	bool found = false;

	pthread_mutex_lock(&cache->lock);
	if (!cache->is_loaded)
		path = path_of(folder, which);
	if ((cache->is_loaded || load(folder, which, path)) && find_place(folder, which, &spot, &seed) && spot.at != 0) {
		if (!cache_file_has(&cache->file, spot.at) && path == NULL)
			path = path_of(folder, which);
		found = cache_file_read(&cache->file, path, spot, seed, out);
		if (!found)
			set_places(folder, which, &(struct cache_spot){uid, 0}, 1);
	}
	pthread_mutex_unlock(&cache->lock);
	free(path);
	return found;
}

void folder_cache_put(struct folder *view, enum folder_cache which, uint32_t uid, struct slice value)
{
	struct folder *folder = folder_common(view);
	struct folder_cache_state *cache = &folder->caches[which];
	struct cache_spot spot = {.uid = uid};
	char *path = path_of(folder, which);
	uint32_t seed;

	pthread_mutex_lock(&cache->lock);
	if (load(folder, which, path) && find_place(folder, which, &spot, &seed)) {
		spot.at = cache_file_add(&cache->file, uid, seed, value);
		set_places(folder, which, &spot, 1);
		if (cache->file.pending.len >= CACHE_FILE_WRITE)
			flush(folder, which, path);
	}
	pthread_mutex_unlock(&cache->lock);
	free(path);
}

static void write_if_more(struct folder *folder, enum folder_cache which, size_t bytes)
{
	struct folder_cache_state *cache = &folder->caches[which];

	if (cache->file.pending.len > bytes) {
		char *path = path_of(folder, which);

		flush(folder, which, path);
		free(path);
	}
}

void folder_caches_write(struct folder *folder)
{
	for (enum folder_cache which = 0; which < FOLDER_CACHES; which++) {
		pthread_mutex_lock(&folder->caches[which].lock);
		write_if_more(folder, which, 0);
		pthread_mutex_unlock(&folder->caches[which].lock);
	}
}

void folder_cache_rest(struct folder *view, enum folder_cache which)
{
	struct folder *folder = folder_common(view);
	struct folder_cache_state *cache = &folder->caches[which];

	pthread_mutex_lock(&cache->lock);
	write_if_more(folder, which, FEW_BYTES);
	cache_file_let_go(&cache->file);
	pthread_mutex_unlock(&cache->lock);
}

size_t folder_cache_missing(struct folder *view, enum folder_cache which, uint32_t from, uint32_t *uids, size_t most)
{
	struct folder *folder = folder_common(view);
	struct folder_cache_state *cache = &folder->caches[which];
	char *path = path_of(folder, which);
	size_t count = 0;
	bool is_there;

	pthread_mutex_lock(&cache->lock);
	is_there = load(folder, which, path) && !cache_file_is_full(&cache->file);
	pthread_mutex_unlock(&cache->lock);
	free(path);
	pthread_mutex_lock(&folder->lock);
	for (size_t i = 0; i < folder->table.count && is_there && count < most; i++) {
		const struct folder_entry *entry = &folder->table.items[i];

		if (entry->uid >= from && folder_entry_is_live(entry) && entry->cached[which] == 0)
			uids[count++] = entry->uid;
	}
	pthread_mutex_unlock(&folder->lock);
	return count;
}
