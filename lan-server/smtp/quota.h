/*
 * How full mailboxes are, for their quota.
 *
 * To measure one is to list all its messages, and a client may name it in a thousand recipients. So what took long to find is
 * believed for ten times as long, and a mailbox is measured by one thread at a time. Any thread may call.
 */
#ifndef LANPOST_LAN_SERVER_QUOTA_H
#define LANPOST_LAN_SERVER_QUOTA_H

#include <stdint.h>

struct quota;

/* Finds out how many bytes a mailbox holds. */
typedef uint64_t (*quota_measure_fn)(const void *context, const char *user);

struct quota *quota_new(void);
void quota_free(struct quota *quota);
uint64_t quota_used(struct quota *quota, const char *user, quota_measure_fn measure, const void *context);

#endif
