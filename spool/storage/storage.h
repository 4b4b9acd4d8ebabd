/*
 * The storage of mail: all that the LAN server, the fetcher, the sessions, the queue to the smarthost and the screens see of it. They
 * include this header alone, and the values that it takes and gives (envelopes, bodies, events, facts); tests/lint.py enforces it.
 *
 * Behind it is one engine, chosen when the program is linked: the intake log (spool/log), Maildir folders (spool/mailbox), the queue's
 * files (spool/queue) and SQLite (spool/state/state). Another engine, such as a server database, implements the functions of these headers
 * over its own struct intake and struct state, and keeps what they promise:
 *
 *  - spool.h: a process opens its spool once and hands it down. Its folder exists with every engine, for what is the gateway's own:
 *    locks, the control socket, its certificate, bodies on their way in. Opening the spool repeats what dead processes still owe.
 *  - intake.h: the only way in and out. A message is accepted, or messages removed, when the call returns 0: durable then, and served
 *    in each place exactly once, whatever dies meanwhile; a reader of this process finds it from then on (intake_await()). A message and
 *    its facts are accepted all together, or not at all. Any thread may call; a batch belongs to one.
 *  - mailbox.h: the messages of a mailbox, the oldest first, each under a UIDL that stays the same for as long as it is there. What is
 *    listed may be gone when it is read.
 *  - queue.h: the entries that wait for the smarthost, each in one state. What became of a recipient is a fact, never a change of the
 *    envelope alone; intake_is_unsettled() says what must not be sent although it is there.
 *  - state.h: what is remembered beside the mail, by subject: state_seen.h (what was fetched), state_journal.h (what happened to each
 *    message), state_triggers.h, state_replies.h, state_problems.h, last_login.h, stub_origin.h, state_friends.h, state_lessons.h,
 *    state_first_copy.h (which places have a message that may come again), state_values.h (numbers of whom they concern, results of
 *    sessions). A process sees at once what it has written; writes of one transaction are durable together. What the intake remembers
 *    (the journal, what was seen, first copies) is there after its next checkpoint, or when intake_write_notes() returns.
 *
 * Every function that can fail returns -1 and sets *error; ERROR_TEMPORARY and ERROR_FULL mean that it may be tried again. Nothing is
 * changed then.
 */
#ifndef LANPOST_SPOOL_STORAGE_H
#define LANPOST_SPOOL_STORAGE_H

#include "spool/spool.h"
#include "spool/storage/folder.h"
#include "spool/storage/folder_order.h"
#include "spool/storage/intake.h"
#include "spool/storage/last_login.h"
#include "spool/storage/mailbox.h"
#include "spool/storage/queue.h"
#include "spool/storage/state.h"
#include "spool/storage/state_first_copy.h"
#include "spool/storage/state_friends.h"
#include "spool/storage/state_journal.h"
#include "spool/storage/state_lessons.h"
#include "spool/storage/state_problems.h"
#include "spool/storage/state_replies.h"
#include "spool/storage/state_seen.h"
#include "spool/storage/state_triggers.h"
#include "spool/storage/state_values.h"
#include "spool/storage/stub_origin.h"

#endif
