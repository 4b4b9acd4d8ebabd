/* Messages that a client appends: accepted by the log like all others, with flags and a time of their own. */
#include "base/alloc.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/mailbox/maildir_flags.h"
#include "spool/mailbox/maildir_name.h"
#include "spool/storage/intake.h"

#include <stdlib.h>

/* Keywords that find no place are left out, as RFC 3501 allows. */
static uint32_t flags_of(struct folder *folder, const struct folder_append *message)
{
	uint32_t flags = message->flags;

	for (size_t i = 0; i < message->keywords.count; i++)
		flags |= folder_keyword(folder, message->keywords.items[i], true);
	return flags;
}

void folder_append_begin(struct folder_append *message, const struct spool *spool, const struct folder_append *before)
{
	*message = (struct folder_append){.id = msgid_new()};
	while (before != NULL && msgid_time_us(slice_of(message->id.text)) <= msgid_time_us(slice_of(before->id.text)))
		message->id = msgid_new();
	body_init(&message->body, spool);
}

static void add_message(struct intake_batch *batch, struct folder *folder, const char *mailbox, struct folder_append *message,
    const char *session)
{
	char letters[MAILDIR_LETTERS_MAX];
	struct envelope envelope;

	envelope_init(&envelope);
	envelope.id = message->id;
	if (message->time > 0)
		envelope.time = message->time;
	envelope_set(&envelope.session, slice_of(session));
	envelope_set(&envelope.flags, slice_of(maildir_flags_letters(flags_of(folder, message), letters)));
	envelope_add(&envelope, PLACE_MAILBOX, slice_of(mailbox), SLICE_NONE);
	intake_batch_append(batch, &envelope, &message->body, NULL, 0);
}

/* The new messages are mostly the last ones. */
static uint32_t uid_of(struct folder *folder, const struct msgid *id)
{
	uint32_t uid = 0;

	pthread_mutex_lock(&folder->lock);
	for (size_t i = folder->table.count; i-- > 0 && uid == 0;) {
		const struct folder_entry *entry = &folder->table.items[i];
		struct slice found;

		if (folder_entry_is_live(entry) && maildir_unique_id(folder_entry_unique(entry), &found) && slice_is(found, id->text))
			uid = entry->uid;
	}
	pthread_mutex_unlock(&folder->lock);
	return uid;
}

static int append_all(struct folder *folder, const char *mailbox, struct folder_append *messages, size_t count, const char *session,
    struct error *error)
{
	struct intake_batch *batch = intake_batch_new(folder->spool->intake);
	int result;

	for (size_t i = 0; i < count; i++)
		add_message(batch, folder, mailbox, &messages[i], session);
	result = intake_batch_commit(batch, error);
	intake_batch_free(batch);
	return result;
}

int folder_append(const struct spool *spool, const char *mailbox, struct folder_append *messages, size_t count, const char *session,
    uint32_t *uids, uint32_t *uid_validity, struct error *error)
{
	struct folder *folder;
	struct error ignored;
	int result;

	if (folder_open(&folder, spool, mailbox, error) != 0)
		return -1;
	result = append_all(folder, mailbox, messages, count, session, error);
	memset(uids, 0, count * sizeof(*uids));
	*uid_validity = folder_uid_validity(folder);
	/* They are accepted, whatever follows. A change of our own in the same tick of the clock does not hide them. */
	folder_scan_again(folder);
	if (result == 0 && folder_refresh(folder, &ignored) == 0)
		for (size_t i = 0; i < count; i++)
			uids[i] = uid_of(folder, &messages[i].id);
	folder_close(folder);
	return result;
}
