/* The queue as files: entries are listed, read, moved and settled, each change under the lock of the queue. */
#include "spool/queue/queue_priv.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "spool/layout_priv.h"
#include "spool/storage/intake.h"

#include <dirent.h>
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#define LOCK_SECONDS 30
#define CLAIM_SECONDS 5

int queue_make(const struct spool *spool, struct error *error)
{
	for (int state = 0; state < QUEUE_STATES; state++) {
		char *path = layout_queue(spool, (enum queue_state)state);
		int result = fsx_make_dirs(path, error);

		free(path);
		if (result != 0)
			return -1;
	}
	return 0;
}

/* --- finding */

static int by_id(const void *a, const void *b)
{
	const struct queue_item *x = a, *y = b;

	return strcmp(x->id.text, y->id.text);
}

static bool envelope_file_id(const char *name, struct msgid *id)
{
	size_t len = strlen(name);

	if (len != MSGID_LEN + 4 || strcmp(name + MSGID_LEN, ".env") != 0 ||
	    !msgid_is(slice_make(name, MSGID_LEN)))
		return false;
	memcpy(id->text, name, MSGID_LEN);
	id->text[MSGID_LEN] = '\0';
	return true;
}

static int list_state(const struct spool *spool, enum queue_state state, struct queue_items *items,
    struct error *error)
{
	char *path = layout_queue(spool, state);
	DIR *dir = opendir(path);
	struct dirent *entry;
	int result = 0;

	if (dir == NULL && errno != ENOENT)
		result = error_errno(error, N_("cannot list %s"), path);
	while (dir != NULL && (errno = 0, entry = readdir(dir)) != NULL) {
		struct queue_item item = {.state = state};

		if (!envelope_file_id(entry->d_name, &item.id))
			continue;
		ARRAY_GROW(items->items, items->count);
		items->items[items->count++] = item;
	}
	if (dir != NULL && errno != 0)
		result = error_errno(error, N_("cannot list %s"), path);
	if (dir != NULL)
		closedir(dir);
	free(path);
	return result;
}

int queue_list(const struct spool *spool, unsigned states, struct queue_items *items, struct error *error)
{
	*items = (struct queue_items){0};
	if (spool->intake != NULL)
		intake_await(spool->intake, NULL);
	for (int state = 0; state < QUEUE_STATES; state++) {
		if ((states & 1u << state) == 0)
			continue;
		if (list_state(spool, (enum queue_state)state, items, error) != 0) {
			queue_items_clear(items);
			return -1;
		}
	}
	if (items->count > 1)
		qsort(items->items, items->count, sizeof(*items->items), by_id);
	return 0;
}

int64_t queue_waiting(const struct spool *spool, int64_t most, int64_t *oldest)
{
	char *path = layout_queue(spool, QUEUE_ACTIVE);
	DIR *dir = opendir(path);
	struct dirent *entry;
	int64_t count = 0;

	while (dir != NULL && (most == 0 || count < most) && (entry = readdir(dir)) != NULL) {
		struct stat status;
		struct msgid id;

		if (!envelope_file_id(entry->d_name, &id) || fstatat(dirfd(dir), entry->d_name, &status, 0) != 0)
			continue;
		if (count++ == 0 || status.st_mtime < *oldest)
			*oldest = status.st_mtime;
	}
	if (dir != NULL)
		closedir(dir);
	free(path);
	return count;
}

void queue_items_clear(struct queue_items *items)
{
	free(items->items);
	*items = (struct queue_items){0};
}

/* Returns 1, 0 if it does not exist, -1 if it cannot be checked: a folder that fails once does not empty the
 * queue. */
static int is_there(const char *path, struct error *error)
{
	if (access(path, F_OK) == 0)
		return 1;
	return errno == ENOENT ? 0 : error_errno(error, N_("cannot stat %s"), path);
}

