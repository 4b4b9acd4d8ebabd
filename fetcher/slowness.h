/*
 * How patiently a session waits for a provider. The time spent waiting counts, less what the received bytes and replies are worth on the
 * slowest usable line: so a modem that is shared by many accounts may take hours for a large message, and a server that sends a byte now
 * and then, over any number of messages, holds the session for ten minutes.
 */
#ifndef LANPOST_FETCHER_SLOWNESS_H
#define LANPOST_FETCHER_SLOWNESS_H

#include <stddef.h>
#include <stdint.h>

#define SLOWNESS_MAX_MS (10 * 60 * 1000)
#define SLOWNESS_BYTES_PER_SECOND 100 /* a twelfth of 9.6 kbit/s */
#define SLOWNESS_REPLY_MS 5000	      /* a command and its reply over a satellite and a busy server */

struct slowness {
	int64_t lost_ms;
};

/* After a wait that brought this many bytes. */
void slowness_waited(struct slowness *slowness, int64_t ms, size_t bytes);
/* After the end of a reply or a message. */
void slowness_answered(struct slowness *slowness);
/* How long a wait may be now; 0: the server is too slow. */
int64_t slowness_left_ms(const struct slowness *slowness);

#endif
