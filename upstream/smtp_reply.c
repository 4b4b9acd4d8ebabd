#include "upstream/smtp_reply.h"

#include <stdio.h>
#include <string.h>

void smtp_reply_set(struct smtp_reply *reply, int code, const char *text)
{
	reply->code = code;
	snprintf(reply->text, sizeof(reply->text), "%s", text);
}

bool smtp_reply_is_of_connection(const struct smtp_reply *reply)
{
	const char *status = strlen(reply->text) > 4 ? reply->text + 4 : "";

	if (reply->code == 432)
		return true;
	if (reply->code == 421)
		return strncmp(status, "4.3.2", 5) == 0 || strncmp(status, "4.7.0", 5) == 0 ||
		       strcasestr(status, "too many c") != NULL;
	return reply->code >= 400 && reply->code < 500 &&
	       (strcasestr(status, "concurrent connection") != NULL || strcasestr(status, "too many connection") != NULL);
}
