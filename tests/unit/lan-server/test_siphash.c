/* SipHash: the vectors of its authors for the key 0, 1, 2 ... 15 and texts that count from 0. */
#include "lan-server/login/siphash.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static const struct {
	size_t len;
	const char *digest;
} vectors[] = {
    {0, "a3817f04ba25a8e66df67214c7550293"},
    {2, "8177228da4a45dc7fca38bdef60affe4"},
    {15, "5493e99933b0a8117e08ec0f97cfc3d9"},
    {41, "801189902c857f39e73591285e70b6db"},
};

static void test_vectors(void **state)
{
	unsigned char key[SIPHASH_LEN], digest[SIPHASH_LEN];
	char text[64], hex[2 * SIPHASH_LEN + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)i;
	memcpy(key, text, sizeof(key));
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		siphash(key, slice_make(text, vectors[i].len), digest);
		for (size_t byte = 0; byte < SIPHASH_LEN; byte++)
			snprintf(hex + 2 * byte, 3, "%02x", digest[byte]);
		assert_string_equal(hex, vectors[i].digest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
