/*
 * Checks names and passwords: the mind of the process that holds the verifiers, without the process.
 *
 * An unknown name and a wrong password cost the same time and get the same answer. A success is remembered for some minutes
 * (a keyed digest, in memory only), since crypt(3) takes 20 ms and more, and mail programs poll. What failures lead to is in
 * bans.h. One verifier is shared by all threads, behind its own mutex; nothing is held while hashing.
 */
#ifndef LANPOST_LAN_SERVER_VERIFIER_H
#define LANPOST_LAN_SERVER_VERIFIER_H

#include "lan-server/login/auth_config.h"
#include "lan-server/login/auth_wire.h"

struct verifier;

/* Knows nobody until it is loaded. now_ms: NULL for clock_now_ms. */
struct verifier *verifier_new(int64_t (*now_ms)(void));
void verifier_free(struct verifier *verifier);
/* As bans_keep(); keep() is called by any thread, one at a time. Before the first question. */
void verifier_keep(struct verifier *verifier, void (*keep)(void *context, const struct ban_note *note), void *context);
/* Takes the config over, in the place of the one before. Failures and successes stay in mind: a success hangs on its hash. */
void verifier_load(struct verifier *verifier, struct auth_config *take);
/* Answers. Returns false, with nothing answered, if that needs a hash and may_hash is false: such questions cost far
 * more than others, and have threads of their own. */
bool verifier_answer(struct verifier *verifier, const struct auth_question *question, struct auth_answer *answer, bool may_hash);

#endif
