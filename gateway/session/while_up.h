/*
 * The command that runs while the line is up ([line] while_up), such as an update of the signatures of a scanner.
 */
#ifndef LANPOST_GATEWAY_WHILE_UP_H
#define LANPOST_GATEWAY_WHILE_UP_H

#include "gateway/session/secrets.h"
#include "spool/storage/storage.h"

#define WHILE_UP_SAID_MAX 400

struct while_up {
	bool was_run;
	int64_t seconds;
	bool has_bytes; /* the kernel could count them: */
	struct line_counters bytes; /* of all programs that used the line meanwhile */
	char said[WHILE_UP_SAID_MAX]; /* its output, printable */
	struct error error; /* class NONE: it succeeded */
};

/* Runs the command if it is due, and writes the result to the journal of the session. session: its id. cancel: aborts it. */
void while_up_run(struct while_up *result, const struct conf *conf, struct spool *spool, struct secrets *secrets, const char *session,
    const atomic_bool *cancel);
/* The result as a phrase: "done; 12 s, received 3 MB, sent 10 KB on the line". Returns out. */
char *while_up_phrase(char *out, size_t size, const struct while_up *result);

#endif
