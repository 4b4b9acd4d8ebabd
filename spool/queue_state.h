/*
 * Where an outgoing message is in the queue.
 */
#ifndef LANPOST_SPOOL_QUEUE_STATE_H
#define LANPOST_SPOOL_QUEUE_STATE_H

enum queue_state { QUEUE_ACTIVE, QUEUE_DEFERRED, QUEUE_HOLD, QUEUE_CORRUPT, QUEUE_STATES };

/* "active" and so on: in the output of programs, and names of folders. */
extern const char *const queue_state_names[QUEUE_STATES];

#endif
