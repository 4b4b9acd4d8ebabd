/*
 * The layout of the spool: what the engine keeps in it, beside the gateway's own files (layout.h).
 *
 *     spool/
 *       version  lanpostd.lock  control.sock  line.up  reserve
 *       login-salt.key                    for the salts of unknown names (lan-server/login/auth_config.h)
 *       login-notes                       where each user is known, and who is shut out (lan-server/login/ban_notes.h)
 *       state.db  seen.db*                the state of the gateway (spool/storage/state.h)
 *       wal/                              the intake log: segments, and bodies ID.msg beside them (spool/log/wal.h)
 *       partial/                          beginnings of messages whose transfer was cut (spool/partial.h)
 *       mailboxes/USER/{new,cur,tmp}      Maildir (spool/mailbox/maildir.h)
 *       mailboxes/USER/.FOLDER/{new,cur,tmp}   its folders (Maildir++); beside new/ the UIDs and keywords (spool/storage/folder.h)
 *       mailboxes/USER/lanpost-outbox/    what stands for the queue entries of the user (spool/mailbox/folder_outbox.c)
 *       archive/USER/YYYY-MM/             old messages (spool/mailbox/mail_archive.h)
 *       queue/{active,deferred,hold,corrupt}/ID.{env,msg}   outgoing messages (spool/storage/queue.h)
 *       sign-in/                          tokens of providers (spool/sign_in_file.h)
 *       tls/                              the gateway's own certificate and its key
 *
 * Each function returns the path in new memory. The caller has checked external names (users, ids, file names): none
 * contains a slash, except that of a mailbox (spool/mailbox_name.h).
 */
#ifndef LANPOST_SPOOL_LAYOUT_PRIV_H
#define LANPOST_SPOOL_LAYOUT_PRIV_H

#include "spool/layout.h"
#include "spool/queue_state.h"

char *layout_reserve(const struct spool *spool);
char *layout_state(const struct spool *spool);
/* suffix: "", or that of an additional file. */
char *layout_state_file(const struct spool *spool, const char *suffix);
char *layout_seen(const struct spool *spool, const char *suffix);
/* file "": the folder. */
char *layout_wal(const struct spool *spool, const char *file);
char *layout_body(const struct spool *spool, const char *id);
/* file "": the folder. */
char *layout_partial(const struct spool *spool, const char *file);
char *layout_mailboxes(const struct spool *spool);
/* mailbox: "ivan" or "ivan/Archive/2026" (spool/mailbox_name.h). file: below it, such as "new/NAME"; "": the mailbox itself. */
char *layout_mailbox(const struct spool *spool, const char *mailbox, const char *file);
/* In place of a folder: that of Outbox, which is no folder of mail (spool/mailbox/folder_outbox.c). No client can name it. */
#define LAYOUT_OUTBOX "/outbox"
char *layout_archive(const struct spool *spool);
char *layout_archive_month(const struct spool *spool, const char *mailbox, int year, int month);
/* The folder of all states, and that of one state. */
char *layout_queues(const struct spool *spool);
char *layout_queue(const struct spool *spool, enum queue_state state);
/* suffix: ".env" or ".msg", or "" if name includes it. */
char *layout_queue_file(const struct spool *spool, enum queue_state state, const char *name, const char *suffix);
char *layout_queue_lock(const struct spool *spool);

#endif
