#include "ui-tui/screens/tui_link.h"

#include "base/clock.h"

#include <unistd.h>

#define ASK_MS 5000  /* interval between status requests */
#define STALE_MS 60000 /* a request without an answer is repeated */
#define ASK_CLIENTS_MS 2000
#define TRY_MS 1000  /* interval between attempts to reach a stopped gateway */

static void wire_close(struct tui_wire *wire)
{
	if (wire->reader.fd < 0)
		return;
	close(wire->reader.fd);
	ctl_reader_clear(&wire->reader);
	wire->reader.fd = -1;
}

static bool wire_open(struct tui_wire *wire, const char *folder, const char *verb)
{
	struct error error;
	json_t *request;
	int fd = ctl_connect(folder, &error);
	bool sent;

	if (fd < 0)
		return false;
	ctl_reader_init(&wire->reader, fd);
	request = json_pack("{s:s}", "verb", verb);
	sent = ctl_send(fd, request, &error) == 0;
	json_decref(request);
	if (!sent)
		wire_close(wire);
	return sent;
}

/* The next object, NULL if there is none now; a wire that has ended is closed. */
static json_t *wire_read(struct tui_wire *wire)
{
	struct error error;
	json_t *object = NULL;
	int result;

	if (wire->reader.fd < 0)
		return NULL;
	result = ctl_read(&wire->reader, &object, 0, &error);
	if (result == CTL_OBJECT)
		return object;
	if (result != CTL_AGAIN)
		wire_close(wire);
	return NULL;
}

void tui_link_init(struct tui_link *link)
{
	*link = (struct tui_link){.asked = -ASK_MS, .tried = -TRY_MS, .asked_clients = -ASK_CLIENTS_MS};
	link->status_wire.reader.fd = link->watch_wire.reader.fd = link->who_wire.reader.fd = -1;
}

void tui_link_clear(struct tui_link *link)
{
	wire_close(&link->status_wire);
	wire_close(&link->watch_wire);
	wire_close(&link->who_wire);
	json_decref(link->status);
	json_decref(link->result);
	json_decref(link->clients);
	progress_clear(&link->progress);
}

size_t tui_link_poll(const struct tui_link *link, struct pollfd *fds)
{
	const struct tui_wire *wires[TUI_LINK_WIRES] = {&link->status_wire, &link->watch_wire, &link->who_wire};
	size_t count = 0;

	for (size_t i = 0; i < TUI_LINK_WIRES; i++)
		if (wires[i]->reader.fd >= 0)
			fds[count++] = (struct pollfd){.fd = wires[i]->reader.fd, .events = POLLIN};
	return count;
}

static void take_status(struct tui_link *link, json_t *answer)
{
	const json_t *session = json_object_get(answer, "session");

	json_decref(link->status);
	link->status = ctl_say(answer, NULL);
	link->status_number++;
	link->session_runs = json_is_true(json_object_get(session, "running"));
	wire_close(&link->status_wire);
}

static void take_clients(struct tui_link *link, json_t *answer)
{
	json_decref(link->clients);
	link->clients = json_incref(json_object_get(answer, "clients"));
	link->clients_number++;
	json_decref(answer);
	wire_close(&link->who_wire);
}

static void session_ended(struct tui_link *link, const json_t *event)
{
	json_decref(link->result);
	link->result = json_incref(json_object_get(event, "result"));
	link->session_runs = false;
	tui_link_ask(link);
}

static void take_event(struct tui_link *link, const json_t *event)
{
	const char *kind = json_string_value(json_object_get(event, "event"));

	if (kind == NULL)
		return;
	if (strcmp(kind, "session-began") == 0) {
		progress_clear(&link->progress);
		link->session_runs = true;
	} else if (strcmp(kind, "session-ended") == 0) {
		session_ended(link, event);
	} else {
		link->session_runs = progress_take(&link->progress, event) || link->session_runs;
	}
}

void tui_link_ask(struct tui_link *link)
{
	link->asked = clock_now_ms() - ASK_MS;
}

void tui_link_ask_clients(struct tui_link *link, const struct conf *conf)
{
	int64_t now = clock_now_ms();

	if (!link->is_up || now - link->asked_clients < ASK_CLIENTS_MS)
		return;
	link->asked_clients = now;
	wire_close(&link->who_wire);
	wire_open(&link->who_wire, conf->gateway.spool, "who");
}

static void connect_and_ask(struct tui_link *link, const struct conf *conf)
{
	int64_t now = clock_now_ms();

	if (link->watch_wire.reader.fd < 0) {
		link->is_up = false;
		link->session_runs = false;
		if (now - link->tried < TRY_MS)
			return;
		link->tried = now;
		link->is_up = wire_open(&link->watch_wire, conf->gateway.spool, "watch");
		tui_link_ask(link);
	}
	if (link->status_wire.reader.fd >= 0 && now - link->asked > STALE_MS)
		wire_close(&link->status_wire);
	if (link->is_up && link->status_wire.reader.fd < 0 && now - link->asked >= ASK_MS) {
		link->asked = now;
		wire_open(&link->status_wire, conf->gateway.spool, "status");
	}
}

void tui_link_serve(struct tui_link *link, const struct conf *conf)
{
	json_t *object;

	while ((object = wire_read(&link->watch_wire)) != NULL) {
		take_event(link, ctl_say(object, NULL));
		json_decref(object);
	}
	object = wire_read(&link->status_wire);
	if (object != NULL)
		take_status(link, object);
	object = wire_read(&link->who_wire);
	if (object != NULL)
		take_clients(link, object);
	connect_and_ask(link, conf);
}