int queue_find(const struct spool *spool, const struct msgid *id, enum queue_state *state, struct error *error)
{
	for (int i = 0; i < QUEUE_STATES; i++) {
		char *path = layout_queue_file(spool, (enum queue_state)i, id->text, ".env");
		int there = is_there(path, error);

		free(path);
		*state = (enum queue_state)i;
		if (there != 0)
			return there;
	}
	return 0;
}

char *queue_message_path(const struct spool *spool, const struct queue_item *item, struct error *error)
{
	/* Next to its envelope first; a crash during a move may have left it in another folder. */
	for (int i = 0; i < QUEUE_STATES; i++) {
		int state = ((int)item->state + i) % QUEUE_STATES, there;
		char *path = layout_queue_file(spool, (enum queue_state)state, item->id.text, ".msg");

		there = is_there(path, error);
		if (there > 0)
			return path;
		free(path);
		if (there < 0)
			return NULL;
	}
	error_set(error, ERROR_PERMANENT, N_("the message file is missing"));
	error->saved_errno = ENOENT;
	return NULL;
}

int queue_message(const struct spool *spool, const struct queue_item *item, struct slice *bytes, struct error *error)
{
	char *path = queue_message_path(spool, item, error);
	int result = path == NULL ? -1 : fsx_map(path, bytes, error);

	free(path);
	return result;
}

int queue_claim(const struct spool *spool, const struct queue_item *item, bool waits, struct error *error)
{
	int64_t deadline = clock_now_ms() + (waits ? CLAIM_SECONDS * 1000 : 0);
	char *path = queue_message_path(spool, item, error);
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (path != NULL && fd < 0)
		error_errno(error, N_("cannot open %s"), path);
	while (fd >= 0 && !fsx_lock(fd)) {
		if (clock_now_ms() < deadline) {
			poll(NULL, 0, 10);
			continue;
		}
		close(fd);
		fd = error_set(error, ERROR_TEMPORARY, N_("the message is being sent or withdrawn"));
	}
	free(path);
	return fd;
}

bool queue_is_missing(const struct error *error)
{
	return error->saved_errno == ENOENT;
}

/* --- envelopes on disk: the text, then `end <crc32>` */

/* A text that is cut off would lose recipients. */
static int envelope_to_file_text(const struct envelope *envelope, struct buf *out, struct error *error)
{
	envelope_write(envelope, out);
	buf_printf(out, "end %08lx\n",
	    crc32(0, (const unsigned char *)out->ptr, (unsigned)out->len));
	return out->overflow ? error_set(error, ERROR_LIMIT, N_("the envelope of %s is too large"), envelope->id.text) : 0;
}

static int envelope_from_file_text(struct slice text, struct envelope *envelope,
    struct error *error)
{
	static const size_t end_len = sizeof("end 01234567\n") - 1;
	char want[16];

	if (text.len < end_len)
		return error_set(error, ERROR_PERMANENT, N_("the envelope is truncated"));
	snprintf(want, sizeof(want), "end %08lx\n",
	    crc32(0, (const unsigned char *)text.ptr, (unsigned)(text.len - end_len)));
	if (!slice_is(slice_from(text, text.len - end_len), want))
		return error_set(error, ERROR_PERMANENT, N_("the checksum of the envelope is wrong"));
	return envelope_parse(slice_make(text.ptr, text.len - end_len), envelope, error);
}

/* Moves both files of an entry to another state: links the message, moves the envelope, then removes the old
 * message. */
static int move(const struct spool *spool, struct queue_item *item, enum queue_state state,
    struct error *error)
{
	char *from = layout_queue_file(spool, item->state, item->id.text, ".env");
	char *to = layout_queue_file(spool, state, item->id.text, ".env");
	char *message = queue_message_path(spool, item, error);
	char *message_to = layout_queue_file(spool, state, item->id.text, ".msg");
	char *folder = layout_queue(spool, state);
	int result = -1;

