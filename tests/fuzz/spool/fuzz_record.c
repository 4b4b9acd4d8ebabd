/*
 * Heads of log records and envelopes: a head that can be read is written the same way again.
 */
#include "spool/log/record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once = BUF_INIT(1u << 24), twice = BUF_INIT(1u << 24);
	struct record record, again;
	struct error error;

	if (record_parse(slice_make((const char *)data, size), &record, &error) != 0)
		return 0;
	record_write(record.facts, record.fact_count, record.has_message ? &record.envelope : NULL,
	    record.body_in_file ? &record.checksum : NULL, &once);
	if (record_parse(buf_slice(&once), &again, &error) != 0)
		abort();
	record_write(again.facts, again.fact_count, again.has_message ? &again.envelope : NULL,
	    again.body_in_file ? &again.checksum : NULL, &twice);
	if (!slice_equal(buf_slice(&once), buf_slice(&twice)))
		abort();
	record_clear(&record);
	record_clear(&again);
	buf_clear(&once);
	buf_clear(&twice);
	return 0;
}
