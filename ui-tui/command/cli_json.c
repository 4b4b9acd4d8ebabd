#include "ui-tui/command/cli_json.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/net/ctl_wire.h"
#include "ui-tui/command/cli.h"

#include <stdio.h>
#include <stdlib.h>

/* Non-ASCII control characters are written as \uXXXX, which is the same for a program. */
static int put_safely(const char *text)
{
	struct slice rest = slice_of(text);

	while (rest.len > 0) {
		size_t len = utf8_char_len(rest);
		const unsigned char *p = (const unsigned char *)rest.ptr;
		struct slice character = slice_make(rest.ptr, len > 0 ? len : 1);

		if (len == 2 && str_is_treacherous(character))
			printf("\\u%04x", (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu));
		else if (len == 3 && str_is_treacherous(character))
			printf("\\u%04x", (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu));
		else
			fwrite(character.ptr, 1, character.len, stdout);
		rest = slice_from(rest, character.len);
	}
	return putchar('\n') == EOF || ferror(stdout) ? -1 : 0;
}

int cli_put_json(const json_t *document, size_t flags)
{
	char *text = json_dumps(document, flags);
	int result = CLI_DONE;

	if (text == NULL || put_safely(text) != 0)
		result = cli_fail(CLI_FAILED, _("cannot write the JSON document"));
	free(text);
	return result;
}

int cli_print_json(json_t *document)
{
	int result;

	ctl_say(document, "en");
	result = cli_put_json(document, JSON_INDENT(2));
	json_decref(document);
	return result;
}

json_t *cli_json_text(const char *text)
{
	size_t size = strlen(text) * 4 + PHRASE_TEXT_MAX;
	char *safe = xmalloc(size);
	json_t *string = json_string(phrase_show(safe, size, text, "en"));

	free(safe);
	return string;
}
