#include "config/conf_remote.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/process/command.h"
#include "base/i18n.h"

#include <stdlib.h>

#define COMMAND_SECONDS 30
#define SECRET_MAX 4096

bool conf_remote_names_its_server(const struct conf_remote *remote)
{
	return remote->ca_file[0] != '\0' || remote->pin_sha256[0] != '\0';
}

bool conf_remote_has_token(const struct conf_remote *remote)
{
	return remote->oauth2 != OAUTH2_NONE || remote->oauth2_token_command[0] != '\0';
}

void conf_secret_free(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

static int read_first_line(const char *key, struct buf *output, char **secret, struct error *error)
{
	struct slice rest = buf_slice(output), line = slice_cut(&rest, '\n');

	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0 || line.len == SECRET_MAX || slice_find(line, '\0') >= 0)
		return error_set(error, ERROR_CONFIG, N_("%s printed no usable first line"), key);
	*secret = slice_dup(line);
	return 0;
}

/* key: of the command. value: what it replaces; used if there is no command. */
static int get_secret(const char *key, const char *command, const char *value, const atomic_bool *cancel, char **secret, struct error *error)
{
	struct buf output = BUF_SECRET(SECRET_MAX);
	int status, result;

	if (command[0] == '\0') {
		*secret = xstrdup(value);
		return 0;
	}
	if (command_run(command, COMMAND_SECONDS, cancel, &output, &status, error) != 0)
		result = error_context(error, "%s", key);
	else if (status != 0)
		result = error_set(error, ERROR_CONFIG, N_("%s failed with exit code %d"), key, status);
	else
		result = read_first_line(key, &output, secret, error);
	buf_clear(&output);
	return result;
}

int conf_remote_password(const struct conf_remote *remote, const atomic_bool *cancel, char **secret, struct error *error)
{
	if (remote->oauth2_token_command[0] != '\0')
		return get_secret("oauth2_token_command", remote->oauth2_token_command, "", cancel, secret, error);
	return get_secret("password_command", remote->password_command, remote->password, cancel, secret, error);
}

int conf_remote_client_secret(const struct conf_remote *remote, const atomic_bool *cancel, char **secret, struct error *error)
{
	return get_secret("oauth2_client_secret_command", remote->oauth2_client_secret_command, remote->oauth2_client_secret, cancel, secret, error);
}
