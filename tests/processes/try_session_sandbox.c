/*
 * File accesses of an attacker who has taken over a session. Enters its sandbox for a running gateway, and prints for each
 * file "NAME done" or "NAME refused": FILE is opened for reading, FILE! for writing, FILE+ is created.
 *
 * usage: try_session_sandbox SPOOL FILE...
 */
#include "base/alloc.h"
#include "base/str.h"
#include "gateway/session/session_sandbox.h"
#include "spool/spool.h"
#include "spool/storage/state.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool opens(const char *name)
{
	size_t len = strlen(name);
	bool makes = len > 0 && name[len - 1] == '+', writes = makes || (len > 0 && name[len - 1] == '!');
	char *path = xstrndup(name, writes ? len - 1 : len);
	bool opened = open(path, (makes ? O_CREAT : 0) | (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC, 0600) >= 0;

	free(path);
	return opened;
}

int main(int argc, char **argv)
{
	struct conf_user user = {.archive = true};
	struct conf conf = {.log = {.file = (char *)(uintptr_t)""}, .users = &user, .user_count = 1};
	struct state *state;
	struct error error;

	if (argc < 2)
		return 2;
	conf.gateway.spool = argv[1];
	if (state_open(&state, SPOOL_OF(&conf), NULL, &error) != 0)
		return 1;
	session_sandbox_enter(&conf);
	for (int i = 2; i < argc; i++)
		printf("%s %s\n", argv[i], opens(argv[i]) ? "done" : "refused");
	return 0;
}
