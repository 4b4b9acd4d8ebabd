/*
 * lanpostd: reads its options and the configuration, then is the supervisor.
 */
#include "base/environment.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/log_setup.h"
#include "gateway/reload.h"
#include "gateway/supervisor.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define EXIT_USAGE 2
#define EXIT_CONFIG 78 /* as sysexits.h says it: systemd need not try again */

static int usage(FILE *out, int code)
{
	fprintf(out,
	    _("usage: lanpostd [-c FILE]\n"
	      "  -c FILE     configuration, default %s/lanpost/lanpost.conf\n"
	      "  --version   print the version and exit\n"
	      "The gateway runs in the foreground and logs to standard error; see lanpostd(8).\n"),
	    LANPOST_SYSCONFDIR);
	return code;
}

int main(int argc, char **argv)
{
	const char *path = LANPOST_SYSCONFDIR "/lanpost/lanpost.conf";
	struct error error;
	struct conf *conf;

	environment_restrict();
	i18n_start(NULL);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-c") == 0 && i + 1 < argc) {
			path = argv[++i];
		} else if (strncmp(argv[i], "-c", 2) == 0 && argv[i][2] != '\0') {
			path = argv[i] + 2;
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
	umask(027);
	prctl(PR_SET_DUMPABLE, 0); /* no core with passwords and letters in it */
	conf = reload_read(path, NULL, &error);
	if (conf == NULL) {
		log_warnx("event=not-started reason=\"the configuration has errors; `lanpost check` lists them\"");
		return EXIT_CONFIG;
	}
	log_setup(&conf->log, "supervisor");
	i18n_start(conf_language_code(conf->gateway.language));
	return supervisor_run(conf, path);
}
