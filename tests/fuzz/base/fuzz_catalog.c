/*
 * Invalid catalogues of translations: every result is inside the file and ends there, for any tables and plural rule. The
 * first byte is the number for the plural form.
 */
#include "base/catalog.h"
#include "tests/fuzz/common/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const texts[] = {"", "a", "message", "messages", "%d message", "zzz", "\xff"};
	struct slice input = slice_make((const char *)data, size);
	unsigned long n = fuzz_byte(&input);
	struct catalog *catalog = catalog_open(fuzz_file(input));
	size_t sum = 0;

	for (size_t i = 0; catalog != NULL && i < ARRAY_LEN(texts); i++) {
		const char *found = catalog_find(catalog, texts[i]), *form = catalog_find_plural(catalog, texts[i], n);

		sum += (found == NULL ? 0 : strlen(found)) + (form == NULL ? 0 : strlen(form));
		assert(sum <= 2 * ARRAY_LEN(texts) * input.len);
	}
	catalog_close(catalog);
	return 0;
}
