/*
 * A mailbox as one POP3 session sees it: locked against a second session, listed once, changed
 * only at the end.
 */
#ifndef LANPOST_LAN_MAILDROP_H
#define LANPOST_LAN_MAILDROP_H

#include "mail/intake.h"
#include "mail/maildir.h"

/* The mailboxes that are open, shared by all sessions, behind its own mutex. */
struct maildrop_locks;
struct maildrop_locks *maildrop_locks_new(void);
void maildrop_locks_free(struct maildrop_locks *locks);

struct maildrop {
	struct maildrop_locks *locks; /* borrowed, as the next two */
	struct intake *intake;
	const char *spool;
	char *user; /* of the open mailbox; NULL: none is open */
};

/* Locks and lists. Returns 1 if another session has the mailbox, -1 on error. The list is the
 * caller's. */
int maildrop_open(
    struct maildrop *drop, const char *user, struct maildir_list *list, struct error *error);
void maildrop_close(struct maildrop *drop); /* unlocks; fine when none is open */
/* Finds a size not known yet. Returns -1 if the message is gone. */
int maildrop_size(struct maildrop *drop, struct maildir_message *message);
/* Returns -1 if the message is gone. */
int maildrop_read(
    struct maildrop *drop, const struct maildir_message *message, struct slice *bytes);
/* The removal is durable when this returns 0. */
int maildrop_remove(
    struct maildrop *drop, const char *const *uniques, size_t count, struct error *error);

#endif
