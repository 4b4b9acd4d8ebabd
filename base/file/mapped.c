#include "base/file/mapped.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define PLACES 4096 /* more than the maximum of simultaneous sessions */

/* Read by the signal handler, so without a lock: setting begin takes a slot, and setting len makes it valid. */
static struct place {
	atomic_uintptr_t begin; /* 0: free */
	atomic_size_t len;
	atomic_bool is_broken;
} places[PLACES];

static atomic_size_t used; /* slots from here on were never used */
static pthread_once_t installed = PTHREAD_ONCE_INIT;
static struct sigaction before;
static size_t page_size;

static struct place *find_around(uintptr_t address)
{
	for (size_t i = 0, count = atomic_load(&used); i < count; i++) {
		uintptr_t begin = atomic_load(&places[i].begin);

		if (begin != 0 && address >= begin && address - begin < atomic_load(&places[i].len))
			return &places[i];
	}
	return NULL;
}

/* Only system calls and atomics in here. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
	uintptr_t address = (uintptr_t)info->si_addr;
	struct place *place = find_around(address);

	(void)number;
	(void)context;
	if (place != NULL) {
		atomic_store(&place->is_broken, true);
		if (mmap((void *)(address & ~(page_size - 1)), page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			-1, 0) != MAP_FAILED)
			return;
	}
	sigaction(SIGBUS, &before, NULL); /* not ours: the access is repeated, now with the default action */
}

static void install(void)
{
	struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};

	page_size = (size_t)sysconf(_SC_PAGESIZE);
	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, &before);
}

static void count_as_used(size_t count)
{
	size_t seen = atomic_load(&used);

	while (seen < count && !atomic_compare_exchange_weak(&used, &seen, count))
		;
}

bool mapped_add(const void *at, size_t len)
{
	pthread_once(&installed, install);
	for (size_t i = 0; i < PLACES; i++) {
		uintptr_t expected = 0;

		if (!atomic_compare_exchange_strong(&places[i].begin, &expected, (uintptr_t)at))
			continue;
		atomic_store(&places[i].is_broken, false);
		atomic_store(&places[i].len, len);
		count_as_used(i + 1);
		return true;
	}
	return false;
}

static struct place *find(const void *at)
{
	for (size_t i = 0, count = atomic_load(&used); i < count; i++)
		if (atomic_load(&places[i].begin) == (uintptr_t)at)
			return &places[i];
	return NULL;
}

bool mapped_holds(const void *bytes)
{
	return find_around((uintptr_t)bytes) != NULL;
}

bool mapped_remove(const void *at)
{
	struct place *place = at == NULL ? NULL : find(at);

	if (place == NULL)
		return false;
	atomic_store(&place->len, 0);
	atomic_store(&place->begin, 0);
	return true;
}

bool mapped_is_intact(const void *at)
{
	const struct place *place = at == NULL ? NULL : find(at);

	return place == NULL || !atomic_load(&place->is_broken);
}
