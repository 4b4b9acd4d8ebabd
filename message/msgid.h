/*
 * Ids of messages in the spool: 20 characters of time and random bits, never used twice.
 *
 * They sort by time of creation and use only 0-9 a-z, so they can be used in file names, POP3
 * UIDLs and logs.
 */
#ifndef LANPOST_MESSAGE_MSGID_H
#define LANPOST_MESSAGE_MSGID_H

#include "base/str.h"

#define MSGID_LEN 20

struct msgid {
	char text[MSGID_LEN + 1];
};

struct msgid msgid_new(void);
/* An id that is lower than all ids created from that time on (seconds since 1970). */
struct msgid msgid_floor(int64_t wall);
/* When an id was made: microseconds since 1970. */
int64_t msgid_time_us(struct slice id);
bool msgid_is(struct slice text); /* whether the text has the form of an id */

#endif
