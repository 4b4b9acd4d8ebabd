/* rspamd over HTTP, by libcurl, which keeps the connection. */
#include "upstream/scanner/scanner_priv.h"

#include "base/i18n.h"
#include "upstream/curl_handle.h"
#include "upstream/scanner/rspamd.h"

struct transfer {
	struct scanner *scanner;
	const struct scanner_message *message;
	uint64_t at;
	struct buf answer;
	struct error *error;
	bool is_unreadable;
};

static size_t give(char *out, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t got;

	if (scanner_line_read(transfer->message, transfer->at, out, size * count, &got, transfer->error) != 0) {
		transfer->is_unreadable = true;
		return CURL_READFUNC_ABORT;
	}
	transfer->at += got;
	return got;
}

static int seek(void *context, curl_off_t offset, int origin)
{
	struct transfer *transfer = context;

	if (origin != SEEK_SET || offset < 0)
		return CURL_SEEKFUNC_FAIL;
	transfer->at = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;

	transfer->scanner->has_heard = true;
	return buf_append(&transfer->answer, bytes, size * count) == 0 ? size * count : 0;
}

static struct curl_slist *make_lines(const struct scan_facts *facts)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:"); /* no pause before the body */
	struct strlist lines = {NULL, 0};

	list = curl_slist_append(list, "Content-Type:"); /* not that of a form */
	rspamd_lines(facts, &lines);
	for (size_t i = 0; i < lines.count; i++)
		list = curl_slist_append(list, lines.items[i]);
	strlist_clear(&lines);
	return list;
}

static int explain(const struct transfer *transfer, CURLcode code, struct error *error)
{
	const struct scanner *scanner = transfer->scanner;

	if (transfer->is_unreadable)
		return -1;
	if (transfer->answer.overflow)
		return error_set(error, ERROR_PROTOCOL, N_("the scanner's reply is too long"));
	if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
		return scanner_line_not_open(scanner, code, error);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return scanner_line_late(scanner, error);
	return error_set(error, ERROR_TEMPORARY, N_("%s has closed the connection"), scanner->address);
}

static void set_transfer(CURL *curl, struct transfer *transfer, struct curl_slist *lines)
{
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->message->size);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(curl, CURLOPT_READDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, seek);
	curl_easy_setopt(curl, CURLOPT_SEEKDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
}

/* Posts the message to this path. The answer is in the transfer, *status is that of HTTP. */
static int post(struct transfer *transfer, const char *path, int64_t deadline, long *status, struct error *error)
{
	struct scanner *scanner = transfer->scanner;
	struct curl_slist *lines = make_lines(transfer->message->facts);
	CURLcode code;

	if (scanner->curl == NULL)
		scanner->curl = curl_handle_new("");
	if (scanner->curl == NULL || lines == NULL) {
		curl_slist_free_all(lines);
		return error_set(error, ERROR_TEMPORARY, N_("libcurl: out of memory"));
	}
	scanner_line_options(scanner, path, deadline);
	set_transfer(scanner->curl, transfer, lines);
	code = curl_easy_perform(scanner->curl);
	curl_easy_getinfo(scanner->curl, CURLINFO_RESPONSE_CODE, status);
	curl_easy_setopt(scanner->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(lines);
	return code == CURLE_OK ? 0 : explain(transfer, code, error);
}

int scanner_rspamd(struct scanner *scanner, const struct scanner_message *message, int64_t deadline, struct scan_verdict *verdict,
    struct error *error)
{
	struct transfer transfer = {.scanner = scanner, .message = message, .answer = BUF_INIT(RSPAMD_ANSWER_MAX), .error = error};
	long status = 0;
	int result = post(&transfer, "/checkv2", deadline, &status, error);

	if (result == 0 && status != 200)
		result = error_set(error, ERROR_PROTOCOL, N_("the scanner replied: %s"), PHRASE("HTTP %ld", status));
	else if (result == 0)
		result = rspamd_read(buf_slice(&transfer.answer), verdict, error);
	buf_clear(&transfer.answer);
	return result;
}

static bool has_connected(const struct scanner *scanner)
{
	curl_off_t after = 0;

	return scanner->curl != NULL && curl_easy_getinfo(scanner->curl, CURLINFO_CONNECT_TIME_T, &after) == CURLE_OK && after > 0;
}

int scanner_rspamd_learn(struct scanner *scanner, const struct scanner_message *message, bool is_spam, int64_t deadline, bool *was_known,
    struct error *error)
{
	struct transfer transfer = {.scanner = scanner, .message = message, .answer = BUF_INIT(RSPAMD_ANSWER_MAX), .error = error};
	long status = 0;
	int result = post(&transfer, is_spam ? "/learnspam" : "/learnham", deadline, &status, error);

	if (result != 0 && error->class == ERROR_TEMPORARY && has_connected(scanner))
		error->class = ERROR_PROTOCOL;
	if (result == 0)
		result = rspamd_read_learned(status, buf_slice(&transfer.answer), was_known, error);
	buf_clear(&transfer.answer);
	return result;
}
