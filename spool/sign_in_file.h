/*
 * Sign-ins at providers of OAuth 2.0 (mail/sign_in.h): a file for each, sign-in/NAME.json, mode 0600.
 *
 * It has the refresh token, with which any program can read the mail, and the last access token. Only `secrets` and `lanpost` read it; the
 * sandboxes of the other processes leave it out, and a backup without --with-passwords does, too. A change replaces the file durably, so a crash
 * leaves the old or the new one; changes are made under the lock of the sign-in, which is kept while a provider renews the token.
 */
#ifndef LANPOST_SPOOL_SIGN_IN_FILE_H
#define LANPOST_SPOOL_SIGN_IN_FILE_H

#include "base/err.h"
#include "spool/spool.h"

#define SIGN_IN_NAME_MAX 33

struct sign_in_file {
	char *user;    /* for people who look into the file */
	char *refresh; /* the refresh token */
	char *access;  /* the last access token; "": none */
	char *refused; /* why the provider no longer accepts the refresh token, a phrase; "": it does */
	int64_t dies;  /* when the refresh token does, if it is not renewed before; 0: not known */
	int64_t access_from, access_until; /* when the access token is valid */
};

/* The name of the file for these texts; two lists of texts have the same name only if they are the same. out: SIGN_IN_NAME_MAX bytes. */
void sign_in_file_name(const char *const *texts, size_t count, char *out);
/* Takes the lock of a sign-in, and makes the folder; waits up to this many seconds. Returns the descriptor that holds it, or -1. */
int sign_in_file_lock(const struct spool *spool, const char *name, int seconds, struct error *error);
/* Returns 1 if there is such a sign-in, 0 if not, -1 on error. The caller calls sign_in_file_clear(), in each case. */
int sign_in_file_read(const struct spool *spool, const char *name, struct sign_in_file *file, struct error *error);
/* Replaces it durably, under the lock. */
int sign_in_file_write(const struct spool *spool, const char *name, const struct sign_in_file *file, struct error *error);
void sign_in_file_clear(struct sign_in_file *file);
/* Replaces one of its texts, which is wiped. */
void sign_in_file_put(char **place, const char *text);

#endif
