/* The two sides of the demo, provider and branch: their folders, configurations and processes. */
#include "ui-tui/demo/demo.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/net/ctl_wire.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/program_path.h"
#include "base/net/net.h"

#include <crypt.h>
#include <errno.h>
#include <ftw.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS 15000
#define STOP_MS 10000
#define CONFIG_MAX 16384

const struct demo_person demo_people[] = {
    {"ivan", "Иван Петров", "ivan@example.ru", "demo-ivan", NULL},
    {"anna", "Анна Смирнова", "anna@example.ru", "demo-anna", NULL},
    {"buh", "Ольга Кузнецова", "buh@example.ru", "demo-buh", NULL},
    {"director", "Сергей Волков", "director@example.ru", "demo-director", NULL},
    {0},
};

/* Mailboxes at the provider; `branch` is also the login for sending, and owns all addresses of the branch. */
static const struct demo_person provider_people[] = {
    {"branch", "Branch office", "", "provider-branch",
	"ivan, anna, buh, director, office, info"},
    {"sales", "Sales", "", "provider-sales", NULL},
    {"personal", "Personal", "", "provider-personal", NULL},
    {"headoffice", "Head office", "", "provider-headoffice", NULL},
    {0},
};

/* --- Ctrl-C */

static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t running[2]; /* processes to signal */

/* A wait for a gateway ends with the gateway, so no other wait needs to check. */
static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
	for (size_t i = 0; i < ARRAY_LEN(running); i++)
		if (running[i] > 0)
			kill((pid_t)running[i], SIGTERM);
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool demo_interrupted(void)
{
	return interrupted != 0;
}

static int stopped(struct error *error)
{
	return error_set(error, ERROR_CANCELLED, N_("interrupted"));
}

/* --- configurations */

/* Different free ports. */
static int find_ports(uint16_t **ports, size_t count, struct error *error)
{
	int fds[8];
	size_t opened = 0;

	/* Kept open until all are found, so that no port is used twice. */
	while (opened < count && net_bind("127.0.0.1", 0, &fds[opened], error) == NET_BOUND) {
		*ports[opened] = net_port(fds[opened]);
		opened++;
	}
	for (size_t i = 0; i < opened; i++)
		close(fds[i]);
	return opened == count ? 0 : -1;
}

static int add_people(const struct demo_person *people, struct buf *out, struct error *error)
{
	struct crypt_data *crypted = xcalloc(1, sizeof(*crypted));
	int result = 0;

	for (; people->name != NULL && result == 0; people++) {
		char setting[CRYPT_GENSALT_OUTPUT_SIZE];
		const char *hash = NULL;

		if (crypt_gensalt_rn("$6$", 0, NULL, 0, setting, sizeof(setting)) != NULL)
			hash = crypt_r(people->password, setting, crypted);
		if (hash == NULL || hash[0] == '*')
			result = error_errno(error, N_("crypt"));
		else
			buf_printf(out,
			    "[user %s]\npassword = %s\nfull_name = %s\nexternal_alias = %s\naliases = %s\n\n",
			    people->name, hash, people->full_name, people->external_alias,
			    people->aliases == NULL ? "" : people->aliases);
	}
	free(crypted);
	return result;
}

/* The text of one configuration file, made durable under the side's folder. */
static int write_config(const struct demo *demo, struct demo_side *side, struct buf *text,
    struct error *error)
{
	char *folder = xasprintf("%s/%s", demo->folder, side->name);
	int result = text->overflow ? error_set(error, ERROR_LIMIT, N_("configuration too long")) : 0;

	side->config = xasprintf("%s/lanpost.conf", folder);
	if (result == 0)
		result = fsx_make_dirs(folder, error);
	if (result == 0)
		result = fsx_replace(side->config, buf_slice(text), 0600, error);
	free(folder);
	return result;
}

static int load_config(struct demo_side *side, struct error *error)
{
	struct conf_problems problems = {0};
	int result = 0;

	side->conf = conf_load(side->config, &problems);
	if (side->conf == NULL)
		result = conf_problem_error(&problems.items[0], error); /* there is one */
	conf_problems_clear(&problems);
	return result;
}

static void add_gateway(struct buf *out, const struct demo *demo, const struct demo_side *side,
    const char *hostname, const char *domain)
{
	buf_printf(out,
	    "[gateway]\nhostname = %s\nlocal_domain = %s\nspool = %s/%s/spool\nlanguage = %s\n",
	    hostname, domain, demo->folder, side->name, i18n_language());
}

