#include "base/doing.h"

#include "base/str.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>

#define PLACES 1024
#define WHO_MAX 96
#define STEP_MAX 96

enum { FREE, AT_WORK, WAITING };

struct note {
	atomic_int state;
	char who[WHO_MAX], step[STEP_MAX]; /* printable; the last byte is never written */
};

struct doing {
	struct note notes[PLACES];
};

static struct doing *board;
static _Thread_local struct note *mine;

struct doing *doing_new(void)
{
	void *memory = mmap(NULL, sizeof(struct doing), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void doing_free(struct doing *old)
{
	if (old != NULL)
		munmap(old, sizeof(*old));
}

void doing_use(struct doing *shared)
{
	board = shared;
	mine = NULL;
}

/* This thread's note; it takes a free one if it has none. */
static struct note *note_of_mine(void)
{
	for (size_t i = 0; mine == NULL && board != NULL && i < PLACES; i++) {
		int was = FREE;

		if (atomic_compare_exchange_strong(&board->notes[i].state, &was, AT_WORK))
			mine = &board->notes[i];
	}
	return mine;
}

static void set_state(int state)
{
	if (mine != NULL)
		atomic_store(&mine->state, state);
}

static void write_text(char *out, size_t size, const char *format, va_list args)
{
	char raw[WHO_MAX];

	vsnprintf(raw, sizeof(raw), format, args);
	str_printable(out, size - 1, slice_of(raw));
}

void doing_who(const char *format, ...)
{
	struct note *note = note_of_mine();
	va_list args;

	if (note == NULL)
		return;
	va_start(args, format);
	write_text(note->who, sizeof(note->who), format, args);
	va_end(args);
	note->step[0] = '\0';
	set_state(AT_WORK);
}

void doing_step(const char *format, ...)
{
	va_list args;

	if (mine == NULL)
		return;
	va_start(args, format);
	write_text(mine->step, sizeof(mine->step), format, args);
	va_end(args);
	set_state(AT_WORK);
}

void doing_wait(void)
{
	set_state(WAITING);
}

void doing_resume(void)
{
	set_state(AT_WORK);
}

void doing_end(void)
{
	set_state(FREE);
	mine = NULL;
}

static size_t tell_those(const struct doing *told, int state, size_t lines, struct buf *out)
{
	size_t count = 0;

	for (size_t i = 0; i < PLACES; i++) {
		const struct note *note = &told->notes[i];

		if (atomic_load(&note->state) != state)
			continue;
		if (lines + count++ < DOING_LINES_MAX)
			buf_printf(out, "%s%s%s%s\n", note->who, note->step[0] == '\0' ? "" : ": ", note->step,
			    state == WAITING ? " (waiting)" : "");
	}
	return count;
}

size_t doing_tell(const struct doing *told, struct buf *out)
{
	size_t count;

	if (told == NULL)
		return 0;
	count = tell_those(told, AT_WORK, 0, out);
	return count + tell_those(told, WAITING, count, out);
}
