/*
 * An envelope with an unusual value in each field.
 */
#ifndef LANPOST_TESTS_SAMPLE_ENVELOPE_H
#define LANPOST_TESTS_SAMPLE_ENVELOPE_H

#include "spool/envelope.h"

static inline void make_envelope(struct envelope *envelope)
{
	envelope_init(envelope);
	envelope_set(&envelope->sender, slice_of("иван@example.org"));
	envelope_set(&envelope->uidl, slice_of("a b\n%\x7f\xff"));
	envelope_add_header(envelope, "X-A", slice_of("one\r\nX-Evil: two"));
	strlist_add(&envelope->recipients, "x y@z");
	envelope_add(envelope, PLACE_MAILBOX, slice_of("ivan"), slice_of("rule \"счёт\""));
	envelope_add(envelope, PLACE_QUEUE, slice_of("out@example.net"), SLICE_NONE);
	envelope_add(envelope, PLACE_OWN, slice_of("ivan/Sent"), SLICE_NONE);
	envelope_set(&envelope->own_header, slice_of("Bcc: x y@z\r\n"));
	envelope_set(&envelope->submitter, slice_of("ivan"));
	envelope_set(&envelope->identity, slice_of("0a1b"));
	envelope->is_urgent = true;
	envelope->places[1].notify = DSN_SUCCESS | DSN_DELAY;
	envelope_set(&envelope->places[1].orcpt, slice_of("rfc822;a+2Bb@c"));
	envelope_set(&envelope->envid, slice_of("Q%1"));
	envelope->ret = DSN_RET_FULL;
	envelope_set(&envelope->kept_header, slice_of("X-Kept: a b\r\n"));
	envelope_add_cut(envelope, 3, 4, slice_of("an attachment\r\n"));
	envelope_add_cut(envelope, 9, 0, SLICE_NONE);
	envelope_omit(envelope, slice_of("maria"), slice_of("has it\nalready"));
	envelope_omit(envelope, SLICE_NONE, slice_of("rule \"счёт\""));
	envelope->size = 12;
}

#endif
