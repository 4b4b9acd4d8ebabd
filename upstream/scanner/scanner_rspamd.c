/* rspamd over HTTP, by libcurl, which keeps the connection. */
#include "upstream/scanner/scanner_priv.h"

#include "base/i18n.h"
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
	return error_set(error, ERROR_TEMPORARY, N_("%s has closed the connection"), scanner->conf->url);
}

static int read_answer(CURL *curl, const struct transfer *transfer, struct scan_verdict *verdict, struct error *error)
{
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return error_set(error, ERROR_PROTOCOL, N_("the scanner replied: %s"), PHRASE("HTTP %ld", status));
	return rspamd_read(buf_slice(&transfer->answer), verdict, error);
}

int scanner_rspamd(struct scanner *scanner, const struct scanner_message *message, int64_t deadline, struct scan_verdict *verdict,
    struct error *error)
{
	struct transfer transfer = {.scanner = scanner, .message = message, .answer = BUF_INIT(RSPAMD_ANSWER_MAX), .error = error};
	struct curl_slist *lines = make_lines(message->facts);
	CURL *curl;
	CURLcode code;
	int result;

	if (scanner->curl == NULL)
		scanner->curl = curl_easy_init();
	curl = scanner->curl;
	if (curl == NULL || lines == NULL) {
		curl_slist_free_all(lines);
		return error_set(error, ERROR_TEMPORARY, N_("libcurl: out of memory"));
	}
	scanner_line_options(scanner, "/checkv2", deadline);
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)message->size);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(curl, CURLOPT_READDATA, &transfer);
	curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, seek);
	curl_easy_setopt(curl, CURLOPT_SEEKDATA, &transfer);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
	code = curl_easy_perform(curl);
	result = code == CURLE_OK ? read_answer(curl, &transfer, verdict, error) : explain(&transfer, code, error);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(lines);
	buf_clear(&transfer.answer);
	return result;
}
