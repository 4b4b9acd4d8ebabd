#include "gateway/line.h"

#include "base/command.h"
#include "base/log.h"

#define OUTPUT_MAX 2048

static int run(const struct conf_line *line, const char *what, const char *text, const atomic_bool *cancel,
    struct error *error)
{
	struct buf output = BUF_INIT(OUTPUT_MAX);
	char said[400];
	int status = 0;
	int result = command_run(text, (int)line->command_timeout, cancel, &output, &status, error);

	if (result != 0)
		error_context(error, "%s", what);
	else if (status != 0)
		result = error_set(error, ERROR_TEMPORARY, "%s ended with exit code %d: %s", what, status,
		    str_printable(said, sizeof(said), slice_trim(buf_slice(&output))));
	log_info("event=line command=%s status=%d output=%s", what, status,
	    LOG_TEXT(slice_trim(buf_slice(&output))));
	buf_clear(&output);
	return result;
}

int line_up(const struct conf_line *line, const atomic_bool *cancel, struct error *error)
{
	return line->connect_command[0] == '\0' ? 0
						: run(line, "connect_command", line->connect_command, cancel, error);
}

void line_down(const struct conf_line *line)
{
	struct error error;

	if (line->disconnect_command[0] != '\0' &&
	    run(line, "disconnect_command", line->disconnect_command, NULL, &error) != 0)
		log_warnx("event=line-down-failed reason=%s", LOG_CSTR(error.text));
}
