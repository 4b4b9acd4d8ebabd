#include "lan-server/reply.h"

#include <stdio.h>

void reply_fill(char out[REPLY_TEXT_MAX], const char *text, const char *first, const char *second)
{
	const char *words[] = {first, second};
	size_t len = 0, word = 0;

	for (; *text != '\0' && len + 1 < REPLY_TEXT_MAX; text++) {
		if (*text != '%')
			out[len++] = *text;
		else if (word < 2 && words[word] != NULL)
			len += (size_t)snprintf(out + len, REPLY_TEXT_MAX - len, "%s", words[word++]);
		if (len > REPLY_TEXT_MAX - 1)
			len = REPLY_TEXT_MAX - 1;
	}
	out[len] = '\0';
}

const char *reply_number(char text[REPLY_NUMBER_MAX], uint64_t number)
{
	snprintf(text, REPLY_NUMBER_MAX, "%llu", (unsigned long long)number);
	return text;
}
