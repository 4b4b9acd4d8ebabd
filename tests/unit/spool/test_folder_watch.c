/* News of folders: each change of the files by anybody wakes those who watch that folder, and nobody else. */
#include "tests/unit/sample_folder.h"

#include <poll.h>
#include <sys/eventfd.h>

#define SOON_MS 5000
#define QUIET_MS 100

static int event_new(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_true(fd >= 0);
	return fd;
}

static bool is_woken(int fd, int wait_ms)
{
	struct pollfd polled = {.fd = fd, .events = POLLIN};
	uint64_t count;
	bool woken = poll(&polled, 1, wait_ms) == 1;

	while (read(fd, &count, sizeof(count)) == sizeof(count))
		;
	return woken;
}

/* Events of what was done before may still be on their way. */
static void calm_down(int fd)
{
	while (is_woken(fd, QUIET_MS))
		;
}

static void every_change_wakes(void **state)
{
	struct folder *folder = opened("ivan");
	int fd = event_new();

	(void)state;
	OK(folder_watch(folder, fd, &error));
	deliver("ivan", "Subject: one\r\n\r\n");
	assert_true(is_woken(fd, SOON_MS));
	calm_down(fd);
	put_foreign("ivan", "cur/foreign:2,", "Subject: two\r\n\r\n");
	assert_true(is_woken(fd, SOON_MS));
	calm_down(fd);
	rename_foreign("ivan", "cur/foreign:2,", "cur/foreign:2,S");
	assert_true(is_woken(fd, SOON_MS));
	calm_down(fd);
	folder_unwatch(folder, fd);
	rename_foreign("ivan", "cur/foreign:2,S", "cur/foreign:2,FS");
	assert_false(is_woken(fd, QUIET_MS));
	folder_close(folder);
	close(fd);
}

static void watches_do_not_disturb_each_other(void **state)
{
	struct folder *inbox, *sent;
	int one = event_new(), two = event_new(), other = event_new();

	(void)state;
	OK(folder_create(&house, "ivan/Sent", &error));
	inbox = opened("ivan");
	sent = opened("ivan/Sent");
	OK(folder_watch(inbox, one, &error));
	OK(folder_watch(inbox, two, &error));
	OK(folder_watch(sent, other, &error));
	deliver("ivan", "Subject: one\r\n\r\n");
	assert_true(is_woken(one, SOON_MS) && is_woken(two, SOON_MS));
	assert_false(is_woken(other, QUIET_MS));
	calm_down(two);
	folder_unwatch(inbox, one);
	deliver("ivan", "Subject: two\r\n\r\n");
	assert_true(is_woken(two, SOON_MS));
	assert_false(is_woken(one, QUIET_MS));
	folder_unwatch(inbox, two);
	folder_unwatch(inbox, two); /* not watched: nothing happens */
	folder_unwatch(sent, other);
	folder_close(inbox);
	folder_close(sent);
	close(one);
	close(two);
	close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(every_change_wakes),
	    HOUSE_TEST(watches_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
