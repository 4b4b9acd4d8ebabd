#include "gateway/supervisor/login_notes.h"

#include "base/clock.h"
#include "base/file/fsx.h"
#include "base/log.h"
#include "spool/layout.h"

#include <errno.h>
#include <stdlib.h>

#define SAVE_EVERY_MS 1000
#define RETRY_MS 60000 /* the disk is full */

void login_notes_open(struct login_notes *notes, const struct spool *spool)
{
	struct error error;
	char *text = NULL;
	size_t len = 0;

	*notes = (struct login_notes){.path = layout_login_notes(spool), .written = clock_now_ms() - SAVE_EVERY_MS};
	if (fsx_read(notes->path, BAN_NOTES_TEXT_MAX, &text, &len, &error) == 0)
		ban_notes_read(&notes->notes, slice_make(text, len), clock_wall());
	else if (error.saved_errno != ENOENT)
		log_warnx("event=login-notes-unreadable reason=%s", LOG_ERROR(&error));
	free(text);
}

void login_notes_add(struct login_notes *notes, const char *line)
{
	struct ban_note note;

	if (!ban_note_read(slice_of(line), &note))
		return;
	ban_notes_add(&notes->notes, &note, clock_wall());
	if (notes->write_at == 0)
		notes->write_at = notes->written + SAVE_EVERY_MS;
}

void login_notes_write(struct login_notes *notes, struct buf *out)
{
	ban_notes_write(&notes->notes, clock_wall(), out);
}

void login_notes_save(struct login_notes *notes, int64_t now)
{
	struct buf text = BUF_INIT(BAN_NOTES_TEXT_MAX);
	struct error error;

	if (notes->write_at == 0 || now < notes->write_at)
		return;
	login_notes_write(notes, &text);
	notes->written = clock_now_ms();
	notes->write_at = 0;
	if (fsx_replace(notes->path, buf_slice(&text), 0600, &error) != 0) {
		log_warnx("event=login-notes-not-saved reason=%s", LOG_ERROR(&error));
		notes->write_at = notes->written + RETRY_MS;
	}
	buf_clear(&text);
}

void login_notes_close(struct login_notes *notes)
{
	login_notes_save(notes, INT64_MAX);
	ban_notes_clear(&notes->notes);
	free(notes->path);
}
