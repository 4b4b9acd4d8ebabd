/*
 * The gateway's own files in the folder of its spool, whatever the engine of its storage. layout_priv.h has those of the engine; the two
 * are the one place that knows where everything is, and tests/lint.py forbids these paths elsewhere.
 *
 * Each function returns the path in new memory. The caller has checked external names (users, ids, file names): none
 * contains a slash.
 */
#ifndef LANPOST_SPOOL_LAYOUT_H
#define LANPOST_SPOOL_LAYOUT_H

#include "spool/spool.h"

char *layout_version(const struct spool *spool);
char *layout_gateway_lock(const struct spool *spool);
char *layout_line_up(const struct spool *spool);
/* file "": the folder. */
char *layout_tls(const struct spool *spool, const char *file);
/* file "": the folder. */
char *layout_sign_in(const struct spool *spool, const char *file);
char *layout_login_key(const struct spool *spool);
char *layout_login_notes(const struct spool *spool);

#endif
