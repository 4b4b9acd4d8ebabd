/*
 * What a process may still do when somebody has taken it over.
 *
 * Landlock binds files, TCP, signals and abstract sockets, as far as the kernel has it; seccomp binds what may be asked of the kernel at
 * all. Whatever a process holds open already goes on working: so it opens what it needs, enters, and only then looks at strangers' bytes.
 * There is no way back, and children inherit it.
 */
#ifndef LANPOST_GATEWAY_SANDBOX_H
#define LANPOST_GATEWAY_SANDBOX_H

#include <stdbool.h>

/* Memory, threads, clocks, and reading, writing and closing what is open are always allowed; nothing starts a program. Besides: */
enum {
	SANDBOX_FILES = 1,   /* opens, makes, renames and removes files: those below */
	SANDBOX_ACCEPT = 2,  /* takes connections from the listeners it holds */
	SANDBOX_CONNECT = 4, /* makes sockets and connects them: to servers, and to look up names */
};

/* Lists of paths end with NULL; a list may be NULL. A folder represents all below it, "" for nothing; what does not exist is passed over.
 * With SANDBOX_FILES, what every program may read (libraries, converters, time zones, /dev/null) is allowed besides, with SANDBOX_CONNECT
 * what names are looked up with, too. */
struct sandbox {
	unsigned may;		   /* SANDBOX_... */
	const char *const *lists;  /* folders: which names are there, not what is in the files */
	const char *const *reads;
	const char *const *writes; /* read, too; in folders files are made and removed */
	bool is_one_of_many;	   /* the log has better things to tell */
};

/* For every child: no program that it starts gains privileges. */
void sandbox_children(void);
/* Binds this process, which has one thread. What the kernel cannot bind stays as it was, and the log reports how much it could. */
void sandbox_enter(const struct sandbox *sandbox);

/* By sandbox_enter(): the system calls alone (sandbox_calls.c). False where the kernel cannot. */
bool sandbox_bind_calls(unsigned may);

#endif
