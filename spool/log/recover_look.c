/*
 * Recovery: looks for the files of a message, and compares them with the accepted message.
 */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/maildir.h"
#include "spool/mailbox/maildir_name.h"
#include "spool/queue/queue_priv.h"
#include "spool/log/recover_priv.h"

#include <errno.h>
#include <stdlib.h>

#define BOSS_HEADER_MAX (1u << 20)

struct mailbox_look {
	struct map files; /* id -> "new/..." or "cur/..." */
	bool unreadable;
};

/* --- pass 1: look */

/* A mailbox that cannot be listed does not delay other mail: its deliveries stay owed. */
static void look_at_mailbox(struct recovery *recovery, const char *user)
{
	struct mailbox_look *look;
	struct error error;

	if (map_get(&recovery->standing, slice_of(user)) != NULL)
		return;
	look = xcalloc(1, sizeof(*look));
	map_put(&recovery->standing, slice_of(user), look);
	look->unreadable = maildir_files(recovery->intake->spool, user, &look->files, &error) != 0;
	if (look->unreadable)
		log_warnx("event=mailbox-unreadable user=%s reason=%s (its mail stays in the log)", LOG_CSTR(user),
		    LOG_ERROR(&error));
}

int recover_look(struct recovery *recovery, void *context, struct record *record, struct slice body, struct error *error)
{
	struct orphan *orphan = context;
	enum queue_state state;
	int queued;

	(void)body;
	for (size_t i = 0; i < record->fact_count; i++)
		orphan->has_facts = orphan->has_facts || record->facts[i].kind != FACT_ATTEMPT;
	if (!record->has_message)
		return 0;
	queued = queue_find(recovery->intake->spool, &record->envelope.id, &state, error);
	if (queued < 0)
		return -1;
	if (queued > 0)
		map_put(&recovery->queued, slice_of(record->envelope.id.text), (void *)1);
	for (size_t i = 0; i < record->envelope.place_count; i++) {
		const struct place *place = &record->envelope.places[i];

		if (place_is_mailbox(place->kind) &&
		    (orphan->trust != LOG_DURABLE ||
			intake_debt(recovery->intake, &record->envelope, place) == DEBT_UNSEEN))
			look_at_mailbox(recovery, place->name);
	}
	return 0;
}

void recover_look_clear(struct recovery *recovery)
{
	struct slice key;
	void *value;

	for (size_t at = 0; map_next(&recovery->standing, &at, &key, &value);) {
		struct mailbox_look *look = value;
		struct slice id;
		void *file;

		for (size_t inner = 0; map_next(&look->files, &inner, &id, &file);)
			free(file);
		map_clear(&look->files);
		free(look);
	}
	map_clear(&recovery->standing);
	map_clear(&recovery->queued);
}

/* --- pass 2: compare */

static void cannot_tell(struct recovery *recovery, const struct place *place, const struct error *error)
{
	log_warnx("event=recovery-waits id=%s place=%s reason=%s (will be tried again)", recovery->delivery->envelope->id.text,
	    LOG_CSTR(place->name), LOG_ERROR(error));
	intake_owe(recovery->intake, recovery->delivery->envelope, place, DEBT_UNSEEN);
	recovery->failed++;
}

/* Changes of the file by another program must not be lost. */
static int keep_other_bytes(struct recovery *recovery, const struct place *place, const char *path, struct error *error)
{
	char *name = xasprintf("%s-%s.other", recovery->delivery->envelope->id.text, place->name);
	struct slice bytes;
	int result = fsx_map(path, &bytes, error);

	if (result == 0) {
		result = recover_set_aside(recovery, name, bytes, error);
		fsx_unmap(bytes);
	}
	free(name);
	return result;
}

static int compare(struct recovery *recovery, const struct place *place, const char *file, enum fsx_match *match,
    struct error *error)
{
	struct slice parts[DELIVER_PARTS];
	struct buf header = BUF_INIT(BOSS_HEADER_MAX);
	size_t count = deliver_parts(recovery->delivery, place, &header, parts);
	char *path = layout_mailbox(recovery->intake->spool, place->name, file);
	int result = fsx_compare(path, parts, count, match, error);

	if (result == 0 && *match == FSX_OTHER)
		result = keep_other_bytes(recovery, place, path, error);
	buf_clear(&header);
	free(path);
	return result;
}

