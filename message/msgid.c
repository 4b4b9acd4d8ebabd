#include "message/msgid.h"

#include "base/clock.h"
#include "base/rand.h"

#define TIME_CHARS 11  /* 55 bits of microseconds: enough until the year 3111 */
#define CHANCE_CHARS 9 /* 45 bits */

static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

static void put_base32(char *out, size_t chars, uint64_t value)
{
	for (size_t i = chars; i-- > 0; value >>= 5)
		out[i] = digits[value & 31];
}

struct msgid msgid_new(void)
{
	struct msgid id;
	uint64_t chance;

	rand_bytes(&chance, sizeof(chance));
	put_base32(id.text, TIME_CHARS, (uint64_t)clock_wall_us());
	put_base32(id.text + TIME_CHARS, CHANCE_CHARS, chance);
	id.text[MSGID_LEN] = '\0';
	return id;
}

struct msgid msgid_floor(int64_t wall)
{
	struct msgid id;

	put_base32(id.text, TIME_CHARS, (uint64_t)wall * 1000000);
	put_base32(id.text + TIME_CHARS, CHANCE_CHARS, 0);
	id.text[MSGID_LEN] = '\0';
	return id;
}

int64_t msgid_time_us(struct slice id)
{
	uint64_t time = 0;

	for (size_t i = 0; i < TIME_CHARS && i < id.len; i++) {
		const char *digit = memchr(digits, id.ptr[i], sizeof(digits) - 1);

		time = time << 5 | (digit == NULL ? 0 : (uint64_t)(digit - digits));
	}
	return (int64_t)time;
}

bool msgid_is(struct slice text)
{
	if (text.len != MSGID_LEN)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!(text.ptr[i] >= '0' && text.ptr[i] <= '9') &&
		    !(text.ptr[i] >= 'a' && text.ptr[i] <= 'z'))
			return false;
	return true;
}
