/* Configurations of fetchmail, mpop and getmail: any bytes may be read, and each account has a server and a name of its own. */
#include "ui-tui/import/import.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import import;
	struct error error = ERROR_INIT;

	if (import_read(slice_make((const char *)data, size), &import, &error) == 0)
		for (size_t i = 0; i < import.count; i++) {
			assert(import.accounts[i].host[0] != '\0' && import.accounts[i].name[0] != '\0');
			assert(!import_has_other(&import, &import.accounts[i], import.accounts[i].name));
		}
	else
		assert(error.phrase[0] != '\0');
	import_clear(&import);
	return 0;
}
