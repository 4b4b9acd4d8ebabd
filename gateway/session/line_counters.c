#include "gateway/session/line_counters.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define FILE_MAX (1u << 20)
#define INTERFACES_MAX 16
#define REJECT 0x0200 /* RTF_REJECT */

/* Names of interfaces, borrowed from the files of routes. */
struct interfaces {
	struct slice names[INTERFACES_MAX];
	size_t count;
};

/* A file of the kernel, which has no size. New memory; "" if it cannot be read. */
static char *read_file(const char *folder, const char *name)
{
	char *path = xasprintf("%s/%s", folder, name);
	struct buf text = BUF_INIT(FILE_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char piece[4096];
	ssize_t got = 0;

	while (fd >= 0 && (got = read(fd, piece, sizeof(piece))) > 0 && buf_append(&text, piece, (size_t)got) == 0)
		;
	if (fd >= 0)
		close(fd);
	free(path);
	return buf_take(&text);
}

static struct slice take_word(struct slice *line)
{
	size_t start = 0, len = 0;

	while (start < line->len && (line->ptr[start] == ' ' || line->ptr[start] == '\t'))
		start++;
	*line = slice_from(*line, start);
	while (len < line->len && line->ptr[len] != ' ' && line->ptr[len] != '\t')
		len++;
	*line = slice_from(*line, len);
	return slice_make(line->ptr == NULL ? NULL : line->ptr - len, len);
}

static bool has(const struct interfaces *interfaces, struct slice name)
{
	for (size_t i = 0; i < interfaces->count; i++)
		if (slice_equal(interfaces->names[i], name))
			return true;
	return false;
}

static void add(struct interfaces *interfaces, struct slice name)
{
	if (name.len > 0 && !slice_is(name, "lo") && !has(interfaces, name) && interfaces->count < INTERFACES_MAX)
		interfaces->names[interfaces->count++] = name;
}

static bool is_zero(struct slice number)
{
	for (size_t i = 0; i < number.len; i++)
		if (number.ptr[i] != '0')
			return false;
	return number.len > 0;
}

static bool is_rejected(struct slice flags)
{
	char *text = slice_dup(flags);
	bool rejected = (strtoul(text, NULL, 16) & REJECT) != 0;

	free(text);
	return rejected;
}

/* IPv4: interface, destination, gateway, flags, three numbers, mask. */
static void add_route(struct slice line, struct interfaces *interfaces)
{
	struct slice words[8];

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		words[i] = take_word(&line);
	if (is_zero(words[1]) && is_zero(words[7]) && !is_rejected(words[3]))
		add(interfaces, words[0]);
}

/* IPv6: destination, its length, source, its length, next hop, metric, two numbers, flags, interface. */
static void add_route6(struct slice line, struct interfaces *interfaces)
{
	struct slice words[10];

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		words[i] = take_word(&line);
	if (is_zero(words[0]) && is_zero(words[1]) && !is_rejected(words[8]))
		add(interfaces, words[9]);
}

/* "eth0: received and seven more numbers, sent ..." */
static bool add_counters(struct slice line, const struct interfaces *interfaces, struct line_counters *counters)
{
	struct slice rest = line, name = slice_trim(slice_cut(&rest, ':')), numbers[9];
	uint64_t received, sent;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		numbers[i] = take_word(&rest);
	if (!has(interfaces, name) || !slice_number(numbers[0], 0, INT64_MAX, &received) || !slice_number(numbers[8], 0, INT64_MAX, &sent))
		return false;
	counters->received += received;
	counters->sent += sent;
	return true;
}

bool line_counters_read(const char *folder, struct line_counters *counters)
{
	char *routes = read_file(folder, "route"), *routes6 = read_file(folder, "ipv6_route"), *devices = read_file(folder, "dev");
	struct slice rest = slice_of(routes), rest6 = slice_of(routes6), lines = slice_of(devices);
	struct interfaces interfaces = {.count = 0};
	size_t counted = 0;

	*counters = (struct line_counters){0};
	while (rest.len > 0)
		add_route(slice_cut(&rest, '\n'), &interfaces);
	while (rest6.len > 0)
		add_route6(slice_cut(&rest6, '\n'), &interfaces);
	while (lines.len > 0)
		counted += add_counters(slice_cut(&lines, '\n'), &interfaces, counters);
	free(routes);
	free(routes6);
	free(devices);
	return counted > 0 && counted == interfaces.count;
}

bool line_counters_since(const struct line_counters *before, const struct line_counters *now, struct line_counters *difference)
{
	if (now->received < before->received || now->sent < before->sent)
		return false;
	*difference = (struct line_counters){now->received - before->received, now->sent - before->sent};
	return true;
}
