/*
 * Answers of a provider of OAuth 2.0: what is taken of them has bytes that a login and a terminal can take, and ends within its bounds; each
 * result but success and waiting comes with an error.
 */
#include "tests/fuzz/common/fuzz.h"

#include "upstream/oauth2_answer.h"

static void check_text(const char *text, size_t size)
{
	assert(strlen(text) < size);
	for (; *text != '\0'; text++)
		assert(*text > ' ' && *text <= '~');
}

static void try_device(long status, struct slice answer)
{
	struct oauth2_device device;
	struct error error = ERROR_INIT;

	if (oauth2_answer_device(status, answer, &device, &error) != 0) {
		assert(error.class != ERROR_NONE && error.phrase[0] != '\0');
		return;
	}
	check_text(device.device_code, sizeof(device.device_code));
	check_text(device.user_code, sizeof(device.user_code));
	check_text(device.page, sizeof(device.page));
	check_text(device.page_with_code, sizeof(device.page_with_code));
	assert(status == 200 && device.user_code[0] != '\0' && strncmp(device.page, "http", 4) == 0);
	assert(device.interval >= 1 && device.interval <= 60 && device.lifetime >= 1 && device.lifetime <= 3600);
}

static void try_token(long status, struct slice answer)
{
	struct oauth2_tokens tokens;
	struct error error = ERROR_INIT;
	enum oauth2_result result = oauth2_answer_token(status, answer, &tokens, &error);

	if (result == OAUTH2_GRANTED) {
		check_text(tokens.access, sizeof(tokens.access));
		check_text(tokens.refresh, sizeof(tokens.refresh));
		assert(status == 200 && tokens.access[0] != '\0' && tokens.lifetime >= 0 && tokens.refresh_lifetime >= 0);
	} else {
		assert((result == OAUTH2_PENDING || result == OAUTH2_SLOW_DOWN) == (error.class == ERROR_NONE));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const long codes[] = {200, 400, 401, 429, 503};
	struct slice answer = slice_make((const char *)data, size);
	size_t which = answer.len == 0 ? 0 : (unsigned char)answer.ptr[0] % ARRAY_LEN(codes);

	answer = slice_from(answer, answer.len == 0 ? 0 : 1);
	try_device(codes[which], answer);
	try_token(codes[which], answer);
	return 0;
}