/* Whether a file that was found in pass 1 must be written again. It may have been renamed or removed since. */
static bool is_to_be_rewritten(struct recovery *recovery, const struct place *place, const char *file)
{
	const char *user = place->name, *slash = strchr(file, '/');
	char *now = xstrdup(file), *unique = slice_dup(maildir_unique(slash + 1));
	enum fsx_match match = FSX_SAME;
	struct error error = ERROR_INIT;
	int result = compare(recovery, place, now, &match, &error);

	if (result != 0 && error.saved_errno == ENOENT) {
		free(now);
		result = maildir_find(recovery->intake->spool, user, unique, &now, &error);
		if (result == 0 && now != NULL)
			result = compare(recovery, place, now, &match, &error);
	}
	free(unique);
	if (result != 0)
		cannot_tell(recovery, place, &error);
	if (result != 0 || now == NULL || (match == FSX_SAME && recovery->orphan->trust != LOG_DOUBTFUL)) {
		free(now);
		return false;
	}
	recovery->over = now;
	return true;
}

static bool wants_mailbox(struct recovery *recovery, const struct envelope *envelope, const struct place *place)
{
	const struct mailbox_look *look = map_get(&recovery->standing, slice_of(place->name));
	char *unique = maildir_name(envelope->time, &envelope->id, recovery->intake->hostname, 0);
	const char *file;
	bool removed;

	unique[strcspn(unique, ",")] = '\0';
	removed = recover_has_fact(recovery, FACT_REMOVE, "", place->name, unique);
	free(unique);
	if (removed)
		return false;
	if (look == NULL || look->unreadable) {
		struct error error;

		error_set(&error, ERROR_IO, N_("cannot list the mailbox"));
		cannot_tell(recovery, place, &error);
		return false;
	}
	file = map_get(&look->files, slice_of(envelope->id.text));
	return file == NULL || is_to_be_rewritten(recovery, place, file);
}

void recover_check_queue(struct recovery *recovery)
{
	const struct envelope *envelope = recovery->delivery->envelope;
	struct slice parts[DELIVER_PARTS];
	struct buf unused = BUF_INIT(1);
	static char name[] = "queue";
	const struct place queue = {.kind = PLACE_QUEUE, .name = name};
	struct queue_proof proof = {.parts = parts};
	struct error error;

	recovery->queue_stands = map_get(&recovery->queued, slice_of(envelope->id.text)) != NULL;
	if (!recovery->queue_stands || recovery->orphan->trust == LOG_DURABLE)
		return;
	proof.count = deliver_parts(recovery->delivery, &queue, &unused, parts);
	proof.anew = recovery->orphan->trust == LOG_DOUBTFUL;
	if (queue_verify(recovery->intake->spool, &envelope->id, &proof, &error) == 0) {
		recovery->queue_stands = proof.is_valid;
		return;
	}
	/* Unknown: it counts as being there, and is checked again. */
	for (size_t i = 0; i < envelope->place_count; i++)
		if (envelope->places[i].kind == PLACE_QUEUE)
			cannot_tell(recovery, &envelope->places[i], &error);
}

static bool is_wanted(struct recovery *recovery, const struct envelope *envelope, const struct place *place)
{
	const char *id = envelope->id.text;
	enum debt debt = intake_debt(recovery->intake, envelope, place);

	if (recovery->orphan->trust == LOG_DURABLE && debt == DEBT_NONE)
		return false;
	switch (place->kind) {
	case PLACE_QUEUE:
		return !recovery->queue_stands && !recover_has_fact(recovery, FACT_SENT, id, place->name, "");
	case PLACE_DAEMON:
		return !recover_has_fact(recovery, FACT_TRIGGER_DONE, id, "", "");
	case PLACE_REPLY:
		return !recover_has_fact(recovery, FACT_REPLY_DONE, id, "", "");
	case PLACE_MAILBOX:
	case PLACE_BOSS:
	case PLACE_OWN:
		break;
	}
	if (recovery->orphan->trust == LOG_DURABLE && debt == DEBT_OWED)
		return true;
	return wants_mailbox(recovery, envelope, place);
}

bool recover_wants(void *context, const struct envelope *envelope, const struct place *place)
{
	struct recovery *recovery = context;
	size_t unknown = recovery->failed;
	bool wanted;

	free(recovery->over);
	recovery->over = NULL;
	wanted = is_wanted(recovery, envelope, place);
	if (!wanted && recovery->failed == unknown && recovery->orphan->trust != LOG_DURABLE)
		note_delivered_before(recovery->intake, envelope, place);
	return wanted;
}
