/*
 * Where a stub was when its user asked for the whole message by IMAP, perhaps by moving it to the folder Fetch: the whole message goes there.
 * A value of the state.
 */
#ifndef LANPOST_SPOOL_STUB_ORIGIN_H
#define LANPOST_SPOOL_STUB_ORIGIN_H

#include "spool/storage/state.h"

/* Durable when it returns 0. id: of the stub. */
int stub_origin_put(struct state *state, const char *user, const char *id, const char *mailbox, struct error *error);
/* The mailbox; NULL if it is not known. New memory. */
char *stub_origin_get(struct state *state, const char *user, const char *id);
void stub_origin_forget(struct state *state, const char *user, const char *id);

#endif
