#include "gateway/supervisor/control.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/process/child.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUESTS_PER_TURN 16 /* per client */

int control_open(struct control *control, const struct spool *spool, const struct control_hooks *hooks,
    struct error *error)
{
	*control = (struct control){.fd = ctl_listen(spool->folder, error), .hooks = *hooks};
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		control->clients[i].fd = -1;
	if (control->fd < 0)
		return -1;
	child_close_in_children(control->fd);
	return 0;
}

static void client_close(struct control_client *client)
{
	ctl_reader_clear(&client->reader);
	child_closed(client->fd);
	close(client->fd);
	*client = (struct control_client){.fd = -1};
}

void control_close(struct control *control, const struct spool *spool)
{
	char *path = xasprintf("%s/" CTL_SOCKET_NAME, spool->folder);
	struct error ignored;

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (control->clients[i].fd >= 0)
			client_close(&control->clients[i]);
	if (control->fd >= 0)
		close(control->fd);
	control->fd = -1;
	json_decref(control->told);
	control->told = NULL;
	fsx_unlink(path, &ignored); /* a socket that is left behind is replaced at the next start */
	free(path);
}

/* --- answers */

/* Takes ownership of object. A client that does not read its answer is disconnected. */
static void answer(struct control_client *client, json_t *object)
{
	struct error error;

	if (ctl_send(client->fd, object, &error) != 0) {
		log_debug("event=control-client-gone reason=%s", LOG_ERROR(&error));
		client_close(client);
	}
	json_decref(object);
}

static void answer_error(struct control_client *client, const char *text)
{
	answer(client, json_pack("{s:b, s:s}", "ok", 0, "error", text));
}

/* --- verbs */

static bool read_accounts(struct control *control, const json_t *names,
    struct session_request *wanted, const char **unknown)
{
	size_t at;
	json_t *name;

	if (names != NULL && !json_is_array(names)) /* otherwise an empty list would mean all accounts */
		return false;
	json_array_foreach((json_t *)names, at, name)
	{
		*unknown = json_string_value(name);
		if (*unknown == NULL ||
		    !control->hooks.account_exists(control->hooks.context, *unknown))
			return false;
		strlist_add(&wanted->accounts, *unknown);
		strlist_add(&wanted->again, *unknown);
	}
	return true;
}

static bool flag(const json_t *request, const char *name)
{
	const json_t *value = json_object_get(request, name);

	return value == NULL || json_is_true(value); /* the default is true */
}

static void tell_what_was_told(const struct control *control, struct control_client *client)
{
	const char *account;
	json_t *event;

	json_object_foreach(control->told, account, event)
		if (client->fd >= 0)
			answer(client, json_incref(event));
}

static void tell_note(struct control_client *client, const char *text)
{
	answer(client, json_pack("{s:s, s:s}", "event", "note", "text", text));
}

static size_t count_waiting(const struct control *control)
{
	size_t count = 0;

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		count += control->clients[i].fd >= 0 && (control->clients[i].waits_for != 0 || control->clients[i].watches_one);
	return count;
}

/* Waiting clients are never dropped, so some slots are reserved for others: status, cancel, stop. Returns whether the
 * client was refused. */
static bool is_one_too_many(const struct control *control, struct control_client *client)
{
	if (count_waiting(control) < CONTROL_WAITING_MAX)
		return false;
	answer_error(client, PHRASE(N_("too many commands are waiting for a session; try again later, or use --no-wait")));
	return true;
}

/* If a session is running, the client watches it to its end, because the new one begins only
 * then. */
static void start_session(struct control *control, struct control_client *client,
    struct session_request *wanted, bool wait)
{
	bool runs = control->hooks.session_runs(control->hooks.context);
	uint64_t number;

	if (wait && is_one_too_many(control, client))
		return;
	number = control->hooks.session(control->hooks.context, wanted);
	if (!wait) {
		answer(client, json_pack("{s:b, s:I}", "ok", 1, "number", (json_int_t)number));
		return;
	}
	client->waits_for = number;
	if (runs)
		tell_note(client, PHRASE(N_("another session is running; yours starts when it has ended")));
	if (runs && client->fd >= 0)
		tell_what_was_told(control, client);
}

