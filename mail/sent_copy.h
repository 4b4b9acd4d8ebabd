/*
 * The copy of a submitted message in the sender's folder Sent ([user] save_sent): one more place of the envelope, so it is accepted with
 * the message, exactly once. A mail program that saves the message itself, before or afterwards, does not make two: a message with the same
 * Message-ID and the same content is one. What differs, or cannot be compared, is kept.
 */
#ifndef LANPOST_MAIL_SENT_COPY_H
#define LANPOST_MAIL_SENT_COPY_H

#include "config/conf.h"
#include "spool/storage/storage.h"

/* The user whose folder gets a copy of this message; NULL: none does. Owned by conf. */
const char *sent_copy_user(const struct conf *conf, const struct envelope *envelope);
/* The user's folder with the special use \Sent, as a mailbox; Sent if there is none. New memory; NULL: cannot be known now. */
char *sent_copy_mailbox(const struct spool *spool, const char *user, struct error *error);

/* From the look at the folder until the message is accepted, no other thread may add a copy of that user. */
void sent_copy_lock(const char *user);
void sent_copy_unlock(const char *user);

/* Adds the place for the user's copy, or notes in the journal why there is none. message: as it will be stored, without the lines that the
 * envelope adds; has_room: within the quota. */
void sent_copy_add(const struct conf *conf, const struct spool *spool, struct envelope *envelope, const char *user, struct slice message,
    bool has_room);

/* The UID of our copy of this message in the folder; 0: there is none. *id: under which that message was accepted. */
uint32_t sent_copy_find_ours(struct folder *folder, struct slice message, char id[72]);

#endif
