/*
 * The control socket: for any input of three clients, in pieces of any size, each gets whole lines of JSON: events, then
 * an answer or the end of a session; nothing is begun without a request, and no client prevents the service of another.
 *
 * The input is a list of steps: a byte says who and what (bytes to send, a line to send, hang up, a session that begins, tells
 * something or ends), the next how many bytes it takes.
 */
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/supervisor/control.h"
#include "tests/fuzz/common/fuzz.h"

#include <fcntl.h>
#include <sys/socket.h>

#define CLIENTS 3

struct house {
	struct control control;
	int peers[CLIENTS];
	uint64_t number; /* of the last session */
	bool runs;
	unsigned asked, stops;
};

static uint64_t want_session(void *context, const struct session_request *request)
{
	struct house *house = context;

	assert(request->accounts.count == 0 || house->asked > 0);
	for (size_t i = 0; i < request->accounts.count; i++)
		assert(strcmp(request->accounts.items[i], "sales") == 0);
	return house->number + (house->runs ? 1 : 0);
}

static void status(void *context, int fd)
{
	(void)context;
	assert(send(fd, "{\"ok\": true}\n", 13, MSG_NOSIGNAL | MSG_DONTWAIT) <= 13);
}

static int reload(void *context, struct error *error)
{
	const struct house *house = context;

	return house->number % 2 == 0 ? 0 : error_set(error, ERROR_CONFIG, N_("no session is running"));
}

static void stop(void *context)
{
	((struct house *)context)->stops++;
}

static bool account_exists(void *context, const char *name)
{
	(void)context;
	return strcmp(name, "sales") == 0;
}

static bool cancel(void *context)
{
	return ((struct house *)context)->runs;
}

static bool session_runs(void *context)
{
	return ((struct house *)context)->runs;
}

static json_t *clients(void *context)
{
	(void)context;
	return json_pack("[{s:s}]", "who", "smtp 192.168.1.5");
}

/* A connection as from accept_client(). */
static void connect_client(struct house *house, int i)
{
	struct control_client *client = &house->control.clients[i];
	int pair[2];

	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
	house->peers[i] = pair[0];
	*client = (struct control_client){.fd = pair[1]};
	ctl_reader_init(&client->reader, pair[1]);
}

static void set_up(struct house *house)
{
	*house = (struct house){.control = {.fd = -1,
	    .hooks = {house, want_session, status, reload, stop, account_exists, cancel, session_runs, clients}}};
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		house->control.clients[i].fd = -1;
	for (int i = 0; i < CLIENTS; i++)
		connect_client(house, i);
}

static void check_line(struct slice line)
{
	json_t *object = json_loadb(line.ptr, line.len, 0, NULL);

	assert(json_is_object(object));
	assert(json_is_string(json_object_get(object, "event")) || json_is_boolean(json_object_get(object, "ok")));
	assert(!json_is_false(json_object_get(object, "ok")) || json_is_string(json_object_get(object, "error")));
	json_decref(object);
}

/* Reads the output to a client, so that its buffer does not fill up. */
static void hear(struct house *house, int i)
{
	static char bytes[1u << 17];
	ssize_t got = house->peers[i] < 0 ? 0 : recv(house->peers[i], bytes, sizeof(bytes), MSG_DONTWAIT);
	struct slice rest = slice_make(bytes, got > 0 ? (size_t)got : 0);

	assert(rest.len == 0 || rest.ptr[rest.len - 1] == '\n');
	while (rest.len > 0)
		check_line(slice_cut(&rest, '\n'));
}

static void hang_up(struct house *house, int i)
{
	if (house->peers[i] >= 0)
		close(house->peers[i]);
	house->peers[i] = -1;
}

static void say(struct house *house, int i, struct slice bytes, bool as_line)
{
	if (house->peers[i] < 0)
		return;
	send(house->peers[i], bytes.ptr, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (as_line)
		send(house->peers[i], "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	house->asked++;
}

static void publish(struct house *house, struct slice bytes, bool is_final)
{
	char text[64];
	json_t *object = is_final ? json_pack("{s:b}", "ok", 1)
				  : json_pack("{s:s, s:s}", "event", "account", "account", str_printable(text, sizeof(text), bytes));

	if (house->runs)
		control_publish(&house->control, house->number, object, is_final);
	house->runs = house->runs && !is_final;
	json_decref(object);
}

static void begin(struct house *house)
{
	if (house->runs)
		return;
	house->number++;
	house->runs = true;
	control_session_began(&house->control);
}

static void take_step(struct house *house, struct slice *input)
{
	unsigned what = fuzz_byte(input);
	struct slice bytes = fuzz_take(input, fuzz_byte(input));
	int i = (int)(what % CLIENTS);

	switch (what / CLIENTS % 8) {
	case 0:
	case 1:
	case 2:
		say(house, i, bytes, true);
		break;
	case 3:
		say(house, i, bytes, false);
		break;
	case 4:
		hang_up(house, i);
		break;
	case 5:
		begin(house);
		break;
	default:
		publish(house, bytes, what / CLIENTS % 8 == 7);
	}
	control_serve(&house->control);
	for (int j = 0; j < CLIENTS; j++)
		hear(house, j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_make((const char *)data, size);
	struct house house;

	log_start(&(struct log_settings){.level = LOG_LEVEL_ERROR}, "fuzz");
	set_up(&house);
	while (input.len > 0)
		take_step(&house, &input);
	assert(house.stops <= house.asked);
	for (int i = 0; i < CLIENTS; i++)
		hang_up(&house, i);
	control_serve(&house.control);
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		assert(house.control.clients[i].fd < 0);
	json_decref(house.control.told);
	return 0;
}
