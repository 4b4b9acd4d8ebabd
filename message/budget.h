/*
 * The work that one message may cost, in units of about a nanosecond: bytes decoded, compared and searched, each by what it costs. Counted, not
 * timed, so that the same message has the same outcome on any computer, in sorting, in `lanpost sort` and in `rule test`.
 *
 * It belongs to the thread, which works on one message at a time. A caller that asks for more than is left must not do that work, and must say that it was
 * not done: the message is delivered all the same, and a report is sent (sorter/view.h).
 */
#ifndef LANPOST_MESSAGE_BUDGET_H
#define LANPOST_MESSAGE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* Some ten seconds. A thousand rules with regular expressions about a body of 512 KiB need a third of it. */
#define BUDGET_UNITS 16000000000ull

/* Another message begins: all is left, and converters may be opened anew (message/charset.h). */
void budget_begin(void);
/* True if this much was left; it is not any more. False: it is used up, from now on too. */
bool budget_spend(uint64_t units);

#endif
