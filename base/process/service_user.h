/*
 * The user that a process switches to if root has started it.
 *
 * The spool belongs to the gateway's own user, who is not root: root must not open files there, since a link could lead
 * root anywhere. So the gateway becomes that user permanently before it uses the spool, and the admin's program acts as
 * that user: it is root only while it reads and writes the configuration and files that the admin has named
 * (service_user_pause()).
 *
 * Not for a process with threads.
 */
#ifndef LANPOST_BASE_SERVICE_USER_H
#define LANPOST_BASE_SERVICE_USER_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

#define SERVICE_USER "lanpost"

struct service_user {
	char name[64]; /* "#1234" for a user without a name */
	uid_t uid;
	gid_t gid;
	bool is_listed; /* the user exists in the user database */
};

enum service_user_kind {
	SERVICE_USER_SELF,    /* not root: no change */
	SERVICE_USER_ALONE,   /* root of a user namespace that maps no other user: no change is possible */
	SERVICE_USER_OWNER,   /* the owner of the spool */
	SERVICE_USER_CLOSED,  /* the spool is root's or is missing, in a folder that only root may enter: no other user could
	 * run it */
	SERVICE_USER_DEFAULT, /* the spool is root's or is missing: the user lanpost */
	SERVICE_USER_MISSING, /* the same, and there is no user lanpost */
};

/* Decides which user to become for this spool; *user is set for OWNER and DEFAULT. */
enum service_user_kind service_user_find(const char *folder, struct service_user *user);

/* Becomes the user permanently: groups, user, no capabilities; checks that there is no way back. Returns -1 if it cannot
 * be done; the process must end then. */
int service_user_become(const struct service_user *user, struct error *error);

/* Stays root without privileges: gives up all capabilities, for this process and its children. It keeps the access to
 * root's own files. Returns -1 on failure. */
int service_user_stay_bare(struct error *error);

/* Acts with the rights of this user from now on. Returns -1 on failure; then nothing has changed. */
int service_user_act(const struct service_user *user, struct error *error);
/* Acts as the owner of the spool if we are root and the spool has another owner; else does
 * nothing. */
int service_user_act_for(const char *folder, struct error *error);
/* Becomes root again for a moment, if service_user_act() was called. Returns the argument of service_user_resume(); such
 * pairs may be nested. Both leave errno unchanged. */
bool service_user_pause(void);
void service_user_resume(bool paused);

/* Becomes permanently the user that we act as, if any. For a child that is about to run another program. */
int service_user_settle(struct error *error);

/* Whether root started this process, whichever user it runs as now. */
bool service_user_was_root(void);

/* Whether a group is the private group of one user other than root, by its name and number, as adduser(8)
 * creates them. */
bool service_user_has_own_group(gid_t group);

#endif
