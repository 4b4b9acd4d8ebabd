/*
 * Dates of messages (RFC 5322 section 3.3, with its obsolete forms).
 */
#ifndef LANPOST_MESSAGE_DATE_H
#define LANPOST_MESSAGE_DATE_H

#include "base/str.h"

struct date {
	int64_t time; /* seconds since 1970 */
	int64_t zone; /* seconds east of Greenwich: time + zone is the sender's local time */
};

/* Reads the body of a Date field. A missing or unknown zone is Greenwich; a missing time of day is midnight. False if it is not a date. */
bool date_read(struct slice body, struct date *date);
/* Seconds since 1970 at the beginning of a day of the Gregorian calendar; month 1 to 12. */
int64_t date_of_day(int64_t year, int64_t month, int64_t day);

#endif
