/*
 * lanpostd: reads its options and the configuration, then becomes the supervisor.
 */
#include "base/process/environment.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/process/log_setup.h"
#include "gateway/process/privileges.h"
#include "gateway/supervisor/reload.h"
#include "gateway/supervisor/supervisor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define EXIT_USAGE 2
#define EXIT_CONFIG 78 /* as in sysexits.h: systemd does not restart it */

struct options {
	const char *config;
	bool run_as_root;
};

static int usage(FILE *out, int code)
{
	fprintf(out,
	    _("usage: lanpostd [-c FILE]\n  -c FILE     configuration file, default "
	       "%s/lanpost/lanpost.conf\n  --version   print the version and exit\n"
	       "The gateway runs in the foreground and logs to standard error; see lanpostd(8).\n"),
	    LANPOST_SYSCONFDIR);
	return code;
}

/* Returns -1 to continue, else the exit code of the program. */
static int read_options(int argc, char **argv, struct options *options)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-c") == 0 && i + 1 < argc) {
			options->config = argv[++i];
		} else if (strncmp(argv[i], "-c", 2) == 0 && argv[i][2] != '\0') {
			options->config = argv[i] + 2;
		} else if (strcmp(argv[i], "--run-as-root") == 0) {
			options->run_as_root = true;
		} else if (strcmp(argv[i], "--version") == 0) {
			printf("lanpostd %s\n", LANPOST_VERSION);
			return 0;
		} else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			return usage(stdout, 0);
		} else {
			fprintf(stderr, _("lanpostd: unknown option %s\n"), argv[i]);
			return usage(stderr, EXIT_USAGE);
		}
	}
	return -1;
}

static int run(const struct options *options)
{
	struct privileges privileges;
	struct error error;
	struct conf *conf = reload_read(options->config, NULL, &error);

	if (conf == NULL) {
		log_warnx("event=not-started reason=\"the configuration has errors; `lanpost check` lists them\"");
		return EXIT_CONFIG;
	}
	i18n_start(conf_language_code(conf->gateway.language));
	log_setup_without_file(&conf->log, "supervisor");
	if (privileges_plan(&privileges, conf, options->run_as_root, &error) != 0) {
		log_warnx("event=not-started reason=%s", LOG_ERROR(&error));
		conf_free(conf);
		return EXIT_CONFIG;
	}
	if (!privileges.are_dropped)
		log_setup(&conf->log, "supervisor");
	return supervisor_run(conf, options->config, &privileges);
}

int main(int argc, char **argv)
{
	struct options options = {.config = LANPOST_SYSCONFDIR "/lanpost/lanpost.conf"};
	const char *wish;
	int exit;

	environment_restrict();
	i18n_start(NULL);
	wish = getenv("LANPOST_RUN_AS_ROOT");
	options.run_as_root = wish != NULL && strcmp(wish, "yes") == 0;
	exit = read_options(argc, argv, &options);
	if (exit >= 0)
		return exit;
	umask(077);
	prctl(PR_SET_DUMPABLE, 0); /* no core dump with passwords and mail in it */
	return run(&options);
}
