/* An address that was parsed is written and parsed again as the same one; a list is walked to
 * its end, with each item inside the input and after the previous one. */
#include "message/addr.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct addr *addr)
{
	char text[ADDR_TEXT_MAX], again[ADDR_TEXT_MAX + 3], third[ADDR_TEXT_MAX];
	struct addr back;
	struct slice rest;

	addr_text(text, sizeof(text), addr);
	assert(utf8_is_valid(slice_of(text)));
	assert(addr_parse(slice_of(text), &back));
	assert(strcmp(back.local, addr->local) == 0 && strcmp(back.domain, addr->domain) == 0);
	assert(addr_equal(&back, addr));
	assert(strcmp(addr_text(third, sizeof(third), &back), text) == 0);
	again[0] = '<';
	memcpy(again + 1, text, strlen(text) + 1);
	memcpy(again + strlen(again), ">", 2);
	assert(addr_parse_path(slice_of(again), false, &back, &rest) == ADDR_PATH_OK);
	assert(addr_equal(&back, addr) && rest.len == 0);
}

static void check_list(struct slice body)
{
	struct addr_item item;
	size_t at = 0, before = 0;

	while (addr_list_next(body, &at, &item)) {
		assert(at > before && at <= body.len);
		assert(item.spec.len == 0 || (item.spec.ptr >= body.ptr + before &&
		                                 item.spec.ptr + item.spec.len <= body.ptr + at));
		assert(item.name.len == 0 || (item.name.ptr >= body.ptr + before &&
		                                 item.name.ptr + item.name.len <= body.ptr + at));
		if (item.valid)
			check_round_trip(&item.addr);
		else
			assert(item.addr.local[0] == '\0');
		before = at;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_make((const char *)data, size), rest;
	struct addr addr;

	if (addr_parse(input, &addr))
		check_round_trip(&addr);
	if (addr_parse_path(input, true, &addr, &rest) == ADDR_PATH_OK)
		check_round_trip(&addr);
	check_list(input);
	return 0;
}
