/*
 * Checks names and passwords: the logic of the process with the verifiers, without the process.
 *
 * An unknown name and a wrong password cost the same time and get the same answer. A success is cached for some minutes
 * (a keyed digest, only in memory), since crypt(3) takes 20 ms and more, and mail programs poll. bans.h has the
 * consequences of failures. All threads share one verifier, which has its own mutex; it is not held while hashing.
 */
#ifndef LANPOST_LAN_SERVER_VERIFIER_H
#define LANPOST_LAN_SERVER_VERIFIER_H

#include "lan-server/login/auth_config.h"
#include "lan-server/login/auth_wire.h"
#include "lan-server/login/ban_notes.h"

struct verifier;

/* Has no users until it is loaded. now_ms: NULL for clock_now_ms. */
struct verifier *verifier_new(int64_t (*now_ms)(void));
void verifier_free(struct verifier *verifier);
/* As bans_keep(); keep() is called by any thread, one at a time. Called before the first
 * question. */
void verifier_keep(struct verifier *verifier, void (*keep)(void *context, const struct ban_note *note), void *context);
/* Takes ownership of the config, which replaces the previous one. Failures and successes are kept: a success depends on
 * its hash. */
void verifier_load(struct verifier *verifier, struct auth_config *take);
/* Answers a question. Returns false, without an answer, if that needs a hash and may_hash is false: such
 * questions are far more expensive than others, and have their own threads. */
bool verifier_answer(struct verifier *verifier, const struct auth_question *question, struct auth_answer *answer, bool may_hash);

#endif
