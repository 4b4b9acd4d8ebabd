/*
 * lanpost decode FILE...: decoded headers.
 *
 * With --json one object per line, so that any number of files can be piped; a missing field is
 * null. Needs no configuration.
 */
#include "base/alloc.h"
#include "message/budget.h"
#include "message/decode.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/command/input_file.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *key, *name;
} fields[] = {
    {"from", "From"},
    {"to", "To"},
    {"cc", "Cc"},
    {"subject", "Subject"},
    {"date", "Date"},
    {"message_id", "Message-ID"},
    {"reply_to", "Reply-To"},
    {"sender", "Sender"},
};

/* All address fields of that name as one list, or the first field of another name. Returns false if
 * there is none. */
static bool decode_named(
    struct slice header, struct slice charset, const char *name, struct buf *out)
{
	struct header_walk walk;
	struct header_field field;
	bool found = false;

	header_walk_init(&walk, header);
	while (header_walk_next(&walk, &field)) {
		if (!slice_is_nocase(field.name, name))
			continue;
		if (found && !decode_is_address_field(field.name))
			break;
		if (found)
			buf_append_text(out, ", ");
		found = true;
		decode_field(&field, charset, out);
	}
	return found;
}

static int print_json(const char *file, struct slice header, struct slice charset)
{
	json_t *object = json_object();
	int result;

	json_object_set_new(object, "file", cli_json_text(file));
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct buf value = BUF_INIT(INPUT_FILE_MAX);
		bool found = decode_named(header, charset, fields[i].name, &value);

		json_object_set_new(object, fields[i].key,
		    found ? json_stringn(value.len == 0 ? "" : value.ptr, value.len) : json_null());
		buf_clear(&value);
	}
	result = cli_put_json(object, JSON_COMPACT);
	json_decref(object);
	return result;
}

static int print_text(const char *file, struct slice header, struct slice charset)
{
	printf("%s\n", file);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct buf value = BUF_INIT(INPUT_FILE_MAX);

		if (decode_named(header, charset, fields[i].name, &value)) {
			size_t size = value.len * 4 + 1;
			char *safe = xmalloc(size);

			printf("  %-12s%s\n", fields[i].name,
			    str_printable(safe, size, buf_slice(&value)));
			free(safe);
		}
		buf_clear(&value);
	}
	return CLI_DONE;
}

static int decode_file(const struct cli *cli, const char *file)
{
	struct buf message = BUF_INIT(INPUT_FILE_MAX);
	struct error error = ERROR_INIT;
	struct slice header, charset;
	int result;

	if (input_file_read(file, &message, &error) < 0) {
		buf_clear(&message);
		return cli_fail_error(&error);
	}
	header = buf_slice(&message);
	header.len = header_length(header);
	budget_begin();
	charset = decode_message_charset(header);
	result = cli->json ? print_json(file, header, charset) : print_text(file, header, charset);
	buf_clear(&message);
	return result;
}

int cmd_decode(struct cli *cli)
{
	int result = CLI_DONE;

	for (int i = 0; i < cli->count; i++)
		if (decode_file(cli, cli->words[i]) != CLI_DONE)
			result = CLI_FAILED;
	return result;
}
