/* Forbidden attachments: any message, with archives in it, is looked through within the limits. */
#include "message/attachment/attachment.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct attachment_types *types;
	static char *patterns[] = {"*.exe", "application/x-dosexec"};
	static const struct strlist names = {patterns, ARRAY_LEN(patterns)};
	struct error error;

	if (types == NULL)
		types = attachment_types_open(&error);
	assert(types != NULL);
	for (unsigned kinds = 0; kinds < 16; kinds += 15) {
		struct attachment_finding finding = {.kind = 0};

		if (attachment_find(types, &(struct attachment_rules){&names, kinds}, slice_make((const char *)data, size), &finding))
			assert((finding.kind & ~kinds) == 0 && utf8_is_valid(slice_of(finding.name)));
	}
	return 0;
}
