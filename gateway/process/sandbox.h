/*
 * Limits what a compromised process can do.
 *
 * Landlock restricts files, TCP, signals and abstract sockets, as far as the kernel supports it; seccomp restricts system
 * calls. Open descriptors keep working: so a process opens what it needs, enters the sandbox, and only then reads external
 * data. There is no way back, and children inherit it.
 */
#ifndef LANPOST_GATEWAY_SANDBOX_H
#define LANPOST_GATEWAY_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory, threads, clocks, and reading, writing and closing open descriptors are always allowed; no program can be run. In
 * addition: */
enum {
	SANDBOX_FILES = 1,   /* opens, creates, renames and removes files: those below */
	SANDBOX_ACCEPT = 2,  /* accepts connections from its listeners */
	SANDBOX_CONNECT = 4, /* creates sockets and connects them: to servers, and to resolve names */
	SANDBOX_PORTS = 8,   /* of SANDBOX_CONNECT: by TCP only to the ports below */
	SANDBOX_MEMORY = 16, /* creates files in memory, to pass them to another process */
};

/* Lists of paths end with NULL; a list may be NULL. A folder includes everything below it, "" means nothing; missing paths
 * are skipped. SANDBOX_FILES also allows the files that every program may read (libraries, converters, time zones,
 * /dev/null), SANDBOX_CONNECT also those of the resolver. */
struct sandbox {
	unsigned may;		   /* SANDBOX_... */
	const char *const *lists;  /* folders: list their names, but not read the files */
	const char *const *makes;  /* folders: create and remove files, but not read or write them */
	const char *const *reads;
	const uint16_t *ports;
	size_t port_count;
	const char *const *writes; /* read and write; create and remove files in folders */
	bool is_one_of_many;	   /* do not log it */
};

/* For every child: no program that it runs gains privileges. */
void sandbox_children(void);
/* Restricts this process, which must have one thread. What the kernel cannot restrict is not restricted, and the log
 * reports the result. */
void sandbox_enter(const struct sandbox *sandbox);

/* Used by sandbox_enter(): only the system calls (sandbox_calls.c). Returns false if the kernel
 * does not support it. */
bool sandbox_bind_calls(unsigned may);

#endif
