/* A Unicode domain becomes ASCII labels that are valid in DNS, or is refused; an ASCII domain is unchanged except for its
 * case. */
#include "message/idn.h"

#include "base/str.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *domain = slice_dup(slice_make((const char *)data, size));
	char ascii[ADDR_DOMAIN_MAX + 1], again[ADDR_DOMAIN_MAX + 1];

	if (idn_to_ascii(domain, ascii, sizeof(ascii))) {
		struct slice rest = slice_of(ascii);

		for (size_t i = 0; i < rest.len; i++)
			assert((unsigned char)rest.ptr[i] < 0x80);
		while (rest.len > 0)
			assert(slice_cut(&rest, '.').len <= 63);
		assert(idn_to_ascii(ascii, again, sizeof(again)) && strcmp(ascii, again) == 0);
	}
	free(domain);
	return 0;
}
