/*
 * The work that one message may cost, in units of about a nanosecond: bytes decoded, compared and searched, each with its
 * own cost. It is counted, not timed, so that a message has the same result on any computer, in sorting, in `lanpost sort`
 * and in `rule test`.
 *
 * A budget belongs to a thread, which works on one message at a time. A caller that requests more than is left must not do
 * the work, and must record that it was not done: the message is delivered anyway, and a report is sent (sorter/message_view.h).
 */
#ifndef LANPOST_MESSAGE_BUDGET_H
#define LANPOST_MESSAGE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* About ten seconds. A thousand rules with regular expressions for a body of 512 KiB need a third of it. */
#define BUDGET_UNITS 16000000000ull

/* Begins the next message: resets the budget, and allows to open converters again
 * (message/charset.h). */
void budget_begin(void);
/* Takes this much from the budget. Returns false if less was left: then the budget is used up,
 * also for all later calls. */
bool budget_spend(uint64_t units);

#endif
