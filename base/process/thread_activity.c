#include "base/process/thread_activity.h"

#include "base/clock.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_TRIES 100 /* for a note that is rewritten continuously */

enum { FREE, AT_WORK, WAITING };

/* The last byte of a text is never written. */
struct place {
	atomic_int state;
	atomic_uint changes; /* odd while the note is being written */
	_Atomic int64_t heard;
	struct thread_activity_note note;
};

struct thread_activity {
	struct place places[THREAD_ACTIVITY_PLACES];
};

static struct thread_activity *board;
static _Thread_local struct place *mine;

struct thread_activity *thread_activity_open(int fd)
{
	struct stat st;
	void *memory;

	if (fstat(fd, &st) != 0 || st.st_size != (off_t)sizeof(struct thread_activity))
		return NULL;
	memory = mmap(NULL, sizeof(struct thread_activity), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

/* Sealed: a child that truncated it would crash the parent on reading. */
static int make_memory(void)
{
	int fd = memfd_create("lanpost-doing", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && (ftruncate(fd, sizeof(struct thread_activity)) != 0 ||
			   fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

struct thread_activity *thread_activity_new(int *fd)
{
	int made = make_memory();
	struct thread_activity *memory = made < 0 ? NULL : thread_activity_open(made);

	if (fd != NULL)
		*fd = made;
	else if (made >= 0)
		close(made);
	return memory;
}

void thread_activity_free(struct thread_activity *old)
{
	if (old != NULL)
		munmap(old, sizeof(*old));
}

void thread_activity_use(struct thread_activity *shared)
{
	board = shared;
	mine = NULL;
}

/* The slot of this thread; takes a free one if it has none. */
static struct place *place_of_mine(void)
{
	for (size_t i = 0; mine == NULL && board != NULL && i < THREAD_ACTIVITY_PLACES; i++) {
		int was = FREE;

		if (atomic_compare_exchange_strong(&board->places[i].state, &was, AT_WORK))
			mine = &board->places[i];
	}
	return mine;
}

static void set_state(int state)
{
	if (mine == NULL)
		return;
	if (state == AT_WORK)
		atomic_store(&mine->heard, clock_now_ms());
	atomic_store(&mine->state, state);
}

static void write_begin(void)
{
	atomic_fetch_add(&mine->changes, 1);
}

static void write_end(void)
{
	atomic_fetch_add(&mine->changes, 1);
	set_state(AT_WORK);
}

static void write_text(char *out, const char *format, va_list args)
{
	char raw[THREAD_ACTIVITY_TEXT_MAX];

	vsnprintf(raw, sizeof(raw), format, args);
	str_printable(out, THREAD_ACTIVITY_TEXT_MAX - 1, slice_of(raw));
}

void thread_activity_who(const char *format, ...)
{
	va_list args;

	if (place_of_mine() == NULL)
		return;
	write_begin();
	va_start(args, format);
	write_text(mine->note.who, format, args);
	va_end(args);
	mine->note.login[0] = mine->note.step[0] = '\0';
	mine->note.has_tls = false;
	mine->note.since = clock_wall();
	write_end();
}

void thread_activity_login(const char *name)
{
	if (mine == NULL)
		return;
	write_begin();
	str_printable(mine->note.login, THREAD_ACTIVITY_TEXT_MAX - 1, slice_of(name));
	mine->note.step[0] = '\0'; /* the login has ended */
	write_end();
}

void thread_activity_tls(void)
{
	if (mine == NULL)
		return;
	write_begin();
	mine->note.has_tls = true;
	write_end();
}

void thread_activity_step(const char *format, ...)
{
	va_list args;

	if (mine == NULL)
		return;
	write_begin();
	va_start(args, format);
	write_text(mine->note.step, format, args);
	va_end(args);
	write_end();
}

void thread_activity_command(const char *name)
{
	size_t len = strnlen(name, THREAD_ACTIVITY_TEXT_MAX - 1);

	if (mine == NULL)
		return;
	write_begin();
	memcpy(mine->note.step, name, len);
	mine->note.step[len] = '\0';
	write_end();
}

void thread_activity_wait(void)
{
	set_state(WAITING);
}

void thread_activity_resume(void)
{
	set_state(AT_WORK);
}

void thread_activity_end(void)
{
	set_state(FREE);
	mine = NULL;
}

/* The writer may be compromised: the text is terminated and made printable. */
static void copy_text(char *out, const char *shared)
{
	char raw[THREAD_ACTIVITY_TEXT_MAX];

	memcpy(raw, shared, sizeof(raw));
	raw[sizeof(raw) - 1] = '\0';
	str_printable(out, THREAD_ACTIVITY_TEXT_MAX, slice_of(raw));
}

static void copy_note(const struct thread_activity_note *shared, struct thread_activity_note *note)
{
	*note = (struct thread_activity_note){.since = shared->since, .has_tls = *(const volatile unsigned char *)&shared->has_tls != 0};
	copy_text(note->who, shared->who);
	copy_text(note->login, shared->login);
	copy_text(note->step, shared->step);
}

static size_t tell_those(const struct thread_activity *told, int state, size_t lines, struct buf *out)
{
	size_t count = 0;

	for (size_t i = 0; i < THREAD_ACTIVITY_PLACES; i++) {
		struct thread_activity_note note;

		if (atomic_load(&told->places[i].state) != state)
			continue;
		copy_note(&told->places[i].note, &note);
		if (lines + count++ < THREAD_ACTIVITY_LINES_MAX)
			buf_printf(out, "%s%s%s%s%s%s\n", note.who, note.login[0] == '\0' ? "" : " ", note.login,
			    note.step[0] == '\0' ? "" : ": ", note.step, state == WAITING ? " (waiting)" : "");
	}
	return count;
}

size_t thread_activity_tell(const struct thread_activity *told, struct buf *out)
{
	size_t count;

	if (told == NULL)
		return 0;
	count = tell_those(told, AT_WORK, 0, out);
	return count + tell_those(told, WAITING, count, out);
}

/* Returns false for a free slot, or one that is rewritten continuously. */
static bool read_place(const struct place *place, struct thread_activity_note *note)
{
	for (int i = 0; i < READ_TRIES; i++) {
		unsigned before = atomic_load(&place->changes);
		int state = atomic_load(&place->state);

		if (state == FREE)
			return false;
		copy_note(&place->note, note);
		note->heard = atomic_load(&place->heard);
		note->waits = state == WAITING;
		if (before % 2 == 0 && atomic_load(&place->changes) == before && atomic_load(&place->state) == state)
			return true;
	}
	return false;
}

size_t thread_activity_read(const struct thread_activity *told, struct thread_activity_note *notes, size_t most)
{
	size_t count = 0;

	for (size_t i = 0; told != NULL && i < THREAD_ACTIVITY_PLACES && count < most; i++)
		count += read_place(&told->places[i], &notes[count]);
	return count;
}
