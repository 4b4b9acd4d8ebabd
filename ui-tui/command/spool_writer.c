#include "ui-tui/command/spool_writer.h"

int spool_writer_open(struct spool_writer *writer, const struct conf *conf, struct error *error)
{
	struct intake_options options = {
	    .spool = conf->gateway.spool,
	    .hostname = conf->gateway.hostname,
	    .writer = "admin",
	};

	*writer = (struct spool_writer){0};
	if (state_open(&writer->state, options.spool, NULL, error) != 0)
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
