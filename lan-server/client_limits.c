#include "lan-server/client_limits.h"
#include "base/clock.h"

#define ACCEPTED_PER_REFUSED 4

#define STRANGER_MS (3 * 60 * 1000) /* as Dovecot */
#define KNOWN_MS (30 * 60 * 1000)
#define BUSY_SILENCE_MS (10 * 1000) /* as Postfix under stress */
#define BUSY_STRANGER_MS (30 * 1000)

int64_t client_limits_deadline(const struct client_stay *stay, int64_t now_ms)
{
	bool is_pressed = stay->is_busy && !stay->is_known;
	int64_t silence = stay->timeout_ms, whole = stay->is_known ? KNOWN_MS : STRANGER_MS;

	if (is_pressed && silence > BUSY_SILENCE_MS)
		silence = BUSY_SILENCE_MS;
	if (whole < stay->timeout_ms)
		whole = stay->timeout_ms;
	if (is_pressed)
		whole = BUSY_STRANGER_MS;
	return clock_earlier(now_ms + silence, stay->useful + whole);
}

/* The minimum rate of a message, after a grace period of two timeouts. */
#define BYTES_PER_SECOND 4096

static int64_t worth_until(const struct client_incoming *incoming)
{
	return incoming->begun + incoming->bytes * 1000 / BYTES_PER_SECOND;
}

void client_incoming_begin(struct client_incoming *incoming, int64_t now_ms)
{
	if (incoming->begun == 0)
		*incoming = (struct client_incoming){.begun = now_ms};
}

int64_t client_incoming_add(struct client_incoming *incoming, size_t bytes, int64_t now_ms)
{
	incoming->bytes += (int64_t)bytes;
	return clock_earlier(now_ms, worth_until(incoming));
}

int64_t client_incoming_deadline(const struct client_incoming *incoming, int64_t timeout_ms)
{
	return worth_until(incoming) + 2 * timeout_ms;
}

#define GUESSES_MAX CLIENT_ERRORS_MAX /* that may be typing errors */
#define GUESSES_PER_DELAY 50
#define DELAYS_MAX 8

static bool judge(struct client_limits *limits)
{
	unsigned excused = limits->accepted / ACCEPTED_PER_REFUSED;
	unsigned before = limits->guesses > GUESSES_MAX ? CLIENT_ERRORS_SOFT - 1 : 0;
	unsigned errors = before + limits->errors + (limits->refused > excused ? limits->refused - excused : 0);

	limits->delayed = errors >= CLIENT_ERRORS_SOFT;
	return errors >= CLIENT_ERRORS_MAX;
}

bool client_limits_error(struct client_limits *limits)
{
	limits->errors++;
	return judge(limits);
}

bool client_limits_junk(struct client_limits *limits, uint64_t weight, uint64_t max)
{
	limits->junk += weight;
	return limits->junk > max && client_limits_error(limits);
}

bool client_limits_refused(struct client_limits *limits)
{
	limits->refused++;
	return judge(limits);
}

void client_limits_accepted(struct client_limits *limits)
{
	limits->accepted++;
	limits->progress++;
}

/* Refusals that are not compensated stay errors: otherwise each MAIL would excuse twenty
 * guesses. */
void client_limits_next_message(struct client_limits *limits)
{
	unsigned excused = limits->accepted / ACCEPTED_PER_REFUSED;

	if (limits->refused > excused)
		limits->errors += limits->refused - excused;
	limits->refused = limits->accepted = 0;
}

void client_limits_progress(struct client_limits *limits)
{
	limits->progress++;
}

void client_limits_success(struct client_limits *limits)
{
	limits->errors = limits->refused = limits->accepted = 0;
	limits->junk = 0;
	limits->progress++;
}

int64_t client_limits_delay_ms(struct client_limits *limits)
{
	int64_t delays = limits->delayed ? 1 + limits->guesses / GUESSES_PER_DELAY : 0;

	limits->delayed = false;
	return CLIENT_DELAY_MS * (delays < DELAYS_MAX ? delays : DELAYS_MAX);
}
