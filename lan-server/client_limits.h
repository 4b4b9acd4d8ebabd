/*
 * Limits for errors and for commands that do nothing: the same for SMTP, POP3 and IMAP.
 *
 * From the 10th error on each reply is delayed by a second, the 20th error ends the session. A command that does nothing
 * (NOOP, HELP) is free up to a limit; each one beyond it is an error. Success (a login, an accepted message) resets both
 * counts. For an address with earlier guesses of names the first error is already delayed, the longer the more there were.
 */
#ifndef LANPOST_LAN_CLIENT_LIMITS_H
#define LANPOST_LAN_CLIENT_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLIENT_ERRORS_SOFT 10
#define CLIENT_ERRORS_MAX 20
#define CLIENT_DELAY_MS 1000
#define CLIENT_JUNK_MAX 100 /* consecutive commands that do nothing */

struct client_limits {
	unsigned guesses; /* recent unknown names from the same address; set first */
	unsigned errors;
	uint64_t junk;
	unsigned refused, accepted; /* recipients of one message */
	bool delayed;               /* the next reply must be delayed */
	uint64_t progress;
};

/* How long a client may be silent, and how long it may make no progress, regardless of what it sends. */
struct client_stay {
	bool is_known; /* logged in */
	bool is_busy;  /* most connections are in use: short limits without a login */
	int64_t timeout_ms;
	int64_t useful; /* when it last made progress */
};
/* The deadline for the next command. */
int64_t client_limits_deadline(const struct client_stay *stay, int64_t now_ms);

/* The received bytes of a message, over all its chunks. They extend the deadline: a slow line may send a large message,
 * but a byte now and then is not enough, even in separate chunks. */
struct client_incoming {
	int64_t begun; /* 0: no message in progress */
	int64_t bytes;
};
/* Called for each chunk; only the first one counts. */
void client_incoming_begin(struct client_incoming *incoming, int64_t now_ms);
/* Returns the time up to which the received bytes extend the deadline. */
int64_t client_incoming_add(struct client_incoming *incoming, size_t bytes, int64_t now_ms);
/* The deadline for the next bytes. */
int64_t client_incoming_deadline(const struct client_incoming *incoming, int64_t timeout_ms);

/* Each returns true if the session must end now. */
bool client_limits_error(struct client_limits *limits);
/* Counts a command that did nothing; weight is its cost, max the free limit. */
bool client_limits_junk(struct client_limits *limits, uint64_t weight, uint64_t max);
/* Counts a refused recipient. Four accepted ones compensate it: a long list may contain some old names, a list of guesses
 * contains little else. */
bool client_limits_refused(struct client_limits *limits);
void client_limits_accepted(struct client_limits *limits);
/* The message of these recipients is abandoned or accepted. */
void client_limits_next_message(struct client_limits *limits);

/* The client made progress: it may stay longer. */
void client_limits_progress(struct client_limits *limits);
/* Success: its errors are reset. */
void client_limits_success(struct client_limits *limits);
/* The delay of the reply; called once per command. */
int64_t client_limits_delay_ms(struct client_limits *limits);

#endif
