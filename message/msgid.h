/*
 * Ids of messages in our spool: 20 characters of time and chance, never used twice.
 *
 * They sort by time of creation and use only 0-9 a-z, so they may be in file names,
 * POP3 UIDLs and logs as they are.
 */
#ifndef LANPOST_MESSAGE_MSGID_H
#define LANPOST_MESSAGE_MSGID_H

#include "base/str.h"

#define MSGID_LEN 20

struct msgid {
	char text[MSGID_LEN + 1];
};

struct msgid msgid_new(void);
/* An id below all that are made from that moment on (seconds since 1970). */
struct msgid msgid_floor(int64_t wall);
bool msgid_is(struct slice text); /* has the form of one */

#endif
