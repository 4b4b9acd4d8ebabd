/*
 * lanpost-lan-server: the LAN server as a program, started only by lanpostd (gateway/services/lan_child.h). Its arguments
 * are the kinds of its listeners.
 */
#include "base/process/thread_activity.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/process/child.h"
#include "gateway/services/lan_process.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_USAGE 2

/* Whether the descriptors that lanpostd passes are there. */
static bool is_started_by_lanpostd(void)
{
	struct stat st;

	return fstat(CHILD_FD_EVENTS, &st) == 0 && S_ISSOCK(st.st_mode) && fstat(LAN_FD_VIEW, &st) == 0 && S_ISREG(st.st_mode);
}

static bool kind_of(const char *name, enum lan_kind *kind)
{
	for (int i = 0; i < LAN_KINDS; i++)
		if (strcmp(lan_kind_name((enum lan_kind)i), name) == 0) {
			*kind = (enum lan_kind)i;
			return true;
		}
	return false;
}

static int usage(void)
{
	i18n_start(NULL);
	fputs(_("lanpost-lan-server serves mail programs on the LAN. lanpostd starts it; see lanpostd(8).\n"), stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct lan_listener listeners[LISTENERS_MAX];
	struct lan_job job = {.listeners = listeners, .listener_count = (size_t)argc - 1};

	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, "lanpost-lan");
	if (argc < 1 || job.listener_count > LISTENERS_MAX || !is_started_by_lanpostd())
		return usage();
	for (int i = 1; i < argc; i++) {
		listeners[i - 1].fd = LAN_FD_LISTENERS + i - 1;
		if (!kind_of(argv[i], &listeners[i - 1].kind))
			return usage();
	}
	log_process("lan");
	thread_activity_use(thread_activity_open(CHILD_FD_DOING));
	/* _exit: all output is written, and the sandbox ends with the process. */
	_exit(lan_process_run(&job));
}
