#include "base/i18n.h"
#include "fetcher/fetch_priv.h"
#include "mail/header.h"

#define LINES_MAX 2000 /* bytes of the body that are shown */

/* The fields by which people and rules know a letter; those of MIME describe a body that is not here. */
static bool belongs_into_stub(struct slice name)
{
	static const char *const names[] = {"From", "To", "Cc", "Sender", "Date", "Message-ID",
	    "List-Id", NULL};

	for (size_t i = 0; names[i] != NULL; i++)
		if (slice_is_nocase(name, names[i]))
			return true;
	return false;
}

/* The subject as it was, folded lines and all, with what the daemon reads out of a reply. */
static void add_subject(struct buf *out, struct slice top, const char *id)
{
	struct header_field field;
	struct slice subject = SLICE_NONE;

	if (header_find(top, "Subject", &field))
		subject = slice_trim(field.body);
	buf_append_text(out, "Subject: ");
	buf_append_slice(out, subject);
	buf_printf(out, "\r\n [fetch %s]\r\n", id);
}

static void add_lines(struct buf *out, struct slice text)
{
	while (text.len > 0) {
		buf_append_slice(out, slice_cut(&text, '\n'));
		buf_append_text(out, "\r\n");
	}
}

/* Without an ASCII body its first lines say nothing to people. */
static bool is_plain(struct slice body)
{
	for (size_t i = 0; i < body.len; i++)
		if ((unsigned char)body.ptr[i] >= 0x7F)
			return false;
	return body.len > 0;
}

/* Servers without the second argument of TOP send it all. */
static struct slice first_lines(struct slice body)
{
	if (body.len <= LINES_MAX)
		return body;
	body.len = LINES_MAX;
	while (body.len > 0 && body.ptr[body.len - 1] != '\n')
		body.len--;
	return body;
}

int fetch_make_stub(const struct fetch *fetch, const struct plan_item *item, struct slice top,
    struct buf *out)
{
	struct slice body = first_lines(slice_from(top, header_length(top)));
	struct buf note = BUF_INIT(8192);
	struct header_walk walk;
	struct header_field field;
	char size[32], limit[32];
	const char *id = fetch->envelope.id.text;

	header_walk_init(&walk, top);
	while (header_walk_next(&walk, &field))
		if (belongs_into_stub(field.name))
			buf_append_slice(out, field.raw);
	/* Those of ours decide where a reply goes and what the daemon makes of it. */
	add_subject(out, top, id);
	buf_printf(out, "Reply-To: %s@%s\r\n", CONF_DAEMON, fetch->job->conf->gateway.local_domain);
	buf_printf(out,
	    "X-Lanpost-Stub: account=%s; size=%llu; id=%s\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
	    fetch->job->account->name, (unsigned long long)item->size, id);
	buf_printf(&note,
	    _("This letter is too large to be fetched by itself: %s, while account %s allows %s.\n"
	      "It waits on the provider's server. To get it whole, reply to this letter, or write to %s with the "
	      "subject: fetch %s\nThe next session brings it.\n"),
	    i18n_size(size, sizeof(size), item->size), fetch->job->account->name,
	    i18n_size(limit, sizeof(limit), (unsigned long long)fetch->job->account->max_size),
	    CONF_DAEMON, id);
	if (is_plain(body))
		buf_append_text(&note, _("\nIts first lines:\n\n"));
	add_lines(out, buf_slice(&note));
	if (is_plain(body))
		buf_append_slice(out, body);
	buf_clear(&note);
	return out->overflow ? -1 : 0;
}
