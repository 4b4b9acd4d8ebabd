/*
 * How many errors a client may make, and how many commands it may send that do nothing: the same for SMTP and POP3.
 *
 * From the 10th error on each one is answered a second late, the 20th ends the session. A command that does nothing (NOOP, HELP)
 * is free up to a limit; each one beyond it is an error. Success (a login, an accepted message) starts both counts anew. Where
 * somebody has guessed names before, the first error is late already, and later the more there were.
 */
#ifndef LANPOST_LAN_CLIENT_LIMITS_H
#define LANPOST_LAN_CLIENT_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLIENT_ERRORS_SOFT 10
#define CLIENT_ERRORS_MAX 20
#define CLIENT_DELAY_MS 1000
#define CLIENT_JUNK_MAX 100 /* commands in a row that do nothing */

struct client_limits {
	unsigned guesses; /* unknown names from the same address lately; set before all else */
	unsigned errors;
	uint64_t junk;
	unsigned refused, accepted; /* recipients of one message */
	bool delayed;               /* the next reply is to be late */
	uint64_t progress;
};

/* How long a client may be silent, and how long it may stay without doing what it is here for, whatever it says meanwhile. */
struct client_stay {
	bool is_known; /* logged in */
	bool is_busy;  /* most places are taken: be short with strangers */
	int64_t timeout_ms;
	int64_t useful; /* when it last did what it is here for */
};
/* Until when the next command has to come. */
int64_t client_limits_deadline(const struct client_stay *stay, int64_t now_ms);

/* The bytes of a message that is coming, over all its chunks. They buy time: a slow line may send a large one, but a byte now and
 * then is not enough, be it in chunks of its own. */
struct client_incoming {
	int64_t begun; /* 0: none is coming */
	int64_t bytes;
};
/* At each chunk; only the first one counts. */
void client_incoming_begin(struct client_incoming *incoming, int64_t now_ms);
/* Returns up to when what has come was worth the client's place. */
int64_t client_incoming_add(struct client_incoming *incoming, size_t bytes, int64_t now_ms);
/* Until when the next bytes have to come, however often some do. */
int64_t client_incoming_deadline(const struct client_incoming *incoming, int64_t timeout_ms);

/* Each returns true if the session is to end now. */
bool client_limits_error(struct client_limits *limits);
/* A command that did nothing; weight reports what it cost us, max how much of that is free. */
bool client_limits_junk(struct client_limits *limits, uint64_t weight, uint64_t max);
/* A recipient was refused. Four that were accepted outweigh one: a long list may hold some old names, a list of guesses holds little
 * else. */
bool client_limits_refused(struct client_limits *limits);
void client_limits_accepted(struct client_limits *limits);
/* The message whose recipients these were is given up or accepted. */
void client_limits_next_message(struct client_limits *limits);

/* The client did what it is here for: it may stay longer. */
void client_limits_progress(struct client_limits *limits);
/* So well that its errors are forgotten. */
void client_limits_success(struct client_limits *limits);
/* How long the reply has to wait; asked for once per command. */
int64_t client_limits_delay_ms(struct client_limits *limits);

#endif
