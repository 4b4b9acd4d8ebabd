/* The way to a scanner: libcurl connects, and the bytes go through its socket. */
#include "upstream/scanner/scanner_priv.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "upstream/curl_handle.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

void scanner_line_options(struct scanner *scanner, const char *path, int64_t deadline)
{
	const struct scanner_url *url = &scanner->url;
	bool has_socket = url->path.len > 0, is_v6 = slice_find(url->host, ':') >= 0;
	char *text = has_socket ? xasprintf("http://localhost%s", path)
				: xasprintf("http://%s%.*s%s:%u%s", is_v6 ? "[" : "", SLICE_PRINT(url->host), is_v6 ? "]" : "", url->port, path);
	CURL *curl = scanner->curl;
	long left = clock_left_ms(deadline);

	curl_easy_setopt(curl, CURLOPT_URL, text);
	free(text);
	text = slice_dup(url->path);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, has_socket ? text : NULL);
	free(text);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, left > 0 ? left : 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, left > 0 ? left : 1L);
}

int scanner_line_not_open(const struct scanner *scanner, CURLcode code, struct error *error)
{
	long number = 0;

	if (code == CURLE_OPERATION_TIMEDOUT)
		return scanner_line_late(scanner, error);
	curl_easy_getinfo(scanner->curl, CURLINFO_OS_ERRNO, &number);
	if (number == 0)
		return error_set(error, ERROR_TEMPORARY, N_("cannot connect to %s"), scanner->address);
	return error_set(error, ERROR_TEMPORARY, N_("cannot connect to %s: %s"), scanner->address, PHRASE_WORD(error_errno_word((int)number)));
}

int scanner_line_open(struct scanner *scanner, int64_t deadline, struct error *error)
{
	CURLcode code;

	scanner->curl = curl_handle_new("");
	if (scanner->curl == NULL)
		return error_set(error, ERROR_TEMPORARY, N_("libcurl: out of memory"));
	scanner_line_options(scanner, "/", deadline);
	curl_easy_setopt(scanner->curl, CURLOPT_CONNECT_ONLY, 1L);
	code = curl_easy_perform(scanner->curl);
	if (code == CURLE_OK)
		return 0;
	scanner_line_not_open(scanner, code, error);
	scanner_line_close(scanner);
	return -1;
}

void scanner_line_close(struct scanner *scanner)
{
	if (scanner->curl != NULL)
		curl_easy_cleanup(scanner->curl);
	scanner->curl = NULL;
	scanner->is_used = false;
	clamd_clear(&scanner->clamd);
	clamd_init(&scanner->clamd);
}

int scanner_line_late(const struct scanner *scanner, struct error *error)
{
	return error_set(error, ERROR_TEMPORARY, N_("%s does not answer in time"), scanner->address);
}

static int socket_of(const struct scanner *scanner)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	return curl_easy_getinfo(scanner->curl, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD ? fd : -1;
}

bool scanner_line_is_stale(const struct scanner *scanner)
{
	struct pollfd polled = {.fd = socket_of(scanner), .events = POLLIN};

	return polled.fd < 0 || poll(&polled, 1, 0) != 0;
}

static int wait_for(struct scanner *scanner, short events, int64_t deadline, struct error *error)
{
	struct pollfd polled = {.fd = socket_of(scanner), .events = events};

	if (polled.fd < 0)
		return error_set(error, ERROR_TEMPORARY, N_("%s has closed the connection"), scanner->address);
	if (clock_left_ms(deadline) == 0 || poll(&polled, 1, clock_left_ms(deadline)) == 0)
		return scanner_line_late(scanner, error);
	return 0;
}

int scanner_line_send(struct scanner *scanner, struct slice bytes, int64_t deadline, struct error *error)
{
	while (bytes.len > 0) {
		size_t sent = 0;
		CURLcode code = curl_easy_send(scanner->curl, bytes.ptr, bytes.len, &sent);

		bytes = slice_from(bytes, sent);
		if (code != CURLE_OK && code != CURLE_AGAIN)
			return error_set(error, ERROR_TEMPORARY, N_("%s has closed the connection"), scanner->address);
		if (code == CURLE_AGAIN && wait_for(scanner, POLLOUT, deadline, error) != 0)
			return -1;
	}
	return 0;
}

int scanner_line_receive(struct scanner *scanner, char *bytes, size_t size, size_t *got, int64_t deadline, struct error *error)
{
	CURLcode code;

	if (wait_for(scanner, POLLIN, deadline, error) != 0) /* there is rarely something already */
		return -1;
	while ((code = curl_easy_recv(scanner->curl, bytes, size, got)) == CURLE_AGAIN)
		if (wait_for(scanner, POLLIN, deadline, error) != 0)
			return -1;
	if (code != CURLE_OK)
		return error_set(error, ERROR_TEMPORARY, N_("%s has closed the connection"), scanner->address);
	scanner->has_heard = scanner->has_heard || *got > 0;
	if (*got > 0 && clock_left_ms(deadline) == 0) /* a byte now and then */
		return scanner_line_late(scanner, error);
	return 0;
}

int scanner_line_read(const struct scanner_message *message, uint64_t at, char *bytes, size_t size, size_t *got, struct error *error)
{
	ssize_t count = 0;

	*got = 0;
	if (at >= message->size)
		return 0;
	if (size > message->size - at)
		size = (size_t)(message->size - at);
	if (message->file < 0) {
		memcpy(bytes, message->bytes + at, size);
		*got = size;
		return 0;
	}
	do
		count = pread(message->file, bytes, size, (off_t)at);
	while (count < 0 && errno == EINTR);
	if (count <= 0)
		return error_errno(error, N_("cannot read the message"));
	*got = (size_t)count;
	return 0;
}