static void verb_session(struct control *control, struct control_client *client,
    const json_t *request)
{
	struct session_request wanted = { /* by default it fetches and sends */
	    .fetch = flag(request, "fetch"),
	    .send = flag(request, "send"),
	    .plan = json_is_true(json_object_get(request, "plan")),
	    .triggers = json_is_true(json_object_get(request, "triggers")),
	};
	const char *unknown = NULL;
	char text[256], name[96];

	if (read_accounts(control, json_object_get(request, "accounts"), &wanted, &unknown)) {
		start_session(control, client, &wanted, flag(request, "wait"));
	} else {
		phrase_set(text, sizeof(text), N_("there is no account %s"),
		    str_quote(name, sizeof(name), slice_of(unknown == NULL ? "?" : unknown)));
		answer_error(client, text);
	}
	session_request_clear(&wanted);
}

static void verb_flush(struct control *control, struct control_client *client,
    const json_t *request)
{
	struct session_request wanted = {.send = true, .flush = true};

	start_session(control, client, &wanted, flag(request, "wait"));
}

static void verb_status(struct control *control, struct control_client *client,
    const json_t *request)
{
	(void)request;
	control->hooks.status(control->hooks.context, client->fd);
	client_close(client); /* the answering process has its own descriptor */
}

static void verb_who(struct control *control, struct control_client *client, const json_t *request)
{
	(void)request;
	answer(client, json_pack("{s:b, s:o}", "ok", 1, "clients", control->hooks.clients(control->hooks.context)));
}

static void verb_reload(struct control *control, struct control_client *client,
    const json_t *request)
{
	struct error error;

	(void)request;
	if (control->hooks.reload(control->hooks.context, &error) == 0)
		answer(client, json_pack("{s:b}", "ok", 1));
	else
		answer_error(client, error.phrase);
}

static void verb_cancel(struct control *control, struct control_client *client,
    const json_t *request)
{
	(void)request;
	if (control->hooks.cancel(control->hooks.context))
		answer(client, json_pack("{s:b}", "ok", 1));
	else
		answer_error(client, PHRASE(N_("no session is running")));
}

static void watch_one(struct control *control, struct control_client *client)
{
	client->watches_one = true;
	tell_what_was_told(control, client);
}

static void verb_watch(struct control *control, struct control_client *client, const json_t *request)
{
	bool runs = control->hooks.session_runs(control->hooks.context);

	if (json_is_true(json_object_get(request, "one"))) {
		if (runs && !is_one_too_many(control, client))
			watch_one(control, client);
		else if (!runs)
			answer_error(client, PHRASE(N_("no session is running")));
		return;
	}
	client->watches = true;
	if (runs)
		answer(client, json_pack("{s:s}", "event", "session-began"));
	if (runs)
		tell_what_was_told(control, client);
}

static void verb_stop(struct control *control, struct control_client *client,
    const json_t *request)
{
	(void)request;
	answer(client, json_pack("{s:b}", "ok", 1));
	control->hooks.stop(control->hooks.context);
}

static const struct {
	const char *name;
	void (*run)(struct control *control, struct control_client *client, const json_t *request);
} verbs[] = {
    {"session", verb_session},
    {"flush", verb_flush},
    {"status", verb_status},
    {"who", verb_who},
    {"watch", verb_watch},
    {"cancel", verb_cancel},
    {"reload", verb_reload},
    {"stop", verb_stop},
};

static void run_request(struct control *control, struct control_client *client,
    const json_t *request)
{
	const char *verb = json_string_value(json_object_get(request, "verb"));

	for (size_t i = 0; verb != NULL && i < ARRAY_LEN(verbs); i++)
		if (strcmp(verb, verbs[i].name) == 0) {
			verbs[i].run(control, client, request);
			return;
		}
	answer_error(client, PHRASE(N_("the gateway does not know this request; it may have another version")));
}

/* --- serving */

/* A free slot, if necessary that of the client that has been silent longest; NULL if all wait for sessions. */
static struct control_client *find_place(struct control *control)
{
	struct control_client *oldest = NULL;

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct control_client *client = &control->clients[i];

