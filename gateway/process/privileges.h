/*
 * A gateway that root has started becomes another user before it touches the spool.
 *
 * That is the owner of the spool; if the spool belongs to root or is missing, the user lanpost, who becomes its owner.
 * The files that the gateway must read again as that user are checked first, while root can still fix them.
 */
#ifndef LANPOST_GATEWAY_PRIVILEGES_H
#define LANPOST_GATEWAY_PRIVILEGES_H

#include "base/process/service_user.h"
#include "config/conf.h"

struct privileges {
	bool are_dropped; /* switch to user; else no change */
	bool stay_bare;	  /* root, but without capabilities */
	struct service_user user;
};

/* Decides which user to become, and prepares the spool and the configuration for that user. run_as_root: stay root.
 * Returns -1 with advice in the error; then nothing may be started. */
int privileges_plan(struct privileges *plan, const struct conf *conf, bool run_as_root, struct error *error);
/* Becomes that user, once the ports are bound. */
int privileges_drop(const struct privileges *plan, struct error *error);

#endif
