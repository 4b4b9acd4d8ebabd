#include "lan-server/login/auth_wire.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "base/net/pass_fd.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Both ends are from one build on one machine. */
struct question_head {
	uint32_t kind;
	uint32_t name, text, proof; /* lengths */
	struct in6_addr client;
};

struct answer_head {
	uint32_t verdict, delays, shut_out, number;
	uint32_t bytes; /* length */
};

/* --- bytes */

void auth_question_write(const struct auth_question *question, struct buf *out)
{
	struct question_head head = {(uint32_t)question->kind, (uint32_t)question->name.len, (uint32_t)question->text.len,
	    (uint32_t)question->proof.len, question->client};

	buf_append(out, &head, sizeof(head));
	buf_append_slice(out, question->name);
	buf_append_slice(out, question->text);
	buf_append_slice(out, question->proof);
}

bool auth_question_read(struct slice bytes, struct auth_question *question)
{
	struct question_head head;

	if (bytes.len < sizeof(head))
		return false;
	memcpy(&head, bytes.ptr, sizeof(head));
	if (head.kind < ASK_OFFERS || head.kind >= ASK_KINDS || head.name > AUTH_NAME_MAX || head.text > AUTH_TEXT_MAX ||
	    head.proof > AUTH_PROOF_MAX || bytes.len != sizeof(head) + head.name + head.text + head.proof)
		return false;
	bytes = slice_from(bytes, sizeof(head));
	*question = (struct auth_question){
	    .kind = (enum auth_kind)head.kind,
	    .client = head.client,
	    .name = slice_make(bytes.ptr, head.name),
	    .text = slice_make(bytes.ptr + head.name, head.text),
	    .proof = slice_make(bytes.ptr + head.name + head.text, head.proof),
	};
	return true;
}

void auth_answer_write(const struct auth_answer *answer, struct buf *out)
{
	struct answer_head head = {(uint32_t)answer->verdict, answer->delays, answer->shut_out, answer->number,
	    (uint32_t)answer->bytes.len};

	buf_append(out, &head, sizeof(head));
	buf_append_slice(out, buf_slice(&answer->bytes));
}

bool auth_answer_read(struct slice bytes, struct auth_answer *answer)
{
	struct answer_head head;

	if (bytes.len < sizeof(head))
		return false;
	memcpy(&head, bytes.ptr, sizeof(head));
	if (head.verdict >= VERDICTS || head.delays > AUTH_DELAYS_MAX || head.bytes > AUTH_ANSWER_MAX ||
	    bytes.len != sizeof(head) + head.bytes)
		return false;
	answer->verdict = (enum auth_verdict)head.verdict;
	answer->delays = head.delays;
	answer->shut_out = head.shut_out;
	answer->number = head.number;
	buf_reset(&answer->bytes);
	return buf_append(&answer->bytes, bytes.ptr + sizeof(head), head.bytes) == 0;
}

/* --- sockets */

static bool send_with(int fd, struct slice bytes, int passed, int64_t deadline)
{
	while (pass_fd_send(fd, bytes, passed, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		struct pollfd room = {.fd = fd, .events = POLLOUT};

		if ((errno != EAGAIN && errno != EINTR) || clock_left_ms(deadline) == 0)
			return false;
		poll(&room, 1, clock_left_ms(deadline));
	}
	return true;
}

static bool receive_answer(int fd, struct auth_answer *answer, int64_t deadline)
{
	struct buf bytes = BUF_INIT(AUTH_ANSWER_MAX + 64);
	char *room = buf_reserve(&bytes, AUTH_ANSWER_MAX + 64);
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	ssize_t got = -1;
	bool whole;

	while (poll(&ready, 1, clock_left_ms(deadline)) < 0 && errno == EINTR)
		;
	if (ready.revents != 0)
		got = recv(fd, room, AUTH_ANSWER_MAX + 64, MSG_DONTWAIT);
	whole = got > 0 && auth_answer_read(slice_make(room, (size_t)got), answer);
	buf_clear(&bytes);
	return whole;
}

static int no_answer(struct error *error)
{
	return error_set(error, ERROR_TEMPORARY, N_("Logins cannot be checked now, try "
	    "again later"));
}

int auth_ask_begin(int fd, const struct auth_question *question, int64_t deadline, struct error *error)
{
	struct buf bytes = BUF_INIT(AUTH_QUESTION_MAX);
	int pair[2];
	bool sent;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return error_errno(error, N_("cannot make a socket pair"));
	auth_question_write(question, &bytes);
	sent = !bytes.overflow && send_with(fd, buf_slice(&bytes), pair[1], deadline);
	explicit_bzero(bytes.ptr, bytes.capacity);
	buf_clear(&bytes);
	close(pair[1]);
	if (sent)
		return pair[0];
	close(pair[0]);
	return no_answer(error);
}

int auth_ask(int fd, const struct auth_question *question, struct auth_answer *answer, int64_t deadline, struct error *error)
{
	int reply_fd = auth_ask_begin(fd, question, deadline, error);
	bool done;

	if (reply_fd < 0)
		return -1;
	done = receive_answer(reply_fd, answer, deadline);
	close(reply_fd);
	return done ? 0 : no_answer(error);
}

/* An empty message looks like end of file. */
static bool has_ended(int fd)
{
	struct pollfd end = {.fd = fd, .events = POLLIN};

	return poll(&end, 1, 0) > 0 && (end.revents & POLLHUP);
}

int auth_take(int fd, char *bytes, size_t *len, int *reply_fd)
{
	bool cut;
	ssize_t got = pass_fd_receive(fd, bytes, AUTH_QUESTION_MAX, reply_fd, &cut);

	*len = got < 0 || cut ? 0 : (size_t)got;
	return got < 0 || (got == 0 && has_ended(fd)) ? -1 : 0;
}

void auth_reply(int reply_fd, const struct auth_answer *answer)
{
	struct buf bytes = BUF_INIT(AUTH_ANSWER_MAX + 64);

	auth_answer_write(answer, &bytes);
	(void)!send(reply_fd, bytes.ptr, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	buf_clear(&bytes);
	close(reply_fd);
}
