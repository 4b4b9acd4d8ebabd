/*
 * A gateway that root has started becomes another user before it touches the spool.
 *
 * That is the owner of the spool; where the spool is root's or missing, the user lanpost, who is given the spool. What the
 * gateway will have to read again as that user is looked at first, while root can still fix it.
 */
#ifndef LANPOST_GATEWAY_PRIVILEGES_H
#define LANPOST_GATEWAY_PRIVILEGES_H

#include "base/process/service_user.h"
#include "config/conf.h"

struct privileges {
	bool are_dropped; /* to become user; else we stay who we are */
	bool stay_bare;	  /* root, but without capabilities */
	struct service_user user;
};

/* Finds out whom we are to become, and prepares the spool and the configuration for that user. run_as_root: the admin's wish to
 * stay root. Returns -1 with what to do in the error; nothing may be started then. */
int privileges_plan(struct privileges *plan, const struct conf *conf, bool run_as_root, struct error *error);
/* Becomes that user, once the ports are bound. */
int privileges_drop(const struct privileges *plan, struct error *error);

#endif
