/*
 * lanpost demo: an embedded provider and a branch gateway on loopback, in a temporary folder.
 *
 * demo_world.c creates the folder, the configurations and the processes, and removes them at the end of the
 * demo in any case; demo_letters.c has the sample mail; demo_mail.c sends mail and reads mailboxes;
 * cmd_demo.c explains the story.
 */
#ifndef LANPOST_UI_TUI_DEMO_H
#define LANPOST_UI_TUI_DEMO_H

#include "config/conf.h"
#include "spool/storage/storage.h"

#include <sys/types.h>

struct demo_person {
	const char *name, *full_name, *external_alias, *password;
	const char *aliases; /* NULL for none */
};
extern const struct demo_person demo_people[]; /* ends with a name NULL; the branch's users */

struct demo_side {
	const char *name; /* "provider" or "branch"; also its folder */
	char *config;	  /* path of its lanpost.conf */
	struct conf *conf;
	pid_t pid; /* 0: not running */
};

struct demo {
	char *folder;
	struct demo_side provider, branch;
	uint16_t provider_submission, provider_pop3s;
	uint16_t smtp, submission, pop3, pop3s; /* of the branch */
};

/* Creates the folder and the provider's configuration. demo_close() must be called also on
 * failure. */
int demo_open(struct demo *demo, struct error *error);
/* Starts lanpostd for that side and waits until it answers. The branch's configuration is written here, because
 * it needs the certificate that the provider creates at its first start. */
int demo_start_provider(struct demo *demo, struct error *error);
int demo_start_branch(struct demo *demo, struct error *error);
/* True after Ctrl-C or SIGTERM: the gateways were also asked to stop. */
bool demo_interrupted(void);
/* Waits for Ctrl-C or for the end of a gateway. */
void demo_wait(struct demo *demo);
/* Stops the gateways and removes the folder. */
void demo_close(struct demo *demo);

/* --- sample mail */

/* Puts the messages into the provider's mailboxes, which must not be open yet; *count gets their
 * number. */
int demo_fill(const struct conf *provider, size_t *count, struct error *error);
/* Adds one more message later. */
int demo_deliver_late(const struct conf *provider, struct error *error);

/* --- mail */

struct demo_outgoing {
	uint16_t port; /* plain SMTP on 127.0.0.1 */
	const char *sender, *recipient;
	const char *subject; /* UTF-8 */
	const char *text;    /* UTF-8, line ends \n */
};
int demo_send(const struct demo_outgoing *letter, struct error *error);
/* Waits until the mailbox has at least this many messages, for some seconds at most. */
int demo_await(const struct conf *conf, const char *user, size_t count, struct error *error);
size_t demo_count(const struct conf *conf, const char *user);
/* Calls back for each message of the mailbox, oldest first. */
typedef void (*demo_message_fn)(void *context, const struct mailbox_message *message,
    struct slice bytes);
int demo_each(const struct conf *conf, const char *user, demo_message_fn fn, void *context,
    struct error *error);
/* A decoded header, safe on a terminal, "" if missing. New memory. */
char *demo_header(struct slice message, const char *name);

#endif
