/*
 * Hands the lessons (mail/lesson.h) to the scanners for spam, one after the other, while no mail is scanned: one thread of the LAN server.
 *
 * Of several lessons of one message the last one counts. What the scanners have learned already is not sent again. While a scanner is away the lessons wait; one
 * at which a scanner breaks is tried a few times, less and less often, and holds up no other one.
 */
#ifndef LANPOST_LAN_SERVER_LEARNER_H
#define LANPOST_LAN_SERVER_LEARNER_H

struct lan_server;
struct learner;

/* Starts the thread; NULL: that is not possible, and lessons wait for the next start. */
struct learner *learner_start(struct lan_server *server);
/* Gives up the lesson in work, which waits then, and ends the thread. Accepts NULL. */
void learner_stop(struct learner *learner);

#endif
