/*
 * A large journal: fills one, writes more, prunes it during writes.
 *
 *   journal_bench fill SPOOL MESSAGES DAYS    MESSAGES with four events each, spread over the last DAYS
 *   journal_bench write SPOOL MESSAGES        as many new ones, 64 a transaction; prints messages a second
 *   journal_bench prune SPOOL DAYS            forgets what is older, while new ones are written 10 ms apart; prints how
 *                                             long that took and the longest and the mean wait of a writer, in ms
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "spool/storage/state.h"
#include "spool/storage/state_journal.h"

#include <poll.h>
#include <stdatomic.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define BATCH 64
#define FILL_BATCH 5000
#define DAY 86400

static const char *const words[] = {"счёт", "на оплату", "договор", "поставка", "отчёт за", "квартал", "заявка", "Re: встреча",
    "накладная", "акт сверки", "прайс-лист", "invoice", "Order", "доверенность", "командировка", "отпуск", "Fwd: вопрос",
    "коммерческое предложение", "реквизиты", "письмо", "оплата", "перевозка", "склад", "товар", "цена"};

static void die(const struct error *error)
{
	fprintf(stderr, "journal_bench: %s\n", ERROR_EN(error));
	exit(1);
}

static uint64_t chance(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

static void add(struct state *state, int64_t time, uint64_t number)
{
	static const char *const events[] = {"accepted", "queued", "attempt", "sent"};
	struct msgid id = msgid_floor(time);
	uint64_t seed = number;
	char message_id[80], sender[80], recipients[160], subject[200], session[21];
	struct journal_message message = {.id = id.text, .message_id = message_id, .sender = sender,
	    .recipients = recipients, .subject = subject, .time = time, .size = 1000 + chance(&seed) % 100000};
	struct error error;

	snprintf(id.text + 11, sizeof(id.text) - 11, "%09llu", (unsigned long long)number);
	snprintf(message_id, sizeof(message_id), "%llx.%llu@mail%llu.example.ru", (unsigned long long)chance(&seed),
	    (unsigned long long)number, (unsigned long long)(chance(&seed) % 50));
	snprintf(sender, sizeof(sender), "user%llu@office.lan", (unsigned long long)(chance(&seed) % 50));
	snprintf(recipients, sizeof(recipients), "client%llu@firm%llu.example.ru", (unsigned long long)(chance(&seed) % 3000),
	    (unsigned long long)(chance(&seed) % 500));
	snprintf(subject, sizeof(subject), "%s %s %s №%llu", words[chance(&seed) % ARRAY_LEN(words)],
	    words[chance(&seed) % ARRAY_LEN(words)], words[chance(&seed) % ARRAY_LEN(words)], (unsigned long long)number);
	snprintf(session, sizeof(session), "%020llu", (unsigned long long)number / 50);
	if (state_message_add(state, &message, &error) != 0)
		die(&error);
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		const struct journal_event event = {.id = id.text, .time_us = time * 1000000 + (int64_t)i * 700000,
		    .event = events[i], .place = i == 0 ? "" : recipients, .session = session,
		    .detail = i == 0 ? "smtp 192.168.0.17 pc17.office.lan" : i == 3 ? "250 2.0.0 Ok: queued as 4F2B91C3" : "smarthost default"};

		if (state_journal_add(state, &event, &error) != 0)
			die(&error);
	}
}

static void add_some(struct state *state, int64_t first, uint64_t number, uint64_t count, double step)
{
	struct error error;

	if (state_begin(state, &error) != 0)
		die(&error);
	for (uint64_t i = 0; i < count; i++)
		add(state, first + (int64_t)((double)i * step), number + i);
	if (state_commit(state, &error) != 0)
		die(&error);
}

static void fill(struct state *state, uint64_t messages, uint64_t days)
{
	double step = (double)(days * DAY) / (double)messages;
	int64_t begin = clock_wall() - (int64_t)(days * DAY);

	for (uint64_t done = 0; done < messages; done += FILL_BATCH)
		add_some(state, begin + (int64_t)((double)done * step), done,
		    messages - done < FILL_BATCH ? messages - done : FILL_BATCH, step);
}

static void write_more(struct state *state, uint64_t messages)
{
	int64_t began = clock_now_ms();

	for (uint64_t done = 0; done < messages; done += BATCH)
		add_some(state, clock_wall(), 500000000 + done, BATCH, 0);
	printf("%.0f messages/s\n", (double)messages * 1000.0 / (double)(clock_now_ms() - began + 1));
}

/* --- pruning */

struct writer {
	struct state *state; /* a separate one, as in the LAN server */
	atomic_bool stop;
	int64_t longest, sum, count;
};

static void *write_slowly(void *context)
{
	struct writer *writer = context;

	while (!atomic_load(&writer->stop)) {
		int64_t began = clock_now_ms(), took;

		add_some(writer->state, clock_wall(), 600000000 + (uint64_t)writer->count * BATCH, BATCH, 0);
		took = clock_now_ms() - began;
		writer->longest = took > writer->longest ? took : writer->longest;
		writer->sum += took;
		writer->count++;
		poll(NULL, 0, 10);
	}
	return NULL;
}

static void prune(struct state *state, const struct spool *spool, uint64_t days)
{
	struct msgid before = msgid_floor(clock_wall() - (int64_t)(days * DAY));
	struct writer writer = {0};
	struct error error;
	pthread_t thread;
	int64_t began;

	if (state_open(&writer.state, spool, NULL, &error) != 0)
		die(&error);
	pthread_create(&thread, NULL, write_slowly, &writer);
	poll(NULL, 0, 500);
	began = clock_now_ms();
	if (state_journal_prune(state, &before, &error) != 0)
		die(&error);
	printf("%lld ms", (long long)(clock_now_ms() - began));
	atomic_store(&writer.stop, true);
	pthread_join(thread, NULL);
	printf(", writers waited %lld ms at most, %.1f on the mean\n", (long long)writer.longest,
	    (double)writer.sum / (double)(writer.count == 0 ? 1 : writer.count));
	state_close(writer.state);
}

int main(int argc, char **argv)
{
	struct state *state;
	struct error error;
	uint64_t number = 0, days = 90;
	struct spool spool;

	if (argc < 4 || !slice_number(slice_of(argv[3]), 1, 100000000, &number) ||
	    (argc > 4 && !slice_number(slice_of(argv[4]), 1, 36500, &days))) {
		fprintf(stderr, "usage: journal_bench fill|write|prune SPOOL NUMBER [DAYS]\n");
		return 2;
	}
	spool = spool_at(argv[2]);
	if (state_open(&state, &spool, NULL, &error) != 0)
		die(&error);
	if (strcmp(argv[1], "fill") == 0)
		fill(state, number, days);
	else if (strcmp(argv[1], "write") == 0)
		write_more(state, number);
	else
		prune(state, &spool, number);
	state_close(state);
	return 0;
}
