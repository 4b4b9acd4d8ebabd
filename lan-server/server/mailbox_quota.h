/*
 * The sizes of mailboxes, for their quota.
 *
 * Measuring a mailbox means listing all its messages, and a client may name it in a thousand recipients. So the result is
 * used for ten times the duration of the measurement, and only one thread at a time measures a mailbox. Thread-safe.
 */
#ifndef LANPOST_LAN_SERVER_MAILBOX_QUOTA_H
#define LANPOST_LAN_SERVER_MAILBOX_QUOTA_H

#include <stdint.h>

struct mailbox_quota;

/* Determines the size of a mailbox in bytes. */
typedef uint64_t (*mailbox_quota_measure_fn)(const void *context, const char *user);

struct mailbox_quota *mailbox_quota_new(void);
void mailbox_quota_free(struct mailbox_quota *quota);
uint64_t mailbox_quota_used(struct mailbox_quota *quota, const char *user, mailbox_quota_measure_fn measure, const void *context);

#endif
