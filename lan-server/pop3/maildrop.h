/*
 * A mailbox as one POP3 session sees it: locked against a second session, listed once, changed
 * only at the end. POP3 has no folders: if a filter delivers spam to the folder Junk, its messages are among the others.
 *
 * A session that has been silent for MAILDROP_SILENT_MS may be a dead connection: a new login then gets the
 * mailbox. Nothing is lost, since only QUIT removes messages.
 */
#ifndef LANPOST_LAN_SERVER_MAILDROP_H
#define LANPOST_LAN_SERVER_MAILDROP_H

#include "base/map.h"
#include "spool/storage/storage.h"

#include <netinet/in.h>

/* The mailboxes that are open, shared by all sessions, behind its own mutex. */
struct maildrop_locks;
struct maildrop_locks *maildrop_locks_new(void);
#define MAILDROP_SILENT_MS (30 * 1000)
void maildrop_locks_free(struct maildrop_locks *locks);

struct maildrop {
	struct maildrop_locks *locks; /* borrowed, as the next one */
	const struct spool *spool;
	bool shows_junk;	 /* the messages of the folder Junk, too */
	int64_t login_delay;	 /* minimum ms between two logins; 0: none */
	int fd;			 /* of the session's connection, shut down if the mailbox is taken from it */
	_Atomic int64_t *heard;	 /* when the client last sent something (clock_now_ms); of its session */
	const char *session;	 /* its id and its client, for the log */
	struct in6_addr client;
	char *user;		 /* of the open mailbox; NULL: none is open */
	char *junk;		 /* the folder Junk of that user */
	struct map in_junk;	 /* unique names of its messages */
	struct maildrop *next;	 /* of the open mailboxes, under the locks' mutex */
};

enum maildrop_outcome {
	MAILDROP_OPEN,
	MAILDROP_IN_USE,   /* another session has the mailbox */
	MAILDROP_TOO_SOON, /* earlier than login_delay allows */
	MAILDROP_FAILED,   /* error has the reason */
};

/* Locks and lists. The caller owns the list, if it is open. */
enum maildrop_outcome maildrop_open(
    struct maildrop *drop, const char *user, struct mailbox_list *list, struct error *error);
void maildrop_close(struct maildrop *drop); /* unlocks; does nothing if none is open */
/* Determines an unknown size. Returns -1 if the message is gone. */
int maildrop_size(struct maildrop *drop, struct mailbox_message *message);
/* The bytes are valid until maildrop_done(). Returns -1 if the message is gone. */
int maildrop_read(
    struct maildrop *drop, const struct mailbox_message *message, struct slice *bytes);
void maildrop_done(struct maildrop *drop, struct slice bytes);
/* Whether the bytes read so far are those of the message. */
bool maildrop_is_intact(struct maildrop *drop, struct slice bytes);
/* The removal is durable when this returns 0. */
int maildrop_remove(
    struct maildrop *drop, const char *const *uniques, size_t count, struct error *error);

#endif