		if (client->fd < 0)
			return client;
		if (client->waits_for == 0 && !client->watches_one && (oldest == NULL || client->since < oldest->since))
			oldest = client;
	}
	if (oldest != NULL)
		client_close(oldest);
	return oldest;
}

static void accept_client(struct control *control)
{
	int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct control_client *client;

	if (fd < 0)
		return;
	client = find_place(control);
	if (client == NULL) {
		log_warnx("event=control-refused reason=\"too many clients\"");
		close(fd);
		return;
	}
	client->fd = fd;
	client->since = clock_now_ms();
	child_close_in_children(fd);
	ctl_reader_init(&client->reader, fd);
}

/* A client that sends requests without end is served in turn with others. */
static void serve_client(struct control *control, struct control_client *client)
{
	struct error error;
	json_t *request;

	client->has_more = true;
	for (int i = 0; i < REQUESTS_PER_TURN && client->fd >= 0; i++) {
		int result = ctl_read(&client->reader, &request, 0, &error);

		if (result == CTL_AGAIN) {
			client->has_more = false;
			return;
		}
		if (result == CTL_OBJECT) {
			run_request(control, client, request);
			json_decref(request);
		} else if (result < 0 && error.class == ERROR_PROTOCOL) {
			answer_error(client, error.phrase);
			if (client->fd >= 0)
				client_close(client);
		} else {
			client_close(client);
		}
	}
}

size_t control_poll(const struct control *control, struct pollfd *fds)
{
	size_t count = 0;

	fds[count++] = (struct pollfd){.fd = control->fd, .events = POLLIN};
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (control->clients[i].fd >= 0)
			fds[count++] = (struct pollfd){.fd = control->clients[i].fd, .events = POLLIN};
	return count;
}

bool control_has_more(const struct control *control)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (control->clients[i].fd >= 0 && control->clients[i].has_more)
			return true;
	return false;
}

void control_serve(struct control *control)
{
	accept_client(control);
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (control->clients[i].fd >= 0)
			serve_client(control, &control->clients[i]);
}

/* Sends an event to all watching clients; takes ownership of the event. */
static void tell_watchers(struct control *control, json_t *event)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (control->clients[i].fd >= 0 && control->clients[i].watches)
			answer(&control->clients[i], json_incref(event));
	json_decref(event);
}

/* The queue has no account and is stored under "". */
static void remember(struct control *control, json_t *event)
{
	const char *account = json_string_value(json_object_get(event, "account"));

	if (account != NULL && !control->hooks.account_exists(control->hooks.context, account))
		return; /* a compromised session could fill our memory */
	if (control->told == NULL)
		control->told = json_object();
	json_object_set(control->told, account == NULL ? "" : account, event);
}

static void forget(struct control *control)
{
	json_decref(control->told);
	control->told = NULL;
}

void control_session_began(struct control *control)
{
	forget(control);
	tell_watchers(control, json_pack("{s:s}", "event", "session-began"));
}

/* A client that waits for a later session sees the events of this one, but its end is not the
 * client's answer. */
static void tell_client(struct control_client *client, uint64_t session, json_t *object, bool is_final)
{
	bool is_answer = is_final && (client->waits_for == session || client->watches_one);

	if (is_answer) {
		client->waits_for = client->waits_for == session ? 0 : client->waits_for;
		client->watches_one = false;
		answer(client, json_incref(object));
	} else if (is_final && client->waits_for > session) {
		tell_note(client, PHRASE(N_("the other session has ended; yours starts now")));
	} else if (client->waits_for >= session || client->watches_one) {
		answer(client, json_incref(object));
	}
}

void control_publish(struct control *control, uint64_t session, json_t *object, bool is_final)
{
	if (is_final)
		forget(control);
	else
		remember(control, object);
	tell_watchers(control, is_final ? json_pack("{s:s, s:O}", "event", "session-ended", "result", object)
					: json_incref(object));
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (control->clients[i].fd >= 0)
			tell_client(&control->clients[i], session, object, is_final);
}
