/*
 * Verifies an entry of the queue for recovery, which has its message from the log: it is written again, or removed, if a power
 * cut or a failure of the disk has damaged it.
 */
#include "spool/queue/queue_priv.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "spool/layout_priv.h"

#include <stdlib.h>
#include <unistd.h>

/* Replaces an entry's message by a new file with these bytes. */
static int rewrite_message(const char *path, const struct slice *parts, size_t count, struct error *error)
{
	char *tmp = xasprintf("%s.tmp", path);
	struct error ignored;
	int result = fsx_create(tmp, parts, count, 0600, error);

	if (result == 0)
		result = fsx_swap_in(tmp, path, error);
	if (result != 0)
		fsx_unlink(tmp, &ignored);
	free(tmp);
	return result;
}

static int verify_message(const struct spool *spool, const struct queue_item *item, struct queue_proof *proof, struct error *error)
{
	char *path = queue_message_path(spool, item, error);
	enum fsx_match match;
	int result;

	proof->is_valid = path != NULL;
	if (path == NULL)
		return queue_is_missing(error) ? 0 : -1;
	result = fsx_compare(path, proof->parts, proof->count, &match, error);
	if (result == 0 && (proof->anew || match != FSX_SAME))
		result = rewrite_message(path, proof->parts, proof->count, error);
	free(path);
	return result;
}

/* Removes an unusable entry that was half-written before a power cut: the log has everything. */
static int remove_remains(const struct spool *spool, struct queue_item *item, struct error *error)
{
	int there;

	while ((there = queue_find(spool, &item->id, &item->state, error)) > 0)
		if (queue_remove(spool, item, error) != 0)
			return -1;
	return there;
}

static int verify(const struct spool *spool, struct queue_item *item, struct queue_proof *proof, struct error *error)
{
	char *path = layout_queue_file(spool, item->state, item->id.text, ".env");
	struct envelope envelope;
	int result;

	fsx_forget(path);
	free(path);
	proof->is_valid = false;
	if (item->state == QUEUE_CORRUPT)
		return remove_remains(spool, item, error);
	if (queue_read(spool, item, &envelope, error) != 0)
		return error->class == ERROR_PERMANENT ? remove_remains(spool, item, error) : -1;
	result = verify_message(spool, item, proof, error);
	if (result == 0 && proof->is_valid && proof->anew)
		result = queue_rewrite(spool, item, &envelope, item->state, error);
	envelope_clear(&envelope);
	return result == 0 && !proof->is_valid ? remove_remains(spool, item, error) : result;
}

int queue_verify(const struct spool *spool, const struct msgid *id, struct queue_proof *proof, struct error *error)
{
	struct queue_item item = {.id = *id};
	int lock = queue_lock(spool, error), result;

	if (lock < 0)
		return -1;
	proof->is_valid = true;
	result = queue_find(spool, id, &item.state, error);
	if (result > 0)
		result = verify(spool, &item, proof, error);
	close(lock);
	return result;
}