static int configure_provider(struct demo *demo, struct error *error)
{
	struct buf text = BUF_INIT(CONFIG_MAX);
	int result;

	add_gateway(&text, demo, &demo->provider, "mail.example.ru", "example.ru");
	buf_printf(&text,
	    "\n[lan]\nlisten = 127.0.0.1\nsmtp_port = 0\nsubmission_port = %u\nsmtps_port = 0\n"
	    "pop3_port = 0\npop3s_port = %u\nimap_port = 0\nimaps_port = 0\nrequire_auth = yes\n\n"
	    "[schedule]\nevery = 0\non_start = no\n\n",
	    demo->provider_submission, demo->provider_pop3s);
	result = add_people(provider_people, &text, error);
	if (result == 0)
		result = write_config(demo, &demo->provider, &text, error);
	buf_clear(&text);
	return result == 0 ? load_config(&demo->provider, error) : -1;
}

static void add_account(struct buf *out, const struct demo *demo, const char *name,
    const struct demo_person *mailbox, const char *keys)
{
	buf_printf(out,
	    "[account %s]\nurl = pop3s://127.0.0.1:%u\nuser = %s\npassword = %s\n"
	    "ca_file = %s/provider/spool/tls/cert.pem\n%s\n",
	    name, demo->provider_pop3s, mailbox->name, mailbox->password, demo->folder, keys);
}

static const char rules[] =
    "[rule invoices]\nwhen = subject contains \"счёт\" or from ends \"@bank.example\"\ndeliver = buh\n\n"
    "[rule orders]\nwhen = account is \"sales\" and (subject contains \"заказ\" or "
    "subject contains \"order\")\ndeliver = anna\n\n"
    "[rule photos]\nwhen = subject contains \"фото\"\ndeliver = director\n\n";

static int configure_branch(struct demo *demo, struct error *error)
{
	struct buf text = BUF_INIT(CONFIG_MAX);
	int result;

	add_gateway(&text, demo, &demo->branch, "gw.office.lan", "office.lan");
	buf_printf(&text,
	    "boss = director\npostmaster = ivan\n\n"
	    "[lan]\nlisten = 127.0.0.1\nsmtp_port = %u\nsubmission_port = %u\nsmtps_port = 0\n"
	    "pop3_port = %u\npop3s_port = %u\nimap_port = 0\nimaps_port = 0\n\n[schedule]\nevery = 0\non_start = no\n\n",
	    demo->smtp, demo->submission, demo->pop3, demo->pop3s);
	buf_printf(&text,
	    "[smarthost provider]\nurl = smtp://127.0.0.1:%u\ntls = required\nuser = %s\n"
	    "password = %s\nca_file = %s/provider/spool/tls/cert.pem\n\n",
	    demo->provider_submission, provider_people[0].name, provider_people[0].password,
	    demo->folder);
	add_account(&text, demo, "branch", &provider_people[0], "");
	add_account(&text, demo, "sales", &provider_people[1], "unsorted_to = anna\n");
	add_account(&text, demo, "personal", &provider_people[2], "deliver_to = ivan\n");
	buf_append_text(&text, rules);
	result = add_people(demo_people, &text, error);
	if (result == 0)
		result = write_config(demo, &demo->branch, &text, error);
	buf_clear(&text);
	return result == 0 ? load_config(&demo->branch, error) : -1;
}

int demo_open(struct demo *demo, struct error *error)
{
	char folder[] = "/tmp/lanpost-demo-XXXXXX";
	uint16_t *ports[] = {&demo->provider_submission, &demo->provider_pop3s, &demo->smtp,
	    &demo->submission, &demo->pop3, &demo->pop3s};

	*demo = (struct demo){.provider.name = "provider", .branch.name = "branch"};
	catch_signals();
	if (mkdtemp(folder) == NULL)
		return error_errno(error, "%s", folder);
	demo->folder = xstrdup(folder);
	if (find_ports(ports, ARRAY_LEN(ports), error) != 0)
		return -1;
	return configure_provider(demo, error);
}

/* --- processes */

/* lanpostd is beside this program, or where `make install` and Debian put it. */
static char *find_daemon(void)
{
	static const char *const places[] = {"lanpostd", "../sbin/lanpostd"};

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		char *path = program_path(places[i]);

		if (path != NULL && access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return xstrdup("lanpostd"); /* somewhere in PATH */
}

/* Never returns. A separate process group: Ctrl-C on the terminal is only for this process, which stops
 * the gateways in order. */
static void run_daemon(const char *program, const char *config, int log_fd)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	setpgid(0, 0);
	dup2(log_fd, STDOUT_FILENO);
	dup2(log_fd, STDERR_FILENO);
	signal(SIGPIPE, SIG_DFL);
	/* The demo's files are its own, in a separate folder, and it serves only this computer. */
	execlp(program, program, "-c", config, geteuid() == 0 ? "--run-as-root" : NULL, (char *)NULL);
	dprintf(STDERR_FILENO, "%s: %s\n", program, _(error_errno_word(errno)));
	_exit(127);
}

