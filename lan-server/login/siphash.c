#include "lan-server/login/siphash.h"

#include <stdint.h>

#define WORD 8 /* bytes */

struct words {
	uint64_t v[4];
};

static uint64_t rotate(uint64_t word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static uint64_t read_word(const unsigned char *bytes, size_t len)
{
	uint64_t word = 0;

	for (size_t i = 0; i < len; i++)
		word |= (uint64_t)bytes[i] << 8 * i;
	return word;
}

static void write_word(unsigned char *bytes, uint64_t word)
{
	for (size_t i = 0; i < WORD; i++)
		bytes[i] = (unsigned char)(word >> 8 * i);
}

static void half_round(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d, int first, int second)
{
	*a += *b;
	*c += *d;
	*b = rotate(*b, first) ^ *a;
	*d = rotate(*d, second) ^ *c;
	*a = rotate(*a, 32);
}

static void mix(struct words *state, int rounds)
{
	uint64_t *v = state->v;

	for (int i = 0; i < rounds; i++) {
		half_round(&v[0], &v[1], &v[2], &v[3], 13, 16);
		half_round(&v[2], &v[1], &v[0], &v[3], 17, 21);
	}
}

static void take_word(struct words *state, uint64_t word)
{
	state->v[3] ^= word;
	mix(state, 2);
	state->v[0] ^= word;
}

static uint64_t finish(struct words *state)
{
	mix(state, 4);
	return state->v[0] ^ state->v[1] ^ state->v[2] ^ state->v[3];
}

void siphash(const unsigned char key[SIPHASH_LEN], struct slice text, unsigned char digest[SIPHASH_LEN])
{
	const unsigned char *bytes = (const unsigned char *)text.ptr;
	uint64_t low = read_word(key, WORD), high = read_word(key + WORD, WORD);
	struct words state = {{
	    low ^ 0x736f6d6570736575,
	    high ^ 0x646f72616e646f6d ^ 0xee,
	    low ^ 0x6c7967656e657261,
	    high ^ 0x7465646279746573,
	}};
	size_t left = text.len;

	for (; left >= WORD; left -= WORD, bytes += WORD)
		take_word(&state, read_word(bytes, WORD));
	take_word(&state, read_word(bytes, left) | (uint64_t)text.len << 56);
	state.v[2] ^= 0xee;
	write_word(digest, finish(&state));
	state.v[1] ^= 0xdd;
	write_word(digest + WORD, finish(&state));
}
