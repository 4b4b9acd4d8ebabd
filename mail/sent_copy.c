#include "mail/sent_copy.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "mail/route.h"
#include "message/header.h"
#include "message/imap/folder_use.h"
#include "message/imap/same_message.h"
#include "mail/lesson.h"
#include "spool/mailbox_name.h"

#include <pthread.h>
#include <stdlib.h>

#define LOOKED_AT_MAX 300   /* messages, the last ones */
#define WITHIN (3 * 86400) /* seconds: how long before may a program have saved it */
#define BCC_MAX (1u << 20)

/* --- whose */

/* Commands to the daemon are eaten, and so are messages to be learned; nobody gets what is in quarantine: there is nothing to keep of them. */
static bool goes_to_people(const struct envelope *envelope)
{
	for (size_t i = 0; i < envelope->place_count; i++) {
		const struct place *place = &envelope->places[i];

		if (place->kind != PLACE_DAEMON && place->kind != PLACE_BOSS && strcmp(place->name, MAILBOX_QUARANTINE) != 0 &&
		    !lesson_is_mailbox(place->name))
			return true;
	}
	return false;
}

const char *sent_copy_user(const struct conf *conf, const struct envelope *envelope)
{
	const struct conf_user *user = envelope->submitter[0] == '\0' ? NULL : conf_find_user(conf, envelope->submitter);

	return user != NULL && user->save_sent && envelope->sender[0] != '\0' && goes_to_people(envelope) ? user->name : NULL;
}

char *sent_copy_mailbox(const struct spool *spool, const char *user, struct error *error)
{
	struct strlist folders = {.items = NULL};
	char *mailbox = NULL;

	if (folder_names(spool, user, &folders, error) == 0)
		mailbox = mailbox_name_of(user, folder_with_use(&folders, FOLDER_USE_SENT));
	strlist_clear(&folders);
	return mailbox;
}

/* --- one at a time for each user */

static pthread_mutex_t locks[] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};

static pthread_mutex_t *lock_of(const char *user)
{
	size_t sum = 0;

	for (; *user != '\0'; user++)
		sum = sum * 31 + (unsigned char)*user;
	return &locks[sum % ARRAY_LEN(locks)];
}

void sent_copy_lock(const char *user)
{
	pthread_mutex_lock(lock_of(user));
}

void sent_copy_unlock(const char *user)
{
	pthread_mutex_unlock(lock_of(user));
}

/* --- is it there already? */

/* Our own copies have the line that we have added to them. */
static bool is_ours(struct slice message, const char *id)
{
	struct header_field field;

	return header_find(message, "Received", &field) && slice_contains(field.body, id);
}

static bool is_same(struct folder *folder, uint32_t uid, struct slice message, bool only_ours, char id[72])
{
	struct error error;
	struct slice other;
	bool same;

	if (folder_read(folder, uid, &other, id, &error) != 0)
		return false;
	same = (!only_ours || is_ours(other, id)) && same_message_header(other, message) && same_message_content(other, message) &&
	       fsx_check_map(other, &error) == 0;
	fsx_unmap(other);
	return same;
}

static uint32_t find(struct folder *folder, struct slice message, bool only_ours, char id[72])
{
	int64_t since = clock_wall() - WITHIN;
	struct header_field field;
	uint32_t *uids, found = 0;
	size_t count;

	if (!header_find(message, "Message-ID", &field))
		return 0;
	count = folder_uids(folder, &uids);
	for (size_t i = count; i > 0 && count - i < LOOKED_AT_MAX && found == 0; i--) {
		struct folder_message look;

		folder_look(folder, &uids[i - 1], 1, &look);
		if (look.uid != 0 && (look.time >= since || look.saved >= since) && is_same(folder, look.uid, message, only_ours, id))
			found = look.uid;
	}
	free(uids);
	return found;
}

uint32_t sent_copy_find_ours(struct folder *folder, struct slice message, char id[72])
{
	return find(folder, message, true, id);
}

/* A copy that cannot be looked for is not there. */
static bool is_saved(const struct spool *spool, const char *mailbox, struct slice message)
{
	struct error error = ERROR_INIT;
	struct folder *folder;
	char id[72];
	bool saved;

	if (folder_exists(spool, mailbox, &error) <= 0)
		return false;
	if (folder_open(&folder, spool, mailbox, &error) != 0) {
		log_warnx("event=mailbox-unreadable mailbox=%s reason=%s", LOG_CSTR(mailbox), LOG_ERROR(&error));
		return false;
	}
	saved = find(folder, message, false, id) != 0;
	folder_close(folder);
	return saved;
}

/* --- Bcc: the recipients that the header does not name */

static bool is_recipient(const struct conf *conf, const struct addr_item *item, struct addr wanted)
{
	struct addr found = item->addr;

	route_qualify(conf, &found);
	route_qualify(conf, &wanted);
	return item->valid && slice_is_nocase(slice_of(found.local), wanted.local) && slice_is_nocase(slice_of(found.domain), wanted.domain);
}

static bool names(const struct conf *conf, struct slice message, const struct addr *recipient)
{
	static const char *const fields[] = {"To", "Cc", "Resent-To", "Resent-Cc"};
	struct header_walk walk;
	struct header_field field;

	header_walk_init(&walk, message);
	while (header_walk_next(&walk, &field))
		for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
			struct addr_item item;
			size_t at = 0;

			while (slice_is_nocase(field.name, fields[i]) && addr_list_next(field.body, &at, &item))
				if (is_recipient(conf, &item, *recipient))
					return true;
		}
	return false;
}

/* As mail programs write it into the copies that they keep. */
static char *bcc_field(const struct conf *conf, const struct envelope *envelope, struct slice message)
{
	struct buf field = BUF_INIT(BCC_MAX);

	for (size_t i = 0; i < envelope->recipients.count; i++) {
		const char *recipient = envelope->recipients.items[i];
		struct addr addr;

		if (!addr_parse(slice_of(recipient), &addr) || !names(conf, message, &addr))
			buf_printf(&field, "%s%s", field.len == 0 ? "Bcc: " : ",\r\n ", recipient);
	}
	if (field.len > 0)
		buf_append_text(&field, "\r\n");
	return buf_take(&field);
}

/* --- the place */

static void explain(struct envelope *envelope, const char *mailbox, const char *why)
{
	log_info("event=sent-copy-not-made id=%s mailbox=%s reason=%s", envelope->id.text, LOG_CSTR(mailbox), LOG_CSTR(why));
	envelope_omit(envelope, slice_of(mailbox), slice_of(why));
}

void sent_copy_add(const struct conf *conf, const struct spool *spool, struct envelope *envelope, const char *user, struct slice message,
    bool has_room)
{
	struct error error = ERROR_INIT;
	char *mailbox = sent_copy_mailbox(spool, user, &error);

	if (mailbox == NULL) {
		log_warnx("event=mailbox-unreadable mailbox=%s reason=%s", LOG_CSTR(user), LOG_ERROR(&error));
		mailbox = mailbox_name_of(user, "Sent");
	}
	if (!has_room) {
		explain(envelope, mailbox, PHRASE(N_("the mailbox is full: the message is sent, but no copy is kept")));
	} else if (is_saved(spool, mailbox, message)) {
		explain(envelope, mailbox, PHRASE(N_("the mail program has saved a copy already")));
	} else {
		free(envelope->own_header);
		envelope->own_header = bcc_field(conf, envelope, message);
		envelope_add(envelope, PLACE_OWN, slice_of(mailbox), slice_of(PHRASE(N_("copy of a sent message"))));
	}
	free(mailbox);
}
