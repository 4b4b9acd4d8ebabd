/* For tests of folders: a spool with its intake, and messages in its mailboxes. */
#ifndef LANPOST_TESTS_SAMPLE_FOLDER_H
#define LANPOST_TESTS_SAMPLE_FOLDER_H

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/log/intake_priv.h"
#include "spool/storage/intake.h"
#include "spool/storage/mailbox.h"
#include "tests/unit/remove_tree.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct spool house;
static struct error error;

#define OK(call)                                                  \
	do {                                                      \
		if ((call) != 0)                                  \
			fail_msg("%s: %s", #call, ERROR_EN(&error)); \
	} while (0)

static inline void house_start(void)
{
	struct intake_options options = {.spool = &house, .hostname = "gw.test", .writer = "lan", .checkpoint_ms = 3600 * 1000};

	OK(state_open(&house.state, &house, NULL, &error));
	options.state = house.state;
	OK(intake_open(&house.intake, &options, NULL, &error));
}

static inline void house_stop(void)
{
	folder_forget(&house);
	OK(intake_close(house.intake, &error));
	house.intake = NULL;
	state_close(house.state);
}

static inline int house_make(void **context)
{
	char path[] = "/tmp/lanpost-unit-XXXXXX";

	(void)context;
	if (mkdtemp(path) == NULL)
		return -1;
	house = spool_at(xstrdup(path));
	house_start();
	return 0;
}

static inline int house_remove(void **context)
{
	(void)context;
	house_stop();
	remove_tree(house.folder);
	free(house.folder);
	return 0;
}

#define HOUSE_TEST(fn) cmocka_unit_test_setup_teardown(fn, house_make, house_remove)

static inline void deliver(const char *mailbox, const char *text)
{
	struct envelope envelope;

	envelope_init(&envelope);
	envelope_add(&envelope, PLACE_MAILBOX, slice_of(mailbox), SLICE_NONE);
	OK(intake_accept_text(house.intake, &envelope, slice_of(text), NULL, 0, &error));
	intake_await(house.intake, NULL);
}

/* A file of another program: "cur/NAME". */
static inline void put_foreign(const char *mailbox, const char *file, const char *text)
{
	char *path = layout_mailbox(&house, mailbox, file);
	struct slice bytes = slice_of(text);

	OK(mailbox_make(&house, mailbox, &error));
	OK(fsx_create(path, &bytes, 1, 0600, &error));
	free(path);
}

/* The names of all files, in the order of their names; new memory. */
static inline char *first_file(const char *mailbox)
{
	struct mailbox_list list;
	char *file;

	OK(mailbox_list(&house, mailbox, &list, &error));
	assert_true(list.count > 0);
	file = xstrdup(list.items[0].file);
	mailbox_list_clear(&list);
	return file;
}

static inline void rename_foreign(const char *mailbox, const char *from, const char *to)
{
	char *source = layout_mailbox(&house, mailbox, from), *target = layout_mailbox(&house, mailbox, to);

	OK(rename(source, target));
	free(source);
	free(target);
}

static inline struct folder *opened(const char *mailbox)
{
	struct folder *folder;

	OK(folder_open(&folder, &house, mailbox, &error));
	return folder;
}

/* The UIDs as text: "1 2 5". */
static inline const char *uids_of(struct folder *folder)
{
	static char text[4000];
	uint32_t *uids;
	size_t count = folder_uids(folder, &uids), len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u", i == 0 ? "" : " ", uids[i]);
	free(uids);
	return text;
}

static inline struct folder_message looked(struct folder *folder, uint32_t uid)
{
	struct folder_message message;

	folder_look(folder, &uid, 1, &message);
	return message;
}

#endif
