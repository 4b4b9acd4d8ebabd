#include "gateway/log_setup.h"

#include "base/log.h"

void log_setup(const struct conf_log *conf, const char *process)
{
	const struct log_settings settings = {
	    .level = (enum log_level)conf->level, /* the same words in the same order */
	    .to_stderr = true,
	    .file = conf->file,
	    .file_max = (size_t)conf->max_size,
	    .to_syslog = conf->syslog,
	};

	log_start(&settings, process);
}
