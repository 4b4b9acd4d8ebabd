/*
 * Backup of everything while the gateway runs (QUEUE.md has the argument), and restore.
 *
 * config/ has the configuration files, spool/ the spool, README the origin and date. Without passwords, secrets of the
 * configuration are omitted (users then have an unknown password), and so are the TLS key and its certificate. Files that
 * the configuration only names (tls_key, key_file of [dkim]) are never included.
 *
 * Meanwhile root acts as the owner of the spool (service_user_act()); the archive and the configuration are opened as
 * root.
 */
#ifndef LANPOST_SPOOL_BACKUP_H
#define LANPOST_SPOOL_BACKUP_H

#include "config/conf.h"
#include "spool/spool.h"

/* The value of "passwords" in README if the backup has none. */
#define BACKUP_LEFT_OUT "left out"

struct backup_counts {
	size_t messages, queued, files; /* files: the number of files in the archive */
};

/* The state of the spool must be open. */
int backup_write(const struct conf *conf, const struct spool *spool, const char *path, bool with_passwords,
    struct backup_counts *counts, struct error *error);

/* Where a backup goes; borrowed strings. */
struct backup_target {
	const char *config, *spool; /* the folders for config/ and spool/; neither may be in use */
	bool overwrite; /* files that are there already; else they are an error */
	bool elsewhere; /* the configuration is made to name this spool */
};
/* Puts a backup back. If root runs it, the files get the owner of the folders. */
int backup_restore(const char *path, const struct backup_target *target, struct backup_counts *counts, struct error *error);

#endif
