/* Arbitrary subjects and replies to a stub. */
#include "message/stub_reply.h"

#include "message/msgid.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = slice_make((const char *)data, size), id;

	if (stub_reply_id(message, &id))
		assert(msgid_is(id));
	stub_reply_has_text(message);
	return 0;
}