	if (message == NULL && !queue_is_missing(error))
		goto out;
	if (message != NULL && strcmp(message, message_to) != 0 &&
	    fsx_link(message, message_to, error) != 0 && error->saved_errno != EEXIST)
		goto out;
	if (fsx_rename(from, to, error) != 0 || fsx_sync_dir(folder, error) != 0)
		goto out;
	if (message != NULL && strcmp(message, message_to) != 0 &&
	    fsx_unlink(message, error) != 0)
		goto out;
	item->state = state;
	result = 0;
out:
	free(from);
	free(to);
	free(message);
	free(message_to);
	free(folder);
	return result;
}

int queue_read(const struct spool *spool, const struct queue_item *item, struct envelope *envelope,
    struct error *error)
{
	char *path = layout_queue_file(spool, item->state, item->id.text, ".env");
	char *data = NULL;
	size_t len;
	int result = fsx_read(path, ENVELOPE_TEXT_MAX, &data, &len, error);

	if (result == 0) {
		result = envelope_from_file_text(slice_make(data, len), envelope, error);
		if (result == 0 && strcmp(envelope->id.text, item->id.text) != 0) {
			envelope_clear(envelope);
			result = error_set(error, ERROR_PERMANENT, N_("the envelope belongs to "
			    "another message"));
		}
		if (result != 0) {
			struct queue_item damaged = *item;
			struct error move_error;

			error_context(error, N_("queue entry %s"), item->id.text);
			if (item->state != QUEUE_CORRUPT &&
			    move(spool, &damaged, QUEUE_CORRUPT, &move_error) != 0)
				error_context(error, "%s", move_error.phrase);
		}
	}
	free(data);
	free(path);
	return result;
}

/* --- changing */

int queue_deliver(const struct spool *spool, const struct envelope *envelope, const char *source,
    const struct slice *parts, size_t count, struct error *error)
{
	struct buf text = BUF_INIT(ENVELOPE_TEXT_MAX);
	char *message = layout_queue_file(spool, QUEUE_ACTIVE, envelope->id.text, ".msg");
	char *tmp = layout_queue_file(spool, QUEUE_ACTIVE, envelope->id.text, ".tmp");
	char *path = layout_queue_file(spool, QUEUE_ACTIVE, envelope->id.text, ".env");
	struct error ignored;
	struct slice data;
	int result = envelope_to_file_text(envelope, &text, error);

	if (result != 0)
		goto out;
	result = -1;
	data = buf_slice(&text);
	fsx_unlink(message, &ignored); /* what a crash may have left */
	if (source == NULL || fsx_link(source, message, error) != 0) {
		struct slice copy = SLICE_NONE;

		if (source != NULL && fsx_map(source, &copy, error) != 0)
			goto out;
		result = source == NULL ? fsx_create(message, parts, count, 0600, error)
					: fsx_create(message, &copy, 1, 0600, error);
		if (result == 0)
			result = fsx_check_map(copy, error);
		fsx_unmap(copy);
		if (result != 0)
			goto out;
	}
	result = -1;
	if (fsx_create(tmp, &data, 1, 0600, error) == 0)
		result = fsx_rename(tmp, path, error);
out:
	buf_clear(&text);
	free(message);
	free(tmp);
	free(path);
	return result;
}

int queue_lock(const struct spool *spool, struct error *error)
{
	char *path = layout_queue_lock(spool);
	int fd = fsx_lock_file(path, LOCK_SECONDS, error);

	free(path);
	return fd;
}

int queue_rewrite(const struct spool *spool, struct queue_item *item, const struct envelope *envelope,
    enum queue_state state, struct error *error)
{
	struct buf text = BUF_INIT(ENVELOPE_TEXT_MAX);
	char *path = layout_queue_file(spool, item->state, item->id.text, ".env");
	int result = envelope_to_file_text(envelope, &text, error);

	if (result == 0)
		result = fsx_replace(path, buf_slice(&text), 0600, error);
	if (result == 0 && state != item->state)
		result = move(spool, item, state, error);
	buf_clear(&text);
	free(path);
	return result;
}

int queue_update(const struct spool *spool, struct queue_item *item, const struct envelope *envelope,
    enum queue_state state, struct error *error)
{
	int lock = queue_lock(spool, error), result;
	enum queue_state now;

