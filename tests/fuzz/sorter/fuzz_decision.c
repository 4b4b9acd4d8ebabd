/*
 * Answers of a sorter process that a message has compromised: refused, or only what the configuration allows. Mail is
 * delivered only to local mailboxes, sent only to addresses that a rule names, dropped only by a rule that drops, and no
 * header line is forged.
 *
 * The input is the answer, two line ends, and the message that it is about.
 */
#include "tests/unit/sorting_office.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_make((const char *)data, size), message = SLICE_NONE;
	const char *gap = size == 0 ? NULL : memmem(data, size, "\n\n", 2);
	struct sorter_decision decision;
	struct envelope envelope;
	struct sorter *sorter;
	const struct conf *conf = sorting_office(&sorter);

	if (gap != NULL) {
		message = slice_from(text, (size_t)(gap - text.ptr) + 2);
		text.len = (size_t)(gap - text.ptr);
	}
	if (!decision_read(conf, message, text, &decision))
		return 0;
	envelope_init(&envelope);
	sorter_fill(conf, message, &envelope, &decision);
	check_envelope(conf, &envelope, &decision, message.len);
	decision_clear(&decision);
	envelope_clear(&envelope);
	return 0;
}
