#include "ui-tui/command/spool_writer.h"

#include "base/i18n.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

static int become_owner(const char *spool, struct error *error)
{
	struct stat st;

	if (stat(spool, &st) != 0)
		return error_errno(error, "%s", spool);
	if (geteuid() != 0 || st.st_uid == 0)
		return 0;
	if (setgroups(1, &st.st_gid) != 0 || setgid(st.st_gid) != 0 || setuid(st.st_uid) != 0)
		return error_errno(error, N_("cannot change the owner of %s"), spool);
	return 0;
}

int spool_writer_open(struct spool_writer *writer, const struct conf *conf, struct error *error)
{
	struct intake_options options = {
	    .spool = conf->gateway.spool,
	    .hostname = conf->gateway.hostname,
	    .writer = "admin",
	};

	*writer = (struct spool_writer){0};
	umask(027);
	if (become_owner(conf->gateway.spool, error) != 0 ||
	    state_open(&writer->state, options.spool, NULL, error) != 0)
		return -1;
	options.state = writer->state;
	if (intake_open(&writer->intake, &options, NULL, error) == 0)
		return 0;
	state_close(writer->state);
	return -1;
}

int spool_writer_close(struct spool_writer *writer, struct error *error)
{
	int result = intake_close(writer->intake, error);

	state_close(writer->state);
	return result;
}