static int launch(const struct demo *demo, struct demo_side *side, struct error *error)
{
	char *program = find_daemon();
	char *log = xasprintf("%s/%s.log", demo->folder, side->name);
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int result = fd < 0 ? error_errno(error, "%s", log) : 0;

	fflush(stdout);
	if (result == 0)
		side->pid = fork();
	if (result == 0 && side->pid == 0)
		run_daemon(program, side->config, fd);
	if (side->pid < 0) {
		side->pid = 0;
		result = error_errno(error, N_("fork"));
	}
	if (fd >= 0)
		close(fd);
	free(log);
	free(program);
	return result;
}

static bool has_ended(struct demo_side *side)
{
	if (side->pid > 0 && waitpid(side->pid, NULL, WNOHANG) == side->pid)
		side->pid = 0;
	return side->pid == 0;
}

/* The gateway's last output, for the error. */
static int ended_early(const struct demo *demo, const struct demo_side *side, struct error *error)
{
	char *path = xasprintf("%s/%s.log", demo->folder, side->name), *text = NULL;
	size_t len = 0;
	struct slice rest, line = SLICE_NONE, next;
	struct error ignored;

	if (fsx_read(path, 1u << 20, &text, &len, &ignored) == 0) {
		rest = slice_make(text, len);
		while (rest.ptr != NULL && (next = slice_trim(slice_cut(&rest, '\n'))).ptr != NULL)
			line = next.len > 0 ? next : line;
	}
	error_set(error, ERROR_PERMANENT, N_("lanpostd exited at once: %.*s"), SLICE_PRINT(line));
	free(text);
	free(path);
	return -1;
}

static bool port_answers(uint16_t port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct pollfd waiting = {.fd = fd, .events = POLLIN};
	bool answers = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		       poll(&waiting, 1, 1000) > 0;

	if (fd >= 0)
		close(fd);
	return answers;
}

static bool control_answers(const struct conf *conf)
{
	struct error ignored;
	int fd = ctl_connect(conf->gateway.spool, &ignored);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* port: one that greets in clear, 0 for none. */
static int await_start(const struct demo *demo, struct demo_side *side, uint16_t port,
    struct error *error)
{
	int64_t deadline = clock_now_ms() + START_MS;

	while (!control_answers(side->conf) || (port != 0 && !port_answers(port))) {
		if (demo_interrupted())
			return stopped(error);
		if (has_ended(side))
			return ended_early(demo, side, error);
		if (clock_now_ms() > deadline)
			return error_set(error, ERROR_TEMPORARY,
			    N_("the gateway in %s did not start within %d seconds"), demo->folder,
			    START_MS / 1000);
		poll(NULL, 0, 20);
	}
	return 0;
}

static int start(struct demo *demo, struct demo_side *side, size_t slot, uint16_t port,
    struct error *error)
{
	if (demo_interrupted())
		return stopped(error);
	if (launch(demo, side, error) != 0)
		return -1;
	running[slot] = side->pid;
	return await_start(demo, side, port, error);
}

int demo_start_provider(struct demo *demo, struct error *error)
{
	return start(demo, &demo->provider, 0, demo->provider_submission, error);
}

int demo_start_branch(struct demo *demo, struct error *error)
{
	if (configure_branch(demo, error) != 0)
		return -1;
	return start(demo, &demo->branch, 1, demo->pop3, error);
}

void demo_wait(struct demo *demo)
{
	while (!demo_interrupted() && !has_ended(&demo->provider) && !has_ended(&demo->branch))
		poll(NULL, 0, 500); /* a signal ends it at once */
}

/* --- the end */

static void stop(struct demo_side *side, size_t slot)
{
	int64_t deadline = clock_now_ms() + STOP_MS;

	running[slot] = 0;
	if (!has_ended(side))
		kill(side->pid, SIGTERM);
	while (!has_ended(side) && clock_now_ms() < deadline)
		poll(NULL, 0, 10);
	if (!has_ended(side)) {
		kill(side->pid, SIGKILL);
		waitpid(side->pid, NULL, 0);
		side->pid = 0;
	}
	conf_free(side->conf);
	free(side->config);
	side->conf = NULL;
	side->config = NULL;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	remove(path);
	return 0; /* a file that cannot be removed must not prevent the removal of the rest */
}

void demo_close(struct demo *demo)
{
	stop(&demo->branch, 1);
	stop(&demo->provider, 0);
	if (demo->folder != NULL)
		nftw(demo->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(demo->folder);
	demo->folder = NULL;
}
