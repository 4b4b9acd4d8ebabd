/*
 * Delivery of a message into a mailbox, without a sync: the intake log has it until a checkpoint.
 */
#ifndef LANPOST_SPOOL_MAILDIR_DELIVER_H
#define LANPOST_SPOOL_MAILDIR_DELIVER_H

#include "base/err.h"
#include "spool/spool.h"

/* Where a message goes; borrowed. */
struct maildir_target {
	const char *mailbox, *name; /* name: of the file (maildir_name), with flags if it is to be in cur/ */
	/* A file of the mailbox with the same unique name, which is replaced (flags are kept); if it is gone meanwhile, nothing
	 * is delivered. NULL: none. */
	const char *over;
};
/* Writes a message into the mailbox (tmp, then new) without sync. parts: header lines and body. */
int maildir_deliver(const struct spool *spool, const struct maildir_target *target, const struct slice *parts, size_t count,
    struct error *error);
/* The same for a header of a multiple of FSX_BLOCK bytes followed by the bytes of another file (fsx_create_sharing).
 * Returns -1 if that is not possible: the caller then delivers the bytes. */
int maildir_deliver_sharing(const struct spool *spool, const struct maildir_target *target, struct slice header, const char *source,
    struct error *error);
/* Delivers by hard link to a file in another mailbox. Returns -1 if that is not possible (another file
 * system, too many links, source gone, existing name): the caller then delivers the bytes. */
int maildir_deliver_link(const struct spool *spool, const struct maildir_target *target, const char *source, struct error *error);

#endif
