#include "base/i18n.h"
#include "fetcher/fetch_priv.h"
#include "mail/header.h"

/* The fields by which people and rules know a letter; those of MIME describe a body that is not here. */
static bool belongs_into_stub(struct slice name)
{
	static const char *const names[] = {"From", "To", "Cc", "Reply-To", "Sender", "Date", "Subject",
	    "Message-ID", "List-Id", NULL};

	for (size_t i = 0; names[i] != NULL; i++)
		if (slice_is_nocase(name, names[i]))
			return true;
	return false;
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

int fetch_make_stub(const struct fetch *fetch, const struct plan_item *item, struct slice top,
    struct buf *out)
{
	struct slice body = slice_from(top, header_length(top));
	struct buf note = BUF_INIT(8192);
	struct header_walk walk;
	struct header_field field;
	char size[32], limit[32];

	header_walk_init(&walk, top);
	while (header_walk_next(&walk, &field))
		if (belongs_into_stub(field.name))
			buf_append_slice(out, field.raw);
	buf_printf(out,
	    "X-Lanpost-Stub: account=%s; size=%llu\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
	    fetch->job->account->name, (unsigned long long)item->size);
	buf_printf(&note,
	    _("This letter is too large to be fetched by itself: %s, while account %s allows %s.\n"
	      "It waits on the provider's server. To get it whole, ask your administrator to raise max_size of "
	      "the account; the next session brings it.\n"),
	    i18n_size(size, sizeof(size), item->size), fetch->job->account->name,
	    i18n_size(limit, sizeof(limit), (unsigned long long)fetch->job->account->max_size));
	if (is_plain(body))
		buf_append_text(&note, _("\nIts first lines:\n\n"));
	add_lines(out, buf_slice(&note));
	if (is_plain(body))
		buf_append_slice(out, body);
	buf_clear(&note);
	return out->overflow ? -1 : 0;
}
