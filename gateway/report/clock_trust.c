#include "gateway/report/clock_trust.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/report/report.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY "clock"
#define DAY ((int64_t)86400)
#define SLACK 3600 /* seconds; a smaller correction of the clock does not matter for days */

/* The difference between the clock and the time expected from the last reading; 0 if plausible. */
static int64_t jump(const struct clock_memory *memory, const struct clock_reading *now)
{
	const struct clock_reading *last = &memory->last;
	int64_t passed = now->wall - last->wall, off;

	if (last->wall == 0)
		return 0;
	if (last->system[0] != '\0' && strcmp(last->system, now->system) == 0) {
		off = passed - (now->steady - last->steady);
		return off > SLACK || off < -SLACK ? off : 0;
	}
	if (passed > CLOCK_TRUST_CLOSED * DAY)
		return passed;
	return passed < -SLACK ? passed : 0;
}

bool clock_trust_update(struct clock_memory *memory, const struct clock_reading *now)
{
	int64_t off = jump(memory, now);

	if (off != 0) {
		memory->jumped = off;
		memory->doubtful_days = CLOCK_TRUST_DAYS;
	} else if (memory->doubtful_days > 0 && now->wall / DAY != memory->last.wall / DAY) {
		memory->doubtful_days--;
	}
	memory->last = *now;
	return memory->doubtful_days == 0;
}

/* --- with the state */

static char system_now[sizeof(((struct clock_reading *)NULL)->system)];

/* Files of the kernel have size 0: fsx_read() would read nothing. */
void clock_trust_prepare(void)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char text[sizeof(system_now)];
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (got <= 0)
		return;
	text[got] = '\0';
	snprintf(system_now, sizeof(system_now), "%.*s", (int)strcspn(text, "\n "), text);
}

static void read_clock(struct clock_reading *now)
{
	*now = (struct clock_reading){.wall = clock_wall(), .steady = clock_steady()};
	memcpy(now->system, system_now, sizeof(now->system));
}

/* As store() writes it; the id of the system's start may be missing. */
static void parse(struct slice text, struct clock_memory *memory)
{
	int64_t numbers[4];

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (!slice_integer(slice_cut(&text, ' '), &numbers[i]))
			return;
	memory->last.wall = numbers[0];
	memory->last.steady = numbers[1];
	memory->doubtful_days = (unsigned)numbers[2];
	memory->jumped = numbers[3];
	snprintf(memory->last.system, sizeof(memory->last.system), "%.*s", SLICE_PRINT(text));
}

/* A spool of an older lanpost has only the time of its last message. */
static int load(struct state *state, struct clock_memory *memory, struct error *error)
{
	char *text = NULL;

	*memory = (struct clock_memory){0};
	if (state_get(state, KEY, &text, error) != 0)
		return -1;
	if (text == NULL)
		return state_journal_newest(state, &memory->last.wall, error);
	parse(slice_of(text), memory);
	free(text);
	return 0;
}

static int store(struct state *state, const struct clock_memory *memory, struct error *error)
{
	char text[160];

	snprintf(text, sizeof(text), "%lld %lld %u %lld %s", (long long)memory->last.wall, (long long)memory->last.steady,
	    memory->doubtful_days, (long long)memory->jumped, memory->last.system);
	return state_set(state, KEY, text, error);
}

static void report(const struct conf *conf, struct spool *spool, const char *session, const struct clock_memory *memory)
{
	const struct reporter reporter = {conf, spool, session};
	struct error problem;

	if (memory->doubtful_days == 0) {
		report_recovery(&reporter, KEY, PHRASE(N_("the clock")));
		return;
	}
	error_set(&problem, ERROR_PERMANENT,
	    N_("the clock of this computer jumped by %lld days; check its date. Old messages are "
	       "not removed until the clock was correct on %d different days"),
	    (long long)(memory->jumped / DAY), CLOCK_TRUST_DAYS);
	report_problem(&reporter, KEY, PHRASE(N_("the clock")), &problem, SLICE_NONE);
}

bool clock_trust_peek(struct state *state)
{
	struct clock_memory memory;
	struct clock_reading now;
	struct error error;

	read_clock(&now);
	return load(state, &memory, &error) == 0 && clock_trust_update(&memory, &now);
}

bool clock_trust_check(const struct conf *conf, struct spool *spool, const char *session)
{
	struct clock_memory memory;
	struct clock_reading now;
	struct error error;
	bool is_trusted;

	read_clock(&now);
	if (load(spool->state, &memory, &error) != 0) {
		log_warnx("event=clock-not-checked reason=%s", LOG_ERROR(&error));
		return false;
	}
	is_trusted = clock_trust_update(&memory, &now);
	if (!is_trusted)
		log_warnx("event=clock-doubtful jumped_seconds=%lld days=%u", (long long)memory.jumped, memory.doubtful_days);
	if (store(spool->state, &memory, &error) != 0)
		log_warnx("event=clock-not-noted reason=%s", LOG_ERROR(&error));
	report(conf, spool, session, &memory);
	return is_trusted;
}
