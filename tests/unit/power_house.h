/* For tests of power cuts: the state and the intake of a gateway, opened and closed as one. Messages stay in the backlog until something
 * waits for them: no thread changes the disk while it is copied. */
#ifndef LANPOST_TESTS_POWER_HOUSE_H
#define LANPOST_TESTS_POWER_HOUSE_H

#include "spool/log/intake_priv.h"

#define NEVER (3600 * 1000)
#define HOUSE_TEXTS 9

/* The text of message n, of this size at least: it has no repetition, so that no piece can be taken for another. Made once: audits
 * ask for it all the time. */
static inline struct slice house_text(int n, size_t size)
{
	static struct buf texts[HOUSE_TEXTS];
	struct buf *text = &texts[n];

	assert_true(n < HOUSE_TEXTS);
	if (text->len == 0) {
		*text = (struct buf)BUF_INIT(4u << 20);
		buf_printf(text, "Message-ID: <%d@test>\r\nSubject: message %d\r\n\r\n", n, n);
		for (unsigned line = 0; text->len < size; line++)
			buf_printf(text, "line %u of message %d\r\n", line, n);
	}
	return slice_make(text->ptr, text->len);
}

/* Whether a delivered file is that message, complete: headers of ours may precede it. */
static inline bool house_text_ends(struct slice file, struct slice text)
{
	return file.len >= text.len && memcmp(file.ptr + file.len - text.len, text.ptr, text.len) == 0;
}

static bool house_open(struct spool *house, const char *folder)
{
	struct error error;
	struct intake_options options = {.spool = house, .hostname = "gw.test", .writer = "unit", .checkpoint_ms = NEVER,
	    .reuse_after = 1,
	    .delivers_late = true};

	*house = spool_at((char *)(uintptr_t)folder);
	if (state_open(&house->state, house, NULL, &error) != 0)
		return false;
	options.state = house->state;
	if (intake_open(&house->intake, &options, NULL, &error) == 0)
		return true;
	state_close(house->state);
	return false;
}

/* What is delivered and noted is durable, and what is owed by processes that died is made up for. */
static inline void house_checkpoint(struct spool *house)
{
	struct error error;
	size_t recovered;

	for (int i = 0; i < 2; i++) {
		checkpoint_run(house->intake, &error);
		if (house->intake->owed)
			recover_orphans(house->intake, &recovered, &error);
	}
}

static void house_close(struct spool *house)
{
	struct error error;

	intake_close(house->intake, &error); /* on failure all is in the log */
	state_close(house->state);
}

#endif
