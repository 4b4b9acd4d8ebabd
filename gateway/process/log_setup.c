#include "gateway/process/log_setup.h"

#include "base/log.h"

static void start(const struct conf_log *conf, const char *file, const char *process)
{
	const struct log_settings settings = {
	    .level = (enum log_level)conf->level, /* the same words in the same order */
	    .to_stderr = true,
	    .file = file,
	    .file_max = (size_t)conf->max_size,
	    .to_syslog = conf->syslog,
	};

	log_start(&settings, process);
}

void log_setup(const struct conf_log *conf, const char *process)
{
	start(conf, conf->file, process);
}

void log_setup_without_file(const struct conf_log *conf, const char *process)
{
	start(conf, NULL, process);
}
