/*
 * Notes: what the state will have of a message, collected in memory and written at the next checkpoint.
 */
#ifndef LANPOST_SPOOL_NOTE_H
#define LANPOST_SPOOL_NOTE_H

#include "base/err.h"
#include "spool/envelope.h"
#include "spool/event.h"
#include "spool/fact.h"

struct intake;

/* One block of memory with its texts. */
#define NOTE_TEXTS 6
struct note {
	enum { NOTE_EVENT, NOTE_MESSAGE, NOTE_SEEN, NOTE_TROUBLE, NOTE_LOGIN, NOTE_FRIEND, NOTE_FIRST_COPY } kind;
	bool once;    /* an event that the journal may have already, with another time */
	int64_t time; /* microseconds for events, seconds else */
	uint64_t size, digest, body; /* of NOTE_SEEN: the listed size, digests of header and body */
	union {
		const char *texts[NOTE_TEXTS]; /* those of its kind, below; NULL counts as "" */
		struct {
			const char *id, *session, *event, *place, *detail;
		} event;
		struct {
			const char *id, *message_id, *sender, *recipients, *subject, *keywords;
		} message;
		struct {
			const char *mailbox, *uidl, *id;
		} seen;
		struct {
			const char *user, *protocol, *address;
		} login;
		struct {
			const char *why;
		} trouble;
		struct {
			const char *mailbox, *address;
		} friend;
		struct {
			const char *identity, *place, *id, *account, *mailbox;
		} first_copy;
	};
	struct note *next;
};

/* All copy their arguments; any thread may call them, without the lock of the intake. */
void note_event(struct intake *intake, const char *id, const char *session, enum event event, const char *place, const char *detail);
/* Adds the rows of an accepted message: message, "accepted", "dropped" for each omission, UIDL. */
void note_accepted(struct intake *intake, const struct envelope *envelope, struct slice body);
/* Adds the rows of its places, by which copies of it are recognized. Not for a message whose bytes are lost. */
void note_first_copies(struct intake *intake, const struct envelope *envelope);
void note_delivered(struct intake *intake, const struct envelope *envelope,
    const struct place *place, const struct error *error);
void note_facts(struct intake *intake, const struct fact *facts, size_t count);
/* At recovery: what a process that died has delivered, and the facts that it wrote. Nothing is added to events that it has noted itself. */
void note_delivered_before(struct intake *intake, const struct envelope *envelope, const struct place *place);
void note_facts_before(struct intake *intake, const struct fact *facts, size_t count);
/* An address has been written to from this mailbox. */
void note_friend(struct intake *intake, const char *mailbox, const char *address);
/* The disk did not accept a record: reported when possible, see state_trouble_put(). */
void note_trouble(struct intake *intake, const struct error *error);
struct note *note_new(const struct note *note); /* with copies of its texts, freed with it */
void note_free_all(struct note *notes);
/* Writes all notes of the intake to its state, in one transaction; intake->flushing is held. On failure they wait for the next. */
int note_write_all(struct intake *intake, struct error *error);

#endif
