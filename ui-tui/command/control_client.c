#include "ui-tui/command/control_client.h"

#include "base/clock.h"
#include "base/net/ctl_wire.h"
#include "base/i18n.h"
#include "ui-tui/command/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

pid_t control_client_gateway_pid(const struct conf *conf)
{
	struct error error = ERROR_INIT;
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);
	int fd = ctl_connect(conf->gateway.spool, &error);

	if (fd < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		peer.pid = 0;
	close(fd);
	return peer.pid;
}

static int no_connection(const struct conf *conf, const struct error *error)
{
	if (error->saved_errno == ENOENT || error->saved_errno == ECONNREFUSED)
		return cli_fail(CLI_NO_GATEWAY,
		    _("the gateway is not running (spool %s): start lanpostd or `systemctl start lanpost`"),
		    conf->gateway.spool);
	if (error->saved_errno == EACCES)
		return cli_fail(CLI_FAILED, _("%s; run this command as root (sudo lanpost), or "
		    "join the group %s"), ERROR_SAID(error), CTL_GROUP);
	return cli_fail_error(error);
}

static bool is_final(const json_t *object)
{
	return json_object_get(object, "ok") != NULL;
}

/* Reads up to the final answer. Returns it, or NULL with the reason reported. */
static json_t *await(int fd, int seconds, control_client_event_fn on_event, void *context)
{
	int64_t deadline = seconds == 0 ? INT64_MAX : clock_now_ms() + seconds * 1000LL;
	struct error error = ERROR_INIT;
	struct ctl_reader reader;
	json_t *object = NULL;
	int result;

	ctl_reader_init(&reader, fd);
	while ((result = ctl_read(&reader, &object, deadline, &error)) == CTL_OBJECT &&
	       !is_final(object)) {
		if (on_event != NULL)
			on_event(context, object);
		json_decref(object);
		object = NULL;
	}
	ctl_reader_clear(&reader);
	if (result == CTL_OBJECT)
		return object;
	if (result == CTL_CLOSED)
		cli_fail(CLI_FAILED, _("the gateway exited before it answered; see its log"));
	else if (result == CTL_AGAIN)
		cli_fail(CLI_FAILED, _("the gateway did not answer within %d seconds; see its log"),
		    seconds);
	else
		cli_fail_error(&error);
	return NULL;
}

int control_client_call(const struct conf *conf, json_t *request, int seconds, control_client_event_fn on_event,
    void *context, json_t **answer)
{
	struct error error = ERROR_INIT;
	int fd = ctl_connect(conf->gateway.spool, &error);
	json_t *object = NULL;

	if (fd < 0) {
		json_decref(request);
		return no_connection(conf, &error);
	}
	if (ctl_send(fd, request, &error) != 0)
		cli_fail_error(&error);
	else
		object = await(fd, seconds, on_event, context);
	json_decref(request);
	close(fd);
	if (object == NULL)
		return CLI_FAILED;
	if (!json_is_true(json_object_get(object, "ok"))) {
		const char *text = json_string_value(json_object_get(object, "error"));

		cli_fail(CLI_FAILED, "%s", text == NULL ? _("the gateway refused") : PHRASE_SAID(text));
		json_decref(object);
		return CLI_FAILED;
	}
	*answer = object;
	return CLI_DONE;
}