	if (lock < 0)
		return -1;
	result = queue_find(spool, &item->id, &now, error);
	if (result > 0) {
		if (now != item->state) /* the admin has moved it meanwhile: it stays there */
			item->state = state = now;
		result = queue_rewrite(spool, item, envelope, state, error);
	}
	close(lock);
	return result;
}

int queue_shift(const struct spool *spool, const struct msgid *id, unsigned from, enum queue_state state, int64_t *next,
    struct error *error)
{
	struct queue_item item = {.id = *id};
	struct envelope envelope;
	int lock = queue_lock(spool, error), there, result;

	if (lock < 0)
		return -1;
	there = queue_find(spool, id, &item.state, error);
	if (there <= 0 || (from & 1u << item.state) == 0) {
		close(lock);
		return there < 0 ? -1 : 0;
	}
	result = queue_read(spool, &item, &envelope, error);
	if (result == 0) {
		if (item.state == QUEUE_HOLD && state == QUEUE_ACTIVE && envelope.next_attempt != 0)
			state = QUEUE_DEFERRED;
		else if (state != QUEUE_HOLD)
			envelope.next_attempt = 0;
		*next = envelope.next_attempt;
		result = queue_rewrite(spool, &item, &envelope, state, error);
		envelope_clear(&envelope);
	}
	close(lock);
	return result == 0 ? 1 : -1;
}

int queue_remove(const struct spool *spool, const struct queue_item *item, struct error *error)
{
	char *path = layout_queue_file(spool, item->state, item->id.text, ".env");
	int result = fsx_unlink(path, error);

	free(path);
	/* The message may be in two folders after a crash in move(). */
	while (result == 0 && (path = queue_message_path(spool, item, error)) != NULL) {
		result = fsx_unlink(path, error);
		free(path);
	}
	return result != 0 || !queue_is_missing(error) ? -1 : 0;
}

/* The outcome of this recipient; NULL if there is none. */
static const struct queue_outcome *find_outcome(const char *recipient, const struct queue_outcome *outcomes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(outcomes[i].recipient, recipient) == 0)
			return &outcomes[i];
	return NULL;
}

static int settle(const struct spool *spool, const struct msgid *id, const struct queue_outcome *outcomes, size_t count,
    struct error *error)
{
	struct queue_item item = {.id = *id};
	struct envelope envelope;
	bool pending = false, changed = false;
	int result;

	result = queue_find(spool, id, &item.state, error);
	if (result <= 0 || item.state == QUEUE_CORRUPT)
		return result < 0 ? -1 : 0;
	if (queue_read(spool, &item, &envelope, error) != 0)
		return -1;
	for (size_t i = 0; i < envelope.place_count; i++) {
		struct place *place = &envelope.places[i];
		const struct queue_outcome *outcome =
		    place->status == PLACE_PENDING ? find_outcome(place->name, outcomes, count) : NULL;

		if (outcome != NULL) {
			place->status = outcome->status;
			envelope_set(&place->reply, slice_of(outcome->reply));
			changed = true;
		}
		pending = pending || place->status == PLACE_PENDING;
	}
	if (!pending)
		result = queue_remove(spool, &item, error);
	else
		result = changed ? queue_rewrite(spool, &item, &envelope, item.state, error) : 0;
	envelope_clear(&envelope);
	return result;
}

int queue_settle(const struct spool *spool, const struct msgid *id, const struct queue_outcome *outcomes, size_t count,
    struct error *error)
{
	int lock = queue_lock(spool, error), result;

	if (lock < 0)
		return -1;
	result = settle(spool, id, outcomes, count, error);
	close(lock);
	return result;
}

int queue_set_aside(const struct spool *spool, const char *name, struct slice bytes, struct error *error)
{
	char *path = layout_queue_file(spool, QUEUE_CORRUPT, name, "");
	int result = fsx_replace(path, bytes, 0600, error);

	free(path);
	return result;
}
